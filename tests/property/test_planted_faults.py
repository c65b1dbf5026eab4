"""Wrong rules of shapes, planted one at a time: the property of random graphs finds each of them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from nndsl.dims import Size
from nndsl.layers import find
from nndsl.layers import windows as arithmetic
from nndsl.layers.base import Sizes, TensorType
from tests.property.graphs import written
from tests.property.running import run

GRAPHS = 100

Infer = Callable[..., Any]
Fault = Callable[[pytest.MonkeyPatch], None]


def changed(
    monkeypatch: pytest.MonkeyPatch, names: str, change: Callable[[Any, TensorType, tuple[TensorType, ...]], TensorType]
) -> None:
    """Let ``infer`` of layers give what ``change`` makes of the layer, the right type and the inputs."""
    for name in names.split():
        declared = find(name)
        assert declared is not None
        right: Infer = declared.infer

        def wrong(self: Any, sizes: Sizes, *inputs: TensorType, right: Infer = right, **keywords: Any) -> Any:
            found = right(self, sizes, *inputs, **keywords)
            return change(self, found, inputs) if isinstance(found, TensorType) else found

        monkeypatch.setattr(declared, "infer", wrong)


def reshaped(kind: TensorType, axis: int, size: Size) -> TensorType:
    """Return a type with another size along an axis."""
    shape = list(kind.shape)
    shape[axis] = size
    return kind.with_shape(*shape)


def windows_as(monkeypatch: pytest.MonkeyPatch, rule: Callable[[Size, int, int, str], Size]) -> None:
    """Let the number of windows follow a rule."""
    monkeypatch.setattr(arithmetic, "windows", rule)


def convolution_one_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """(n - k) // s for (n - k) // s + 1, in convolutions without padding."""
    right = arithmetic.windows
    windows_as(monkeypatch, lambda n, k, s, how: (n - k) // s if how == "valid" and k > 1 else right(n, k, s, how))


def valid_windows_rounded_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """ceil for floor where windows are without padding."""
    right = arithmetic.windows
    windows_as(monkeypatch, lambda n, k, s, how: (n - k + s - 1) // s + 1 if how == "valid" else right(n, k, s, how))


def same_rounded_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """n // s for ceil(n / s)."""
    right = arithmetic.windows
    windows_as(monkeypatch, lambda n, k, s, how: n // s if how == "same" else right(n, k, s, how))


def flatten_drops_an_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first axis is left out of the product."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        total: Size = 1
        for size in inputs[0].shape[2:]:
            total = total * size
        return reshaped(found, -1, total)

    changed(monkeypatch, "Flatten", change)


def concatenate_along_another_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes are added along the axis before."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        if found.rank < 3:
            return found
        right = layer.axis % found.rank
        wrong = right - 1 or found.rank - 1
        total: Size = 0
        for x in inputs:
            total = total + x.shape[wrong]
        return reshaped(reshaped(found, right, inputs[0].shape[right]), wrong, total)

    changed(monkeypatch, "Concatenate", change)


def permute_inverted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an axis goes, for where it comes from."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        shape = list(inputs[0].shape)
        for place, axis in enumerate(layer.dims, 1):
            shape[axis] = inputs[0].shape[place]
        return found.with_shape(*shape)

    changed(monkeypatch, "Permute", change)


def bidirectional_not_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """One direction's width."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        return reshaped(found, -1, layer.layer.step.units)

    changed(monkeypatch, "Bidirectional", change)


def transposed_without_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """n · s, also where the kernel is larger than the stride and nothing is cropped."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        for place, axis in enumerate(
            range(1, found.rank - 1) if layer.place == "channels_last" else range(2, found.rank)
        ):
            found = reshaped(found, axis, inputs[0].shape[axis] * layer.strides[place])
        return found

    changed(monkeypatch, "Conv1DTranspose Conv2DTranspose Conv3DTranspose", change)


def upsampling_by_one_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """(n · s // 2) · 2: an odd size loses a row."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        return reshaped(found, 1, found.shape[1] // 2 * 2)

    changed(monkeypatch, "UpSampling1D", change)


def reshape_gives_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The -1 of a Reshape is read as 1."""

    def change(layer: Any, found: TensorType, inputs: tuple[TensorType, ...]) -> TensorType:
        for axis, size in enumerate(layer.target_shape, 1):
            if isinstance(size, int) and size == -1:
                found = reshaped(found, axis, 1)
        return found

    changed(monkeypatch, "Reshape", change)


FAULTS: tuple[Fault, ...] = (
    convolution_one_short,
    valid_windows_rounded_up,
    same_rounded_down,
    flatten_drops_an_axis,
    concatenate_along_another_axis,
    permute_inverted,
    bidirectional_not_doubled,
    transposed_without_the_rest,
    upsampling_by_one_less,
    reshape_gives_one,
)


def graphs_until_found() -> int | None:
    """Return after how many random graphs something disagrees."""
    for seed in range(GRAPHS):
        text = written(Random(seed))
        try:
            run(text, Random(seed))
        except (AssertionError, RuntimeError, ValueError, IndexError, ZeroDivisionError):
            return seed + 1
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    assert graphs_until_found() is not None


def test_nothing_is_found_without_a_fault() -> None:
    assert graphs_until_found() is None
