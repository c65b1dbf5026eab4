"""Learned positions."""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import integer
from nndsl.code import Code, call, code
from nndsl.layers.base import Build, Call, Layer, LayerError, MaskRule, Sizes, TensorType, Weight, layer
from nndsl.layers.casting import computed
from nndsl.layers.refusals import need_floats, need_rank
from nndsl.recipes.initializers import Initializer, initializer


@layer
class PositionEmbedding(Layer):
    """Add a learned vector to each step of a sequence, one for each position up to ``length``.

    Takes floats of shape (N, T, features), T at most ``length``, and keeps it. A symbolic T is checked at the inputs of
    the model.
    """

    can_hold_weights: ClassVar[bool] = True
    masks: ClassVar[MaskRule] = "passes"
    casts_weights: ClassVar[bool] = True

    length: int = integer()
    initializer: Initializer = initializer("glorot_uniform")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, T, features) -> (N, T, features); E0412 for more steps than there are positions."""
        (x,) = inputs
        need_rank(self, x, ("steps", "features"))
        need_floats(self, x)
        sizes.fixed(x.shape[2], "`PositionEmbedding` needs a fixed number of features")
        message = f"`PositionEmbedding` has {self.length} positions, and its input has {x.shape[1]} steps"
        error = LayerError("E0412", message, help="a greater `length`, or shorter sequences", argument="length")
        sizes.require(self.length - x.shape[1], 0, error)
        return x

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """embeddings (length, features)."""
        width = inputs[0].shape[2]
        assert isinstance(width, int)
        axes = "length features -> length features"
        return (Weight("weight", "position_embeddings", (self.length, width), axes, self.initializer),)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.Embedding."""
        return call("nn.Embedding", self.length, inputs[0].shape[2])

    def forward(self, call: Call) -> Code:
        """The input plus the first rows."""
        x = call.inputs[0]
        rows = code("{}.weight", call.module)
        if call.types[0].shape[1] != self.length:
            # As formatters space a slice with an expression in it.
            space = "" if isinstance(call.types[0].shape[1], int) else " "
            rows = code("{}[:" + space + "{}]", rows, call.size(1))
        return code("{} + {}", x, computed(self, rows))
