"""From text to tokens. Line ends that are no ends of statements are left in: the layout drops them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from nndsl.diagnostics import Diagnostic, Source, Span
from nndsl.limits import Limits
from nndsl.syntax import tables
from nndsl.syntax.characters import BIDIRECTIONAL, describe, foreign_word, stray
from nndsl.syntax.nodes import Comment

MOST_ERRORS = 1_000
"""Reading ends after so many: more would tell nobody anything."""


class Token(NamedTuple):
    """A terminal of the grammar and its place in the text."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scan:
    """The tokens of a text, the last two a line end and ``$END``, its comments, and what is wrong.

    ``complete`` is False if reading stopped at a limit.
    """

    tokens: list[Token]
    comments: tuple[Comment, ...]
    diagnostics: list[Diagnostic]
    complete: bool


_OPERATORS = "|".join(re.escape(text) for text in sorted(tables.OPERATORS, key=len, reverse=True))
_PATTERN = re.compile(
    rf"""[ \t]*(?:
      (?P<NAME>{tables.NAME})(?!\w)
    | (?P<STRING>{tables.STRING})
    | (?P<NUMBER>{tables.NUMBER})(?![\w.])
    | (?P<_NL>\n)
    | (?P<COMMENT>{tables.COMMENT.replace("#", "[#]")})
    | (?P<MALFORMED>\.?[0-9](?:[\w.]|(?<=[eE])[+-])*)
    | (?P<STRAY>/[*]|&&|\|\|?>?|=>|>>|<<|===|!==|[-+*/%]=|!(?!=))
    | (?P<OPERATOR>{_OPERATORS})
    | (?P<OPEN>["'][^\n]*)
    | (?P<FOREIGN>\w+)
    | (?P<OTHER>[^\x20-\x7e\n\t]+|[!-~])
    | (?P<END>\Z)
    )""",
    re.VERBOSE,
)


def scan(source: Source, limits: Limits = Limits()) -> Scan:
    """Return the tokens of a source. Bad text is reported, and stands for the token that was most likely meant."""
    text = source.text
    tokens: list[Token] = []
    comments: list[Comment] = []
    diagnostics: list[Diagnostic] = []
    checks = _Checks(source, limits, diagnostics)
    keywords, operators = tables.KEYWORDS, tables.OPERATORS
    most, long = limits.tokens, min(limits.name, limits.string, limits.digits)
    append = tokens.append
    kind = "_NL"
    for match in _PATTERN.finditer(text):
        group = match.lastgroup or ""
        start, end = match.span(group)
        if group == "OPERATOR":
            kind = operators[text[start:end]]
        elif group == "NAME":
            kind = keywords.get(text[start:end], "NAME")
            if end - start > long:
                checks.name(start, end)
        elif group == "_NL":
            if kind == "_NL":
                continue
            kind = "_NL"
        elif group == "COMMENT":
            comments.append(Comment(text[start:end], span=Span(source, start, end)))
            checks.hidden(start, end)
            continue
        elif group == "STRING":
            kind = group
            checks.string(start, end)
        elif group == "NUMBER":
            kind = group
            if end - start > long:
                checks.number(start, end)
        elif group == "END":
            break
        else:
            replacement = checks.bad(group, start, end)
            if len(diagnostics) >= MOST_ERRORS:
                return Scan(tokens, tuple(comments), diagnostics, complete=False)
            if not replacement:
                continue
            kind = replacement
        append(Token(kind, start, end))
        if len(tokens) > most:
            message = f"the file has more than {most:,} words and signs"
            help_ = "split it, or let the caller raise the limit on tokens"
            diagnostics.append(Diagnostic("E0702", message, Span(source, start, end), help=help_))
            return Scan(tokens, tuple(comments), diagnostics, complete=False)
    size = len(text)
    if kind != "_NL":
        append(Token("_NL", size, size))
    append(Token("$END", size, size))
    return Scan(tokens, tuple(comments), diagnostics, complete=True)


@dataclass(frozen=True, slots=True)
class _Checks:
    """What can be wrong with a single token."""

    source: Source
    limits: Limits
    diagnostics: list[Diagnostic]

    def _report(self, code: str, message: str, start: int, end: int, help: str = "", label: str = "") -> None:
        self.diagnostics.append(Diagnostic(code, message, Span(self.source, start, end), label=label, help=help))

    def name(self, start: int, end: int) -> None:
        if end - start > self.limits.name:
            message = f"a name of {end - start:,} letters is too long"
            self._report("E0704", message, start, start + self.limits.name, f"at most {self.limits.name} are allowed")

    def number(self, start: int, end: int) -> None:
        text = self.source.text[start:end]
        digits = sum(character.isdigit() for character in text)
        most = self.limits.digits if text.replace("_", "").isdigit() else self.limits.name
        if digits > most:
            self._report(
                "E0706", f"a number of {digits:,} digits is too long", start, end, f"at most {most} are allowed"
            )

    def string(self, start: int, end: int) -> None:
        if end - start > self.limits.string + 2:
            message = f"a string of {end - start - 2:,} characters is too long"
            self._report("E0705", message, start, start + 1, f"at most {self.limits.string:,} are allowed")
        self.hidden(start, end)

    def hidden(self, start: int, end: int) -> None:
        """Look for characters in a string or a comment that make it read as something else."""
        text = self.source.text[start:end]
        if text.isprintable():
            return
        for i, character in enumerate(text, start):
            if character == "\0":
                self._report("E0103", f"{describe(character)} cannot stand in a file", i, i + 1)
                return
            if character in BIDIRECTIONAL:
                message = f"{describe(character)} makes the text read in another order than it stands"
                help_ = f"write it as `\\u{ord(character):04x}`, as `nndsl fmt` does"
                self._report("W0101", message, i, i + 1, help_)
                return

    def bad(self, group: str, start: int, end: int) -> str:
        """Report what is no token, and return the kind of token that it stands for (none: it is passed over)."""
        text = self.source.text[start:end]
        if group == "MALFORMED":
            self._report("E0104", f"`{text[:40]}` is not a number", start, end, _number_help(text))
            return "NUMBER"
        if group == "OPEN":
            help_ = f"close it with {text[0]} on the same line; a line end within is written `\\n`"
            self._report("E0105", "this string is not closed", start, min(end, start + 60), help_)
            return "STRING"
        if group == "FOREIGN":
            i, message, help_ = foreign_word(text)
            self._report("E0103", message, start + i, start + i + 1, help_)
            return "NAME"
        message, help_, kind = stray(text)
        self._report("E0103", message, start, end, help_)
        return kind


def _number_help(text: str) -> str:
    digits = text.replace("_", "")
    if re.fullmatch(r"\.[0-9]+([eE][+-]?[0-9]+)?", digits):
        return f"write `0{text}`"
    if re.fullmatch(r"[0-9]{1,20}\.\.+[0-9]{1,20}", digits):
        return f"write `range({', '.join(re.findall('[0-9]+', digits))})`"
    if re.fullmatch(r"[0-9]+\.", digits):
        return f"write `{text}0`"
    if re.fullmatch(r"0+[0-9]+", digits):
        return f"write `{digits.lstrip('0') or '0'}`"
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}|0[bB][01]{1,64}|0[oO][0-7]{1,21}", digits):
        return f"write `{int(digits, 0)}`: numbers are decimal"
    return "numbers are written `3`, `0.5`, `1e-3` or `1_000`; a name begins with a letter"
