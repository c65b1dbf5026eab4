"""The constructors of layers in a body, in the order of the text, each with the name that it shares.

This is the first half of the naming of layers: who may share which name. What the names then are is said in places.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from nndsl.diagnostics import Diagnostic
from nndsl.syntax import nodes

Kind = Literal["layer", "wrapper", "construction", "weight"]


@dataclass(frozen=True, slots=True)
class Word:
    """What a name constructs that can hold weights.

    A ``construction`` is a block, a model or an extern layer; ``parameters`` are its own, in order. ``word`` is the
    class in snake case, as written (a synonym of a built-in as its main name).
    """

    kind: Kind
    word: str
    parameters: tuple[str, ...] = ()


Words = Callable[[str], Word | None]
"""Says what a name constructs; None for a name that constructs nothing that can hold weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """Where no two layers have one name: a body (``owner`` is None), or the arguments of a construction."""

    owner: nodes.Call | None


@dataclass(slots=True, eq=False)
class Occurrence:
    """A name that layers may share: one ``as``, binding statement, output item, parameter or wrapper.

    ``numbered`` is the name with its number, which the first layer that shares it decides. Where ``wrapper`` is given,
    the name is the wrapper's.
    """

    name: str
    numbered: str = ""
    layers: int = 0
    wrapper: Constructor | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds an expression, apart from the occurrence of a name: all that stays the same in most of a body."""

    namespace: Namespace
    loops: tuple[int, ...] = ()
    parameter: str | None = None
    wrapped: bool = False


@dataclass(slots=True, eq=False)  # not frozen: there is one for each layer, and frozen ones take three times as long
class Constructor:
    """A call that makes a layer. ``given`` is its ``name=``; ``shared`` is the occurrence whose name it shares."""

    call: nodes.Call
    word: str
    given: str | None
    shared: Occurrence | None
    context: Context


def numbered(name: str, number: int) -> str:
    """Return ``name`` for 0, else ``name_1`` and so on."""
    return f"{name}_{number}" if number else name


class Search:
    """Finds the constructors of a definition: of the defaults of its parameters first, then of its body.

    ``constructors`` holds them in the order of the text, ``loops`` the number of each ``for`` by its identity. It keeps
    a stack of its own, so that neither long nor deep trees recurse.
    """

    def __init__(
        self, parameters: tuple[nodes.Parameter, ...], body: tuple[nodes.Statement, ...], words: Words
    ) -> None:
        self.constructors: list[Constructor] = []
        self.loops: dict[int, int] = {}
        self.diagnostics: list[Diagnostic] = []
        self._words = words
        self._known: dict[str, Word | None] = dict.fromkeys(bound_names(parameters, body))
        self._stack: list[tuple[nodes.Node, Occurrence | None, Context]] = []
        namespace = Namespace(None)
        self._occurrences = Counter((namespace, parameter.name) for parameter in parameters)
        for parameter in parameters:
            if parameter.default is not None:
                self._push_argument(parameter.name, parameter.default, Context(namespace))
                self._run()
        context = Context(namespace)
        for statement in body:
            if type(statement) in PARTS:
                self._visit(statement, None, context)
                self._run()

    def _run(self) -> None:
        stack = self._stack
        while stack:
            self._visit(*stack.pop())

    def _push(self, parts: Sequence[nodes.Node], shared: Occurrence | None, context: Context) -> None:
        """Put off the parts, given in the order of the text."""
        for part in reversed(parts):
            if type(part) in PARTS:
                self._stack.append((part, shared, context))

    def _visit(self, node: nodes.Node, shared: Occurrence | None, context: Context) -> None:
        match node:
            case nodes.Call():
                self._visit_call(node, shared, context)
            case nodes.ExpressionStatement():
                self._push((node.value,), None, context)
            case nodes.Chain():
                self._visit_chain(node, shared, context)
            case nodes.Named():
                named = None if context.wrapped else _occurrence((node.name,))
                self._push((node.value,), named or shared, context)
            case nodes.Assign():
                self._push((node.value,), _occurrence(target.name for target in node.targets), context)
            case nodes.OutputItem():
                self._push((node.value,), _occurrence((node.name.name,) if node.name else ()), context)
            case nodes.For():
                number = self.loops[id(node)] = len(self.loops)
                self._push(node.body, None, replace(context, loops=(*context.loops, number)))
                self._push((node.iterable,), None, context)
            case _:
                self._push(PARTS[type(node)](node), shared, context)

    def _visit_chain(self, chain: nodes.Chain, shared: Occurrence | None, context: Context) -> None:
        """Put off the links of a chain, each with the nearest ``as`` at or behind it; brackets make no difference."""
        links = list(chain.links)
        while links:
            link: nodes.Node = links.pop()
            if isinstance(link, nodes.Chain):
                links.extend(link.links)
                continue
            while isinstance(link, nodes.Named):
                if not context.wrapped:
                    shared = _occurrence((link.name,)) or shared
                link = link.value
            self._push((link,), shared, context)

    def _visit_call(self, call: nodes.Call, shared: Occurrence | None, context: Context) -> None:
        word = self._word(call.callee)
        if word is None:
            self._push(PARTS[nodes.Call](call), shared, context)
            return
        made = self._add(call, word.word, shared, context)
        if word.kind == "wrapper":
            inner = replace(context, wrapped=True)
            self._push(_values(call), Occurrence("", wrapper=made), inner)
        elif word.kind == "construction":
            self._push_arguments(call, word.parameters, shared, context)
        else:
            self._push(_values(call), shared, context)

    def _push_arguments(
        self, call: nodes.Call, parameters: tuple[str, ...], shared: Occurrence | None, context: Context
    ) -> None:
        """Put off the arguments of a construction: each reads as if the block began with ``parameter = argument``."""
        inner = Context(Namespace(call), context.loops)
        self._occurrences.update((inner.namespace, parameter) for parameter in parameters)
        for position, argument in reversed([*enumerate(call.arguments)]):
            parameter = argument.name or (parameters[position] if position < len(parameters) else None)
            if parameter in parameters:
                self._push_argument(parameter, argument.value, inner)
            else:  # `name=` and its like, or a mistake that others report
                self._push((argument.value,), shared, context)

    def _push_argument(self, parameter: str, value: nodes.Expression, context: Context) -> None:
        shared = _occurrence((parameter,))
        if shared is not None:
            shared.numbered = parameter  # it is the first occurrence of its name
        self._push((value,), shared, replace(context, parameter=parameter))

    def _word(self, callee: nodes.Expression) -> Word | None:
        if not isinstance(callee, nodes.Name):
            return None
        name = callee.name
        try:
            return self._known[name]
        except KeyError:
            self._known[name] = self._words(name)
            return self._known[name]

    def _add(self, call: nodes.Call, word: str, shared: Occurrence | None, context: Context) -> Constructor:
        given = self._given(call, context)
        if given is not None:
            shared = None
        elif shared is not None:
            if not shared.layers and not shared.numbered:
                key = (context.namespace, shared.name)
                shared.numbered = numbered(shared.name, self._occurrences[key])
                self._occurrences[key] += 1
            shared.layers += 1
        made = Constructor(call, word, given, shared, context)
        self.constructors.append(made)
        return made

    def _given(self, call: nodes.Call, context: Context) -> str | None:
        """Return what ``name=`` says, or None where there is none, or one that cannot be."""
        for argument in call.arguments:
            if argument.name == "name":
                return self._given_by(argument, context)
        return None

    def _given_by(self, argument: nodes.Argument, context: Context) -> str | None:
        if context.wrapped:
            self.diagnostics.append(
                Diagnostic(
                    "W0201",
                    "`name` has no effect in the argument of a wrapper",
                    argument.span,
                    label="what is made here has the name of the wrapper",
                    help="name the wrapper itself",
                )
            )
            return None
        value = argument.value
        if isinstance(value, nodes.String) and is_public(value.value) and is_identifier(value.value):
            return value.value
        self.diagnostics.append(_wrong_name(argument))
        return None


def is_identifier(text: str) -> bool:
    """Return whether the text is a name of the language."""
    return text.isascii() and text.isidentifier()


def is_public(name: str) -> bool:
    """Return whether layers may share the name; one that begins with ``_`` is passed over."""
    return name[:1] != "_"


def _occurrence(names: Iterable[str]) -> Occurrence | None:
    """Return a new occurrence of the first public name, if there is one."""
    for name in names:
        if is_public(name):
            return Occurrence(name)
    return None


def _wrong_name(argument: nodes.Argument) -> Diagnostic:
    value = argument.value
    if not isinstance(value, nodes.String):
        message, label = "`name` has to be written out", "keys of weights follow from the text alone"
    elif not is_identifier(value.value):
        message, label = "`name` is not an identifier", "letters, digits and `_`, and no digit in front"
    else:
        message, label = "`name` begins with `_`", "no key of weights does"
    return Diagnostic(
        "E0208", message, value.span, label=label, help='write a string that is an identifier, like `name="stem"`'
    )


def bound_names(parameters: tuple[nodes.Parameter, ...], body: tuple[nodes.Statement, ...]) -> set[str]:
    """Return all names that a definition binds: those of parameters, inputs, statements, loops and ``as``."""
    names = {parameter.name for parameter in parameters}
    parts: list[nodes.Node | None] = [*(parameter.default for parameter in parameters), *body]
    stack = [part for part in parts if part is not None and type(part) in PARTS]
    while stack:
        node = stack.pop()
        match node:
            case nodes.ExpressionStatement() | nodes.Call():  # most of a long body
                pass
            case nodes.Named():
                names.add(node.name)
            case nodes.Assign() | nodes.For():
                names.update([target.name for target in node.targets])
            case nodes.Input() if node.name is not None:
                names.add(node.name.name)
        stack.extend([part for part in PARTS[type(node)](node) if type(part) in PARTS])
    return names


def _values(call: nodes.Call) -> list[nodes.Expression]:
    return [argument.value for argument in call.arguments]


PARTS: dict[type[nodes.Node], Callable[[Any], Sequence[nodes.Node]]] = {
    nodes.Input: lambda node: (),  # no constructor, but a name
    nodes.ExpressionStatement: lambda node: (node.value,),
    nodes.Assign: lambda node: (node.value,),
    nodes.Output: lambda node: node.items,
    nodes.OutputItem: lambda node: (node.value,),
    nodes.For: lambda node: (node.iterable, *node.body),
    nodes.If: lambda node: (node.condition, *node.body, *node.otherwise),
    nodes.Call: lambda node: (node.callee, *_values(node)),
    nodes.Chain: lambda node: node.links,
    nodes.Named: lambda node: (node.value,),
    nodes.Tuple: lambda node: node.items,
    nodes.List: lambda node: node.items,
    nodes.Dict: lambda node: [part for pair in node.pairs for part in (pair.key, pair.value)],
    nodes.Index: lambda node: (node.value, *node.indices),
    nodes.Unary: lambda node: (node.operand,),
    nodes.Binary: lambda node: (node.left, node.right),
    nodes.Ternary: lambda node: (node.then, node.condition, node.otherwise),
}
"""The parts of a node in the order of the text, for each node in which a constructor can stand."""
