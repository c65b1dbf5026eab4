"""Operations on two tensors, or a tensor and a number, value by value; they broadcast from the right."""

from __future__ import annotations

from typing import ClassVar

from nndsl.code import Code, code
from nndsl.dims import Dim
from nndsl.layers.base import Call, LayerError, Order, Sizes, TensorType
from nndsl.ops.base import Input, Op, Operand, op, operand, tensor
from nndsl.ops.checks import broadcast, dtype_of, in_dtype, need_numbers, result_type, written


@op
class Binary(Op):
    """What these operations share."""

    template: ClassVar[str] = ""

    x1: Operand = operand()
    x2: Operand = operand()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which both broadcast."""
        if isinstance(self.x1, Input) and isinstance(self.x2, Input):
            need_numbers(self, inputs)
        shape, batched = broadcast(self, sizes, inputs)
        return TensorType(shape, self.dtype(inputs), batched)

    def dtype(self, inputs: tuple[TensorType, ...]) -> str:
        """The dtype of the result."""
        return result_type(dtype_of(self.x1, inputs), dtype_of(self.x2, inputs))

    def forward(self, call: Call) -> Code:
        """The operator."""
        return code(self.template, *self.operands(call))

    def operands(self, call: Call) -> tuple[Code, Code]:
        """Return both, in the dtype of the result where PyTorch would choose another one."""
        return promoted(call, self.x1), promoted(call, self.x2)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


def promoted(call: Call, each: Operand) -> Code:
    """Return a tensor or number; a tensor in the dtype of the result where PyTorch would not make it that.

    PyTorch counts a tensor without axes, or a truth value that meets an integer, for less than Keras does.
    """
    value = written(each, call)
    if not isinstance(each, Input):
        return value
    dtypes = [x.dtype for x in call.types]
    plain = len(set(dtypes)) == 1 and dtypes[0] != "bool"
    if plain or (len(dtypes) > 1 and all(x.rank for x in call.types)):
        return value
    return in_dtype(value, dtypes[each.number], call.outputs[0].dtype)


@op
class Add(Binary):
    """x1 + x2, without the masks that ``+`` takes along."""

    template: ClassVar[str] = "{} + {}"


@op
class Subtract(Binary):
    """x1 - x2, without the masks that ``-`` takes along."""

    template: ClassVar[str] = "{} - {}"

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which both broadcast; bools, which PyTorch does not subtract, are refused."""
        for x in inputs:
            need_numbers(self, [x])
        return Binary.infer(self, sizes, *inputs)


@op
class Multiply(Binary):
    """x1 * x2, without the masks that ``*`` takes along."""

    template: ClassVar[str] = "{} * {}"


@op
class Divide(Binary):
    """x1 / x2, of integers too a float."""

    template: ClassVar[str] = "{} / {}"

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which both broadcast."""
        if isinstance(self.x2, (int, float)) and self.x2 == 0:
            raise LayerError("E0312", "a division by zero", argument="x2", input=None)
        return Binary.infer(self, sizes, *inputs)

    def dtype(self, inputs: tuple[TensorType, ...]) -> str:
        """A float."""
        return result_type(dtype_of(self.x1, inputs), dtype_of(self.x2, inputs), "float")


@op
class Power(Binary):
    """x1 to the power of x2."""

    template: ClassVar[str] = "{} ** {}"

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which both broadcast."""
        found = Binary.infer(self, sizes, *inputs)
        if not found.is_float and isinstance(self.x2, int) and self.x2 < 0:
            help = "write a float: `-1.0`"
            message = f"`{self.called()}` of integers takes no negative power"
            raise LayerError("E0303", message, help=help, argument="x2")
        return found


@op
class Maximum(Binary):
    """The larger of two, value by value."""

    function: ClassVar[str] = "maximum"
    bound: ClassVar[str] = "min"

    def forward(self, call: Call) -> Code:
        """torch.maximum; x.clamp(min=…) with a number."""
        first, second = self.operands(call)
        if isinstance(self.x1, Input) and isinstance(self.x2, Input):
            return code(f"torch.{self.function}({{}}, {{}})", first, second)
        value, number = (first, self.x2) if isinstance(self.x1, Input) else (second, self.x1)
        assert not isinstance(number, Input)
        return code(f"{{}}.clamp({self.bound}={{}})", value, number)


@op
class Minimum(Maximum):
    """The smaller of two, value by value."""

    function: ClassVar[str] = "minimum"
    bound: ClassVar[str] = "max"


@op
class Clip(Op):
    """x, but ``x_min`` where it is below that, and ``x_max`` where it is above that."""

    x: Input = tensor()
    x_min: Operand = operand()
    x_max: Operand = operand()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which the tensor and its bounds broadcast."""
        need_numbers(self, inputs[:1])
        shape, batched = broadcast(self, sizes, inputs)
        dtype = result_type(*(dtype_of(each, inputs) for each in (self.x, self.x_min, self.x_max)))
        return TensorType(shape, dtype, batched)

    def forward(self, call: Call) -> Code:
        """x.clamp(…); PyTorch takes two numbers or two tensors, so that one of each are two functions."""
        x, least, most = (promoted(call, each) for each in (self.x, self.x_min, self.x_max))
        if isinstance(self.x_min, Input) == isinstance(self.x_max, Input):
            return code("{}.clamp({}, {})", x, self._bound(least, self.x_min), self._bound(most, self.x_max))
        if isinstance(self.x_min, Input):
            return code("{}.clamp(min={}).clamp(max={})", x, least, self._bound(most, self.x_max))
        return code("{}.clamp(min={}).clamp(max={})", x, self._bound(least, self.x_min), most)

    def _bound(self, value: Code, bound: Operand) -> Code | int | float | Dim:
        return value if isinstance(bound, Input) else bound

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None
