"""Random values, drawn anew in each forward pass, in training and inference; with a ``seed`` the same each time.

These are written ``ops.random.normal(…)``, Keras's ``keras.random.normal``. Where Keras is given the shape of a tensor,
batch included, the tensor itself stands here: ``ops.random.normal(x)``. A tuple of sizes is a shape without a batch.
"""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import Choice, Kind, argument, integer, number
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, code, literal
from nndsl.layers.base import FLOATS, Call, Order, Shape, Sizes, TensorType
from nndsl.ops.base import Input, Op, op


class Drawn(Kind):
    """The shape of what is drawn."""

    description = "a tensor, which gives its shape and batch, or a tuple of sizes"

    def read(self, value: object) -> Input | Shape:
        """Return the tensor or the sizes."""
        return value if isinstance(value, Input) else ShapeKind().read(value)


@op
class Draw(Op):
    """What both draws share."""

    namespace: ClassVar[str] = "random."
    creates: ClassVar[bool] = True
    function: ClassVar[str] = ""

    def dtype_of(self) -> str:
        """The dtype of what is drawn."""
        raise NotImplementedError

    def drawn(self, call: Call, shape: Input | Shape, seed: int | None) -> Code:
        """Return the call that draws from the standard distribution."""
        (x,), dtype = call.inputs, self.dtype_of()
        other = "" if call.types[0].dtype == dtype else f", dtype=torch.{dtype}"
        if isinstance(shape, Input) and seed is None:
            return code(f"torch.{self.function}_like({{}}{other})", x)
        if isinstance(shape, Input):
            sizes: Code = code("{}.shape", x)
        else:
            sizes = code(", ".join("{}" for _ in shape) or "()", *shape)
        generator = "" if seed is None else f", generator={call.helper('seeded')}({x.text}, {literal(seed).text})"
        kind = "" if dtype == "float32" else f", dtype=torch.{dtype}"
        return code(f"torch.{self.function}({{}}{generator}{kind}, device={{}}.device)", sizes, x)


def _infer(shape: Input | Shape, dtype: str, sizes: Sizes, inputs: tuple[TensorType, ...]) -> TensorType:
    if isinstance(shape, Input):
        return inputs[0].with_dtype(dtype)
    return TensorType(shape, dtype, batched=False)


def _order(shape: Input | Shape, seed: int | None, x: TensorType) -> Order | None:
    # With a seed the same value stands in the same place, wherever the axes are.
    like = isinstance(shape, Input) and seed is None
    return None if like or (not isinstance(shape, Input) and len(shape) != x.rank) else tuple(range(x.rank))


@op
class Normal(Draw):
    """Values of the normal distribution: ``ops.random.normal(x)`` has the shape of x, batch included."""

    function: ClassVar[str] = "randn"

    shape: Input | Shape = argument(Drawn())
    mean: float | int = number(0.0)
    stddev: float | int = number(1.0, 0)
    dtype: str | None = argument(Choice((*FLOATS, None)), default=None)
    seed: int | None = integer(None, 0, optional=True)

    def dtype_of(self) -> str:
        """As asked, else float32."""
        return self.dtype or "float32"

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape."""
        return _infer(self.shape, self.dtype_of(), sizes, inputs)

    def forward(self, call: Call) -> Code:
        """mean + stddev * torch.randn(…)."""
        drawn = self.drawn(call, self.shape, self.seed)
        if self.stddev != 1:
            drawn = code("{} * {}", self.stddev, drawn)
        return drawn if self.mean == 0 else code("{} + {}", self.mean, drawn)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any, but for a seed."""
        return _order(self.shape, self.seed, inputs[0])


@op
class Uniform(Draw):
    """Values from ``minval`` up to ``maxval``, all equally likely; ``ops.random.uniform(x)`` has the shape of x."""

    function: ClassVar[str] = "rand"

    shape: Input | Shape = argument(Drawn())
    minval: float | int = number(0.0)
    maxval: float | int = number(1.0)
    dtype: str | None = argument(Choice((*FLOATS, None)), default=None)
    seed: int | None = integer(None, 0, optional=True)

    def dtype_of(self) -> str:
        """As asked, else float32."""
        return self.dtype or "float32"

    def infer(self, sizes: Sizes, *inputs: TensorType) -> TensorType:
        """The shape."""
        return _infer(self.shape, self.dtype_of(), sizes, inputs)

    def forward(self, call: Call) -> Code:
        """minval + (maxval - minval) * torch.rand(…)."""
        drawn = self.drawn(call, self.shape, self.seed)
        if self.maxval - self.minval != 1:
            drawn = code("{} * {}", self.maxval - self.minval, drawn)
        return drawn if self.minval == 0 else code("{} + {}", self.minval, drawn)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any, but for a seed."""
        return _order(self.shape, self.seed, inputs[0])
