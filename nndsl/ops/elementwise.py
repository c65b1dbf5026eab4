"""Operations that give each value of one tensor another one."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import Integer, argument, flag
from nndsl.code import Code, code
from nndsl.layers.base import Call, Order, Sizes, TensorType
from nndsl.ops.base import Input, Op, op, tensor
from nndsl.ops.checks import in_dtype, need_floats, need_numbers


@op
class Unary(Op):
    """What these operations share; integers and bools stay what they are."""

    template: ClassVar[str] = ""

    x: Input = tensor()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        need_numbers(self, inputs)
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """The function."""
        return code(self.template, call.inputs[0])

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class Floating(Unary):
    """Functions that give floats, also of integers and bools."""

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        return inputs[0] if inputs[0].is_float else inputs[0].with_dtype("float32")


@op
class OfFloats(Unary):
    """Functions that PyTorch has for floats alone."""

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        need_floats(self, inputs[0])
        return inputs[0]


@op
class Negative(Unary):
    """-x."""

    template: ClassVar[str] = "-{}"


@op
class Abs(Unary):
    """The absolute values."""

    template: ClassVar[str] = "{}.abs()"


@op
class Sign(Unary):
    """-1, 0 or 1, by the sign."""

    template: ClassVar[str] = "{}.sign()"


@op
class Square(Unary):
    """x * x."""

    template: ClassVar[str] = "{}.square()"


@op
class Relu(Unary):
    """x where it is positive, else 0."""

    template: ClassVar[str] = "F.relu({})"


@op
class Exp(Floating):
    """e to the power of x."""

    template: ClassVar[str] = "{}.exp()"


@op
class Expm1(Floating):
    """exp(x) - 1, exact near 0."""

    template: ClassVar[str] = "{}.expm1()"


@op
class Log(Floating):
    """The natural logarithm."""

    template: ClassVar[str] = "{}.log()"


@op
class Log1p(Floating):
    """log(1 + x), exact near 0."""

    template: ClassVar[str] = "{}.log1p()"


@op
class Sqrt(Floating):
    """The square root."""

    template: ClassVar[str] = "{}.sqrt()"


@op
class Rsqrt(Floating):
    """1 / sqrt(x)."""

    template: ClassVar[str] = "{}.rsqrt()"


@op
class Sin(Floating):
    """The sine of angles in radians."""

    template: ClassVar[str] = "{}.sin()"


@op
class Cos(Floating):
    """The cosine of angles in radians."""

    template: ClassVar[str] = "{}.cos()"


@op
class Tanh(Floating):
    """The hyperbolic tangent."""

    template: ClassVar[str] = "{}.tanh()"


@op
class Erf(Floating):
    """The error function."""

    template: ClassVar[str] = "{}.erf()"


@op
class Sigmoid(Floating):
    """1 / (1 + exp(-x))."""

    template: ClassVar[str] = "{}.sigmoid()"


@op
class Silu(OfFloats):
    """x * sigmoid(x)."""

    template: ClassVar[str] = "F.silu({})"


@op
class Softplus(OfFloats):
    """log(1 + exp(x))."""

    template: ClassVar[str] = "F.softplus({})"


@op
class Gelu(OfFloats):
    """x times the normal distribution's share below x; by its tanh formula unless ``approximate`` is false."""

    approximate: bool = flag(True)

    def forward(self, call: Call) -> Code:
        """F.gelu."""
        return code('F.gelu({}, approximate="tanh")' if self.approximate else "F.gelu({})", call.inputs[0])


@op
class Floor(Floating):
    """The largest integer that is not above x, as a float."""

    template: ClassVar[str] = "{}.floor()"

    def forward(self, call: Call) -> Code:
        """x.floor(); of integers x as floats."""
        (x,) = call.types
        value = in_dtype(call.inputs[0], x.dtype, call.outputs[0].dtype)
        return code(self.template, value) if x.is_float else value


@op
class Ceil(Floor):
    """The smallest integer that is not below x, as a float."""

    template: ClassVar[str] = "{}.ceil()"


@op
class Round(Unary):
    """The nearest number with ``decimals`` places behind the point; a half goes to the even one."""

    decimals: int = argument(Integer(-300, 300), default=0)

    def forward(self, call: Call) -> Code:
        """x.round(); integers are rounded as floats."""
        (x,) = call.types
        value = call.inputs[0] if x.is_float else in_dtype(call.inputs[0], x.dtype, "float32")
        rounded = code("{}.round(decimals={})", value, self.decimals) if self.decimals else code("{}.round()", value)
        return rounded if x.is_float else in_dtype(rounded, "float32", x.dtype)
