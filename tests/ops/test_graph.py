"""Operations in a graph: symbolic sizes, blocks, layouts, masks, random values."""

from __future__ import annotations

import pytest
import torch

import nndsl
from tests.ops.oracle import MOVED, model


def compiled(body: str, inputs: str = "input x: (T, 4)", before: str = "") -> nndsl.Compiled:
    return nndsl.compile(f"{before}model M {{\n  {inputs}\n{body}\n}}\n")


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("ops.reshape(x, (-1, 2 * T, 2))", "(N, 2 * T, 2)"),
        ("ops.reshape(x, (-1, T, 2, 2))", "(N, T, 2, 2)"),
        ("ops.reshape(x, (-1, 4 * T))", "(N, 4 * T)"),
        ("ops.concatenate([x, x[:, 1:]], axis=1)", "(N, 2 * T - 1, 4)"),
        ("ops.repeat(x, 3, axis=1)", "(N, 3 * T, 4)"),
        ("ops.tile(x, (2, 1))", "(N, 2 * T, 4)"),
        ('ops.pad(x, ((0, 0), (1, 2), (0, 0)), mode="reflect")', "(N, T + 3, 4)"),
        ("ops.matmul(x, ops.transpose(x, (0, 2, 1)))", "(N, T, T)"),
        ('ops.einsum("nti,nsi->nts", x, x)', "(N, T, T)"),
        ("ops.add(x, ops.expand_dims(ops.arange(T), 1))", "(N, T, 4)"),
        ("ops.add(x[:, 1:], ops.expand_dims(ops.arange(1, T), -1))", "(N, T - 1, 4)"),
        ("ops.take(x, [0, 2], axis=1)", "(N, 2, 4)"),
        ("ops.split(x, [2], axis=1)[1]", "(N, T - 2, 4)"),
        ("ops.top_k(ops.transpose(x, (0, 2, 1)), 3)[0]", "(N, 4, 3)"),
        ("ops.norm(x, axis=1)", "(N, 4)"),
    ],
)
def test_symbolic_sizes(expression: str, shape: str) -> None:
    found = compiled(f"  output {expression}")
    ((_, tensor),) = found.model.outputs
    sizes = tensor.type.shape
    assert f"({', '.join(map(str, sizes))})" == shape
    real = found.module()(torch.randn(2, 5, 4))
    wanted = eval(shape, {"N": 2, "T": 5})
    assert tuple(real.shape) == wanted


def test_sizes_that_are_too_small_are_refused_at_run_time() -> None:
    module = compiled("  output ops.take(x, [0, 2], axis=1)").module()
    with pytest.raises(ValueError, match="T must be at least 3"):
        module(torch.randn(2, 2, 4))


@pytest.mark.parametrize(
    ("expression", "function"),
    [
        ("ops.divide(x, 2 * T)", lambda x: x / 10),
        ("ops.subtract(T + 1, x)", lambda x: 6 - x),
        ("ops.power(x, T - 2)", lambda x: x**3),
        ("ops.maximum(x, T - 5)", lambda x: x.clamp(min=0)),
        ("ops.where(ops.greater(x, T - 5), x, T)", lambda x: torch.where(x > 0, x, torch.tensor(5.0))),
    ],
)
def test_symbolic_sizes_are_numbers(expression: str, function) -> None:
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(compiled(f"  output {expression}").module()(x), function(x))


BLOCK = """block Scaled(k) {
  input x: (H, W, C)

  y = ops.reshape(x, (-1, H * W, C))
  z = ops.multiply(ops.divide(y, 2 * k), ops.power(ops.arange(C, dtype="float32"), k - 1))
  output ops.reshape(z, (-1, H, W, C))
}

"""


def test_a_block_of_operations_is_one_class() -> None:
    body = "  output x -> Scaled(2) -> MaxPooling2D(2) -> Scaled(3)"
    found = compiled(body, "input x: (4, 6, 3)", BLOCK)
    assert found.source.count("class Scaled") == 1
    x = torch.randn(2, 4, 6, 3)
    channels = torch.arange(3.0)
    wanted = (x / 4 * channels).unfold(1, 2, 2).unfold(2, 2, 2).amax((-1, -2)) / 6 * channels**2
    torch.testing.assert_close(found.module()(x), wanted)


def test_operations_leave_images_where_their_layers_have_them() -> None:
    body = "\n".join(
        [
            '  y = x -> Conv2D(8, 3, padding="same")',
            "  y = ops.relu(ops.add(y, 0.5))",
            "  y = ops.multiply(y, ops.sigmoid(ops.mean(y, axis=(1, 2), keepdims=true)))",
            "  y = ops.softmax(ops.concatenate([y, y], axis=-1), axis=-1)",
            '  y = ops.pad(y, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")',
            "  output ops.mean(y -> MaxPooling2D(2), axis=(1, 2))",
        ]
    )
    source = compiled(body, "input x: (8, 8, 3)").source
    assert source.count("permute") == 1


def test_what_has_its_axes_moved_agrees() -> None:
    assert "permute(0, 3, 1, 2)" in nndsl.compile(model("ops.relu(a)")).source
    assert MOVED == ("a", "c")


def test_masks_stop_there() -> None:
    inputs = "input x: int32(T)"
    body = "  output {} -> GlobalAveragePooling1D()"
    lost = compiled("  h = x -> Embedding(9, 4, mask_zero=true)\n" + body.format("ops.multiply(h, 2)"), inputs)
    assert [each.code for each in lost.diagnostics] == ["W0402"]
    kept = compiled("  h = x -> Embedding(9, 4, mask_zero=true)\n" + body.format("(h * 2)"), inputs)
    assert not kept.diagnostics


def test_operations_hold_no_weights_and_change_no_names() -> None:
    plain = compiled("  y = x -> Dense(4)\n  output y -> Dense(3)", "input x: (4)")
    mixed = compiled("  y = ops.relu(x -> Dense(4))\n  output ops.tanh(y) -> Dense(3)", "input x: (4)")
    assert list(plain.module().state_dict()) == list(mixed.module().state_dict())


def test_the_results_of_several_are_taken_apart() -> None:
    found = compiled("  values, places = ops.top_k(x, 2)\n  output places, values", "input x: (5)")
    x = torch.randn(3, 5)
    places, values = found.module()(x)
    torch.testing.assert_close(x.gather(1, places.long()), values)
    unused = compiled("  _, places = ops.top_k(x, 2)\n  output places", "input x: (5)")
    assert "_, indices = x.topk(2)" in unused.source


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_64_bits_stay_64(dtype: str) -> None:
    found = compiled("  output a: ops.add(x, x), b: ops.sum(x, axis=1), c: ops.maximum(x, 1)", f"input x: {dtype}(4)")
    assert {tensor.type.dtype for _, tensor in found.model.outputs} == {dtype}
    assert {str(each.dtype) for each in found.module()(torch.ones(2, 4, dtype=getattr(torch, dtype)))} == {
        f"torch.{dtype}"
    }


# ---------------------------------------------------------------- random values


def test_normal_values_for_each_sample() -> None:
    module = compiled("  output ops.random.normal(x, 2.0, stddev=0.5)", "input x: (50, 40)").module().eval()
    torch.manual_seed(1)
    drawn = module(torch.zeros(20, 50, 40))
    assert drawn.shape == (20, 50, 40)
    assert drawn.mean().item() == pytest.approx(2.0, abs=0.02)
    assert drawn.std().item() == pytest.approx(0.5, abs=0.02)
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(module(torch.zeros(20, 50, 40)), drawn)


def test_uniform_values() -> None:
    module = compiled("  output ops.random.uniform(x, minval=-1, maxval=3)", "input x: (50, 40)").module()
    drawn = module(torch.zeros(20, 50, 40))
    assert -1 <= drawn.min() < -0.99
    assert 2.99 < drawn.max() < 3
    assert drawn.mean().item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_a_seed_gives_the_same_each_time(name: str) -> None:
    module = compiled(f"  output ops.random.{name}(x, seed=3)", "input x: (4)").module()
    first = module(torch.zeros(2, 4))
    assert torch.equal(first, module(torch.zeros(2, 4)))
    other = compiled(f"  output ops.random.{name}(x, seed=4)", "input x: (4)").module()
    assert not torch.equal(first, other(torch.zeros(2, 4)))


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_a_shape_without_a_batch(name: str) -> None:
    drawn = f'ops.random.{name}((T, 4), dtype="float64")'
    found = compiled(f"  output ops.add(ops.zeros_like(x), {drawn})").module()(torch.ones(3, 5, 4))
    assert found.dtype == torch.float64
    assert found.shape == (3, 5, 4)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0, 0], found[0, 1])


def test_no_gradient_goes_through_what_is_stopped() -> None:
    module = compiled("  output x * ops.stop_gradient(x)", "input x: (4)").module()
    x = torch.randn(2, 4, requires_grad=True)
    module(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, x.detach())
