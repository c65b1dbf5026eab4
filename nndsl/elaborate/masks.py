"""Which tensors have masks: resolved once a model is elaborated, so that its graph holds those that are used.

A mask is a tensor of its own, made by hidden layers where a layer makes or merges masks, and given to the layers that
use it as a keyword. It enters a block beside the inputs if something inside uses it, and leaves it beside the outputs
if something outside uses it. Those that the outputs of a model carry are among ``Graph.extras``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from nndsl.diagnostics import Note, Span
from nndsl.elaborate.applying import written
from nndsl.elaborate.session import Session
from nndsl.elaborate.sizes import AppliedSizes, described
from nndsl.graph import Graph, InputLayer, Instance, Made, Node, Tensor, Turn
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.layers.masking import AllValid
from nndsl.layers.wrappers import FoldTime, Stepwise, UnfoldTime


@dataclass(frozen=True, slots=True)
class Lost:
    """Where a mask was lost that a tensor would have, and by which layer."""

    layer: str
    span: Span


Fate: TypeAlias = "Tensor | Lost | None"
"""The mask of a tensor, or what became of it."""
Arrival: TypeAlias = "int | Lost | None"
"""How a tensor comes into a block: the number of axes of its mask, or what became of that."""


@dataclass(frozen=True, slots=True)
class Body:
    """A block's graph with masks: its additional inputs are the masks of the inputs of these numbers."""

    graph: Graph
    entering: tuple[int, ...]


def resolve(session: Session, graph: Graph) -> Graph:
    """Return a model's graph with its masks; the graph itself if it has none. Reports what does not fit."""
    if not _makes_masks(graph, {}):
        return graph
    walk = _Run(session).walk(graph, (None,) * len(graph.inputs))
    carried = {number: fate for number, (fate, _) in enumerate(walk.leaving) if isinstance(fate, Tensor)}
    found = walk.body(frozenset(carried)).graph
    if not carried:
        return found
    count = len(graph.outputs)
    names = [f"{graph.outputs[number][0]}_mask" for number in carried]
    masks = [mask for _, mask in found.outputs[count:]]
    return replace(found, outputs=found.outputs[:count], extras=tuple(zip(names, masks, strict=True)))


def _makes_masks(graph: Graph, known: dict[int, bool]) -> bool:
    if id(graph) not in known:
        known[id(graph)] = any(
            _makes_masks(node.layer.graph, known)
            if isinstance(node.layer, Instance) and node.layer.graph is not None
            else node.layer.makes_mask
            for node in graph.nodes
        )
    return known[id(graph)]


class _Run:
    """One model; equal blocks to which equal masks come are walked once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.bodies: dict[tuple[int, tuple[bool, ...], frozenset[int]], Body] = {}
        self._walks: dict[tuple[int, tuple[Arrival, ...]], _Walk] = {}

    def walk(self, graph: Graph, arrivals: tuple[Arrival, ...]) -> _Walk:
        """Return what the masks become in a graph."""
        key = id(graph), arrivals
        if key not in self._walks:
            known: dict[Made, tuple[int, ...]] = {}
            while (walk := _Walk(self, graph, arrivals, known)).unequal:
                known |= walk.unequal
            self._walks[key] = walk
        return self._walks[key]


@dataclass(frozen=True, slots=True)
class _Block:
    """An application of a block: what the masks become in it, those that come in, and which outputs' masks it gives.

    ``leaving`` are the numbers of the body's outputs whose masks follow the outputs of the node.
    """

    walk: _Walk
    masks: tuple[Tensor | None, ...]
    leaving: tuple[int, ...]


class _Walk:
    """One graph, in the order of its nodes, all masks in it; ``body`` leaves out those that are not used.

    A block that is applied several times is one class, so where a mask comes in once it always does. ``known`` has the
    numbers of axes of the masks that come to such blocks, 0 for none; ``unequal`` those that it should have had.
    """

    def __init__(
        self, run: _Run, graph: Graph, arrivals: tuple[Arrival, ...], known: Mapping[Made, tuple[int, ...]]
    ) -> None:
        self._run = run
        self._graph = graph
        self._known = known
        self._met: dict[Made, list[tuple[int, ...]]] = {}
        self._nodes: list[Node] = []
        self._new: dict[Node, Node] = {node: node for node in graph.inputs}
        self._fates: dict[Tensor, Fate] = {}
        self._blocks: dict[Node, _Block] = {}
        self._hidden: dict[tuple[Layer, tuple[Tensor, ...], tuple[Turn, ...]], Tensor] = {}
        self._entering: dict[Node, int] = {}
        for number, (node, arrival) in enumerate(zip(graph.inputs, arrivals, strict=True)):
            self._fates[node.output()] = (
                arrival if not isinstance(arrival, int) else self._entrance(node, number, arrival)
            )
        for node in graph.nodes:
            self._add(node)

    @property
    def unequal(self) -> dict[Made, tuple[int, ...]]:
        """The axes of all masks that come to a block, for the blocks to which not always the same come."""
        return {made: tuple(map(max, *met)) for made, met in self._met.items() if len(set(met)) > 1}

    def _entrance(self, node: Node, number: int, axes: int) -> Tensor:
        kind = TensorType(node.types[0].shape[:axes], "bool")
        mask = Node(InputLayer(), (), (kind,), node.span, hint="mask")
        self._entering[mask] = number
        return mask.output()

    @property
    def leaving(self) -> tuple[tuple[Fate, int | None], ...]:
        """The fate of each output's mask, and the number of the input that has the same mask, if one has."""
        found = []
        for _, tensor in self._graph.outputs:
            fate = self._fates.get(self._renewed(tensor))
            found.append((fate, self._entering.get(fate.node) if isinstance(fate, Tensor) else None))
        return tuple(found)

    def _renewed(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return Tensor(self._new[value.node], value.index)
        return tuple(map(self._renewed, value)) if isinstance(value, tuple) else value

    def _add(self, old: Node) -> None:
        """Add a node, with the masks that it uses before it, and those of its outputs behind it."""
        inputs: tuple[Tensor, ...] = self._renewed(old.inputs)
        keywords = {name: self._renewed(value) for name, value in old.keywords.items()}
        fates = tuple(self._fates.get(tensor) for tensor in inputs)
        if isinstance(old.layer, Instance):
            self._instance(old, inputs, keywords, fates)
            return
        masks = tuple(fate if isinstance(fate, Tensor) else None for fate in fates)
        lost = next((fate for fate in fates if isinstance(fate, Lost)), None)
        if lost is not None and old.layer.masks == "uses":
            self._warn(old, lost)
        if not any(masks) and not old.layer.makes_mask:
            self._lose(self._append(old, inputs, keywords), lost)
            return
        given = _Given(self, old, inputs, masks, keywords)
        try:
            keywords |= old.layer.mask_keywords(given)
            made = old.layer.mask(given)
        except LayerError as error:
            notes = () if error.input is None else (Note("this has the mask", inputs[error.input].node.span),)
            self._run.session.report(
                error.code, error.message, old.span, label=error.label, notes=notes, help=error.help
            )
            made = None
        node = self._append(old, inputs, keywords)
        found = made if isinstance(made, tuple) else (made,)
        fitting = [_fitting(mask, kind) for mask, kind in zip(found, node.types, strict=False)]
        self._fates.update({node.output(place): mask for place, mask in enumerate(fitting) if mask is not None})
        if not any(fitting):
            self._lose(node, Lost(_named(old), _place(old)) if any(masks) else lost)

    def _append(self, old: Node, inputs: tuple[Tensor, ...], keywords: Mapping[str, Any]) -> Node:
        same = inputs == old.inputs and keywords == old.keywords
        node = old if same else replace(old, inputs=inputs, keywords=keywords)
        self._new[old] = node
        self._nodes.append(node)
        return node

    def _lose(self, node: Node, lost: Lost | None) -> None:
        """Keep in mind that sequences have no mask any more, unless the layer has used it, or it ends there."""
        if lost is not None and node.layer.masks not in ("uses", "ends"):
            self._fates.update({node.output(place): lost for place, kind in enumerate(node.types) if kind.rank > 2})

    def _warn(self, node: Node, lost: Lost) -> None:
        message = f"{_named(node)} counts masked steps like all others: their mask is lost at {lost.layer}"
        note = Note(f"{lost.layer} does not pass it on", lost.span)
        help = "if that is meant, leave out the `mask_zero` or `Masking` that makes it"
        self._run.session.report("W0402", message, _place(node), notes=(note,), help=help)

    def _instance(
        self, old: Node, inputs: tuple[Tensor, ...], keywords: Mapping[str, Any], fates: tuple[Fate, ...]
    ) -> None:
        layer, made = old.layer, old.made
        assert isinstance(layer, Instance)
        assert layer.graph is not None
        assert made is not None
        axes = tuple(fate.type.rank if isinstance(fate, Tensor) else 0 for fate in fates)
        wanted = self._known.get(made, axes)
        self._met.setdefault(made, []).append(wanted)
        masks = tuple(
            fate if isinstance(fate, Tensor) else self.hidden(AllValid(rank), (tensor,), old) if rank else None
            for tensor, fate, rank in zip(inputs, fates, wanted, strict=True)
        )
        arrivals = tuple(
            mask.type.rank if mask is not None else fate if isinstance(fate, Lost) else None
            for mask, fate in zip(masks, fates, strict=True)
        )
        session = self._run.session
        session.enter(f"`{described(made.span)}`", old.span)
        try:
            walk = self._run.walk(layer.graph, arrivals)
        finally:
            session.leave()
        found = walk.leaving
        given: dict[Tensor, int] = {}
        for number, (fate, entered) in enumerate(found):
            if isinstance(fate, Tensor) and entered is None:
                given.setdefault(fate, number)
        leaving = tuple(given.values())
        kinds = [TensorType(old.types[number].shape[: fate.type.rank], "bool") for fate, number in given.items()]
        node = replace(old, inputs=inputs, keywords=keywords, types=(*old.types, *kinds))
        self._new[old] = node
        self._nodes.append(node)
        self._blocks[node] = _Block(walk, masks, leaving)
        for number, (fate, entered) in enumerate(found):
            if entered is not None:
                fate = masks[entered]
            elif isinstance(fate, Tensor):
                fate = node.output(len(old.types) + leaving.index(given[fate]))
            if fate is not None:
                self._fates[node.output(number)] = fate

    def hidden(self, layer: Layer, tensors: tuple[Tensor, ...], at: Node) -> Tensor:
        """Return a hidden layer applied to tensors; in the same turn of the loops it is applied once."""
        key = layer, tensors, at.turns
        if key not in self._hidden:
            sizes = AppliedSizes(self._run.session, at.span, _named(at))
            kind = layer.infer(sizes, *(tensor.type for tensor in tensors))
            assert isinstance(kind, TensorType)
            node = Node(layer, tensors, (kind,), at.span, hint="mask", turns=at.turns)
            self._nodes.append(node)
            self._hidden[key] = node.output()
        return self._hidden[key]

    def body(self, wanted: frozenset[int]) -> Body:
        """Return the graph with the masks that are used, among them those of the outputs that are wanted outside."""
        key = (
            id(self._graph),
            tuple(number in self._entering.values() for number in range(len(self._graph.inputs))),
            wanted,
        )
        if key not in self._run.bodies:
            self._run.bodies[key] = self._used(wanted)
        return self._run.bodies[key]

    def _used(self, wanted: frozenset[int]) -> Body:
        masks = [fate for number, (fate, _) in enumerate(self.leaving) if number in wanted and isinstance(fate, Tensor)]
        alive, bodies = self._alive(masks)
        new = {node: node for node in self._graph.inputs}
        new.update({mask: mask for mask in self._entering})
        moved: dict[Tensor, Tensor] = {}

        def renewed(value: Any) -> Any:
            if isinstance(value, Tensor):
                return moved.get(value) or Tensor(new[value.node], value.index)
            return tuple(map(renewed, value)) if isinstance(value, tuple) else value

        nodes = []
        for node in self._nodes:
            if node not in alive:
                continue
            inputs, layer, types = renewed(node.inputs), node.layer, node.types
            keywords = {name: renewed(value) for name, value in node.keywords.items()}
            block = self._blocks.get(node)
            if block is not None and isinstance(layer, Instance):
                body, kept = bodies[node]
                outputs = len(types) - len(block.leaving)
                inputs = (*inputs, *(renewed(block.masks[number]) for number in body.entering))
                places = [place for place, number in enumerate(block.leaving) if number in kept]
                types = (*types[:outputs], *(types[outputs + place] for place in places))
                layer = layer if body.graph is layer.graph else replace(layer, graph=body.graph)
            same = inputs == node.inputs and keywords == node.keywords and types == node.types and layer is node.layer
            new[node] = node if same else replace(node, layer=layer, inputs=inputs, keywords=keywords, types=types)
            nodes.append(new[node])
            if block is not None:
                for index, place in enumerate(places):
                    moved[node.output(outputs + place)] = new[node].output(outputs + index)
        entering = [mask for mask in self._entering if mask in alive]
        if not entering and not masks and tuple(nodes) == self._graph.nodes:
            return Body(self._graph, ())
        outputs_of = [(name, renewed(self._renewed(tensor))) for name, tensor in self._graph.outputs]
        outputs_of += [(f"mask_{number}", renewed(mask)) for number, mask in enumerate(masks)]
        graph = replace(
            self._graph,
            inputs=(*self._graph.inputs, *entering),
            nodes=tuple(nodes),
            outputs=tuple(outputs_of),
        )
        return Body(graph, tuple(self._entering[mask] for mask in entering))

    def _alive(self, masks: Iterable[Tensor]) -> tuple[set[Node], dict[Node, tuple[Body, frozenset[int]]]]:
        """Return the nodes that are used, and for each block its body and the outputs whose masks are used."""
        kept: dict[Made | None, frozenset[int]] = {}
        hidden = {tensor.node for tensor in self._hidden.values()}
        while True:
            used = set(masks)
            alive: set[Node] = set()
            bodies: dict[Node, tuple[Body, frozenset[int]]] = {}
            for node in reversed(self._nodes):
                if node in hidden and node.output() not in used:
                    continue
                alive.add(node)
                used.update(node.tensors())
                block = self._blocks.get(node)
                if block is not None:
                    first = len(node.types) - len(block.leaving)
                    here = {number for place, number in enumerate(block.leaving) if node.output(first + place) in used}
                    kept[node.made] = kept.get(node.made, frozenset()) | here
                    body = block.walk.body(kept[node.made])
                    bodies[node] = body, kept[node.made]
                    used.update(mask for number in body.entering if (mask := block.masks[number]) is not None)
            if all(wanted == kept[node.made] for node, (_, wanted) in bodies.items()):
                return alive | {mask for mask in self._entering if mask.output() in used}, bodies


@dataclass(frozen=True, slots=True)
class _Given:
    """The masks that come to a node (the ``Masks`` of layers.base)."""

    walk: _Walk
    node: Node
    inputs: tuple[Tensor, ...]
    masks: tuple[Tensor | None, ...]
    keywords: Mapping[str, Any]

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of the outputs."""
        return self.node.types

    def apply(self, layer: Layer, *tensors: Any) -> Tensor:
        """Return a hidden layer applied to tensors."""
        return self.walk.hidden(layer, tensors, self.node)


def _fitting(mask: Any, kind: TensorType) -> Tensor | None:
    """Return a mask if it says of each place along the first axes of a tensor whether it is valid."""
    if not isinstance(mask, Tensor) or mask.type.rank >= kind.rank:
        return None
    return mask if mask.type.shape == kind.shape[: mask.type.rank] else None


def _named(node: Node) -> str:
    """Return what messages call a node's layer."""
    wrapped = isinstance(node.layer, (FoldTime, UnfoldTime, Stepwise))
    return "`TimeDistributed`" if wrapped else written(node.layer)


def _place(node: Node) -> Span:
    """Return where a node's layer is constructed, if it has a place, or applied."""
    return node.made.span if node.made is not None else node.span
