"""Operations along axes that keep them: softmax, cumsum, normalize, top_k."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import Axes, Decimal, argument, flag, integer, number
from nndsl.code import Code, code
from nndsl.layers.base import Call, LayerError, Order, Sizes, TensorType
from nndsl.ops.base import Input, Op, dtype, op, tensor
from nndsl.ops.checks import axes_code, inner_axes, inner_axis, need_floats, product


@op
class Softmax(Op):
    """exp(x) over its sum along an axis, or several."""

    function: ClassVar[str] = "softmax"

    x: Input = tensor()
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=-1)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_floats(self, x)
        inner_axes(self, self.axis, x, "mixes")
        return x

    def forward(self, call: Call) -> Code:
        """x.softmax(…); without an axis that of all values, along several by their logsumexp."""
        x = call.inputs[0]
        if self.axis is None:
            return code(f"{{}}.flatten().{self.function}(0).view_as({{}})", x, x)
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if len(axes) == 1:
            return code(f"{{}}.{self.function}({call.axis(axes[0])})", x)
        logarithms = code("{} - {}.logsumexp({}, keepdim=True)", x, x, axes_code([call.axis(axis) for axis in axes]))
        return code("torch.exp({})", logarithms) if self.function == "softmax" else logarithms

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class LogSoftmax(Softmax):
    """The logarithm of softmax, without overflow."""

    function: ClassVar[str] = "log_softmax"


@op
class Cumsum(Op):
    """The sums of all values up to each, along an axis; without one, of the values laid out in a row."""

    x: Input = tensor()
    axis: int | None = argument(Axes(optional=True), default=None)
    dtype: str | None = dtype()

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …); bools become int32."""
        (x,) = inputs
        inner_axes(self, self.axis, x, "mixes")
        wanted = self.dtype or x.dtype
        found = x.with_dtype("int32" if wanted == "bool" else wanted)
        if self.axis is not None:
            return found
        return found.with_shape(product(x.shape))

    def forward(self, call: Call) -> Code:
        """x.cumsum(…)."""
        wanted = call.outputs[0].dtype
        own = call.types[0].dtype == wanted and (call.types[0].is_float or wanted == "int64")
        value = call.inputs[0] if self.axis is not None else code("{}.flatten()", call.inputs[0])
        axis = call.axis(self.axis) if self.axis is not None else 0
        return code(f"{{}}.cumsum({axis}{'' if own else f', dtype=torch.{wanted}'})", value)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any, but for values in a row."""
        return None if self.axis is not None else tuple(range(inputs[0].rank))


@op
class Normalize(Op):
    """x over its norm along an axis, which is at least ``epsilon`` (1e-7 if it is not given)."""

    x: Input = tensor()
    axis: int | tuple[int, ...] = argument(Axes(several=True), default=-1)
    order: float | int = number(2)
    epsilon: float | None = argument(Decimal(0, optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_floats(self, x)
        axes = inner_axes(self, self.axis, x, "mixes")
        if len(axes) > 1 and self.order != 2:
            message = f"`{self.called()}` over several axes has order 2, not {self.order}"
            raise LayerError("E0303", message, argument="order")
        return x

    def forward(self, call: Call) -> Code:
        """F.normalize(…)."""
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        axes = axes_code([call.axis(axis) for axis in given])
        order = code("p={}, ", self.order) if self.order != 2 else Code("")
        epsilon = 1e-7 if self.epsilon is None else self.epsilon
        return code("F.normalize({}, {}dim={}, eps={})", call.inputs[0], order, axes, epsilon)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@op
class TopK(Op):
    """The ``k`` largest values along the last axis, and their places (int32): ``values, places = ops.top_k(x, 3)``."""

    x: Input = tensor()
    k: int = integer()
    sorted: bool = flag(True)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> tuple[TensorType, ...]:
        """(N, …, n) -> (N, …, k), twice."""
        (x,) = inputs
        inner_axis(self, -1, x, "mixes")
        message = f"`{self.called()}` takes {self.k} of the last axis, which has {x.shape[-1]}"
        sizes.require(x.shape[-1], self.k, LayerError("E0409", message, argument="k"))
        found = x.with_shape(*x.shape[:-1], self.k)
        return found, found.with_dtype("int32")

    def forward(self, call: Call) -> tuple[Code, ...]:
        """x.topk(…)."""
        values, indices = call.local("values"), call.local("indices")
        rest = "" if self.sorted else ", sorted=False"
        call.statement(code(f"{values}, {indices} = {{}}.topk({{}}{rest})", call.inputs[0], self.k))
        return Code(values), code("{}.to(torch.int32)", indices)
