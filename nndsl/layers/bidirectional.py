"""Keras's Bidirectional: a layer like others, which holds the layer of each direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Kind, argument, choice, describe
from nndsl.code import Code, code, join
from nndsl.dims import Size
from nndsl.layers.base import (
    Build,
    Call,
    Layer,
    LayerError,
    MaskRule,
    Masks,
    Order,
    Sizes,
    TensorType,
    Typed,
    Weight,
    layer,
)
from nndsl.layers.cells import Cell, drawn, is_fused
from nndsl.layers.penalties import activity_loss
from nndsl.layers.recurrence import Recurrent, applied, given_states, masked, unpacked
from nndsl.layers.refusals import listed
from nndsl.recipes.regularizers import Regularizer


class RecurrentKind(Kind):
    """A recurrent layer; with ``optional`` also none."""

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional
        self.description = "a recurrent layer such as `LSTM(64)`" + (", or `none`" if optional else "")

    def read(self, value: object) -> Recurrent | None:
        """Return the layer."""
        if isinstance(value, Recurrent) or (value is None and self.optional):
            return value
        given = f"`{type(value).__name__}`" if isinstance(value, Layer) else describe(value)
        raise ArgumentError("E0302", f"must be {self.description}, not {given}")


@layer
class Bidirectional(Layer):
    """Read a sequence in both directions, and merge what the two layers give.

    Takes floats of shape (N, T, in), gives what the layer gives, twice as wide for ``merge_mode="concat"``, and two of
    it for ``merge_mode=none``. With ``return_state`` the states follow, those of the first direction first.
    """

    can_hold_weights: ClassVar[bool] = True
    input_names: ClassVar[tuple[str, ...]] = ("sequences",)
    call_keywords: ClassVar[Mapping[str, str]] = {"initial_state": "tensors"}
    masks: ClassVar[MaskRule] = "uses"

    layer: Recurrent = argument(RecurrentKind())
    merge_mode: str | None = choice("sum", "mul", "ave", "concat", None, default="concat")
    backward_layer: Recurrent | None = argument(RecurrentKind(optional=True), default=None)
    is_apart: bool = False
    """Whether each direction reads one half of the features: what it gave itself, by a cell before in a stack."""

    @property
    def backward(self) -> Recurrent:
        """The layer of the second direction."""
        return self.backward_layer or replace(self.layer, go_backwards=True)  # type: ignore[call-arg]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The steps of the first direction."""
        return self.layer.cells

    def check(self) -> None:
        """Refuse directions that are not two, or that differ in more than activations and first values."""
        if self.layer.go_backwards:
            message = "the first direction of `Bidirectional` goes forwards: the second is the one that goes backwards"
            raise LayerError("E0305", message, argument="layer")
        for each in (self.layer, self.backward):
            if (each.dtype or "float32") != (self.dtype or "float32"):
                message = f"`Bidirectional` is {self.dtype or 'float32'}, and the layer in it {each.dtype or 'float32'}"
                raise LayerError("E0305", message, help="write the same `dtype` for both", argument="layer")
            if not (each.trainable and all(cell.trainable for cell in each.cells)):
                message = "the directions of `Bidirectional` are trained or not together"
                help = "write `trainable=false` for the `Bidirectional`"
                raise LayerError("E0305", message, help=help, argument="layer")
        if self.backward_layer is None:
            return
        if not self.backward.go_backwards:
            message = "the `backward_layer` must have `go_backwards=true`"
            raise LayerError("E0305", message, argument="backward_layer")
        first, second = ([f"`{type(cell).__name__}`" for cell in each.cells] for each in (self.layer, self.backward))
        if first != second:
            message = f"the `backward_layer` must be of the same class as the layer: {listed(first, 'and')}"
            raise LayerError("E0305", message, argument="backward_layer")
        for mine, other in zip(_compared(self.layer), _compared(self.backward), strict=True):
            for name in mine:
                if mine[name] != other[name]:
                    message = f"the `backward_layer` must have the `{name}` of the layer"
                    raise LayerError("E0305", message, argument="backward_layer")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """(N, T, in) -> (N, 2 · units) or (N, T, 2 · units), and the states."""
        (x,) = inputs
        count = 2 * self.layer.step.states
        self.layer.need_sequence(sizes, x)
        self.layer.need_states(sizes, x, keywords.get("initial_state"), count)
        output = self.layer.output_type(self._read(x))
        if self.merge_mode == "concat":
            output = output.with_shape(*output.shape[:-1], 2 * output.shape[-1])
        outputs = (output,) * (1 if self.merge_mode else 2)
        states = (self.layer.state_type(self._read(x)),) * (count if self.layer.return_state else 0)
        return (*outputs, *states) if len(outputs) + len(states) > 1 else output

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Those of the first direction, then those of the second."""
        x = self._read(inputs[0])
        first = self.layer.step.variables(x, "forward/")
        return (*first, *self.backward.step.variables(x, "backward/", "_reverse"))

    def _read(self, x: TensorType) -> TensorType:
        """Return the type of what one direction reads."""
        return x.with_shape(*x.shape[:-1], x.shape[-1] // 2) if self.is_apart else x

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """PyTorch's module, or the helper, with two directions."""
        return self.layer.step.construct(context, self._read(inputs[0]), self.backward.step)

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """Draw the weights of both directions."""
        biases = (*self.layer.step.reset_bias(module), *self.backward.step.reset_bias(module, "_reverse"))
        return (*drawn(module, self.weights(*inputs)), *biases)

    def keeper(self, variable: str) -> Layer:
        """The layer of the direction, or its cell."""
        return (self.backward if variable.startswith("backward/") else self.layer).step

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """Those of the layer."""
        return self.layer.mask_keywords(given)

    def mask(self, given: Masks) -> Typed | tuple[Typed | None, ...] | None:
        """The mask of the sequence, for all steps of both directions."""
        mask = given.masks[0] if self.layer.return_sequences else None
        return mask if self.merge_mode else (mask, mask)

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """The module, and the two halves of its results merged; all steps that are masked are 0."""
        given = given_states(call)
        half = len(given) // 2
        states = [
            code("torch.stack(({}, {}))", first, second)
            for first, second in zip(given[:half], given[half:], strict=True)
        ]
        sequences, state, step = self.layer.return_sequences, self.layer.return_state, self.layer.step
        mask = call.keywords.get("mask")
        fused = is_fused(step, self.backward.step)
        if self.is_apart or (fused and step.dropout):
            result = self._each_way(call, states, mask, fused=fused)
        elif mask is None:
            result = applied(call.module, call.inputs[0], states)
        else:
            result = masked(call, "packed_recurrence" if fused else "", call.inputs[0], mask, states)
        valid = code(".where({}, 0)", self.layer.valid_steps(mask)) if mask is not None else Code("")
        if sequences and not state and self._is_joined:
            steps = code("{}[0]{}", result, valid)
            if not self.activity_penalties:
                return steps
            name = call.local("steps")
            call.statement(code("{} = {}", name, steps))
            self._penalize(call, Code(name), [])
            return (Code(name),)
        kept = step.states if state else 0 if sequences else 1
        outputs, states = unpacked(call, result, step.states, outputs=sequences, kept=kept)
        last = [code("{}[{}]", each, direction) for direction in "01" for each in states] if state else []
        if sequences and mask is not None:
            call.statement(code("{} = {}{}", outputs, outputs, valid))
        elif mask is not None and given:
            # Where all is masked the states stay, and the outputs are 0.
            last_step = call.local("last")
            call.statement(code("{} = {}.where({}, 0)", last_step, states[0], self.layer.valid_any(mask)))
            states = [Code(last_step)]
        results = outputs if sequences else states[0]
        self._penalize(call, results, states if state else [])
        merged = self._merged(results)
        return (*merged, *last) if len(merged) + len(last) > 1 else merged[0]

    @property
    def activity_penalties(self) -> tuple[Regularizer, ...]:
        """Those of the layers of both directions."""
        return (*self.layer.activity_penalties, *self.backward.activity_penalties)

    def penalize(self, call: Call, outputs: tuple[Code, ...]) -> None:
        """Nothing: what a direction gives is penalized before it is merged."""

    def _penalize(self, call: Call, results: Code, states: list[Code]) -> None:
        """Add the activity losses of each direction, of both at once where they are the same sums."""
        batch = code("{}.shape[0]", call.inputs[0])
        first, second = self.layer.activity_penalties, self.backward.activity_penalties
        if first == second and all(each.elementwise for each in first):
            found = [(each, value) for each in first for value in (results, *states)]
        else:
            found = [
                (each, value)
                for number, penalties in enumerate((first, second))
                for each in penalties
                for value in (self._direction(results, number), *(code("{}[{}]", one, str(number)) for one in states))
            ]
        for each, value in found:
            call.penalize(activity_loss(each, value, batch, call.helper))

    def _direction(self, results: Code, number: int) -> Code:
        """Return what one direction gives, of all steps or of the last states."""
        if self.layer.return_sequences:
            return self.layer.direction(results, number)
        return code("{}[{}]", results, str(number))

    def _each_way(self, call: Call, states: list[Code], mask: Code | None, *, fused: bool) -> Code:
        """The module where its directions read different inputs."""
        x, dropout = call.inputs[0], self.layer.step.dropout
        arguments = [code("*{}.chunk(2, -1)" if self.is_apart else "{}, {}", *(x,) * (1 if self.is_apart else 2))]
        if states:
            arguments.append(code("({})" if len(states) > 1 else "{}", join(", ", states)))
        if mask is not None:
            arguments.append(code("mask={}", mask))
        if mask is not None and fused:
            arguments.append(Code("packed=True"))
        if dropout and fused:
            arguments.append(code("dropout={}, training=self.training", dropout))
        return code("{}({}, {})", call.helper("each_way"), call.module, join(", ", arguments))

    @property
    def _is_joined(self) -> bool:
        """Whether the module puts the steps of the two directions together as ``merge_mode`` asks."""
        return self.merge_mode == "concat" and self.layer.joins_width

    def _merged(self, results: Code) -> tuple[Code, ...]:
        """Return all steps, or the last states, as ``merge_mode`` puts the directions together."""
        sequences = self.layer.return_sequences
        if sequences and self._is_joined:
            return (results,)
        first, second = self._direction(results, 0), self._direction(results, 1)
        if self.merge_mode is None:
            return first, second
        if self.merge_mode == "concat":
            axis = str(self.layer.width_axis(steps=sequences))
            return (code("torch.cat(({}, {}), {})", first, second, axis),)
        return (code({"sum": "{} + {}", "mul": "{} * {}", "ave": "({} + {}) / 2"}[self.merge_mode], first, second),)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """That of the layer."""
        return self.layer.wanted_order(*inputs)

    def other_order(self, kind: TensorType) -> Order:
        """That of the layer."""
        return self.layer.other_order(kind)

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Those of both directions."""
        x = self._read(inputs[0])
        return self.layer.multiply_adds(x) + self.backward.multiply_adds(x)


def _compared(layer: Recurrent) -> list[dict[str, object]]:
    """Return the arguments of a direction that the other one must share."""
    return [*(cell.alike() for cell in layer.cells), {name: getattr(layer, name) for name in RETURNS}]


RETURNS = ("return_sequences", "return_state")
"""What the layers of two directions give alike."""
