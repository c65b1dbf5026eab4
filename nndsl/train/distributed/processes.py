"""The processes of a run: Hugging Face Accelerate connects them, and averages the gradients."""

from __future__ import annotations

import atexit
import dataclasses
import gc
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed
from torch import Tensor, nn

from nndsl.train.distributed import surroundings
from nndsl.train.errors import TrainingError
from nndsl.train.model import TrainedModel

if TYPE_CHECKING:
    from accelerate import Accelerator

TIMEOUT = timedelta(minutes=10)
"""How long a process waits for the others before it gives up."""


GO_ON = "its own message says why; the last checkpoint is kept: go on with `nndsl train --resume RUN --processes N`"


class Processes:
    """The processes of a run, of which this one is number ``rank`` of ``count``; ``device`` is its own.

    What is called here is called by all processes, in the same order. While training goes on, ``idle`` says that the
    samples of this one count for nothing.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = accelerator
        self.rank: int = accelerator.process_index
        self.count: int = accelerator.num_processes
        own: torch.device = accelerator.device
        self.device = torch.device("cpu") if own.type == "cpu" else own  # a tensor on "cpu" is moved to "cpu:0"
        self.idle = False

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    def sum(self, tensor: Tensor) -> Tensor:
        """Add up a tensor on the device of the run, in place, and return it."""
        torch.distributed.all_reduce(tensor)
        return tensor

    def sum_on_host(self, tensor: Tensor) -> Tensor:
        """Return the sum of a tensor on the CPU."""
        return self.sum(tensor.to(self.device)).cpu()

    def largest(self, numbers: Sequence[int]) -> list[int]:
        """Return the largest number of all processes at each place."""
        if not numbers:
            return []
        tensor = torch.tensor(numbers, device=self.device)
        torch.distributed.all_reduce(tensor, torch.distributed.ReduceOp.MAX)
        found: list[int] = tensor.tolist()
        return found

    def gathered(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of all processes, which have the same names and shapes, by ``RANK.NAME``."""
        found: dict[str, Tensor] = {}
        for name, tensor in tensors.items():
            parts = [torch.empty_like(tensor, device=self.device) for _ in range(self.count)]
            torch.distributed.all_gather(parts, tensor.to(self.device))
            found |= {f"{rank}.{name}": part.to(tensor.device) for rank, part in enumerate(parts)}
        return found

    def wait(self) -> None:
        """Wait until all processes are here."""
        self._accelerator.wait_for_everyone()

    def prepared(self, model: TrainedModel, unreached: frozenset[str]) -> TrainedModel:
        """Return a model whose backward pass leaves the mean gradients of all processes.

        ``unreached`` are the parameters, by their names in ``model.training``, that no loss depends on.
        """
        wrapper = _Called(model)
        ignored = [f"whole.{name}" for name in unreached]
        ignore: Any = torch.nn.parallel.DistributedDataParallel._set_params_and_buffers_to_ignore_for_model
        ignore(wrapper, ignored)
        with warnings.catch_warnings():
            # PyTorch 2.13 has another name for the setting, which neither versions before nor Accelerate know.
            warnings.filterwarnings("ignore", ".*broadcast_buffers", FutureWarning)
            return dataclasses.replace(model, forward=self._accelerator.prepare_model(wrapper, device_placement=False))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Work together. Raises TrainingError (E1232) where another process is gone."""
        try:
            yield
        except RuntimeError as error:
            if not _is_lost(error):
                raise
            message = f"process {self.rank} of {self.count} lost the others: one of them has ended, or does not answer"
            raise TrainingError("E1232", message, GO_ON) from error
        finally:
            self._accelerator.free_memory()
            gc.collect()
        # What Accelerate made is gone, and every process is here, before one of them ends: gloo may abort at exit else.
        self.wait()


class _Called(nn.Module):
    """A model whose call gives outputs and extras, as those who average gradients watch calls."""

    def __init__(self, model: TrainedModel) -> None:
        super().__init__()
        self.whole = model.training
        self._call = model.forward

    def forward(self, *inputs: Tensor) -> Any:
        return self._call(*inputs)


def processes_of(device: torch.device) -> Processes | None:
    """Return the processes that the environment speaks of, connected, or None where this is the only one.

    Each takes a GPU of its own, or the CPU, as ``device`` says. Raises TrainingError for a device that is not there
    (E1204), without Accelerate (E1230), if the others are not found (E1231), or if Accelerate is told to divide the
    model in a way that is not known here (E1234).
    """
    count = surroundings.count()
    if count == 1:
        return None
    surroundings.require_accelerate()
    _check_device(device)
    from accelerate import Accelerator
    from accelerate.state import PartialState
    from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs

    is_new = not torch.distributed.is_initialized()
    handlers = [DistributedDataParallelKwargs(broadcast_buffers=False), InitProcessGroupKwargs(timeout=TIMEOUT)]
    try:
        accelerator = Accelerator(cpu=device.type == "cpu", kwargs_handlers=handlers)
    except (RuntimeError, ValueError) as error:
        raise _unconnected(error, count) from error
    if is_new:
        atexit.register(PartialState().destroy_process_group)
    check_kind(accelerator.distributed_type.value)
    return Processes(accelerator)


def check_kind(kind: str) -> None:
    """Raise TrainingError (E1234) for a way to divide the work that is not data parallelism."""
    if kind not in ("MULTI_CPU", "MULTI_GPU"):
        message = f"Accelerate is configured for `{kind}`, and every process trains the whole model here"
        raise TrainingError("E1234", message, "choose data parallelism (DDP) in `accelerate config`")


def _check_device(device: torch.device) -> None:
    if device.type not in ("cpu", "cuda"):
        message = f"several processes do not train on `{device}`"
        raise TrainingError("E1204", message, "`--device cpu` lets each have some of the CPU's threads")
    local, gpus = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if device.type == "cuda" and local >= gpus:
        message = f"each process takes a GPU, and this machine has {gpus} for {local + 1} of them or more"
        raise TrainingError("E1204", message, "start as many processes as there are GPUs, or take `--device cpu`")


def _is_lost(error: RuntimeError) -> bool:
    """Return whether an error is one of the connection: gloo has no class for its own."""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error) or "Connection closed" in str(error)


def _unconnected(error: Exception, count: int) -> TrainingError:
    address, port = (os.environ.get(name, "unset") for name in ("MASTER_ADDR", "MASTER_PORT"))
    if "EADDRINUSE" in str(error):
        message = f"the {count} processes cannot meet at the port {port}, which is in use on this machine"
        return TrainingError("E1231", message, "give another one by `MASTER_PORT` or `torchrun --master-port`")
    why = str(error).strip().partition("\n")[0]
    message = f"the {count} processes do not meet at {address}:{port} (MASTER_ADDR and MASTER_PORT): {why}"
    return TrainingError(
        "E1231", message, "start all of them, with the same address; is the port open between machines?"
    )
