"""Keras's ActivityRegularization: a penalty on what passes by."""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import argument
from nndsl.code import Code
from nndsl.layers.base import Call, Layer, MaskRule, Order, Sizes, TensorType, layer
from nndsl.layers.refusals import need_floats
from nndsl.recipes.regularizers import L1L2, Penalty, Regularizer


@layer
class ActivityRegularization(Layer):
    """Give the input back as it is, and add l1 · Σ|x| + l2 · Σx² to the loss, divided by the size of the batch.

    Takes floats of any shape.
    """

    masks: ClassVar[MaskRule] = "passes"

    l1: float = argument(Penalty(0.0), default=0.0)
    l2: float = argument(Penalty(0.0), default=0.0)

    @property
    def activity_penalties(self) -> tuple[Regularizer, ...]:
        """That of both factors."""
        return (L1L2(self.l1, self.l2),) if self.l1 or self.l2 else ()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        need_floats(self, inputs[0])
        return inputs[0]

    def forward(self, call: Call) -> Code:
        """The input."""
        return call.inputs[0]

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None
