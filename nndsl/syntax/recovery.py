"""Going on after a mistake: one message for it, and the statement that holds it is passed over.

Where a statement ends is judged by its brackets and, where one of them was never closed, by the indentation of lines.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from nndsl.diagnostics import Diagnostic, Source
from nndsl.syntax.layout import BEFORE_BODY, CLOSERS, END_OF_BODY, OPENERS, Layout
from nndsl.syntax.lexer import MOST_ERRORS, Token
from nndsl.syntax.mistakes import Mistakes, Place
from nndsl.syntax.tables import ACTIONS
from nndsl.syntax.trial import accepts

_THOROUGH = 100  # after so many errors the cause of a further one is not searched for


class TooManyErrors(Exception):
    """Reading on would tell nobody more."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """The tokens [start, end) of a statement that cannot be read; ``unclosed`` are the brackets open at its end.

    At ``end`` is its line end, or the brace of its body.
    """

    start: int
    end: int
    unclosed: tuple[Token, ...]


class Recovery:
    """Puts the parser's stacks and the layout, which it shares, in order after a token that cannot be read."""

    def __init__(
        self, source: Source, layout: Layout, states: list[int], values: list[Any], diagnostics: list[Diagnostic]
    ) -> None:
        self.text = source.text
        self.layout = layout
        self.tokens = layout.tokens
        self.states = states
        self.values = values
        self.diagnostics = diagnostics
        self.mistakes = Mistakes(source, self.tokens)
        self.lexical = [diagnostic.span.start for diagnostic in diagnostics if diagnostic.severity == "error"]

    def recover(self, token: Token) -> Iterator[Token]:
        """Report the mistake at a token, and return the tokens from which to go on; raises TooManyErrors."""
        if len(self.diagnostics) >= MOST_ERRORS:
            raise TooManyErrors
        index, start = self.layout.index, self.layout.statement
        depth = self._depth()
        bodies = _open(self.values[:depth])
        if index == start and bodies:
            missing = self._unclosed_bodies(token, bodies)
            if missing:
                return self._close_bodies(token, bodies, missing)
        resumed = self._go_on(token, index, bodies, depth)
        if resumed:
            return resumed
        statement = self._statement(start)
        self._report(token, index, statement, bodies, depth)
        del self.states[depth + 1 :], self.values[depth:]
        self._set_brackets(bodies, len(bodies))
        begin, end = self.tokens[statement.start], self.tokens[max(statement.start, statement.end - 1)]
        return chain([Token("ERROR", begin.start, end.end)], self.layout.read(statement.end, "ERROR"))

    def _depth(self) -> int:
        """The height of the stack at the beginning of the innermost statement."""
        depth = len(self.states) - 1
        if self.values and type(self.values[-1]) is Token and self.values[-1].kind == "RBRACE":
            depth -= 1
            while type(self.values[depth]) is not Token or self.values[depth].kind != "LBRACE":
                depth -= 1
        while "ERROR" not in ACTIONS[self.states[depth]]:
            depth -= 1
        return depth

    def _set_brackets(self, brackets: list[Token], bodies: int) -> None:
        self.layout.brackets[:] = brackets
        self.layout.bodies = bodies

    # ------------------------------------------------------------ bodies that are never closed

    def _unclosed_bodies(self, token: Token, bodies: list[Token]) -> int:
        """How many bodies must end before a token that begins a line but cannot stand in the innermost."""
        column = self.mistakes.column(token)
        missing = sum(token.kind == "$END" or self.mistakes.indentation(brace) >= column for brace in bodies)
        missing = max(missing, int(token.kind == "ELSE"))
        kinds = ["RBRACE", *["_NL", "RBRACE"] * (missing - 1), *["_NL"] * (token.kind != "ELSE")]
        kinds += [token.kind] * (token.kind != "$END")
        return missing if missing and accepts(self.states, kinds) else 0

    def _close_bodies(self, token: Token, bodies: list[Token], missing: int) -> Iterator[Token]:
        first = bisect_left(self.tokens, bodies[0].start, key=lambda other: other.start)
        if all(brace.start < brace.end for brace in bodies[-missing:]):  # one that was put in has been reported
            self._add(self.mistakes.unclosed_body(first, self.layout.index))
        self._set_brackets(bodies[:-missing], len(bodies) - missing)
        place = token.start
        closing = [Token(kind, place, place) for kind in ["RBRACE", "_NL"] * missing]
        if token.kind == "ELSE":
            closing.pop()
        return chain(closing, self.layout.read(self.layout.index, END_OF_BODY if token.kind == "ELSE" else "_NL"))

    # ------------------------------------------------------------ mistakes after which the statement can be read on

    def _go_on(self, token: Token, index: int, bodies: list[Token], depth: int) -> Iterator[Token] | None:
        """Put in a line end or a body's brace where one is missing."""
        previous = self.tokens[index - 1] if index else None
        if previous is None:
            return None
        place = previous.end
        opens = previous.kind == "LBRACE" and accepts(self.states, ("_NL",))
        if opens or (token.kind == "RBRACE" and bodies and accepts(self.states, ("_NL", "RBRACE"))):
            if opens or not self._reported_since(index):
                self._add(self.mistakes.own_line(token, previous))
            self._set_brackets([*bodies, previous] if opens else bodies, len(bodies) + opens)
            return chain([Token("_NL", place, place)], self.layout.read(index, "_NL"))
        if token.kind == "_NL" and previous.kind in {*BEFORE_BODY, "ELSE"} and accepts(self.states, ("LBRACE", "_NL")):
            following = self.tokens[index + 1]
            if following.kind == "LBRACE" and self.tokens[index + 2].kind == "_NL":
                self._add(self.mistakes.brace_on_next_line(following, previous))
                self._set_brackets(bodies, len(bodies))
                return self.layout.read(index + 1, previous.kind)
            brace = Token("LBRACE", place, place)
            self._add(self.mistakes.missing("LBRACE", previous, token))
            self._set_brackets([*bodies, brace], len(bodies) + 1)
            return chain([brace], self.layout.read(index, "LBRACE"))
        return None

    def _reported_since(self, index: int) -> bool:
        """Whether the last mistake is on the line of a token."""
        line = self.text.rfind("\n", 0, self.tokens[index].start)
        return bool(self.diagnostics) and self.diagnostics[-1].span.start > line

    # ------------------------------------------------------------ mistakes for which the statement is passed over

    def _statement(self, start: int) -> _Statement:
        """Find the end of the statement that begins at a token."""
        tokens = self.tokens
        indentation = self.mistakes.indentation(tokens[start])
        opened: list[Token] = []
        unclosed: list[Token] = []
        deeper = False
        for index in range(start, len(tokens)):
            token = tokens[index]
            kind = token.kind
            if kind == "_NL":
                following = tokens[index + 1]
                column = self.mistakes.column(following)
                deeper |= column > indentation
                goes_on = column > indentation or following.kind == "ARROW"
                if following.kind in OPENERS:
                    goes_on |= any(opener.kind == OPENERS[following.kind] for opener in opened)
                    goes_on |= deeper and column == indentation
                if following.kind == "ELSE" and tokens[index - 1].kind == "RBRACE":
                    goes_on = True
                if following.kind == "$END" or not goes_on:
                    return _Statement(start, index, (*unclosed, *opened))
            elif kind == "LBRACE" and self._opens_body(start, index):
                return _Statement(start, index, (*unclosed, *opened))
            elif kind in CLOSERS:
                opened.append(token)
            elif kind in OPENERS and any(opener.kind == OPENERS[kind] for opener in opened):
                while opened[-1].kind != OPENERS[kind]:
                    unclosed.append(opened.pop())
                opened.pop()
        return _Statement(start, len(tokens) - 1, (*unclosed, *opened))

    def _opens_body(self, start: int, index: int) -> bool:
        """Whether the brace at ``index`` of a statement that cannot be read was meant to open a body."""
        tokens = self.tokens
        line_end, *entry = (token.kind for token in tokens[index + 1 : index + 4])
        if line_end != "_NL" or entry in (["NUMBER", "COLON"], ["STRING", "COLON"]):  # a dict
            return False
        return index > start and (
            tokens[index - 1].kind in {*BEFORE_BODY, "ELSE"} or tokens[start].kind in ("FOR", "IF")
        )

    def _report(self, token: Token, index: int, statement: _Statement, bodies: list[Token], depth: int) -> None:
        tokens = self.tokens
        begin, end = tokens[statement.start].start, max(token.end, tokens[statement.end].start)
        known = bisect_left(self.lexical, begin)
        if known < len(self.lexical) and self.lexical[known] <= end:
            return  # the lexer has reported the cause
        if self.diagnostics and begin <= self.diagnostics[-1].span.start <= end:
            return
        place = Place(
            states=tuple(self.states),
            depth=depth,
            bodies=tuple(bodies),
            open=tuple(_open(self.values[depth:])),
            index=index,
            start=statement.start,
            end=statement.end,
            unclosed=statement.unclosed,
            thorough=len(self.diagnostics) < _THOROUGH,
        )
        self._add(self.mistakes.judge(place))

    def _add(self, diagnostic: Diagnostic | None) -> None:
        if diagnostic:
            self.diagnostics.append(diagnostic)


def _open(values: list[Any]) -> list[Token]:
    """The brackets among the values of a stack that are not closed."""
    opened: list[Token] = []
    for value in values:
        if type(value) is Token and value.kind in CLOSERS:
            opened.append(value)
        elif opened and type(value) is Token and value.kind in OPENERS:
            opened.pop()
    return opened
