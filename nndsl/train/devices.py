"""The device that a run is on."""

from __future__ import annotations

import torch

from nndsl.train.errors import TrainingError

AUTO = "auto"


def device_of(named: torch.device | str | None) -> torch.device:
    """Return a device that is there: of ``"auto"`` or None, the first GPU if there is one, or else the CPU.

    Raises TrainingError (E1204) for one that is not there, before anything is put on it.
    """
    if named is None or named == AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(named)
    except RuntimeError:
        message = f"there is no kind of device `{named}`"
        raise TrainingError("E1204", message, "devices are `cpu`, `cuda`, `cuda:1`, `mps` and `auto`") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        message = f"`{named}` is asked for, and this PyTorch sees no CUDA"
        raise TrainingError("E1204", message, "leave the device out: the CPU is taken then; is the driver installed?")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        message = f"`{named}` is asked for, and there are {torch.cuda.device_count()} GPUs, counted from 0"
        raise TrainingError("E1204", message, "`cuda` alone is the first")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise TrainingError("E1204", f"`{named}` is asked for, and this PyTorch sees no Metal", "leave the device out")
    if device.type not in ("cpu", "cuda", "mps"):
        raise TrainingError("E1204", f"nothing trains on `{named}`", "devices are `cpu`, `cuda`, `mps` and `auto`")
    return device
