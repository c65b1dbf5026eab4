"""Axes are moved as seldom as can be, and images reach PyTorch as channels-last views, without a copy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import nndsl

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAIN = """
model Plain {
  input image: (32, 32, 3)

  image -> Conv2D(8, 3) -> MaxPooling2D(2) -> BatchNormalization() -> ReLU() -> Conv2D(8, 3, padding="same")
        -> AveragePooling2D(2) -> UpSampling2D(2) -> ZeroPadding2D(1) -> SeparableConv2D(8, 3) -> Cropping2D(1)
        -> Conv2DTranspose(8, 2, strides=2) -> GlobalAveragePooling2D() -> Dense(4)
}
"""


def permutations(source: str) -> int:
    """How often a source permutes the axes of four, as written."""
    return len(re.findall(r"\.permute\(0, \d, \d, \d\)", source))


def seen_by(module: nn.Module, *inputs: Tensor) -> list[tuple[nn.Conv2d, Tensor]]:
    """The convolutions of a module, and what they take."""
    seen: list[tuple[nn.Conv2d, Tensor]] = []
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            part.register_forward_pre_hook(lambda conv, taken: seen.append((conv, taken[0])))
    module(*inputs)
    return seen


@pytest.mark.parametrize("depth", [18, 50])
def test_resnet_permutes_once(depth: int) -> None:
    compiled = nndsl.compile(EXAMPLES / "resnet.nn", settings={"depth": depth})
    calls = []
    module = compiled.module(device="meta")
    original = Tensor.permute
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "permute", lambda self, *axes: calls.append(axes) or original(self, *axes))
        module(torch.empty(1, 224, 224, 3, device="meta"))
    assert calls == [(0, 3, 1, 2)]
    assert permutations(compiled.source) == 1


def test_a_plain_network_permutes_on_the_way_in_alone() -> None:
    assert permutations(nndsl.compile(PLAIN).source) == 1


def test_images_that_come_out_are_permuted_on_the_way_out() -> None:
    source = nndsl.compile("model M {\n  input (8, 8, 3)\n\n  Conv2D(4, 3) -> ReLU() -> Conv2D(2, 3)\n}\n").source
    assert permutations(source) == 2
    assert ".permute(0, 3, 1, 2)" in source
    assert ".permute(0, 2, 3, 1)" in source


def test_a_convolution_sees_a_view_of_the_input() -> None:
    module = nndsl.compile("model M {\n  input (8, 8, 3)\n\n  Conv2D(4, 3) -> Conv2D(2, 3)\n}\n").module(seed=0)
    x = torch.rand(2, 8, 8, 3)
    (first, seen), (second, between) = seen_by(module, x)
    assert seen.data_ptr() == x.data_ptr()
    for tensor in (seen, between, first.weight, second.weight):
        assert tensor.is_contiguous(memory_format=torch.channels_last)
    assert not seen.is_contiguous()


VOLUMES = {
    "convolutions": ("Conv3D(4, 3) -> Conv3D(2, 2)", True),
    "a padded one": ("ZeroPadding3D(1) -> Conv3DTranspose(2, 3)", True),
    "weights of four axes": ("(x * Weight((6, 6, 6, 3))) -> Conv3D(4, 3)", False),
    "statistics of four axes": (
        "Normalization(axis=(1, 2, 3, 4), mean=[[[[0.5]]]], variance=[[[[2]]]]) -> Conv3D(4, 3)",
        False,
    ),
    "a pool alone": ("MaxPooling3D(2)", False),
}


@pytest.mark.parametrize(("links", "lie_last"), VOLUMES.values(), ids=VOLUMES.keys())
def test_weights_over_volumes_lie_as_they_do(links: str, lie_last: bool) -> None:
    compiled = nndsl.compile(f"model M {{\n  input x: (6, 6, 6, 3)\n\n  ({links}) -> GlobalAveragePooling3D()\n}}\n")
    assert ("self.to(memory_format=torch.channels_last_3d)" in compiled.source) == lie_last
    module = compiled.module(seed=0)
    assert module(torch.rand(2, 6, 6, 6, 3)).isfinite().all()
    for part in module.modules():
        if isinstance(part, nn.Conv3d):
            assert part.weight.is_contiguous(memory_format=torch.channels_last_3d) == lie_last


def test_weights_stay_channels_last_after_loading() -> None:
    module = nndsl.compile(PLAIN).module(seed=0)
    module.load_state_dict({key: value.contiguous() for key, value in module.state_dict().items()})
    for part in module.modules():
        if isinstance(part, nn.Conv2d) and part.weight.shape[1] > 1:
            assert part.weight.is_contiguous(memory_format=torch.channels_last)


def test_channels_first_files_are_not_permuted() -> None:
    text = 'set data_format = "channels_first"\n\nmodel M {\n  input (3, 8, 8)\n\n'
    text += (
        "  Conv2D(4, 3) -> BatchNormalization(axis=1) -> MaxPooling2D(2) -> GlobalAveragePooling2D() -> Dense(2)\n}\n"
    )
    compiled = nndsl.compile(text)
    assert permutations(compiled.source) == 0
    x = torch.rand(2, 3, 8, 8)
    ((_, seen),) = seen_by(compiled.module(seed=0), x)
    assert seen.data_ptr() == x.data_ptr()


def test_both_formats_give_the_same() -> None:
    last = "model M {\n  input (8, 8, 3)\n\n  Conv2D(4, 3, strides=2) -> Flatten() -> Dense(2)\n}\n"
    first = 'set data_format = "channels_first"\n\n' + last.replace("(8, 8, 3)", "(3, 8, 8)")
    one, other = nndsl.compile(last).module(seed=0), nndsl.compile(first).module(seed=1)
    other.load_state_dict(one.state_dict())
    x = torch.rand(2, 8, 8, 3)
    torch.testing.assert_close(other(x.permute(0, 3, 1, 2)), one(x))


BLOCKS = """
block Conv {
  input x: (H, W, C)

  x -> Conv2D(3, 3, padding="same") -> ReLU()
}

block Soft {
  input x: (H, W, C)

  x -> ReLU() -> Softmax(axis=1)
}

block Plus(inner) {
  input x: (H, W, C)

  output x + (x -> inner)
}
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # One instance, given an image as it comes in and the output of a convolution.
        (["c = Conv()", "y = x -> Conv2D(3, 1) -> c", "output z: c(x) + y"], "c(x) + c(d(x))"),
        (["c = Conv()", "y = c(x)", "output z: y + (x -> Conv2D(3, 1) -> c)"], "c(x) + c(d(x))"),
        # One that is handed to blocks, and applied beside them.
        (["c = Conv()", "y = x -> Conv2D(3, 1) -> Plus(c)", "output z: y + c(x)"], "d(x) + c(d(x)) + c(x)"),
        (["c = Conv()", "output z: (x -> Plus(c) -> Plus(c)) + (x -> Conv2D(3, 1) -> Plus(c))"], ""),
        # Blocks that begin with what takes any order, and name an axis then.
        (["p = Plus(Soft())", "output z: p(x) + (x -> Conv2D(3, 1) -> p)"], "s(x) + x + s(d(x)) + d(x)"),
        (["s = Soft()", "output z: s(x) + (x -> Conv2D(3, 1) -> Plus(s))"], "s(x) + s(d(x)) + d(x)"),
        (["s = Soft()", "output z: (x -> Conv2D(3, 1) -> Plus(s)) + s(x)"], "s(x) + s(d(x)) + d(x)"),
        (["s = Soft()", "output z: (x -> Conv2D(3, 1) -> s) + s(x)"], "s(x) + s(d(x))"),
        # Elementwise blocks.
        (["p = Plus(ReLU())", "output z: p(x) + (x -> Conv2D(3, 1) -> p)"], "p(x) + p(d(x))"),
    ],
)
def test_a_block_is_right_for_inputs_in_both_orders(lines: list[str], expected: str) -> None:
    """The oracle computes with the parts, which are applied to images as the file has them."""
    body = "\n".join(f"  {line}" for line in lines)
    module = nndsl.compile(f"{BLOCKS}\nmodel M {{\n  input x: (6, 6, 3)\n\n{body}\n}}\n").module(seed=0)
    state = module.state_dict()

    def conv(key: str, x: Tensor, padding: int) -> Tensor:
        y = nn.functional.conv2d(x.permute(0, 3, 1, 2), state[f"{key}.weight"], state[f"{key}.bias"], padding=padding)
        return y.permute(0, 2, 3, 1)

    def c(x: Tensor) -> Tensor:
        return conv("c.conv2d", x, 1).relu()

    def d(x: Tensor) -> Tensor:
        return conv("y_conv2d" if "y_conv2d.weight" in state else _key(state), x, 0)

    def s(x: Tensor) -> Tensor:
        return x.relu().softmax(1)

    def p(x: Tensor) -> Tensor:
        return x + x.relu()

    x = torch.randn(2, 6, 6, 3)
    if not expected:
        once = x + c(x)
        twice = once + c(once)
        result = twice + d(x) + c(d(x))
    else:
        result = eval(expected, {"c": c, "d": d, "p": p, "s": s, "x": x})
    torch.testing.assert_close(module(x), result)


def test_a_block_is_right_for_inputs_of_several_ranks() -> None:
    """After a convolution its input lies with the channels second; a vector has no such order."""
    text = """
block Top {
  ReLU() -> Dense(2)
}

model M {
  input x: (6, 6, 3)

  top = Top()
  y = x -> Conv2D(3, 1)

  output a: top(y), b: y -> GlobalAveragePooling2D() -> top
}
"""
    module = nndsl.compile(text).module(seed=0)
    x = torch.rand(2, 6, 6, 3)
    y = module.y(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    a, b = module(x)
    torch.testing.assert_close(a, module.top.dense(y.relu()))
    torch.testing.assert_close(b, module.top.dense(y.mean((1, 2)).relu()))


def _key(state: dict[str, Tensor]) -> str:
    """The key of the convolution that is no block's."""
    (key,) = (key for key in state if key.endswith(".weight") and not key.startswith("c."))
    return key.removesuffix(".weight")


def test_reductions_and_slices_name_physical_axes() -> None:
    """What follows a convolution sees its channels second; what it means stays as the file says."""
    text = """
model M {
  input x: (6, 5, 3)

  y = x -> Conv2D(4, 1)
  cut = y[:, 1:4, 2:5, 1:3]
  soft = y -> Softmax(axis=2)
  flat = y -> Flatten()
  normal = y -> LayerNormalization(axis=1)

  output cut, soft, flat, normal
}
"""
    module = nndsl.compile(text).module(seed=0)
    x = torch.rand(2, 6, 5, 3)
    state = module.state_dict()
    y = torch.einsum("nhwi,oi->nhwo", x, state["y.weight"][:, :, 0, 0]) + state["y.bias"]
    cut, soft, flat, normal = module(x)
    torch.testing.assert_close(cut, y[:, 1:4, 2:5, 1:3])
    torch.testing.assert_close(soft, y.softmax(2))
    torch.testing.assert_close(flat, y.flatten(1))
    mean, variance = y.mean(1, keepdim=True), y.var(1, keepdim=True, unbiased=False)
    torch.testing.assert_close(normal, (y - mean) / (variance + 1e-3).sqrt())
