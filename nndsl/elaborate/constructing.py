"""Calls: constructors of layers, blocks and recipes, applications, and functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from nndsl import recipes
from nndsl.arguments import describe, is_required, parameters
from nndsl.binding import BindingError, bind
from nndsl.diagnostics import Span
from nndsl.dims import Dim
from nndsl.elaborate.applying import apply
from nndsl.elaborate.definitions import COMMON, bind_parameters, call_formula, call_function, missing
from nndsl.elaborate.freezing import frozen
from nndsl.elaborate.naming import quoted
from nndsl.elaborate.operators import unknown_size
from nndsl.elaborate.places import argument_clashes
from nndsl.elaborate.session import Stop
from nndsl.elaborate.values import (
    ABSENT,
    LAYERS,
    UNKNOWN,
    Built,
    Definition,
    External,
    Formula,
    Function,
    LayerClass,
    RecipeClass,
    Single,
    Stacked,
    is_unknown,
)
from nndsl.graph import Construction, Made, Place, Tensor
from nndsl.layers.base import Layer, LayerError
from nndsl.recipes.base import PendingRecipe
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

Declared = TypeVar("Declared")

_LITERALS = (nodes.Number, nodes.String, nodes.Literal)


def call_value(evaluator: Evaluator, call: nodes.Call) -> Any:
    """Return the value of a call. Raises Stop."""
    name = call.callee
    if isinstance(name, nodes.Attribute):
        from nndsl.elaborate.operations import operation

        return operation(evaluator, call, name)
    callee = evaluator.resolve(name) if isinstance(name, nodes.Name) else evaluator.value(name)
    if isinstance(callee, LayerClass):
        if evaluator.places is None and recipes.kinds_of(callee.name):
            return recipe(evaluator, callee.name, call)
        return construct(evaluator, callee, call)
    if isinstance(callee, Definition):
        return build(evaluator, callee, call)
    if isinstance(callee, External):
        from nndsl.elaborate.externals import construct as construct_external

        return construct_external(evaluator, callee, call)
    if isinstance(callee, LAYERS):
        return _application(evaluator, callee, call)
    if isinstance(callee, Function):
        return call_function(evaluator, callee, call)
    if isinstance(callee, Formula):
        return call_formula(evaluator, callee, call)
    if isinstance(callee, RecipeClass):
        return recipe(evaluator, callee.name, call)
    if callee is UNKNOWN:
        for argument in call.arguments:
            evaluator.attempt(argument.value)
        return UNKNOWN
    help = "a product is written with `*`" if isinstance(callee, (int, float)) else ""
    if isinstance(callee, Tensor):
        help = "a layer is applied to a tensor: `layer(x)` or `x -> layer`"
    return evaluator.session.fail("E0314", f"{describe(callee)} cannot be called", call.span, help=help)


def _application(evaluator: Evaluator, layer: Any, call: nodes.Call) -> Any:
    """Return a layer applied to the tensors in brackets. Raises Stop."""
    inputs, keywords = [], {}
    for argument in call.arguments:
        value = evaluator.attempt(argument.value)
        if argument.name is None:
            inputs.append(value)
        elif argument.name in keywords:
            evaluator.session.fail("E0206", f"`{argument.name}` is given twice", argument.span)
        else:
            keywords[argument.name] = (value, argument)
    return apply(evaluator, layer, tuple(inputs), keywords, call)


def construct(evaluator: Evaluator, declared: LayerClass, call: nodes.Call) -> Any:
    """Return a layer of the library, constructed. Raises Stop."""
    key = (declared.layer, call.span.text, evaluator.policy, evaluator.trainable)
    layer = evaluator.session.bound.get(key)
    if layer is None:
        if declared.layer.__name__ == "TimeDistributed":
            from nndsl.elaborate.stepwise import stepwise

            return stepwise(evaluator, declared, call)
        if declared.layer.__name__ in ("RNN", "StackedRNNCells", "Bidirectional"):
            from nndsl.elaborate.recurring import stacked

            return stacked(evaluator, declared, call)
        layer = bound(evaluator, declared, call, arguments(evaluator, declared.name, declared.layer, call))
        if layer is None:
            return UNKNOWN
        if all(_is_literal(argument.value) for argument in call.arguments):
            evaluator.session.bound[key] = layer
    if not layer.can_hold_weights:
        return Single(layer, None, call)
    single = Single(layer, made(evaluator, layer, call), call)
    if layer.most_inputs:
        return single
    return apply(evaluator, single, (), {}, call)


def made(evaluator: Evaluator, layer: Layer, call: nodes.Call) -> Made:
    """Return the layer with the place of its constructor. Raises Stop at the top level."""
    place = evaluator.places.find(call) if evaluator.places is not None else None
    if place is None and evaluator.body is not None:
        help = "settings take constants and recipes"
        evaluator.session.fail("E0302", "a layer cannot stand in a setting", call.span, help=help)
    if place is None:
        message = "a layer at the top level would share its weights with everyone"
        help = "construct it inside a model or block, or write a block"
        evaluator.session.fail("E0319", message, call.span, help=help)
    owner = evaluator.owners.get(id(place.owner)) if place.owner is not None else evaluator.default_owner
    if owner is not None:
        return Made(layer, Place(place.name, (), place.order), (), call.span, owner)
    return Made(layer, Place(place.name, place.loops, place.order), evaluator.turns, call.span)


def _is_literal(expression: nodes.Expression) -> bool:
    if isinstance(expression, nodes.Tuple):
        return all(_is_literal(item) for item in expression.items)
    return isinstance(expression, _LITERALS)


def arguments(
    evaluator: Evaluator, called: str, layer: type[Layer] | None, call: nodes.Call
) -> list[tuple[str | None, Any]]:
    """Return the arguments of a constructor or recipe with their values."""
    fields = {field.name: field for field in parameters(layer)} if layer is not None else {}
    names = [name for name, field in fields.items() if not field.kw_only]
    written: list[tuple[str | None, Any]] = []
    for index, argument in enumerate(call.arguments):
        target = argument.name or (names[index] if index < len(names) else "")
        if target == "name" and not isinstance(argument.value, nodes.String) and layer and layer.can_hold_weights:
            continue  # the places have reported it
        value = _argument(evaluator, argument.value, fields[target].metadata if target in fields else {})
        if isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and any(map(_is_tensor, value))):
            inputs = argument.span.text
            made = f"{called}({'…' if len(call.arguments) > 1 or any(map(is_required, fields.values())) else ''})"
            if layer is not None and layer.takes_list and isinstance(value, Tensor):
                inputs, made = f"[{', '.join(each.span.text for each in call.arguments)}]", f"{called}()"
            text = inputs if len(inputs) <= 20 else "x"
            what = "a tensor" if isinstance(value, Tensor) else "a list of tensors"
            evaluator.session.fail(
                "E0322",
                f"`{called}` is constructed with constants, and this is {what}",
                argument.span,
                help=f"apply it: `{made}({text})` or `{text} -> {made}`",
            )
        written.append((argument.name, value))
    return written


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)


def _argument(evaluator: Evaluator, expression: nodes.Expression, metadata: Any) -> Any:
    """Return the value of an argument; a name that is a layer and a recipe is the recipe where a recipe is taken."""
    quoted(evaluator, expression, metadata.get("kind"))
    if isinstance(expression, nodes.Call) and isinstance(expression.callee, nodes.Name):
        name = expression.callee.name
        kind = getattr(metadata.get("kind"), "kind", None)
        if isinstance(kind, str) and name in recipes.NAMES.get(kind, ()):
            callee = evaluator.names.get(name, evaluator.file.names.get(name, ABSENT))
            if callee is ABSENT:
                return recipe(evaluator, name, expression)
    return evaluator.attempt(expression)


def bound(
    evaluator: Evaluator, declared: LayerClass, call: nodes.Call, written: list[tuple[str | None, Any]]
) -> Layer | None:
    """Return the layer for the arguments of a call, or None if something in them is not known. Raises Stop."""
    cls = declared.layer
    written = [(name, _inner(value)) for name, value in written]
    try:
        layer = bind_known(cls, written, declared.name)
    except BindingError as error:
        refuse_arguments(evaluator, written, error, partial(blamed, call))
    if layer is None:
        return None
    if layer.dtype is None and evaluator.policy != "float32":
        layer = replace(layer, dtype=evaluator.policy)
    if not evaluator.trainable:
        layer = replace(layer, trainable=False)
    if getattr(layer, "data_format", "") is None:
        layer = replace(layer, data_format=evaluator.session.settings["data_format"])  # type: ignore[call-arg]
    try:
        layer.check()
    except LayerError as error:
        span = argument_span(call, cls, error.argument)
        evaluator.session.fail(error.code, error.message, span, label=error.label, help=error.help)
    return layer


def refuse_arguments(
    evaluator: Evaluator,
    written: list[tuple[str | None, Any]],
    error: BindingError,
    place: Callable[[tuple[int, ...]], Span],
) -> NoReturn:
    """Report arguments that do not fit; of a symbolic size it is said how it becomes a number. Raises Stop."""
    for each in (error, *error.others):
        size = _symbolic(written, each.path)
        if size is not None and each.code == "E0302":
            fault = unknown_size(size)
            evaluator.session.report(fault.code, fault.message, place(each.path), help=fault.help)
        else:
            evaluator.session.report(each.code, each.message, place(each.path), help=each.help)
    raise Stop


def _symbolic(written: list[tuple[str | None, Any]], path: tuple[int, ...]) -> Dim | None:
    """Return the size that a path of a BindingError leads to, or the first one in the list there, if it is symbolic."""
    value = written[path[0]][1] if path else None
    items = value if isinstance(value, (list, tuple)) else [value]
    return next((item for item in items if isinstance(item, Dim)), None)


def _inner(value: Any) -> Any:
    """Return what a wrapper holds for the layers in its argument: these alone, without their places."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_inner, value))
    return value.layer if isinstance(value, (Single, Stacked)) else value


def bind_known(cls: type[Declared], written: list[tuple[str | None, Any]], name: str) -> Declared | None:
    """Bind the arguments; where some are not known, only the others are looked at, and there is no layer."""
    if not any(is_unknown(value) for _, value in written):
        return bind(cls, written, name)
    try:
        bind(cls, written, name)
    except BindingError as error:
        certain = [
            each
            for each in (error, *error.others)
            if each.code in ("E0205", "E0206", "E0301") or not _blames_unknown(written, each.path)
        ]
        if certain:
            certain[0].others = tuple(certain[1:])
            raise certain[0] from None
    return None


def _blames_unknown(written: list[tuple[str | None, Any]], path: tuple[int, ...]) -> bool:
    return bool(path) and is_unknown(written[path[0]][1])


def blamed(call: nodes.Call, path: tuple[int, ...]) -> Span:
    """Return the span that a path of a BindingError leads to."""
    at: nodes.Node = call
    for index in path:
        if isinstance(at, nodes.Argument):
            at = at.value
        if isinstance(at, nodes.Call) and index < len(at.arguments):
            at = at.arguments[index]
        elif isinstance(at, (nodes.List, nodes.Tuple)) and index < len(at.items):
            at = at.items[index]
        else:
            break
    return at.span


def argument_span(call: nodes.Call, cls: type[object], argument: str) -> Span:
    """Return the span of the argument of a name, or of the whole call if it was not written."""
    if argument:
        names = [field.name for field in parameters(cls) if not field.kw_only]
        for index, written in enumerate(call.arguments):
            if (written.name or (names[index] if index < len(names) else "")) == argument:
                return written.span
    return call.span


def recipe(evaluator: Evaluator, name: str, call: nodes.Call) -> Any:
    """Return a recipe as it was written."""
    written = arguments(evaluator, name, None, call)
    if any(is_unknown(value) for _, value in written):
        return UNKNOWN
    return evaluator.measured(PendingRecipe(name, tuple(written)), call)


def build(evaluator: Evaluator, definition: Definition, call: nodes.Call) -> Any:
    """Return a block or model with its arguments. Raises Stop."""
    from nndsl.elaborate.expressions import Evaluator as Evaluate

    session, syntax = evaluator.session, definition.syntax
    instance = made(evaluator, Construction(), call)
    evaluator.owners[id(call)] = instance
    written = bind_parameters(evaluator, definition, call)
    given = {**definition.fixed, **written}
    del evaluator.owners[id(call)]
    common = common_arguments(evaluator, given, syntax, call)
    policy = common["dtype"] = common.get("dtype") or evaluator.policy
    if not evaluator.trainable:
        common["trainable"] = False
    for argument in call.arguments:
        _check_argument(evaluator, argument, given)
    if len(written) < len(call.arguments) or missing(evaluator, definition.name, syntax.parameters, list(given), call):
        return UNKNOWN
    file = definition.file
    places = file.places(definition)
    if evaluator.places is not None:
        for clash in argument_clashes(evaluator.places, call, places):
            session.keep(clash)
    for parameter in syntax.parameters:
        if parameter.name not in given and parameter.default is not None:
            defaults = Evaluate(session, file, {}, None, places, policy=policy)
            defaults.default_owner = instance
            given[parameter.name] = defaults.attempt(parameter.default)
    if is_unknown(list(given.values())) or len(given) < len(syntax.parameters):
        return UNKNOWN
    ordered = {parameter.name: given[parameter.name] for parameter in syntax.parameters}
    evaluator.measured([ordered], call)
    arguments = tuple((name, frozen(session, value)) for name, value in ordered.items())
    start = definition.syntax.span.start
    layer = Construction(definition=f"{file.source.name}:{start}", arguments=arguments, **common)
    # The layers in its arguments already refer to it, so that it cannot be made anew.
    object.__setattr__(instance, "layer", layer)
    return Built(definition, ordered, instance, call)


def common_arguments(
    evaluator: Evaluator, given: dict[str, Any], syntax: nodes.Block | nodes.Model | nodes.Extern, call: nodes.Call
) -> dict[str, Any]:
    """Take the arguments that all layers have out of those that were given, and return them as they are bound."""
    own = {parameter.name for parameter in syntax.parameters}
    written = {name: given.pop(name) for name in COMMON if name in given and name not in own}
    return bound_common(evaluator, syntax.name.name, written, call)


def bound_common(evaluator: Evaluator, called: str, written: dict[str, Any], call: nodes.Call) -> dict[str, Any]:
    """Return the arguments that all layers have as they are bound. Raises Stop."""
    if not written or is_unknown(list(written.values())):
        return {}
    try:
        bound = bind(Construction, list(written.items()), called)
    except BindingError as error:
        name = list(written)[error.path[0]] if error.path else ""
        span = next((each.span for each in call.arguments if each.name == name), call.span)
        evaluator.session.fail(error.code, error.message, span, help=error.help)
    return {name: getattr(bound, name) for name in written}


def _check_argument(evaluator: Evaluator, argument: nodes.Argument, given: dict[str, Any]) -> None:
    """Refuse tensors where the parameters of a block are given: its inputs come when it is applied."""
    for name, value in given.items():
        if isinstance(value, Tensor) and (argument.name in (None, name)):
            text = argument.span.text if len(argument.span.text) <= 20 else "x"
            evaluator.session.report(
                "E0322",
                "a block is constructed with constants and layers, and this is a tensor",
                argument.span,
                help=f"apply it: put `({text})` behind its brackets, or `{text} ->` before it",
            )
            given[name] = UNKNOWN
            return
