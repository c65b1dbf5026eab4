"""What an operation is: Keras's arguments as typed fields, a rule for shapes and dtypes, and the code it becomes."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, dataclass_transform

from nndsl.arguments import Choice, Kind, argument
from nndsl.code import Code
from nndsl.dims import Dim
from nndsl.layers.base import FLOATS, INTEGERS, Call, Layer, MaskRule, Order, Sizes, TensorType, layer

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor among the arguments of an operation: the number of the input that it is."""

    number: int

    @property
    def described(self) -> str:
        """What messages call it."""
        return "a tensor"


Operand: TypeAlias = "Input | int | float | Dim"
"""A tensor or a number."""


class TensorKind(Kind):
    """A tensor."""

    description = "a tensor"

    def read(self, value: object) -> Input:
        """Return the number of the tensor."""
        if not isinstance(value, Input):
            raise self.refuse(value, help=_help(value))
        return value


class OperandKind(Kind):
    """A tensor or a number, which may be a symbolic size."""

    description = "a tensor or a number"

    def read(self, value: object) -> Operand:
        """Return the number of the tensor, or the number itself."""
        if isinstance(value, bool) or not isinstance(value, (Input, Dim, int, float)):
            raise self.refuse(value, help=_help(value))
        return value


class TensorsKind(Kind):
    """A list of tensors."""

    description = "a list of tensors"

    def read(self, value: object) -> tuple[Input, ...]:
        """Return the numbers of the tensors."""
        if not isinstance(value, (list, tuple)) or not value or not all(isinstance(item, Input) for item in value):
            raise self.refuse(value, help="write `[a, b]`" if isinstance(value, Input) else _help(value))
        return tuple(value)


def _help(value: object) -> str:
    return "apply it first: `layer(x)`" if str(getattr(value, "described", "")).startswith("the layer") else ""


def tensor() -> Any:
    """Declare a tensor."""
    return argument(TensorKind())


def operand() -> Any:
    """Declare a tensor or a number."""
    return argument(OperandKind())


def tensors() -> Any:
    """Declare a list of tensors."""
    return argument(TensorsKind())


def dtype(*, optional: bool = True) -> Any:
    """Declare a dtype; none stands for the one that follows from the arguments."""
    if optional:
        return argument(Choice((*FLOATS, *INTEGERS, None)), None)
    return argument(Choice((*FLOATS, *INTEGERS)))


@dataclass_transform(frozen_default=True, kw_only_default=False, field_specifiers=(argument, tensor, operand, tensors))
def op(declared: type[Any]) -> type[Any]:
    """Make a class with annotated fields an operation: a frozen dataclass with slots."""
    return dataclasses.dataclass(frozen=True, slots=True)(declared)


@op
class Op:
    """The base of all operations: the arguments of ``keras.ops`` in their order, as fields.

    The tensors among them are fields that hold an ``Input``. Axes count the batch, as in Keras; what reduces, moves or
    mixes it is refused (E0428). What has no batch is taken as it is.
    """

    namespace: ClassVar[str] = ""
    """What stands between ``ops.`` and the name."""
    variadic: ClassVar[bool] = False
    """Whether the last argument takes all that are left by position."""
    creates: ClassVar[bool] = False
    """Whether it can do without a tensor, and makes one that has no batch."""
    gives_list: ClassVar[bool] = False
    """Whether the result is a list of tensors even where it holds one."""

    @classmethod
    def called(cls) -> str:
        """Return how a file writes its name: ``ops.log_softmax``."""
        return f"ops.{cls.namespace}{_CAPITAL.sub('_', cls.__name__).lower()}"

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType | tuple[TensorType, ...]:
        """Return the type of the result, or of each; raise LayerError for tensors that it cannot take."""
        raise NotImplementedError

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """Return the expression of the result, or one for each of several."""
        raise NotImplementedError

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Return the order of axes in which it wants its tensors (see ``Layer``); the default is the logical one."""
        return tuple(range(inputs[0].rank))


class OpKind(Kind):
    """What the elaborator has bound."""

    def read(self, value: object) -> Any:
        """Return the operation."""
        return value


@layer
class Operation(Layer):
    """An operation in a graph: the hidden layer that ``ops.name(…)`` becomes. Masks stop there, as in Keras."""

    takes_any_float: ClassVar[bool] = True

    op: Op = argument(OpKind())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """What the operation gives."""
        return self.op.infer(sizes, *inputs)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The operation's code."""
        return self.op.forward(call)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """What the operation wants."""
        return self.op.wanted_order(*inputs)


@layer
class Creation(Operation):
    """An operation that takes no tensor: its one input says no more than on which device the new one is."""

    masks: ClassVar[MaskRule] = "ends"
