"""The settings of ``compile { … }`` and ``fit { … }``: what each takes, and what contradicts the model."""

from __future__ import annotations

from nndsl.settings.check import check_settings
from nndsl.settings.compiling import CompileSettings
from nndsl.settings.fitting import FitSettings
from nndsl.settings.written import ModelOutput, Written

__all__ = ["CompileSettings", "FitSettings", "ModelOutput", "Written", "check_settings"]
