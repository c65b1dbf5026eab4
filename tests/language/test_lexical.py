"""Text, lines, names, numbers and strings."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.syntax.tables import KEYWORDS
from tests.language.checking import accepted, found, holds, keys, model, refused, shape

# ---------------------------------------------------------------- text

IMPORT = 'an import is written `from "file.nn" import Name`; layers need none'
PLAIN = model("Dense(3)\n# a comment, with ümlauts\nDense(4) # another")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "byte-order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_text_is_utf8_with_any_line_ending(mark: bytes, end: str) -> None:
    data = mark + PLAIN.replace("\n", end).encode()
    assert nndsl.check(data) == []
    assert nndsl.compile(data).source == nndsl.compile(PLAIN).source


def test_text_that_is_not_utf8_is_refused() -> None:
    (diagnostic,) = nndsl.check(b"# \xff\n" + PLAIN.encode())
    assert (diagnostic.code, diagnostic.span.source.line_and_column(diagnostic.span.start)) == ("E0101", (1, 3))


def test_a_comment_goes_to_the_end_of_its_line() -> None:
    assert keys(model("Dense(3) # -> Dense(4)\n# Dense(5)\nDense(2)")) == ["dense", "dense_1"]
    assert holds("len('#') == 1")


# ---------------------------------------------------------------- lines


def test_a_statement_ends_with_its_line() -> None:
    # Read on to the next line, these would index, apply or choose.
    assert keys(model("y = x -> Dense(3)\n[y, y] -> Add()")) == ["y"]
    assert keys(model("y = x -> Dense(3)\n(y + y) -> ReLU()")) == ["y"]
    assert keys(model("y = x -> Dense(3)\nif true {\ny -> ReLU()\n}")) == ["y"]
    assert keys(model("y = x\n-y")) == []


@pytest.mark.parametrize(
    ("body", "layers"),
    [
        ("y = x -> Dense(\n3,\n\n# within\nuse_bias=false\n)\noutput y", ["y"]),
        ("y = [\nx,\nx\n] -> Concatenate()\noutput y", []),
        ("a = {\n1: 3,\n\n2: 4\n}\nDense(a[2])", ["dense"]),
        (
            "y = x -> Dense(3)\n\n  # between\n\n -> Dense(4)\n-> Dense(5)\noutput y",
            ["y_dense", "y_dense_1", "y_dense_2"],
        ),
    ],
)
def test_a_line_goes_on_in_brackets_and_before_an_arrow(body: str, layers: list[str]) -> None:
    assert keys(model(body)) == layers


def test_else_may_follow_on_the_next_line() -> None:
    for between in ("} else {", "}\nelse {", "}\n\n# no\nelse {"):
        assert shape(model(f"if false {{\nDense(3)\n{between}\nDense(4)\n}}")) == "(N, 4)"


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("y = x «+»\nDense(3)", "E0112", "take `+` away, or put brackets round what goes on over several lines"),
        ("y = x «->»\nDense(3)", "E0112", "begin the next line with `->`"),
        ("y «=»\nDense(3)", "E0112", "take `=` away, or put brackets round what goes on over several lines"),
        ("y, z «=»\nx", "E0112", "take `=` away, or put brackets round what goes on over several lines"),
        ("output x«,»\nx", "E0112", "take `,` away, or put brackets round what goes on over several lines"),
        ("y = 3 «**»\nx", "E0112", "take `**` away, or put brackets round what goes on over several lines"),
        ("Dense(3)«» Dense(4)", "E0111", "or put them on two lines: a statement ends with its line"),
        ("Dense(3)«;» Dense(4)", "E0103", "a statement ends with its line"),
        ("if true { «Dense»(3) }", "E0121", "each statement of a body has a line of its own, and so has its `}`"),
        ("if true\n«{»\nDense(3)\n}", "E0121", "write it after `true`"),
        ("Dense(4)\n«else» {\nDense(3)\n}", "E0110", ""),
    ],
)
def test_a_line_that_ends_too_early_or_too_late_is_refused(marked: str, code: str, help: str) -> None:
    assert refused(model(marked), code).help == help


@pytest.mark.parametrize(
    ("text", "code", "help"),
    [
        ("model M«»\n  input x: (8)\n  Dense(3)", "E0111", ""),
        ("«import» torch\nmodel M {\n  input x: (8)\n}", "E0110", IMPORT),
        ("model M {\n  input x «=» (8)\n  Dense(3)\n}", "E0110", None),
        ("model M {\n  input x: (8)\n  output y «=» x * 2\n}", "E0110", None),
        ("model M {\n  input x: (8)\n  Dense(units«:» 3)\n}", "E0110", "an argument is written `name=value`"),
        ("model M {\n  input x: (8)\n  y«:» Dense(3)\n}", "E0110", "a binding is written `name = value`"),
        ("model M {\n  input x: (8)\n  for i in «0..3» {\n    Dense(3)\n  }\n}", "E0104", "write `range(0, 3)`"),
        ("model M {\n  x = «Input»((8,))\n  Dense(3)(x)\n}", "E0201", "write `input name: (28, 28, 1)`"),
        ("model M {\n  input x: (8)\n  y = x -> «->» Dense(3)\n  y -> Dense(2)\n}", "E0110", "take one away"),
        ("model M {\n  input x«» (8)\n  x -> Dense(2)\n}", "E0111", ""),
        ("block B(n«» {\n  Dense(n)\n}\nmodel M {\n  input x: (8)\n  B(3)\n}", "E0107", ""),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_message(text: str, code: str, help: str | None) -> None:
    diagnostic = refused(text, code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["a", "A", "_", "_a", "a1", "A_b_3", "Z9", "n" * 128])
def test_names(name: str) -> None:
    assert found(f"model M {{\ninput x: (8)\nfor {name} in [1] {{\nDense(2)\n}}\n}}") == []


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("«é» = 3", "E0103", "a name has the letters A to Z and a to z, digits and `_`"),
        ("«Ѕ»um = 3", "E0103", "write `Sum`"),
        ("«3a» = 3", "E0104", "numbers are written `3`, `0.5`, `1e-3` or `1_000`; a name begins with a letter"),
    ],
)
def test_what_is_no_name(marked: str, code: str, help: str) -> None:
    assert refused(model(marked), code).help == help


WORDS = [
    "model",
    "block",
    "extern",
    "input",
    "output",
    "compile",
    "fit",
    "def",
    "for",
    "in",
    "if",
    "else",
    "from",
    "import",
    "as",
    "and",
    "or",
    "not",
    "set",
    "true",
    "false",
    "none",
]


@pytest.mark.parametrize("word", [*WORDS, "True", "False", "None"])
def test_keywords_are_no_names(word: str) -> None:
    help = f"write another name, such as `{word}_`"
    assert refused(model(f"«{word}» = 3"), "E0116").help == help
    assert refused(model(f"Dense(3, «{word}»=1)"), "E0116").help == help


def test_there_are_no_other_keywords() -> None:
    assert set(KEYWORDS) == {*WORDS, "True", "False", "None"}


def test_true_false_and_none_may_be_written_as_in_python() -> None:
    assert holds("True == true and False == false and None == none")
    text = model("Dense(3, use_bias=False, activation=None)")
    assert "use_bias=false, activation=none" in nndsl.format(text)


# ---------------------------------------------------------------- numbers and strings


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", "2 + 1"), ("0", "1 - 1"), ("0.5", "1 / 2"), ("1e-3", "1 / 1000"), ("1_000", "10 ** 3"),
        ("1_0.2_5", "41 / 4"), ("2E+2", "200.0"), ("1.5e3", "1500.0"), ("0.0", "0"),
    ],
)  # fmt: skip
def test_numbers(written: str, value: str) -> None:
    assert holds(f"{written} == {value}")


@pytest.mark.parametrize(
    ("written", "help"),
    [
        (".5", "write `0.5`"),
        ("1.", "write `1.0`"),
        ("007", "write `7`"),
        ("0x10", "write `16`: numbers are decimal"),
        ("1__0", "numbers are written `3`, `0.5`, `1e-3` or `1_000`; a name begins with a letter"),
        ("1e", "numbers are written `3`, `0.5`, `1e-3` or `1_000`; a name begins with a letter"),
        ("1e400", "at most about 1.8e308"),
    ],
)
def test_what_is_no_number(written: str, help: str) -> None:
    assert refused(model(f"Dense(«{written}»)"), "E0104").help == help


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"relu"', "'relu'"),
        (r'"a\\b"', r"'a\\' + 'b'"),
        (r'"\"" + "\'"', "'\"' + \"'\""),
        (r'"\u0041\u00e9"', "'Aé'"),
        (r'len("\n\t")', "2"),
        ("''", '""'),
    ],
)
def test_strings(written: str, value: str) -> None:
    assert holds(f"{written} == {value}")


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ('Dense(3, name=«"a)»', "E0105"),
        ("Dense(3, name=«'a\")»", "E0105"),
        (r'Dense(3, name="«\x»41")', "E0106"),
        (r'Dense(3, name="«\ud800»")', "E0106"),
        (r'Dense(3, name="«\u»12")', "E0106"),
    ],
)
def test_what_is_no_string(marked: str, code: str) -> None:
    refused(model(marked), code)


def test_strings_may_be_of_either_quotes() -> None:
    assert accepted(model("Activation('relu')")).source == accepted(model('Activation("relu")')).source
