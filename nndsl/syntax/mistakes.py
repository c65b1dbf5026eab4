"""What is wrong at a token that cannot be read, in words."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from nndsl.diagnostics import Diagnostic, Note, Source, Span
from nndsl.suggestions import suggest
from nndsl.syntax.habits import habit
from nndsl.syntax.layout import CLOSERS, END_OF_BODY, OPENERS
from nndsl.syntax.lexer import Token
from nndsl.syntax.tables import ACTIONS, KEYWORDS
from nndsl.syntax.trial import accepts, reads

_KEYWORDS = frozenset(KEYWORDS.values())
_WORDS = _KEYWORDS - {"TRUE", "FALSE", "NONE"}
_TOP = frozenset(("MODEL", "BLOCK", "EXTERN", "DEF", "FROM", "SET"))
_INNER = frozenset(("INPUT", "OUTPUT", "FOR", "IF", "COMPILE", "FIT"))
_UNFINISHED = frozenset(
    ("BINARY", "MINUS", "AND", "OR", "NOT", "IN", "ARROW", "EQUAL", "COMMA", "COLON", "DOT", "AS", "IF", "ELSE")
)
_AFTER_NAME = frozenset(("EQUAL", "COMMA", "RPAR", "RSQB", "COLON", "ARROW", "DOT", "IN", "BINARY", "_NL"))

# What may be missing, in the order in which it is tried, and how it is called.
_INSERTIONS = {
    "COMMA": "`,`",
    "EQUAL": "`=`",
    "LPAR": "`(`",
    "LSQB": "`[`",
    "COLON": "`:`",
    "ARROW": "`->`",
    "IN": "`in`",
    "IF": "`if`",
    "ELSE": "`else`",
    "LBRACE": "`{`",
    "NUMBER": "a value",
    "NAME": "a name",
    "STRING": "a path in quotes",
    "BINARY": "an operator",
    "IMPORT": "`import`",
}
_HELP = {
    "ARROW": "or put them on two lines: a statement ends with its line",
    "STRING": 'an import is written `from "file.nn" import Name`; layers need none',
}
_CLOSER_TEXT = {"RPAR": ")", "RSQB": "]", "RBRACE": "}"}
_LONGEST_STATEMENT = 400  # tokens; in a longer one no repair is tried
_MOST_PLACES = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parser stands: before token ``index`` of the statement in the tokens [``start``, ``end``).

    ``states`` up to ``depth`` are those at the beginning of the statement, inside of ``bodies``; ``open`` are the
    brackets that the statement has opened so far, ``unclosed`` those still open at its end.
    """

    states: tuple[int, ...]
    depth: int
    bodies: tuple[Token, ...]
    open: tuple[Token, ...]
    index: int
    start: int
    end: int
    unclosed: tuple[Token, ...]
    thorough: bool


class Mistakes:
    """Finds the words for the mistakes of one source."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.outside_reported = False
        self.blamed: set[int] = set()

    def column(self, token: Token) -> int:
        """Return the column of a token, from 0."""
        return token.start - self.source.text.rfind("\n", 0, token.start) - 1

    def indentation(self, token: Token) -> int:
        """Return the column at which the line of a token begins."""
        begin = self.source.text.rfind("\n", 0, token.start) + 1
        line = self.source.text[begin : token.start]
        return len(line) - len(line.lstrip(" \t"))

    def _text(self, token: Token) -> str:
        return self.source.text[token.start : min(token.end, token.start + 40)]

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)

    def _error(self, code: str, message: str, token: Token, help: str = "", *notes: Note) -> Diagnostic:
        return Diagnostic(code, message, self._span(token), notes=notes, help=help)

    # ------------------------------------------------------------ braces and lines

    def unclosed_body(self, first: int, index: int) -> Diagnostic:
        """Blame, of the bodies open from the brace at ``first`` to ``index``, the one that should have ended."""
        tokens = self.tokens
        opened: list[Token] = []
        previous = "_NL"
        for i in range(first, index + 1):
            token = tokens[i]
            while previous == "_NL" and opened and self._ends_before(token, opened, i == index):
                brace = opened.pop()
                if brace.start not in self.blamed:
                    self.blamed.add(brace.start)
                    end = Note("its body seems to end before this", self._span(token))
                    notes = () if token.kind == "$END" else (end,)
                    return self._error("E0108", "this `{` is never closed", brace, "", *notes)
            if token.kind in CLOSERS:
                opened.append(token)
            elif token.kind in OPENERS and opened and opened[-1].kind == OPENERS[token.kind]:
                opened.pop()
            previous = token.kind
        return self._error("E0108", "this `{` is never closed", tokens[first])

    def _ends_before(self, token: Token, opened: list[Token], last: bool) -> bool:
        """Whether the innermost brace must have been closed before a token that begins a line."""
        if opened[-1].kind != "LBRACE":
            return False
        column, inner = self.column(token), self.indentation(opened[-1])
        if token.kind == "RBRACE":
            return column < inner and any(self.indentation(opener) == column for opener in opened)
        return last or (column <= inner and token.kind != "ARROW")

    def own_line(self, token: Token, previous: Token) -> Diagnostic:
        """A body begins on the line of its brace, or its closing brace stands behind a statement."""
        help_ = "each statement of a body has a line of its own, and so has its `}`"
        if previous.kind == "LBRACE":
            return self._error("E0121", f"`{self._text(token)}` stands on the line of its body's `{{`", token, help_)
        return self._error("E0121", "`}` stands on the line of a statement", token, help_)

    def brace_on_next_line(self, brace: Token, previous: Token) -> Diagnostic:
        """The opening brace of a body begins a line."""
        message = "the `{` of a body stands at the end of the line before"
        return self._error("E0121", message, brace, f"write it after `{self._text(previous)}`")

    def missing(self, kind: str, previous: Token, following: Token, *notes: Note) -> Diagnostic:
        """A token is missing between two."""
        what = _INSERTIONS.get(kind) or f"`{_CLOSER_TEXT[kind]}`"
        where = f" after `{self._text(previous)}`" if previous.kind != "_NL" else ""
        if kind in ("EQUAL", "ARROW", "COMMA", "BINARY", "COLON") and following.kind != "_NL":
            where = f" between `{self._text(previous)}` and `{self._text(following)}`"
        help_ = _HELP.get(kind, "")
        span = Span(self.source, previous.end, previous.end)
        return Diagnostic("E0111", f"missing {what}{where}", span, notes=notes, help=help_)

    # ------------------------------------------------------------ anything else

    def judge(self, place: Place) -> Diagnostic | None:
        """Return what to say about a statement that cannot be read; nothing if it has been said before."""
        token = self.tokens[place.index]
        if place.index == place.start:
            found = self._first(token, place)
            if found:
                return found[0]
        return (
            habit(self.source, self.tokens, place.start, place.index)
            or self._word(token, place)
            or self._line(token, place)
            or self._bracket(token, place)
            or (self._repair(token, place) if self._can_try(place) else None)
            or self._unclosed(place)
            or self._unexpected(token, place)
        )

    def _can_try(self, place: Place) -> bool:
        return place.thorough and place.end - place.start <= _LONGEST_STATEMENT

    def _after(self, place: Place) -> Token:
        return self.tokens[min(place.index + 1, len(self.tokens) - 1)]

    def _previous(self, place: Place) -> Token | None:
        """The token before, line ends left out."""
        index = place.index - 1
        while index >= 0 and self.tokens[index].kind == "_NL":
            index -= 1
        return self.tokens[index] if index >= 0 else None

    def _first(self, token: Token, place: Place) -> tuple[Diagnostic | None] | None:
        """A statement that cannot begin so, or not here."""
        text = self._text(token)
        if self._after(place).kind in ("EQUAL", "COMMA", "DOT") and token.kind in _WORDS:
            return (self._keyword(token),)
        if place.bodies and token.kind in _TOP:
            return (self._error("E0117", f"`{text}` cannot stand in a body", token, "put it at the top level"),)
        if place.bodies and token.kind in _INNER:
            message = f"`{text}` is no setting"
            return (self._error("E0117", message, token, "a setting is written `name = value`"),)
        if token.kind in _INNER:
            if self.outside_reported:
                return (None,)
            self.outside_reported = True
            message = f"`{text}` stands outside of a model or a block"
            return (self._error("E0117", message, token, "write `model Name {` before it, and `}` after it"),)
        if token.kind == "RBRACE":
            return (self._error("E0109", "this `}` closes nothing", token),)
        if token.kind == "ARROW":
            return (self._error("E0110", "nothing stands before this `->`", token, "a chain begins with a value"),)
        if token.kind == "ELSE":
            return (self._error("E0110", "this `else` follows no `if`", token),)
        if token.kind == "IMPORT":
            help_ = 'an import is written `from "file.nn" import Name`; layers need none'
            return (self._error("E0110", "unexpected `import`", token, help_),)
        return None

    def _keyword(self, token: Token) -> Diagnostic:
        message = f"`{self._text(token)}` is a keyword, and cannot be a name"
        return self._error("E0116", message, token, f"write another name, such as `{self._text(token)}_`")

    def _word(self, token: Token, place: Place) -> Diagnostic | None:
        """Keywords as names, and words of other languages."""
        state = ACTIONS[place.states[-1]]
        following = self._after(place)
        if token.kind in _WORDS and "NAME" in state and following.kind in _AFTER_NAME:
            return self._keyword(token)
        first = self.tokens[place.start]
        if first.kind in _WORDS and place.index == place.start + 1 and token.kind in ("EQUAL", "COMMA", "ARROW", "DOT"):
            return self._keyword(first)
        previous = self.tokens[place.index - 1]
        if token.kind == "EQUAL" and previous.kind in _KEYWORDS:
            return self._keyword(previous)
        for word in {first: None, self.tokens[place.index - 1]: None, token: None}:
            help_ = suggest(self._text(word), (), "statement") if word.kind in ("NAME", "BINARY") else ""
            if help_ and (word.kind == "NAME" or word is first):
                return self._error("E0118", f"`{self._text(word)}` does not exist here", word, help_)
        return None

    def _line(self, token: Token, place: Place) -> Diagnostic | None:
        """A line that ends too early, or a body that begins on the line of its brace."""
        previous = self._previous(place)
        if previous is None:
            return None
        text = self._text(previous)
        ends = token.kind == "_NL" or (place.index >= place.end and self.tokens[place.end].kind == "_NL")
        if ends and previous.kind in _UNFINISHED and not place.open:
            help_ = f"take `{text}` away, or put brackets round what goes on over several lines"
            if previous.kind == "ARROW":
                help_ = "begin the next line with `->`"
            return self._error("E0112", f"the line ends after `{text}`", previous, help_)
        if token.kind == "COLON" and self._after(place).kind == "_NL" and accepts(place.states, ["LBRACE"]):
            help_ = "a body stands in braces: `{` at the end of the line, `}` on a line of its own"
            return self._error("E0111", "missing `{`", token, help_)
        return None

    def _bracket(self, token: Token, place: Place) -> Diagnostic | None:
        """A closing bracket that closes nothing, or another kind of bracket."""
        if (
            place.index > place.end
            or token.kind not in OPENERS
            or (place.open and place.open[-1].kind == OPENERS[token.kind])
        ):
            return None
        text = self._text(token)
        if not any(opener.kind == OPENERS[token.kind] for opener in place.open):
            if not place.open:
                return self._error("E0109", f"this `{text}` closes nothing", token)
            opener = place.open[-1]
            notes = (Note("opened here", self._span(opener)),)
            if self._can_try(place) and self._reads(place, [(place.index, 1, [])]):
                return self._error("E0109", f"this `{text}` closes nothing", token)
            message = f"`{self._text(opener)}` is closed by `{text}`"
            return self._error("E0109", message, token, f"write `{_CLOSER_TEXT[CLOSERS[opener.kind]]}`", *notes)
        return None

    # ------------------------------------------------------------ repairs that are tried

    def _repair(self, token: Token, place: Place) -> Diagnostic | None:
        """The one token that is missing, or too much, if the statement can be read with it, or without."""
        if place.unclosed:
            found = self._missing_closer(place)
            if found:
                return found
        if place.index > place.end:
            if self._reads(place, [(place.end, 0, ["NUMBER"])]):
                return self.missing("NUMBER", self.tokens[place.end - 1], token)
            return None
        previous = self._previous(place)
        state = ACTIONS[place.states[-1]]
        twice = previous and token.kind == previous.kind and token.kind not in ("NAME", "NUMBER", "STRING")
        if twice and self._reads(place, [(place.index, 1, [])]):
            return self._error("E0110", f"`{self._text(token)}` stands here twice", token, "take one away")
        for kind in _INSERTIONS if previous and place.index > place.start else ():
            in_brackets = bool(place.open)
            if kind not in state or (kind == "COMMA" and not in_brackets):
                continue
            if kind == "EQUAL" and not (in_brackets or place.index == place.start + 1 or "NUMBER" not in state):
                continue
            if self._reads(place, [(place.index, 0, [kind])]):
                assert previous is not None
                return self.missing(kind, previous, token)
        if self._reads(place, [(place.index, 1, [])]):
            return self._error("E0110", f"unexpected `{self._text(token)}`", token, "take it away")
        return None

    def _missing_closer(self, place: Place) -> Diagnostic | None:
        for opener in reversed(place.unclosed if place.index >= place.end else place.open):
            closer = CLOSERS[opener.kind]
            first = bisect_left(self.tokens, opener.start, key=lambda token: token.start) + 1
            last = min(place.index, place.end)
            for index in range(last, max(first, last - _MOST_PLACES) - 1, -1):
                if self._reads(place, [(index, 0, [closer])]):
                    return self._unclosed_at(opener, index)
        return None

    def _unclosed_at(self, opener: Token, index: int) -> Diagnostic:
        while self.tokens[index - 1].kind == "_NL":
            index -= 1
        previous = self.tokens[index - 1]
        closer = _CLOSER_TEXT[CLOSERS[opener.kind]]
        note = Note(f"`{self._text(opener)}` is opened here", self._span(opener))
        where = f" after `{self._text(previous)}`"
        span = Span(self.source, previous.end, previous.end)
        return Diagnostic("E0107", f"missing `{closer}`{where}", span, notes=(note,))

    def _reads(self, place: Place, edits: list[tuple[int, int, list[str]]]) -> bool:
        """Whether the statement can be read if, at an index, some tokens are taken away and others put in."""
        (at, removed, kinds), *_ = edits
        start, states, brackets = place.start, place.states[: place.depth + 1], place.bodies
        if at == place.index <= place.end:
            start, states, brackets = at, place.states, place.bodies + place.open
        elif self.tokens[start].kind == "RBRACE":
            return False  # the stack no longer has what was before the brace
        place_of = self.tokens[at].start
        tail = [self.tokens[place.end]]
        if tail[0].kind == "LBRACE":
            tail.append(self.tokens[place.end + 1])
        inserted = [Token(kind, place_of, place_of) for kind in kinds]
        edited = [*self.tokens[start:at], *inserted, *self.tokens[at + removed : place.end], *tail]
        previous = self.tokens[start - 1].kind if start else "_NL"
        previous = END_OF_BODY if previous == "RBRACE" else previous
        return reads(states, brackets, len(place.bodies), edited, previous)

    def _unclosed(self, place: Place) -> Diagnostic | None:
        if not place.unclosed:
            return None
        opener = place.unclosed[-1]
        closer = _CLOSER_TEXT[CLOSERS[opener.kind]]
        return self._error("E0107", f"this `{self._text(opener)}` is never closed", opener, f"close it with `{closer}`")

    def _unexpected(self, token: Token, place: Place) -> Diagnostic:
        previous = self._previous(place)
        if token.kind in ("_NL", "$END"):
            assert previous is not None
            return self._error("E0112", f"the line ends after `{self._text(previous)}`", previous)
        after = f" after `{self._text(previous)}`" if previous and place.index > place.start else ""
        return self._error("E0110", f"unexpected `{self._text(token)}`{after}", token, self._spelling(token, place))

    def _spelling(self, token: Token, place: Place) -> str:
        """Return how that is written which is written with another sign elsewhere."""
        if token.kind == "ARROW":
            return "a chain begins with a value or a layer"
        first = self.tokens[place.start].kind
        if token.kind == "EQUAL" and first == "INPUT":
            return "a colon stands before a shape: `input name: (28, 28, 1)`"
        if token.kind == "EQUAL" and first == "OUTPUT":
            return "a colon stands behind the name of an output: `output name: …`"
        if token.kind == "COLON":
            return "an argument is written `name=value`" if place.open else "a binding is written `name = value`"
        return ""
