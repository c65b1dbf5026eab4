"""Keras's recurrent layers: LSTM, GRU, SimpleRNN."""

from __future__ import annotations

from nndsl.arguments import Kind, argument, flag, integer, number
from nndsl.layers.activations import activation as named
from nndsl.layers.base import layer
from nndsl.layers.cells import GRUStep, LSTMStep, SimpleStep
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.recurrence import Whole
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer


class Cudnn(Kind):
    """Keras's choice of a kernel, which PyTorch makes by itself here."""

    description = '`"auto"`, `true` or `false`'

    def read(self, value: object) -> str | bool:
        """Return the value."""
        if isinstance(value, bool) or value == "auto":
            return value
        raise self.refuse(value)


@layer
class SimpleRNN(SimpleStep, Whole):
    """A recurrent layer whose output is its state: ``h = activation(x @ kernel + h @ recurrent_kernel + bias)``.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``.
    """

    units: int = integer()
    activation: str | None = named("tanh")
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    recurrent_initializer: Initializer = initializer("orthogonal")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    recurrent_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    return_sequences: bool = flag(False)
    return_state: bool = flag(False)
    go_backwards: bool = flag(False)
    stateful: bool = flag(False)
    unroll: bool = flag(False)
    seed: int | None = integer(None, 0, optional=True)
    zero_output_for_mask: bool = flag(False)


@layer
class GRU(GRUStep, Whole):
    """A gated recurrent unit (Cho et al. 2014), in the form of cuDNN unless ``reset_after`` is false.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``.
    """

    units: int = integer()
    activation: str | None = named("tanh")
    recurrent_activation: str | None = named("sigmoid")
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    recurrent_initializer: Initializer = initializer("orthogonal")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    recurrent_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)
    return_sequences: bool = flag(False)
    return_state: bool = flag(False)
    go_backwards: bool = flag(False)
    stateful: bool = flag(False)
    unroll: bool = flag(False)
    reset_after: bool = flag(True)
    use_cudnn: str | bool = argument(Cudnn(), default="auto")
    zero_output_for_mask: bool = flag(False)


@layer
class LSTM(LSTMStep, Whole):
    """A long short-term memory (Hochreiter 1997).

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``; its states are the
    output h and the cell c.
    """

    units: int = integer()
    activation: str | None = named("tanh")
    recurrent_activation: str | None = named("sigmoid")
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    recurrent_initializer: Initializer = initializer("orthogonal")
    bias_initializer: Initializer = initializer("zeros")
    unit_forget_bias: bool = flag(True)
    kernel_regularizer: Recipe | None = regularizer()
    recurrent_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    activity_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)
    return_sequences: bool = flag(False)
    return_state: bool = flag(False)
    go_backwards: bool = flag(False)
    stateful: bool = flag(False)
    unroll: bool = flag(False)
    use_cudnn: str | bool = argument(Cudnn(), default="auto")
    zero_output_for_mask: bool = flag(False)
