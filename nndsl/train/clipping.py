"""Keras's three clippings of gradients; no value is read from the device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nndsl.recipes.optimizers import Optimizer
from nndsl.train.trained import Trained


class Clipping:
    """What a recipe asks for: by the norm of each variable, by that of all, by value, or nothing."""

    def __init__(self, recipe: Optimizer, variables: Sequence[Trained]) -> None:
        self._norm = recipe.clipnorm
        self._global_norm = recipe.global_clipnorm
        self._value = recipe.clipvalue
        self._owners = [number for number, variable in enumerate(variables) for _ in variable.parts]

    @property
    def needed(self) -> bool:
        """Whether anything is clipped."""
        return (self._norm or self._global_norm or self._value) is not None

    def __call__(self, gradients: Sequence[Tensor | None]) -> None:
        """Clip the gradients of all parameters, in place; None where a parameter has none."""
        found = [gradient for gradient in gradients if gradient is not None]
        if not found:
            return
        if self._value is not None:
            torch._foreach_clamp_min_(found, -self._value)
            torch._foreach_clamp_max_(found, self._value)
            return
        norms = torch.stack(torch._foreach_norm(found))
        if self._global_norm is not None:
            norm = torch.linalg.vector_norm(norms)
            # A norm that is not finite makes all gradients NaN, in Keras too.
            scale = self._global_norm / norm.clamp(min=self._global_norm) + (norm - norm)
            torch._foreach_mul_(found, scale)
        elif self._norm is not None:
            norms = self._of_variables(norms, gradients)
            torch._foreach_mul_(found, list((self._norm / norms.clamp(min=self._norm)).unbind()))

    def _of_variables(self, norms: Tensor, gradients: Sequence[Tensor | None]) -> Tensor:
        """Return for each gradient the norm of its variable, which may have several parameters."""
        if self._owners[-1] + 1 == len(self._owners):
            return norms
        pairs = zip(self._owners, gradients, strict=True)
        owners = torch.tensor([owner for owner, gradient in pairs if gradient is not None], device=norms.device)
        squares = norms.new_zeros(len(self._owners)).index_add_(0, owners, norms.square())
        return squares.sqrt()[owners]
