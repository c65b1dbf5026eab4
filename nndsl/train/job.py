"""A run from what was asked for to what it leaves: parts are made, trained, and saved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nndsl.compiler import Compiled
from nndsl.loading import load_weights
from nndsl.recipes.base import Recipe
from nndsl.recipes.callbacks import BackupAndRestore as BackupRecipe
from nndsl.train.adapting import adapt
from nndsl.train.batch import Source
from nndsl.train.callbacks import Callback, callback_of
from nndsl.train.callbacks.backup_and_restore import BackupAndRestore
from nndsl.train.data import Place, order_of, source_of, split
from nndsl.train.distributed.batch_norm import synchronized
from nndsl.train.distributed.keeper import CommonKeeper
from nndsl.train.distributed.objective import PartObjective
from nndsl.train.distributed.parts import PartSource
from nndsl.train.distributed.processes import Processes
from nndsl.train.distributed.reach import unreached
from nndsl.train.distributed.tally import CommonTally
from nndsl.train.errors import Remark, TrainingError
from nndsl.train.keeper import BestWeights, FolderKeeper
from nndsl.train.loop import Keeper, Plan, Reporter, Trainer
from nndsl.train.losses import LossFunction
from nndsl.train.measuring import measured_of
from nndsl.train.metrics import metrics_of
from nndsl.train.model import TrainedModel, trained_model
from nndsl.train.objective import Objective
from nndsl.train.outcome import Run
from nndsl.train.records import describe, record_of
from nndsl.train.resume import restore
from nndsl.train.run import MODEL, SETTINGS, RunFolder, entered
from nndsl.train.tally import Tally
from nndsl.train.trained import trained as trained_of
from nndsl.train.updater import Updater
from nndsl.variables import variables


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for: the settings of ``compiled.fit`` are those that count; ``place`` is where its paths begin.

    ``given_place`` is where those of data begin that came with the call. ``folder`` is that of the run, which with
    ``resumes`` has one already; ``record`` is what that says then. ``processes`` are those of the run, if there are
    several: all have the same job.
    """

    compiled: Compiled
    module: nn.Module
    device: torch.device
    place: Place
    data: Any = None
    validation_data: Any = None
    given_place: Place | None = None
    callbacks: Sequence[Callback | Recipe] = ()
    losses: Mapping[str, LossFunction] = field(default_factory=dict)
    metrics: Sequence[Any] | Mapping[str, Sequence[Any]] = ()
    folder: Path | None = None
    resumes: bool = False
    init: Path | None = None
    only: str | Sequence[str] | None = None
    torch_compile: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)
    processes: Processes | None = None


def carry_out(job: Job, reporter: Reporter) -> Run:
    """Train, and return the run. Raises TrainingError; after a signal, KeyboardInterrupt or SystemExit."""
    fit = job.compiled.fit
    assert fit is not None
    with ExitStack() as stack:
        folder = None if job.folder is None else stack.enter_context(_folder(job, job.folder))
        for remark in folder.remarks if folder is not None else ():
            reporter.say(str(remark))
        _check_trainable(job)
        training, validation, remarks = _sources(job)
        for remark in remarks:
            reporter.say(str(remark))
        if job.init is not None:
            reporter.say(_initialized(job))
        model = trained_model(job.compiled, job.module, job.torch_compile)
        if job.processes is not None:
            stack.enter_context(synchronized(model.training, job.processes))
        devices = [job.device] if job.device.type == "cuda" else []
        stack.enter_context(torch.random.fork_rng(devices))
        torch.manual_seed(order_of(fit.seed or 0, -1 if job.processes is None else -1 - job.processes.rank))
        trainer = _trainer(job, model, training, validation, folder, reporter)
        snapshot, found = folder.newest() if folder is not None else (None, ())
        for remark in (*found, *(restore(trainer, snapshot) if snapshot is not None else ())):
            reporter.say(str(remark))
        if snapshot is None:
            adapt(model, training)
        if folder is None:
            trainer.run()
        elif job.record.get("finished") and trainer.is_over:
            reporter.say(f"the run is finished: {trainer.epoch} epochs; `--epochs` gives it more")
            load_weights(job.module, folder.path / MODEL)
        else:
            record = _record(job, training)
            if trainer.writes:
                describe(folder, job.compiled, record)
            trainer.run()
            if trainer.writes:
                describe(folder, job.compiled, {**record, "finished": True})
    return Run(job.module, job.compiled, trainer.history, trainer.epoch, job.folder, training.categories)


def _record(job: Job, training: Source) -> dict[str, Any]:
    """Return what ``run.json`` is to say."""
    categories = {name: list(texts) for name, texts in training.categories.items()}
    record = record_of(job.compiled, job.data, job.validation_data, job.device)
    record |= {"compile": job.torch_compile, "categories": categories}
    record["environment"]["processes"] = 1 if job.processes is None else job.processes.count
    # Where the model and its data came from, and when the run began, is said by its beginning.
    kept = ("model", "file", "root", "set", "main", "data", "validation_data", "started")
    return record | {name: value for name, value in job.record.items() if name in kept}


@contextmanager
def _folder(job: Job, path: Path) -> Iterator[RunFolder]:
    """Have the folder of a run; of several processes the first one has it, and the others know where it is."""
    processes = job.processes
    if processes is None:
        with _entered(path, job.resumes) as folder:
            yield folder
    elif processes.is_first:
        with _entered(path, job.resumes) as folder:
            processes.wait()
            yield folder
    else:
        processes.wait()
        yield RunFolder(path)


@contextmanager
def _entered(path: Path, resumes: bool) -> Iterator[RunFolder]:
    """Have the folder of a run; one that is new is removed again if the run cannot begin."""
    is_new = not path.exists()
    try:
        with entered(path, resume=resumes) as folder:
            yield folder
    except BaseException:
        if is_new and not (path / SETTINGS).exists():
            shutil.rmtree(path, ignore_errors=True)
        raise


def _check_trainable(job: Job) -> None:
    settings, name = job.compiled.compile, job.compiled.name
    if settings is None:
        help = "write `compile { optimizer = …, loss = … }` into the model, a setting on each line"
        raise TrainingError("E1207", f"`{name}` has no `compile` block, so nothing says how it is trained", help)
    if not any(settings.losses) and not job.losses:
        message = f"the `compile` block of `{name}` has no loss, so there is nothing to minimize"
        raise TrainingError("E1207", message, 'write `loss = …` into it, such as `loss = "mse"`')
    if not trained_of(variables(job.compiled.model), job.module):
        message = f"`{name}` has no weights that training could change"
        raise TrainingError("E1202", message, "is `trainable=false` on too many of its layers?")


def _sources(job: Job) -> tuple[Source, Source | None, tuple[Remark, ...]]:
    fit = job.compiled.fit
    assert fit is not None
    if job.data is None and fit.data is None:
        help = "give some (`--data` for the command), or write `data = …` into the `fit` block of the model"
        raise TrainingError("E1208", f"there are no data to train `{job.compiled.name}` on", help)

    def opened(given: Any, own: Recipe | None, categories: Mapping[str, tuple[str, ...]] = {}) -> Source:
        keywords: dict[str, Any] = {"device": job.device, "categories": categories}
        if given is None:
            return source_of(own, job.compiled, place=job.place, **keywords)
        if isinstance(given, str | Path):  # the names of what is in it stay those of the file
            return source_of(own, job.compiled, path=given, **keywords)
        return source_of(given, job.compiled, place=job.given_place, **keywords)

    training = opened(job.data, fit.data)
    if job.validation_data is not None or fit.validation_data is not None:
        validation = opened(job.validation_data, fit.validation_data or fit.data, training.categories)
        return training, validation, training.remarks
    remarks = training.remarks
    training, held_out, more = split(training, fit.validation_split)
    return training, held_out, (*remarks, *more)


def _initialized(job: Job) -> str:
    assert job.init is not None
    try:
        return str(load_weights(job.module, job.init, only=job.only))
    except ValueError as error:
        message, _, help = str(error).partition("\nhelp: ")
        raise TrainingError("E1209", message, help or "`--only PATTERN` takes those that fit") from None


def _trainer(
    job: Job,
    model: TrainedModel,
    training: Source,
    validation: Source | None,
    folder: RunFolder | None,
    reporter: Reporter,
) -> Trainer:
    compiled = job.compiled
    assert compiled.compile is not None
    assert compiled.fit is not None
    fit = compiled.fit
    processes = job.processes
    objective = Objective(compiled, job.losses)
    for remark in objective.remarks:
        reporter.say(remark)
    metrics = [metrics_of(compiled, job.device, measured_of(compiled, job.metrics)) for _ in range(2)]
    keeper: Keeper | None = None if folder is None else FolderKeeper(folder)
    if processes is None:
        first, second = (Tally(objective.names, each) for each in metrics)
    else:
        model = processes.prepared(model, unreached(model, objective, training))
        objective = PartObjective(compiled, job.losses, processes)
        first, second = (CommonTally(objective.names, each, processes) for each in metrics)
        training = PartSource(training, processes)
        validation = None if validation is None else PartSource(validation, processes)
        keeper = None if folder is None else CommonKeeper(FolderKeeper(folder), processes)
    callbacks = [each if isinstance(each, Callback) else callback_of(each) for each in job.callbacks]
    if folder is not None:
        callbacks.append(BestWeights(folder))
    return Trainer(
        model,
        objective,
        Updater(compiled.compile.optimizer, variables(compiled.model), job.module),
        (first, second),
        training,
        validation,
        Plan(fit.epochs, fit.batch_size, fit.shuffle, fit.seed or 0),
        callbacks,
        reporter,
        keeper,
        processes,
    )


def backup_of(callbacks: Sequence[Callback | Recipe]) -> BackupRecipe | None:
    """Return the ``BackupAndRestore`` among callbacks: its folder is that of a run which has none of its own."""
    recipes = (each.recipe if isinstance(each, BackupAndRestore) else each for each in callbacks)
    return next((each for each in recipes if isinstance(each, BackupRecipe)), None)
