"""One update of a model as Keras makes it: gradients gathered, clipped, weights decayed, stepped and averaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nndsl.recipes.base import Recipe
from nndsl.recipes.optimizers import Muon
from nndsl.recipes.optimizers import Optimizer as OptimizerRecipe
from nndsl.train.clipping import Clipping
from nndsl.train.optimizers import optimizer_of, orthogonalized
from nndsl.train.schedules import schedule
from nndsl.train.trained import trained
from nndsl.variables import Variable


class Updater:
    """The optimizer of a recipe, with what Keras's optimizers have in common, for the parameters of a module.

    ``variables`` are those of the model. ``module`` holds them, with their initial weights, on the device and in the
    memory format that it keeps; gradients have the strides of their parameters, as autograd makes them.
    """

    def __init__(self, recipe: Recipe, variables: Sequence[Variable], module: nn.Module) -> None:
        assert isinstance(recipe, OptimizerRecipe)
        self.recipe: OptimizerRecipe = recipe
        self.variables = trained(variables, module)
        self.optimizer = optimizer_of(recipe, self.variables)
        self.steps = 0
        self._parameters: list[Tensor] = [parameter for variable in self.variables for parameter in variable.parameters]
        self._every = recipe.gradient_accumulation_steps or 1
        self._divisor = self._every * (recipe.loss_scale_factor or 1.0)
        self._clipping = Clipping(recipe, self.variables)
        self._decays = [(decay, parameters) for decay, parameters in self._decayed() if decay]
        self._averages = [p.detach().clone() for p in self._parameters] if recipe.use_ema else []
        rate = recipe.learning_rate
        self._schedule = schedule(rate) if isinstance(rate, Recipe) else None
        self._set_rate(0.0 if isinstance(rate, Recipe) else float(rate))

    @property
    def iterations(self) -> int:
        """How many updates were made: calls of ``step`` over the steps of accumulation."""
        return self.steps // self._every

    @property
    def learning_rate(self) -> float:
        """The rate of the next update. Raises TypeError if it is set while a schedule computes it."""
        return self._rate if self._schedule is None else self._schedule(self.steps)

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        if self._schedule is not None:
            raise TypeError(f"the learning rate follows {self.recipe.learning_rate!r}, and cannot be set")
        self._set_rate(float(rate))

    def scale_loss(self, loss: Tensor) -> Tensor:
        """Return the loss whose gradients ``step`` expects: times ``loss_scale_factor``, if there is one."""
        return loss if self.recipe.loss_scale_factor is None else loss * self.recipe.loss_scale_factor

    @torch.no_grad()
    def step(self) -> bool:
        """Take the gradients in ``grad``, and return whether the weights were updated, and the gradients cleared.

        With accumulation the gradients of several steps add up in ``grad``, and their mean makes one update; like
        Keras's, schedules and averages count steps, and all else updates. Constraints are applied by the caller,
        after each step.
        """
        updates = (self.steps + 1) % self._every == 0
        if updates:
            self._update()
        if self._averages:
            self._average()
        self.steps += 1
        return updates

    def _update(self) -> None:
        if self._schedule is not None:
            self._set_rate(self._schedule(self.steps))
        if self._divisor != 1 or self._clipping.needed:
            grads = [parameter.grad for parameter in self._parameters]
            found = [grad for grad in grads if grad is not None]
            if found and self._divisor != 1:
                torch._foreach_div_(found, self._divisor)
            self._clipping(grads)
        for decay, parameters in self._decays:
            self._decay(decay, [parameter for parameter in parameters if parameter.grad is not None])
        self.optimizer.step()
        for parameter in self._parameters:
            parameter.grad = None

    def _set_rate(self, rate: float) -> None:
        self._rate = rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _decayed(self) -> Iterator[tuple[float | None, list[Tensor]]]:
        """Yield rates of decay, and what decays by them: all variables, as Keras excludes none of itself."""
        if not isinstance(self.recipe, Muon):
            yield self.recipe.weight_decay, self._parameters
            return
        for matrices, decay in ((True, self.recipe.weight_decay), (False, self.recipe.adam_weight_decay)):
            chosen = [variable for variable in self.variables if orthogonalized(self.recipe, variable) == matrices]
            yield decay, [parameter for variable in chosen for parameter in variable.parameters]

    def _decay(self, decay: float, parameters: list[Tensor]) -> None:
        if not parameters:
            return
        if isinstance(self.recipe, Muon):
            torch._foreach_add_(parameters, parameters, alpha=-decay * self._rate)
        else:
            torch._foreach_mul_(parameters, 1 - decay * self._rate)

    def _average(self) -> None:
        """Move the averages; the first update is copied, and now and then the weights become the averages."""
        if self.iterations == 0:
            torch._foreach_copy_(self._averages, self._parameters)
        else:
            torch._foreach_lerp_(self._averages, self._parameters, 1 - self.recipe.ema_momentum)
        frequency = self.recipe.ema_overwrite_frequency
        if frequency and (self.iterations + 1) % frequency == 0:
            self.overwrite()

    @torch.no_grad()
    def overwrite(self) -> None:
        """Put the averages in the place of the weights, if there are any: what Keras's ``fit`` does in the end."""
        if self._averages:
            torch._foreach_copy_(self._parameters, self._averages)

    @torch.no_grad()
    def exchange(self) -> None:
        """Let the averages, if there are any, and the weights change places."""
        for parameter, average in zip(self._parameters, self._averages, strict=False):
            weight = parameter.clone()
            parameter.copy_(average)
            average.copy_(weight)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Have the averages, if there are any, in the module while the context lasts, then the weights again."""
        weights = [parameter.detach().clone() for parameter in self._parameters] if self._averages else []
        self.overwrite()
        try:
            yield
        finally:
            if weights:
                with torch.no_grad():
                    torch._foreach_copy_(self._parameters, weights)

    def state(self) -> dict[str, Tensor]:
        """Return all that the next steps depend on beside the weights, by names of variables.

        The tensors are those of the updater, in PyTorch's layout: copy what is kept. ``iterations`` counts steps. In
        the middle of an accumulation the gradients so far are among them.
        """
        found = {"iterations": torch.tensor(self.steps), "learning_rate": torch.tensor(self._rate, dtype=torch.float64)}
        product = self.optimizer.param_groups[0].get("product")
        if product is not None:
            found["product"] = torch.tensor(product, dtype=torch.float64)
        for name, parameter in self._named():
            slots = self.optimizer.state.get(parameter, {})
            found |= {f"{name}.{slot}": value for slot, value in slots.items()}
            if self.steps % self._every and parameter.grad is not None:
                found[f"{name}.gradient"] = parameter.grad
        for (name, _), average in zip(self._named(), self._averages, strict=False):  # none without `use_ema`
            found[f"{name}.average"] = average
        return found

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state: the next steps give the same bits. Nothing is changed if it does not fit.

        Raises ValueError for a state of other variables or another optimizer; it names an entry that differs.
        """
        gradients = {key: value for key, value in state.items() if key.endswith(".gradient")}
        mine = {key: value for key, value in self.state().items() if not key.endswith(".gradient")}
        if different := sorted(mine.keys() ^ (state.keys() - gradients.keys())):
            where = "has no" if different[0] in mine else "has"
            raise ValueError(f"the state of the optimizer {where} `{different[0]}`, and is that of another model")
        named = {f"{name}.gradient": parameter for name, parameter in self._named()}
        for key, value in state.items():
            expected = named.get(key) if key in gradients else mine[key]
            if expected is None or expected.shape != value.shape or expected.dtype != value.dtype:
                raise ValueError(f"`{key}` in the state of the optimizer is not that of this model")
        for key, value in mine.items():
            value.copy_(state[key])
        for key, parameter in named.items():
            gradient = gradients.get(key)
            parameter.grad = None if gradient is None else torch.empty_like(parameter).copy_(gradient)
        self.steps = int(state["iterations"])
        self._set_rate(float(state["learning_rate"]))
        for group in self.optimizer.param_groups:
            if "step" in group:
                group["step"] = self.iterations
            if "product" in group:
                group["product"] = float(state["product"])

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        for variable in self.variables:
            yield from zip(variable.parts, variable.parameters, strict=True)
