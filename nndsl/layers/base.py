"""What a layer is: typed fields, a rule for shapes, its weights, and templates of the code that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, dataclass_transform

from nndsl.arguments import Choice, Flag, Text, argument
from nndsl.code import Code, code
from nndsl.dims import Size

if TYPE_CHECKING:
    from nndsl.recipes.initializers import Initializer
    from nndsl.recipes.regularizers import Regularizer

Shape: TypeAlias = tuple[Size, ...]
Order: TypeAlias = tuple[int, ...]
"""How a tensor lies in memory's view: physical axis ``i`` is the logical axis ``order[i]``; the batch is 0 in both."""

FLOATS = ("float32", "float16", "bfloat16", "float64")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8", "bool")
MIXED = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}
"""The policies that compute in another dtype than float32, in which their variables are."""
POLICIES = (*FLOATS, *MIXED)
"""Keras's dtype policies: in which dtype a layer computes, and in which its variables are."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """The shape and dtype of a tensor.

    ``shape`` is whole: where ``batched``, its first size is the batch. Weights and ``ops.arange`` have no batch.
    """

    shape: Shape
    dtype: str = "float32"
    batched: bool = True

    @property
    def rank(self) -> int:
        """The number of axes, the batch included."""
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether the dtype is one of floating point."""
        return self.dtype in FLOATS

    def with_shape(self, *shape: Size) -> TensorType:
        """Return the type with another shape."""
        return TensorType(shape, self.dtype, self.batched)

    def with_dtype(self, dtype: str) -> TensorType:
        """Return the type with another dtype."""
        return self if dtype == self.dtype else TensorType(self.shape, dtype, self.batched)


class LayerError(Exception):
    """A layer cannot take its inputs; whoever applied it knows the span.

    ``code`` is of the 04xx family (shapes and dtypes) or 03xx (an argument that does not fit). ``argument`` names the
    field that is to blame, if one is; ``input`` is the number of the input whose origin a note shows, if one matters.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        label: str = "",
        help: str = "",
        argument: str = "",
        input: int | None = 0,
    ) -> None:
        self.code = code
        self.message = message
        self.label = label
        self.help = help
        self.argument = argument
        self.input = input
        super().__init__(message)


class Sizes(Protocol):
    """What a layer may ask about sizes, which may be symbolic; each question records what must hold of the symbols."""

    def require(self, size: Size, least: int, error: LayerError) -> None:
        """Demand that a size be at least ``least``: raise the error if it never is, else record the condition."""

    def same(self, first: Size, second: Size) -> bool:
        """Return whether two sizes are always equal; an undecided pair counts as equal and is checked at run time."""

    def fixed(self, size: Size, what: str) -> int:
        """Return the number that a size must be, or raise the LayerError that names the input to fix."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A variable of a layer, as Keras declares it and as PyTorch holds it.

    ``shape`` and the left side of ``axes`` are Keras's; the right side is PyTorch's, in the notation of einops:
    ``"in out -> out in"``, ``"h w c m -> (c m) 1 h w"``. ``variable`` is Keras's name; ``"bias[0]"`` is a row of it.
    """

    leaf: str
    variable: str
    shape: tuple[int, ...]
    axes: str
    initializer: Initializer | None
    trainable: bool = True
    counted: bool = True
    gates: tuple[int, ...] = ()
    """For recurrent kernels, whose last Keras axis is a row of gates: PyTorch's gate ``i`` is Keras's ``gates[i]``."""


class Call(Protocol):
    """One application of a layer, as its ``forward`` sees it while code is written."""

    module: Code
    """The expression that reaches the layer's module or parameter: ``self.dense``, ``block``."""
    inputs: tuple[Code, ...]
    """The inputs, each an expression that may be used more than once (a local name)."""
    types: tuple[TensorType, ...]
    """The logical types of the inputs."""
    outputs: tuple[TensorType, ...]
    """The logical types of the outputs."""
    keywords: Mapping[str, Any]
    """What the application was given by keyword: Code for tensors (a tuple of them for a list), else the constant."""

    def axis(self, axis: int, input: int = 0) -> int:
        """Return where a logical axis (negative ones counted from the end) of an input physically is."""

    def size(self, axis: int, input: int = 0) -> Code:
        """Return a logical axis's size: a number where it is known, else ``x.shape[…]``."""

    def helper(self, name: str) -> str:
        """Put a function or class of ``nndsl/emit/helpers/`` into the source, and return its name."""

    def local(self, hint: str) -> str:
        """Return a local name that is not in use."""

    def statement(self, line: Code) -> None:
        """Write a statement before the expression."""

    def penalize(self, loss: Code) -> None:
        """Add an activity loss, once what it is of is computed."""


class Build(Protocol):
    """What a layer's ``build`` may ask while the constructor is written."""

    def helper(self, name: str) -> str:
        """Put a function or class of ``nndsl/emit/helpers/`` into the source, and return its name."""

    def imported(self, module: str, name: str, alias: str) -> str:
        """Let the source import a class of a Python module, as ``alias`` if that is free, and return its name there."""


MaskRule: TypeAlias = Literal["stops", "passes", "uses", "ends"]


class Typed(Protocol):
    """A tensor of which no more than its type is known."""

    @property
    def type(self) -> TensorType:
        """Its shape and dtype."""


class Masks(Protocol):
    """The masks that come to one application of a layer, as the layer's rules for them see it.

    A mask is a tensor of bools, (N, …): true where a step counts. Its axes are the first ones of what it belongs to.
    """

    @property
    def inputs(self) -> tuple[Typed, ...]:
        """The inputs."""

    @property
    def masks(self) -> tuple[Typed | None, ...]:
        """The mask of each input, or None."""

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of the outputs."""

    @property
    def keywords(self) -> Mapping[str, Any]:
        """What the application was given by keyword."""

    def apply(self, layer: Layer, *tensors: Typed) -> Typed:
        """Return a layer of the compiler's own applied to tensors; what nobody uses in the end is not computed."""


@dataclass_transform(frozen_default=True, kw_only_default=False, field_specifiers=(argument,))
def layer(declared: type[Any]) -> type[Any]:
    """Make a class with annotated fields a layer: a frozen dataclass with slots."""
    return dataclass(frozen=True, slots=True)(declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The base of all layers.

    A subclass declares its fields (the arguments of the language, in order), and overrides ``infer`` and ``forward``;
    one with weights also ``weights`` and ``build``. Instances are values: equal arguments are equal layers.
    """

    can_hold_weights: ClassVar[bool] = False
    """Whether layers of the class take part in the naming of keys: a fixed property of the class."""
    takes_list: ClassVar[bool] = False
    """Whether the layer takes one list of tensors (Add, Concatenate) rather than tensors one by one."""
    least_inputs: ClassVar[int] = 1
    most_inputs: ClassVar[int] = 1
    input_names: ClassVar[tuple[str, ...]] = ("inputs",)
    """Keras's names of the positional inputs of ``call``."""
    call_keywords: ClassVar[Mapping[str, str]] = {}
    """Keywords that an application takes, each "tensor", "tensors" (a list) or "flag"."""
    takes_any_float: ClassVar[bool] = False
    """Whether inputs keep their dtypes: operators and views have no policy, and some layers cast for themselves."""
    casts_weights: ClassVar[bool] = False
    """Whether ``forward`` casts the weights to the compute dtype itself, where it is another than theirs."""
    masks: ClassVar[MaskRule] = "stops"
    """What becomes of the mask of the first input. ``"stops"``: it is lost, as Keras loses it without a
    ``supports_masking``; ``"passes"``: the first output has it; ``"uses"``: ``forward`` is given it as the keyword
    ``mask``, and that it was lost before is worth a warning; ``"ends"``: it means nothing for the outputs.
    """

    name: str | None = argument(Text(optional=True), None, kw_only=True)
    trainable: bool = argument(Flag(), True, kw_only=True)
    dtype: str | None = argument(Choice((*POLICIES, None)), None, kw_only=True)

    @property
    def compute_dtype(self) -> str:
        """The dtype in which the layer takes floats, and gives them."""
        return MIXED.get(self.dtype or "float32", self.dtype or "float32")

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return "float32" if self.dtype is None or self.dtype in MIXED else self.dtype

    @property
    def is_mixed(self) -> bool:
        """Whether it computes in another dtype than that of its weights."""
        return self.dtype in MIXED

    def accepted(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Return the types as which inputs arrive: floats are cast to the compute dtype, integers stay."""
        if self.takes_any_float:
            return inputs
        dtype = self.compute_dtype
        return tuple(x.with_dtype(dtype) if x.is_float else x for x in inputs)

    def check(self) -> None:
        """Raise LayerError for arguments that contradict one another (before any input is known)."""

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType | tuple[TensorType, ...]:
        """Return the type of the output, or of each output; raise LayerError for inputs that the layer cannot take.

        ``keywords`` are those of the application: a TensorType for a tensor (a tuple of them for a list), else the
        constant.
        """
        raise NotImplementedError

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Return the variables that the layer has for inputs of these types, in Keras's order."""
        return ()

    def build(self, context: Build, *inputs: TensorType) -> Code | None:
        """Return the expression that makes the layer's ``nn.Module`` (or ``nn.Parameter``), or None for none."""
        return None

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """Return the statements that draw the initial weights of the layer's module."""
        from nndsl.recipes.initializers import compute_fans

        return tuple(
            weight.initializer.fill(
                code("{}.{}", module, weight.leaf) if weight.leaf else module,
                weight.shape,
                *compute_fans(weight.shape),
                weight.axes,
            )
            for weight in self.weights(*inputs)
            if weight.initializer is not None
        )

    def forward(self, call: Call) -> Code | tuple[Code, ...]:
        """Return the expression of the output, or one for each of several outputs."""
        raise NotImplementedError

    def keeper(self, variable: str) -> Layer:
        """Return the layer whose arguments say what regularizes and constrains a variable: itself, or one inside."""
        return self

    @property
    def activity_penalties(self) -> tuple[Regularizer, ...]:
        """The regularizers of what the layer gives, but for those whose factors are 0."""
        own = getattr(self, "activity_regularizer", None)
        return () if own is None or own.is_idle else (own,)

    def penalize(self, call: Call, outputs: tuple[Code, ...]) -> None:
        """Add the activity losses of an application whose outputs are in locals now, and its inputs perhaps no more."""
        from nndsl.layers.penalties import activity_loss

        for each in self.activity_penalties:
            for output in outputs:
                call.penalize(activity_loss(each, output, code("{}.shape[0]", output), call.helper))

    @property
    def is_idle(self) -> bool:
        """Whether, its arguments being what they are, it gives its one input as it is."""
        return False

    @property
    def makes_mask(self) -> bool:
        """Whether the output has a mask although the inputs have none."""
        return False

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """Return the keywords by which ``forward`` is given masks; raise LayerError for masks that do not fit."""
        return {"mask": given.masks[0]} if self.masks == "uses" and given.masks[0] is not None else {}

    def mask(self, given: Masks) -> Typed | tuple[Typed | None, ...] | None:
        """Return the mask of the output, or those of the first outputs; None for none."""
        return given.masks[0] if self.masks == "passes" else None

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Return the order of axes in which the layer wants its inputs; None takes any, the same for all inputs.

        The output has the order of the input if it has the same rank, and else that of ``other_order``. The default
        wants the logical order.
        """
        return tuple(range(inputs[0].rank))

    def other_order(self, kind: TensorType) -> Order:
        """Return the order in which the layer gives outputs, and takes keywords, of another rank than its inputs'."""
        return tuple(range(kind.rank))

    def multiply_adds(self, *inputs: TensorType) -> Size:
        """Return the multiplications of one sample's forward pass; 0 for layers without weights."""
        return 0


def channels_first(rank: int, data_format: str) -> Order:
    """Return the order that brings the channels behind the batch: where PyTorch's convolutions and pools want them."""
    if data_format == "channels_first":
        return tuple(range(rank))
    return (0, rank - 1, *range(1, rank - 1))


def channel_axis(data_format: str) -> int:
    """Return the logical axis of the channels."""
    return 1 if data_format == "channels_first" else -1


def spatial_axes(rank: int, data_format: str) -> range:
    """Return the logical axes that are neither batch nor channels."""
    return range(2, rank) if data_format == "channels_first" else range(1, rank - 1)
