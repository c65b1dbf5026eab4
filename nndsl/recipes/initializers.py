"""Keras's initializers: how the first values of weights are drawn; here those that layers have by default."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Axes, argument, integer, number
from nndsl.code import Code, as_code, code
from nndsl.recipes.base import Recipe, RecipeKind, recipe
from nndsl.recipes.drawing import TRUNCATION, layout, normal, own_function, seeded, truncated, uniform


class Initializer(Recipe):
    """The base of initializers."""

    __slots__ = ()
    kind: ClassVar[str] = "initializer"

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """Return the statement that fills a weight in place.

        ``shape`` is Keras's shape of the variable, and the fans are Keras's too (``compute_fans``). ``axes`` says how
        the weight lies in PyTorch (``Weight.axes``): where it is given and PyTorch's own fans are Keras's, the
        statement leaves them to PyTorch, and is the same text for every size.
        """
        raise NotImplementedError

    def with_axes(self, input_axes: tuple[int, ...], output_axes: tuple[int, ...]) -> Initializer:
        """Return the initializer that counts its fans over these axes, as Keras's EinsumDense has it do."""
        return self

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Raise ArgumentError (E0306) if a variable of this shape cannot be filled."""


def compute_fans(
    shape: tuple[int, ...],
    input_axes: tuple[int, ...] | None = None,
    output_axes: tuple[int, ...] | None = None,
) -> tuple[int, int]:
    """Return the fan-in and fan-out of a variable of Keras's shape, as Keras's ``compute_fans`` does."""
    ins, outs = _fan_axes(len(shape), input_axes, output_axes)
    return math.prod(shape[axis] for axis in ins), math.prod(shape[axis] for axis in outs)


def _fan_axes(
    rank: int, input_axes: tuple[int, ...] | None, output_axes: tuple[int, ...] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if input_axes is not None and output_axes is not None:
        return input_axes, output_axes
    if rank < 2:
        return tuple(range(rank)), tuple(range(rank))
    field = tuple(range(rank - 2))
    return (*field, rank - 2), (*field, rank - 1)


@recipe
class Zeros(Initializer):
    """All zeros."""

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.zeros_."""
        return code("nn.init.zeros_({})", weight)


@recipe
class Ones(Initializer):
    """All ones."""

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.ones_."""
        return code("nn.init.ones_({})", weight)


@recipe
class RandomUniform(Initializer):
    """Uniform from ``minval`` up to ``maxval``."""

    minval: float = number(-0.05)
    maxval: float = number(0.05)
    seed: int | None = integer(None, 0, optional=True)

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.uniform_."""
        if self.minval > self.maxval:  # Keras takes the ends in either order, PyTorch does not
            return uniform(weight, self.maxval, self.minval, self.seed)
        return uniform(weight, self.minval, self.maxval, self.seed)


class Scaled(Initializer):
    """What VarianceScaling and its named members share: a variance of ``scale`` over a fan.

    He, Glorot and Lecun differ in ``variance``: scale, mode and distribution.
    """

    __slots__ = ()

    seed: int | None
    input_axes: tuple[int, ...] | None
    output_axes: tuple[int, ...] | None

    @property
    def variance(self) -> tuple[float, str, str]:
        """The scale, the mode and the distribution."""
        raise NotImplementedError

    def with_axes(self, input_axes: tuple[int, ...], output_axes: tuple[int, ...]) -> Initializer:
        """Return the initializer with axes, unless it was given its own."""
        if self.input_axes is not None and self.output_axes is not None:
            return self
        changes: dict[str, Any] = {"input_axes": input_axes, "output_axes": output_axes}
        return dataclasses.replace(self, **changes)

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """PyTorch's Xavier and Kaiming where they draw the same, else the distribution with its number."""
        scale, mode, distribution = self.variance
        if self.input_axes is not None and self.output_axes is not None:
            fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        counts_alike = (fan_in, fan_out) == compute_fans(shape, self.input_axes, self.output_axes)
        mode_of_torch = self._mode_of_torch(shape, mode, axes) if counts_alike else ""
        own = own_function(scale, mode_of_torch, distribution) if mode_of_torch else ""
        if own:
            return seeded(code(own, weight), weight, self.seed)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        variance = scale / max(1.0, fan)
        if distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return uniform(weight, -limit, limit, self.seed)
        if distribution == "untruncated_normal":
            return normal(weight, 0.0, math.sqrt(variance), self.seed)
        return truncated(weight, 0.0, math.sqrt(variance) / TRUNCATION, self.seed)

    def _mode_of_torch(self, shape: tuple[int, ...], mode: str, axes: str) -> str:
        """Return the mode in which PyTorch's fan is a product of the same axes, whatever the sizes, or nothing.

        For a depthwise kernel of one filter a channel it counts Keras's fans the other way round.
        """
        keras, torch = layout(axes)
        if len(keras) != len(shape) or len(torch) < 2:
            return ""
        single = keras[-1] if shape[-1] == 1 else ()

        def product(groups: Iterable[tuple[str, ...]]) -> list[str]:
            return sorted(name for group in groups for name in group if name not in single)

        ins, outs = (
            product(keras[axis] for axis in fan) for fan in _fan_axes(len(shape), self.input_axes, self.output_axes)
        )
        own = {"fan_in": product([torch[1], *torch[2:]]), "fan_out": product([torch[0], *torch[2:]])}
        if mode == "fan_avg":
            return mode if sorted(own.values()) == sorted([ins, outs]) else ""
        wanted = ins if mode == "fan_in" else outs
        return next((name for name in (mode, *own) if own[name] == wanted), "")


@recipe
class NamedScaling(Scaled):
    """The arguments of He, Glorot and Lecun."""

    seed: int | None = integer(None, 0, optional=True)
    input_axes: tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
    output_axes: tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)


@recipe
class GlorotUniform(NamedScaling):
    """Uniform within sqrt(6 / (fan_in + fan_out))."""

    @property
    def variance(self) -> tuple[float, str, str]:
        """1 over the mean of the fans."""
        return 1.0, "fan_avg", "uniform"


@recipe
class Orthogonal(Initializer):
    """An orthogonal matrix over Keras's last axis against all others (Saxe et al., 2014), times ``gain``."""

    gain: float = number(1.0)
    seed: int | None = integer(None, 0, optional=True)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """At least two axes."""
        if len(shape) < 2:
            raise ArgumentError(
                "E0306", f"cannot be `Orthogonal`, which needs two axes or more: this weight has the shape {shape}"
            )

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.orthogonal_ on the weight itself where its first axis is Keras's last, else on a matrix to copy."""
        keras, torch = layout(axes)
        gain = Code("") if self.gain == 1 else code(", gain={}", as_code(self.gain, "gain"))
        # The distribution is the same when rows or columns change places, and for a matrix when it is transposed.
        if not axes or len(shape) == 2 or torch[0] == keras[-1]:
            if len(shape) != 4:
                return seeded(code("nn.init.orthogonal_({}{})", weight, gain), weight, self.seed)
            # PyTorch's function fails where such a weight lies with its channels last.
            drawn = seeded(
                code("nn.init.orthogonal_({}.new_empty({}.shape){})", weight, weight, gain), weight, self.seed
            )
            return code("{}.data.copy_({})", weight, drawn)
        order = ", ".join(str(keras.index((name,))) for group in torch for name in group)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        matrix = seeded(
            code("nn.init.orthogonal_({}.new_empty({}, {}){})", weight, rows, columns, gain), weight, self.seed
        )
        return code("{}.data.copy_({}.reshape{}.permute({}).reshape({}.shape))", weight, matrix, shape, order, weight)


class InitializerKind(RecipeKind):
    """An initializer: a recipe, or its name as a string; none is what Keras makes of it, ``GlorotUniform()``."""

    def __init__(self) -> None:
        super().__init__("initializer")

    def read(self, value: object) -> Initializer:
        """Return the recipe."""
        found = GlorotUniform() if value is None else super().read(value)
        assert isinstance(found, Initializer)
        return found


def initializer(default: str) -> Any:
    """Declare an argument that takes an initializer; ``default`` is its name in Keras."""
    return argument(InitializerKind(), default=DEFAULTS[default])


DEFAULTS: dict[str, Initializer] = {
    "glorot_uniform": GlorotUniform(),
    "ones": Ones(),
    "orthogonal": Orthogonal(),
    "uniform": RandomUniform(),
    "zeros": Zeros(),
}
"""The initializers that layers have by default."""
