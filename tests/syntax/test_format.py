"""The layout of texts: what it keeps, and what it has one way for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nndsl.diagnostics import NNDSLError, Source, Span
from nndsl.syntax import nodes
from nndsl.syntax.format import format, unparse
from nndsl.syntax.parser import parse

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))

LAID_OUT = {
    "spaces": ("x=[1,2 ,  3]\n", "x = [1, 2, 3]\n"),
    "literals": ("x = (True, False, None)\n", "x = (true, false, none)\n"),
    "quotes": ("x = 'say \"hi\"\\t'\n", 'x = "say \\"hi\\"\\t"\n'),
    "numbers keep their spelling": ("x = (1_000, 1e-3)\n", "x = (1_000, 1e-3)\n"),
    "needless brackets": ("x = ((a * b) + (c))\n", "x = a * b + c\n"),
    "needed brackets": ("x = (a + b) * -(c ** d) ** e\n", "x = (a + b) * -(c ** d) ** e\n"),
    "commas at the end": ("x = f((1,), (1, 2,), [3,],)\n", "x = f((1,), (1, 2), [3])\n"),
    "short things on one line": ("x = f(\n  1,\n  2,\n)\n", "x = f(1, 2)\n"),
    "definitions stand apart": ("a = 1\nblock A {\n  x\n}\n# b\nb = 1\n", "a = 1\n\nblock A {\n  x\n}\n\n# b\nb = 1\n"),
    "at most one blank line": (
        "model A {\n\n\n  x\n\n\n\n  y\n  z\n\n}\n\n\n",
        "model A {\n  x\n\n  y\n  z\n}\n",
    ),
    "else if": (
        "model A {\n  if a {\n  }\n  else {\n    if b {\n      x\n    }\n  }\n}\n",
        "model A {\n  if a {\n  } else if b {\n    x\n  }\n}\n",
    ),
    "shapes": (
        "model A {\n  input (8,)\n  input x:int64()\n  input y : (( 2*H, ))\n}\n",
        "model A {\n  input (8)\n  input x: int64()\n  input y: ((2 * H,))\n}\n",
    ),
    "comments stand where they stood": (
        "#a\n\n\n#b\nmodel A {# c\n    # d\n  x# e\n  # f\n\n  # g\n}# h\n# i",
        "#a\n\n#b\nmodel A {  # c\n  # d\n  x  # e\n  # f\n\n  # g\n}  # h\n\n# i\n",
    ),
    "comments in brackets": (
        "x = f(1, # one\n  # two\n  b=[2,\n  # in\n  3], # behind\n  # last\n)\n",
        "x = f(\n  1,  # one\n  # two\n  b=[\n    2,\n    # in\n    3,\n  ],  # behind\n  # last\n)\n",
    ),
    "comments between links": (
        "model A {\n  y = x -> A() # one\n  # two\n  -> B() -> C() # three\n}\n",
        "model A {\n  y = x -> A()  # one\n        # two\n        -> B() -> C()  # three\n}\n",
    ),
    "a comment behind the first link": (
        "model A {\n  y = x # one\n    -> A()\n}\n",
        "model A {\n  y = x  # one\n      -> A()\n}\n",
    ),
    "comments that belong to nothing": (
        "x = (1 + # one\n  2)\n",
        "# one\nx = 1 + 2\n",
    ),
    "comments round else": (
        "model A {\n  if a {  # one\n    x\n    # two\n  }  # three\n  # four\n  else {  # five\n"
        "    y\n  }  # six\n}\n",
        "model A {\n  if a {  # one\n    x\n    # two\n    # three\n    # four\n  } else {  # five\n"
        "    y\n  }  # six\n}\n",
    ),
    "a long chain": (
        'model A {\n  y = x -> Conv2D(64, 7, strides=2, padding="same", use_bias=false) -> BatchNormalization()'
        " -> ReLU()\n}\n",
        'model A {\n  y = x -> Conv2D(64, 7, strides=2, padding="same", use_bias=false) -> BatchNormalization()\n'
        "        -> ReLU()\n}\n",
    ),
    "a chain whose first link is long": (
        "model A {\n"
        '  y = x -> Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="conv1")'
        " -> ReLU() -> Flatten()\n}\n",
        "model A {\n  y = x\n"
        '      -> Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="conv1")\n'
        "      -> ReLU() -> Flatten()\n}\n",
    ),
    "a chain whose beginning is long": (
        'Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="convolve")'
        ' -> Conv2D(96, 11, padding="same")\n',
        'Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="convolve")\n'
        '    -> Conv2D(96, 11, padding="same")\n',
    ),
    "a chain of a link that is long anyway": (
        'y = x -> Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="convolution")'
        " -> ReLU()\n",
        'y = x -> Conv2D(\n        96,\n        11,\n        strides=4,\n        padding="same",\n'
        '        use_bias=false,\n        activation="relu",\n        name="convolution",\n      ) -> ReLU()\n',
    ),
    "a chain in an item": (
        'z = [shortcut -> Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="c"),'
        " x] -> Add()\n",
        "z = [\n  shortcut\n"
        '      -> Conv2D(96, 11, strides=4, padding="same", use_bias=false, activation="relu", name="c"),\n'
        "  x,\n] -> Add()\n",
    ),
    "a long call": (
        "x = a_name_of_some_length(an_argument=a_value_of_some_length, another=[1, 2, 3], a_third_one=none, d=1)\n",
        "x = a_name_of_some_length(\n  an_argument=a_value_of_some_length,\n  another=[1, 2, 3],\n  a_third_one=none,\n"
        "  d=1,\n)\n",
    ),
}


@pytest.mark.parametrize(("text", "expected"), LAID_OUT.values(), ids=LAID_OUT.keys())
def test_layout(text: str, expected: str) -> None:
    assert format(text) == expected
    assert format(expected) == expected


def test_characters_that_hide_are_made_visible() -> None:
    assert format('x = "a\u202eb"  # \u2066c\x1b\n') == 'x = "a\\u202eb"  # \\u2066c\\u001b\n'


def test_line_ends_and_marks_become_plain() -> None:
    assert format(b"\xef\xbb\xbfa = 1\r\nb = 2\rc = 3") == "a = 1\nb = 2\nc = 3\n"


def test_a_path_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.nn"
    path.write_bytes(b"a=1")
    assert format(path) == format(str(path)) == "a = 1\n"


def test_comments_alone() -> None:
    assert format("  # a\n\n\n# b") == "# a\n\n# b\n"
    assert format("") == ""


def test_errors_are_raised() -> None:
    with pytest.raises(NNDSLError) as caught:
        format("a = (\n")
    assert [found.code for found in caught.value.diagnostics] == ["E0107"]


def test_width() -> None:
    for example in EXAMPLES:
        assert max(len(line) for line in format(example).splitlines() if not line.lstrip().startswith("#")) <= 100


@given(data=st.data())
@settings(max_examples=150)
def test_comments_anywhere_are_kept(data: st.DataObject) -> None:
    """A comment put at the end of any line is still there, once, and the layout is stable."""
    lines = data.draw(st.sampled_from(EXAMPLES)).read_text(encoding="utf-8").splitlines()
    chosen = data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=1, max_size=6))
    own = data.draw(st.booleans())
    mark = [f"# mark {i}" for i in range(len(lines))]
    text = "\n".join(
        (f"{mark[i]}\n{line}" if own else f"{line}  {mark[i]}" if "#" not in line else line) if i in chosen else line
        for i, line in enumerate(lines)
    )
    tree, diagnostics = parse(Source("", text))
    assert not diagnostics
    laid_out = format(text)
    again = parse(Source("", laid_out))[0]
    assert again == tree
    assert [comment.text for comment in again.comments] == [comment.text for comment in tree.comments]
    assert format(laid_out) == laid_out


def test_unparse_of_parts() -> None:
    tree, _ = parse(Source("", "x = f(a, b=1)  # c\n"))
    (statement,) = tree.items
    assert isinstance(statement, nodes.Assign)
    assert unparse(statement) == "x = f(a, b=1)\n"
    assert unparse(statement.value) == "f(a, b=1)"
    with pytest.raises(ValueError, match="Target"):
        unparse(statement.targets[0])


def test_unparse_refuses_what_no_text_stands_for() -> None:
    span = Span(Source("", ""), 0, 0)
    for node in (nodes.Number(-1, "", span=span), nodes.Number(float("inf"), "", span=span), nodes.Broken(span=span)):
        with pytest.raises(ValueError, match="cannot be written"):
            unparse(node)
