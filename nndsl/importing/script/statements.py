"""The statements of a script in order, as far as they make models; loops and functions are unfolded."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nndsl.importing.script.expressions import evaluate
from nndsl.importing.script.names import resolved
from nndsl.importing.script.state import State
from nndsl.importing.script.values import (
    Function,
    Layer,
    Model,
    Scope,
    Script,
    Sequential,
    Tensor,
    Unknown,
)


class Returned(Exception):
    """A function of the script returned a value."""

    def __init__(self, value: Script) -> None:
        self.value = value


def execute(state: State, scope: Scope, statements: Sequence[ast.stmt]) -> None:
    """Read statements; raises Returned at a ``return``."""
    for statement in statements:
        state.step(statement)
        match statement:
            case ast.Import():
                _import(scope, statement)
            case ast.ImportFrom():
                _import_from(scope, statement)
            case ast.Assign():
                value = evaluate(state, scope, statement.value)
                for target in statement.targets:
                    bind(state, scope, target, value)
            case ast.AnnAssign(value=ast.expr() as written):
                bind(state, scope, statement.target, evaluate(state, scope, written))
            case ast.AugAssign():
                combined = ast.BinOp(statement.target, statement.op, statement.value)
                bind(state, scope, statement.target, evaluate(state, scope, ast.copy_location(combined, statement)))
            case ast.Expr():
                evaluate(state, scope, statement.value)
            case ast.For():
                _loop(state, scope, statement)
            case ast.If():
                _branch(state, scope, statement)
            case ast.With() | ast.Try():
                execute(state, scope, statement.body)
            case ast.FunctionDef():
                scope.names[statement.name] = Function(statement, scope)
            case ast.Return():
                raise Returned(None if statement.value is None else evaluate(state, scope, statement.value))
            case _:
                forget(state, scope, [statement])


def bind(state: State, scope: Scope, target: ast.expr, value: Script) -> None:
    """Give a value to a target of an assignment or a loop."""
    match target:
        case ast.Name():
            scope.names[target.id] = value
            _hint(value, target.id)
        case ast.Tuple() | ast.List():
            _take_apart(state, scope, target.elts, items_of(value))
        case ast.Attribute(attr="trainable"):
            owner = evaluate(state, scope, target.value)
            if isinstance(value, bool) and isinstance(owner, (Sequential, Model)):
                owner.trainable = value
            elif isinstance(value, bool) and isinstance(owner, Layer):
                from dataclasses import replace

                arguments = {**owner.record.arguments, "trainable": value}
                owner.record = replace(owner.record, arguments=arguments)
        case ast.Subscript():
            held, index = evaluate(state, scope, target.value), evaluate(state, scope, target.slice)
            if isinstance(held, dict) and isinstance(index, str):
                held[index] = value


def _take_apart(state: State, scope: Scope, targets: list[ast.expr], items: list[Script] | None) -> None:
    """Give each target its item; one with a star takes what the others leave."""
    star = next((place for place, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    if items is not None and star is not None and len(items) >= len(targets) - 1:
        behind = len(targets) - star - 1
        end = len(items) - behind
        items = [*items[:star], items[star:end], *items[end:]]
    for place, target in enumerate(targets):
        known = items is not None and len(items) == len(targets)
        part = target.value if isinstance(target, ast.Starred) else target
        bind(state, scope, part, items[place] if known and items is not None else Unknown(state.span(part)))


def items_of(value: Script) -> list[Script] | None:
    """Return what a loop over a value goes through, or None if that is not known."""
    if isinstance(value, (list, tuple, range, str)):
        return list(value)
    return list(value) if isinstance(value, dict) else None


def forget(state: State, scope: Scope, statements: Sequence[ast.stmt]) -> None:
    """Make the names unknown that statements bind which are not read."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                scope.names[node.id] = Unknown(state.span(node))
            elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                scope.names[node.name] = Unknown(state.span(node))


def _hint(value: Script, name: str) -> None:
    """Remember what a script calls a value, which names it in the file."""
    if isinstance(value, Tensor):
        if not value.source.hint:
            value.source.hint = name
    elif isinstance(value, (Sequential, Model)) and not value.hint:
        value.hint = name


def _loop(state: State, scope: Scope, loop: ast.For) -> None:
    items = items_of(evaluate(state, scope, loop.iter))
    if items is None:
        forget(state, scope, [loop])
        return
    for item in items:
        bind(state, scope, loop.target, item)
        execute(state, scope, loop.body)


def _branch(state: State, scope: Scope, branch: ast.If) -> None:
    condition = evaluate(state, scope, branch.test)
    if isinstance(condition, Unknown):
        forget(state, scope, [branch])
        return
    execute(state, scope, branch.body if condition else branch.orelse)


def _import(scope: Scope, statement: ast.Import) -> None:
    for alias in statement.names:
        parts = tuple(alias.name.split("."))
        if alias.asname:
            scope.names[alias.asname] = resolved(parts)
        else:
            scope.names[parts[0]] = resolved(parts[:1])


def _import_from(scope: Scope, statement: ast.ImportFrom) -> None:
    parts = tuple((statement.module or "").split(".")) if not statement.level else ("", statement.module or "")
    for alias in statement.names:
        if alias.name == "*":
            scope.stars.append(resolved(parts))
        else:
            scope.names[alias.asname or alias.name] = resolved((*parts, alias.name))
