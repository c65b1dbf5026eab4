"""Keras's EinsumDense: a linear map between axes that an equation names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_letters
from typing import Any, ClassVar

from nndsl.arguments import ArgumentError, Kind, argument, describe
from nndsl.arguments import Size as SizeKind
from nndsl.code import Code, as_code, code, literal
from nndsl.dims import Size
from nndsl.layers.activations import activated, activated_type, activation
from nndsl.layers.base import Build, Call, Layer, LayerError, Sizes, TensorType, Weight, layer
from nndsl.layers.missing import missing
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import listed, need_floats, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, initializer

_FORM = re.compile(
    r"(?P<left>\.\.\.)?(?P<input>[a-zA-Z]+)(?P<right>\.\.\.)?,(?P<kernel>[a-zA-Z]+)"
    r"->(?(left)\.\.\.)(?P<output>[a-zA-Z]+)(?(right)\.\.\.)"
)


class Equation(Kind):
    """The letters of the axes of the input, the kernel and the output."""

    description = 'an equation such as `"abc,cd->abd"` or `"...c,cd->...d"`'

    def read(self, value: object) -> str:
        """Return the equation."""
        if not isinstance(value, str):
            raise self.refuse(value)
        form = _FORM.fullmatch(value)
        if form is None or (form["left"] and form["right"]):
            help = "letters alone, `...` in front of input and output, or `...` behind both"
            raise self.refuse(value, "E0303", help)
        inputs, kernel, outputs = form["input"], form["kernel"], form["output"]
        for term in (inputs, kernel, outputs):
            twice = next((letter for letter in term if term.count(letter) > 1), None)
            if twice is not None:
                raise ArgumentError("E0303", f"names `{twice}` twice in `{term}`: {describe(value)}")
        for letter in outputs:
            if letter not in inputs + kernel:
                raise ArgumentError("E0303", f"has `{letter}` in the output alone: {describe(value)}")
        for letter in kernel:
            if letter not in inputs + outputs:
                raise ArgumentError("E0303", f"has `{letter}` in the kernel alone: {describe(value)}")
        return value


class OutputSizes(Kind):
    """A size or a tuple of them; none stands for a size of the input."""

    description = "a size, or a tuple of sizes and `none`"

    def read(self, value: object) -> tuple[Size | None, ...]:
        """Return the tuple."""
        if value is None:
            raise self.refuse(value)
        items = value if isinstance(value, (tuple, list)) else (value,)
        return tuple(None if item is None else SizeKind().read(item) for item in items)


class BiasAxes(Kind):
    """Letters of the output, or none."""

    description = "letters of the output, or `none`"

    def read(self, value: object) -> str | None:
        """Return the letters."""
        if value is None or (isinstance(value, str) and value.isalpha()):
            return value
        raise self.refuse(value, "E0303" if isinstance(value, str) else "E0302")


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters of an equation for an input of some rank, one for each axis, and the sizes that they have."""

    input: str
    kernel: str
    output: str
    named: str
    """The letters of the output whose sizes ``output_shape`` has."""


@layer
class EinsumDense(Layer):
    """A linear map between the axes that an equation names: ``activation(einsum(equation, x, kernel) + bias)``.

    Takes floats with an axis for each letter before the comma, the batch first (``...`` stands for any), and gives
    those behind the arrow. ``output_shape`` has their sizes, without the batch and what ``...`` stands for; none is
    that of the input. The bias has the axes of ``bias_axes``.
    """

    can_hold_weights: ClassVar[bool] = True

    equation: str = argument(Equation())
    output_shape: tuple[Size | None, ...] = argument(OutputSizes())
    activation: str | None = activation()
    bias_axes: str | None = argument(BiasAxes(), default=None)
    kernel_initializer: Initializer = initializer("glorot_uniform")
    bias_initializer: Initializer = initializer("zeros")
    kernel_regularizer: Recipe | None = regularizer()
    bias_regularizer: Recipe | None = regularizer()
    kernel_constraint: Recipe | None = constraint()
    bias_constraint: Recipe | None = constraint()
    lora_rank: None = missing("LoRA")
    lora_alpha: None = missing("LoRA")
    gptq_unpacked_column_size: None = missing("quantized weights")
    quantization_config: None = missing("quantized weights")

    def check(self) -> None:
        """E0303 for a bias along axes that the output has not."""
        output = self._form()["output"]
        strange = next((letter for letter in self.bias_axes or "" if letter not in output), None)
        if strange is not None:
            message = f"`bias_axes` are letters of the output `{output}`, and `{strange}` is none of them"
            raise LayerError("E0303", message, argument="bias_axes")

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """The axes of the output's letters. E0401, E0303 or E0403 where equation, input and output_shape disagree."""
        (x,) = inputs
        need_floats(self, x)
        letters = self._letters(x)
        self._need_batch(letters)
        known = dict(zip(letters.input, x.shape, strict=True))
        for letter, size in zip(letters.named, self.output_shape, strict=True):
            before = known.get(letter)
            if before is None and size is None:
                message = f"`output_shape` must say the size of `{letter}`, which `{letters.input}` has not"
                raise LayerError("E0303", message, argument="output_shape")
            if before is not None and size is not None and not sizes.same(before, size):
                message = f"`{letter}` of `{self.equation}` is {before} in the input and {size} in `output_shape`"
                help = f"write `none` for `{letter}`: the size is that of the input"
                raise LayerError("E0403", message, help=help, argument="output_shape")
        known = self._sizes(letters, x)
        for letter in letters.kernel:
            sizes.fixed(known[letter], f"`EinsumDense` needs a fixed axis `{letter}`, since its kernel has it")
        for letter in self.bias_axes or "":
            sizes.fixed(known[letter], f"`EinsumDense` needs a fixed axis `{letter}`, since its bias has it")
        return activated_type(sizes, self.activation, x.with_shape(*(known[letter] for letter in letters.output)))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """kernel, with the axes of its letters, and bias, with those of the output from its first letter on."""
        letters = self._letters(inputs[0])
        known = self._sizes(letters, inputs[0])
        summed = tuple(axis for axis, letter in enumerate(letters.kernel) if letter not in letters.output)
        kept = tuple(axis for axis, letter in enumerate(letters.kernel) if letter in letters.output)
        drawn = self.kernel_initializer.with_axes(summed, kept)
        kernel = Weight("kernel", "kernel", _fixed(known, letters.kernel), _unchanged(letters.kernel), drawn)
        if self.bias_axes is None:
            return (kernel,)
        along = letters.output[min(map(letters.output.index, self.bias_axes)) :]
        shape = _fixed({letter: known[letter] if letter in self.bias_axes else 1 for letter in along}, along)
        return kernel, Weight("bias", "bias", shape, _unchanged(along), self.bias_initializer)

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper, with the shapes of the kernel and the bias."""
        shapes = [as_code(weight.shape, weight.leaf) for weight in self.weights(*inputs)]
        helper = context.helper("EinsumDense")
        arguments = ", ".join("{}" for _ in (self.equation, *shapes))
        return code(f"{helper}({arguments})", literal(self.equation), *shapes)

    def forward(self, call: Call) -> Code:
        """The module, then the activation."""
        return activated(call, self.activation, code("{}({})", call.module, call.inputs[0]))

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """The product of the sizes of all letters but the batch."""
        letters = self._letters(inputs[0])
        total: Size = 1
        for letter, size in self._sizes(letters, inputs[0]).items():
            if letter != letters.input[0]:
                total = total * size
        return total

    def _form(self) -> re.Match[str]:
        form = _FORM.fullmatch(self.equation)
        assert form is not None
        return form

    def _letters(self, x: TensorType) -> Letters:
        """Return the letters for an input. Raises LayerError for one with more axes or fewer."""
        form = self._form()
        inputs, kernel, outputs = form["input"], form["kernel"], form["output"]
        elided = x.rank - len(inputs)
        dots = form["left"] or form["right"]
        if elided < 0 or (elided and not dots):
            least = "at least " if dots else ""
            message = f"`{self.equation}` takes {least}{len(inputs)} axes, the batch included"
            help = "" if dots else "`...` in front of input and output stands for any axes: `...c,cd->...d`"
            raise LayerError("E0401", f"{message}, and the input is {shown(x.shape)}", help=help, argument="equation")
        more = "".join(letter for letter in ascii_letters if letter not in self.equation)[:elided]
        if form["left"]:
            named = outputs if elided else outputs[1:]
            letters = Letters(more + inputs, kernel, more + outputs, named)
        else:
            letters = Letters(inputs + more, kernel, outputs + more, outputs[1:])
        if len(self.output_shape) != len(letters.named):
            count, wanted = len(self.output_shape), len(letters.named)
            names = f": of {listed([f'`{letter}`' for letter in letters.named], 'and')}" if wanted else ""
            found = "1 size" if count == 1 else f"{count} sizes"
            message = f"`output_shape` has {found}, and must have {wanted or 'none'}{names}"
            raise LayerError("E0303", message, argument="output_shape")
        return letters

    def _need_batch(self, letters: Letters) -> None:
        """Raise E0303 unless the batch is the first axis of the input and the output, and no axis of the kernel."""
        batch = letters.input[0]
        if letters.output[0] != batch or batch in letters.kernel or batch in (self.bias_axes or ""):
            message = f"`{self.equation}` must leave the batch alone, and `{batch}` is the batch"
            help = "it stands first in input and output, and not in kernel and bias"
            raise LayerError("E0303", message, help=help, argument="equation")

    def _sizes(self, letters: Letters, x: TensorType) -> dict[str, Size]:
        """Return the size of each letter."""
        known: dict[str, Size] = dict(zip(letters.input, x.shape, strict=True))
        for letter, size in zip(letters.named, self.output_shape, strict=True):
            if size is not None:
                known.setdefault(letter, size)
        return known


def _fixed(known: dict[str, Size], letters: str) -> tuple[int, ...]:
    """Return the sizes of letters, which have been checked."""
    found = []
    for letter in letters:
        size = known[letter]
        assert isinstance(size, int)
        found.append(size)
    return tuple(found)


def _unchanged(letters: str) -> str:
    """Return axes that PyTorch has as Keras has them."""
    names = " ".join(letters)
    return f"{names} -> {names}"
