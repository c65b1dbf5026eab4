"""``nndsl.fit``: a model, data and settings into a run."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nndsl.compiler import Compiled
from nndsl.compiler import compile as compile_model
from nndsl.module import compiled_of
from nndsl.recipes.callbacks import Callback as CallbackRecipe
from nndsl.settings import FitSettings
from nndsl.train.callbacks import Callback
from nndsl.train.devices import device_of
from nndsl.train.distributed.processes import processes_of
from nndsl.train.errors import TrainingError
from nndsl.train.given import settings_of
from nndsl.train.job import Job, backup_of, carry_out
from nndsl.train.losses import LossFunction
from nndsl.train.measuring import losses_by_output
from nndsl.train.outcome import Run
from nndsl.train.progress import reporter_of
from nndsl.train.records import data_of, model_of, place_of, place_of_file, with_recorded
from nndsl.train.run import SETTINGS


def fit(
    model: str | Path | Compiled | nn.Module | None = None,
    data: Any = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    validation_split: float | None = None,
    validation_data: Any = None,
    shuffle: bool | None = None,
    seed: int | None = None,
    class_weight: Mapping[int, float] | None = None,
    callbacks: Sequence[Callback | CallbackRecipe] | None = None,
    losses: LossFunction | Mapping[str, LossFunction] | None = None,
    metrics: Sequence[Any] | Mapping[str, Sequence[Any]] = (),
    device: torch.device | str | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init: str | Path | None = None,
    only: str | Iterable[str] | None = None,
    compile: bool = False,
    verbose: bool = True,
    allow: Iterable[str] = (),
) -> Run:
    """Train a model as its ``compile`` and ``fit`` blocks say, and return the run, with Keras-like ``history``.

    ``model`` is the path of a ``.nn`` file, what ``nndsl.compile`` gave, or a module of ``nndsl.load``, which is
    trained in place. ``data`` are arrays ``(x, y)`` or ``(x, y, weights)``, a dict of them by the names of inputs and
    outputs, a recipe such as ``Npz(…)``, a path, a ``Dataset`` or a ``DataLoader``; None for those of the fit block.
    What is given here counts more than the fit block. All that is random follows from ``seed``, 0 if nothing else is
    said, and PyTorch's global generator stays as it was.

    ``losses`` are functions of targets and outputs, for the only output or by output, in the place of those of the
    file; ``metrics`` are functions or objects, beside those of the file. ``out`` is a folder for the run: its
    checkpoints, history and weights; ``resume`` is one of a run to go on with, whose model and data are found there
    if they are not given. ``init`` is a file of weights to begin with, ``only`` says which. ``compile`` has
    ``torch.compile`` make the code. ``allow`` names the modules that layers of Python may come from, where ``model`` is
    a path, or that of a run.

    Raises NNDSLError for a file with errors, TrainingError for all else that training cannot begin or go on with,
    and KeyboardInterrupt after Ctrl-C; the step is finished and the run saved before.
    """
    if resume is not None and out is not None:
        raise TrainingError("E1210", "a run goes on in its own folder: give `resume` or `out`", "leave `out` out")
    given_place = None
    record: dict[str, Any] = {}
    if resume is None:
        compiled, module = _resolved(model, allow)
        place = place_of_file(compiled)
    else:
        compiled, record = model_of(Path(resume), allow)
        place = place_of(record)
        module = None
        if model is not None:
            compiled, module = _resolved(model, allow)
        compiled = with_recorded(compiled, record)
        if data is None:
            data, given_place = data_of(record["data"], "data")
        if validation_data is None and validation_split is None:
            validation_data, _ = data_of(record["validation_data"], "data to validate on")
        device = record["device"] if device is None else device
    settings = settings_of(
        compiled.fit or FitSettings(),
        epochs=epochs,
        batch_size=batch_size,
        validation_split=validation_split,
        shuffle=shuffle,
        seed=seed,
        class_weight=class_weight,
    )
    if validation_data is not None and validation_split is None:
        settings = dataclasses.replace(settings, validation_split=0.0)
    elif validation_split is not None:
        settings = dataclasses.replace(settings, validation_data=None)
    compiled = dataclasses.replace(compiled, fit=settings)
    where = device_of(_device(module) if device is None and module is not None else device)
    processes = processes_of(where)
    if processes is not None:
        where = processes.device
    module = compiled.module(device=where, seed=settings.seed or 0) if module is None else module.to(where)
    chosen = settings.callbacks if callbacks is None else tuple(callbacks)
    folder, resumes = resume if resume is not None else out, resume is not None
    backup = backup_of(chosen) if folder is None else None
    if backup is not None:
        folder = backup.backup_dir
        resumes = (Path(folder) / SETTINGS).exists()
    job = Job(
        compiled,
        module,
        where,
        place,
        data,
        validation_data,
        given_place,
        chosen,
        losses_by_output(compiled, losses),
        metrics,
        None if folder is None else Path(folder),
        resumes,
        None if init is None else Path(init),
        only if only is None or isinstance(only, str) else tuple(only),
        compile,
        record,
        processes,
    )
    writes = processes is None or processes.is_first
    with processes.together() if processes is not None else nullcontext():
        run = carry_out(job, reporter_of(verbose and writes))
    if backup is not None and backup.delete_checkpoint and writes:
        shutil.rmtree(backup.backup_dir, ignore_errors=True)
    return run


def _resolved(
    model: str | Path | Compiled | nn.Module | None, allow: Iterable[str]
) -> tuple[Compiled, nn.Module | None]:
    """Return what a model was compiled to, and its module, if the caller gave one."""
    if isinstance(model, str | Path):
        return compile_model(Path(model), allow=allow), None
    if isinstance(model, Compiled):
        return model, None
    if model is None:
        help = "give the path of a `.nn` file, or a run to `resume`"
        raise TrainingError("E1210", "there is no model to train", help)
    module = getattr(model, "_orig_mod", model)
    compiled = compiled_of(module)
    if compiled is None:
        message = f"`fit` trains what nndsl has compiled, and this `{type(model).__name__}` is not, or was pickled"
        raise TrainingError("E1210", message, "give it the module of `nndsl.load`, and load weights into that")
    return compiled, module


def _device(module: nn.Module) -> torch.device | None:
    first = next(iter(module.state_dict().values()), None)
    return None if first is None else first.device
