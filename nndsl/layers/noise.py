"""Keras's noise, drawn anew in each pass of training: GaussianNoise, GaussianDropout, AlphaDropout.

As with Dropout, ``seed`` chooses nothing: what is drawn comes from PyTorch's own generator, which its ``manual_seed``
sets. A generator of the layer's own, started anew in each pass, would give the same noise to every batch.
"""

from __future__ import annotations

from typing import Any, ClassVar

from nndsl.arguments import integer, number
from nndsl.code import Code, code
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Order, Sizes, TensorType, layer
from nndsl.layers.dropout import Dropout, shape_of_choice
from nndsl.layers.refusals import need_floats


class Noise(Layer):
    """What the layers of noise share: floats of any shape, which stays."""

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
class GaussianNoise(Noise):
    """Add normal noise of deviation ``stddev`` while training."""

    stddev: float = number(least=0, most=1)
    seed: int | None = integer(None, 0, optional=True)

    @property
    def is_idle(self) -> bool:
        """Whether there is no noise."""
        return not self.stddev

    def forward(self, call: Call) -> Code:
        """The helper; without a deviation there is no noise."""
        x = call.inputs[0]
        return code("{}({}, {}, self.training)", call.helper("gaussian_noise"), x, self.stddev) if self.stddev else x


@layer
class GaussianDropout(Noise):
    """Multiply by normal noise of mean 1 and deviation sqrt(rate / (1 - rate)) while training.

    Source: Srivastava et al. 2014.
    """

    rate: float = number(least=0, most=1)
    seed: int | None = integer(None, 0, optional=True)

    @property
    def is_idle(self) -> bool:
        """Whether there is no noise."""
        return not self.rate

    def check(self) -> None:
        """Refuse a rate of 1, with which the deviation has no bound."""
        _need_rate_below_1(self, self.rate)

    def forward(self, call: Call) -> Code:
        """The helper; at a rate of 0 there is no noise."""
        x = call.inputs[0]
        return code("{}({}, {}, self.training)", call.helper("gaussian_dropout"), x, self.rate) if self.rate else x


@layer
class AlphaDropout(Dropout):
    """Set values to the least one that SELU gives with probability ``rate`` while training, and keep mean and variance.

    Axes of 1 in ``noise_shape`` (which counts the batch) share the choice. Source: Klambauer et al. 2017.
    """

    def check(self) -> None:
        """Refuse a rate of 1: nothing would be left of which to keep the variance."""
        _need_rate_below_1(self, self.rate)

    def forward(self, call: Call) -> Code:
        """F.alpha_dropout, or the helper for a choice that is broadcast."""
        x = call.inputs[0]
        if self.noise_shape is None or not self.rate:
            return code("F.alpha_dropout({}, {}, self.training)", x, self.rate) if self.rate else x
        shape = shape_of_choice(call, self.noise_shape)
        return code("{}({}, {}, {}, self.training)", call.helper("shared_alpha_dropout"), x, self.rate, shape)


def _need_rate_below_1(layer: Layer, rate: float) -> None:
    if rate == 1:
        raise LayerError("E0303", f"`rate` of `{type(layer).__name__}` must be below 1", argument="rate")
