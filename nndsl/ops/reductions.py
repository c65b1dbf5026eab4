"""Operations that make one value of all along some axes. Without an axis they take all, which a batch forbids."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import ArgumentError, Axes, Decimal, Kind, argument, describe, flag
from nndsl.code import Code, code
from nndsl.dims import Size
from nndsl.layers.base import Call, LayerError, Order, Sizes, TensorType
from nndsl.ops.base import Input, Op, dtype, op, tensor
from nndsl.ops.checks import axes_code, axis_of, in_dtype, inner_axes, need_floats


@op
class Reduction(Op):
    """What these operations share."""

    x: Input = tensor()
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
    keepdims: bool = flag(False)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The other axes; with ``keepdims`` those that were reduced are 1."""
        (x,) = inputs
        axes = self.axes(x)
        shape: list[Size] = []
        for place, size in enumerate(x.shape):
            if place not in axes:
                shape.append(size)
            elif self.keepdims:
                shape.append(1)
        return TensorType(tuple(shape), self.dtype_of(x), x.batched)

    def axes(self, x: TensorType) -> tuple[int, ...]:
        """The axes, counted from the front."""
        return inner_axes(self, self.axis, x, "reduces")

    def dtype_of(self, x: TensorType) -> str:
        """The dtype of the result."""
        return x.dtype

    def arguments(self, call: Call, *others: str) -> Code:
        """Return what stands in the brackets of a method: the axes and the rest, as far as it must."""
        parts = [] if self.axis is None else [self.axes_text(call)]
        parts += others
        if self.keepdims and self.axis is None:
            parts.insert(0, f"tuple(range({call.types[0].rank}))")
        if self.keepdims:
            parts.append("keepdim=True")
        return Code(", ".join(parts))

    def axes_text(self, call: Call) -> str:
        """Return the axes where they physically are."""
        given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return axes_code([call.axis(axis) for axis in given if axis is not None]).text

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any if what is left has the order of the file anyway."""
        (x,) = inputs
        if self.keepdims or x.rank - len(self.axes(x)) <= 1 + x.batched:
            return None
        return tuple(range(x.rank))


@op
class Mean(Reduction):
    """The mean over axes; that of integers and bools is a float."""

    function: ClassVar[str] = "mean"

    def dtype_of(self, x: TensorType) -> str:
        """A float."""
        return x.dtype if x.is_float else "float32"

    def forward(self, call: Call) -> Code:
        """x.mean(…)."""
        value = in_dtype(call.inputs[0], call.types[0].dtype, call.outputs[0].dtype)
        return code(f"{{}}.{self.function}({{}})", value, self.arguments(call))


@op
class Var(Mean):
    """The variance over axes, the mean of the squares of what differs from the mean."""

    function: ClassVar[str] = "var"

    def forward(self, call: Call) -> Code:
        """x.var(…) with the number of values, not one less."""
        value = in_dtype(call.inputs[0], call.types[0].dtype, call.outputs[0].dtype)
        return code(f"{{}}.{self.function}({{}})", value, self.arguments(call, "correction=0"))


@op
class Std(Var):
    """The standard deviation over axes, the root of the variance."""

    function: ClassVar[str] = "std"


@op
class Sum(Reduction):
    """The sum over axes; that of bools counts those that are true."""

    def dtype_of(self, x: TensorType) -> str:
        """Small integers and bools become int32."""
        return x.dtype if x.is_float or x.dtype == "int64" else "int32"

    def forward(self, call: Call) -> Code:
        """x.sum(…)."""
        own = call.types[0].is_float or call.types[0].dtype == "int64"
        others = () if own else (f"dtype=torch.{call.outputs[0].dtype}",)
        return code("{}.sum({})", call.inputs[0], self.arguments(call, *others))


@op
class Prod(Reduction):
    """The product over axes."""

    dtype: str | None = dtype()

    def dtype_of(self, x: TensorType) -> str:
        """As asked, else small integers and bools become int32."""
        return self.dtype or (x.dtype if x.is_float or x.dtype == "int64" else "int32")

    def forward(self, call: Call) -> Code:
        """x.prod(…), once for each axis, the last one first."""
        (x,) = call.types
        wanted = call.outputs[0].dtype
        own = x.dtype == wanted and (x.is_float or wanted == "int64")
        dtype = "" if own else f"dtype=torch.{wanted}"
        if self.axis is None and not self.keepdims:
            return code("{}.prod({})", call.inputs[0], dtype)
        kept = ", keepdim=True" if self.keepdims else ""
        value = call.inputs[0]
        for place in sorted((call.axis(axis) % x.rank for axis in self.axes(x)), reverse=True):
            shown = -1 if place == x.rank - 1 and value is call.inputs[0] else place
            value = code(f"{{}}.prod({shown}{kept}{', ' * bool(dtype)}{dtype})", value)
        return value


@op
class Max(Reduction):
    """The largest value over axes, and of ``initial`` if that is given."""

    function: ClassVar[str] = "amax"
    bound: ClassVar[str] = "min"

    initial: float | int | None = argument(Decimal(optional=True), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The other axes; ``initial`` must be of the tensor's dtype."""
        found = Reduction.infer(self, sizes, *inputs)
        if self.initial is not None and found.dtype == "bool":
            raise LayerError("E0405", f"`{self.called()}` of bools takes no `initial`", argument="initial")
        if isinstance(self.initial, float) and not found.is_float:
            help = f"write {int(self.initial)}"
            message = f"`initial` must be an integer for a tensor of {found.dtype}, not `{self.initial}`"
            raise LayerError("E0302", message, help=help, argument="initial")
        return found

    def forward(self, call: Call) -> Code:
        """x.amax(…)."""
        found = code(f"{{}}.{self.function}({{}})", call.inputs[0], self.arguments(call))
        return found if self.initial is None else code(f"{{}}.clamp({self.bound}={{}})", found, self.initial)


@op
class Min(Max):
    """The smallest value over axes, and of ``initial`` if that is given."""

    function: ClassVar[str] = "amin"
    bound: ClassVar[str] = "max"


@op
class Argmax(Reduction):
    """The place of the largest value along an axis, an int32; of equal ones the first."""

    function: ClassVar[str] = "argmax"

    axis: int | None = argument(Axes(optional=True), default=None)

    def dtype_of(self, x: TensorType) -> str:
        """Always int32."""
        return "int32"

    def forward(self, call: Call) -> Code:
        """x.argmax(…)."""
        (x,) = call.types
        value = in_dtype(call.inputs[0], x.dtype, "uint8" if x.dtype == "bool" else x.dtype)
        kept = "keepdim=True" if self.keepdims else ""
        parts = [self.axes_text(call)] if self.axis is not None else ["None"] if self.keepdims else []
        return code(f"{{}}.{self.function}({', '.join([*parts, *([kept] if kept else [])])}).to(torch.int32)", value)


@op
class Argmin(Argmax):
    """The place of the smallest value along an axis, an int32; of equal ones the first."""

    function: ClassVar[str] = "argmin"


@op
class Logsumexp(Reduction):
    """log(sum(exp(x))) over axes, without overflow."""

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The other axes."""
        need_floats(self, inputs[0])
        return Reduction.infer(self, sizes, *inputs)

    def forward(self, call: Call) -> Code:
        """x.logsumexp(…), which must be told all axes."""
        axes = self.axes_text(call) if self.axis is not None else axes_code(range(call.types[0].rank)).text
        return code(f"{{}}.logsumexp({axes}{', keepdim=True' if self.keepdims else ''})", call.inputs[0])


@op
class Any(Reduction):
    """Whether a value over axes is true, which a number is if it is not 0."""

    function: ClassVar[str] = "any"

    def dtype_of(self, x: TensorType) -> str:
        """Always bool."""
        return "bool"

    def forward(self, call: Call) -> Code:
        """x.any(…); of bytes PyTorch would give bytes."""
        dtype = call.types[0].dtype
        value = in_dtype(call.inputs[0], dtype, "bool" if dtype == "uint8" else dtype)
        return code(f"{{}}.{self.function}({{}})", value, self.arguments(call))


@op
class All(Any):
    """Whether all values over axes are true, which a number is if it is not 0."""

    function: ClassVar[str] = "all"


class NormOrder(Kind):
    """Which norm."""

    description = 'a number, `"fro"`, `"nuc"` or `none`'

    def read(self, value: object) -> float | int | str | None:
        """Return it."""
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        if isinstance(value, str):
            if value not in ("fro", "nuc"):
                raise ArgumentError("E0304", f"must be {self.description}, not {describe(value)}")
            return value
        raise self.refuse(value)


_OF_MATRICES = (None, "fro", "nuc", 1, -1, 2, -2)


@op
class Norm(Op):
    """The norm over an axis, or of the matrices on two: the root of the sum of squares unless ``ord`` is another."""

    x: Input = tensor()
    ord: float | int | str | None = argument(NormOrder(), default=None)
    axis: int | tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
    keepdims: bool = flag(False)

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The other axes."""
        (x,) = inputs
        axes = inner_axes(self, self.axis, x, "reduces")
        if len(axes) > 2 and (self.axis is not None or self.ord is not None):
            raise LayerError("E0407", f"`{self.called()}` takes one axis or two, not {len(axes)}", argument="axis")
        fits = self.ord in _OF_MATRICES if len(axes) == 2 else not isinstance(self.ord, str)
        if not fits:
            what = "matrices" if len(axes) == 2 else "vectors"
            allowed = '1, -1, 2, -2, `"fro"` or `"nuc"`' if len(axes) == 2 else "a number"
            message = f"the norm of {what} is {allowed}, not {describe(self.ord)}"
            raise LayerError("E0303", message, argument="ord")
        shape: list[Size] = [1 if place in axes else size for place, size in enumerate(x.shape)]
        if not self.keepdims:
            shape = [size for place, size in enumerate(x.shape) if place not in axes]
        return TensorType(tuple(shape), x.dtype if x.is_float else "float32", x.batched)

    def forward(self, call: Call) -> Code:
        """torch.linalg.norm(…)."""
        (x,) = call.types
        value = in_dtype(call.inputs[0], x.dtype, call.outputs[0].dtype)
        parts = [] if self.ord is None else [f'ord="{self.ord}"' if isinstance(self.ord, str) else f"ord={self.ord}"]
        if self.axis is not None:
            given = self.axis if isinstance(self.axis, tuple) else (self.axis,)
            parts.append(f"dim={axes_code([axis_of(self, axis, x) for axis in given]).text}")
        if self.keepdims:
            parts.append("keepdim=True")
        return code("torch.linalg.norm({})", code(", ".join(["{}", *parts]), value))
