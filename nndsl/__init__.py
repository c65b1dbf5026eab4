"""nndsl: a small language for neural networks, compiled to PyTorch.

Names load what they need when they are first used: ``import nndsl`` alone imports neither the parser nor PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nndsl.compiler import Compiled, check, compile, parse
    from nndsl.diagnostics import Diagnostic, InternalError, NNDSLError, Note, Source, Span
    from nndsl.limits import Limits
    from nndsl.module import load
    from nndsl.rendering import render
    from nndsl.syntax.format import format, unparse
    from nndsl.syntax.visitor import Transformer, Visitor

__version__ = "0.1.0"

__all__ = [
    "Compiled",
    "Diagnostic",
    "InternalError",
    "Limits",
    "NNDSLError",
    "Note",
    "Source",
    "Span",
    "Transformer",
    "Visitor",
    "check",
    "compile",
    "format",
    "load",
    "parse",
    "render",
    "unparse",
]

_HOMES = {
    "compiler": ("Compiled", "check", "compile", "parse"),
    "diagnostics": ("Diagnostic", "InternalError", "NNDSLError", "Note", "Source", "Span"),
    "limits": ("Limits",),
    "module": ("load",),
    "rendering": ("render",),
    "syntax.format": ("format", "unparse"),
    "syntax.visitor": ("Transformer", "Visitor"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"nndsl.{home}"), name)
    raise AttributeError(f"module 'nndsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
