"""The binding of written arguments to the fields of a layer or recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import Field
from functools import cache
from typing import Any, TypeVar, cast

from nndsl.arguments import ArgumentError, Kind, is_required, kind_of, parameters

Declared = TypeVar("Declared")


class BindingError(ArgumentError):
    """Arguments that do not fit what they are given to; the message is whole.

    ``path`` leads to what is to blame, from outside in: the index of a written argument or of an item of a list, then
    that of an argument of the recipe written there, and so on. The empty path is the call itself. ``name`` is the
    parameter that is meant, or empty. ``others`` are what is wrong with other arguments of the same call.
    """

    others: tuple[BindingError, ...] = ()

    def __init__(self, code: str, message: str, help: str = "", *, path: tuple[int, ...] = (), name: str = "") -> None:
        super().__init__(code, message, help)
        self.path = path
        self.name = name


def bind(declared: type[Declared], arguments: Sequence[tuple[str | None, Any]], name: str = "") -> Declared:
    """Return the layer or recipe for written arguments, pairs of a name (None by position) and a value.

    ``name`` is what the file calls it. Raises BindingError: E0205 no such argument, E0206 given twice, E0301 missing,
    and the code of the kind for a value that an argument cannot take.
    """
    called = name or declared.__name__
    fields, positional, required, rest = _signature(cast("Any", declared))
    errors: list[BindingError] = []
    given: dict[str, int] = {}
    for index, (written, _) in enumerate(arguments):
        try:
            target = written if rest and written else _target(called, fields, positional, index, written)
        except BindingError as error:
            errors.append(error)
            continue
        if target in given:
            message = f"`{target}` of `{called}` is given twice"
            errors.append(BindingError("E0206", message, path=(index,), name=target))
        given[target] = index
    missing = [name for name in required if name not in given]
    if missing and not errors:  # else a name that is not known may be meant for it
        listed = " and ".join(f"`{item}`" for item in missing)
        example = ", ".join(f"{item}=…" for item in missing)
        raise BindingError("E0301", f"`{called}` needs {listed}", f"write `{called}({example})`", name=missing[0])
    values: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for target, index in given.items():
        kind = kind_of(fields[target]) if target in fields else cast("Field[Any]", rest).metadata["rest"]
        held = values if target in fields else others
        try:
            held[target] = read_at(kind, target, arguments[index][1], index)
        except BindingError as error:
            errors.append(error)
    if errors:
        first, *more = sorted(errors, key=lambda error: error.path)
        first.others = tuple(more)
        raise first
    if rest is not None:
        values[rest.name] = tuple(others.items())
    return declared(**values)


@cache
def _signature(
    declared: Any,
) -> tuple[dict[str, Field[Any]], tuple[str, ...], tuple[str, ...], Field[Any] | None]:
    """Return the arguments of a class: all, those that may be given by position, the required ones, and the rest."""
    fields = parameters(declared)
    return (
        {field.name: field for field in fields},
        tuple(field.name for field in fields if not field.kw_only),
        tuple(field.name for field in fields if is_required(field)),
        next((field for field in dataclasses.fields(declared) if "rest" in field.metadata), None),
    )


def read_at(kind: Kind, name: str, value: object, index: int) -> Any:
    """Return what a kind makes of the value of the argument ``name``; ``index`` begins the path of an error."""
    try:
        return kind.read(value)
    except BindingError as error:
        raise BindingError(error.code, error.message, error.help, path=(index, *error.path), name=error.name) from error
    except ArgumentError as error:
        message = f"`{name}` {error.message}"
        raise BindingError(error.code, message, error.help, path=(index,), name=name) from error


def _target(
    called: str, fields: dict[str, Field[Any]], positional: tuple[str, ...], index: int, written: str | None
) -> str:
    """Return the parameter that a written argument is for."""
    if written is None:
        if index < len(positional):
            return positional[index]
        count = {0: "no arguments", 1: "one argument"}.get(len(positional), f"{len(positional)} arguments")
        help = "" if positional else f"what it is applied to stands behind its brackets: `{called}()(…)`"
        raise BindingError("E0205", f"`{called}` takes {count} by position, and this is one more", help, path=(index,))
    if written in fields:
        return written
    from nndsl.suggestions import suggest

    help = suggest(written, fields, "argument")
    raise BindingError("E0205", f"`{called}` has no argument `{written}`", help, path=(index,), name=written)
