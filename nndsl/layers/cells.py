"""One step of a recurrent layer: what LSTM, GRU and SimpleRNN share with the cells that RNN takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from nndsl.arguments import flag, integer, number
from nndsl.code import Code, Part, call, code
from nndsl.layers.activations import TEMPLATES
from nndsl.layers.activations import activation as named
from nndsl.layers.base import Build, Layer, LayerError, MaskRule, Sizes, TensorType, Weight, layer
from nndsl.layers.penalties import constraint, regularizer
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, Zeros, compute_fans, initializer


class Cell(Layer):
    """A step: weights, and the module that runs it over all steps, one of PyTorch's or a loop for what that has not."""

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    masks: ClassVar[MaskRule] = "uses"
    most_inputs: ClassVar[int] = 2  # so that who applies one to an input and a state is told what is wrong

    fused_module: ClassVar[str]
    """The module of PyTorch."""
    stepwise_module: ClassVar[str]
    """The helper that loops over the steps."""
    states: ClassVar[int] = 1
    """How many states there are from step to step."""
    gates: ClassVar[tuple[int, ...]]
    """The gates in PyTorch's order, each by its number in Keras."""

    units: int
    activation: str | None
    use_bias: bool
    kernel_initializer: Initializer
    recurrent_initializer: Initializer
    bias_initializer: Initializer
    dropout: float
    recurrent_dropout: float

    @property
    def is_fused(self) -> bool:
        """Whether PyTorch's module has all that the arguments ask for (input dropout is put before it)."""
        raise NotImplementedError

    @property
    def activations(self) -> dict[str, str | None]:
        """The activations, by the names of the helper's parameters."""
        return {"activation": self.activation}

    @property
    def options(self) -> dict[str, Part]:
        """What else the helper is constructed with."""
        return {}

    def alike(self) -> dict[str, object]:
        """Return the arguments in which two directions of one module agree."""
        return {name: getattr(self, name) for name in ("units", "use_bias", "dropout", "recurrent_dropout")}

    def check(self) -> None:
        """Refuse the activation that halves the width."""
        if "glu" in self.activations.values():
            name = type(self).__name__
            raise LayerError("E0303", f"`{name}` needs an activation that keeps the width, and `glu` halves it")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """None: it is not applied by itself, but by RNN."""
        raise alone(self, f"RNN({type(self).__name__}(…))")

    def variables(self, x: TensorType, prefix: str = "", suffix: str = "") -> tuple[Weight, ...]:
        """Return the variables of one direction; ``prefix`` goes before Keras's names, ``suffix`` behind PyTorch's."""
        columns = len(self.gates) * self.units
        ih, hh = f"weight_ih_l0{suffix}", f"weight_hh_l0{suffix}"
        axes, gates = "in out -> out in", self.gates
        kernel = Weight(ih, f"{prefix}kernel", (width_of(x), columns), axes, self.kernel_initializer, gates=gates)
        recurrent = Weight(
            hh, f"{prefix}recurrent_kernel", (self.units, columns), axes, self.recurrent_initializer, gates=gates
        )
        if not self.use_bias:
            return kernel, recurrent
        return kernel, recurrent, *self.biases(columns, f"{prefix}bias", suffix)

    def biases(self, columns: int, variable: str, suffix: str) -> tuple[Weight, ...]:
        """Return the biases: Keras has one, so PyTorch's second stays zero."""
        first, second = f"bias_ih_l0{suffix}", f"bias_hh_l0{suffix}"
        return (
            Weight(first, variable, (columns,), "out -> out", self.bias_initializer, gates=self.gates),
            Weight(second, "", (columns,), "out -> out", Zeros(), trainable=False, counted=False),
        )

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel (in, gates · units), recurrent_kernel (units, gates · units), bias."""
        return self.variables(inputs[0])

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """PyTorch's module, or the helper."""
        return self.construct(context, inputs[0])

    def construct(self, context: Build, x: TensorType, *others: Cell) -> Code:
        """Return the module of one direction or of two, which differ in their activations at most."""
        directions = (self, *others)
        keywords: dict[str, Part] = {} if self.use_bias else {"bias": False}
        if is_fused(*directions):
            if self.activation == "relu":
                keywords["nonlinearity"] = '"relu"'
            keywords["batch_first"] = True
            if others:
                keywords["bidirectional"] = True
            return call(self.fused_module, width_of(x), self.units, **keywords)
        keywords |= stepwise_keywords(context, directions, -1)
        return call(context.helper(self.stepwise_module), width_of(x), self.units, **keywords, **self.options)

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """Draw the weights, and open the forget gate."""
        return (*drawn(module, self.weights(*inputs)), *self.reset_bias(module))

    def reset_bias(self, module: Code, suffix: str = "") -> tuple[Code, ...]:
        """Return what is to be done to a bias once it is drawn."""
        return ()


class SimpleStep(Cell):
    """``h = activation(x @ kernel + h @ recurrent_kernel + bias)``."""

    __slots__ = ()

    fused_module: ClassVar[str] = "nn.RNN"
    stepwise_module: ClassVar[str] = "StepwiseRNN"
    gates: ClassVar[tuple[int, ...]] = (0,)

    @property
    def is_fused(self) -> bool:
        """tanh or relu, and no dropout of states."""
        return self.activation in ("tanh", "relu") and not self.recurrent_dropout


class GRUStep(Cell):
    """A gated recurrent unit (Cho et al. 2014), in the form of cuDNN unless ``reset_after`` is false."""

    __slots__ = ()

    fused_module: ClassVar[str] = "nn.GRU"
    stepwise_module: ClassVar[str] = "StepwiseGRU"
    gates: ClassVar[tuple[int, ...]] = (1, 0, 2)

    recurrent_activation: str | None
    reset_after: bool

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

    def alike(self) -> dict[str, object]:
        """Return the arguments in which two directions agree: also where the reset comes."""
        return {**super().alike(), "reset_after": self.reset_after}

    def biases(self, columns: int, variable: str, suffix: str) -> tuple[Weight, ...]:
        """Keras's bias has a row for each of PyTorch's, or one alone if the reset comes before the product."""
        if not self.reset_after:
            return Cell.biases(self, columns, variable, suffix)
        leaves = (f"bias_ih_l0{suffix}", f"{variable}[0]"), (f"bias_hh_l0{suffix}", f"{variable}[1]")
        return tuple(
            Weight(leaf, row, (columns,), "out -> out", self.bias_initializer, gates=self.gates) for leaf, row in leaves
        )


class LSTMStep(Cell):
    """A long short-term memory (Hochreiter 1997); its states are the output h and the cell c."""

    __slots__ = ()

    fused_module: ClassVar[str] = "nn.LSTM"
    stepwise_module: ClassVar[str] = "StepwiseLSTM"
    states: ClassVar[int] = 2
    gates: ClassVar[tuple[int, ...]] = (0, 1, 2, 3)
    bias_leaf: ClassVar[str] = "bias_ih_l0"

    recurrent_activation: str | None
    unit_forget_bias: bool

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
        gate = code("{}.{}[{}:{}]", module, f"{self.bias_leaf}{suffix}", self.units, 2 * self.units)
        return (call("nn.init.ones_", gate),)


@layer
class SimpleRNNCell(SimpleStep):
    """The step of a SimpleRNN, for RNN: ``h = activation(x @ kernel + h @ recurrent_kernel + bias)``."""

    units: int = integer()
    activation: str | None = named("tanh")
    use_bias: bool = flag(True)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    recurrent_initializer: Initializer = initializer("orthogonal")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    recurrent_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)


@layer
class GRUCell(GRUStep):
    """The step of a GRU, for RNN; its state is its output."""

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
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    reset_after: bool = flag(True)
    seed: int | None = integer(None, 0, optional=True)


@layer
class LSTMCell(LSTMStep):
    """The step of an LSTM, for RNN; its states are the output h and the cell c."""

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
    kernel_constraint: Recipe | None = constraint()
    recurrent_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    dropout: float = number(0.0, 0, 1)
    recurrent_dropout: float = number(0.0, 0, 1)
    seed: int | None = integer(None, 0, optional=True)


def alone(cell: Layer, use: str) -> LayerError:
    """Return the error for a cell that is applied as if it were a layer."""
    message = f"`{type(cell).__name__}` is one step of a recurrent layer, and is not applied by itself"
    return LayerError("E0329", message, help=f"put it into a layer that goes over all steps: `{use}`", input=None)


def width_of(x: TensorType) -> int:
    """Return the number of features of a checked input."""
    width = x.shape[-1]
    assert isinstance(width, int)
    return width


def drawn(module: Code, variables: tuple[Weight, ...]) -> tuple[Code, ...]:
    """Return the statements that draw weights; a bias that Keras has not stays zero, and is not trained."""
    found = []
    for weight in variables:
        assert weight.initializer is not None
        place = code("{}.{}", module, weight.leaf)
        if not weight.trainable:
            place = code("{}.requires_grad_(False)", place)
        found.append(weight.initializer.fill(place, weight.shape, *compute_fans(weight.shape), weight.axes))
    return tuple(found)


def is_fused(*directions: Cell) -> bool:
    """Return whether one module of PyTorch's has all that one direction or two ask for."""
    return all(each.is_fused and each.activation == directions[0].activation for each in directions)


def stepwise_keywords(context: Build, directions: Sequence[Cell], axis: int) -> dict[str, Part]:
    """Return what the helper of a step is told of its directions; ``axis`` is where activations find the last axis."""
    first = directions[0]
    keywords: dict[str, Part] = {"bidirectional": True} if len(directions) == 2 else {}
    for parameter, default in DEFAULT_ACTIVATIONS.items():
        names = [each.activations.get(parameter, default) for each in directions]
        if any(name != default for name in names):
            keywords[parameter] = tuple(function(context, name, axis) for name in names)
    if first.dropout:
        keywords["input_dropout"] = first.dropout
    if first.recurrent_dropout:
        keywords["recurrent_dropout"] = first.recurrent_dropout
    return keywords


DEFAULT_ACTIVATIONS = {"activation": "tanh", "gate": "sigmoid"}
"""The activations that the helpers have unless they are given others."""

MODULES = {
    None: "nn.Identity()",
    "leaky_relu": "nn.LeakyReLU(0.2)",
    "linear": "nn.Identity()",
    "log_softmax": "nn.LogSoftmax(AXIS)",
    "softmax": "nn.Softmax(AXIS)",
}
"""The activations that are not a function of PyTorch by themselves."""


def function(context: Build, name: str | None, axis: int) -> Code:
    """Return an activation as something to call."""
    if name is None or name in MODULES:
        return Code(MODULES[name].replace("AXIS", str(axis)))
    template = TEMPLATES[name].replace("AXIS", str(axis))
    if "HELPER" in template:
        template = template.replace("HELPER", context.helper(name))
    if template.endswith("({})"):
        return Code(template.removesuffix("({})"))
    return code(f"lambda x: {template}", "x")
