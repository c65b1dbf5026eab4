"""nndsl: a small language for neural networks, compiled to PyTorch.

Names load what they need when they are first used: ``import nndsl`` alone imports neither the parser nor PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nndsl.compiler import Compiled, check, compile, parse
    from nndsl.diagnostics import Diagnostic, InternalError, NNDSLError, Note, Source, Span
    from nndsl.importing.live import from_keras
    from nndsl.limits import Limits
    from nndsl.loading import LoadedWeights, load_weights
    from nndsl.module import load
    from nndsl.rendering import render
    from nndsl.syntax.format import format, unparse
    from nndsl.syntax.visitor import Transformer, Visitor
    from nndsl.train.callbacks.base import Callback
    from nndsl.train.errors import TrainingError
    from nndsl.train.evaluating import evaluate
    from nndsl.train.exporting import Exported, export
    from nndsl.train.fit import fit
    from nndsl.train.outcome import Run
    from nndsl.train.predicting import Predictions, predict

__version__ = "0.1.0"

__all__ = [
    "Callback",
    "Compiled",
    "Diagnostic",
    "Exported",
    "InternalError",
    "Limits",
    "LoadedWeights",
    "NNDSLError",
    "Note",
    "Predictions",
    "Run",
    "Source",
    "Span",
    "TrainingError",
    "Transformer",
    "Visitor",
    "check",
    "compile",
    "evaluate",
    "export",
    "fit",
    "format",
    "from_keras",
    "load",
    "load_weights",
    "parse",
    "predict",
    "render",
    "unparse",
]

_HOMES = {
    "compiler": ("Compiled", "check", "compile", "parse"),
    "diagnostics": ("Diagnostic", "InternalError", "NNDSLError", "Note", "Source", "Span"),
    "importing.live": ("from_keras",),
    "limits": ("Limits",),
    "loading": ("LoadedWeights", "load_weights"),
    "module": ("load",),
    "rendering": ("render",),
    "syntax.format": ("format", "unparse"),
    "syntax.visitor": ("Transformer", "Visitor"),
    "train.callbacks.base": ("Callback",),
    "train.errors": ("TrainingError",),
    "train.evaluating": ("evaluate",),
    "train.exporting": ("Exported", "export"),
    "train.fit": ("fit",),
    "train.outcome": ("Run",),
    "train.predicting": ("Predictions", "predict"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"nndsl.{home}"), name)
    raise AttributeError(f"module 'nndsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
