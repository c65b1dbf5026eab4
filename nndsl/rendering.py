"""Diagnostics as text for people, in the manner of rustc, and as data for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nndsl.diagnostics import Diagnostic, Source, Span

# A paint colours a piece of text by its role: error, warning, note, help, message, gutter.
Paint = Callable[[str, str], str]

TAB = " " * 4
LINE_LIMIT = 100  # a line of more characters than this is shown in part
WINDOW = 60  # and this many characters of it
ELLIPSIS = "…"


def plain(role: str, text: str) -> str:
    """Return the text without colours."""
    return text


def escape(text: str) -> str:
    """Return the text with everything that a terminal would obey, or hide, as an escape."""
    if text.isprintable():  # true for no hidden character but the ASCII space, which stands for itself
        return text
    return "".join(_visible(character) for character in text)


def render(diagnostics: Sequence[Diagnostic], limit: int = 20, paint: Paint = plain) -> str:
    """Return the diagnostics as text, at most ``limit`` of them, errors before warnings.

    The text ends without a line end; it is empty if there is nothing to say.
    """
    by_importance = sorted(range(len(diagnostics)), key=lambda i: diagnostics[i].severity == "warning")
    shown = [diagnostics[i] for i in sorted(by_importance[:limit])]
    rest = [diagnostics[i].severity for i in by_importance[limit:]]
    parts = [_render_one(diagnostic, paint) for diagnostic in shown]
    if rest:
        counts = ((rest.count("error"), "error"), (rest.count("warning"), "warning"))
        words = [f"{count:,} more {word}{'s'[: count != 1]}" for count, word in counts if count]
        parts.append("and " + " and ".join(words))
    return "\n\n".join(parts)


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """Return the diagnostic as data that ``json.dumps`` takes.

    Lines and columns count from 1, in code points; an end is the place after the last character.
    """
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_span_data(diagnostic.span),
        "label": diagnostic.label,
        "notes": [
            {"message": note.message, **(_span_data(note.span) if note.span else {})} for note in diagnostic.notes
        ],
        "help": diagnostic.help,
    }


def _span_data(span: Span) -> dict[str, object]:
    def place(offset: int) -> dict[str, int]:
        line, column = span.source.line_and_column(offset)
        return {"offset": offset, "line": line, "column": column}

    return {"file": span.source.name, "start": place(span.start), "end": place(span.end)}


def _render_one(diagnostic: Diagnostic, paint: Paint) -> str:
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes if note.span)]
    width = max(len(str(span.source.line_and_column(span.end)[0])) for span in spans)
    severity = diagnostic.severity
    head = paint(severity, f"{severity}[{diagnostic.code}]")
    lines = [head + paint("message", f": {escape(diagnostic.message)}")]
    lines += _excerpt(diagnostic.span, diagnostic.label, "^", width, paint, severity)
    bar = paint("gutter", " " * (width + 1) + "=")
    for note in diagnostic.notes:
        if note.span:
            lines.append(paint("note", "note") + f": {escape(note.message)}")
            lines += _excerpt(note.span, "", "-", width, paint, "note")
        else:
            lines.append(f"{bar} {paint('note', 'note')}: {escape(note.message)}")
    if diagnostic.help:
        first, *more = diagnostic.help.split("\n")
        lines.append(f"{bar} {paint('help', 'help')}: {escape(first)}")
        lines += [" " * (width + 9) + escape(line) for line in more]
    return "\n".join(line.rstrip() for line in lines)


def _excerpt(span: Span, label: str, mark: str, width: int, paint: Paint, role: str) -> list[str]:
    """The place, and the first and the last line of the span with marks under it."""
    first, column = span.source.line_and_column(span.start)
    arrow = paint("gutter", " " * width + "-->")
    bar = paint("gutter", " " * (width + 1) + "|")
    lines = [f"{arrow} {escape(span.source.name)}:{first}:{column}", bar]
    rows = _marked_lines(span, first)
    for row in rows:
        if row.number > first + 1:
            lines.append(paint("gutter", "..."))
        number = paint("gutter", f"{row.number:>{width}} |")
        marks = mark * max(1, row.width)
        if row is rows[-1] and label:
            marks += f" {escape(label)}"
        lines.append(f"{number} {row.text}")
        lines.append(f"{bar} {' ' * row.indent}{paint(role, marks)}")
    return lines


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as it is shown: its text, and the columns of the screen before and under the marks."""

    number: int
    text: str
    indent: int
    width: int


def _marked_lines(span: Span, first: int) -> list[_Row]:
    line_start, line_end = _line_around(span.source, span.start)
    if span.end <= line_end + 1:  # the line end itself may be what is meant
        return [_row(span.source, line_start, line_end, span.start, span.end, first)]
    last = span.source.line_and_column(span.end)[0]
    last_start, last_end = _line_around(span.source, span.end)
    if last_start == span.end:  # the span ends with a line end, so its last line is the one before
        last -= 1
        last_start, last_end = _line_around(span.source, span.end - 1)
    text = span.source.text[last_start:last_end]
    begin = last_start + len(text) - len(text.lstrip())
    return [
        _row(span.source, line_start, line_end, span.start, line_end, first),
        _row(span.source, last_start, last_end, begin, span.end, last),
    ]


def _line_around(source: Source, offset: int) -> tuple[int, int]:
    start = source.text.rfind("\n", 0, offset) + 1
    end = source.text.find("\n", offset)
    return start, len(source.text) if end < 0 else end


def _row(source: Source, start: int, end: int, mark_start: int, mark_end: int, number: int) -> _Row:
    """Lay out the line [start, end) with marks under [mark_start, mark_end)."""
    before, after = "", ""
    if end - start > LINE_LIMIT:
        middle = (mark_start + min(mark_end, mark_start + WINDOW)) // 2
        window = min(max(start, middle - WINDOW // 2), max(start, end - WINDOW))
        before = ELLIPSIS if window > start else ""
        after = ELLIPSIS if window + WINDOW < end else ""
        start, end = window, min(end, window + WINDOW)
    mark_start, mark_end = max(start, mark_start), min(end, mark_end)
    pieces = [source.text[start:mark_start], source.text[mark_start:mark_end]]
    shown = [before + _display(pieces[0]), _display(pieces[1])]
    rest = _display(source.text[max(mark_start, mark_end) : end])
    return _Row(number, shown[0] + shown[1] + rest + after, _width(shown[0]), _width(shown[1]))


def _display(text: str) -> str:
    return escape(text.replace("\t", TAB))


def _visible(character: str) -> str:
    """The character, or its escape as Python writes it."""
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _width(text: str) -> int:
    """The columns of the text in a terminal: none for combining marks, two for wide letters."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
