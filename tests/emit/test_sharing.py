"""A block that is applied at several shapes is one class with one ``forward``, which is right for all of them.

The oracle is a twin: the same file with an instance for each application, which has the same weights.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
import torch

import nndsl

SAME = """
block Shared {
  input x: (H, W, C)

  x -> Conv2D(4, 3, strides=2, padding="same")
}
"""
HANDED = (
    SAME
    + """
block Apply(layer) {
  input x: (H, W, C)

  x -> layer -> ReLU()
}
"""
)


class Case(NamedTuple):
    """Blocks, of which ``Shared`` is applied to inputs of some shapes (as they are written)."""

    blocks: str
    shapes: tuple[str, ...] = ("(8, 8, 3)", "(9, 7, 3)")
    feeds: tuple[tuple[int, ...], ...] = ((2, 8, 8, 3), (2, 9, 7, 3))


def block(*lines: str, shape: str = "(H, W, C)") -> str:
    """The text of a block ``Shared`` of some lines."""
    body = "\n".join(f"  {line}" for line in lines)
    return f"block Shared {{\n  input x: {shape}\n\n{body}\n}}\n"


STEPS = {"shapes": ("(8, 4)", "(5, 4)"), "feeds": ((2, 8, 4), (2, 5, 4))}
SYMBOLIC = {"shapes": ("(8, 8, 3)", "(H, W, 3)"), "feeds": ((2, 8, 8, 3), (2, 9, 6, 3))}
TWICE_SYMBOLIC = {"shapes": ("(2 * H, 2 * W, 3)", "(H, W, 3)"), "feeds": ((2, 10, 6, 3), (2, 5, 3, 3))}

CASES = {
    "strided convolution": Case(SAME),
    "strided convolution over symbols": Case(SAME, **SYMBOLIC),
    "strided convolution over multiples": Case(SAME, **TWICE_SYMBOLIC),
    "symbol of the block's name": Case(
        block("x -> MaxPooling2D(2, padding='same') -> Reshape(((H + 1) // 2 * 4, C))"),
        ("(7, 8, 3)", "(9, 8, 3)"),
        ((2, 7, 8, 3), (2, 9, 8, 3)),
    ),
    "max pooling": Case(block('MaxPooling2D(3, strides=2, padding="same")')),
    "average pooling": Case(block('AveragePooling2D(3, strides=2, padding="same")')),
    "separable convolution": Case(block('SeparableConv2D(4, 3, strides=2, padding="same")')),
    "transposed convolution": Case(block("Conv2DTranspose(4, 3, strides=2, padding='same')")),
    "average pooling of volumes": Case(
        block('AveragePooling3D(3, strides=2, padding="same") -> Conv3D(2, 1)', shape="(D, H, W, C)"),
        ("(8, 5, 4, 3)", "(9, 2, 4, 3)"),
        ((2, 8, 5, 4, 3), (2, 9, 2, 4, 3)),
    ),
    "adaptive pooling": Case(block("AdaptiveAveragePooling2D(3) -> Conv2D(2, 3)")),
    "resizing": Case(block("Resizing(6, 9, crop_to_aspect_ratio=true) -> Conv2D(2, 3)")),
    "bicubic resizing": Case(block('Resizing(8, 9, interpolation="bicubic") -> Conv2D(2, 3)')),
    "resizing that does nothing for one": Case(block("Resizing(8, 8) -> Conv2D(2, 3)")),
    "a crop that enlarges one": Case(block("CenterCrop(8, 8) -> Conv2D(2, 3)")),
    "one axis that differs": Case(
        block('Conv2D(4, 3, strides=2, padding="same") -> Conv2D(2, 3, strides=2, padding="same")'),
        ("(8, 6, 3)", "(9, 6, 3)"),
        ((2, 8, 6, 3), (2, 9, 6, 3)),
    ),
    "reshape": Case(block("x -> Reshape((H * W, C)) -> Dense(4)")),
    "reshape of three": Case(block("x -> Reshape((W, H, C)) -> Dense(4)")),
    "slice": Case(block("x[:, H // 2:, 1] -> Dense(4)")),
    "slice of steps": Case(block("x[:, 1:T - 1] -> Dense(2)", shape="(T, C)"), **STEPS),
    "recurrent": Case(block("x -> LSTM(4, return_sequences=true)", shape="(T, C)"), **STEPS),
    "attention": Case(block("MultiHeadAttention(2, 4)(x, x)", shape="(T, C)"), **STEPS),
    "causal": Case(
        block('x -> Conv1D(4, 3, padding="causal") -> Conv1D(4, 2, strides=2, padding="same")', shape="(T, C)"), **STEPS
    ),
    "several outputs": Case(
        block('y = x -> Conv2D(4, 3, strides=2, padding="same")', "output y, z: y -> Conv2D(2, 1)")
    ),
    "loop": Case(block("for i in range(2) {", '  Conv2D(4, 3, strides=2, padding="same")', "}")),
    "undeclared shape": Case('block Shared {\n  Conv2D(4, 3, strides=2, padding="same")\n}\n'),
    "skip at the same sizes": Case(
        block("y = x -> MaxPooling2D(2) -> UpSampling2D(2)", "[x, y] -> Concatenate() -> Conv2D(4, 1)"),
        ("(8, 8, 3)", "(4, 12, 3)"),
        ((2, 8, 8, 3), (2, 4, 12, 3)),
    ),
    "other ranks": Case(
        "block Shared {\n  Dense(8) -> ReLU() -> Dense(2)\n}\n", ("(8)", "(5, 8)"), ((2, 8), (2, 5, 8))
    ),
    "a condition that holds for both": Case(
        block("if H > 4 {", "  x = x -> MaxPooling2D(2)", "}", 'output x -> Conv2D(4, 3, strides=2, padding="same")')
    ),
    "nested": Case(
        SAME.replace("Shared", "Down")
        + block("y = x -> Down() -> Down()", "output y, z: y -> Reshape((((H + 1) // 2 + 1) // 2 * 2, 4))"),
    ),
    "made in an argument": Case(HANDED.replace("Shared", "Down") + block("x -> Apply(Down())")),
    "applied by its argument": Case(
        HANDED.replace("Shared", "Down") + "block Shared {\n  x -> Apply(layer=Apply(layer=Down()))\n}\n"
    ),
}


def module_of(case: Case, *, shared: bool, seed: int = 0) -> torch.nn.Module:
    """The module of a case, or of its twin."""
    inputs = [f"  input i{index}: {shape}" for index, shape in enumerate(case.shapes)]
    makers = ["  s0 = Shared()"] if shared else [f"  s{index} = Shared()" for index in range(len(case.shapes))]
    several = "output y, z:" in case.blocks
    lines, outputs = [], []
    for index in range(len(case.shapes)):
        names = f"a{index}, b{index}" if several else f"a{index}"
        lines.append(f"  {names} = s{0 if shared else index}(i{index})")
        outputs.append(names)
    text = "\n".join([*inputs, "", *makers, *lines, "", f"  output {', '.join(outputs)}"])
    return nndsl.compile(f"{case.blocks}\nmodel Case {{\n{text}\n}}\n").module(seed=seed)


@pytest.mark.parametrize("name", CASES)
def test_is_right_at_every_shape(name: str) -> None:
    case = CASES[name]
    module, twin = module_of(case, shared=True), module_of(case, shared=False, seed=1)
    state = module.state_dict()
    twin.load_state_dict({key: state[re.sub(r"^s\d", "s0", key)] for key in twin.state_dict()})
    feeds = [torch.rand(feed) for feed in case.feeds]
    for mine, other in zip(module(*feeds), twin(*feeds), strict=True):
        torch.testing.assert_close(mine, other)
    assert {key.partition(".")[0] for key in state} <= {"s0"}


def test_what_is_handed_over_has_one_body() -> None:
    """A layer that is applied in blocks that it is handed to, and beside them, at three shapes."""
    text = """
model Case {{
  input a: (8, 8, 3)
  input b: (9, 9, 3)
  input c: (7, 8, 3)

  shared = Shared()
  {makers}

  output p: apply(a), q: {second}(b), r: {third}(c)
}}
"""
    shared = HANDED + text.format(makers="apply = Apply(shared)", second="apply", third="shared")
    separate = HANDED + text.format(
        makers="apply = Apply(shared)\n  other = Apply(shared)", second="other", third="shared"
    )
    feeds = [torch.rand(2, *shape, 3) for shape in ((8, 8), (9, 9), (7, 8))]
    alone = nndsl.compile(SAME + "model Case {\n  input x: (H, W, 3)\n\n  Shared() as shared\n}\n").module(seed=0)
    for source in (shared, separate):
        module = nndsl.compile(source).module(seed=0)
        module.load_state_dict(alone.state_dict())
        results = module(*feeds)
        for index, feed in enumerate(feeds):
            expected = alone(feed)
            torch.testing.assert_close(results[index], expected if index == 2 else expected.relu())


def test_stays_specialised_where_the_code_is_the_same() -> None:
    even = Case(SAME, ("(8, 8, 3)", "(16, 4, 3)"), ((2, 8, 8, 3), (2, 16, 4, 3)))
    inputs = "\n".join(f"  input i{index}: {shape}" for index, shape in enumerate(even.shapes))
    text = f"{SAME}\nmodel Case {{\n{inputs}\n  s = Shared()\n\n  output a: s(i0), b: s(i1)\n}}\n"
    source = nndsl.compile(text).source
    assert "F.pad(" in source
    assert "pad_same" not in source


@pytest.mark.parametrize(
    "line",
    [
        "if H > 8 {\n    x = x -> MaxPooling2D(2)\n  }\n  output x -> Conv2D(4, 1)",
        "for i in range(H - 7) {\n    x = x -> ReLU()\n  }\n  output x * 2",
        "output (x * (1 / H)) -> Conv2D(4, 1)",
        "output (x * H) -> Conv2D(4, 1)",
        "output x -> GlobalAveragePooling2D() -> RepeatVector(H)",
        "output (x -> Dropout(0.5 if W == 8 else 0.1)) -> Conv2D(4, 1)",
        "output x -> Conv2D(4, 3, padding='same', dilation_rate=1 + H // 9)",
    ],
    ids=["condition", "loop", "float", "constant", "count", "argument", "argument of weights"],
)
def test_refuses_what_differs_in_more_than_sizes(line: str) -> None:
    text = f"block Shared {{\n  input x: (H, W, C)\n\n  {line}\n}}\n\n"
    text += (
        "model Case {\n  input a: (8, 8, 3)\n  input b: (9, 9, 3)\n\n  s = Shared()\n\n  output p: s(a), q: s(b)\n}\n"
    )
    (found,) = nndsl.check(text)
    assert found.code == "E0515"
    assert found.span.text == "s(b)"
    with pytest.raises(nndsl.NNDSLError, match="E0515"):
        nndsl.compile(text)
    assert nndsl.check(text.replace("q: s(b)", "q: Shared()(b)")) == []
