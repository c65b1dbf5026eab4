"""Numbers that differ between the instances of a class: each becomes an argument, or an expression over arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nndsl.code import HOLE, Code, Hole
from nndsl.dims import Dim, evaluate, substitute, text
from nndsl.emit.library import NAMES as HELPERS
from nndsl.emit.names import free
from nndsl.emit.templates import CHILD, Entry, Group, Template
from nndsl.graph import Instance
from nndsl.traced import Named, Traced

Number = int | float
_ARGUMENT = re.compile(r", (\w+=)?$")
"""What stands before an argument that is left out."""
_BEFORE = ("", "(", "[", ",", "=", ":")
_AFTER = ("", ")", "]", ",", ":")
"""What may stand beside an expression that then needs no brackets."""
_CHANNELS = {"channels", "in_channels", "out_channels", "in_features", "out_features", "size"}
"""Words for the number of channels, before and behind a layer."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A fragment whose holes have their texts: numbers, or expressions over the class's parameters."""

    text: str
    holes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.holes:
            return self.text
        pieces = self.text.split(HOLE)
        shown = [pieces[0]]
        for before, hole, after in zip(pieces, self.holes, pieces[1:], strict=False):
            alone = before.rstrip(" ")[-1:] in _BEFORE and after[:1] in _AFTER
            shown.append(hole if alone or " " not in hole else f"({hole})")
            shown.append(after)
        return "".join(shown)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a class's constructor, and its value for each member."""

    name: str
    word: str
    """What it was to be called, before it had to differ from the others."""
    values: tuple[Number, ...]
    symbol: str = ""
    """The block's own name for the number: its parameter, or a dimension of its input."""

    def serves(self, word: str, values: tuple[Number, ...]) -> bool:
        """Whether numbers without a name of the block's own are these: what one layer gives, and the next one takes."""
        meant = {self.word, word}
        return self.values == values and (meant <= _CHANNELS or (len(meant) == 1 and not self.symbol))


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the source with its numbers resolved; ``entries`` pairs each layer with its constructor and resets."""

    name: str
    template: Template
    parameters: tuple[Parameter, ...]
    entries: tuple[tuple[Entry, Resolved, tuple[Resolved, ...]], ...]
    lines: tuple[Resolved, ...]
    comments: tuple[str, ...]
    summary: str
    kept: tuple[str, ...]
    """Parameters that the methods need, so that the constructor keeps them."""
    penalties: tuple[tuple[Resolved, ...], ...]
    """The penalties on the weights of each of the entries."""
    projections: tuple[tuple[Resolved, ...], ...]
    """The statements that project the weights of each of the entries."""


def resolve(groups: Sequence[Group], taken: Iterable[str] = ()) -> list[Class]:
    """Return the classes, children first; no parameter of theirs has a name that is taken."""
    done: list[Class] = []
    for group in groups:
        done.append(_Lifting(group, done, taken).resolved())
    return done


class _Lifting:
    def __init__(self, group: Group, children: list[Class], taken: Iterable[str]) -> None:
        self._group = group
        self._children = children
        self._parameters: list[Parameter] = []
        self._taken: set[str] = set(taken)
        self._kept: dict[str, None] = {}

    def resolved(self) -> Class:
        members = self._group.members
        first = members[0]
        entries = []
        penalties: list[tuple[Resolved, ...]] = []
        projections: list[tuple[Resolved, ...]] = []
        for index, entry in enumerate(first.entries):
            build = self._code([self._build(member.entries[index]) for member in members])
            resets = self._kept_codes([member.entries[index].resets for member in members])
            entries.append((entry, build, resets))
            penalties.append(self._kept_codes([member.entries[index].penalties for member in members]))
            projections.append(self._kept_codes([member.entries[index].projections for member in members]))
        lines = tuple(
            self._code([member.forward.lines[index].code for member in members], keep=True)
            for index in range(len(first.forward.lines))
        )
        comments = tuple(
            self._comment([member.forward.lines[index].comment for member in members])
            for index in range(len(first.forward.lines))
        )
        summary = self._comment([member.summary for member in members])
        return Class(
            self._group.name, first, tuple(self._parameters), tuple(entries), lines, comments, summary,
            tuple(self._kept), tuple(penalties), tuple(projections),
        )  # fmt: skip

    def _kept_codes(self, found: list[tuple[Code, ...]]) -> tuple[Resolved, ...]:
        """Return codes of methods; each member has as many."""
        return tuple(self._code(list(column), keep=True) for column in zip(*found, strict=True))

    def _build(self, entry: Entry) -> Code:
        if entry.child is None:
            return entry.build
        number, member = entry.child
        child = self._children[number]
        assert isinstance(entry.node.layer, Instance)
        seen = entry.node.layer.traced
        holes = tuple(
            Hole(seen.get(parameter.symbol, parameter.values[member]), parameter.name) for parameter in child.parameters
        )
        arguments = ", ".join(HOLE for _ in holes)
        return Code(entry.build.text.replace(CHILD, f"{child.name}({arguments})"), holes)

    def _code(self, codes: list[Code], *, keep: bool = False) -> Resolved:
        pieces = codes[0].text.split(HOLE)
        text = pieces[0]
        holes: list[str] = []
        words: list[str] = []
        for piece, *column in zip(pieces[1:], *(code.holes for code in codes), strict=True):
            if all(hole.value == hole.default for hole in column):
                text = _ARGUMENT.sub("", text) + piece
            else:
                text += HOLE + piece
                holes.append(self._hole(column, keep))
                words.append(column[0].word)
        return Resolved(text, tuple(holes), tuple(words))

    def _hole(self, holes: list[Hole], keep: bool) -> str:
        values = [hole.value for hole in holes if not isinstance(hole.value, Dim)]
        if len(values) < len(holes):
            return str(holes[0].value)
        # 1 and 1.0 are two arguments for a layer of Python.
        if all(value == values[0] and isinstance(value, float) == isinstance(values[0], float) for value in values):
            return repr(values[0])
        expression = self._expression(values, keep)
        if expression is not None:
            return expression
        word = holes[0].word or ("value" if isinstance(values[0], float) else "size")
        return self._reference(self._parameter(word, tuple(values), ""), keep)

    def _expression(self, values: list[Number], keep: bool) -> str | None:
        """Return the origin that the numbers share, over the parameters that it needs, if it gives each its value."""
        graphs = [member.graph for member in self._group.members]
        origin = _origin(values[0])
        if origin is None:
            return None
        if isinstance(origin, str) or any(isinstance(value, float) for value in values):
            name = str(origin)
            if any(graph.traced.get(name) != value for graph, value in zip(graphs, values, strict=True)):
                return None
            return self._reference(self._parameter(name, tuple(values), name), keep)
        names: dict[str, tuple[int, ...]] = {}
        for symbol in sorted(origin.symbols()):
            if any(symbol not in graph.traced for graph in graphs):
                return None
            names[symbol] = tuple(int(graph.traced[symbol]) for graph in graphs)
        for index, value in enumerate(values):
            if evaluate(origin, {symbol: column[index] for symbol, column in names.items()}) != value:
                return None
        constant = {symbol: column[0] for symbol, column in names.items() if len(set(column)) == 1}
        shown = substitute(origin, constant) if constant else origin
        replaced = {
            symbol: self._reference(self._parameter(_word(symbol), column, symbol), keep)
            for symbol, column in names.items()
            if symbol not in constant
        }
        return re.sub(r"[A-Za-z_]\w*", lambda match: replaced.get(match[0], match[0]), text(shown))

    def _parameter(self, word: str, values: tuple[Number, ...], symbol: str) -> str:
        """Return the parameter for a symbol, or for numbers without one: equal numbers of one meaning share it."""
        for parameter in self._parameters:
            if parameter.symbol == symbol if symbol else parameter.serves(word, values):
                return parameter.name
        name = free(word, self._taken, HELPERS)
        self._taken.add(name)
        self._parameters.append(Parameter(name, word, values, symbol))
        return name

    def _reference(self, name: str, keep: bool) -> str:
        if not keep:
            return name
        self._kept[name] = None
        return f"self._{name}"

    def _comment(self, codes: list[Code]) -> str:
        """Return a comment; a size that differs between members is shown as its origin, or as an ellipsis."""
        if any(code.text != codes[0].text for code in codes):
            return ""
        pieces = codes[0].text.split(HOLE)
        shown = [pieces[0]]
        for index, piece in enumerate(pieces[1:]):
            values = [code.holes[index].value for code in codes]
            shown.append(_shown(values))
            shown.append(piece)
        return "".join(shown)


def _origin(value: Number) -> Dim | str | None:
    """Return what a number is over the block's names: a size, the name of a parameter, or None."""
    if isinstance(value, Named):
        return value.name
    return value.origin if isinstance(value, Traced) else None


def _shown(values: list[int | float | Dim]) -> str:
    if all(value == values[0] for value in values):
        return str(values[0]) if isinstance(values[0], Dim) else repr(values[0])
    origins = {value.origin if isinstance(value, Traced) else value for value in values}
    return str(origins.pop()) if len(origins) == 1 else "…"


def _word(symbol: str) -> str:
    """Return the name of the parameter for a symbol of a block's input."""
    words: Mapping[str, str] = {"C": "channels", "H": "height", "W": "width", "T": "length", "D": "features"}
    return words.get(symbol, symbol.lower() if symbol.isupper() else symbol)
