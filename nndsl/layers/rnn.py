"""Keras's RNN, which takes a cell or several.

A layer of one cell is a layer like others. Of several, the elaborator makes one layer for each: since a cell of a stack
depends on the cells before it and on its own past alone, the steps of the stack are the first cell over all steps, then
the second one over what that gives, and so on, states included.
"""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Kind, argument, describe, flag
from nndsl.code import Code
from nndsl.layers.base import Build, Layer, LayerError, MaskRule, Sizes, TensorType, Weight, layer
from nndsl.layers.cells import Cell, alone
from nndsl.layers.recurrence import Recurrent, Whole


def _given(value: object) -> str:
    return f"`{type(value).__name__}`" if isinstance(value, Layer) else describe(value)


class CellKind(Kind):
    """A cell, or several."""

    description = "a cell such as `LSTMCell(64)`, or a list of cells"

    def read(self, value: object) -> Cell | StackedRNNCells:
        """Return the cell, or the stack of those in a list."""
        if isinstance(value, (list, tuple)):
            return StackedRNNCells(CellsKind().read(value))
        if isinstance(value, Whole):
            message = f"must be {self.description}, not `{type(value).__name__}`, which goes over all steps itself"
            raise ArgumentError("E0302", message, "leave the `RNN` out")
        if isinstance(value, (Cell, StackedRNNCells)):
            return value
        raise ArgumentError("E0302", f"must be {self.description}, not {_given(value)}")


class CellsKind(Kind):
    """Cells, one or more."""

    description = "a list of cells such as `[LSTMCell(64), GRUCell(32)]`"

    def read(self, value: object) -> tuple[Cell, ...]:
        """Return the cells."""
        if not isinstance(value, (list, tuple)):
            raise ArgumentError("E0302", f"must be {self.description}, not {_given(value)}")
        if not value:
            raise ArgumentError("E0302", f"must be {self.description}, and is empty")
        for item in value:
            if isinstance(item, StackedRNNCells):
                raise ArgumentError("E0302", "must be a list of cells, not of stacks", "write one list of all cells")
            if isinstance(item, Whole) or not isinstance(item, Cell):
                raise ArgumentError("E0302", f"must be {self.description}, and has {_given(item)} among them")
        return tuple(value)


def need_alike(holder: Layer, cells: tuple[Cell, ...], argument: str) -> None:
    """Raise E0305 unless the cells have the dtype of what holds them."""
    for cell in cells:
        own, other = holder.dtype or "float32", cell.dtype or "float32"
        if own != other:
            message = f"`{type(holder).__name__}` is {own}, and the cell in it {other}"
            raise LayerError("E0305", message, help="write the same `dtype` for both", argument=argument)


@layer
class StackedRNNCells(Layer):
    """Cells of which each takes the output of the one before it, for RNN."""

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    masks: ClassVar[MaskRule] = "uses"

    cells: tuple[Cell, ...] = argument(CellsKind())

    def check(self) -> None:
        """Refuse cells of other dtypes."""
        need_alike(self, self.cells, "cells")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """None: it is not applied by itself, but by RNN."""
        raise alone(self, "RNN(StackedRNNCells(…))")


@layer
class RNN(Recurrent):
    """A cell, or several of which each takes the output of the one before it, over all steps of a sequence.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``. With
    ``return_state`` the states of the cell follow; of several cells those of each, a tuple where a cell has two.
    """

    cell: Cell | StackedRNNCells = argument(CellKind())
    return_sequences: bool = flag(False)
    return_state: bool = flag(False)
    go_backwards: bool = flag(False)
    stateful: bool = flag(False)
    unroll: bool = flag(False)
    zero_output_for_mask: bool = flag(False)
    is_reversed: bool = False
    """Whether the layer of a cell before it has turned the sequence round, and the mask is as it was."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, in order."""
        return self.cell.cells if isinstance(self.cell, StackedRNNCells) else (self.cell,)

    @property
    def step(self) -> Cell:
        """The cell, of which there is one once the elaborator has taken a stack apart."""
        (step,) = self.cells
        return step

    def check(self) -> None:
        """Refuse states that outlive a batch, and cells of other dtypes."""
        Recurrent.check(self)
        need_alike(self, self.cells, "cell")

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Those of the cell, or of each cell."""
        return self.step.weights(*inputs)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """That of the cell."""
        return self.step.build(context, *inputs)

    def keeper(self, variable: str) -> Layer:
        """The cell."""
        return self.step

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """That of the cell."""
        return self.step.reset(module, *inputs)
