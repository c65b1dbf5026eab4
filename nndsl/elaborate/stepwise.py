"""``TimeDistributed``: a layer applied to each step of a sequence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nndsl.elaborate.applying import Keywords, apply, hidden, refuse, tensors_of
from nndsl.elaborate.values import UNKNOWN, Built, LayerValue, PerStep, Single
from nndsl.graph import Tensor
from nndsl.layers.base import LayerError
from nndsl.layers.wrappers import FoldTime, Stepwise, UnfoldTime, looks_at_batch, way
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator


def per_step(inner: LayerValue, call: nodes.Call) -> LayerValue:
    """Return ``TimeDistributed(inner)``; one that looks at the batch when it trains sees one step after the other."""
    within = call.span.start <= inner.call.span.start < call.span.end if isinstance(inner, Single) else False
    if isinstance(inner, Single) and inner.made is not None and looks_at_batch(inner.layer) and within:
        layer = Stepwise(inner.layer, dtype=inner.layer.dtype)
        return Single(layer, replace(inner.made, layer=layer), call)
    return PerStep(inner, call)


def policy_of(layer: LayerValue) -> str:
    """Return the dtype policy of a layer, of a chain that of its last one."""
    while not isinstance(layer, (Single, Built)):
        layer = layer.inner if isinstance(layer, PerStep) else layer.layers[-1]
    own = layer.layer.dtype if isinstance(layer, Single) else layer.made.layer.dtype
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
    if taken == "direct":
        return apply(evaluator, layer.inner, (x,), {}, at)
    steps = apply(evaluator, layer.inner, (hidden(evaluator, FoldTime(), (x,), at),), {}, at)
    if steps is UNKNOWN:
        return UNKNOWN
    if isinstance(steps, Tensor):
        return hidden(evaluator, UnfoldTime(), (steps, x), at)
    return tuple(hidden(evaluator, UnfoldTime(), (step, x), at) for step in steps)
