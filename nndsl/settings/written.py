"""A setting as it was written, and the report of what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nndsl.arguments import ArgumentError, Kind
from nndsl.binding import BindingError
from nndsl.diagnostics import Diagnostic, Note, Span
from nndsl.dims import Size
from nndsl.syntax import nodes


class Written(NamedTuple):
    """``name = value``: the value as the language has it, the span of the whole and of the value.

    ``expression`` is the value's syntax, if it is at hand: then messages point into it.
    """

    name: str
    value: object
    span: Span
    value_span: Span
    expression: nodes.Expression | None = None


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """An output of a model, as its settings see it.

    ``activation`` is Keras's name of what the output ends in (``"linear"`` for a Dense without one), or None where that
    is unknown. ``size`` is that of the last axis. ``span`` is the place of the layer that gives it. ``rank`` counts the
    batch.
    """

    name: str
    activation: str | None = None
    size: Size | None = None
    span: Span | None = None
    rank: int | None = None
    dtype: str | None = None


class Report:
    """The diagnostics of one block."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def add(
        self,
        code: str,
        message: str,
        setting: Written,
        path: Sequence[int] = (),
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        """Record a diagnostic about what ``path`` leads to in the value of a setting."""
        span = setting.value_span if setting.expression is None else span_at(setting.expression, path)
        self.diagnostics.append(Diagnostic(code, message, span, notes=notes, help=help))

    def read(
        self, kind: Kind, setting: Written, value: object, path: tuple[int, ...] = (), otherwise: Any = None
    ) -> Any:
        """Return what a kind makes of a value, or ``otherwise`` after a diagnostic."""
        try:
            return kind.read(value)
        except BindingError as error:
            self.add(error.code, error.message, setting, (*path, *error.path), error.help)
        except ArgumentError as error:
            self.add(error.code, f"`{setting.name}` {error.message}", setting, path, error.help)
        return otherwise


def span_at(expression: nodes.Expression, path: Sequence[int]) -> Span:
    """Return the span that a path of indexes (``BindingError.path``) leads to in an expression, as far as it leads."""
    span = expression.span
    for index in path:
        if isinstance(expression, nodes.Call) and index < len(expression.arguments):
            span = expression.arguments[index].span
            expression = expression.arguments[index].value
        elif isinstance(expression, (nodes.List, nodes.Tuple)) and index < len(expression.items):
            expression = expression.items[index]
            span = expression.span
        elif isinstance(expression, nodes.Dict) and index < len(expression.pairs):
            span = expression.pairs[index].span
            expression = expression.pairs[index].value
        else:
            break
    return span
