"""A model as it is used once it is trained: its weights, inference mode, and what its run knows of data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import nn

from nndsl.compiler import Compiled
from nndsl.compiler import compile as compile_model
from nndsl.loading import load_weights
from nndsl.module import compiled_of
from nndsl.settings import FitSettings
from nndsl.train import checkpoint
from nndsl.train.batch import Source
from nndsl.train.data import Categories, Place, source_of, split
from nndsl.train.devices import device_of
from nndsl.train.errors import Remark, TrainingError
from nndsl.train.outcome import Run
from nndsl.train.records import data_of, model_of, place_of, place_of_file, with_recorded
from nndsl.train.resume import MODULE, OPTIMIZER
from nndsl.train.run import BEST, MODEL, SETTINGS, RunFolder, description
from nndsl.train.trained import trained
from nndsl.variables import variables

Model: TypeAlias = "str | Path | Compiled | nn.Module | Run"
"""A ``.nn`` file or the folder of a run, what ``nndsl.compile`` gave, a module of ``nndsl.load``, or a run."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A model with its weights; ``place`` is where the paths of its fit block begin, ``categories`` are its run's.

    ``record`` is what the ``run.json`` of a run says; without a run it is empty. ``remarks`` are on the weights.
    """

    compiled: Compiled
    module: nn.Module
    device: torch.device
    place: Place
    categories: Categories = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    @property
    def fit(self) -> FitSettings:
        """The settings of the fit block, or the usual ones."""
        return self.compiled.fit or FitSettings()


def ready(
    model: Model,
    weights: str | Path | None = None,
    *,
    best: bool = False,
    device: torch.device | str | None = None,
    initial: bool = False,
    allow: Iterable[str] = (),
) -> Ready:
    """Return a model with the weights that it was trained to: those of its run, or of a safetensors file.

    A run that is not over has those of its newest checkpoint, averaged ones if its optimizer has them; with ``best``
    the weights are those of the best epoch. A model that has none is refused, unless ``initial`` ones will do.
    ``allow`` names the modules that layers of Python may come from, as for ``nndsl.compile``. Raises
    NNDSLError for a file with errors, TrainingError (E1220) if there are no weights, (E1209) if they do not fit.
    """
    if isinstance(model, str | Path):
        folder = Path(model)
        if folder.is_dir() or folder.name == SETTINGS:
            folder = folder if folder.is_dir() else folder.parent
            return _of_folder(folder, weights, best, device_of(device), allow)
        model = compile_model(folder, allow=allow)
    if best:
        message = "the best weights are asked for, and no folder of a run is given that has them"
        raise TrainingError("E1220", message, "give the folder that `nndsl train` wrote, or `weights`")
    if isinstance(model, Compiled):
        return _of_file(model, weights, device_of(device), initial)
    if weights is not None:
        message = "a module has its weights, and others are given beside it"
        raise TrainingError("E1210", message, "load them with `nndsl.load_weights(module, path)`")
    run = model if isinstance(model, Run) else None
    module = getattr(model, "_orig_mod", model) if run is None else run.module
    assert isinstance(module, nn.Module)
    compiled = compiled_of(module) if run is None else run.compiled
    if compiled is None:
        message = f"this `{type(module).__name__}` was not made by nndsl, or was pickled"
        raise TrainingError("E1210", message, "give the module of `nndsl.load`, and load weights into that")
    if device is not None:
        module.to(device_of(device))
    record = {} if run is None or run.folder is None else description(run.folder)
    place = place_of(record) if record else place_of_file(compiled)
    return Ready(compiled, module, device_of_module(module), place, {} if run is None else run.categories, record)


def device_of_module(module: nn.Module) -> torch.device:
    """Return the device of a module's weights: the CPU for one without any."""
    first = next((value for value in module.state_dict().values() if isinstance(value, torch.Tensor)), None)
    return torch.device("cpu") if first is None else first.device


@contextmanager
def inference(*modules: nn.Module) -> Iterator[None]:
    """Have modules in inference mode, without gradients, while the context lasts; then each part is as it was."""
    modes = {part: part.training for module in modules for part in module.modules()}
    for module in modules:
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def samples(model: Ready, data: Any = None, *, targets: bool = True) -> Source:
    """Return data for a model; None stands for those that its run, or its fit block, validates on.

    A path alone has in it what the model's own data have, by the same names. Raises TrainingError, (E1208) if there
    are none.
    """
    keywords: dict[str, Any] = {"device": model.device, "categories": model.categories, "targets": targets}
    if data is None:
        return _held_out(model, keywords)
    if isinstance(data, str | Path):
        return source_of(_named(model), model.compiled, path=data, **keywords)
    return source_of(data, model.compiled, **keywords)


def _of_folder(
    folder: Path, weights: str | Path | None, best: bool, device: torch.device, allow: Iterable[str]
) -> Ready:
    compiled, record = model_of(folder, allow)
    compiled = with_recorded(compiled, record)
    module = compiled.module(device=device, seed=0)
    remarks: tuple[Remark, ...] = ()
    if weights is not None:
        _load(module, Path(weights))
    elif best:
        if not (folder / BEST).exists():
            message = f"{folder} has no best weights: no epoch of it has ended"
            raise TrainingError("E1220", message, "leave `best` out for those of its last checkpoint")
        _load(module, folder / BEST)
    elif record.get("finished") and (folder / MODEL).exists():
        _load(module, folder / MODEL)
    else:
        remarks = _load_checkpoint(folder, compiled, module)
    categories = {name: tuple(texts) for name, texts in record.get("categories", {}).items()}
    return Ready(compiled, module.eval(), device, place_of(record), categories, record, remarks)


def _of_file(compiled: Compiled, weights: str | Path | None, device: torch.device, initial: bool) -> Ready:
    module = compiled.module(device=device, seed=0)
    remarks: tuple[Remark, ...] = ()
    if weights is not None:
        _load(module, Path(weights))
    elif initial:
        remarks = (Remark("W1201", f"`{compiled.name}` has its initial weights", "`--weights` gives it others"),)
    else:
        help = "give the folder of a run in the place of the file, or `--weights FILE.safetensors`"
        raise TrainingError("E1220", f"`{compiled.name}` is not trained: there are no weights for it", help)
    return Ready(compiled, module.eval(), device, place_of_file(compiled), {}, {}, remarks)


def _load(module: nn.Module, path: Path) -> None:
    try:
        load_weights(module, path)
    except ValueError as error:
        message, _, help = str(error).partition("\nhelp: ")
        raise TrainingError("E1209", message, help or "give the weights of this model") from None


def _load_checkpoint(folder: Path, compiled: Compiled, module: nn.Module) -> tuple[Remark, ...]:
    """Put the weights of the newest checkpoint into a module, averages first."""
    snapshot, remarks = checkpoint.newest(RunFolder(folder).checkpoints)
    if snapshot is None:
        message = f"{folder} has no weights yet: neither a checkpoint nor {MODEL}"
        raise TrainingError("E1220", message, f"train it on with `nndsl train --resume {folder}`")
    tensors, facts = snapshot.tensors, snapshot.facts
    state = {key.removeprefix(MODULE): value for key, value in tensors.items() if key.startswith(MODULE)}
    # While `SwapEMAWeights` has them exchanged, the model itself holds the averages.
    if not any(callback["facts"].get("swapped") for callback in facts["callbacks"]):
        keys = {id(value): key for key, value in module.named_parameters()}
        for variable in trained(variables(compiled.model), module):
            for part, parameter in zip(variable.parts, variable.parameters, strict=True):
                average = tensors.get(f"{OPTIMIZER}{part}.average")
                if average is not None:
                    state[keys[id(parameter)]] = average
    module.load_state_dict(state, strict=False)
    message = f"the run is not over: its weights after epoch {facts['epoch']}, step {facts['step_of_epoch']}, are taken"
    return (*remarks, Remark("W1201", message, f"`nndsl train --resume {folder}` goes on with it"))


def _named(model: Ready) -> Any:
    """Return a recipe that says by which names the model's data are found."""
    for record in (model.record.get("validation_data"), model.record.get("data")):
        if record is not None and "recipe" in record:
            return data_of(record, "data")[0]
    return model.fit.validation_data or model.fit.data


def _held_out(model: Ready, keywords: Mapping[str, Any]) -> Source:
    """Return the data that training validates on."""

    def opened(what: str, called: str, own: Any) -> Source | None:
        given, place = data_of(model.record.get(what), called)
        if given is None and own is None:
            return None
        if given is None:
            return source_of(own, model.compiled, place=model.place, **keywords)
        if isinstance(given, str):
            return source_of(own or model.fit.data, model.compiled, path=given, **keywords)
        return source_of(given, model.compiled, place=place, **keywords)

    fit = model.fit
    if fit.validation_split and model.record.get("validation_data") is None:
        source = opened("data", "data", fit.data)
        rest = None if source is None else split(source, fit.validation_split)[1]
        if rest is not None:
            return rest
    validation = opened("validation_data", "data to validate on", fit.validation_data)
    if validation is None:
        message = f"`{model.compiled.name}` is validated on nothing, so there are no data but those of training"
        raise TrainingError("E1208", message, "give some: `--data PATH`")
    return validation
