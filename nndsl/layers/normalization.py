"""Keras's normalizations: of a batch, of a layer, of groups of channels, to a length of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nndsl.arguments import Axes, Kind, argument, flag, number
from nndsl.code import Code, Part, call, code
from nndsl.layers.base import Build, Call, Layer, LayerError, MaskRule, Masks, Order, Sizes, TensorType, Weight, layer
from nndsl.layers.casting import cast, computed
from nndsl.layers.masking import beside
from nndsl.layers.missing import missing
from nndsl.layers.penalties import constraint, regularizer
from nndsl.layers.refusals import need_floats, need_least_rank, placed_axis, shown
from nndsl.recipes.base import Recipe
from nndsl.recipes.initializers import Initializer, Ones, Zeros, initializer


class Groups(Kind):
    """A number of groups, or -1 for one to each channel."""

    description = "a positive integer, or -1 for one group to each channel"

    def read(self, value: object) -> int:
        """Return the int."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(value)
        if value < 1 and value != -1:
            raise self.refuse(value, "E0303")
        return value


class Normalizing(Layer):
    """What the normalizations with weights share: floats whose shape stays, and fixed sizes along ``axis``."""

    __slots__ = ()

    can_hold_weights: ClassVar[bool] = True
    casts_weights: ClassVar[bool] = True

    axis: int | tuple[int, ...]

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_least_rank(self, x, 2)
        need_floats(self, x)
        for axis in self.placed(x):
            sizes.fixed(x.shape[axis], f"`{type(self).__name__}` needs a fixed size along axis {axis}")
        return x.with_dtype(self.compute_dtype)

    def placed(self, x: TensorType) -> tuple[int, ...]:
        """Return the axes counted from the front, in order; raise E0407 for one that is not there, or twice."""
        return placed_axes(self, self.axis, x)

    def extents(self, x: TensorType) -> tuple[int, ...]:
        """Return the sizes along the axes of a checked input."""
        return tuple(size for size in (x.shape[axis] for axis in self.placed(x)) if isinstance(size, int))

    def variables(self, x: TensorType, *found: tuple[str, str, Initializer]) -> tuple[Weight, ...]:
        """Return variables along the axes: the leaf, Keras's name and the initializer of each."""
        shape = self.extents(x)
        axes = " ".join("abcdefgh"[: len(shape)])
        return tuple(Weight(leaf, name, shape, f"{axes} -> {axes}", filled) for leaf, name, filled in found)

    def forward(self, call: Call) -> Code:
        """The module, which computes in the dtype of its weights, as Keras does."""
        return computed(self, self.applied(call, self.arriving(call)))

    def arriving(self, call: Call) -> Code:
        """Return the input in the dtype of the weights."""
        x = call.inputs[0]
        return x if call.types[0].dtype == self.variable_dtype else cast(x, self.variable_dtype)

    def applied(self, call: Call, x: Code) -> Code:
        """Return the module applied to an input."""
        return code("{}({})", call.module, x)


class Affine(Normalizing):
    """What the normalizations with gamma and beta share."""

    __slots__ = ()

    masks: ClassVar[MaskRule] = "passes"

    center: bool
    scale: bool
    beta_initializer: Initializer
    gamma_initializer: Initializer

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """gamma and beta along the axes, those that there are."""
        gamma = (("weight", "gamma", self.gamma_initializer),) if self.scale else ()
        beta = (("bias", "beta", self.beta_initializer),) if self.center else ()
        return self.variables(inputs[0], *gamma, *beta)

    @property
    def resets_itself(self) -> bool:
        """Whether the module's own ``reset_parameters`` gives the weights that Keras's default initializers give."""
        return False

    def reset(self, module: Code, *inputs: TensorType) -> tuple[Code, ...]:
        """Draw the weights, by the module's own method where they are the usual ones and zeros."""
        usual = {"weight": Ones, "bias": Zeros, "running_mean": Zeros, "running_var": Ones}
        if self.resets_itself and all(type(each.initializer) is usual[each.leaf] for each in self.weights(*inputs)):
            return (code("{}.reset_parameters()", module),)
        return Normalizing.reset(self, module, *inputs)

    def partly(self, context: Build, module: Code) -> Code:
        """Return a module of PyTorch's that has both weights with the one that is not wanted taken away."""
        if self.center == self.scale:
            return module
        return code("{}({}, {})", context.helper("without"), '"weight"' if self.center else '"bias"', module)


@layer
class BatchNormalization(Affine):
    """Normalize along ``axis`` by the mean and variance of the batch in training, by their moving averages after it.

    Takes floats of any shape, and keeps it. ``trainable=false`` means the moving averages always, as in Keras. Source:
    Ioffe and Szegedy 2015.
    """

    axis: int = argument(Axes(), default=-1)
    momentum: float = number(0.99, 0, 1)
    epsilon: float = number(1e-3, 0)
    center: bool = flag(True)
    scale: bool = flag(True)
    beta_initializer: Initializer = initializer("zeros")
    gamma_initializer: Initializer = initializer("ones")
    moving_mean_initializer: Initializer = initializer("zeros")
    moving_variance_initializer: Initializer = initializer("ones")
    beta_regularizer: Recipe | None = regularizer()
    gamma_regularizer: Recipe | None = regularizer()
    beta_constraint: Recipe | None = constraint()
    gamma_constraint: Recipe | None = constraint()
    renorm: bool = flag(False)
    renorm_clipping: None = missing("batch renormalization")
    renorm_momentum: float = number(0.99, 0, 1)
    synchronized: bool = flag(False)

    def check(self) -> None:
        """Refuse batch renormalization, statistics over several devices, and an epsilon that PyTorch cannot train."""
        if not self.epsilon:
            message = "`epsilon` of `BatchNormalization` must be positive, else training may divide by zero"
            raise LayerError("E0303", message, argument="epsilon")
        if self.renorm:
            raise LayerError(
                "E0307", "`BatchNormalization` has no batch renormalization here", help="drop it", argument="renorm"
            )
        if self.synchronized:
            raise LayerError(
                "E0307",
                "`BatchNormalization` takes its statistics on each device, as Keras does on PyTorch",
                help="drop it",
                argument="synchronized",
            )

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """gamma, beta, moving_mean and moving_variance, each (channels,)."""
        moving = self.variables(
            inputs[0],
            ("running_mean", "moving_mean", self.moving_mean_initializer),
            ("running_var", "moving_variance", self.moving_variance_initializer),
        )
        statistics = (
            Weight(each.leaf, each.variable, each.shape, each.axes, each.initializer, trainable=False)
            for each in moving
        )
        return (*Affine.weights(self, *inputs), *statistics)

    @property
    def resets_itself(self) -> bool:
        """The helper does."""
        return True

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """The helper, with the arguments that are not its defaults."""
        given: dict[str, Part] = {
            "momentum": self.momentum,
            "eps": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "frozen": not self.trainable,
        }
        defaults: dict[str, Part] = {"momentum": 0.99, "eps": 1e-3, "center": True, "scale": True, "frozen": False}
        keywords = {name: value for name, value in given.items() if value != defaults[name]}
        return call(context.helper("BatchNorm"), *self.extents(inputs[0]), **keywords)

    def mask_keywords(self, given: Masks) -> Mapping[str, Any]:
        """The mask, where statistics are taken of the batch: what is masked is not part of them."""
        (x,), (mask,) = given.inputs, given.masks
        if mask is None or not self.trainable:
            return {}
        if mask.type.rank != x.type.rank - 1:
            message = f"`BatchNormalization` takes no mask of {shown(mask.type.shape)} here"
            raise LayerError("E0411", message, help="it takes one of all axes but the last")
        return {"mask": mask}

    def applied(self, call: Call, x: Code) -> Code:
        """The module, or the function that leaves out what is masked."""
        mask = call.keywords.get("mask")
        if mask is None:
            return Normalizing.applied(self, call, x)
        return self.masked(call, x, beside(call, mask))

    def masked(self, call: Call, x: Code, mask: Code) -> Code:
        """Return the module applied to an input of which a part is masked; the mask broadcasts to it."""
        return code("{}({}, {}, {})", call.helper("masked_batch_norm"), call.module, x, mask)

    def wanted_order(self, *inputs: TensorType) -> Order:
        """The channels behind the batch."""
        return moved(inputs[0].rank, self.placed(inputs[0]), front=True)


@layer
class LayerNormalization(Affine):
    """Normalize each sample over one or several axes.

    Takes floats of any shape, and keeps it. Source: Lei Ba et al. 2016.
    """

    takes_any_float: ClassVar[bool] = True

    axis: int | tuple[int, ...] = argument(Axes(several=True), default=-1)
    epsilon: float = number(1e-3, 0)
    center: bool = flag(True)
    scale: bool = flag(True)
    beta_initializer: Initializer = initializer("zeros")
    gamma_initializer: Initializer = initializer("ones")
    beta_regularizer: Recipe | None = regularizer()
    gamma_regularizer: Recipe | None = regularizer()
    beta_constraint: Recipe | None = constraint()
    gamma_constraint: Recipe | None = constraint()

    @property
    def resets_itself(self) -> bool:
        """nn.LayerNorm does, if it has both weights as they come."""
        return self.center and self.scale

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.LayerNorm over the last axes."""
        shape = self.extents(inputs[0])
        affine = "" if self.center or self.scale else ", elementwise_affine=False"
        module = code("nn.LayerNorm({}, eps={}{})", shape[0] if len(shape) == 1 else shape, self.epsilon, affine)
        return self.partly(context, module)

    def wanted_order(self, *inputs: TensorType) -> Order:
        """The axes at the end."""
        return moved(inputs[0].rank, self.placed(inputs[0]), front=False)


@layer
class GroupNormalization(Affine):
    """Normalize each sample over all axes, separately for each of ``groups`` groups of channels.

    Takes floats of any shape whose channels the groups divide, and keeps it. Source: Wu and He 2018.
    """

    takes_any_float: ClassVar[bool] = True

    groups: int = argument(Groups(), default=32)
    axis: int = argument(Axes(), default=-1)
    epsilon: float = number(1e-3, 0)
    center: bool = flag(True)
    scale: bool = flag(True)
    beta_initializer: Initializer = initializer("zeros")
    gamma_initializer: Initializer = initializer("ones")
    beta_regularizer: Recipe | None = regularizer()
    gamma_regularizer: Recipe | None = regularizer()
    beta_constraint: Recipe | None = constraint()
    gamma_constraint: Recipe | None = constraint()

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …); E0408 unless the groups divide the channels."""
        result = Normalizing.infer(self, sizes, *inputs, **keywords)
        (channels,) = self.extents(inputs[0])
        if channels % self.groups:
            raise LayerError(
                "E0408",
                f"`groups` must divide the channels of the input, and {self.groups} does not divide {channels}",
                argument="groups",
            )
        return result

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.GroupNorm, or the helper."""
        (channels,) = self.extents(inputs[0])
        groups = channels if self.groups == -1 else self.groups
        if self.center and not self.scale:  # PyTorch's own has no gradient then
            return code("{}({}, {}, eps={})", context.helper("OffsetGroupNorm"), groups, channels, self.epsilon)
        affine = "" if self.center or self.scale else ", affine=False"
        name = context.helper("GroupNorm") if inputs[0].rank in (4, 5) and not affine else "nn.GroupNorm"
        module = code("{}({}, {}, eps={}{})", name, groups, channels, self.epsilon, affine)
        return self.partly(context, module)

    def wanted_order(self, *inputs: TensorType) -> Order:
        """The channels behind the batch."""
        return moved(inputs[0].rank, self.placed(inputs[0]), front=True)


@layer
class RMSNormalization(Normalizing):
    """Divide each sample by its root mean square over one or several axes, and scale it.

    Takes floats of any shape, and keeps it. Source: Zhang and Sennrich 2019.
    """

    axis: int | tuple[int, ...] = argument(Axes(several=True), default=-1)
    epsilon: float = number(1e-6, 0)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """scale, along the axes."""
        return self.variables(inputs[0], ("weight", "scale", Ones()))

    def build(self, context: Build, *inputs: TensorType) -> Code:
        """An nn.RMSNorm over the last axes."""
        shape = self.extents(inputs[0])
        return code("nn.RMSNorm({}, eps={})", shape[0] if len(shape) == 1 else shape, self.epsilon)

    def wanted_order(self, *inputs: TensorType) -> Order:
        """The axes at the end."""
        return moved(inputs[0].rank, self.placed(inputs[0]), front=False)


@layer
class UnitNormalization(Layer):
    """Divide each sample by its length over one or several axes: ``x · rsqrt(max(Σx², 1e-12))``.

    Takes floats of any shape, and keeps it.
    """

    masks: ClassVar[MaskRule] = "passes"

    axis: int | tuple[int, ...] = argument(Axes(several=True), default=-1)

    def infer(self, sizes: Sizes, *inputs: TensorType, **keywords: Any) -> TensorType:
        """(N, …) -> (N, …)."""
        (x,) = inputs
        need_floats(self, x)
        placed_axes(self, self.axis, x)
        return x

    def forward(self, call: Call) -> Code:
        """F.normalize."""
        places = tuple(str(call.axis(axis)) for axis in placed_axes(self, self.axis, call.types[0]))
        axes = places[0] if len(places) == 1 else f"({', '.join(places)})"
        return code("F.normalize({}, dim={}, eps=1e-6)", call.inputs[0], axes)

    def wanted_order(self, *inputs: TensorType) -> Order | None:
        """Any."""
        return None


def placed_axes(layer: Layer, axes: int | tuple[int, ...], x: TensorType) -> tuple[int, ...]:
    """Return axes counted from the front, in order; raise E0407 for one that is not there, or twice, or for none."""
    given = axes if isinstance(axes, tuple) else (axes,)
    if not given:
        raise LayerError("E0407", f"`{type(layer).__name__}` needs an axis", argument="axis")
    found = sorted(placed_axis(layer, axis, x.rank) for axis in given)
    if len(set(found)) < len(found):
        raise LayerError("E0407", f"`{type(layer).__name__}` has an axis twice: {given}", argument="axis")
    return tuple(found)


def moved(rank: int, axes: tuple[int, ...], *, front: bool) -> Order:
    """Return the order with some axes moved behind the batch, or to the end."""
    others = tuple(axis for axis in range(1, rank) if axis not in axes)
    return (0, *axes, *others) if front else (0, *others, *axes)
