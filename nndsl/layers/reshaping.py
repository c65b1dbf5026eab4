"""Keras's layers that lay values out anew without changing them: Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

from typing import Any

from nndsl.arguments import DataFormat as DataFormatKind
from nndsl.arguments import Kind, argument, integer
from nndsl.arguments import Shape as ShapeKind
from nndsl.code import Code, code
from nndsl.dims import Dim, Size, exact_div
from nndsl.layers.base import (
    Call,
    Layer,
    LayerError,
    Order,
    Shape,
    Sizes,
    TensorType,
    layer,
)
from nndsl.layers.refusals import need_rank, shown


class Permutation(Kind):
    """The axes from 1 on, each once, in a new order."""

    description = "a tuple that holds each axis from 1 on once, such as `(2, 1)`"

    def read(self, value: object) -> tuple[int, ...]:
        """Return the tuple."""
        if not isinstance(value, (tuple, list)) or any(type(item) is not int for item in map(_plain, value)):
            raise self.refuse(value)
        if sorted(value) != list(range(1, len(value) + 1)):
            raise self.refuse(value, "E0303")
        return tuple(value)


def _plain(value: object) -> object:
    """Return an int of any kind but bool as an int, so that its type tells."""
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


@layer
class Flatten(Layer):
    """Lay all axes but the batch out in one, row by row: (N, …) -> (N, size).

    With ``data_format="channels_first"`` the channels still vary fastest, as in Keras.
    """

    data_format: str | None = argument(DataFormatKind(), default=None)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, size)."""
        (x,) = inputs
        return x.with_shape(x.shape[0], _product(x.shape[1:]))

    def forward(self, call: Call) -> Code:
        """x.flatten(1)."""
        rank = call.types[0].rank
        if rank == 1:
            return code("{}.unsqueeze(1)", call.inputs[0])
        return code("{}.flatten(1)", call.inputs[0]) if rank > 2 else call.inputs[0]

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Channels last, wherever the file has them."""
        rank = inputs[0].rank
        if self.data_format == "channels_first" and rank > 2:
            return (0, *range(2, rank), 1)
        return tuple(range(rank))


@layer
class Reshape(Layer):
    """Lay the values of each sample out in another shape, row by row; one size may be -1, which is inferred."""

    target_shape: Shape = argument(ShapeKind(inferred=True))

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, *target_shape)."""
        (x,) = inputs
        return x.with_shape(x.shape[0], *self._resolved(sizes, x))

    def _resolved(self, sizes: Sizes, x: TensorType) -> Shape:
        given = x.shape[1:]
        known = tuple(size for size in self.target_shape if not _is_inferred(size))
        for size in known:
            sizes.require(size, 1, self._refusal(x, f"a size of {size}"))
        if len(known) == len(self.target_shape):
            if not sizes.same(_product(given), _product(known)):
                why = f"{_product(given)} values do not fit into {shown(known)}, which has {_product(known)}"
                raise self._refusal(x, why)
            return known
        rest = exact_div(given, known)
        if rest is None:
            why = f"{_product(given)} values are no multiple of {_product(known)}, so that nothing fits the -1"
            raise self._refusal(x, why)
        return tuple(rest if _is_inferred(size) else size for size in self.target_shape)

    def _refusal(self, x: TensorType, why: str) -> LayerError:
        return LayerError("E0404", f"`Reshape` of {shown(x.shape)}: {why}", argument="target_shape")

    def forward(self, call: Call) -> Code:
        """x.reshape(-1, …) if only the batch is unknown, else with the batch's own size."""
        target = call.outputs[0].shape[1:]
        symbolic = sum(isinstance(size, Dim) for size in target)
        if not symbolic:
            return code("{}.reshape({}, {})", call.inputs[0], "-1", _several(target))
        one = [Code("-1") if isinstance(size, Dim) and symbolic == 1 else size for size in target]
        return code("{}.reshape({}, {})", call.inputs[0], call.size(0), _several(one))


def _several(sizes: tuple[Size, ...] | list[Code | Size]) -> Code:
    return code(", ".join("{}" for _ in sizes), *sizes)


def _product(sizes: tuple[Size, ...]) -> Size:
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def _is_inferred(size: Size) -> bool:
    return isinstance(size, int) and size == -1


@layer
class Permute(Layer):
    """Put the axes into another order; ``dims`` counts from 1, without the batch."""

    dims: tuple[int, ...] = argument(Permutation())

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, a, b, …) -> (N, …) in the order of ``dims``."""
        (x,) = inputs
        if x.rank != len(self.dims) + 1:
            raise LayerError(
                "E0401",
                f"`Permute` of {len(self.dims)} axes cannot take {shown(x.shape)}, which has {x.rank - 1}",
                argument="dims",
            )
        return x.with_shape(x.shape[0], *(x.shape[axis] for axis in self.dims))

    def forward(self, call: Call) -> Code:
        """x.permute(0, …)."""
        return code("{}.permute({})", call.inputs[0], ", ".join(map(str, (0, *self.dims))))


@layer
class RepeatVector(Layer):
    """Repeat a vector ``n`` times: (N, features) -> (N, n, features)."""

    n: int = integer()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, features) -> (N, n, features)."""
        (x,) = inputs
        need_rank(self, x, ("features",))
        return x.with_shape(x.shape[0], self.n, x.shape[1])

    def forward(self, call: Call) -> Code:
        """A view that reads the vector n times."""
        return code("{}.unsqueeze(1).expand(-1, {}, -1)", call.inputs[0], self.n)
