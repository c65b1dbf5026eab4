"""Keras's optimizers."""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform

from nndsl.arguments import ArgumentError, Decimal, argument, flag, integer, number
from nndsl.recipes.base import Recipe, recipe
from nndsl.recipes.fields import LearningRate, Texts, fraction, name, positive


def rate(default: float = 0.001) -> Any:
    """Declare a learning rate."""
    return argument(LearningRate(), default)


SHARED: dict[str, tuple[str, Any]] = {
    "weight_decay": ("float | None", lambda: number(None, 0, optional=True)),
    "clipnorm": ("float | None", lambda: positive(None, optional=True)),
    "clipvalue": ("float | None", lambda: positive(None, optional=True)),
    "global_clipnorm": ("float | None", lambda: positive(None, optional=True)),
    "use_ema": ("bool", lambda: flag(False)),
    "ema_momentum": ("float", lambda: fraction(0.99)),
    "ema_overwrite_frequency": ("int | None", lambda: integer(None, optional=True)),
    "loss_scale_factor": ("float | None", lambda: positive(None, optional=True)),
    "gradient_accumulation_steps": ("int | None", lambda: integer(None, 2, optional=True)),
    "name": ("str | None", lambda: name(None)),
}
"""The arguments that all optimizers have after their own, in Keras's order: type and field."""


class Optimizer(Recipe):
    """The base of optimizers; ``optimizer`` gives each its shared arguments."""

    __slots__ = ()
    kind: ClassVar[str] = "optimizer"

    learning_rate: float | Recipe
    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None

    def check(self) -> None:
        """At most one of the three clippings."""
        clippings = [item for item in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, item) is not None]
        if len(clippings) > 1:
            raise ArgumentError(
                "E0305", f"`{clippings[0]}` and `{clippings[1]}` exclude each other", "keep one of them"
            )


@dataclass_transform(frozen_default=True, field_specifiers=(argument,))
def optimizer(declared: type[Any]) -> type[Any]:
    """Make a class a recipe whose own arguments are followed by the shared ones that it does not declare itself."""
    own = declared.__annotations__
    for shared, (annotation, field) in SHARED.items():
        if shared not in own:
            own[shared] = annotation
            setattr(declared, shared, field())
    return recipe(declared)


@optimizer
class SGD(Optimizer):
    """Gradient descent, with momentum or Nesterov's."""

    learning_rate: float | Recipe = rate(0.01)
    momentum: float = fraction(0.0)
    nesterov: bool = flag(False)


@optimizer
class RMSprop(Optimizer):
    """Gradients over the root of their moving mean square."""

    learning_rate: float | Recipe = rate()
    rho: float = fraction(0.9)
    momentum: float = fraction(0.0)
    epsilon: float = number(1e-7, 0)
    centered: bool = flag(False)


@optimizer
class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014)."""

    learning_rate: float | Recipe = rate()
    beta_1: float = fraction(0.9)
    beta_2: float = fraction(0.999)
    epsilon: float = number(1e-7, 0)
    amsgrad: bool = flag(False)


@optimizer
class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    learning_rate: float | Recipe = rate()
    weight_decay: float = number(0.004, 0)
    beta_1: float = fraction(0.9)
    beta_2: float = fraction(0.999)
    epsilon: float = number(1e-7, 0)
    amsgrad: bool = flag(False)


@optimizer
class Adamax(Optimizer):
    """Adam with the infinity norm."""

    learning_rate: float | Recipe = rate()
    beta_1: float = fraction(0.9)
    beta_2: float = fraction(0.999)
    epsilon: float = number(1e-7, 0)


@optimizer
class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat, 2015)."""

    learning_rate: float | Recipe = rate()
    beta_1: float = fraction(0.9)
    beta_2: float = fraction(0.999)
    epsilon: float = number(1e-7, 0)


@optimizer
class Adagrad(Optimizer):
    """Gradients over the root of the sum of their squares."""

    learning_rate: float | Recipe = rate()
    initial_accumulator_value: float = number(0.1, 0)
    epsilon: float = number(1e-7, 0)


@optimizer
class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012)."""

    learning_rate: float | Recipe = rate()
    rho: float = fraction(0.95)
    epsilon: float = number(1e-7, 0)


@optimizer
class Adafactor(Optimizer):
    """Adam with factored second moments (Shazeer and Stern, 2018)."""

    learning_rate: float | Recipe = rate()
    beta_2_decay: float = number(-0.8)
    epsilon_1: float = number(1e-30, 0)
    epsilon_2: float = number(0.001, 0)
    clip_threshold: float = positive(1.0)
    relative_step: bool = flag(True)


@optimizer
class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al., 2013)."""

    learning_rate: float | Recipe = rate()
    learning_rate_power: float = argument(Decimal(most=0), default=-0.5)
    initial_accumulator_value: float = number(0.1, 0)
    l1_regularization_strength: float = number(0.0, 0)
    l2_regularization_strength: float = number(0.0, 0)
    l2_shrinkage_regularization_strength: float = number(0.0, 0)
    beta: float = number(0.0)


@optimizer
class Lion(Optimizer):
    """The sign of an interpolated momentum (Chen et al., 2023)."""

    learning_rate: float | Recipe = rate()
    beta_1: float = argument(Decimal(0, 1, open_least=True), default=0.9)
    beta_2: float = fraction(0.99)


@optimizer
class Lamb(Optimizer):
    """Adam with a trust ratio per variable (You et al., 2019)."""

    learning_rate: float | Recipe = rate()
    beta_1: float = fraction(0.9)
    beta_2: float = fraction(0.999)
    epsilon: float = number(1e-7, 0)


@optimizer
class Muon(Optimizer):
    """Orthogonalized momentum for matrices, Adam for the rest (Jordan et al., 2024)."""

    learning_rate: float | Recipe = rate()
    adam_beta_1: float = fraction(0.9)
    adam_beta_2: float = fraction(0.999)
    adam_weight_decay: float | None = number(0.004, 0, optional=True)
    epsilon: float = number(1e-7, 0)
    weight_decay: float | None = number(0.004, 0, optional=True)
    clipnorm: float | None = positive(None, optional=True)
    clipvalue: float | None = positive(None, optional=True)
    global_clipnorm: float | None = positive(None, optional=True)
    use_ema: bool = flag(False)
    ema_momentum: float = fraction(0.99)
    ema_overwrite_frequency: int | None = integer(None, optional=True)
    loss_scale_factor: float | None = positive(None, optional=True)
    gradient_accumulation_steps: int | None = integer(None, 2, optional=True)
    name: str | None = name(None)
    exclude_layers: tuple[str, ...] | None = argument(Texts(optional=True), default=None)
    exclude_embeddings: bool = flag(True)
    muon_a: float = number(3.4445)
    muon_b: float = number(-4.775)
    muon_c: float = number(2.0315)
    adam_lr_ratio: float = positive(1)
    momentum: float = fraction(0.95)
    ns_steps: int = integer(5)
    nesterov: bool = flag(True)
    rms_rate: float | None = positive(0.2, optional=True)


@optimizer
class ScheduleFreeAdamW(Optimizer):
    """AdamW whose iterates are averaged instead of its rate decayed (Defazio et al., 2024)."""

    learning_rate: float | Recipe = rate(0.0025)
    beta_1: float = fraction(0.9)
    beta_2: float = fraction(0.999)
    epsilon: float = number(1e-8, 0)
    warmup_steps: int = integer(0, 0)
