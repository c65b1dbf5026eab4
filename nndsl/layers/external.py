"""Layers that are written in Python: each ``extern`` of a file makes a class of layers from the signature in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, describe
from nndsl.code import Code, as_code, code, join, literal
from nndsl.dims import Size, solve_axes, substitute
from nndsl.layers.base import FLOATS, Build, Call, Layer, LayerError, MaskRule, Masks, Sizes, TensorType, layer
from nndsl.layers.refusals import shown


@dataclass(frozen=True, slots=True)
class Rule:
    """What an extern says of an input or an output, the values of its parameters put in.

    ``sizes`` are those behind any leading ones where ``leading``; without sizes an input may be of any shape.
    ``dtype`` is the one that is written.
    """

    sizes: tuple[Size, ...] | None = None
    leading: bool = False
    dtype: str | None = None

    def __str__(self) -> str:
        sizes = self.sizes if self.sizes is not None else ()
        return shown(("N", *(("...",) if self.leading or self.sizes is None else ()), *sizes))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Constant:
    """An argument for Python, and how Python writes it: 1, 1.0 and true are three."""

    value: Any = field(compare=False)
    text: str

    def __repr__(self) -> str:
        return self.text


def constant(value: object) -> Constant:
    """Return a value of the language as an argument for Python. Raises ArgumentError for what cannot be one."""
    try:
        return Constant(value, _written(value))
    except TypeError:
        takes = "a number, a string, `true`, `false`, `none`, or a list, tuple or dict of these"
        raise ArgumentError("E0302", f"must be {takes}, not {describe(value)}") from None


def _written(value: object) -> str:
    """Return a constant as Python writes it. Raises TypeError for anything else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple, range)):
        inner = ", ".join(map(_written, value))
        return f"({inner}{',' * (len(value) == 1)})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, float):
        return literal(float(value)).text
    return repr(int(value)) if type(value) is not bool and isinstance(value, int) else literal(value).text


def _coded(value: Any, word: str) -> Code:
    """Return a constant as code whose numbers are holes, so that calls that differ in numbers alone are alike."""
    if isinstance(value, dict):
        return _enclosed("{", [code("{}: {}", _coded(key, ""), _coded(item, "")) for key, item in value.items()], "}")
    if isinstance(value, (list, range)):
        return _enclosed("[", [_coded(item, word) for item in value], "]")
    if isinstance(value, tuple):
        return _enclosed("(", [_coded(item, word) for item in value], ",)" if len(value) == 1 else ")")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return as_code(value, word) if is_number else literal(value)


def _enclosed(opener: str, items: list[Code], closer: str) -> Code:
    return code("{}{}{}", opener, join(", ", items), closer)


@layer
class PythonLayer(Layer):
    """A layer of Python: its shapes are those of its ``extern``, its weights are not known."""

    can_hold_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "ends"

    module: ClassVar[str] = ""
    """The full name of the Python module."""
    imported: ClassVar[str] = ""
    """The name of the class in it."""
    alias: ClassVar[str] = ""
    """The name of the class in the file."""

    arguments: tuple[tuple[str, Constant], ...] = field(default=(), kw_only=True)
    """What the class is constructed with, all of it by name."""
    takes: tuple[Rule, ...] = field(default=(), compare=False, repr=False, kw_only=True)
    gives: tuple[Rule, ...] = field(default=(), compare=False, repr=False, kw_only=True)

    def accepted(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Floats arrive in the dtype that is written, else in the compute dtype."""
        accepted = list(Layer.accepted(self, *inputs))
        for number, (rule, x) in enumerate(zip(self.takes, accepted, strict=False)):
            if rule.dtype in FLOATS and x.is_float:
                accepted[number] = x.with_dtype(rule.dtype or x.dtype)
        return tuple(accepted)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """The shapes of the outputs, the symbols bound to what comes in."""
        front, values = self._bound(sizes, inputs)
        given = ", ".join(shown(x.shape) for x in inputs)
        types = []
        for rule in self.gives:
            behind = tuple(substitute(size, values) for size in rule.sizes or ())
            shape = (inputs[0].shape[0], *(front if rule.leading else ()), *behind)
            for size in behind:
                message = f"`{self.alias}` of {given} would give {shown(shape)}"
                sizes.require(size, 1, LayerError("E0420", message))
            types.append(TensorType(shape, rule.dtype or inputs[0].dtype))
        return tuple(types) if len(types) > 1 else types[0]

    def _bound(self, sizes: Sizes, inputs: tuple[TensorType, ...]) -> tuple[tuple[Size, ...], Mapping[str, Size]]:
        """Return the leading sizes, and the values of the symbols; raise E0420 or E0405 for what does not fit."""
        front: tuple[Size, ...] | None = None
        actual: dict[str, tuple[Size, ...]] = {}
        declared: dict[str, tuple[Size, ...]] = {}
        for number, (rule, x) in enumerate(zip(self.takes, inputs, strict=True)):
            if rule.dtype is not None and rule.dtype != x.dtype:
                message = f"`{self.alias}` takes {rule.dtype}, and its input is {x.dtype}"
                raise LayerError("E0405", message, input=number)
            if rule.sizes is None:
                continue
            leading = x.rank - 1 - len(rule.sizes)
            if leading < 0 or (leading and not rule.leading):
                raise self._misfit(number, x)
            if rule.leading:
                here = x.shape[1 : 1 + leading]
                if front is not None and not (len(here) == len(front) and _same(sizes, here, front)):
                    raise self._misfit(number, x)
                front = here if front is None else front
            declared[str(number)], actual[str(number)] = rule.sizes, x.shape[1 + leading :]
        values: dict[str, Size] = {}
        axes = solve_axes(declared)
        for binding in axes.bindings:
            size = actual[binding.input][binding.axis]
            number = int(binding.input)
            sizes.require(size, binding.scale + binding.offset, self._misfit(number, inputs[number]))
            values[binding.symbol] = binding.size(size)
        for check in axes.checks:
            number = int(check.input)
            if not sizes.same(substitute(check.size, values), actual[check.input][check.axis]):
                raise self._misfit(number, inputs[number])
        return front or (), values

    def _misfit(self, number: int, x: TensorType) -> LayerError:
        which = f"`{self.input_names[number]}`" if len(self.takes) > 1 else "its input"
        message = f"`{self.alias}` takes {self.takes[number]}, and {which} is {shown(x.shape)}"
        return LayerError("E0420", message, input=number)

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """None: Python's layers know of no masks. Raises the warning that says so."""
        message = f"`{self.alias}` counts masked steps like all others: a layer of Python is given no mask"
        help = "if that is meant, leave out the `mask_zero` or `Masking` that makes it"
        raise LayerError("W0402", message, help=help, input=next(i for i, mask in enumerate(given.masks) if mask))

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The class with its arguments by name."""
        called = context.imported(self.module, self.imported, self.alias)
        arguments = [code(name + "={}", _coded(each.value, name)) for name, each in self.arguments]
        return code("{}({})", called, join(", ", arguments))

    def forward(self, call: Call) -> Code:
        """The module on the inputs, whatever it gives."""
        return code("{}({})", call.module, join(", ", list(call.inputs)))


def _same(sizes: Sizes, first: Iterable[Size], second: Iterable[Size]) -> bool:
    return all(sizes.same(one, other) for one, other in zip(first, second, strict=True))


def python_layer(module: str, imported: str, alias: str, inputs: tuple[str, ...]) -> type[PythonLayer]:
    """Return the class of layers for an extern; ``inputs`` are the names of its inputs."""
    from nndsl.layers import find

    namespace = {
        "__slots__": (),
        "module": module,
        "imported": imported,
        "alias": alias,
        "least_inputs": len(inputs),
        "most_inputs": len(inputs),
        "input_names": inputs,
    }
    # What hides a layer of the library is no such layer, wherever these are told by their names.
    return type(f"{alias} of {module}" if find(alias) is not None else alias, (PythonLayer,), namespace)
