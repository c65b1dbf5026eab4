"""What people see of a diagnostic, and what programs get."""

from __future__ import annotations

import json

import pytest

from nndsl.diagnostics import Diagnostic, NNDSLError, Note, Source, Span
from nndsl.rendering import escape, render, to_json


def span(text: str, part: str, name: str = "model.nn") -> Span:
    start = text.index(part)
    return Span(Source(name, text), start, start + len(part))


def excerpt(text: str, part: str, label: str = "") -> list[str]:
    """The lines below the place, without the gutter."""
    rendered = render([Diagnostic("E0101", "wrong", span(text, part), label)])
    return [line.partition("| ")[2] for line in rendered.split("\n")[3:]]


def test_all_parts() -> None:
    text = "model M {\n  input (5, 5, 1)\n  Conv2D(8, 7)\n}\n"
    source = Source("model.nn", text)
    first, second = text.index("(5"), text.index("7")
    diagnostic = Diagnostic(
        "E0401",
        "the kernel is larger than the input",
        Span(source, second, second + 1),
        "7 by 7",
        (Note("the input is (5, 5, 1), from here", Span(source, first, first + 9)), Note("so it is")),
        'write a smaller kernel\nor padding="same"',
    )
    assert render([diagnostic]) == (
        "error[E0401]: the kernel is larger than the input\n"
        " --> model.nn:3:13\n"
        "  |\n"
        "3 |   Conv2D(8, 7)\n"
        "  |             ^ 7 by 7\n"
        "note: the input is (5, 5, 1), from here\n"
        " --> model.nn:2:9\n"
        "  |\n"
        "2 |   input (5, 5, 1)\n"
        "  |         ---------\n"
        "  = note: so it is\n"
        "  = help: write a smaller kernel\n"
        '          or padding="same"'
    )
    assert str(NNDSLError([diagnostic])).strip() == render([diagnostic])


def test_gutter_is_as_wide_as_the_largest_line_number() -> None:
    text = "a\n" * 99 + "wrong\n"
    lines = render([Diagnostic("E0101", "wrong", span(text, "wrong"))]).split("\n")
    assert lines[1:] == ["   --> model.nn:100:1", "    |", "100 | wrong", "    | ^^^^^"]


def test_several_lines_show_the_first_and_the_last() -> None:
    text = "x = [\n  1,\n  2,\n]\ny = 1\n"
    rendered = render([Diagnostic("E0101", "wrong", span(text, "[\n  1,\n  2,\n]"), "this")])
    assert rendered.split("\n")[3:] == ["1 | x = [", "  |     ^", "...", "4 | ]", "  | ^ this"]


def test_two_lines_have_no_gap() -> None:
    text = "x = f(1,\n      2)\n"
    assert excerpt(text, "f(1,\n      2)") == ["x = f(1,", "    ^^^^", "      2)", "      ^^"]


def test_a_span_that_ends_with_its_line() -> None:
    text = "x = [1,\n"
    assert excerpt(text, "[1,\n") == ["x = [1,", "    ^^^"]


@pytest.mark.parametrize("text", ["", "x =\n", "x ="])
def test_the_end_of_a_text_has_one_caret(text: str) -> None:
    source = Source("model.nn", text)
    diagnostic = Diagnostic("E0101", "wrong", Span(source, len(text), len(text)))
    assert render([diagnostic]).split("\n")[-1].endswith("^")


def test_tabs_and_wide_letters_are_aligned() -> None:
    assert excerpt("\tx = y", "y") == ["    x = y", "        ^"]
    assert excerpt("'模型' y", "y") == ["'模型' y", "       ^"]
    assert excerpt("'模型' y", "模型") == ["'模型' y", " ^^^^"]
    assert excerpt("'e\u0301' y", "y") == ["'e\u0301' y", "    ^"]


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x1b", "\\x1b"),
        ("\x00", "\\x00"),
        ("\x85", "\\x85"),
        ("\u00a0", "\\xa0"),
        ("\u200b", "\\u200b"),
        ("\u202e", "\\u202e"),
        ("\u2028", "\\u2028"),
        ("\ufeff", "\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(character: str, shown: str) -> None:
    text = f"a = 'x{character}y' z"
    diagnostic = Diagnostic(
        "E0101",
        f"message {character}",
        span(text, "z", name=f"name{character}.nn"),
        f"label {character}",
        (Note(f"note {character}"),),
        f"help {character}",
    )
    rendered = render([diagnostic])
    assert character not in rendered
    assert rendered.count(shown) == 6
    assert rendered.encode()  # a lone surrogate would raise
    line, carets = rendered.split("\n")[3:5]
    assert line.index("z") == carets.index("^")


def test_plain_text_is_left_as_it_is() -> None:
    assert escape("Größe × 模型 🙂 'a b'") == "Größe × 模型 🙂 'a b'"


@pytest.mark.parametrize("place", [0, 30, 5000, 9999])
def test_of_a_long_line_60_characters_are_shown(place: int) -> None:
    text = "a" * place + "b" + "a" * (9999 - place)
    line, carets = excerpt(text, "b")
    assert len(line.strip("…")) == 60
    assert line.startswith("…") == (place > 30)
    assert line.endswith("…") == (place < 9970)
    assert line.index("b") == carets.index("^")


def test_marks_stay_within_what_is_shown() -> None:
    line, carets = excerpt("a" * 10000, "a" * 10000)
    assert line == "a" * 60 + "…"
    assert carets == "^" * 60


def test_more_than_the_limit_is_counted_and_errors_come_first() -> None:
    place = span("x", "x")
    warnings = [Diagnostic("W0201", f"warning {i}", place) for i in range(30)]
    errors = [Diagnostic("E0201", f"error {i}", place) for i in range(2)]
    rendered = render([*warnings, *errors])
    assert rendered.count("warning[W0201]") == 18
    assert rendered.count("error[E0201]") == 2
    assert rendered.endswith("\n\nand 12 more warnings")
    assert render(errors, limit=1).endswith("and 1 more error")
    assert render(errors * 10).count("more") == 0
    assert render([]) == ""


def test_colours_add_nothing_but_colours() -> None:
    text = "x = y"
    diagnostic = Diagnostic("E0201", "wrong", span(text, "y"), "here", (Note("so"),), "do")
    painted = render([diagnostic], paint=lambda role, text: f"<{role}>{text}</>")
    assert painted.startswith("<error>error[E0201]</><message>: wrong</>")
    assert "<error>^ here</>" in painted
    for role in ("error", "message", "gutter", "note", "help"):
        painted = painted.replace(f"<{role}>", "")
    lines = [line.rstrip() for line in painted.replace("</>", "").split("\n")]
    assert "\n".join(lines) == render([diagnostic])


def test_data() -> None:
    text = "ä = y\nz\n"
    diagnostic = Diagnostic(
        "W0201", "wrong", span(text, "y"), "here", (Note("so"), Note("there", span(text, "z"))), "do"
    )
    data = to_json(diagnostic)
    assert json.loads(json.dumps(data)) == data
    assert data == {
        "code": "W0201",
        "severity": "warning",
        "message": "wrong",
        "file": "model.nn",
        "start": {"offset": 4, "line": 1, "column": 5},
        "end": {"offset": 5, "line": 1, "column": 6},
        "label": "here",
        "notes": [
            {"message": "so"},
            {
                "message": "there",
                "file": "model.nn",
                "start": {"offset": 6, "line": 2, "column": 1},
                "end": {"offset": 7, "line": 2, "column": 2},
            },
        ],
        "help": "do",
    }
