"""Keras's recurrent layers: LSTM, GRU, SimpleRNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import Kind, argument, flag, integer, number
from nndsl.code import Code, Part, call, code, join
from nndsl.dims import Size
from nndsl.layers.activations import TEMPLATES
from nndsl.layers.activations import activation as named
from nndsl.layers.base import Build, Call, Layer, LayerError, Sizes, TensorType, Weight, layer
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_floats, need_rank, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, Zeros, compute_fans, initializer


class Cudnn(Kind):
    """Keras's choice of a kernel, which PyTorch makes by itself here."""

    description = '`"auto"`, `true` or `false`'

    def read(self, value: object) -> str | bool:
        """Return the value."""
        if isinstance(value, bool) or value == "auto":
            return value
        raise self.refuse(value)


class Recurrent(Layer):
    """What the recurrent layers share: a module of PyTorch's, or a loop over the steps for what that has not.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``; with
    ``return_state`` also the last states, each (N, units).
    """

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    call_keywords: ClassVar[Mapping[str, str]] = {"initial_state": "tensors"}

    fused_module: ClassVar[str]
    """The module of PyTorch."""
    stepwise_module: ClassVar[str]
    """The helper that loops over the steps."""
    states: ClassVar[int] = 1
    """How many states the layer carries from step to step."""
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
    return_sequences: bool
    return_state: bool
    go_backwards: bool
    stateful: bool

    @property
    def is_fused(self) -> bool:
        """Whether PyTorch's module has all that the arguments ask for (input dropout is put before it)."""
        raise NotImplementedError

    @property
    def activations(self) -> dict[str, str | None]:
        """The activations, by the names of the helper's parameters."""
        return {"activation": self.activation}

    def check(self) -> None:
        """Refuse states that outlive a batch, and the activation that halves the width."""
        name = type(self).__name__
        if self.stateful:
            raise LayerError(
                "E0307",
                f"`{name}` keeps no state from one batch to the next",
                help="hand it on: `return_state=true`, and `initial_state=` where the layer is applied",
                argument="stateful",
            )
        if "glu" in self.activations.values():
            raise LayerError("E0303", f"`{name}` needs an activation that keeps the width, and `glu` halves it")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, in) -> (N, units) or (N, T, units), and the states."""
        (x,) = inputs
        self.need_sequence(sizes, x)
        self.need_states(sizes, keywords.get("initial_state"), self.states)
        state = x.with_shape(x.shape[0], self.units)
        output = x.with_shape(*x.shape[:2], self.units) if self.return_sequences else state
        return (output, *(state,) * self.states) if self.return_state else output

    def need_sequence(self, sizes: Sizes, x: TensorType) -> None:
        """Raise LayerError unless the input is (N, T, in) floats, ``in`` a number."""
        need_rank(self, x, ("steps", "features"))
        need_floats(self, x)
        sizes.fixed(x.shape[2], f"`{type(self).__name__}` needs a fixed number of features")

    def need_states(self, sizes: Sizes, given: object, count: int) -> None:
        """Raise E0411 unless the initial state is missing, or ``count`` tensors of (N, units)."""
        states = () if given is None else given if isinstance(given, tuple) else (given,)
        name = type(self).__name__
        if given is not None and len(states) != count:
            wanted = "one state" if count == 1 else f"a list of {count} states"
            raise LayerError("E0411", f"`{name}` takes {wanted} as its `initial_state`, and is given {len(states)}")
        for state in states:
            assert isinstance(state, TensorType)
            if state.rank != 2 or not sizes.same(state.shape[1], self.units):
                message = f"a state of `{name}` is (N, {self.units}), and what it is given is {shown(state.shape)}"
                raise LayerError("E0411", message)

    def variables(self, width: int, prefix: str = "", suffix: str = "") -> tuple[Weight, ...]:
        """Return the variables of one direction; ``prefix`` goes before Keras's names, ``suffix`` behind PyTorch's."""
        columns = len(self.gates) * self.units
        ih, hh = f"weight_ih_l0{suffix}", f"weight_hh_l0{suffix}"
        axes, gates = "in out -> out in", self.gates
        kernel = Weight(ih, f"{prefix}kernel", (width, columns), axes, self.kernel_initializer, gates=gates)
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
        return self.variables(width_of(inputs[0]))

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """PyTorch's module, or the helper."""
        return construct(context, width_of(inputs[0]), self)

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """Draw the weights, and open the forget gate."""
        return (*drawn(module, self.weights(*inputs)), *self.reset_bias(module))

    def reset_bias(self, module: Code, suffix: str = "") -> tuple[Code, ...]:
        """Return what is to be done to a bias once it is drawn."""
        return ()

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module on the sequence, of whose results the last step, all steps and the states are taken."""
        x = call.inputs[0]
        if self.dropout and self.is_fused:
            x = code("F.dropout1d({}.mT, {}, self.training).mT", x, self.dropout)
        if self.go_backwards:
            x = code("{}.flip(1)", x)
        states = [code("{}[None]", state) for state in given_states(call)]
        result = applied(call.module, x, states)
        if not self.return_state:
            return code("{}[0]" if self.return_sequences else "{}[0][:, -1]", result)
        outputs, states = unpacked(call, result, self.states, outputs=self.return_sequences, kept=self.states)
        last = [code("{}[0]", state) for state in states]
        return (outputs if self.return_sequences else last[0], *last)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """(in + units) · gates · units for each step."""
        return inputs[0].shape[1] * ((width_of(inputs[0]) + self.units) * len(self.gates) * self.units)


def width_of(x: TensorType) -> int:
    """Return the number of features of a checked input."""
    width = x.shape[2]
    assert isinstance(width, int)
    return width


def given_states(call: Call) -> tuple[Code, ...]:
    """Return the states that an application was given."""
    given = call.keywords.get("initial_state") or ()
    return given if isinstance(given, tuple) else (given,)


def applied(module: Code, x: Code, states: list[Code]) -> Code:
    """Return the call of a recurrent module; two states are a tuple, as nn.LSTM takes them."""
    if not states:
        return code("{}({})", module, x)
    return code("{}({}, {})" if len(states) == 1 else "{}({}, ({}))", module, x, join(", ", states))


def unpacked(call: Call, result: Code, states: int, *, outputs: bool, kept: int) -> tuple[Code, list[Code]]:
    """Write the statement that takes a recurrent module's result apart.

    Returns the names of its outputs, unless these are not wanted, and of the states, of which the first are kept.
    """
    steps = call.local("steps") if outputs else "_"
    names = [call.local(hint) for hint in ("h", "c")[:kept]]
    targets = names + ["_"] * (states - kept)
    call.statement(code("{}, {} = {}", steps, targets[0] if states == 1 else f"({', '.join(targets)})", result))
    return Code(steps), [Code(name) for name in names]


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


def construct(context: Build, width: int, *directions: Recurrent) -> Code:
    """Return the module of one direction or of two, which differ in their activations at most."""
    first = directions[0]
    keywords: dict[str, Part] = {} if first.use_bias else {"bias": False}
    alike = all(each.is_fused and each.activation == first.activation for each in directions)
    if alike and (len(directions) == 1 or not first.dropout):
        if first.activation == "relu":
            keywords["nonlinearity"] = '"relu"'
        keywords["batch_first"] = True
        if len(directions) == 2:
            keywords["bidirectional"] = True
        return call(first.fused_module, width, first.units, **keywords)
    if len(directions) == 2:
        keywords["bidirectional"] = True
    for parameter, default in DEFAULT_ACTIVATIONS.items():
        names = [each.activations.get(parameter, default) for each in directions]
        if any(name != default for name in names):
            keywords[parameter] = tuple(function(context, name) for name in names)
    if first.dropout:
        keywords["input_dropout"] = first.dropout
    if first.recurrent_dropout:
        keywords["recurrent_dropout"] = first.recurrent_dropout
    if isinstance(first, GRU) and not first.reset_after:
        keywords["reset_after"] = False
    return call(context.helper(first.stepwise_module), width, first.units, **keywords)


DEFAULT_ACTIVATIONS = {"activation": "tanh", "gate": "sigmoid"}
"""The activations that the helpers have unless they are given others."""

MODULES = {
    None: "nn.Identity()",
    "leaky_relu": "nn.LeakyReLU(0.2)",
    "linear": "nn.Identity()",
    "log_softmax": "nn.LogSoftmax(-1)",
    "softmax": "nn.Softmax(-1)",
}
"""The activations that are not a function of PyTorch by themselves."""


def function(context: Build, name: str | None) -> Code:
    """Return an activation as something to call."""
    if name is None or name in MODULES:
        return Code(MODULES[name])
    template = TEMPLATES[name].replace("AXIS", "-1")
    if "HELPER" in template:
        template = template.replace("HELPER", context.helper(name))
    if template.endswith("({})"):
        return Code(template.removesuffix("({})"))
    return code(f"lambda x: {template}", "x")


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
