"""The loop: epochs of steps, validation, callbacks; nothing in a step waits for the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from nndsl.train.batch import Batch, Source
from nndsl.train.callbacks.base import Callback, Logs
from nndsl.train.data.orders import order_of
from nndsl.train.distributed.pace import CommonPace
from nndsl.train.errors import TrainingError
from nndsl.train.model import TrainedModel
from nndsl.train.objective import Objective
from nndsl.train.pace import Pace
from nndsl.train.signals import Signals
from nndsl.train.tally import Tally
from nndsl.train.tensors import write_tensors
from nndsl.train.updater import Updater

if TYPE_CHECKING:
    from nndsl.train.distributed.processes import Processes


@dataclass(frozen=True, slots=True)
class Plan:
    """How the data are gone through."""

    epochs: int
    batch_size: int
    shuffle: bool
    seed: int


class Reporter(Protocol):
    """Who shows how training goes."""

    live: bool
    """Whether ``step`` wants to be called."""

    def begin(self, trainer: Trainer) -> None:
        """Before the first step."""

    def step(self, trainer: Trainer, logs: Logs) -> None:
        """Now and then in an epoch."""

    def epoch(self, trainer: Trainer, logs: Logs) -> None:
        """At the end of an epoch."""

    def say(self, message: str) -> None:
        """Say something in between."""

    def end(self) -> None:
        """When the run is over, for whatever reason."""


class Keeper(Protocol):
    """Who saves a run."""

    def step(self, trainer: Trainer) -> None:
        """Save, if it is time."""

    def epoch(self, trainer: Trainer) -> None:
        """Save after an epoch, if it is time."""

    def save(self, trainer: Trainer) -> None:
        """Save now."""

    def path(self, name: str) -> Path:
        """Return where a callback's file of a name lies."""

    def finish(self, trainer: Trainer) -> None:
        """Write what a run leaves behind."""


class Trainer:
    """A run while it lasts: what callbacks look at, and change.

    ``epoch`` and ``step`` say how many are done (steps of the epoch); ``history`` has a list for each name in logs.
    """

    def __init__(
        self,
        model: TrainedModel,
        objective: Objective,
        updater: Updater,
        tallies: tuple[Tally, Tally],
        data: Source,
        validation: Source | None,
        plan: Plan,
        callbacks: Sequence[Callback],
        reporter: Reporter,
        keeper: Keeper | None,
        processes: Processes | None = None,
    ) -> None:
        self.model = model
        self.module = model.module
        self.updater = updater
        self.data = data
        self.validation = validation
        self.plan = plan
        self.callbacks = tuple(callbacks)
        self.epoch = 0
        self.step = 0
        self.stop_training = False
        self.failed = False
        """Whether a loss was not finite: then nothing is saved any more."""
        self.save_asked = False
        """Set by a callback to have a checkpoint after this step, or epoch."""
        self.resumed = False
        """Whether the run goes on where it was, rather than begins."""
        self.history: dict[str, list[Any]] = {}
        self.tally, self._validated = tallies
        self.steps = data.steps(plan.batch_size)
        """The number of steps of an epoch."""
        self.names = (*objective.names, *self.tally.metrics.names)
        """What logs have."""
        if validation is not None:
            self.names += tuple(f"val_{name}" for name in self.names)
        self._objective = objective
        self._reporter = reporter
        self._keeper = keeper
        self.processes = processes
        """The processes of the run, if there are several."""
        self._signals = Signals(saves=keeper is not None)
        self._pace = Pace(self._signals) if processes is None else CommonPace(self._signals, processes)
        self._constrain: Callable[[], None] | None = getattr(model.training, "constrain", None)
        for callback in self.callbacks:
            callback.trainer = self
            callback.check()
        self._states: Sequence[Mapping[str, Any]] = ()
        self._hearing = [callback for callback in self.callbacks if callback.hears_batches]

    @property
    def learning_rate(self) -> float:
        """The rate of the next update; it can be set where no schedule computes it."""
        return self.updater.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.updater.learning_rate = rate

    @property
    def is_over(self) -> bool:
        """Whether no epoch is left."""
        return self.stop_training or (self.epoch >= self.plan.epochs and not self.step)

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes files: of several the first."""
        return self.processes is None or self.processes.is_first

    def weights(self) -> dict[str, Tensor]:
        """Return copies of the weights and buffers, by their keys."""
        state = self.module.state_dict()
        return {key: value.detach().clone() for key, value in state.items() if isinstance(value, Tensor)}

    def put(self, weights: Mapping[str, Tensor]) -> None:
        """Give the model weights and buffers."""
        self.module.load_state_dict(dict(weights), strict=False)

    def write_weights(self, path: Path) -> None:
        """Write the weights and buffers into a safetensors file. Raises TrainingError (E1107) if that fails."""
        if not self.writes:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(path, self.weights())
        except OSError as error:
            help = "make room, or give another path"
            raise TrainingError("E1107", f"{path} cannot be written: {error.strerror or error}", help) from error

    def check_weights(self) -> None:
        """Raise TrainingError (E1201) for weights that are not finite."""
        for key, value in self.module.named_parameters():
            if not bool(torch.isfinite(value).all()):
                where = f"step {self.step} of epoch {self.epoch + 1}" if self.step else f"epoch {self.epoch}"
                raise not_finite(f"`{key}` is not finite after {where}", self._keeper)

    def resume(
        self,
        epoch: int,
        step: int,
        stopped: bool,
        history: dict[str, list[Any]],
        states: Sequence[Mapping[str, Any]],
    ) -> None:
        """Go on behind so many epochs and steps, with what callbacks had."""
        self.resumed = True
        self.epoch, self.step, self.stop_training = epoch, step, stopped
        self.history = history
        self._states = states

    def path(self, name: str) -> Path:
        """Return where a callback's file of a name lies: in the folder of the run, if it has one."""
        return Path(name) if self._keeper is None else self._keeper.path(name)

    def say(self, message: str) -> None:
        """Show a message."""
        self._reporter.say(message)

    def run(self) -> None:
        """Train to the end. Raises TrainingError where that is not possible, and KeyboardInterrupt or SystemExit.

        A signal ends it after a step, saved.
        """
        with self._signals:
            self._reporter.begin(self)
            try:
                self._begin()
                while not self.is_over:
                    self._run_epoch()
                self._finish()
            except (torch.OutOfMemoryError, MemoryError) as error:
                raise self._out_of_memory() from error
            except RuntimeError as error:
                if "DefaultCPUAllocator" not in str(error):
                    raise
                raise self._out_of_memory() from error
            finally:
                self._reporter.end()

    def _out_of_memory(self) -> TrainingError:
        size = self.plan.batch_size
        message = f"the memory of `{self.model.device}` does not hold a step of {size} samples"
        smaller = f"give it a smaller `batch_size`, such as {size // 2}" if size > 1 else "give it smaller samples"
        kept = "; the checkpoints are intact" if self._keeper is not None else ""
        return TrainingError("E1205", message, smaller + kept)

    def _begin(self) -> None:
        if not self.resumed:
            for callback in self.callbacks:
                callback.on_train_begin()
            return
        for callback, state in zip(self.callbacks, self._states, strict=True):
            callback.on_train_begin()
            callback.restore(state)

    def _finish(self) -> None:
        if self._keeper is not None and not self.failed:
            self._keeper.save(self)  # what follows is not gone back behind when the run is given more epochs
        if not any(getattr(callback, "is_swapped", False) for callback in self.callbacks):
            self.updater.overwrite()
        for callback in self.callbacks:
            callback.on_train_end()
        self.model.training.eval()
        self.module.eval()
        if self._keeper is not None and not self.failed:
            self._keeper.finish(self)

    def _run_epoch(self) -> None:
        plan = self.plan
        if not self.step:
            self.tally.reset()
            for callback in self.callbacks:
                callback.on_epoch_begin(self.epoch)
        self.model.training.train()
        order = order_of(plan.seed, self.epoch) if plan.shuffle else None
        self._pace.begin()
        for batch in self.data.batches(plan.batch_size, order, self.step):
            self._train(batch)
            self.step += 1
            for callback in self._hearing:
                callback.on_train_batch_end(self.step - 1, LateLogs(self._look))
            if self.save_asked:
                self._save()
            if self._pace.is_due():
                self._look_around()
            if self.stop_training:
                break
        self._end_epoch()

    def _train(self, batch: Batch) -> None:
        outputs, extras = self.model.forward(*batch.inputs)
        losses = self._objective(self.model.training, outputs, extras, batch)
        torch.autograd.backward(self.updater.scale_loss(losses.total))
        self.updater.step()
        if self._constrain is not None:
            self._constrain()
        self.tally.add(losses, outputs, batch, extras, True)

    def _look(self) -> Logs:
        """Return the logs so far. Raises TrainingError (E1201) for a loss that is not finite, if no callback minds."""
        logs = dict(self.tally.results())
        failed = self.tally.failed
        if failed is not None and not self.failed:
            self.failed = True
            message = f"the loss of step {failed + 1} of epoch {self.epoch + 1} is not finite"
            if not any(callback.on_not_finite(message) for callback in self.callbacks):
                raise not_finite(message, self._keeper)
        return logs

    def _look_around(self) -> None:
        logs = self._look()
        if self._reporter.live:
            self._reporter.step(self, logs)
        if self._pace.caught:
            self._interrupt()
        if self._keeper is not None and not self.failed:
            self._keeper.step(self)

    def _save(self) -> None:
        self.save_asked = False
        self._look()
        if self._keeper is not None and not self.failed:
            self._keeper.save(self)

    def _interrupt(self) -> None:
        self._save()
        if self._keeper is not None and not self.failed:
            self.say(f"stopped and saved; go on with `nndsl train --resume {self._keeper.path('.')}`")
        if self.processes is not None:
            self.processes.wait()
        self._signals.leave()

    def _end_epoch(self) -> None:
        logs = self._look()
        if self.validation is not None:
            logs |= {f"val_{name}": value for name, value in self._validate(self.validation).items()}
        self.model.training.eval()
        for callback in self.callbacks:
            callback.on_epoch_end(self.epoch, logs)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        self.epoch += 1
        self.step = 0
        self._reporter.epoch(self, logs)
        self._pace.agree()
        if self._pace.caught:
            self._interrupt()
        if self._keeper is not None and not self.failed:
            if self.save_asked:
                self._save()
            else:
                self._keeper.epoch(self)

    def _validate(self, source: Source) -> Logs:
        self.model.training.eval()
        for callback in self.callbacks:
            callback.on_test_begin()
        tally = self._validated
        tally.reset()
        with torch.no_grad():
            for batch in source.batches(self.plan.batch_size, None):
                outputs, extras = self.model.forward(*batch.inputs)
                tally.add(self._objective(self.model.training, outputs, extras, batch), outputs, batch, extras, False)
                if self._pace.caught:
                    self._interrupt()
        logs: Logs = dict(tally.results())
        for callback in self.callbacks:
            callback.on_test_end(logs)
        return logs


class LateLogs(Mapping[str, Any]):
    """Logs that are read from the device when something looks at them."""

    def __init__(self, read: Callable[[], Logs]) -> None:
        self._read = read
        self._logs: Logs | None = None

    def _all(self) -> Logs:
        if self._logs is None:
            self._logs = self._read()
        return self._logs

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def not_finite(message: str, keeper: Keeper | None) -> TrainingError:
    """Return the error for numbers that are NaN or infinite."""
    help = "lower the learning rate, scale the inputs, or give the optimizer `global_clipnorm=1.0`"
    if keeper is not None:
        help += "; what was saved before is kept"
    return TrainingError("E1201", message, help)
