"""What recurrent layers share: shapes, variables, and the modules that they become in one direction or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.code import Code, Part, call, code, join
from nndsl.dims import Size
from nndsl.layers.activations import TEMPLATES
from nndsl.layers.base import Build, Call, Layer, LayerError, MaskRule, Masks, Sizes, TensorType, Typed, Weight
from nndsl.layers.refusals import need_floats, need_rank, shown
from nndsl.recipes.initializers import Initializer, Zeros, compute_fans


class Recurrent(Layer):
    """What the recurrent layers share: a module of PyTorch's, or a loop over the steps for what that has not.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``; with
    ``return_state`` also the last states, each (N, units).
    """

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    call_keywords: ClassVar[Mapping[str, str]] = {"initial_state": "tensors"}
    masks: ClassVar[MaskRule] = "uses"

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

    @property
    def options(self) -> dict[str, Part]:
        """What else the helper is constructed with."""
        return {}

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
            message = f"`{name}` takes {wanted} as its `initial_state`, and is given {len(states)}"
            raise LayerError("E0411", message, input=None)
        for state in states:
            assert isinstance(state, TensorType)
            if state.rank != 2 or not sizes.same(state.shape[1], self.units):
                message = f"a state of `{name}` is (N, {self.units}), and what it is given is {shown(state.shape)}"
                raise LayerError("E0411", message, input=None)

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

    def mask(self, given: Masks) -> Typed | None:
        """The mask of the sequence, for all steps."""
        return given.masks[0] if self.return_sequences else None

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module on the sequence, of whose results the last step, all steps and the states are taken."""
        x, mask = call.inputs[0], call.keywords.get("mask")
        if self.dropout and self.is_fused:
            x = code("F.dropout1d({}.mT, {}, self.training).mT", x, self.dropout)
        if self.go_backwards:
            x = code("{}.flip(1)", x)
        states = [code("{}[None]", state) for state in given_states(call)]
        if mask is not None:
            return self._masked(call, x, code("{}.flip(1)", mask) if self.go_backwards else mask, states)
        result = applied(call.module, x, states)
        if not self.return_state:
            return code("{}[0]" if self.return_sequences else "{}[0][:, -1]", result)
        outputs, states = unpacked(call, result, self.states, outputs=self.return_sequences, kept=self.states)
        last = [code("{}[0]", state) for state in states]
        return (outputs if self.return_sequences else last[0], *last)

    def _masked(self, call: Call, x: Code, mask: Code, states: list[Code]) -> Code | tuple[Code, ...]:
        """The same where masked steps repeat the output before them (0 in the beginning), and leave the states."""
        if self.is_fused and not (self.return_state and (self.states > 1 or states)):
            outputs = masked(call, "masked_recurrence", x, mask, states)
            if not self.return_state:
                return outputs if self.return_sequences else code("{}[:, -1]", outputs)
            steps = call.local("steps")
            call.statement(code("{} = {}", steps, outputs))
            state = code("{}[:, -1]", steps)
            return (Code(steps) if self.return_sequences else state, state)
        result = masked(call, "packed_recurrence" if self.is_fused else "", x, mask, states)
        if not (self.return_state or states):
            return code("{}[0]" if self.return_sequences else "{}[0][:, -1]", result)
        kept = self.states if self.return_state else 0 if self.return_sequences else 1
        outputs, new = unpacked(call, result, self.states, outputs=self.return_sequences, kept=kept)
        last = [code("{}[0]", state) for state in new]
        if not self.return_sequences:
            # Where all is masked the state stays, and the output is 0.
            outputs = code("{}.where({}.any(1, keepdim=True), 0)", last[0], mask) if states else last[0]
        elif states and not self.is_fused:
            outputs = code("{}.where({}.cumsum(1).unsqueeze(-1) > 0, 0)", outputs, mask)
        return (outputs, *last) if self.return_state else outputs

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


def applied(module: Code, x: Code, states: list[Code], mask: Code | None = None) -> Code:
    """Return the call of a recurrent module; two states are a tuple, as nn.LSTM takes them."""
    arguments = [x]
    if states:
        arguments.append(code("({})" if len(states) > 1 else "{}", join(", ", states)))
    if mask is not None:
        arguments.append(code("mask={}", mask))
    return code("{}({})", module, join(", ", arguments))


def masked(call: Call, helper: str, x: Code, mask: Code, states: list[Code]) -> Code:
    """Return the results of a module that skips masked steps: by a helper, or the module itself if there is none."""
    if not helper:
        return applied(call.module, x, states, mask)
    return applied(Code(call.helper(helper)), code("{}, {}, {}", call.module, x, mask), states)


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


def is_fused(*directions: Recurrent) -> bool:
    """Return whether one module of PyTorch's has all that one direction or two ask for."""
    first = directions[0]
    alike = all(each.is_fused and each.activation == first.activation for each in directions)
    return alike and (len(directions) == 1 or not first.dropout)


def construct(context: Build, width: int, *directions: Recurrent) -> Code:
    """Return the module of one direction or of two, which differ in their activations at most."""
    first = directions[0]
    keywords: dict[str, Part] = {} if first.use_bias else {"bias": False}
    if is_fused(*directions):
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
    return call(context.helper(first.stepwise_module), width, first.units, **keywords, **first.options)


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
