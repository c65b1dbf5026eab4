"""The value of an expression of a script; what is not known without running it is ``Unknown``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from nndsl.importing.script.applying import apply_operation, layers_of
from nndsl.importing.script.calls import BUILT_IN, call
from nndsl.importing.script.names import extended, is_there
from nndsl.importing.script.state import State
from nndsl.importing.script.values import Layer, Method, Model, Path, Scope, Script, Sequential, Tensor, Unknown

_BINARY: Mapping[type[ast.operator], tuple[Callable[[Any, Any], Any], str]] = {
    ast.Add: (operator.add, "add"),
    ast.Sub: (operator.sub, "subtract"),
    ast.Mult: (operator.mul, "multiply"),
    ast.Div: (operator.truediv, "divide"),
    ast.FloorDiv: (operator.floordiv, "floor_divide"),
    ast.Mod: (operator.mod, "mod"),
    ast.Pow: (operator.pow, "power"),
    ast.MatMult: (operator.matmul, "matmul"),
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_LARGEST = 10**18
"""Beyond it a number of a script means nothing for a model."""
_LONGEST = 10_000
"""Items of a list or characters of a string."""


def evaluate(state: State, scope: Scope, node: ast.expr) -> Script:
    """Return the value of an expression."""
    state.step(node)
    read = _READERS.get(type(node))
    found = Unknown(state.span(node)) if read is None else read(state, scope, node)
    if (isinstance(found, int) and abs(found) > _LARGEST) or (isinstance(found, str) and len(found) > _LONGEST):
        return Unknown(state.span(node))
    return found


def _constant(state: State, scope: Scope, node: ast.Constant) -> Script:
    known = node.value is None or isinstance(node.value, (bool, int, float, str))
    return node.value if known else Unknown(state.span(node))  # type: ignore[return-value]


def _name(state: State, scope: Scope, node: ast.Name) -> Script:
    found = scope.find(node.id)
    if found is not None:
        return found[0]
    for part in scope.starred():
        if is_there(part, node.id):
            return extended(part, node.id)
    return Path((node.id,), keras=False) if node.id in BUILT_IN else Unknown(state.span(node))


def _attribute(state: State, scope: Scope, node: ast.Attribute) -> Script:
    owner = evaluate(state, scope, node.value)
    if isinstance(owner, Path):
        return extended(owner, node.attr)
    if isinstance(owner, Model) and node.attr in ("input", "inputs", "output", "outputs"):
        tensors: list[Script] = (
            list(owner.inputs) if node.attr.startswith("input") else [tensor for _, tensor in owner.outputs]
        )
        return tensors if node.attr.endswith("s") or len(tensors) != 1 else tensors[0]
    if isinstance(owner, (Sequential, Model)) and node.attr == "layers":
        return layers_of(owner)
    if isinstance(owner, (Sequential, Model, Layer, list, dict, str)):
        return Method(owner, node.attr)
    return _unknown(state, node, owner)


def _call(state: State, scope: Scope, node: ast.Call) -> Script:
    called = evaluate(state, scope, node.func)
    positional: list[Script] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            spread = evaluate(state, scope, argument.value)
            if not isinstance(spread, (list, tuple)):
                return Unknown(state.span(argument))
            positional += spread
        else:
            positional.append(evaluate(state, scope, argument))
    keywords: dict[str, Script] = {}
    for keyword in node.keywords:
        value = evaluate(state, scope, keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, dict):
            keywords |= value
        else:
            return Unknown(state.span(keyword))
    return call(state, called, tuple(positional), keywords, node)


def _binary(state: State, scope: Scope, node: ast.BinOp) -> Script:
    left, right = evaluate(state, scope, node.left), evaluate(state, scope, node.right)
    compute, name = _BINARY.get(type(node.op), (None, ""))
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return apply_operation(state, name, (left, right), {}, node) if name else Unknown(state.span(node))
    if compute is None or not (_is_constant(left) and _is_constant(right)):
        return _unknown(state, node, left, right)
    if isinstance(node.op, ast.Pow) and not _small_power(left, right):
        return Unknown(state.span(node))
    if isinstance(node.op, ast.Mult) and _too_long(left, right):
        return Unknown(state.span(node))
    try:
        found: Script = compute(left, right)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(state.span(node))
    return found


def _small_power(left: object, right: object) -> bool:
    return isinstance(left, (int, float)) and isinstance(right, (int, float)) and abs(right) <= 64 and abs(left) <= 1e6


def _too_long(left: object, right: object) -> bool:
    for items, times in ((left, right), (right, left)):
        if isinstance(items, (list, tuple, str)) and isinstance(times, int) and len(items) * times > _LONGEST:
            return True
    return False


def _unary(state: State, scope: Scope, node: ast.UnaryOp) -> Script:
    value = evaluate(state, scope, node.operand)
    if isinstance(value, Tensor) and isinstance(node.op, ast.USub):
        return apply_operation(state, "negative", (value,), {}, node)
    if isinstance(node.op, ast.Not) and _is_constant(value):
        return not value
    if isinstance(value, (int, float)):
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.UAdd):
            return value
    return _unknown(state, node, value)


def _compare(state: State, scope: Scope, node: ast.Compare) -> Script:
    left = evaluate(state, scope, node.left)
    for operation, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(state, scope, comparator)
        if not (_is_constant(left) and _is_constant(right)):
            return _unknown(state, node, left, right)
        try:
            if not _COMPARE[type(operation)](left, right):
                return False
        except TypeError:
            return Unknown(state.span(node))
        left = right
    return True


def _boolean(state: State, scope: Scope, node: ast.BoolOp) -> Script:
    value: Script = None
    for item in node.values:
        value = evaluate(state, scope, item)
        if not _is_constant(value):
            return Unknown(state.span(item))
        if bool(value) is isinstance(node.op, ast.Or):
            return value
    return value


def _ternary(state: State, scope: Scope, node: ast.IfExp) -> Script:
    condition = evaluate(state, scope, node.test)
    if not _is_constant(condition):
        return Unknown(state.span(node.test))
    return evaluate(state, scope, node.body if condition else node.orelse)


def _subscript(state: State, scope: Scope, node: ast.Subscript) -> Script:
    owner = evaluate(state, scope, node.value)
    index = evaluate(state, scope, node.slice)
    if isinstance(owner, Tensor):
        return apply_operation(state, "get_item", (owner, index), {}, node)
    if isinstance(owner, (list, tuple, str, dict)) and not isinstance(index, Unknown):
        try:
            found: Script = owner[index]  # type: ignore[index]
        except (TypeError, LookupError):
            return Unknown(state.span(node))
        return found
    return _unknown(state, node, owner, index)


def _slice(state: State, scope: Scope, node: ast.Slice) -> Script:
    parts = [None if part is None else evaluate(state, scope, part) for part in (node.lower, node.upper, node.step)]
    if any(part is not None and not isinstance(part, int) for part in parts):
        return Unknown(state.span(node))
    return slice(*parts)


def _list(state: State, scope: Scope, node: ast.List) -> Script:
    return [evaluate(state, scope, item) for item in node.elts]


def _tuple(state: State, scope: Scope, node: ast.Tuple) -> Script:
    return tuple(evaluate(state, scope, item) for item in node.elts)


def _dict(state: State, scope: Scope, node: ast.Dict) -> Script:
    found: dict[str, Script] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = None if key is None else evaluate(state, scope, key)
        if not isinstance(name, (str, int)):
            return Unknown(state.span(node))
        found[name] = evaluate(state, scope, value)  # type: ignore[index]
    return found


def _comprehension(state: State, scope: Scope, node: ast.ListComp | ast.GeneratorExp) -> Script:
    from nndsl.importing.script.statements import bind, items_of

    if len(node.generators) != 1:
        return Unknown(state.span(node))
    (generator,) = node.generators
    items = items_of(evaluate(state, scope, generator.iter))
    if items is None:
        return Unknown(state.span(generator.iter))
    found: list[Script] = []
    for item in items:
        inner = Scope(scope)
        bind(state, inner, generator.target, item)
        conditions = [evaluate(state, inner, condition) for condition in generator.ifs]
        if not all(map(_is_constant, conditions)):
            return Unknown(state.span(node))
        if all(conditions):
            found.append(evaluate(state, inner, node.elt))
    return found


def _formatted(state: State, scope: Scope, node: ast.JoinedStr) -> Script:
    text = ""
    for part in node.values:
        value = evaluate(state, scope, part.value if isinstance(part, ast.FormattedValue) else part)
        if not isinstance(value, (str, int, float)):
            return Unknown(state.span(node))
        text += str(value)
    return text


def _unknown(state: State, node: ast.expr, *parts: Script) -> Unknown:
    """Return what is not known, because one of its parts is not: where that comes from is what a message shows."""
    return next((part for part in parts if isinstance(part, Unknown)), Unknown(state.span(node)))


def _is_constant(value: Script) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, (bool, int, float, str, dict))


_READERS: Mapping[type[ast.expr], Callable[[State, Scope, Any], Script]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _ternary,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Dict: _dict,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.JoinedStr: _formatted,
}
