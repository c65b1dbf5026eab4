"""What recurrent layers share: a cell that goes over the steps of a sequence, masks and states included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.code import Code, code, join
from nndsl.dims import Size
from nndsl.layers.base import Call, Layer, LayerError, MaskRule, Masks, Sizes, TensorType, Typed
from nndsl.layers.cells import Cell, width_of
from nndsl.layers.refusals import need_floats, need_rank, shown


class Recurrent(Layer):
    """What the recurrent layers share.

    Takes floats of shape (N, T, in), gives (N, units), or (N, T, units) with ``return_sequences``; with
    ``return_state`` also the last states, each (N, units).
    """

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    most_inputs: ClassVar[int] = 1
    call_keywords: ClassVar[Mapping[str, str]] = {"initial_state": "tensors"}
    masks: ClassVar[MaskRule] = "uses"

    return_sequences: bool
    return_state: bool
    go_backwards: bool
    stateful: bool
    zero_output_for_mask: bool

    @property
    def step(self) -> Cell:
        """The step that goes over the sequence."""
        raise NotImplementedError

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The steps of a stack, of which an RNN alone may have several."""
        return (self.step,)

    @property
    def is_reversed(self) -> bool:
        """Whether the steps arrive in the reverse of the order in which the mask has them."""
        return False

    def check(self) -> None:
        """Refuse states that outlive a batch."""
        if self.stateful:
            raise LayerError(
                "E0307",
                f"`{type(self).__name__}` keeps no state from one batch to the next",
                help="hand it on: `return_state=true`, and `initial_state=` where the layer is applied",
                argument="stateful",
            )

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, in) -> (N, units) or (N, T, units), and the states."""
        (x,) = inputs
        self.need_sequence(sizes, x)
        self.need_states(sizes, x, keywords.get("initial_state"), self.step.states)
        state, output = self.state_type(x), self.output_type(x)
        return (output, *(state,) * self.step.states) if self.return_state else output

    def state_type(self, x: TensorType) -> TensorType:
        """Return the type of a state, which is that of the output of a step."""
        return x.with_shape(x.shape[0], self.step.units)

    def output_type(self, x: TensorType) -> TensorType:
        """Return the type of the output."""
        state = self.state_type(x)
        return x.with_shape(*x.shape[:2], *state.shape[1:]) if self.return_sequences else state

    def need_sequence(self, sizes: Sizes, x: TensorType) -> None:
        """Raise LayerError unless the input is (N, T, in) floats, ``in`` a number."""
        need_rank(self, x, ("steps", "features"))
        need_floats(self, x)
        sizes.fixed(x.shape[2], f"`{type(self).__name__}` needs a fixed number of features")

    def need_states(self, sizes: Sizes, x: TensorType, given: object, count: int) -> None:
        """Raise E0411 unless the initial state is missing, or ``count`` tensors of the state's shape."""
        states = () if given is None else given if isinstance(given, tuple) else (given,)
        name, wanted = type(self.step).__name__, self.state_type(x).shape
        if given is not None and len(states) != count:
            what = "one state" if count == 1 else f"a list of {count} states"
            message = f"`{name}` takes {what} as its `initial_state`, and is given {len(states)}"
            raise LayerError("E0411", message, input=None)
        for state in states:
            assert isinstance(state, TensorType)
            fits = state.rank == len(wanted) and all(map(sizes.same, state.shape[1:], wanted[1:]))
            if not fits:
                message = f"a state of `{name}` is {shown(wanted)}, and what it is given is {shown(state.shape)}"
                raise LayerError("E0411", message, input=None)

    def mask(self, given: Masks) -> Typed | None:
        """The mask of the sequence, for all steps."""
        return given.masks[0] if self.return_sequences else None

    def valid_steps(self, mask: Code) -> Code:
        """Return a mask as it stands beside the outputs of all steps."""
        return code("{}.unsqueeze(-1)", mask)

    def valid_last(self, mask: Code) -> Code:
        """Return whether the last step counts, as it stands beside the output of one."""
        return code("{}[:, -1:]", mask)

    def valid_any(self, mask: Code) -> Code:
        """Return whether any step counts, as it stands beside the output of one."""
        return code("{}.any(1, keepdim=True)", mask)

    @property
    def joins_width(self) -> bool:
        """Whether a module of two directions joins their outputs along the last axis of the file."""
        return True

    def width_axis(self, *, steps: bool) -> int:
        """Return where the last axis of the file is in what the module gives: in all steps, or in a state."""
        return -1

    def direction(self, results: Code, number: int) -> Code:
        """Return what one of two directions gives at all steps."""
        units = self.step.units
        return code("{}[..., {}:]", results, units) if number else code("{}[..., :{}]", results, units)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module on the sequence, of whose results the last step, all steps and the states are taken."""
        x, mask, step = call.inputs[0], call.keywords.get("mask"), self.step
        if step.dropout and step.is_fused:
            x = code("F.dropout1d({}.mT, {}, self.training).mT", x, step.dropout)
        if self.go_backwards:
            x = code("{}.flip(1)", x)
        states = [code("{}[None]", state) for state in given_states(call)]
        if mask is not None:
            return self._masked(
                call, x, code("{}.flip(1)", mask) if self.go_backwards or self.is_reversed else mask, states
            )
        result = applied(call.module, x, states)
        if not self.return_state:
            return code("{}[0]" if self.return_sequences else "{}[0][:, -1]", result)
        outputs, states = unpacked(call, result, step.states, outputs=self.return_sequences, kept=step.states)
        last = [code("{}[0]", state) for state in states]
        return (outputs if self.return_sequences else last[0], *last)

    def _masked(self, call: Call, x: Code, mask: Code, states: list[Code]) -> Code | tuple[Code, ...]:
        """The same where masked steps repeat the output before them (0 in the beginning), and leave the states."""
        step = self.step
        if step.is_fused and not (self.return_state and (step.states > 1 or states)):
            outputs = masked(call, "masked_recurrence", x, mask, states)
            if not self.return_state:
                return self._output(outputs if self.return_sequences else code("{}[:, -1]", outputs), mask)
            steps = call.local("steps")
            call.statement(code("{} = {}", steps, outputs))
            state = code("{}[:, -1]", steps)
            return (self._output(Code(steps) if self.return_sequences else state, mask), state)
        result = masked(call, "packed_recurrence" if step.is_fused else "", x, mask, states)
        if not (self.return_state or states):
            return self._output(code("{}[0]" if self.return_sequences else "{}[0][:, -1]", result), mask)
        kept = step.states if self.return_state else 0 if self.return_sequences else 1
        outputs, new = unpacked(call, result, step.states, outputs=self.return_sequences, kept=kept)
        last = [code("{}[0]", state) for state in new]
        if not self.return_sequences:
            # Where all is masked the state stays, and the output is 0.
            outputs = code("{}.where({}, 0)", last[0], self.valid_any(mask)) if states else last[0]
        elif states and not step.is_fused:
            outputs = code("{}.where({} > 0, 0)", outputs, self.valid_steps(code("{}.cumsum(1)", mask)))
        outputs = self._output(outputs, mask)
        return (outputs, *last) if self.return_state else outputs

    def _output(self, output: Code, mask: Code) -> Code:
        """Return the output, or that with zeros at masked steps."""
        if not self.zero_output_for_mask:
            return output
        valid = self.valid_steps(mask) if self.return_sequences else self.valid_last(mask)
        return code("{}.where({}, 0)", output, valid)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """(in + units) · gates · units for each step."""
        step = self.step
        return inputs[0].shape[1] * ((width_of(inputs[0]) + step.units) * len(step.gates) * step.units)


class Whole(Recurrent, Cell):
    """A recurrent layer that is its own cell."""

    __slots__ = ()

    @property
    def step(self) -> Cell:
        """The layer itself."""
        return self

    def check(self) -> None:
        """Refuse what neither the cell nor the layer has."""
        Recurrent.check(self)
        Cell.check(self)


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
