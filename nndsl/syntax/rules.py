"""What the grammar allows and the language refuses: each rule reports, and lets the tree stand."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from nndsl.diagnostics import Diagnostic, Note, Source, Span
from nndsl.limits import Limits
from nndsl.syntax import nodes
from nndsl.syntax.children import height
from nndsl.syntax.lexer import Token
from nndsl.syntax.operators import Operator, misplaced_not

_LONGEST_READING = 100


class TooDeepExpression(Exception):
    """An expression has more levels than the limit allows; what walks the tree could run out of stack."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one source; ``bracketed`` has the spans of the expressions in brackets."""

    source: Source
    limits: Limits
    report: Callable[[Diagnostic], None]
    bracketed: Container[tuple[int, int]]

    def number(self, text: str, token: Token) -> int | float:
        """Return the value of a number, 0 if it cannot be had."""
        span = Span(self.source, token.start, token.end)
        try:
            if text.replace("_", "").isdigit():
                return int(text) if len(text) <= 2 * self.limits.digits else 0
            value = float(text) if len(text) <= 2 * self.limits.name else 0.0
        except ValueError:  # the lexer has said so
            return 0
        if value == float("inf"):
            self.report(Diagnostic("E0104", f"`{text}` is too large for a number", span, help="at most about 1.8e308"))
        return value

    def arguments(self, arguments: Sequence[nodes.Argument], span: Span) -> None:
        """Positions come before names, and there are not too many."""
        if len(arguments) > self.limits.arguments:
            message = f"a call with {len(arguments):,} arguments"
            help_ = f"at most {self.limits.arguments:,} are allowed"
            self.report(Diagnostic("E0707", message, arguments[self.limits.arguments].span, help=help_))
        named = None
        for argument in arguments:
            if argument.name:
                named = named or argument
            elif named:
                notes = (Note(f"`{named.name}=` is here", named.span),)
                message = "an argument without a name after one with a name"
                help_ = "put it first, or give it its name"
                self.report(Diagnostic("E0115", message, argument.span, notes=notes, help=help_))
                return

    def parameters(self, parameters: Sequence[nodes.Parameter]) -> None:
        """Parameters without a default come first."""
        first = next((parameter for parameter in parameters if parameter.default), None)
        for parameter in parameters if first else ():
            if parameter.default is None and first and parameter.span.start > first.span.start:
                notes = (Note(f"`{first.name}` has a default", first.span),)
                message = f"`{parameter.name}` has no default, but follows a parameter that has one"
                help_ = f"give it a default, or put it before `{first.name}`"
                self.report(Diagnostic("E0115", message, parameter.span, notes=notes, help=help_))
                return

    def operands(self, row: Sequence[nodes.Expression | Operator]) -> None:
        """A row of operators is not too long."""
        count = len(row) // 2 + 1
        if count > self.limits.arguments:
            item = row[2 * self.limits.arguments]
            message = f"a row of {count:,} operands"
            help_ = f"at most {self.limits.arguments:,} are allowed: give names to parts of it"
            raise TooDeepExpression(Diagnostic("E0708", message, item.span, help=help_))

    def sign(self, token: Token, operand: nodes.Expression) -> None:
        """A minus does not stand before a `not` without brackets."""
        is_not = isinstance(operand, nodes.Unary) and operand.operator == "not"
        if token.kind == "MINUS" and is_not and (operand.span.start, operand.span.end) not in self.bracketed:
            self.report(misplaced_not("-", operand))

    def depth(self, value: nodes.Expression) -> None:
        """An expression is not too deep; raises TooDeepExpression."""
        limit = self.limits.depth
        if value.span.end - value.span.start > limit and height(value) > limit:
            message = f"an expression of more than {limit:,} levels"
            raise TooDeepExpression(Diagnostic("E0703", message, value.span, help="give names to parts of it"))

    def branches(self, branch: nodes.If) -> None:
        """There are not too many `else if` in a row; raises TooDeepExpression."""
        count, first = 1, branch
        while len(branch.otherwise) == 1 and isinstance(branch.otherwise[0], nodes.If):
            branch = branch.otherwise[0]
            count += 1
        if count >= self.limits.nesting:
            message = f"more than {self.limits.nesting:,} branches of one `if`"
            span = Span(self.source, first.span.start, first.span.start + 2)
            raise TooDeepExpression(Diagnostic("E0703", message, span, help="look the value up in a dict"))

    def chain(self, chain: nodes.Chain) -> None:
        """A link is no operator without brackets."""
        for link in chain.links:
            value = link.value if type(link) is nodes.Named else link
            if type(value) in (nodes.Binary, nodes.Unary, nodes.Ternary):
                if (value.span.start, value.span.end) in self.bracketed:
                    continue
                name = "if" if isinstance(value, nodes.Ternary) else value.operator  # type: ignore[attr-defined]
                message = f"`->` beside `{name}` can be read in two ways"
                self.report(Diagnostic("E0113", message, value.span, help=_readings(chain, value)))
                return

    def shape(self, call: nodes.Call) -> None:
        """The dimensions in `dtype(…)` have no names."""
        for argument in call.arguments:
            if argument.name:
                message = f"a dimension has no name `{argument.name}=`"
                self.report(Diagnostic("E0110", message, argument.span, help="write the dimensions alone: `(28, 28)`"))
                return

    def import_words(self, words: Sequence[Token]) -> None:
        """Only `python` may stand between `from` and the path."""
        for word in words:
            text = self.source.text[word.start : word.end]
            if text != "python":
                message = f"unexpected `{text}` after `from`"
                help_ = 'write `from "file.nn" import A` or `from python "module" import A`'
                self.report(Diagnostic("E0110", message, Span(self.source, word.start, word.end), help=help_))

    def alias(self, value: nodes.Expression) -> None:
        """A model alias is a model or a call of one."""
        if not isinstance(value.callee if isinstance(value, nodes.Call) else value, nodes.Name):
            message = "a model's other name stands for a model, or a call of one"
            help_ = "write `model A = B(depth=34)`, or a body: `model A { … }`"
            self.report(Diagnostic("E0110", message, value.span, help=help_))

    def extern(self, extern: nodes.Extern) -> None:
        """The body of an extern has inputs and outputs alone."""
        for statement in extern.body:
            if not isinstance(statement, nodes.Input | nodes.Output | nodes.Broken):
                message = "an extern states inputs and output shapes, nothing else"
                help_ = "what the layer does is written in Python"
                self.report(Diagnostic("E0117", message, statement.span, help=help_))
                return


def _readings(chain: nodes.Chain, value: nodes.Expression) -> str:
    """Both ways to put the brackets, where they are short enough to be read."""
    text = chain.span.source.text
    before, after = text[chain.span.start : value.span.start], text[value.span.end : chain.span.end]
    readings = [f"{before}({value.span.text}){after}"]
    if isinstance(value, nodes.Unary) and not before:
        readings.append(f"{text[value.span.start : value.operand.span.start]}({value.operand.span.text}{after})")
    if isinstance(value, nodes.Binary | nodes.Ternary):
        left, right = (value.left, value.right) if isinstance(value, nodes.Binary) else (value.then, value.otherwise)
        first = f"({before}{left.span.text})" if before else left.span.text
        last = f"({right.span.text}{after})" if after else right.span.text
        readings.append(f"{first}{text[left.span.end : right.span.start]}{last}")
    shown = [" ".join(reading.split()) for reading in readings]
    if max(map(len, shown)) > _LONGEST_READING:
        return "put brackets round one side of it"
    return "write " + " or ".join(f"`{reading}`" for reading in shown)
