"""One mistake, one message, at its place; and what stands around it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nndsl.diagnostics import Diagnostic, Source
from nndsl.syntax import nodes
from nndsl.syntax.lexer import Token, scan
from nndsl.syntax.parser import parse

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))
PIECES = [
    *"()[]{}=,:+-.\"'#!",
    "->",
    "\n",
    "if",
    "else {",
    "for",
    "in",
    "model",
    "input",
    "output",
    "as",
    "3",
    "x",
    "}\n",
]


def errors(text: str) -> list[Diagnostic]:
    return [found for found in parse(Source("", text))[1] if found.severity == "error"]


def is_at(found: list[Diagnostic], token: Token, line: int) -> bool:
    """Whether there is one message, on the line or the next; a body that is not closed is reported where it opens."""
    if len(found) != 1:
        return False
    place = found[0].span.source.line_and_column(found[0].span.start)[0]
    return place in (line, line + 1) or (token.kind == "RBRACE" and found[0].code == "E0108")


def test_deleting_any_token_gives_one_message() -> None:
    judged = right = 0
    for example in EXAMPLES:
        text = example.read_text(encoding="utf-8")
        source = Source("", text)
        for token in scan(source).tokens:
            found = errors(text[: token.start] + text[token.end :])
            if found:
                judged += 1
                right += is_at(found, token, source.line_and_column(token.start)[0])
    assert judged > 1000
    assert right / judged >= 0.95


@pytest.mark.parametrize(
    "line",
    [
        "Dense(3",
        "Dense 3)",
        "x = (1, [2, 3)",
        "y Dense(3)",
        "y = ",
        "Dense(3) Dense(4)",
        "if x",
        "1 +",
        "f(a b)",
        "{",
        "]",
    ],
)
def test_the_lines_around_are_read(line: str) -> None:
    text = f"model A {{\n  before = 1\n  {line}\n  after = 2\n}}\n\nmodel B {{\n  last = 3\n}}\n"
    tree, _ = parse(Source("", text))
    assert len(errors(text)) == 1 + (line == "if x")  # its body is not closed
    first, second = tree.items
    assert isinstance(first, nodes.Model)
    assert isinstance(second, nodes.Model)
    if line != "if x":
        assert [type(each).__name__ for each in first.body] == ["Assign", "Broken", "Assign"]


@given(data=st.data())
@settings(max_examples=200)
def test_any_edit_ends_and_raises_nothing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(EXAMPLES)).read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:]
    tree, diagnostics = parse(Source("", text))
    assert all(0 <= found.span.start <= found.span.end <= len(text) for found in diagnostics)
    broken = [item for item in tree.items if isinstance(item, nodes.Broken)]
    assert not broken or errors(text)


@given(st.text(st.sampled_from("ab1.,=:-+*/()[]{}\"'#\n >!&|é\u200b\0"), max_size=60))
@settings(max_examples=500)
def test_any_text_ends_and_raises_nothing(text: str) -> None:
    parse(Source("", text))


def test_errors_are_in_the_order_of_the_text() -> None:
    found = errors("a = 007\nb = \nc = )\nd = $\n")
    assert [each.span.source.line_and_column(each.span.start)[0] for each in found] == [1, 2, 3, 4]
