"""The body of a model: which values have names, what stands in a chain, and what stands alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from nndsl import layers
from nndsl.importing import tree
from nndsl.importing.applications import Context, apply, needed, settled
from nndsl.importing.constructors import Builder
from nndsl.importing.masks import masked_tensors
from nndsl.importing.names import RESERVED, distinct, identifier, unused
from nndsl.importing.recorded import CallRecord, LayerRecord, ModelRecord, TensorRecord, Value
from nndsl.recipes.strings import snake_case
from nndsl.syntax import nodes
from nndsl.syntax.children import walk
from nndsl.syntax.format import unparse
from nndsl.syntax.nodes import Expression, Statement

_GENERIC = ("x", "y", "z")
_SHORT = 1
"""The layers that an operand may have where several stand side by side; what has more gets a name."""
_LONG_CHAIN = 4
_COLUMNS = 98


@dataclass(frozen=True, slots=True)
class Piece:
    """The expression of a value that waits for its place, and the named tensors that it reads."""

    expression: Expression
    reads: tuple[TensorRecord, ...] = ()


class Body:
    """One model being written.

    ``own_names`` writes every layer's name out, where those that follow from the text would clash.
    """

    def __init__(self, record: ModelRecord, builder: Builder, inputs: list[str], own_names: bool) -> None:
        self.statements: list[Statement] = []
        self._record = record
        self._builder = builder
        self._own_names = own_names
        self._layers = {layer.key: layer for layer in record.layers}
        self._masked = masked_tensors(record)
        self._live = self._reaching()
        self._uses: Counter[TensorRecord] = Counter()
        self._consumers: dict[TensorRecord, list[int]] = defaultdict(list)
        self._done: set[int] = set()
        self._count()
        self._left = Counter(self._uses)
        self._times = Counter(record.calls[number].layer for number in self._live)
        self._pieces: dict[TensorRecord, Piece] = {}
        self._names: dict[TensorRecord, str] = {}
        self._bound: dict[str, str] = {}
        wanted = {each.key: self._wanted_name(each) for each in record.layers}
        keys = [key for key, name in wanted.items() if name]
        self._given = dict(zip(keys, distinct(identifier(str(wanted[key])) for key in keys), strict=True))
        self._occupied = set(self._given.values()) | RESERVED | set(builder.names)
        for place, name in enumerate(inputs):
            self._names[TensorRecord(None, place)] = name
        self._current = TensorRecord(None, 0) if len(inputs) == 1 else None

    # ------------------------------------------------------------ what there is

    def _reaching(self) -> set[int]:
        """Return the calls that an output needs."""
        live: set[int] = set()
        waiting = [tensor for _, tensor in self._record.outputs]
        while waiting:
            tensor = waiting.pop()
            if tensor.call is not None and tensor.call not in live:
                live.add(tensor.call)
                waiting += self._needs(self._record.calls[tensor.call])
        return live

    def _needs(self, call: CallRecord) -> list[TensorRecord]:
        return needed(self._layers[call.layer], call, self._masked)

    def _count(self) -> None:
        """Count the uses of each tensor, and note the call that it is for if it is one."""
        self._uses.update(tensor for _, tensor in self._record.outputs)
        for number in self._live:
            call = self._record.calls[number]
            for tensor in self._needs(call):
                self._uses[tensor] += 1
                self._consumers[tensor].append(number)

    # ------------------------------------------------------------ writing

    def write(self) -> None:
        """Write the statements of all calls, and the outputs."""
        for number in sorted(self._live):
            self._call(number, self._record.calls[number])
        self._outputs()

    def _call(self, number: int, call: CallRecord) -> None:
        layer = self._layers[call.layer]
        self._bind_shared(layer, call)
        reads: list[TensorRecord] = []

        def operand(tensor: TensorRecord) -> Expression:
            piece = self._pieces.get(tensor)
            if piece is None:
                reads.append(tensor)
                return tree.name(self._names[tensor])
            reads.extend(piece.reads)
            return piece.expression

        def constructor(record: LayerRecord, arguments: Mapping[str, Value]) -> Expression:
            bound = self._bound.get(record.key)
            if bound:
                return tree.name(bound)
            return self._builder.construct(record, arguments, self._given.get(record.key))

        expression = apply(layer, call, Context(operand, self._masked, constructor, self._builder))
        piece = Piece(expression, tuple(reads))
        self._done.add(number)
        if call.outputs > 1:
            self._apart(number, call, piece)
            return
        tensor = TensorRecord(number)
        if self._waits(tensor, piece):
            self._pieces[tensor] = piece
        else:
            self._store(tensor, piece, call)

    def _waits(self, tensor: TensorRecord, piece: Piece) -> bool:
        """Whether a value goes into the expression of what takes it, rather than under a name of its own."""
        if self._uses[tensor] != 1:
            return False
        if not self._consumers[tensor]:
            return True
        consumer = self._record.calls[self._consumers[tensor][0]]
        operands = self._needs(consumer)
        kind = self._layers[consumer.layer].kind
        if len(operands) > 1:
            return _size(piece.expression) <= _SHORT and not self._is_shortcut(tensor, piece)
        return not (kind.startswith("ops.") or kind == "LayerScale") or _size(piece.expression) <= 2 * _SHORT

    def _is_shortcut(self, tensor: TensorRecord, piece: Piece) -> bool:
        """Whether a value is a short way round what it is then added to."""
        links = piece.expression.links if isinstance(piece.expression, nodes.Chain) else ()
        if not links or len(links) > _LONG_CHAIN or len(piece.reads) != 1 or self._uses[piece.reads[0]] < 2:
            return False
        if len(self._consumers[tensor]) != 1:
            return False
        consumer = self._record.calls[self._consumers[tensor][0]]
        others = [each for each in self._needs(consumer) if each != tensor]
        adds = self._layers[consumer.layer].kind in ("Add", "ops.add")
        return adds and len(others) == 1 and others != list(piece.reads) and self._comes_from(others[0], piece.reads[0])

    def _comes_from(self, tensor: TensorRecord, start: TensorRecord) -> bool:
        """Whether a tensor is made of another by layers of one input, more than a short way has."""
        for _ in range(_LONG_CHAIN):
            if tensor.call is None or tensor == start:
                return False
            needs = self._needs(self._record.calls[tensor.call])
            if len(needs) != 1:
                return True
            tensor = needs[0]
        return True

    def _store(self, tensor: TensorRecord, piece: Piece, call: CallRecord) -> None:
        """Write a value as a statement, under a name."""
        self._release(piece)
        name = self._choose(tensor, call, piece)
        self._names[tensor] = name
        expression = self._without_name(piece.expression, name)
        statement = tree.assign([name], expression)
        if not self._flow(tensor, Piece(expression, piece.reads), name, _is_long(statement)):
            self.statements.append(statement)

    def _without_name(self, expression: Expression, name: str) -> Expression:
        """Leave out the ``name=`` of the last layer of a chain whose value is bound to that very name."""
        last = expression.links[-1] if isinstance(expression, nodes.Chain) else expression
        if not isinstance(last, nodes.Call) or id(last) not in self._builder.made:
            return expression
        kept = tuple(each for each in last.arguments if not (each.name == "name" and each.value == tree.constant(name)))
        if len(kept) == len(last.arguments):
            return expression
        bare = self._builder.note(nodes.Call(last.callee, kept, span=tree.NOWHERE), self._builder.made[id(last)])
        if not isinstance(expression, nodes.Chain):
            return bare
        return nodes.Chain((*expression.links[:-1], bare), span=tree.NOWHERE)

    def _apart(self, number: int, call: CallRecord, piece: Piece) -> None:
        self._release(piece)
        targets = []
        for output in range(call.outputs):
            tensor = TensorRecord(number, output)
            if self._uses[tensor]:
                name = self._choose(tensor, call, piece)
                self._names[tensor] = name
                targets.append(name)
            else:
                targets.append("_")
        self.statements.append(tree.assign(targets, piece.expression))

    def _release(self, piece: Piece) -> None:
        self._left.subtract(piece.reads)

    def _flow(self, tensor: TensorRecord, piece: Piece, name: str | None, is_long: bool) -> bool:
        """Write a chain as lone lines: one that goes on from the current value, or a long one behind a merge."""
        links = piece.expression.links if isinstance(piece.expression, nodes.Chain) else ()
        if not links:
            return False
        if self._goes_on(piece, links[0], is_long):
            links = links[1:]
        elif not is_long or isinstance(links[0], nodes.Name):
            return False
        elif isinstance(links[0], nodes.List):
            links = (tree.chain(*links[:2]), *links[2:])
        self.statements += [tree.alone(link) for link in links[:-1]]
        self.statements.append(tree.alone(links[-1] if name is None else tree.named(links[-1], name)))
        self._current = tensor
        return True

    def _goes_on(self, piece: Piece, first: Expression, is_long: bool) -> bool:
        """Whether a chain begins with the current value, and is the main way on from there."""
        start = self._current
        if start is None or piece.reads != (start,) or first != tree.name(self._names[start]):
            return False
        if self._uses[start] == 1:
            return True
        branches = [number for number in self._consumers[start] if self._needs(self._record.calls[number]) == [start]]
        return is_long and self._uses[start] == 2 and all(number in self._done for number in branches)

    def _outputs(self) -> None:
        named = distinct(identifier(name) if name else "" for name, _ in self._record.outputs)
        given = [name for name, _ in self._record.outputs]
        first = self._record.outputs[0][1]
        if len(given) == 1 and first in self._pieces:
            self._last(first, named[0] if given[0] else None)
            return
        if len(given) == 1 and first == self._current and not given[0]:
            return
        items: list[nodes.OutputItem] = []
        for (name, tensor), shown in zip(self._record.outputs, named, strict=True):
            piece = self._pieces.get(tensor)
            value = self._without_name(piece.expression, shown) if piece is not None else tree.name(self._names[tensor])
            called = tree.target(shown) if name and self._names.get(tensor) != shown else None
            items.append(nodes.OutputItem(called, value, span=tree.NOWHERE))
        plain = all(isinstance(item.value, nodes.Name) and item.name is None for item in items)
        for group in [items] if plain else [[item] for item in items]:
            self.statements.append(nodes.Output(tuple(group), span=tree.NOWHERE))

    def _last(self, tensor: TensorRecord, name: str | None) -> None:
        """Write the only output, which stands alone at the end: in lone lines if it is long."""
        piece = self._pieces[tensor]
        self._release(piece)
        called = tree.target(name) if name else None
        item = nodes.OutputItem(called, piece.expression, span=tree.NOWHERE)
        statement = nodes.Output((item,), span=tree.NOWHERE)
        links = piece.expression.links if isinstance(piece.expression, nodes.Chain) else ()
        if not self._flow(tensor, piece, name, _is_long(statement) or len(links) > _LONG_CHAIN):
            self.statements.append(statement)

    # ------------------------------------------------------------ names

    def _bind_shared(self, layer: LayerRecord, call: CallRecord) -> None:
        """Bind a layer that is applied again before it is applied first: it has one set of weights."""
        if layer.key in self._bound or self._times[layer.key] < 2 or not holds_weights(layer):
            return
        wanted = self._given.get(layer.key) or f"shared_{snake_case(layer.kind)}"
        name = wanted if layer.key in self._given else unused(wanted, self._occupied | set(self._names.values()))
        self._occupied.add(name)
        made = self._builder.construct(layer, settled(layer, call))
        self.statements.append(tree.assign([name], made))
        self._bound[layer.key] = name

    def _wanted_name(self, layer: LayerRecord) -> str | None:
        """Return the name that a layer is to have: that of a person, or Keras's own where all are written out."""
        return layer.name or (layer.key if self._own_names and holds_weights(layer) else None)

    def _all_named(self, piece: Piece) -> bool:
        """Whether no layer in a piece would take the name of the value as its own."""
        calls = (node for node in walk(piece.expression) if id(node) in self._builder.made)
        unnamed = (call for call in calls if isinstance(call, nodes.Call) and not _has_name(call))
        return not any(_holds(call) for call in unnamed)

    def _choose(self, tensor: TensorRecord, call: CallRecord, piece: Piece) -> str:
        """Return the name of a value: from the script or the layer, or a short one that is free here."""
        taken = {name for other, name in self._names.items() if self._left[other] > 0} | set(self._bound.values())
        layer = self._layers[call.layer]
        if call.hint:
            return unused(identifier(call.hint), taken | self._occupied)
        own = self._given.get(layer.key) if call.outputs == 1 and self._times[layer.key] == 1 else None
        if own is not None and own not in taken and self._all_named(piece):
            return own
        output = next((name for name, other in self._record.outputs if name and other == tensor), None)
        if output is not None:
            return unused(identifier(output), taken | self._occupied)
        for name in ("shortcut", *_GENERIC) if self._is_shortcut(tensor, piece) else _GENERIC:
            if name not in taken and name not in self._occupied:
                return name
        return unused("x", taken | self._occupied, "")


def holds_weights(layer: LayerRecord) -> bool:
    """Return whether a layer has a key, so that its name and its identity matter."""
    if layer.model is not None or layer.kind == "LayerScale":
        return True
    cls = layers.find(layer.kind)
    return cls is not None and cls.can_hold_weights


def _is_long(statement: Statement) -> bool:
    """Whether a statement takes several lines."""
    return "\n" in unparse(statement).strip() or len(unparse(statement)) > _COLUMNS


def _has_name(call: nodes.Call) -> bool:
    return any(argument.name == "name" for argument in call.arguments)


def _holds(call: nodes.Call) -> bool:
    cls = layers.find(call.callee.name) if isinstance(call.callee, nodes.Name) else None
    return cls is None or cls.can_hold_weights


def _size(expression: Expression) -> int:
    """Return the layers, operations and operators of an expression."""
    counted = sum(isinstance(node, nodes.Call | nodes.Binary | nodes.Index) for node in walk(expression))
    chains = (node for node in walk(expression) if isinstance(node, nodes.Chain))
    return counted + sum(isinstance(link, nodes.Name) for chain in chains for link in chain.links[1:])
