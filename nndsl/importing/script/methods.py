"""The methods of a script's values: those of models, and of Python's lists and dicts."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nndsl.diagnostics import NNDSLError
from nndsl.importing.script.arguments import recorded, shape_of
from nndsl.importing.script.models import add
from nndsl.importing.script.state import State
from nndsl.importing.script.values import Input, Method, Model, Script, Sequential, Unknown

_COMPILE = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
"""The arguments of ``Model.compile`` that a file holds, in Keras's order."""
_IGNORED = frozenset({"run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"})
"""How Keras runs a model: nothing that a file says."""


def call_method(
    state: State, method: Method, positional: tuple[Script, ...], keywords: Mapping[str, Script], node: ast.Call
) -> Script:
    """Return the value of a call of a method; those that train, save or print are passed over."""
    owner, name = method.owner, method.name
    if isinstance(owner, Sequential) and name == "add" and len(positional) == 1:
        add(state, owner, positional[0], node)
        return None
    if isinstance(owner, Sequential) and name == "pop":
        owner.layers.pop()
        return None
    if isinstance(owner, Sequential) and name == "build" and (positional or "input_shape" in keywords):
        if owner.input is None:
            shape = shape_of(state, positional[0] if positional else keywords["input_shape"], state.span(node))
            owner.input = Input(shape[1:], "float32", None)
        return None
    if isinstance(owner, (Sequential, Model)):
        if name == "compile":
            _compile(state, owner, positional, keywords, node)
        return Unknown(state.span(node))
    if isinstance(owner, list) and name in ("append", "extend") and len(positional) == 1:
        item = positional[0]
        if name == "append":
            owner.append(item)
        elif isinstance(item, (list, tuple)):
            owner.extend(item)
        return None
    if isinstance(owner, dict) and name in ("items", "keys", "values") and not positional:
        views: dict[str, list[Script]] = {
            "items": list(owner.items()),
            "keys": list(owner),
            "values": list(owner.values()),
        }
        return views[name]
    if isinstance(owner, dict) and name == "get" and positional and isinstance(positional[0], str):
        return owner.get(positional[0], positional[1] if len(positional) > 1 else None)
    return Unknown(state.span(node))


def _compile(
    state: State,
    model: Sequential | Model,
    positional: tuple[Script, ...],
    keywords: Mapping[str, Script],
    node: ast.Call,
) -> None:
    """Keep the settings; what cannot be written is left out, with a remark."""
    spans = {keyword.arg: state.span(keyword) for keyword in node.keywords}
    given = {**dict(zip(_COMPILE, positional, strict=False)), **keywords}
    for name, value in given.items():
        if name in _IGNORED:
            continue
        span = spans.get(name, state.span(node))
        known = name in _COMPILE
        try:
            if known:
                model.settings[name] = recorded(state, value, span)
        except NNDSLError:
            known = False
        if not known:
            line, _ = state.source.line_and_column(span.start)
            state.remarks.append(f"`{name}` of line {line} is left out: `{span.text}`")
