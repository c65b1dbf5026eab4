"""``nndsl.export``: a trained model as a file for other programs, which is tried out before it is there."""

from __future__ import annotations

import copy
import errno
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nndsl.compiler import Compiled
from nndsl.dims import Size, substitute, text
from nndsl.tensor_file import read_tensor_file
from nndsl.train.durable import sync_folder
from nndsl.train.errors import Remark, TrainingError
from nndsl.train.example_inputs import (
    batch_of,
    check_sizes,
    dtypes_of,
    inputs_of,
    sizes_of,
    sizes_to_try,
    stepped,
)
from nndsl.train.formats import FORMATS, WEIGHTS, Outputs, check_packages, outputs_of, program_of
from nndsl.train.ready import Model, Ready, inference, ready
from nndsl.train.tensors import write_tensors

TOLERANCE = 1e-5
"""How far what a file computes may be from the model, for outputs up to 1, and relative to the largest above."""
HELP = "the exporter has a defect there; `--format pt2` or `safetensors` may do"
LOWER = {"float16": 1e-2, "bfloat16": 1e-1}
"""The same where a model computes in half precision: each kernel rounds in another place there."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written; ``inputs`` and ``outputs`` are shapes by name, open sizes as text.

    ``fixed`` are the sizes that were given, ``difference`` is the largest one found between file and model over
    ``trials``: None where nothing is computed. ``random`` are outputs that differ from call to call, and were not
    compared.
    """

    path: Path
    format: str
    inputs: Mapping[str, tuple[int | str, ...]]
    outputs: Mapping[str, tuple[int | str, ...]]
    fixed: Mapping[str, int]
    difference: float | None = None
    trials: int = 0
    random: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def export(
    model: Model,
    path: str | Path,
    *,
    format: str | None = None,
    sizes: Mapping[str, int] = {},
    weights: str | Path | None = None,
    best: bool = False,
    allow: Iterable[str] = (),
) -> Exported:
    """Write a model as ONNX (``.onnx``), as PyTorch's own program (``.pt2``), or its weights (``.safetensors``).

    ``model``, ``weights`` and ``best`` are as for ``evaluate``; a ``.nn`` file alone has its initial weights. The
    batch and all open sizes stay open, but for those that ``sizes`` fixes; the number of steps of a recurrent layer
    has to be fixed. Inputs and outputs have the names of the file. What was written is loaded again and compared with
    the model; nothing is left behind if it differs.

    Raises NNDSLError for a file with errors; TrainingError for sizes (E1223), if PyTorch cannot export the model
    (E1224), if the file computes something else (E1225), without the packages (E1226); OSError if it cannot be written.
    """
    path = Path(path)
    format = format_of(path) if format is None else format
    check_packages(format)
    device = None if _has_device(model) else "cpu"
    trained = ready(model, weights, best=best, device=device, initial=True, allow=allow)
    check_sizes(trained.compiled, sizes)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    # In a folder of its own first: a large ONNX model is several files.
    with tempfile.TemporaryDirectory(prefix=".tmp-export-", dir=path.parent) as folder:
        draft = Path(folder) / path.name
        if format == WEIGHTS:
            state = {key: value for key, value in trained.module.state_dict().items() if isinstance(value, Tensor)}
            write_tensors(draft, state, {"format": "pt", "model": trained.compiled.name})
            read_tensor_file(draft)
            result = Exported(path, format, {}, {}, {}, remarks=trained.remarks)
        else:
            result = _exported(trained, path, draft, format, sizes)
        for file in sorted(Path(folder).iterdir()):
            shutil.move(file, path.with_name(file.name))
    sync_folder(path.parent)
    return result


def format_of(path: Path) -> str:
    """Return the format that a path's suffix stands for. Raises TrainingError (E1221) if there is none."""
    format = path.suffix.removeprefix(".").lower()
    if format not in (*FORMATS, WEIGHTS):
        message = f"{path} has a suffix that says nothing of its format"
        raise TrainingError("E1221", message, f"name it `.{'`, `.'.join((*FORMATS, WEIGHTS))}`, or give the format")
    return format


def _has_device(model: Model) -> bool:
    return not isinstance(model, str | Path | Compiled)


def _exported(trained: Ready, path: Path, draft: Path, format: str, given: Mapping[str, int]) -> Exported:
    """Write a model's program as a draft, try it out, and return what is to be said of it."""
    compiled, module = trained.compiled, copy.deepcopy(trained.module).cpu()
    _check_steps(compiled, given)
    inputs = {node.hint: _shape(node.types[0].shape, given) for node in compiled.model.inputs}
    outputs = {name: _shape(tensor.type.shape, given) for name, tensor in compiled.model.outputs}
    facts = {
        "model": compiled.name,
        "inputs": list(inputs),
        "outputs": list(outputs),
        "categories": dict(trained.categories),
    }
    sizes = sizes_to_try(compiled, given, 2)
    batches = [given[batch] for batch in batch_of(compiled) if batch in given] or [2, 1, 3]
    trials = [inputs_of(compiled, each, batch) for each in sizes for batch in batches]
    with inference(module):
        try:
            program = program_of(module, trials[0], list(inputs.values()))
            FORMATS[format].write(program, draft, inputs, outputs, json.dumps(facts, ensure_ascii=False))
        except Exception as error:
            raise _failed(compiled, given, error) from error
        wanted = [outputs_of(module(*each)) for each in trials]
        again = [outputs_of(module(*each)) for each in trials]
        try:
            function = FORMATS[format].load(draft)
            found = [function(*each) for each in trials]
        except Exception as error:
            message = f"what PyTorch exported of `{compiled.name}` cannot be run: {error}"
            raise TrainingError("E1225", message.splitlines()[0], HELP) from error
    random = _random(list(outputs), wanted, again)
    difference = _difference(list(outputs), random, wanted, found, tolerance_of(compiled))
    return Exported(path, format, inputs, outputs, dict(given), difference, len(trials), random, trained.remarks)


def _check_steps(compiled: Compiled, given: Mapping[str, int]) -> None:
    """Raise TrainingError (E1223) for an open number of steps that PyTorch's exporter would fix."""
    missing = {name: layer for name, layer in stepped(compiled).items() if name not in given}
    if missing:
        name, layer = next(iter(missing.items()))
        message = f"PyTorch exports recurrent layers for a fixed number of steps, and `{name}` is open ({layer})"
        options = " ".join(f"--size {name}=…" for name in missing)
        raise TrainingError("E1223", message, f"say how many: `{options}`, in Python `sizes`")


def tolerance_of(compiled: Compiled) -> float:
    """Return how far a file may be from the model: what the least exact of its layers can hold."""
    return max(LOWER.get(dtype, TOLERANCE) for dtype in dtypes_of(compiled.model))


def _shape(shape: Sequence[Size], given: Mapping[str, int]) -> tuple[int | str, ...]:
    sizes = (substitute(size, given) for size in shape)
    return tuple(size if isinstance(size, int) else text(size) for size in sizes)


def _failed(compiled: Compiled, given: Mapping[str, int], error: Exception) -> TrainingError:
    """Return what to say when PyTorch's exporter gives up."""
    help = "export the weights alone: `--format safetensors`"
    if "pack_padded_sequence(" in compiled.source:
        message = f"PyTorch cannot export `{compiled.name}`: it packs the sequences of a recurrent layer under a mask"
        help = (
            f"a layer of one direction without `return_state` needs no packing, nor does one without a mask; or {help}"
        )
        return TrainingError("E1224", message, help)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    why = lines[0]
    if fixed := re.search(r"L\['(\w+)'\]\.size\(\)\[(\d+)\].* constant \((\d+)\)", str(error)):
        why = f"it works out for one size alone in axis {fixed[2]} of `{fixed[1]}`, {fixed[3]} where that was tried"
    names = [name for name in sizes_of(compiled) if name not in batch_of(compiled) and name not in given]
    if names:
        help = f"fix open sizes by {' '.join(f'`--size {name}=…`' for name in names)}, or {help}"
    return TrainingError("E1224", f"PyTorch cannot export `{compiled.name}`: {why}", help)


def _random(names: Sequence[str], first: Sequence[Outputs], second: Sequence[Outputs]) -> tuple[str, ...]:
    """Return the outputs that differ from call to call."""
    return tuple(
        name
        for place, name in enumerate(names)
        if any(_gap(one[place], other[place]) for one, other in zip(first, second, strict=True))
    )


def _difference(
    names: Sequence[str],
    random: Sequence[str],
    wanted: Sequence[Outputs],
    found: Sequence[Outputs],
    tolerance: float,
) -> float:
    """Return the largest gap of what is not random. Raises TrainingError (E1225) if it is too large."""
    worst = 0.0
    for ours, theirs in zip(wanted, found, strict=True):
        for name, one, other in zip(names, ours, theirs, strict=True):
            gap = 0.0 if name in random else _gap(one, other)
            worst = max(worst, gap)
            if gap > tolerance:
                message = (
                    f"the file would give another `{name}` than the model: {gap:.1e} off, for a batch of {len(one)}"
                )
                raise TrainingError("E1225", message, HELP)
    return worst


def _gap(wanted: Tensor, found: Tensor) -> float:
    """Return the largest difference, relative to the largest number if that is above 1."""
    if wanted.shape != found.shape:
        return math.inf
    first, second = wanted.double(), found.double()
    same = (first == second) | (first.isnan() & second.isnan())
    if bool(same.all()):
        return 0.0
    scale = first.abs().nan_to_num(1.0, 1.0).max().clamp(min=1)
    return float(torch.where(same, 0.0, (first - second).abs() / scale).nan_to_num(math.inf).max())
