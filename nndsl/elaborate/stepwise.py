"""``TimeDistributed``: a layer applied to each step of a sequence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nndsl.arguments import describe
from nndsl.elaborate.applying import Keywords, apply, hidden, refuse, tensors_of
from nndsl.elaborate.definitions import COMMON, matched
from nndsl.elaborate.values import LAYERS, UNKNOWN, Built, LayerClass, LayerValue, PerStep, Single, Stacked
from nndsl.graph import Node, Tensor, penalizes
from nndsl.layers.base import LayerError
from nndsl.layers.wrappers import FoldTime, Stepwise, UnfoldTime, looks_at_batch, way
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


def stepwise(evaluator: Evaluator, declared: LayerClass, call: nodes.Call) -> Any:
    """Return ``TimeDistributed(layer)``. Raises Stop."""
    from nndsl.elaborate.constructing import bound_common
    from nndsl.elaborate.recurring import untrained

    written = matched(evaluator, declared.name, ("layer",), call, COMMON)
    if "layer" not in written:
        help = "write `TimeDistributed(Dense(8))`"
        evaluator.session.fail("E0301", "`TimeDistributed` needs a layer", call.span, help=help)
    given = {name: evaluator.attempt(argument.value) for name, argument in written.items() if name != "layer"}
    common = bound_common(evaluator, declared.name, given, call)
    inner = evaluator.attempt(written["layer"].value)
    if inner is UNKNOWN:
        return UNKNOWN
    if not isinstance(inner, LAYERS):
        span = call.arguments[0].span
        evaluator.session.fail("E0302", f"`TimeDistributed` takes a layer, not {describe(inner)}", span)
    dtype, own = common.get("dtype"), policy_of(inner)
    if dtype not in (None, own):
        message = f"`TimeDistributed` is {describe(dtype)}, and the layer in it {own}"
        evaluator.session.fail("E0305", message, written["dtype"].span, help="write the same `dtype` for both")
    if common.get("trainable") is False:
        inner = untrained(evaluator, inner, "a `TimeDistributed` and its layer", call)
    return evaluator.measured(per_step(inner, call), call)


def per_step(inner: LayerValue, call: nodes.Call) -> LayerValue:
    """Return ``TimeDistributed(inner)``; one that looks at the batch when it trains sees one step after the other."""
    within = call.span.start <= inner.call.span.start < call.span.end if isinstance(inner, Single) else False
    if isinstance(inner, Single) and inner.made is not None and looks_at_batch(inner.layer) and within:
        layer = Stepwise(inner.layer, dtype=inner.layer.dtype)
        return Single(layer, replace(inner.made, layer=layer), call)
    return PerStep(inner, call)


def policy_of(layer: LayerValue) -> str:
    """Return the dtype policy of a layer, of a chain that of its last one."""
    while not isinstance(layer, (Single, Built, Stacked)):
        layer = layer.inner if isinstance(layer, PerStep) else layer.layers[-1]
    own = layer.made.layer.dtype if isinstance(layer, Built) else layer.layer.dtype
    return own or "float32"


def apply_per_step(
    evaluator: Evaluator, layer: PerStep, inputs: tuple[Any, ...], keywords: Keywords, at: nodes.Node
) -> Any:
    """Return what the layer inside gives for each step. Raises Stop."""
    session = evaluator.session
    for name, (_, argument) in keywords.items():
        session.fail("E0205", f"`TimeDistributed` is not applied with `{name}`", argument.span)
    tensors = tensors_of(evaluator, "TimeDistributed", inputs, at)
    if len(tensors) != 1:
        session.fail("E0422", f"`TimeDistributed` takes one input, and here are {len(tensors)}", at.span)
    (x,) = tensors
    inner = layer.inner.layer if isinstance(layer.inner, Single) else None
    try:
        taken = way(inner, x.type)
    except LayerError as error:
        refuse(evaluator, error, FoldTime(), tensors, None, at)
    body = evaluator.body
    assert body is not None
    count = len(body.nodes)
    if taken == "direct":
        result = apply(evaluator, layer.inner, (x,), {}, at)
        _refuse_losses(evaluator, body.nodes[count:], at)
        return result
    steps = apply(evaluator, layer.inner, (hidden(evaluator, FoldTime(), (x,), at),), {}, at)
    _refuse_losses(evaluator, body.nodes[count:], at)
    if steps is UNKNOWN:
        return UNKNOWN
    if isinstance(steps, Tensor):
        return hidden(evaluator, UnfoldTime(), (steps, x), at)
    return tuple(hidden(evaluator, UnfoldTime(), (step, x), at) for step in steps)


def _refuse_losses(evaluator: Evaluator, applied: tuple[Node, ...], at: nodes.Node) -> None:
    """Refuse activity losses of single steps, of which Keras has some and drops others. Raises Stop."""
    known: dict[int, bool] = {}
    if any(penalizes(node, known) for node in applied):
        message = "`TimeDistributed` has no activity losses of the steps"
        help = "write `ActivityRegularization(…)` behind it, and no `activity_regularizer=` inside"
        evaluator.session.fail("E0307", message, at.span, help=help)
