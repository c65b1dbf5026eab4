"""Keras's encodings of numbers and categories: Discretization and CategoryEncoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Decimal, Kind, argument, choice, flag, integer, number
from nndsl.code import Code, code, literal
from nndsl.layers.base import Call, Layer, LayerError, Sizes, TensorType, layer
from nndsl.layers.casting import cast
from nndsl.layers.refusals import need_least_rank, shown


class Boundaries(Kind):
    """None, or numbers that rise."""

    description = "a list of rising numbers"

    def read(self, value: object) -> tuple[float, ...] | None:
        """Return the tuple."""
        if value is None:
            return None
        if not isinstance(value, (tuple, list)) or not value:
            raise self.refuse(value)
        read = tuple(Decimal().read(item) for item in value)
        numbers = tuple(float(item) for item in read if item is not None)
        if list(numbers) != sorted(numbers):
            raise ArgumentError("E0303", "must be a list of rising numbers", "sort them")
        return numbers


class Encoding(Layer):
    """What both share: integers below ``depth``, which ``output_mode`` turns into floats along a last axis."""

    __slots__ = ()

    output_mode: str
    sparse: bool

    @property
    def depth(self) -> int:
        """One more than the largest integer."""
        raise NotImplementedError

    def dense(self) -> None:
        """Raise E0307 for sparse tensors."""
        if self.sparse:
            message = f"`{type(self).__name__}` gives dense tensors here, as Keras does on PyTorch"
            raise LayerError("E0307", message, help="leave `sparse` out", argument="sparse")

    def encoded(self, x: TensorType) -> TensorType:
        """Return the type of the encoding of integers, or raise E0401."""
        if self.output_mode == "one_hot":
            return TensorType((*_single(x), self.depth), self.compute_dtype, x.batched)
        need_least_rank(self, x, 2)
        return TensorType((x.shape[0], *x.shape[2:], self.depth), self.compute_dtype, x.batched)

    def encoding(self, call: Call, indices: Code, weights: Code | None = None) -> Code:
        """Return the encoding of indices (int64)."""
        (x,) = call.types
        dtype = "" if self.compute_dtype == "float32" else f", torch.{self.compute_dtype}"
        if self.output_mode == "one_hot":
            single = indices if _single(x) == x.shape else code("{}.squeeze(-1)", indices)
            return cast(code("F.one_hot({}, {})", single, self.depth), self.compute_dtype)
        if self.output_mode == "multi_hot":
            return code(f"{call.helper('multi_hot')}({{}}, {{}}{dtype})", indices, self.depth)
        if weights is not None:
            helper = call.helper("weighted_counts")
            return code("{}({}, {}, {})", helper, indices, self.depth, weights)
        return code(f"{call.helper('index_counts')}({{}}, {{}}{dtype})", indices, self.depth)


def _single(x: TensorType) -> tuple[Any, ...]:
    """Return the shape of what is encoded one by one: a last axis of 1 makes room for the encoding."""
    return x.shape[:-1] if x.rank > 1 and x.shape[-1] == 1 else x.shape


@layer
class Discretization(Encoding):
    """Turn each number into that of its bin: 0 below the first boundary, and as many as there are from the last one on.

    ``"int"`` gives int32 of the same shape, ``"one_hot"`` another axis of the bins (in the place of a last axis of 1).
    ``"multi_hot"`` says which bins occur along axis 1, and ``"count"`` how often: (N, T, …) -> (N, …, bins), floats.
    """

    bin_boundaries: tuple[float, ...] | None = argument(Boundaries(), default=None)
    num_bins: int | None = integer(None, 0, optional=True)
    epsilon: float = number(0.01, 0)
    output_mode: str = choice("int", "one_hot", "multi_hot", "count", default="int")
    sparse: bool = flag(False)

    def check(self) -> None:
        """Demand the boundaries."""
        self.dense()
        if self.num_bins is not None and self.bin_boundaries is not None:
            message = "`Discretization` takes `bin_boundaries` or `num_bins`, not both"
            raise LayerError("E0305", message, help="leave `num_bins` out", argument="num_bins")
        if self.bin_boundaries is None:
            message = "`Discretization` needs `bin_boundaries`: it does not look for them in the data"
            help = "write `bin_boundaries=[…]`: for bins of equal counts, quantiles of the training data"
            if self.num_bins is None:
                raise LayerError("E0301", message, help=help)
            raise LayerError("E0307", message, help=help, argument="num_bins")

    @property
    def depth(self) -> int:
        """The number of bins."""
        return 1 + len(self.bin_boundaries or ())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …), integers, or their encoding."""
        return inputs[0].with_dtype("int32") if self.output_mode == "int" else self.encoded(inputs[0])

    def forward(self, call: Call) -> Code:
        """torch.bucketize, and what encodes its indices."""
        x, dtype = call.inputs[0], call.types[0].dtype
        if dtype not in ("float32", "float64"):
            x, dtype = cast(x, "float32"), "float32"
        kind = "" if dtype == "float32" else f", dtype=torch.{dtype}"
        boundaries = code(f"torch.tensor({{}}{kind}, device={{}}.device)", literal(list(self.bin_boundaries or ())), x)
        if self.output_mode == "int":
            return code("torch.bucketize({}.contiguous(), {}, right=True, out_int32=True)", x, boundaries)
        bins = call.local("bins")
        call.statement(code("{} = torch.bucketize({}.contiguous(), {}, right=True)", bins, x, boundaries))
        return self.encoding(call, Code(bins))


@layer
class CategoryEncoding(Encoding):
    """Encode integers from 0 to ``num_tokens`` - 1 as floats.

    ``"one_hot"`` gives (N, …) another axis of the tokens (in the place of a last axis of 1). ``"multi_hot"`` says which
    tokens occur in a sample, and ``"count"`` how often: (N, T) -> (N, num_tokens). A call may weigh what it counts:
    ``count_weights`` has the shape of the input.
    """

    call_keywords: ClassVar[Mapping[str, str]] = {"count_weights": "tensor"}

    num_tokens: int | None = integer(None, optional=True)
    output_mode: str = choice("multi_hot", "one_hot", "count", default="multi_hot")
    sparse: bool = flag(False)

    def check(self) -> None:
        """Demand the number of tokens."""
        self.dense()
        if self.num_tokens is None:
            raise LayerError("E0301", "`CategoryEncoding` needs `num_tokens`", help="write `CategoryEncoding(10)`")

    @property
    def depth(self) -> int:
        """The number of tokens."""
        return self.num_tokens or 0

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, T) -> (N, num_tokens), or (N, …) -> (N, …, num_tokens) for ``"one_hot"``."""
        (x,) = inputs
        name, weights = type(self).__name__, keywords.get("count_weights")
        if x.is_float or x.dtype == "bool":
            message = f"`{name}` takes integers, and its input is {x.dtype}"
            raise LayerError("E0405", message, help="declare the input as `int64(…)`")
        if self.output_mode != "one_hot" and x.rank > 2:
            message = f"`{name}` encodes samples of one axis, (N, T), and its input is {shown(x.shape)}"
            help = "`TimeDistributed` encodes each step by itself; `Flatten` makes one axis"
            raise LayerError("E0401", message, help=help)
        if weights is not None:
            self._check_weights(sizes, x, weights)
        return self.encoded(x)

    def _check_weights(self, sizes: Sizes, x: TensorType, weights: TensorType) -> None:
        if self.output_mode != "count":
            message = '`count_weights` is for `output_mode="count"` alone'
            raise LayerError("E0305", message, help="leave it out", argument="output_mode")
        if not weights.is_float:
            message = f"`count_weights` must be floats, not {weights.dtype}"
            raise LayerError("E0405", message, help="put `Rescaling(1.0)` before it if they are numbers")
        same = weights.rank == x.rank and all(map(sizes.same, x.shape[1:], weights.shape[1:]))
        if not same:
            message = f"`count_weights` must be {shown(x.shape)}, as the input is, not {shown(weights.shape)}"
            raise LayerError("E0403", message)

    def forward(self, call: Call) -> Code:
        """F.one_hot, or a helper."""
        x = call.inputs[0] if call.types[0].dtype == "int64" else code("{}.long()", call.inputs[0])
        return self.encoding(call, x, call.keywords.get("count_weights"))
