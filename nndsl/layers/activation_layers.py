"""Keras's activations that have arguments: ReLU, LeakyReLU, Softmax, ELU, PReLU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Axes, Integer, Kind, argument, number
from nndsl.code import Code, call, code
from nndsl.layers.base import Build, Call, Layer, LayerError, MaskRule, Masks, Order, Sizes, TensorType, Weight, layer
from nndsl.layers.masking import beside
from nndsl.layers.normalization import placed_axes
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_floats, need_least_rank, placed_axis, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


class Elementwise(Layer):
    """What layers share that give each value another one."""

    __slots__ = ()

    masks: ClassVar[MaskRule] = "passes"

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        need_floats(self, inputs[0])
        return inputs[0]

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


@layer
class ReLU(Elementwise):
    """x from ``threshold`` up, at most ``max_value``; below, ``negative_slope * (x - threshold)``."""

    max_value: float | None = number(None, 0, optional=True)
    negative_slope: float = number(0.0, 0)
    threshold: float = number(0.0, 0)

    def forward(self, call: Call) -> Code:
        """F.relu where it is one, F.leaky_relu where it is that, else its terms."""
        x = call.inputs[0]
        if self.threshold:
            positive = code("{}.where({} > {}, 0.0)", x, x, self.threshold)
            if self.max_value is not None:
                positive = code("{}.clamp(max={})", positive, self.max_value)
        elif self.max_value is None:
            if self.negative_slope:
                return code("F.leaky_relu({}, {})", x, self.negative_slope)
            positive = code("F.relu({})", x)
        elif self.max_value == 6:
            positive = code("F.relu6({})", x)
        else:
            positive = code("F.relu({}).clamp(max={})", x, self.max_value)
        if not self.negative_slope:
            return positive
        if self.threshold:
            return code("{} - {} * F.relu({} - {})", positive, self.negative_slope, self.threshold, x)
        return code("{} - {} * F.relu(-{})", positive, self.negative_slope, x)


@layer
class LeakyReLU(Elementwise):
    """x where it is positive, else ``negative_slope * x``."""

    negative_slope: float = number(0.3, 0)

    def forward(self, call: Call) -> Code:
        """F.leaky_relu."""
        return code("F.leaky_relu({}, {})", call.inputs[0], self.negative_slope)


@layer
class ELU(Elementwise):
    """x where it is positive, else ``alpha * (exp(x) - 1)``."""

    alpha: float = number(1.0)

    def forward(self, call: Call) -> Code:
        """F.elu."""
        if self.alpha == 1:
            return code("F.elu({})", call.inputs[0])
        return code("F.elu({}, {})", call.inputs[0], self.alpha)


@layer
class Softmax(Layer):
    """The softmax over an axis or several (the batch is counted); ``mask`` leaves out where it is false."""

    masks: ClassVar[MaskRule] = "passes"
    call_keywords: ClassVar[Mapping[str, str]] = {"mask": "tensor"}

    axis: int | tuple[int, ...] = argument(Axes(several=True), default=-1)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_least_rank(self, x, 2)
        need_floats(self, x)
        placed_axes(self, self.axis, x)
        self._need_mask(sizes, x, keywords.get("mask"))
        return x

    def _need_mask(self, sizes: Sizes, x: TensorType, mask: TensorType | None) -> None:
        """Raise LayerError unless a mask that is given is of bools, and broadcasts to the input."""
        if mask is None:
            return
        if mask.dtype != "bool":
            message = f"the `mask` of `Softmax` must be bool, and it is {mask.dtype}"
            raise LayerError("E0405", message, help='make truth values of it: `ops.cast(mask, "bool")`', input=None)
        pairs = zip(mask.shape, x.shape, strict=False)
        if mask.rank != x.rank or not mask.batched or not all(one == 1 or sizes.same(one, two) for one, two in pairs):
            message = f"the `mask` of `Softmax` must be {shown(x.shape)}, and it is {shown(mask.shape)}"
            raise LayerError("E0411", message, help="an axis of it may be 1", input=None)

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The mask of the input, if the softmax goes over steps, and none is given."""
        (mask,) = given.masks
        rank = given.inputs[0].type.rank
        if mask is None or "mask" in given.keywords or min(axis % rank for axis in self._axes()) >= mask.type.rank:
            return {}
        if mask.type.rank < rank - 1:
            message = f"`Softmax` over axis {self.axis} takes no mask of {shown(mask.type.shape)} here"
            raise LayerError("E0411", message, help="it takes one of all axes but the last")
        return {"steps": mask}

    def _axes(self) -> tuple[int, ...]:
        return self.axis if isinstance(self.axis, tuple) else (self.axis,)

    def check(self) -> None:
        """There is an axis."""
        if not self._axes():
            raise LayerError("E0303", "`axis` must hold an axis", argument="axis")

    def forward(self, call: Call) -> Code:
        """F.softmax; over several axes by way of logsumexp."""
        x, mask = call.inputs[0], call.keywords.get("mask")
        order = sorted(range(call.types[0].rank), key=call.axis)
        if mask is not None and order != [*range(len(order))]:
            moved = call.local("mask")
            call.statement(code("{} = {}.permute({})", moved, mask, ", ".join(map(str, order))))
            mask = Code(moved)
        if "steps" in call.keywords:
            mask = beside(call, call.keywords["steps"])
        axes = [call.axis(axis) for axis in self._axes()]
        if mask is None:
            return _softmax(x, axes)
        # A row that is masked whole is 0 in Keras, where the softmax of equal numbers would be uniform.
        least = "-3e4" if call.types[0].dtype == "float16" else "-1e9"
        kept = _softmax(code(f"{{}}.masked_fill(~{{}}, {least})", x, mask), axes)
        return code("{}.masked_fill(~{}, 0.0)", kept, mask)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


def _softmax(x: Code, axes: list[int]) -> Code:
    if len(axes) == 1:
        return code("F.softmax({}, dim={})", x, str(axes[0]))
    return code("({} - {}.logsumexp({}, keepdim=True)).exp()", x, x, f"({', '.join(map(str, sorted(axes)))})")


class SharedAxes(Kind):
    """Axes from 1 on, without the batch."""

    description = "a tuple of axes from 1 on, or `none`"

    def read(self, value: object) -> tuple[int, ...] | None:
        """Return the tuple."""
        if value is None:
            return None
        items = value if isinstance(value, (tuple, list)) else (value,)
        try:
            return tuple(int(Integer(1).read(item) or 0) for item in items)
        except ArgumentError as error:
            raise self.refuse(value, error.code) from None


@layer
class PReLU(Layer):
    """x where it is positive, else alpha · x with a learned alpha for each value, but that ``shared_axes`` share it."""

    can_hold_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"

    alpha_initializer: Initializer = initializer("zeros")
    alpha_regularizer: Recipe | None = regularizer()
    alpha_constraint: Recipe | None = constraint()
    shared_axes: tuple[int, ...] | None = argument(SharedAxes(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_floats(self, x)
        need_least_rank(self, x, 2)
        for axis in self.shared_axes or ():
            placed_axis(self, axis, x.rank, "shared_axes")
        for axis, size in enumerate(x.shape[1:], 1):
            if axis not in (self.shared_axes or ()):
                sizes.fixed(size, "`PReLU` needs fixed axes where it does not share them")
        return x

    def _shape(self, x: TensorType) -> tuple[int, ...]:
        shape: list[int] = []
        for axis, size in enumerate(x.shape[1:], 1):
            assert isinstance(size, int) or axis in (self.shared_axes or ())
            shape.append(size if isinstance(size, int) and axis not in (self.shared_axes or ()) else 1)
        return tuple(shape)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """alpha, of the input's shape with 1 where it is shared."""
        shape = self._shape(inputs[0])
        names = " ".join(f"a{axis}" for axis in range(len(shape)))
        return (Weight("weight", "alpha", shape, f"{names} -> {names}", self.alpha_initializer),)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """A PReLU with a slope for each value: PyTorch's own has one a channel."""
        shape = self._shape(inputs[0])
        return call(context.helper("ValuewisePReLU"), code("{}", shape))

    def forward(self, call: Call) -> Code:
        """The module."""
        return code("{}({})", call.module, call.inputs[0])
