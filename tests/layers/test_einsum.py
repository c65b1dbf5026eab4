"""What EinsumDense refuses, free sizes, and its initial weights; its values are cases of the oracle."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch

import nndsl
from nndsl.arguments import ArgumentError
from nndsl.dims import symbol
from nndsl.layers.base import LayerError, TensorType
from tests.layers.oracle import Case, Free, emitted, made, twin
from tests.layers.sequences import source

STEPS = ((5, 8),)


def case(equation: Any, output_shape: Any, shape: tuple[int, ...] = (5, 8), **more: Any) -> Case:
    return Case("EinsumDense", {"equation": equation, "output_shape": output_shape, **more}, (shape,))


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (case("abc", 3), "E0303", "must be an equation such as"),
        (case("abc,cd", 3), "E0303", "must be an equation such as"),
        (case("abc,cd->...abd", 3), "E0303", "must be an equation such as"),
        (case("...abc...,cd->...abd...", 3), "E0303", "must be an equation such as"),
        (case("abc, cd -> abd", 3), "E0303", "must be an equation such as"),
        (case("abc,cd->abd,e", 3), "E0303", "must be an equation such as"),
        (case("abb,bd->abd", 3), "E0303", "names `b` twice in `abb`"),
        (case("abc,cd->abe", 3), "E0303", "has `e` in the output alone"),
        (case("abc,cde->abd", 3), "E0303", "has `e` in the kernel alone"),
        (case(3, 3), "E0302", "must be an equation such as"),
        (case("abc,cd->abd", (None, 0)), "E0303", "positive integer"),
        (case("abc,cd->abd", (None, 2.0)), "E0302", "positive integer"),
        (case("abc,cd->abd", None), "E0302", "a tuple of sizes and `none`"),
        (case("abc,cd->abd", 3, lora_rank=2), "E0307", "LoRA"),
        (case("abc,cd->abd", 3, bias_axes=""), "E0303", "letters of the output"),
        (case("abc,cd->abd", 3, bias_axes=2), "E0302", "letters of the output"),
    ],
    ids=str,
)
def test_values_are_refused(given: Case, code: str, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        made(given)
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (case("ab,bc->ac", 3), "E0401", "`ab,bc->ac` takes 2 axes, the batch included, and the input is (N, 5, 8)"),
        (case("...abcd,de->...abce", 3), "E0401", "`...abcd,de->...abce` takes at least 4 axes"),
        (case("abc,cd->abd", 3), "E0303", "`output_shape` has 1 size, and must have 2: of `b` and `d`"),
        (case("...c,cd->...d", (5, 3)), "E0303", "`output_shape` has 2 sizes, and must have 1: of `d`"),
        (case("abc,bc->a", 3), "E0303", "`output_shape` has 1 size, and must have none"),
        (case("abc,cd->abd", (7, 3)), "E0403", "`b` of `abc,cd->abd` is 5 in the input and 7 in `output_shape`"),
        (case("abc,cd->abd", (None, None)), "E0303", "must say the size of `d`, which `abc` has not"),
        (case("abc,cd->bad", (5, 3)), "E0303", "must leave the batch alone, and `a` is the batch"),
        (case("abc,acd->abd", (None, 3)), "E0303", "must leave the batch alone, and `a` is the batch"),
        (case("...abc,cd->...bad", (5, 3)), "E0303", "must leave the batch alone, and `a` is the batch"),
        (case("abc,cd->abd", (None, 3), bias_axes="ad"), "E0303", "must leave the batch alone"),
        (
            case("abc,cd->abd", (None, 3), bias_axes="c"),
            "E0303",
            "letters of the output `abd`, and `c` is none of them",
        ),
        (case("abc,cd->abd", (None, 3), activation="glu"), "E0408", "3 is odd"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(given: Case, code: str, message: str) -> None:
    with pytest.raises(LayerError) as caught:
        made(given).infer(Free(), TensorType((symbol("N"), *given.shapes[0])))
    assert caught.value.code == code
    assert message in caught.value.message
    assert not caught.value.argument or caught.value.argument in given.arguments


def test_integers_are_refused() -> None:
    with pytest.raises(LayerError, match="takes floats"):
        made(case("ab,bc->ac", 3)).infer(Free(), TensorType((symbol("N"), 5), "int64"))


def inferred(given: Case, *sizes: Any) -> str:
    found = made(given).infer(Free(), TensorType((symbol("N"), *sizes)))
    assert isinstance(found, TensorType)
    return f"({', '.join(map(str, found.shape))})"


def test_free_sizes() -> None:
    free = symbol("T")
    assert inferred(case("abc,cde->abde", (None, 2, 3)), free, 8) == "(N, T, 2, 3)"
    assert inferred(case("abc,cd->abd", (free, 3)), free, 8) == "(N, T, 3)"
    assert inferred(case("...c,cd->...d", 3), free, symbol("W"), 8) == "(N, T, W, 3)"
    assert inferred(case("ab...,bc->ac...", 3), 8, free) == "(N, 3, T)"
    for given, size in ((case("abc,bd->adc", (7, None)), free), (case("abc,cd->abd", (None, 3), bias_axes="b"), free)):
        with pytest.raises(LayerError, match="needs a fixed axis `b`") as caught:
            inferred(given, size, 8)
        assert caught.value.code == "E0426"
    with pytest.raises(LayerError, match="`b` of `abc,cd->abd` is T in the input and 5"):
        inferred(case("abc,cd->abd", (5, 3)), free, 8)


def test_a_size_of_the_input_may_be_none_though_the_kernel_has_it() -> None:
    """Keras itself takes it from the ``output_shape`` alone."""
    layer = made(case("abc,bcd->abd", (None, 3)))
    kind = TensorType((symbol("N"), 5, 8))
    assert [weight.shape for weight in layer.weights(kind)] == [(5, 8, 3)]
    assert emitted(layer, (kind,))(torch.ones(2, 5, 8)).shape == (2, 5, 3)


@pytest.mark.parametrize(
    ("equation", "output_shape", "shape"),
    [
        ("abc,cde->abde", (None, 20, 30), (5, 200)),
        ("abcd,cde->abe", (None, 100), (5, 20, 30)),
        ("ab...,bc->ac...", 300, (200, 4)),
    ],
)
def test_initial_weights(equation: str, output_shape: Any, shape: tuple[int, ...]) -> None:
    """The fans are those of Keras: over the axes that are summed, and over those that are kept."""
    given = case(equation, output_shape, shape, bias_axes=equation[-1] if equation[-1] != "." else "c")
    module = emitted(made(given), (TensorType((symbol("N"), *shape)),)).layer
    theirs = keras.layers.EinsumDense(equation, output_shape)
    theirs.build((None, *shape))
    assert list(module.state_dict()) == ["kernel", "bias"]
    assert not module.bias.any()
    kernel = theirs.kernel.value.detach()
    assert module.kernel.shape == kernel.shape
    assert module.kernel.abs().max().item() == pytest.approx(kernel.abs().max().item(), rel=2e-3)
    assert module.kernel.std().item() == pytest.approx(kernel.std().item(), rel=0.02)


def test_the_source_reads_as_it_is_written() -> None:
    layer = made(case("abc,cde->abde", (None, 2, 3), bias_axes="de"))
    text, _ = source(layer, [TensorType((symbol("N"), symbol("T"), 8))])
    assert 'EinsumDense("abc,cde->abde", (8, 2, 3), (2, 3))' in text
    assert "torch.einsum(self.equation, x, self.kernel)" in text


def test_multiply_adds() -> None:
    layer = made(case("abc,cde->abde", (None, 2, 3)))
    assert layer.multiply_adds(TensorType((symbol("N"), 5, 8))) == 5 * 8 * 2 * 3


def test_in_a_model() -> None:
    """Blocks share a class though their kernels differ; the policy, TimeDistributed and an export work as for Dense."""
    head = 'EinsumDense("...c,cde->...de", (heads, 4), bias_axes="de")'
    parts = [
        f"block Head(heads) {{\n  output {head}\n}}",
        "model M {\n  input x: (T, 6, 8)\n  a = x -> Head(2) -> Reshape((6, T, 8)) -> Head(3)",
        '  b = x -> TimeDistributed(EinsumDense("abc,cd->abd", (none, 2), dtype="mixed_bfloat16"))\n  output a, b\n}',
    ]
    compiled = nndsl.compile("\n".join(parts))
    assert compiled.source.count("class Head") == 1
    module = compiled.module(seed=1)
    x = torch.randn(3, 5, 6, 8)
    found = module(x)
    assert [(tuple(each.shape), each.dtype) for each in found] == [
        ((3, 6, 5, 3, 4), torch.float32),
        ((3, 5, 6, 2), torch.bfloat16),
    ]
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO},))
    again = torch.randn(2, 7, 6, 8)
    for one, other in zip(exported.module()(again), module(again), strict=True):
        torch.testing.assert_close(one, other)


def test_masks_stop_as_in_keras() -> None:
    layer = twin(case("abc,cd->abd", (None, 3)))
    assert not layer.supports_masking
    text = (
        'model M {\n  input x: int64(5)\n  Embedding(5, 4, mask_zero=true)\n  EinsumDense("abc,cd->abd", (none, 3))\n'
    )
    (found,) = nndsl.check(f"{text}  LSTM(2)\n}}\n")
    assert (found.code, "lost at `EinsumDense`" in found.message) == ("W0402", True)
