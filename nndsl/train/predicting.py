"""``nndsl.predict``: the outputs of a trained model for new samples, and the classes that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from nndsl.recipes.base import Recipe
from nndsl.train.batch import Source
from nndsl.train.data.demands import Slot, demands_of
from nndsl.train.errors import TrainingError
from nndsl.train.ready import Model, Ready, inference, ready, samples

Array: TypeAlias = "np.ndarray[Any, Any]"

_BY_CLASS = frozenset(
    (
        "SparseCategoricalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalGeneralizedCrossEntropy",
        "CrossentropyByShape",
    )
)
"""The losses of outputs that have a number for each class."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model makes of samples, in their order.

    ``outputs`` has an array (N, …) for each output by its name; sequences of differing ``lengths`` (N,) are padded with
    zeros. ``labels`` has the likeliest class of each output that was trained on classes, as the text that stood in the
    data if there were texts, or else as its number. ``classes`` are those texts, by output.
    """

    outputs: Mapping[str, Array]
    labels: Mapping[str, Array] = field(default_factory=dict)
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lengths: Array | None = None


def predict(
    model: Model,
    data: Any = None,
    *,
    weights: str | Path | None = None,
    best: bool = False,
    rows: range | None = None,
    batch_size: int | None = None,
    device: torch.device | str | None = None,
    allow: Iterable[str] = (),
) -> Predictions:
    """Return what a trained model makes of data, which need no targets.

    ``model``, ``weights`` and ``best`` are as for ``evaluate``, and so is ``data``: inputs as arrays by name, a recipe,
    or the path of a file; None for those that the run validates on. ``rows`` are the samples to take, all if None.

    Raises NNDSLError for a file with errors, and TrainingError for all else that is wrong.
    """
    trained = ready(model, weights, best=best, device=device, allow=allow)
    return predicted(trained, samples(trained, data, targets=False), rows, batch_size)


def predicted(trained: Ready, source: Source, rows: range | None = None, batch_size: int | None = None) -> Predictions:
    """Return what a model makes of a source. Raises TrainingError (E1210) for rows that it has not."""
    if rows is not None:
        if not rows or rows.step != 1 or not 0 <= rows.start < rows.stop <= len(source):
            asked = f"row {rows.start}" if len(rows) == 1 else f"rows {rows.start} to {rows.stop - 1}"
            message = f"{asked} {'is' if len(rows) == 1 else 'are'} asked for, and there are {len(source):,} samples"
            raise TrainingError("E1210", message, "rows are counted from 0; `2:5` are rows 2, 3 and 4")
        source = source.part(rows.start, rows.stop)
    graph, module = trained.compiled.model, trained.module
    parts: list[list[Array]] = [[] for _ in graph.outputs]
    with inference(module):
        for batch in source.batches(batch_size or trained.fit.batch_size, None):
            given = module(*batch.inputs)
            for found, output in zip(parts, (given,) if isinstance(given, Tensor) else given, strict=True):
                found.append(_array(output))
    outputs = {name: _joined(found) for (name, _), found in zip(graph.outputs, parts, strict=True)}
    lengths: Tensor | None = getattr(source, "lengths", None)
    if lengths is not None:
        for name in _sequences(trained):
            _blank(outputs[name], lengths.numpy())
    labels, classes = _labels(trained, outputs)
    return Predictions(outputs, labels, classes, None if lengths is None else lengths.numpy())


def _array(output: Tensor) -> Array:
    """Return an output as an array; NumPy has no bfloat16."""
    array: Array = (output.float() if output.dtype == torch.bfloat16 else output).cpu().numpy()
    return array


def _joined(parts: Sequence[Array]) -> Array:
    """Return batches as one array; those of shorter sequences are padded with zeros."""
    sizes = np.max([part.shape[1:] for part in parts], axis=0).astype(int)
    if all(part.shape[1:] == tuple(sizes) for part in parts):
        return np.concatenate(parts)
    return np.concatenate(
        [
            np.pad(part, [(0, 0), *((0, most - size) for most, size in zip(sizes, part.shape[1:], strict=True))])
            for part in parts
        ]
    )


def _sequences(trained: Ready) -> list[str]:
    """Return the outputs that have a step for each step of an input."""
    graph = trained.compiled.model
    steps = [node.types[0].shape[1] for node in graph.inputs if node.types[0].rank > 1]
    open_ones = [size for size in steps if not isinstance(size, int)]
    return [name for name, tensor in graph.outputs if tensor.type.rank > 1 and tensor.type.shape[1] in open_ones]


def _blank(output: Array, lengths: Array) -> None:
    """Put zeros where there was no step."""
    output[np.arange(output.shape[1]) >= lengths[:, None]] = 0


def _labels(trained: Ready, outputs: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, tuple[str, ...]]]:
    """Return the likeliest classes, and the texts of all classes."""
    compiled = trained.compiled
    losses = compiled.compile.losses if compiled.compile is not None else ()
    labels, classes = {}, {}
    for slot, loss in zip(demands_of(compiled).targets, losses, strict=False):
        names = trained.categories.get(slot.name)
        indices = _indices(slot, loss, outputs[slot.name], names)
        if indices is None:
            continue
        labels[slot.name] = indices
        if names is not None and int(indices.max()) < len(names):
            labels[slot.name], classes[slot.name] = np.array(names)[indices], names
    return labels, classes


def _indices(slot: Slot, loss: Recipe | None, output: Array, names: tuple[str, ...] | None) -> Array | None:
    if slot.loss in _BY_CLASS and output.ndim > 1 and output.shape[-1] > 1:
        classes: Array = output.argmax(getattr(loss, "axis", -1))
        return classes
    # One number for two classes: whoever has texts for them wants them back.
    if slot.kind == "binary" and names is not None and len(names) == 2:
        likely: Array = (output > (0 if getattr(loss, "from_logits", False) else 0.5)).astype(np.int64)
        return likely.squeeze(-1) if likely.ndim > 1 and likely.shape[-1] == 1 else likely
    return None
