"""Settings that a caller gives in the place of those of a file, held to the same rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from nndsl.arguments import ArgumentError
from nndsl.settings import FitSettings
from nndsl.settings.fitting import KINDS
from nndsl.train.errors import TrainingError


def settings_of(settings: FitSettings, **given: Any) -> FitSettings:
    """Return settings with those that are given and not None. Raises TrainingError (E1210) for a wrong value."""
    read = {}
    for name, value in given.items():
        if value is None:
            continue
        try:
            read[name] = KINDS[name].read(dict(value) if isinstance(value, Mapping) else value)
        except ArgumentError as error:
            raise TrainingError("E1210", f"`{name}` {error.message}", error.help) from None
    return dataclasses.replace(settings, **read)
