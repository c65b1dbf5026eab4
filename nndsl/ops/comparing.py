"""Operations that compare, and choose: they give or take bools."""

from __future__ import annotations

from typing import ClassVar

from nndsl.code import Code, code
from nndsl.layers.base import Call, Order, Sizes, TensorType
from nndsl.ops.arithmetic import Binary
from nndsl.ops.base import Input, Op, Operand, op, operand, tensor
from nndsl.ops.checks import broadcast, dtype_of, in_dtype, result_type, written

_FUNCTIONS = {
    "{} == {}": "torch.eq({}, {})",
    "{} != {}": "torch.ne({}, {})",
    "{} > {}": "torch.gt({}, {})",
    "{} >= {}": "torch.ge({}, {})",
    "{} < {}": "torch.lt({}, {})",
    "{} <= {}": "torch.le({}, {})",
}


@op
class Comparison(Binary):
    """What comparisons share."""

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which both broadcast, bools."""
        shape, batched = broadcast(self, sizes, inputs)
        return TensorType(shape, "bool", batched)

    def operands(self, call: Call) -> tuple[Code, Code]:
        """Both as they are."""
        return written(self.x1, call), written(self.x2, call)

    def forward(self, call: Call) -> Code:
        """The operator, or for a tensor and itself the function: ``x == x`` looks like a mistake."""
        first, second = self.operands(call)
        return code(_FUNCTIONS[self.template] if first == second else self.template, first, second)


@op
class Equal(Comparison):
    """Where x1 is x2."""

    template: ClassVar[str] = "{} == {}"


@op
class NotEqual(Comparison):
    """Where x1 is not x2."""

    template: ClassVar[str] = "{} != {}"


@op
class Greater(Comparison):
    """Where x1 is above x2."""

    template: ClassVar[str] = "{} > {}"


@op
class GreaterEqual(Comparison):
    """Where x1 is not below x2."""

    template: ClassVar[str] = "{} >= {}"


@op
class Less(Comparison):
    """Where x1 is below x2."""

    template: ClassVar[str] = "{} < {}"


@op
class LessEqual(Comparison):
    """Where x1 is not above x2."""

    template: ClassVar[str] = "{} <= {}"


@op
class LogicalAnd(Op):
    """Where both are true; a number is true if it is not 0."""

    operator: ClassVar[str] = "&"

    x1: Input = tensor()
    x2: Input = tensor()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which both broadcast, bools."""
        shape, batched = broadcast(self, sizes, inputs)
        return TensorType(shape, "bool", batched)

    def forward(self, call: Call) -> Code:
        """The operator of bools."""
        first, second = (
            in_dtype(call.inputs[each.number], call.types[each.number].dtype, "bool") for each in (self.x1, self.x2)
        )
        return code("{} " + self.operator + " {}", first, second)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class LogicalOr(LogicalAnd):
    """Where one of both is true; a number is true if it is not 0."""

    operator: ClassVar[str] = "|"


@op
class LogicalNot(Op):
    """Where x is false; a number is false if it is 0."""

    x: Input = tensor()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …), bools."""
        return inputs[0].with_dtype("bool")

    def forward(self, call: Call) -> Code:
        """~x of bools, x == 0 of numbers."""
        return code("~{}" if call.types[0].dtype == "bool" else "{} == 0", call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class Where(Op):
    """x1 where the condition is true, else x2."""

    condition: Input = tensor()
    x1: Operand = operand()
    x2: Operand = operand()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape to which all broadcast."""
        shape, batched = broadcast(self, sizes, inputs)
        return TensorType(shape, result_type(dtype_of(self.x1, inputs), dtype_of(self.x2, inputs)), batched)

    def forward(self, call: Call) -> Code:
        """torch.where(…)."""
        dtype = call.outputs[0].dtype
        condition = in_dtype(call.inputs[self.condition.number], call.types[self.condition.number].dtype, "bool")
        values = []
        for each in (self.x1, self.x2):
            value: Code = code("{}", each) if not isinstance(each, Input) else call.inputs[each.number]
            values.append(in_dtype(value, call.types[each.number].dtype, dtype) if isinstance(each, Input) else value)
        chosen = code("torch.where({}, {}, {})", condition, *values)
        numbers = not isinstance(self.x1, Input) and not isinstance(self.x2, Input)
        return in_dtype(chosen, "int64" if dtype == "int32" and numbers else dtype, dtype)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None
