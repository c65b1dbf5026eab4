"""Which parameters the losses depend on: processes wait for the gradients of these alone."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from nndsl.train.batch import Source
from nndsl.train.model import TrainedModel, forward_of
from nndsl.train.objective import Objective


def unreached(model: TrainedModel, objective: Objective, source: Source) -> frozenset[str]:
    """Return the names in ``model.training`` of the parameters that the loss of a batch does not depend on.

    A copy of the model is called, so that neither its statistics nor PyTorch's generators are moved.
    """
    module = copy.deepcopy(model.training).train()
    batch = next(iter(source.batches(2, None)))
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        outputs, extras = forward_of(module)(*batch.inputs)
        total = objective(module, outputs, extras, batch).total
    reached = _leaves(total)
    named = module.named_parameters(remove_duplicate=False)
    return frozenset(name for name, value in named if value.requires_grad and id(value) not in reached)


def _leaves(total: Tensor) -> set[int]:
    """Return the identities of the tensors that gradients of a tensor would be added to."""
    found, seen, waiting = set(), set(), [total.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            found.add(id(variable))
        waiting += [each for each, _ in node.next_functions]
    return found
