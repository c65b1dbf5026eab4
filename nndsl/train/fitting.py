"""Whether a saved state is that of a model: of the same meaning, with the same tensors."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from nndsl.graph import Graph
from nndsl.listing import listing
from nndsl.train.errors import TrainingError

_SHOWN = 8
"""The lines that a message shows of what differs."""


def meaning(graph: Graph) -> dict[str, Any]:
    """Return what tells a model from others: the lines of its graph, and their SHA-256.

    What a text has beside its meaning (comments, names of values, how it is laid out) is not in it.
    """
    lines = listing(graph).splitlines()
    return {"sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(), "graph": lines}


def check_model(saved: Mapping[str, Any], graph: Graph) -> None:
    """Raise TrainingError (E1103), with the layers that differ, unless a saved ``meaning`` is that of a graph."""
    own = meaning(graph)
    if saved["sha256"] == own["sha256"]:
        return
    before, now = ([re.sub(r"%\d+", "%", line) for line in each["graph"]] for each in (saved, own))
    changed = [line for line in difflib.ndiff(before, now) if line.startswith(("- ", "+ "))]
    kept = changed or ["the layers are connected in another way"]
    message = f"the state is that of another model (-) than this one (+):\n  {_folded(kept)}"
    raise TrainingError(
        "E1103", message, "train this one in a folder of its own, or begin with `--init` from the weights"
    )


def check_tensors(saved: Mapping[str, Tensor], wanted: Mapping[str, Tensor], what: str) -> None:
    """Raise TrainingError (E1104), with the names, unless two sets of tensors have the same names, shapes and dtypes.

    ``what`` they are, such as "the state of the optimizer", begins the message.
    """
    lines = [f"missing: {name}" for name in wanted if name not in saved]
    lines += [f"unknown: {name}" for name in saved if name not in wanted]
    for name, value in wanted.items():
        if name in saved and _form(saved[name]) != _form(value):
            lines.append(f"{name} is {_form(saved[name])}, and should be {_form(value)}")
    if lines:
        message = f"{what} in the checkpoint does not fit this model and its settings:\n  {_folded(lines)}"
        help = "resume with the settings that the run began with, or begin anew with `--init` from the weights"
        raise TrainingError("E1104", message, help)


def _form(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def _folded(lines: Sequence[str]) -> str:
    shown = list(lines[:_SHOWN])
    if len(lines) > _SHOWN:
        shown.append(f"… and {len(lines) - _SHOWN} more")
    return "\n  ".join(shown)
