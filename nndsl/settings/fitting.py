"""The settings of ``fit { … }``: data, and how it is gone through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nndsl.arguments import ArgumentError, Decimal, Flag, Integer, Kind, describe
from nndsl.recipes.base import Recipe, RecipeKind
from nndsl.recipes.strings import snake_case
from nndsl.settings.written import ModelOutput, Report, Written

if TYPE_CHECKING:
    from nndsl.settings.compiling import CompileSettings

ClassWeight = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What a fit block says; the defaults are Keras's. ``class_weight`` are pairs of a class and its weight."""

    data: Recipe | None = None
    epochs: int = 1
    batch_size: int = 32
    validation_split: float = 0.0
    validation_data: Recipe | None = None
    shuffle: bool = True
    seed: int | None = None
    class_weight: ClassWeight = ()
    callbacks: tuple[Recipe, ...] = ()


@dataclass(frozen=True, slots=True)
class Split(Kind):
    """The part of the data that validation takes."""

    description: str = "a number of at least 0 and below 1"

    def read(self, value: object) -> float:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(value)
        if not 0 <= value < 1:
            raise self.refuse(value, "E0303")
        return value


@dataclass(frozen=True, slots=True)
class ClassWeights(Kind):
    """A dict from the numbers of classes to weights."""

    description: str = "a dict from classes to weights, such as `{0: 1.0, 1: 5.0}`"

    def read(self, value: object) -> ClassWeight:
        """Return the pairs; none is no pair."""
        if value is None:
            return ()
        if not isinstance(value, dict):
            raise self.refuse(value)
        for label, weight in value.items():
            if isinstance(label, bool) or not isinstance(label, int) or label < 0:
                raise ArgumentError("E0302", f"must have the numbers of classes as keys, not {describe(label)}")
            try:
                Decimal(0).read(weight)
            except ArgumentError as error:
                raise ArgumentError(error.code, f"gives the class {label} a weight that {error.message}") from error
        return tuple(value.items())


KINDS: dict[str, Kind] = {
    "data": RecipeKind("data"),
    "epochs": Integer(),
    "batch_size": Integer(),
    "validation_split": Split(),
    "validation_data": RecipeKind("data", optional=True),
    "shuffle": Flag(),
    "seed": Integer(0, optional=True),
    "class_weight": ClassWeights(),
}
"""What each setting takes, ``callbacks`` apart."""


def fit_settings(
    found: dict[str, Written],
    outputs: Sequence[ModelOutput] | None,
    inputs: Sequence[str],
    compiled: CompileSettings | None,
    report: Report,
) -> FitSettings:
    """Return the settings of a fit block."""
    values: dict[str, Any] = {}
    for name, kind in KINDS.items():
        if name in found:
            read = report.read(kind, found[name], found[name].value, otherwise=getattr(FitSettings(), name))
            values[name] = read
    if "callbacks" in found:
        values["callbacks"] = _callbacks(report, found["callbacks"], outputs, compiled)
    settings = FitSettings(**values)
    if outputs is not None:
        _check_sources(report, found, settings, [*inputs, *(output.name for output in outputs)])
        if settings.class_weight:
            _check_classes(report, found["class_weight"], settings, outputs)
    if settings.validation_split and settings.validation_data is not None:
        report.add(
            "E0808",
            "`validation_split` and `validation_data` exclude each other",
            found["validation_split"],
            help="keep one of them: a part of the data, or data of its own",
        )
    return settings


def _callbacks(
    report: Report, setting: Written, outputs: Sequence[ModelOutput] | None, compiled: CompileSettings | None
) -> tuple[Recipe, ...]:
    if not isinstance(setting.value, (list, tuple)):
        report.add("E0302", "`callbacks` must be a list of callbacks", setting, (), "write `callbacks = […]`")
        return ()
    made = [report.read(RecipeKind("callback"), setting, item, (index,)) for index, item in enumerate(setting.value)]
    if compiled is not None and outputs is not None:
        known = logged(compiled, outputs)
        for index, callback in enumerate(made):
            _check_monitor(report, setting, index, callback, known)
    return tuple(callback for callback in made if callback is not None)


def logged(compiled: CompileSettings, outputs: Sequence[ModelOutput]) -> list[str]:
    """Return what training logs, validation apart: ``loss``, with several outputs ``a_loss`` too, and metrics."""
    names = ["loss"]
    if len(outputs) > 1:
        with_loss = zip(outputs, compiled.losses, strict=True)
        names += [f"{output.name}_loss" for output, loss in with_loss if loss is not None]
    for metrics in (compiled.metrics, compiled.weighted_metrics):
        for output, own in zip(outputs, metrics, strict=True):
            prefix = f"{output.name}_" if len(outputs) > 1 else ""
            names += [prefix + (getattr(metric, "name", None) or snake_case(type(metric).__name__)) for metric in own]
    return names


def _check_monitor(report: Report, setting: Written, index: int, callback: Recipe | None, known: list[str]) -> None:
    monitor = getattr(callback, "monitor", None)
    if monitor is None:
        return
    bare = re.sub(r"_\d+$", "", monitor.removeprefix("val_"))  # unnamed metrics of one class are numbered
    if bare in known or monitor.removeprefix("val_") in known:
        return
    from nndsl.suggestions import suggest

    candidates = [*known, *(f"val_{name}" for name in known)]
    help = suggest(monitor, candidates, "value") or "there are " + ", ".join(f"`{name}`" for name in candidates)
    message = f"`{type(callback).__name__}` watches `{monitor}`, which is no loss or metric of this model"
    report.add("E0810", message, setting, (index,), help)


def _check_sources(report: Report, found: dict[str, Written], settings: FitSettings, known: list[str]) -> None:
    """Report the names of a source that are neither an input nor an output."""
    from nndsl.suggestions import suggest

    for setting_name, data in (("data", settings.data), ("validation_data", settings.validation_data)):
        pairs = next((getattr(data, field) for field in ("arrays", "paths", "columns") if hasattr(data, field)), ())
        for name, _ in pairs:
            if name not in (*known, "sample_weight", "lengths"):
                help = suggest(name, known, "value") or "they are " + ", ".join(f"`{item}`" for item in known)
                message = f"`{setting_name}` gives something to `{name}`, which is no input or output of the model"
                report.add("E0803", message, found[setting_name], (), help)


def _check_classes(report: Report, setting: Written, settings: FitSettings, outputs: Sequence[ModelOutput]) -> None:
    if len(outputs) != 1:
        message = f"`class_weight` is for models with one output, and this one has {len(outputs)}"
        report.add("E0809", message, setting, (), "weigh samples instead, with `sample_weight` in the data")
        return
    size = outputs[0].size
    largest = max(label for label, _ in settings.class_weight)
    classes = 2 if size == 1 else size
    if type(classes) is int and largest >= classes:
        message = f"`class_weight` weighs the class {largest}, and the output `{outputs[0].name}` has {classes} classes"
        report.add("E0303", message, setting, (), f"classes are numbered from 0 to {classes - 1}")
