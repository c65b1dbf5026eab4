"""Keras's recurrent layers: LSTM, GRU, SimpleRNN."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import Kind, argument, flag, integer, number
from nndsl.code import Code, Part, call, code
from nndsl.layers.activations import activation as named
from nndsl.layers.base import Weight, layer
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.recurrence import Recurrent
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
class SimpleRNN(Recurrent):
    """A recurrent layer whose output is its state: ``h = activation(x @ kernel + h @ recurrent_kernel + bias)``.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``.
    """

    fused_module: ClassVar[str] = "nn.RNN"
    stepwise_module: ClassVar[str] = "StepwiseRNN"
    gates: ClassVar[tuple[int, ...]] = (0,)

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

    @property
    def is_fused(self) -> bool:
        """tanh or relu, and no dropout of states."""
        return self.activation in ("tanh", "relu") and not self.recurrent_dropout


@layer
class GRU(Recurrent):
    """A gated recurrent unit (Cho et al. 2014), in the form of cuDNN unless ``reset_after`` is false.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``.
    """

    fused_module: ClassVar[str] = "nn.GRU"
    stepwise_module: ClassVar[str] = "StepwiseGRU"
    gates: ClassVar[tuple[int, ...]] = (1, 0, 2)

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

    @property
    def is_fused(self) -> bool:
        """The activations of nn.GRU, the reset after the product, and no dropout of states."""
        own = self.activation == "tanh" and self.recurrent_activation == "sigmoid"
        return own and self.reset_after and not self.recurrent_dropout

    @property
    def activations(self) -> dict[str, str | None]:
        """Of the candidate, and of the gates."""
        return {"activation": self.activation, "gate": self.recurrent_activation}

    @property
    def options(self) -> dict[str, Part]:
        """Where the reset comes."""
        return {} if self.reset_after else {"reset_after": False}

    def biases(self, columns: int, variable: str, suffix: str) -> tuple[Weight, ...]:
        """Keras's bias has a row for each of PyTorch's, or one alone if the reset comes before the product."""
        if not self.reset_after:
            return Recurrent.biases(self, columns, variable, suffix)
        leaves = (f"bias_ih_l0{suffix}", f"{variable}[0]"), (f"bias_hh_l0{suffix}", f"{variable}[1]")
        return tuple(
            Weight(leaf, row, (columns,), "out -> out", self.bias_initializer, gates=self.gates) for leaf, row in leaves
        )


@layer
class LSTM(Recurrent):
    """A long short-term memory (Hochreiter 1997).

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``; its states are the
    output h and the cell c.
    """

    fused_module: ClassVar[str] = "nn.LSTM"
    stepwise_module: ClassVar[str] = "StepwiseLSTM"
    states: ClassVar[int] = 2
    gates: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)

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

    @property
    def is_fused(self) -> bool:
        """The activations of nn.LSTM, and no dropout of states."""
        own = self.activation == "tanh" and self.recurrent_activation == "sigmoid"
        return own and not self.recurrent_dropout

    @property
    def activations(self) -> dict[str, str | None]:
        """Of the cell and the output, and of the gates."""
        return {"activation": self.activation, "gate": self.recurrent_activation}

    def reset_bias(self, module: Code, suffix: str = "") -> tuple[Code, ...]:
        """Ones for the forget gate, as ``unit_forget_bias`` asks."""
        if not (self.use_bias and self.unit_forget_bias):
            return ()
        gate = code("{}.{}[{}:{}]", module, f"bias_ih_l0{suffix}", self.units, 2 * self.units)
        return (call("nn.init.ones_", gate),)
