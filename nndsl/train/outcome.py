"""What a run leaves behind in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from nndsl.compiler import Compiled


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: ``module`` is trained and in inference mode, ``history`` has a list for each loss and metric.

    ``epochs`` is the number of epochs in all, ``folder`` that of the run, if there is one. ``categories`` are the texts
    that indices in the data stand for.
    """

    module: nn.Module = field(repr=False)
    compiled: Compiled = field(repr=False)
    history: Mapping[str, list[float]] = field(repr=False)
    epochs: int
    folder: Path | None = None
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
