"""Blocks and models as layers: a body is elaborated once for equal arguments and input types."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nndsl.dims import Dim, Size, substitute, symbol
from nndsl.elaborate.applying import Keywords, add, tensors_of
from nndsl.elaborate.constructors import bound_names
from nndsl.elaborate.freezing import frozen
from nndsl.elaborate.inputs import name_of
from nndsl.elaborate.session import Session
from nndsl.elaborate.sizes import described
from nndsl.elaborate.values import UNKNOWN, Built, Composed, Definition, PerStep, Single, Stacked, mades
from nndsl.graph import Graph, Instance, Made, Node, Place, Tensor
from nndsl.layers.base import TensorType
from nndsl.suggestions import suggest
from nndsl.syntax import nodes
from nndsl.traced import Named, Traced, origin_of

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A body that has been elaborated; ``graph`` is None if it has errors.

    ``parameters`` are the layers in it that stand for those in its arguments, ``size`` is the number of its layers, and
    ``bound`` says for each dimension that it binds which axis of which input it comes from, and how.
    """

    graph: Graph | None
    stand_ins: tuple[Made, ...]
    size: int
    bound: Mapping[str, tuple[int, int, int, int]]
    uses: Mapping[Made, tuple[Node, ...]]


def apply_instance(
    evaluator: Evaluator, built: Built, inputs: tuple[Any, ...], keywords: Keywords, at: nodes.Node
) -> Any:
    """Return what a block or model gives for inputs. Raises Stop."""
    session, definition = evaluator.session, built.definition
    tensors = tensors_of(evaluator, definition.name, _by_name(evaluator, definition, inputs, keywords), at)
    for tensor in tensors:
        if not tensor.type.batched:
            message = f"`{definition.name}` takes a batch, and a tensor without one is given"
            session.fail("E0427", message, at.span, help="arithmetic gives it the batch of another tensor")
    handed = mades(list(built.arguments.values()))
    entry = _entry(evaluator, built, handed, tensors, at)
    if entry.graph is None:
        return UNKNOWN
    used = [
        index for index, made in enumerate(entry.stand_ins) if made in entry.uses and _is_top(made, entry.stand_ins)
    ]
    layer = Instance(
        graph=entry.graph,
        parameters=tuple(entry.stand_ins[index] for index in used),
        handed=tuple(handed[index] for index in used),
        traced=_traced(built, entry, tensors),
        trainable=built.made.layer.trainable,
        dtype=built.made.layer.dtype,
    )
    body = evaluator.body
    assert body is not None
    for index, made in enumerate(handed):
        for node in entry.uses.get(entry.stand_ins[index], ()):
            body.use(made, node, at)
    types = _outer_types(evaluator, built, entry, tensors)
    body.size += max(0, entry.size - 1)
    return add(evaluator, layer, tensors, types, at, built.made)


def _is_top(made: Made, stand_ins: tuple[Made, ...]) -> bool:
    """Return whether a layer is not made in the argument of another one among those that are handed over."""
    return made.owner is None or made.owner not in stand_ins


def _by_name(
    evaluator: Evaluator, definition: Definition, inputs: tuple[Any, ...], keywords: Keywords
) -> tuple[Any, ...]:
    """Return the inputs, those given by name at their places. Raises Stop."""
    if not keywords:
        return inputs
    names = [name_of(each) for each in declared_inputs(definition.syntax.body)]
    items = [*inputs, *(keywords[name][0] for name in names[len(inputs) :] if name in keywords)]
    for name, (_, argument) in keywords.items():
        if name not in names or len(items) < len(inputs) + len(keywords):
            message = f"`{definition.name}` has no input `{name}` left"
            evaluator.session.fail("E0205", message, argument.span, help=suggest(name, names, "argument"))
    return tuple(items)


def declared_inputs(body: tuple[nodes.Statement, ...]) -> list[nodes.Input]:
    """Return the input statements of a body."""
    return [statement for statement in body if isinstance(statement, nodes.Input)]


def _entry(
    evaluator: Evaluator, built: Built, handed: list[Made], tensors: tuple[Tensor, ...], at: nodes.Node
) -> Entry:
    session = evaluator.session
    owned = tuple((made.place.name, made.owner is built.made) for made in handed)
    key: Hashable = (
        id(built.definition),
        frozen(session, list(built.arguments.values())),
        owned,
        built.made.layer.dtype,
        built.made.layer.trainable,
        built.made.layer.accepted(*(tensor.type for tensor in tensors)),
    )
    known = session.instances.get(key)
    if known is None:
        session.enter(f"`{described(built.call.span)}`, applied", at.span)
        try:
            known = _elaborate(session, built, handed, tensors, at)
        finally:
            session.leave()
        session.instances[key] = known
    return known


def _elaborate(
    session: Session, built: Built, handed: list[Made], tensors: tuple[Tensor, ...], at: nodes.Node
) -> Entry:
    """Elaborate the body of a block or model for given arguments and inputs."""
    from nndsl.elaborate.body import Body
    from nndsl.elaborate.expressions import Evaluator as Evaluate
    from nndsl.elaborate.statements import Statements

    definition = built.definition
    syntax = definition.syntax
    stand_ins: dict[int, Made] = {}
    names: dict[str, object] = {}
    traced: dict[str, int | float] = {}
    for name, value in built.arguments.items():
        names[name] = _entering(name, value, stand_ins, built.made)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            traced[name] = float(value) if isinstance(value, float) else int(value)
    body = Body(session, definition.kind, bound_names(syntax.parameters, syntax.body))
    places = definition.file.places(definition)
    inner = Evaluate(session, definition.file, names, body, places, policy=built.made.layer.dtype)
    inner.trainable = built.made.layer.trainable
    statements = Statements(inner, definition, tensors, at)
    done = statements.run_body()
    traced.update(
        {name: int(value) for name, value in names.items() if name in statements.bound and isinstance(value, int)}
    )
    graph = body.finish(definition.name)
    for number, node in enumerate(graph.inputs):
        for axis, size in enumerate(node.types[0].shape):
            if isinstance(size, Traced) and (name := str(size.origin)) not in traced and name.isalnum():
                traced[name] = int(size)
                statements.bound[name] = (number, axis, 1, 0)
    graph = replace(graph, loop_turns=statements.loop_turns, traced=traced)
    ordered = tuple(stand_ins[id(made)] for made in handed)
    uses = {made: tuple(node for node, _ in body.uses[made]) for made in ordered if made in body.uses}
    alive = set(graph.nodes)
    reached = {node.made for node in alive} | {
        made for node in alive if isinstance(node.layer, Instance) for made in node.layer.handed
    }
    uses = {made: found for made, found in uses.items() if made in reached or made.owner in reached}
    return Entry(graph if done else None, ordered, body.size, statements.bound, uses)


def _entering(name: str, value: Any, stand_ins: dict[int, Made], owner: Made) -> Any:
    """Return a value as the body sees it: numbers with the parameter that they come from, layers as parameters."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Traced(int(value), symbol(name))
    if isinstance(value, float):
        return Named(value, name)
    return _standing(name, value, stand_ins, owner)


def _standing(name: str, value: Any, stand_ins: dict[int, Made], owner: Made) -> Any:
    if isinstance(value, Single):
        return value if value.made is None else replace(value, made=_stand_in(name, value.made, stand_ins, owner))
    if isinstance(value, Built):
        made = _stand_in(name, value.made, stand_ins, owner)
        arguments = {each: _standing(name, item, stand_ins, owner) for each, item in value.arguments.items()}
        return replace(value, made=made, arguments=arguments)
    if isinstance(value, PerStep):
        return replace(value, inner=_standing(name, value.inner, stand_ins, owner))
    if isinstance(value, Stacked):
        return replace(value, parts=tuple(_standing(name, each, stand_ins, owner) for each in value.parts))
    if isinstance(value, Composed):
        return Composed(tuple(_standing(name, each, stand_ins, owner) for each in value.layers))
    if isinstance(value, (list, tuple)):
        return type(value)(_standing(name, item, stand_ins, owner) for item in value)
    if isinstance(value, dict):
        return {key: _standing(name, item, stand_ins, owner) for key, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value


def _stand_in(name: str, made: Made, stand_ins: dict[int, Made], owner: Made) -> Made:
    known = stand_ins.get(id(made))
    if known is None:
        above = stand_ins.get(id(made.owner)) if made.owner is not None else None
        belongs = made.owner is owner or above is not None
        place = made.place if belongs else Place(name, (), made.place.order)
        known = stand_ins[id(made)] = Made(made.layer, place, (), made.span, above, parameter=True)
    return known


def _traced(built: Built, entry: Entry, tensors: tuple[Tensor, ...]) -> dict[str, int]:
    """Return the values of a body's traced names, with their origins at the caller."""
    assert entry.graph is not None
    found: dict[str, int] = {}
    for name in entry.graph.traced:
        if name in entry.bound:
            number, axis, scale, offset = entry.bound[name]
            size = (tensors[number].type.shape[axis] - offset) // scale
            assert isinstance(size, int)
            found[name] = size
        else:
            found[name] = built.arguments[name]  # type: ignore[assignment]
    return found


def _outer_types(
    evaluator: Evaluator, built: Built, entry: Entry, tensors: tuple[Tensor, ...]
) -> tuple[TensorType, ...]:
    """Return the types of the outputs with the numbers over the caller's names in place of the block's."""
    assert entry.graph is not None
    types = tuple(tensor.type for _, tensor in entry.graph.outputs)
    if not any(isinstance(size, Traced) for kind in types for size in kind.shape):
        return types
    outer: dict[str, Size] = {name: origin_of(value) for name, value in _traced(built, entry, tensors).items()}
    return tuple(kind.with_shape(*(_outer(size, outer) for size in kind.shape)) for kind in types)


def _outer(size: Size, outer: Mapping[str, Size]) -> Size:
    if not isinstance(size, Traced):
        return size
    found = substitute(size.origin, outer)
    return Traced(int(size), found) if isinstance(found, Dim) else int(size)
