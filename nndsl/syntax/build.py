"""The nodes of the tree: one method per rule of the grammar, which the parser calls as it reduces."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from nndsl.diagnostics import Diagnostic, Source, Span
from nndsl.limits import Limits
from nndsl.syntax import nodes
from nndsl.syntax.lexer import Token
from nndsl.syntax.nodes import Expression, Statement
from nndsl.syntax.operators import Operator, shape
from nndsl.syntax.rules import Rules
from nndsl.syntax.tables import KEYWORDS, OPERATORS

Children = list[Any]

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_MEANT = {"AND": "and", "OR": "or", "NOT": "not", "MINUS": "-"}
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}


class Builder:
    """Makes the nodes of one source. Children are tokens, nodes, and lists of them, as the grammar keeps them."""

    def __init__(self, source: Source, limits: Limits, report: Callable[[Diagnostic], None]) -> None:
        self.source = source
        self.text = source.text
        self.limits = limits
        self.report = report
        self.bracketed: set[tuple[int, int]] = set()
        self.rules = Rules(source, limits, report, self.bracketed)

    def _span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def _text(self, token: Token) -> str:
        return self.text[token[1] : token[2]]

    def _target(self, token: Token) -> nodes.Target:
        return nodes.Target(self._text(token), span=Span(self.source, token[1], token[2]))

    # ------------------------------------------------------------ expressions

    def name(self, children: Children) -> nodes.Name:
        _, start, end = children[0]
        return nodes.Name(self.text[start:end], span=Span(self.source, start, end))

    def number(self, children: Children) -> nodes.Number:
        token = children[0]
        text = self._text(token)
        return nodes.Number(self.rules.number(text, token), text, span=Span(self.source, token[1], token[2]))

    def string(self, children: Children) -> nodes.String:
        _, start, end = children[0]
        value = self.text[start + 1 : end - 1]
        if "\\" in value:
            value = _ESCAPE.sub(lambda match: self._unescape(match, start + 1), value)
        return nodes.String(value, span=Span(self.source, start, end))

    def _unescape(self, match: re.Match[str], offset: int) -> str:
        code, letter = match.groups()
        span = self._span(offset + match.start(), offset + match.end())
        if code:
            character = chr(int(code, 16))
            if "\ud800" <= character <= "\udfff":
                self.report(Diagnostic("E0106", f"`{match[0]}` is half a character", span))
            return character
        if letter not in _ESCAPES:
            help_ = r"the escapes are `\\`, `\"`, `\'`, `\n`, `\t` and `\uXXXX`; a backslash is written `\\`"
            self.report(Diagnostic("E0106", f"there is no escape `{match[0]}`", span, help=help_))
        return _ESCAPES.get(letter, letter)

    def true(self, children: Children) -> nodes.Literal:
        return nodes.Literal(True, span=self._span(children[0][1], children[0][2]))

    def false(self, children: Children) -> nodes.Literal:
        return nodes.Literal(False, span=self._span(children[0][1], children[0][2]))

    def none(self, children: Children) -> nodes.Literal:
        return nodes.Literal(None, span=self._span(children[0][1], children[0][2]))

    def ellipsis(self, children: Children) -> nodes.Ellipsis:
        return nodes.Ellipsis(span=self._span(children[0][1], children[0][2]))

    def paren(self, children: Children) -> Expression:
        opener, value, closer = children
        self.bracketed.add((opener[1], closer[2]))
        return replace(cast(Expression, value), span=self._span(opener[1], closer[2]))

    def tuple_(self, children: Children) -> nodes.Tuple:
        return nodes.Tuple(tuple(children[1:-1]), span=self._span(children[0][1], children[-1][2]))

    def list_(self, children: Children) -> nodes.List:
        return nodes.List(tuple(children[1:-1]), span=self._span(children[0][1], children[-1][2]))

    def dict_(self, children: Children) -> nodes.Dict:
        return nodes.Dict(tuple(children[1:-1]), span=self._span(children[0][1], children[-1][2]))

    def pair(self, children: Children) -> nodes.Pair:
        key, value = children
        return nodes.Pair(key, value, span=key.span.to(value.span))

    def call(self, children: Children) -> nodes.Call:
        callee = children[0]
        arguments = tuple(
            child if type(child) is nodes.Argument else nodes.Argument(None, child, span=child.span)
            for child in children[1:-1]
        )
        span = Span(self.source, callee.span.start, children[-1][2])
        if len(arguments) > 1:
            self.rules.arguments(arguments, span)
        return nodes.Call(callee, arguments, span=span)

    def keyword(self, children: Children) -> nodes.Argument:
        token, value = children
        return nodes.Argument(self._text(token), value, span=Span(self.source, token[1], value.span.end))

    def index(self, children: Children) -> nodes.Index:
        value = children[0]
        return nodes.Index(value, tuple(children[1:-1]), span=self._span(value.span.start, children[-1][2]))

    def slice_(self, children: Children) -> nodes.Slice:
        parts: list[Expression | None] = [None]
        for child in children:
            if isinstance(child, Token):
                parts.append(None)
            else:
                parts[-1] = child
        start, stop, step = (*parts, None)[:3]
        return nodes.Slice(start, stop, step, span=self._span(_start(children[0]), _end(children[-1])))

    def attribute(self, children: Children) -> nodes.Attribute:
        value, token = children
        return nodes.Attribute(value, self._text(token), span=self._span(value.span.start, token[2]))

    def unary(self, children: Children) -> nodes.Unary:
        token, operand = children
        self.rules.sign(token, operand)
        return nodes.Unary(self._operator(token), operand, span=self._span(token[1], operand.span.end))

    def _operator(self, token: Token) -> str:
        """The text of an operator; one for which the lexer took another sign has the text that was meant."""
        text = self._text(token)
        return text if text in OPERATORS or text in KEYWORDS else _MEANT.get(token.kind, "+")

    def flat(self, children: Children) -> Expression:
        row = [
            Operator(self._operator(child), self._span(child[1], child[2])) if type(child) is Token else child
            for child in children
        ]
        self.rules.operands(row)
        return shape(row, self.bracketed, self.report)

    def ternary(self, children: Children) -> nodes.Ternary:
        then, condition, otherwise = children
        return nodes.Ternary(then, condition, otherwise, span=then.span.to(otherwise.span))

    def named(self, children: Children) -> nodes.Named:
        value, token = children
        span = self._span(value.span.start, token[2])
        return nodes.Named(value, self._text(token), span=span, name_span=self._span(token[1], token[2]))

    def chain(self, children: Children) -> nodes.Chain:
        chain = nodes.Chain(tuple(children), span=Span(self.source, children[0].span.start, children[-1].span.end))
        self.rules.chain(chain)
        return chain

    # ------------------------------------------------------------ statements of a body

    def body(self, children: Children) -> tuple[tuple[Statement, ...], int]:
        *statements, brace = children
        return tuple(statements), brace[2]

    def input_(self, children: Children) -> nodes.Input:
        keyword, name, *rest = children
        dtype, shape_ = self._shape(rest[0]) if rest else (None, None)
        end = _end(rest[0]) if rest else name[2]
        return nodes.Input(self._target(name), dtype, shape_, span=self._span(keyword[1], end))

    def unnamed_input(self, children: Children) -> nodes.Input:
        keyword, value = children
        _, shape_ = self._shape(value)
        return nodes.Input(None, None, shape_, span=self._span(keyword[1], value.span.end))

    def _shape(self, value: Expression) -> tuple[nodes.Target | None, Expression]:
        """The dtype and the shape of ``(8)``, which is one dimension here, or of ``dtype(…)``."""
        self.rules.depth(value)
        if (value.span.start, value.span.end) in self.bracketed:
            return None, nodes.Tuple((value,), span=value.span)
        if not isinstance(value, nodes.Call) or not isinstance(value.callee, nodes.Name):
            return None, value
        self.rules.shape(value)
        items = tuple(argument.value for argument in value.arguments)
        dtype = nodes.Target(value.callee.name, span=value.callee.span)
        if len(items) == 1 and isinstance(items[0], nodes.Tuple):
            return dtype, items[0]
        return dtype, nodes.Tuple(items, span=self._span(value.callee.span.end, value.span.end))

    def output(self, children: Children) -> nodes.Output:
        items = tuple(
            child if isinstance(child, nodes.OutputItem) else nodes.OutputItem(None, child, span=child.span)
            for child in children[1:]
        )
        for item in items:
            self.rules.depth(item.value)
        return nodes.Output(items, span=self._span(children[0][1], items[-1].span.end))

    def output_item(self, children: Children) -> nodes.OutputItem:
        name, value = children
        return nodes.OutputItem(self._target(name), value, span=self._span(name[1], value.span.end))

    def assign(self, children: Children) -> nodes.Assign:
        *names, value = children
        self.rules.depth(value)
        targets = tuple(self._target(name) for name in names)
        return nodes.Assign(targets, value, span=self._span(names[0][1], value.span.end))

    def expression(self, children: Children) -> nodes.ExpressionStatement:
        value = children[0]
        self.rules.depth(value)
        return nodes.ExpressionStatement(value, span=value.span)

    def for_(self, children: Children) -> nodes.For:
        keyword, *names, iterable, (body, end) = children
        self.rules.depth(iterable)
        targets = tuple(self._target(name) for name in names)
        return nodes.For(targets, iterable, body, span=self._span(keyword[1], end))

    def if_(self, children: Children) -> nodes.If:
        keyword, condition, (body, end), *rest = children
        self.rules.depth(condition)
        otherwise: tuple[Statement, ...] = ()
        if rest and isinstance(rest[0], nodes.If):
            otherwise, end = (rest[0],), rest[0].span.end
            self.rules.branches(rest[0])
        elif rest:
            otherwise, end = rest[0]
        return nodes.If(condition, body, otherwise, span=self._span(keyword[1], end))

    def settings(self, children: Children) -> nodes.Settings:
        keyword, *settings, brace = children
        kept = tuple(setting for setting in settings if isinstance(setting, nodes.Setting))
        return nodes.Settings(self._text(keyword), kept, span=self._span(keyword[1], brace[2]))

    def setting(self, children: Children) -> nodes.Setting:
        name, value = children
        self.rules.depth(value)
        return nodes.Setting(self._target(name), value, span=self._span(name[1], value.span.end))

    def broken(self, children: Children) -> nodes.Broken:
        first, last = children[0], children[-1]
        end = last.span.end if isinstance(last, nodes.If) else last[-1]
        return nodes.Broken(span=self._span(first[1], end))

    # ------------------------------------------------------------ top level

    def start(self, children: Children) -> tuple[Statement, ...]:
        return tuple(children)

    def import_(self, children: Children) -> nodes.Import:
        keyword, *words, path = (child for child in children if isinstance(child, Token))
        names = tuple(child for child in children if isinstance(child, nodes.ImportName))
        self.rules.import_words(words)
        span = self._span(keyword[1], names[-1].span.end)
        return nodes.Import(self.string([path]), names, python=bool(words), span=span)

    def import_name(self, children: Children) -> nodes.ImportName:
        first, last = children[0], children[-1]
        return nodes.ImportName(self._text(first), self._text(last), span=self._span(first[1], last[2]))

    def set_(self, children: Children) -> nodes.Set:
        keyword, name, value = children
        self.rules.depth(value)
        return nodes.Set(self._target(name), value, span=self._span(keyword[1], value.span.end))

    def def_(self, children: Children) -> nodes.Def:
        keyword, name, parameters, value = children
        self.rules.depth(value)
        return nodes.Def(self._target(name), parameters, value, span=self._span(keyword[1], value.span.end))

    def block(self, children: Children) -> nodes.Block:
        return self._definition(nodes.Block, children)

    def model(self, children: Children) -> nodes.Model:
        return self._definition(nodes.Model, children)

    def extern(self, children: Children) -> nodes.Extern:
        extern = self._definition(nodes.Extern, children)
        self.rules.extern(extern)
        return extern

    def _definition(self, kind: type[_Definition], children: Children) -> _Definition:
        keyword, name, *parameters, (body, end) = children
        given = parameters[0] if parameters else ()
        return kind(self._target(name), given, body, span=self._span(keyword[1], end))

    def alias(self, children: Children) -> nodes.ModelAlias:
        keyword, name, value = children
        self.rules.depth(value)
        self.rules.alias(value)
        return nodes.ModelAlias(self._target(name), value, span=self._span(keyword[1], value.span.end))

    def parameters(self, children: Children) -> tuple[nodes.Parameter, ...]:
        self.rules.parameters(children)
        return tuple(children)

    def parameter(self, children: Children) -> nodes.Parameter:
        name, *default = children
        value = default[0] if default else None
        if value:
            self.rules.depth(value)
        end = value.span.end if value else name[2]
        return nodes.Parameter(self._text(name), value, span=self._span(name[1], end))


_Definition = TypeVar("_Definition", nodes.Block, nodes.Model, nodes.Extern)


def _start(child: Token | nodes.Node) -> int:
    return child.start if isinstance(child, Token) else child.span.start


def _end(child: Token | nodes.Node) -> int:
    return child.end if isinstance(child, Token) else child.span.end
