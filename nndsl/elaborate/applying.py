"""Applying layers to tensors: nodes come into being here."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

from nndsl.arguments import ArgumentError, describe, parameters
from nndsl.diagnostics import Note
from nndsl.elaborate.sizes import AppliedSizes, described
from nndsl.elaborate.unused import help_to_take
from nndsl.elaborate.values import UNKNOWN, Composed, LayerValue, PerStep, Single, Stacked, is_unknown
from nndsl.graph import Made, Node, Tensor
from nndsl.layers.base import Layer, LayerError, TensorType
from nndsl.layers.penalties import check as check_penalties
from nndsl.layers.penalties import is_penalized
from nndsl.layers.refusals import shown
from nndsl.ops.base import Operation
from nndsl.suggestions import suggest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

Keywords = Mapping[str, tuple[Any, nodes.Argument]]


def apply(evaluator: Evaluator, layer: LayerValue, inputs: tuple[Any, ...], keywords: Keywords, at: nodes.Node) -> Any:
    """Return the tensor, or the tuple of tensors, that a layer gives for inputs, written at a node. Raises Stop.

    ``inputs`` are the positional ones; one that is a list or tuple is spread, or taken whole by a layer of lists.
    """
    if isinstance(layer, Single):
        return _single(evaluator, layer, inputs, keywords, at)
    if isinstance(layer, Composed):
        flow: Any = apply(evaluator, layer.layers[0], inputs, keywords, at)
        for link in layer.layers[1:]:
            flow = apply(evaluator, link, (flow,), {}, at)
        return flow
    if is_unknown(list(inputs)) or is_unknown([value for value, _ in keywords.values()]):
        return UNKNOWN
    if isinstance(layer, Stacked):
        from nndsl.elaborate.recurring import apply_stacked

        return apply_stacked(evaluator, layer, inputs, keywords, at)
    if isinstance(layer, PerStep):
        from nndsl.elaborate.stepwise import apply_per_step

        return apply_per_step(evaluator, layer, inputs, keywords, at)
    from nndsl.elaborate.instances import apply_instance

    return apply_instance(evaluator, layer, inputs, keywords, at)


def tensors_of(
    evaluator: Evaluator, called: str, inputs: tuple[Any, ...], at: nodes.Node, takes_list: bool = False
) -> tuple[Tensor, ...]:
    """Return the tensors that are given by position. Raises Stop."""
    session = evaluator.session
    items = inputs
    if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)):
        items = tuple(inputs[0])
    elif takes_list:
        help = f"write `[a, b] -> {called}()`"
        session.fail("E0422", f"`{called}` takes a list of tensors", at.span, help=help)
    for item in items:
        if not isinstance(item, Tensor):
            message = f"`{called}` is applied to tensors, and this is {describe(item)}"
            session.fail("E0323", message, at.span, help="arguments stand in the brackets of the constructor")
    return items


def _single(evaluator: Evaluator, single: Single, inputs: tuple[Any, ...], keywords: Keywords, at: nodes.Node) -> Any:
    layer, session = single.layer, evaluator.session
    if len(inputs) == 1 and not keywords and type(inputs[0]) is Tensor and not layer.takes_list:
        kind = inputs[0].type
        known = session.inferred.get((id(layer), id(kind)))
        if known is not None:
            return add(evaluator, layer, inputs, known[2], at, single.made)
    given: dict[str, Any] = {}
    if keywords:
        inputs, given = _keywords(evaluator, layer, inputs, keywords)
    if is_unknown(list(inputs)) or is_unknown(list(given.values())):
        return UNKNOWN
    name = type(layer).__name__
    tensors = tensors_of(evaluator, name, inputs, at, layer.takes_list)
    _check_count(evaluator, layer, len(tensors), at)
    _check_batches(evaluator, layer, tensors, at)
    types = infer(evaluator, layer, tensors, given, single.call, at)
    return add(evaluator, layer, tensors, types, at, single.made, given)


def _check_count(evaluator: Evaluator, layer: Layer, count: int, at: nodes.Node) -> None:
    least, most = layer.least_inputs, layer.most_inputs
    if layer.takes_list:
        most = min(most, evaluator.session.limits.merge_inputs)
    if least <= count <= most:
        return
    name = type(layer).__name__
    if layer.takes_list and count > most:
        evaluator.session.fail("E0714", f"`{name}` of {count:,} tensors: at most {most:,} are merged at once", at.span)
    wanted = f"{least} to {most} inputs" if least != most else {1: "one input"}.get(most, f"{most} inputs")
    names = ", ".join(layer.input_names)
    help = f"its inputs are {names}" if most > 1 and not layer.takes_list else ""
    if help and count == 1:
        help += "; one tensor may stand for several: `(x, x)`"
    here = "here is 1" if count == 1 else f"here are {count}"
    evaluator.session.fail("E0422", f"`{name}` takes {wanted}, and {here}", at.span, help=help)


_BATCHED = "arithmetic and `Concatenate` give it the batch of another tensor"
_OF_OTHERS = {("Embedding", "reverse"): "`ReversibleEmbedding` can be applied in reverse"}
_UNBATCHED = {"Embedding": "learned positions are added by `PositionEmbedding(length)`"}


def _check_batches(evaluator: Evaluator, layer: Layer, tensors: tuple[Tensor, ...], at: nodes.Node) -> None:
    if layer.takes_list or not tensors:
        return
    for tensor in tensors:
        if not tensor.type.batched:
            evaluator.session.fail(
                "E0427",
                f"`{type(layer).__name__}` takes a batch, and {named(evaluator, tensor)} has none",
                at.span,
                notes=(origin(evaluator, tensor),),
                help=_UNBATCHED.get(type(layer).__name__, _BATCHED),
            )


def _keywords(
    evaluator: Evaluator, layer: Layer, inputs: tuple[Any, ...], keywords: Keywords
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the inputs with those that were given by name, and the other keywords as nodes hold them. Raises Stop."""
    session, name = evaluator.session, type(layer).__name__
    positional = list(inputs)
    given: dict[str, Any] = {}
    for key, (value, argument) in keywords.items():
        kind = layer.call_keywords.get(key)
        if kind is None:
            if not layer.takes_list and key in layer.input_names[len(positional) : len(positional) + 1]:
                positional.append(value)
                continue
            options = [*layer.call_keywords, *layer.input_names]
            help = _OF_OTHERS.get((name, key)) or suggest(key, options, "argument")
            message = f"`{name}` is not applied with `{key}`"
            session.fail("E0205", message, argument.span, help=help)
        if value is UNKNOWN or value is None:
            given[key] = value
        elif kind == "flag":
            if not isinstance(value, bool):
                message = f"`{key}` must be `true` or `false`, not {describe(value)}"
                session.fail("E0302", message, argument.span)
            given[key] = value
        elif kind == "tensors":
            items = tuple(value) if isinstance(value, (list, tuple)) else (value,)
            if not all(isinstance(item, Tensor) or item is UNKNOWN for item in items):
                session.fail("E0302", f"`{key}` must be a list of tensors, not {describe(value)}", argument.span)
            given[key] = items
        else:
            if not isinstance(value, Tensor):
                session.fail("E0302", f"`{key}` must be a tensor, not {describe(value)}", argument.span)
            given[key] = value
    return tuple(positional), {key: value for key, value in given.items() if value is not None}


def infer(
    evaluator: Evaluator,
    layer: Layer,
    tensors: tuple[Tensor, ...],
    keywords: Mapping[str, Any],
    call: nodes.Call | None,
    at: nodes.Node,
) -> tuple[TensorType, ...]:
    """Return the types that a layer gives. Raises Stop after reporting what it cannot take."""
    session = evaluator.session
    span = call.span if call is not None else at.span
    sizes = AppliedSizes(session, span, written(layer))
    types = tuple(tensor.type for tensor in tensors)
    try:
        result = layer.infer(
            sizes, *layer.accepted(*types), **{name: _typed(value) for name, value in keywords.items()}
        )
    except LayerError as error:
        refuse(evaluator, error, layer, tensors, call, at)
    found = result if isinstance(result, tuple) else (result,)
    check_sizes(evaluator, found, at)
    if layer.can_hold_weights:
        _check_initializers(evaluator, layer, tensors, call, at)
        _check_penalties(evaluator, layer, tensors, found, call, at)
    if len(types) == 1 and len(found) == 1 and not keywords and _is_plain(types[0]) and _is_plain(found[0]):
        found = (session.types.setdefault(found[0], found[0]),)
        session.inferred[id(layer), id(types[0])] = (layer, types[0], found)
    return found


def _check_initializers(
    evaluator: Evaluator, layer: Layer, tensors: tuple[Tensor, ...], call: nodes.Call | None, at: nodes.Node
) -> None:
    """Refuse initializers that cannot fill a weight of the shape that it has. Raises Stop."""
    for weight in layer.weights(*(tensor.type for tensor in tensors)):
        if weight.initializer is None:
            continue
        try:
            weight.initializer.check_shape(weight.shape)
        except ArgumentError as error:
            given = [name for name in _initializers(layer) if getattr(layer, name) is weight.initializer]
            argument = given[0] if given else "initializer"
            refusal = LayerError(error.code, f"`{argument}` {error.message}", help=error.help, argument=argument)
            refuse(evaluator, refusal, layer, tensors, call, at)


def _check_penalties(
    evaluator: Evaluator,
    layer: Layer,
    tensors: tuple[Tensor, ...],
    outputs: tuple[TensorType, ...],
    call: nodes.Call | None,
    at: nodes.Node,
) -> None:
    """Refuse regularizers and constraints that do not fit what they act on. Raises Stop."""
    if not is_penalized(layer):
        return
    try:
        check_penalties(layer, tuple(tensor.type for tensor in tensors), outputs)
    except LayerError as error:
        refuse(evaluator, error, layer, tensors, call, at)


def _initializers(layer: Layer) -> list[str]:
    return [field.name for field in parameters(type(layer)) if field.name.endswith("initializer")]


def _typed(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.type
    return tuple(_typed(item) for item in value) if isinstance(value, tuple) else value


def _is_plain(kind: TensorType) -> bool:
    return all(type(size) is int for size in kind.shape[1:])


def check_sizes(evaluator: Evaluator, types: tuple[TensorType, ...], at: nodes.Node) -> None:
    """Refuse sizes that are too large, and warn of tensors that are. Raises Stop."""
    limits, session = evaluator.session.limits, evaluator.session
    for kind in types:
        known = [size for size in kind.shape if isinstance(size, int)]
        if known and max(known) > limits.size:
            session.fail("E0716", f"the size {max(known):,} is larger than {limits.size:,}", at.span)
        elements = prod(known)
        if elements > limits.activation:
            message = f"one sample has {elements:,} numbers here, more than {limits.activation:,}"
            session.report("W0701", message, at.span, help="a tensor of this size hardly fits into memory")


def written(layer: Layer) -> str:
    """Return what a message calls a layer: as it is written in the file."""
    if isinstance(layer, Operation):
        return f"`{layer.op.called()}`"
    name = type(layer).__name__
    sign = getattr(layer, "operator", None)
    if isinstance(sign, str):
        return f"`{sign}`"
    return {"Slice": "the index", "FreeWeight": "`Weight`", "Negative": "`-`"}.get(name, f"`{name}`")


def named(evaluator: Evaluator, tensor: Tensor) -> str:
    """Return what a message calls a tensor: the name that it has here, if it has one."""
    names = (name for name, value in evaluator.names.items() if isinstance(value, Tensor) and value == tensor)
    name = next(names, None)
    return f"`{name}`" if name is not None else "the input"


def origin(evaluator: Evaluator, tensor: Tensor) -> Note:
    """Return the note that says where a tensor comes from."""
    return Note(f"{named(evaluator, tensor)} is {shown(tensor.type.shape)}, from here", tensor.node.span)


def refuse(
    evaluator: Evaluator,
    error: LayerError,
    layer: Layer,
    tensors: tuple[Tensor, ...],
    call: nodes.Call | None,
    at: nodes.Node,
) -> NoReturn:
    """Report that a layer cannot take its inputs. Raises Stop."""
    from nndsl.elaborate.constructing import argument_span

    span, notes = at.span, []
    if call is not None:
        declared = type(layer.op) if isinstance(layer, Operation) else type(layer)
        blamed = argument_span(call, declared, error.argument)
        inside = blamed.source is span.source and span.start <= blamed.start and blamed.end <= span.end
        if inside and (error.argument or isinstance(at, nodes.Chain)):
            span = blamed
        elif not inside:
            notes.append(Note(f"`{described(call.span)}` is constructed here", call.span))
    if error.input is not None and error.input < len(tensors):
        notes.insert(0, origin(evaluator, tensors[error.input]))
    help = error.help
    if error.code == "E0401" and len(tensors) == 1 and hasattr(_recurrent(layer), "return_sequences"):
        before = _recurrent(tensors[0].node.layer)
        if getattr(before, "return_sequences", True) is False:
            help = f"write `return_sequences=true` in the `{type(before).__name__}` before it"
    body = evaluator.body
    if body is not None and body.passed_by and body.standing and tensors == (body.current,):
        meant = help_to_take(body.passed_by.targets[0].name, body.standing)
        if meant and at.span.start == body.standing.span.start:
            notes.append(Note("a binding leaves the current value as it is", body.passed_by.span))
            help = meant
    evaluator.session.fail(error.code, error.message, span, label=error.label, notes=tuple(notes), help=help)


def _recurrent(layer: Layer) -> Layer:
    """The layer in a wrapper such as ``Bidirectional``, or the layer itself."""
    inner = getattr(layer, "layer", None)
    return inner if isinstance(inner, Layer) else layer


def add(
    evaluator: Evaluator,
    layer: Layer,
    tensors: tuple[Any, ...],
    types: tuple[TensorType, ...],
    at: nodes.Node,
    made: Made | None = None,
    keywords: Mapping[str, Any] | None = None,
) -> Any:
    """Add a node to the body, and return its tensor, or the tuple of its tensors. Raises Stop."""
    body = evaluator.body
    assert body is not None
    hints = evaluator.hints if len(types) > 1 and len(types) == len(evaluator.hints) else ()
    node = Node(layer, tensors, types, at.span, made, keywords or {}, evaluator.hint, evaluator.turns, hints)
    if made is not None:
        body.use(made, node, at)
    body.add(node)
    if len(types) == 1:
        return Tensor(node, 0)
    return tuple(Tensor(node, index) for index in range(len(types)))


def hidden(evaluator: Evaluator, layer: Layer, tensors: tuple[Tensor, ...], at: nodes.Node) -> Any:
    """Return a layer of the compiler's own (an operator, a slice) applied to tensors. Raises Stop."""
    return add(evaluator, layer, tensors, infer(evaluator, layer, tensors, {}, None, at), at)
