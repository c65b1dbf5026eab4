"""What stands between the nodes of a text: comments, braces and blank lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from nndsl.diagnostics import Source
from nndsl.syntax.lexer import scan
from nndsl.syntax.nodes import Comment


class Margins:
    """Hands out the comments of a text, each once, in order."""

    def __init__(self, source: Source, comments: Sequence[Comment]) -> None:
        self.text = source.text
        self._comments = comments
        self._next = 0
        tokens = scan(source).tokens
        self._braces = {kind: [token.start for token in tokens if token.kind == kind] for kind in ("LBRACE", "RBRACE")}

    def brace(self, kind: str, offset: int) -> int:
        """Return the place of the first ``LBRACE`` or ``RBRACE`` from an offset on."""
        braces = self._braces[kind]
        return braces[bisect_left(braces, offset)]

    def before(self, offset: int) -> list[Comment]:
        """Hand out the comments that begin before an offset."""
        first = self._next
        while self._next < len(self._comments) and self._comments[self._next].span.start < offset:
            self._next += 1
        return list(self._comments[first : self._next])

    def behind(self, offset: int) -> list[Comment]:
        """Hand out the comment that ends the line of an offset."""
        end = self.text.find("\n", offset)
        return self.before(len(self.text) if end < 0 else end)

    def has_comment_before(self, offset: int) -> bool:
        """Return whether ``before`` would hand out any."""
        return self._next < len(self._comments) and self._comments[self._next].span.start < offset

    def has_blank(self, start: int, end: int) -> bool:
        """Return whether blank lines stand between two offsets that nothing but space and line ends is between."""
        return self.text.count("\n", start, end) >= 2
