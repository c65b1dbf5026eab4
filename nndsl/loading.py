"""Weights of a file into a module: all of them, or those that are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from nndsl.tensor_file import Entry, read_tensor_file
from nndsl.weight_keys import chosen, differences, folded, likely_renames, matching


@dataclass(frozen=True, slots=True)
class LoadedWeights:
    """What became of the weights of a file and of a module, by their keys; ``str`` lists it.

    ``taken`` are those that the module has from the file, ``kept`` those of the module that are as they were, and
    ``left`` those of the file that were not taken.
    """

    path: Path
    taken: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{len(self.taken):,} of {len(self.taken) + len(self.kept):,} weights are taken from {self.path}"]
        for word, keys in (("taken", self.taken), ("kept as it was", self.kept), ("left in the file", self.left)):
            lines += folded([f"  {word}: {key}" for key in keys])
        return "\n".join(lines)


def load_weights(module: nn.Module, path: str | Path, *, only: str | Iterable[str] | None = None) -> LoadedWeights:
    """Put the weights of a safetensors file into a module, and return what was taken and what was left.

    ``only`` is a pattern of keys such as ``"encoder.*"``, or several: then these alone are taken. Nothing is changed
    unless all that is to be taken is there, in the right shapes. Raises OSError if the file cannot be read, and
    ValueError if it is damaged, or holds the weights of another model: it names what differs.
    """
    path = Path(path)
    entries = read_tensor_file(path).entries
    state = {key: value for key, value in module.state_dict().items() if isinstance(value, Tensor)}
    patterns = None if only is None else (only,) if isinstance(only, str) else tuple(only)
    wanted = list(state) if patterns is None else chosen(state, patterns)
    found = list(entries) if patterns is None else matching(entries, patterns)
    _check(path, {key: state[key] for key in wanted}, {key: entries[key] for key in found})
    module.load_state_dict(_tensors(path, wanted), strict=False)
    return LoadedWeights(
        path,
        tuple(wanted),
        tuple(key for key in state if key not in wanted),
        tuple(key for key in entries if key not in wanted),
    )


def _check(path: Path, state: dict[str, Tensor], entries: dict[str, Entry]) -> None:
    """Raise ValueError unless a file has just the tensors that are wanted."""
    wanted = {key: tuple(value.shape) for key, value in state.items()}
    found = {key: entry.shape for key, entry in entries.items()}
    lines = differences(wanted, found)
    kinds = [
        f"{key} is {entries[key].word}, and should be {str(value.dtype).removeprefix('torch.')}"
        for key, value in state.items()
        if key in entries and value.dtype.is_floating_point != entries[key].dtype.startswith(("F", "BF"))
    ]
    lines += folded(kinds)
    if not lines:
        return
    message = f"{path} holds the weights of another model:\n  " + "\n  ".join(lines)
    renames = likely_renames(wanted, found)
    if renames:
        pairs = " ".join(f"{old}={new}" for old, new in renames.items())
        message += f"\nhelp: if they were renamed, `nndsl weights rename {path} {pairs}` repairs it"
    raise ValueError(message)


def _tensors(path: Path, keys: Iterable[str]) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in keys}
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error
