"""All that the rest of a run depends on, as a snapshot, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nndsl.train.checkpoint import Snapshot
from nndsl.train.distributed.tally import CommonMetrics
from nndsl.train.errors import Remark, TrainingError
from nndsl.train.fitting import check_model, check_tensors, meaning
from nndsl.train.run import compared, environment

if TYPE_CHECKING:
    from nndsl.train.loop import Trainer

MODULE, OPTIMIZER, METRICS, RANDOM, CALLBACK = "module.", "optimizer.", "metrics.", "random.", "callback."
PROCESS = "process."
"""What the names of tensors begin with."""


def snapshot_of(trainer: Trainer) -> Snapshot:
    """Return the state of a run after a step; its tensors are live ones."""
    tensors = {MODULE + key: value for key, value in _weights(trainer).items()}
    tensors |= {OPTIMIZER + key: value for key, value in trainer.updater.state().items()}
    sums, tally = trainer.tally.state()
    tensors |= {METRICS + key: value for key, value in sums.items()}
    tensors |= _random_state(trainer.model.device)
    tensors |= _shares(trainer)
    callbacks = []
    for index, callback in enumerate(trainer.callbacks):
        own = callback.state()
        tensors |= {f"{CALLBACK}{index}.{key}": value for key, value in own.items() if isinstance(value, Tensor)}
        facts = {key: value for key, value in own.items() if not isinstance(value, Tensor)}
        callbacks.append({"class": type(callback).__name__, "facts": facts})
    facts = {
        "step": trainer.epoch * trainer.steps + trainer.step,
        "epoch": trainer.epoch,
        "step_of_epoch": trainer.step,
        "stopped": trainer.stop_training,
        "history": trainer.history,
        "tally": tally,
        "callbacks": callbacks,
        "model": meaning(trainer.model.compiled.model),
        "settings": settings_of(trainer),
        "data": trainer.data.fingerprint(),
        "environment": _environment(trainer),
    }
    return Snapshot(tensors, facts)


def settings_of(trainer: Trainer) -> dict[str, Any]:
    """Return the settings that the rest of a run depends on, by the names that messages have for them."""
    plan = trainer.plan
    return {
        "compile": repr(trainer.model.compiled.compile),
        "batch_size": plan.batch_size,
        "shuffle": plan.shuffle,
        "seed": plan.seed,
        "callbacks": [type(callback).__name__ for callback in trainer.callbacks if not callback.is_own],
        "samples": len(trainer.data),
    }


def restore(trainer: Trainer, snapshot: Snapshot) -> tuple[Remark, ...]:
    """Bring a new trainer to where a snapshot was taken; the remarks say why the rest may not be the same bits.

    Raises TrainingError for a run of another model (E1103), of other tensors (E1104), other data (E1110) or settings
    (E1111).
    """
    facts, tensors = snapshot.facts, snapshot.tensors
    check_model(facts["model"], trainer.model.compiled.model)
    _check_settings(facts["settings"], settings_of(trainer))
    if facts["data"] != trainer.data.fingerprint():
        help = "give it the data as they were, or begin anew with `--init` from the weights"
        raise TrainingError("E1110", "the run began with other data: what they hold has changed", help)
    mine, saved = _weights(trainer), _part(tensors, MODULE)
    check_tensors(saved, mine, "what the model holds")
    try:
        trainer.updater.restore(_part(tensors, OPTIMIZER))
    except ValueError as error:
        raise TrainingError("E1104", str(error), "resume with the settings that the run began with") from None
    with torch.no_grad():
        for key, value in mine.items():
            value.copy_(saved[key])
    share = _share_of(tensors, trainer, facts["environment"]["processes"])
    trainer.tally.restore(_part(share, METRICS), facts["tally"])
    _restore_random(share, trainer.model.device)
    trainer.resume(
        facts["epoch"],
        facts["step_of_epoch"],
        facts["stopped"],
        {name: [_result(each) for each in values] for name, values in facts["history"].items()},
        [{**each["facts"], **_part(tensors, f"{CALLBACK}{index}.")} for index, each in enumerate(facts["callbacks"])],
    )
    return compared(facts["environment"], _environment(trainer))


def _environment(trainer: Trainer) -> dict[str, Any]:
    return environment(trainer.model.device, trainer.processes.count if trainer.processes is not None else 1)


def _shares(trainer: Trainer) -> dict[str, Tensor]:
    """Return what each of several processes has of its own: its part of the metrics, and its random numbers."""
    processes, metrics = trainer.processes, trainer.tally.metrics
    if processes is None:
        return {}
    assert isinstance(metrics, CommonMetrics)
    own = {METRICS + key: value for key, value in metrics.own_state().items()}
    own |= _random_state(trainer.model.device)
    return {PROCESS + key: value for key, value in processes.gathered(own).items()}


def _share_of(tensors: Mapping[str, Tensor], trainer: Trainer, before: int) -> Mapping[str, Tensor]:
    """Return what a process goes on with; under another number of them the first one takes what is of all."""
    processes = trainer.processes
    if processes is None or (processes.is_first and before != processes.count):
        return tensors
    if before == processes.count:
        return _part(tensors, f"{PROCESS}{processes.rank}.")
    return {key: torch.zeros_like(value) for key, value in tensors.items() if key.startswith(METRICS)}


def _check_settings(was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name, value in now.items():
        if was[name] == value:
            continue
        if name == "samples":
            message = f"the run began with other data: {was[name]:,} samples, and now there are {value:,}"
            raise TrainingError("E1110", message, "give it the data as they were, or begin anew with `--init`")
        if name == "compile":
            message, help = "the run began with another `compile` block", "begin anew with `--init` from the weights"
        else:
            message = f"the run began with `{name}` {_text(was[name])}, and goes on with {_text(value)}"
            help = "go on as it began, or begin anew with `--init` from the weights"
        raise TrainingError("E1111", message, help)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _result(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _weights(trainer: Trainer) -> dict[str, Tensor]:
    return {key: value for key, value in trainer.module.state_dict().items() if isinstance(value, Tensor)}


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _random_state(device: torch.device) -> dict[str, Tensor]:
    found = {f"{RANDOM}cpu": torch.get_rng_state()}
    if device.type == "cuda":
        found[f"{RANDOM}cuda"] = torch.cuda.get_rng_state(device)
    return found


def _restore_random(tensors: Mapping[str, Tensor], device: torch.device) -> None:
    if f"{RANDOM}cpu" not in tensors:
        return  # that of a process which was not there before
    torch.set_rng_state(tensors[f"{RANDOM}cpu"])
    state = tensors.get(f"{RANDOM}cuda")
    if state is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
