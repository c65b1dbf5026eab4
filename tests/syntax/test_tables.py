"""The tables are those of the grammar, and Lark's own driver builds the same trees from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lark import Lark, Token
from lark.exceptions import GrammarError
from lark.lexer import Lexer

from nndsl.diagnostics import Source
from nndsl.limits import Limits
from nndsl.syntax import lexer
from nndsl.syntax.build import Builder
from nndsl.syntax.generate_tables import GRAMMAR, TABLES, generate
from nndsl.syntax.layout import Layout
from nndsl.syntax.parser import method_of, parse

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))
EVERYTHING = """\
from "a.nn" import A, B as C
from python "package.module" import Layer
set dtype_policy = "mixed_bfloat16"
pair = (1, (2), -3 ** 2, not a in [b], {1: "x", "y": none,})
def half(n, m=2,) = n // m if n > 0 and m != 0 or false else 0

extern Layer(units) {
  input (..., 8)
  output float32(..., units), (T)
}

block Empty {}

model Big(a=1) {
  input x: int64(H, 16 * W)
  input (_)
  output x[:, -1], y: ops.exp(x)[0:2, ::3] -> Dense(3) as z -> ReLU()
  p, _ = LSTM(8, return_state=True)(x, initial_state=[h, c])
  for i, j in enumerate(pair) {
    if i == 0 {
      Dense(i)
    } else if j {
    } else if ... {
    } else {
      -x
    }
  }
  compile {
    loss = "mse"
  }
  fit {
  }
}
model Small = Big(a=2)
"""


def test_tables_are_current() -> None:
    assert TABLES.read_text(encoding="utf-8") == generate(), "run python -m nndsl.syntax.generate_tables"


def test_the_grammar_has_no_conflict() -> None:
    text = GRAMMAR.read_text(encoding="utf-8")
    Lark(text, parser="lalr", strict=True)
    with pytest.raises(GrammarError, match="conflict"):  # strict mode does look for some
        Lark(text.replace("?flat: operand\n", "?flat: operand | flat BINARY operand\n"), parser="lalr", strict=True)


class _Tokens(Lexer):
    """The project's lexer, as Lark takes one."""

    def __init__(self, configuration: object) -> None:
        pass

    def lex(self, text: str) -> Iterator[Token]:
        tokens = lexer.scan(Source("", text)).tokens
        for kind, start, end in Layout(tokens, Limits().nesting).read(0):
            if kind != "$END":
                yield Token(kind, text[start:end], start_pos=start, end_pos=end)


class _Adapter:
    """The project's builder, as Lark calls one."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Any:
        method = method_of(self._builder, name)
        return lambda children: method([_own(child) for child in children])


def _own(child: Any) -> Any:
    return lexer.Token(child.type, child.start_pos, child.end_pos) if isinstance(child, Token) else child


@pytest.mark.parametrize("text", [EVERYTHING, *(path.read_text(encoding="utf-8") for path in EXAMPLES)])
def test_lark_builds_the_same_trees(text: str) -> None:
    reported: list[object] = []
    source = Source("", text)
    adapter = _Adapter(Builder(source, Limits(), reported.append))
    lark = Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", lexer=_Tokens, transformer=adapter)
    items = lark.parse(text)
    tree, diagnostics = parse(source)
    assert not diagnostics
    assert not reported
    assert items == tree.items
    assert repr(items) == repr(tree.items)
