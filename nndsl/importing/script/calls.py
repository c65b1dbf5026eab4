"""What a call of a script makes: a layer, an application of one, a model, a recipe, or something unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from nndsl import ops, recipes
from nndsl.importing.script.applying import apply, apply_operation
from nndsl.importing.script.arguments import constructed, recorded_recipe
from nndsl.importing.script.methods import call_method
from nndsl.importing.script.models import made_input, made_model, made_sequential
from nndsl.importing.script.names import FUNCTIONS_OF_LAYERS, recipe_name
from nndsl.importing.script.state import DEPTH, State
from nndsl.importing.script.values import (
    Function,
    Layer,
    Method,
    Model,
    Path,
    Scope,
    Script,
    Sequential,
    Tensor,
    Unknown,
    refuse,
)
from nndsl.layers.activations import TEMPLATES
from nndsl.suggestions import nearest

Keywords = Mapping[str, Script]


def call(state: State, called: Script, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call) -> Script:
    """Return the value of a call. Raises NNDSLError where a tensor goes into what cannot be read."""
    match called:
        case Path(keras=True):
            return _of_keras(state, called, positional, keywords, node)
        case Path(parts=(name,)) if name in BUILT_IN and not _holds_tensor((*positional, *keywords.values())):
            return _built_in(state, name, positional, keywords, node)
        case Layer() | Model() | Sequential():
            return apply(state, called, positional, keywords, node)
        case Function():
            return _inlined(state, called, positional, keywords, node)
        case Method():
            return call_method(state, called, positional, keywords, node)
    if _holds_tensor((*positional, *keywords.values())):
        written = ast.unparse(node.func)
        raise refuse(
            "E0904",
            f"`{written}` is not a layer or an operation that is known here",
            state.span(node),
            help="save the model, and import `model.keras`; or write an `extern` layer for it",
        )
    return called if isinstance(called, Unknown) else Unknown(state.span(node))


def _of_keras(state: State, path: Path, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call) -> Script:
    name, tensors = path.last, _holds_tensor((*positional, *keywords.values()))
    if name == "Sequential":
        return made_sequential(state, positional, keywords, node)
    if name in ("Model", "Functional"):
        return made_model(state, positional, keywords, node)
    if name in ("Input", "InputLayer"):
        return made_input(state, positional, keywords, node)
    if path.section == "layers" and name in FUNCTIONS_OF_LAYERS and tensors:
        layer = constructed(state, FUNCTIONS_OF_LAYERS[name], (), {**keywords}, node)
        return apply(state, layer, positional, {}, node)
    if path.section == "activations" and tensors and name in TEMPLATES:
        return apply(state, constructed(state, "Activation", (name,), {}, node), positional, keywords, node)
    if tensors and ops.find(_operation_name(path)) is not None:
        return apply_operation(state, _operation_name(path), positional, keywords, node)
    if path.section == "layers":
        return constructed(state, name, positional, keywords, node)
    if recipes.kinds_of(recipe_name(path)):
        return recorded_recipe(state, path, positional, keywords, node)
    if tensors:
        near = nearest(name, ops.names())
        help = f"did you mean `ops.{near[0]}`?" if near else "`nndsl layers` lists the operations that there are"
        raise refuse("E0904", f"nndsl has no operation `{path}`", state.span(node.func), help=help)
    return Unknown(state.span(node))


def _operation_name(path: Path) -> str:
    return f"random.{path.last}" if path.section == "random" else path.last


def _inlined(
    state: State, function: Function, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call
) -> Script:
    """Return what a function of the script returns; its body is read with the arguments."""
    from nndsl.importing.script.expressions import evaluate
    from nndsl.importing.script.statements import Returned, execute

    definition = function.definition
    if state.depth >= DEPTH:
        raise refuse("E0902", f"functions call one another more than {DEPTH} deep", state.span(node))
    scope = Scope(function.scope)
    parameters = [*definition.args.posonlyargs, *definition.args.args]
    defaults = definition.args.defaults
    for parameter, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
        scope.names[parameter.arg] = evaluate(state, function.scope, default)
    for parameter, keyword_default in zip(definition.args.kwonlyargs, definition.args.kw_defaults, strict=True):
        if keyword_default is not None:
            scope.names[parameter.arg] = evaluate(state, function.scope, keyword_default)
    scope.names |= {parameter.arg: value for parameter, value in zip(parameters, positional, strict=False)}
    if definition.args.vararg is not None:
        scope.names[definition.args.vararg.arg] = positional[len(parameters) :]
    named = {parameter.arg for parameter in (*parameters, *definition.args.kwonlyargs)}
    scope.names |= {name: value for name, value in keywords.items() if name in named}
    if definition.args.kwarg is not None:
        scope.names[definition.args.kwarg.arg] = {k: v for k, v in keywords.items() if k not in named}
    for parameter in (*parameters, *definition.args.kwonlyargs):
        scope.names.setdefault(parameter.arg, Unknown(state.span(node)))
    state.depth += 1
    try:
        execute(state, scope, definition.body)
    except Returned as returned:
        return returned.value
    finally:
        state.depth -= 1
    return None


def _built_in(state: State, name: str, positional: tuple[Script, ...], keywords: Keywords, node: ast.Call) -> Script:
    try:
        found = BUILT_IN[name](*positional, **keywords)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(state.span(node))
    return found


def _listed(items: Iterable[Script], start: int = 0) -> list[Script]:
    return list(enumerate(items, start))


def _span(*numbers: int) -> range:
    found = range(*numbers)
    if len(found) > 10_000:
        raise ValueError
    return found


BUILT_IN: Mapping[str, Callable[..., Script]] = {
    "range": _span,
    "len": len,
    "enumerate": _listed,
    "zip": lambda *each: list(zip(*each, strict=False)),
    "list": lambda items=(): list(items),
    "tuple": lambda items=(): tuple(items),
    "dict": lambda **items: dict(items),
    "reversed": lambda items: list(reversed(items)),
    "sorted": sorted,
    "int": int,
    "float": float,
    "str": str,
    "min": min,
    "max": max,
    "sum": sum,
    "abs": abs,
    "round": round,
    "print": lambda *_, **__: None,
}
"""The functions of Python that are computed, on constants."""


def _holds_tensor(values: tuple[Script, ...]) -> bool:
    return any(
        isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and _holds_tensor(tuple(value)))
        for value in values
    )
