"""The check of a ``compile`` or ``fit`` block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nndsl.diagnostics import Diagnostic, Note
from nndsl.settings.compiling import CompileSettings, compile_settings
from nndsl.settings.fitting import FitSettings, fit_settings
from nndsl.settings.written import ModelOutput, Report, Written

SETTINGS: dict[str, tuple[str, ...]] = {
    "compile": ("optimizer", "loss", "metrics", "loss_weights", "weighted_metrics"),
    "fit": (
        *("data", "epochs", "batch_size", "validation_split", "validation_data", "shuffle", "seed"),
        *("class_weight", "callbacks"),
    ),
}
"""The settings of each kind of block."""


def check_settings(
    kind: str,
    written: Iterable[Written],
    outputs: Sequence[ModelOutput] | None,
    inputs: Sequence[str] = (),
    compiled: CompileSettings | None = None,
) -> tuple[CompileSettings | FitSettings, tuple[Diagnostic, ...]]:
    """Return the settings of a block (``kind`` is "compile" or "fit") and what is wrong with them.

    ``outputs`` and ``inputs`` are those of the model, or None and nothing where they are not known; ``compiled`` is
    what the model's compile block gave, by which a fit block is checked. A setting that is wrong has its default.
    """
    report = Report()
    found: dict[str, Written] = {}
    for setting in written:
        if setting.name not in SETTINGS[kind]:
            report.diagnostics.append(_unknown(kind, setting))
        elif setting.name in found:
            first = Note("first set here", found[setting.name].span)
            message = f"`{setting.name}` is set twice in one `{kind}` block"
            report.diagnostics.append(Diagnostic("E0802", message, setting.span, notes=(first,)))
        else:
            found[setting.name] = setting
    settings: CompileSettings | FitSettings
    if kind == "compile":
        settings = compile_settings(found, outputs, report)
    else:
        settings = fit_settings(found, outputs, inputs, compiled, report)
    return settings, tuple(report.diagnostics)


def _unknown(kind: str, setting: Written) -> Diagnostic:
    from nndsl.suggestions import suggest

    other = "fit" if kind == "compile" else "compile"
    help = f"it belongs in `{other} {{ … }}`" if setting.name in SETTINGS[other] else ""
    help = help or suggest(setting.name, SETTINGS[kind], "argument")
    return Diagnostic("E0801", f"`{kind}` has no setting `{setting.name}`", setting.span, help=help)
