"""Expressions as documents: what is to be written, and where it may be broken into lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from nndsl.syntax import nodes
from nndsl.syntax.children import children
from nndsl.syntax.document import Broken, Document, Group, Hang, HardLine, Indent, Line, LineComment
from nndsl.syntax.nodes import Expression, Node
from nndsl.syntax.operators import COMPARISON, POWER, PRECEDENCE, PREFIXES, SIGN

# How tightly expressions bind, loosest first; operators bind by their own precedence.
CHAIN, NAMED, TERNARY, FLAT = -3, -2, -1, 0
POSTFIX = 100

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_NUMBER = re.compile(r"[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Around:
    """The comments on lines of their own before an item of a list or chain, and those behind it on its line."""

    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


Attached = Mapping[tuple[int, int], Around]
"""Comments by the ``id`` of a node and the number of its item; after the last item are those before the closing."""

NO_COMMENTS: Attached = MappingProxyType({})

_NOTHING = Around()


def expression(tree: Node, least: int = CHAIN, attached: Attached = NO_COMMENTS) -> Document:
    """Return the document of an expression, in brackets if it binds looser than ``least``."""
    order = [tree]
    for node in order:  # parents before children
        order.extend(children(node))
    writer = _Expressions(attached, {})
    for node in reversed(order):
        writer.documents[id(node)] = writer.write(node)
    return writer.wrapped(tree, least)


def quoted(value: str) -> str:
    """Return a string in quotes, with escapes for all that would not be seen."""
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() or ord(character) > 0xFFFF else f"\\u{ord(character):04x}"


def parameters(given: Sequence[nodes.Parameter], owner: Node, attached: Attached = NO_COMMENTS) -> Document:
    """Return the parameters of a definition in brackets."""
    documents: list[Document] = [
        parameter.name
        if parameter.default is None
        else (parameter.name, "=", expression(parameter.default, CHAIN, attached))
        for parameter in given
    ]
    return bracketed("(", documents, ")", owner, attached)


def bracketed(
    opener: str, items: Sequence[Document], closer: str, owner: Node, attached: Attached, comma: bool = True
) -> Document:
    """Return items in brackets: all on one line, or each on its own."""
    comments = [attached.get((id(owner), i), _NOTHING) for i in range(len(items) + 1)]
    if not items and comments[0] == _NOTHING:
        return opener + closer
    inner: list[Document] = []
    for i, (item, around) in enumerate(zip(items, comments, strict=False)):
        inner += [(comment, HardLine()) for comment in around.before]
        last = i == len(items) - 1
        inner += [item, (Broken(",") if comma else "") if last else ","]
        inner += [LineComment(comment) for comment in around.behind]
        inner += [] if last else [Line(" ")]
    inner += [(HardLine() if items else "", comment) for comment in comments[-1].before]
    return Group((opener, Indent((Line(), *inner)), HardLine() if comments[-1].before else Line(), closer))


@dataclass(frozen=True, slots=True)
class _Expressions:
    """Writes a node whose children are written."""

    attached: Attached
    documents: dict[int, Document]

    def wrapped(self, node: Node, least: int) -> Document:
        """The document of a node, in brackets if it binds looser than ``least``."""
        document = self.documents[id(node)]
        return document if _precedence(node) >= least else Group(("(", Indent((Line(), document)), Line(), ")"))

    def write(self, node: Node) -> Document:
        match node:
            case nodes.Name():
                return node.name
            case nodes.Number():
                return _number(node)
            case nodes.String():
                return quoted(node.value)
            case nodes.Literal():
                return {True: "true", False: "false", None: "none"}[node.value]
            case nodes.Ellipsis():
                return "..."
            case nodes.Tuple():
                if len(node.items) == 1 and (id(node), 0) not in self.attached:
                    return ("(", self.wrapped(node.items[0], CHAIN), ",)")
                return self._list("(", node.items, ")", node)
            case nodes.List():
                return self._list("[", node.items, "]", node)
            case nodes.Dict():
                return self._list("{", node.pairs, "}", node)
            case nodes.Pair():
                return (self.wrapped(node.key, TERNARY), ": ", self.wrapped(node.value, CHAIN))
            case nodes.Call():
                return (self.wrapped(node.callee, POSTFIX), self._list("(", node.arguments, ")", node))
            case nodes.Argument():
                value = self.wrapped(node.value, CHAIN)
                return value if node.name is None else (node.name, "=", value)
            case nodes.Index():
                items = self._list("[", node.indices, "]", node, comma=False)
                return (self.wrapped(node.value, POSTFIX), items)
            case nodes.Slice():
                return self._slice(node)
            case nodes.Attribute():
                inner = self.wrapped(node.value, POSTFIX)
                return (("(", inner, ")") if isinstance(node.value, nodes.Number) else inner, ".", node.name)
            case nodes.Unary():
                space = " " if node.operator == "not" else ""
                return (node.operator, space, self.wrapped(node.operand, PREFIXES[node.operator]))
            case nodes.Binary():
                return self._binary(node)
            case nodes.Ternary():
                then, condition = self.wrapped(node.then, FLAT), self.wrapped(node.condition, FLAT)
                return (then, " if ", condition, " else ", self.wrapped(node.otherwise, TERNARY))
            case nodes.Named():
                return (self.wrapped(node.value, TERNARY), " as ", node.name)
            case nodes.Chain():
                return self._chain(node)
        raise ValueError(f"a {type(node).__name__} is no expression")

    def _list(self, opener: str, items: Sequence[Node], closer: str, owner: Node, comma: bool = True) -> Document:
        return bracketed(opener, [self.wrapped(item, CHAIN) for item in items], closer, owner, self.attached, comma)

    def _slice(self, node: nodes.Slice) -> Document:
        parts: list[Document] = [
            "" if part is None else self.wrapped(part, TERNARY) for part in (node.start, node.stop)
        ]
        step = () if node.step is None else (":", self.wrapped(node.step, TERNARY))
        return (parts[0], ":", parts[1], *step)

    def _binary(self, node: nodes.Binary) -> Document:
        precedence = PRECEDENCE[node.operator]
        left, right = precedence, precedence + 1
        if precedence == POWER:
            left, right = POWER + 1, SIGN
        elif precedence == COMPARISON:
            left = COMPARISON + 1
        return (self.wrapped(node.left, left), f" {node.operator} ", self.wrapped(node.right, right))

    def _chain(self, node: nodes.Chain) -> Document:
        first, *links = [self._link(link) for link in node.links]
        before, *comments = [self.attached.get((id(node), i), _NOTHING) for i in range(len(node.links))]
        rest: list[Document] = []
        for i, (link, around) in enumerate(zip(links, comments, strict=True)):
            if around.before:
                rest += [HardLine(), *((comment, HardLine()) for comment in around.before)]
            elif i:
                rest.append(Line(" ", fill=True))
            rest += ["-> ", link, *map(LineComment, around.behind)]
        if before.behind or comments[0].before:
            head = () if comments[0].before else (HardLine(),)
            return (first, *map(LineComment, before.behind), Indent(Indent((*head, *rest))))
        return (first, Hang(tuple(rest)))

    def _link(self, link: Expression) -> Document:
        if isinstance(link, nodes.Named):
            return (self.wrapped(link.value, POSTFIX), " as ", link.name)
        return self.wrapped(link, POSTFIX)


def _precedence(node: Node) -> int:
    match node:
        case nodes.Chain():
            return CHAIN
        case nodes.Named():
            return NAMED
        case nodes.Ternary():
            return TERNARY
        case nodes.Binary():
            return PRECEDENCE[node.operator]
        case nodes.Unary():
            return PREFIXES[node.operator]
    return POSTFIX


def _number(node: nodes.Number) -> str:
    text = node.text or repr(node.value)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text} cannot be written as a number: a negative one is a Unary, and there is no inf or nan")
    return text
