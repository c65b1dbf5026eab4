"""A tree as lines. Bodies wait on a stack of what is to be written, so that none of this recurses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.syntax import nodes
from nndsl.syntax.attach import attach, shown
from nndsl.syntax.document import INDENT, layout
from nndsl.syntax.margins import Margins
from nndsl.syntax.nodes import Node, Setting, Statement
from nndsl.syntax.statements import head


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a body: the statement that it belongs to, and the place of its brace."""

    statement: Statement
    brace: int


_Task: TypeAlias = "tuple[int, Statement | Setting | _End]"


@dataclass(slots=True)
class Writer:
    """Writes statements; with ``margins`` the comments and blank lines of the text that they were read from too."""

    margins: Margins | None
    lines: list[str] = field(default_factory=list)
    last: int | None = None
    """The end, in the text, of what was written last; None at the beginning of a body."""
    apart: bool = False
    """Whether a blank line is due: a definition has ended."""

    def write(self, statements: Sequence[Statement]) -> None:
        """Write the statements of a file."""
        tasks: list[_Task] = [(0, statement) for statement in reversed(statements)]
        while tasks:
            indentation, task = tasks.pop()
            if isinstance(task, _End):
                tasks += self._end(indentation, task)
            else:
                tasks += self._statement(indentation, task)

    def comments_before(self, offset: int, indentation: int, apart: bool = False) -> None:
        """Write the comments that stand before an offset, the first after a blank line if one is due."""
        for comment in self.margins.before(offset) if self.margins else ():
            self._blank(comment.span.start, apart)
            apart = False
            self._comment(shown(comment), indentation, comment.span.end)

    def _comment(self, text: str, indentation: int, end: int) -> None:
        self.lines.append(" " * indentation + text)
        self.last = end

    def _blank(self, start: int, apart: bool) -> None:
        """Write a blank line before what stands at an offset, if one is due or stands there."""
        if self.last is None:
            return
        if apart or self.apart or (self.margins and self.margins.has_blank(self.last, start)):
            self.lines.append("")
        self.apart = False

    def _line(self, text: str, end: int, indentation: int) -> None:
        """Write a line that ends at an offset of the text, and the comment behind it there."""
        behind = self.margins.behind(end) if self.margins else []
        self.lines.append(" " * indentation + "  ".join([text, *map(shown, behind)]))
        self.last = behind[-1].span.end if behind else end

    def _statement(self, indentation: int, statement: Statement | Setting) -> list[_Task]:
        start = statement.span.start
        definition = isinstance(statement, nodes.Block | nodes.Model | nodes.Extern)
        written = len(self.lines)
        self.comments_before(start, indentation, definition)
        self._blank(start, definition and len(self.lines) == written)
        text = self._head(statement, indentation, indentation, start)
        body = _body(statement)
        if body is None:
            self._line(text, statement.span.end, indentation)
            return []
        return self._open(text, statement, body, indentation)

    def _head(self, statement: Statement | Setting, indentation: int, above: int, start: int) -> str:
        """The text of a statement without its body. Comments in it that belong to no item are written above it."""
        attached, loose = attach(statement, self.margins.before(self._head_end(statement)) if self.margins else ())
        for comment in loose:
            self._comment(comment, above, start)
        return layout(head(statement, attached), indentation)

    def _head_end(self, statement: Statement | Setting) -> int:
        if self.margins is None or _body(statement) is None:
            return statement.span.end
        return self.margins.brace("LBRACE", _before_body(statement))

    def _open(
        self, text: str, statement: Statement | Setting, body: Sequence[Statement | Setting], indentation: int
    ) -> list[_Task]:
        """Write the line that opens a body, or the whole of an empty one, and return what is then to be written."""
        assert isinstance(statement, Statement)
        opening = self._head_end(statement)
        closing = statement.span.end
        if self.margins:
            closing = self.margins.brace("RBRACE", body[-1].span.end if body else opening)
        end = (indentation, _End(statement, closing))
        if not body and not (self.margins and self.margins.has_comment_before(closing)):
            self.lines.append(" " * indentation + text + " {")
            return [end]
        self._line(text + " {", opening + 1, indentation)
        self.last = None
        return [end, *((indentation + INDENT, each) for each in reversed(body))]

    def _end(self, indentation: int, task: _End) -> list[_Task]:
        """Write the line that closes a body, and opens the next if there is an `else`."""
        self.comments_before(task.brace, indentation + INDENT)
        self.apart = False
        statement = task.statement
        otherwise = statement.otherwise if isinstance(statement, nodes.If) else ()
        if not otherwise:
            self._line("}", task.brace + 1, indentation)
            self.apart = indentation == 0
            return []
        branch = otherwise[0]
        if len(otherwise) == 1 and isinstance(branch, nodes.If):
            text = self._head(branch, indentation, indentation + INDENT, task.brace)
            return self._open(f"}} else {text}", branch, branch.body, indentation)
        whole = nodes.If(statement.condition, otherwise, (), span=statement.span)  # type: ignore[attr-defined]
        opening = self.margins.brace("LBRACE", task.brace) if self.margins else 0
        self.comments_before(opening, indentation + INDENT)
        closing = self.margins.brace("RBRACE", otherwise[-1].span.end) if self.margins else 0
        self._line("} else {", opening + 1, indentation)
        self.last = None
        return [(indentation, _End(whole, closing)), *((indentation + INDENT, each) for each in reversed(otherwise))]


def _body(statement: Statement | Setting) -> Sequence[Statement | Setting] | None:
    match statement:
        case nodes.Settings():
            return statement.settings
        case nodes.Block() | nodes.Model() | nodes.Extern() | nodes.For() | nodes.If():
            return statement.body
    return None


def _before_body(statement: Statement | Setting) -> int:
    """The end of what stands before the brace of a body."""
    match statement:
        case nodes.For():
            return statement.iterable.span.end
        case nodes.If():
            return statement.condition.span.end
        case nodes.Block() | nodes.Model() | nodes.Extern():
            last: Node = statement.parameters[-1] if statement.parameters else statement.name
            return last.span.end
    return statement.span.start
