"""The settings of ``compile { … }``: an optimizer, and the losses and metrics of each output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from nndsl.arguments import Decimal
from nndsl.recipes import resolve
from nndsl.recipes.base import Recipe, RecipeKind
from nndsl.settings.contradictions import check_against_output
from nndsl.settings.rates import check_rate
from nndsl.settings.written import ModelOutput, Report, Written

Held = TypeVar("Held")
Metrics = tuple[Recipe, ...]


@dataclass(frozen=True, slots=True)
class CompileSettings:
    """What a compile block says; the tuples have an entry for each output, in order (None, or nothing, for none)."""

    optimizer: Recipe
    losses: tuple[Recipe | None, ...] = ()
    loss_weights: tuple[float | None, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    weighted_metrics: tuple[Metrics, ...] = ()


def compile_settings(
    found: dict[str, Written], outputs: Sequence[ModelOutput] | None, report: Report
) -> CompileSettings:
    """Return the settings of a compile block; without an optimizer it is Keras's default, RMSprop."""
    optimizer = resolve("optimizer", "rmsprop")
    if "optimizer" in found:
        setting = found["optimizer"]
        optimizer = report.read(RecipeKind("optimizer"), setting, setting.value, otherwise=optimizer)
        check_rate(report, setting, optimizer)

    def loss(setting: Written, value: object, path: tuple[int, ...], output: ModelOutput | None) -> Recipe | None:
        made: Recipe | None = report.read(RecipeKind("loss", optional=True), setting, value, path)
        check_against_output(report, setting, path, made, output)
        return made

    def weight(setting: Written, value: object, path: tuple[int, ...], output: ModelOutput | None) -> float | None:
        held: float | None = report.read(Decimal(), setting, value, path)
        return held

    def own(setting: Written, value: object, path: tuple[int, ...], output: ModelOutput | None) -> Metrics:
        return _metrics(report, setting, value, path, output)

    losses = _per_output(report, found.get("loss"), outputs, loss, None)
    weights = _per_output(report, found.get("loss_weights"), outputs, weight, None)
    if "loss_weights" in found:
        _check_weights(report, found["loss_weights"], outputs or (), losses, weights)
    none: Metrics = ()
    shown, weighted = (
        _per_output(report, found.get(name), outputs, own, none, items=True) for name in ("metrics", "weighted_metrics")
    )
    return CompileSettings(optimizer, losses, weights, shown, weighted)


def _per_output(
    report: Report,
    setting: Written | None,
    outputs: Sequence[ModelOutput] | None,
    read: Callable[[Written, object, tuple[int, ...], ModelOutput | None], Held],
    absent: Held,
    items: bool = False,
) -> tuple[Held, ...]:
    """Return what a setting says of each output.

    It may be a dict by the outputs' names, a list in their order, or what the only output has; with ``items`` the
    latter is itself a list. Of unknown outputs nothing is returned, but what is written is read.
    """
    none = tuple(absent for _ in outputs or ())
    if setting is None or setting.value is None:
        return none
    value = setting.value
    if isinstance(value, dict):
        return _by_name(report, setting, value, outputs, read, absent)
    several = isinstance(value, (list, tuple)) and not (items and (outputs is None or len(outputs) == 1))
    given: Any = value if several else [value]
    paths: list[tuple[int, ...]] = [(index,) for index in range(len(given))] if several else [()]
    if outputs is None:
        for item, path in zip(given, paths, strict=True):
            read(setting, item, path, None)
        return none
    if len(given) != len(outputs):
        _miscounted(report, setting, len(given) if several else None, outputs)
        return none
    return tuple(read(setting, item, path, output) for item, path, output in zip(given, paths, outputs, strict=True))


def _by_name(
    report: Report,
    setting: Written,
    value: dict[Any, object],
    outputs: Sequence[ModelOutput] | None,
    read: Callable[[Written, object, tuple[int, ...], ModelOutput | None], Held],
    absent: Held,
) -> tuple[Held, ...]:
    from nndsl.suggestions import suggest

    known = {output.name: output for output in outputs or ()}
    held: dict[object, Held] = {}
    for index, (name, item) in enumerate(value.items()):
        if outputs is not None and name not in known:
            help = suggest(str(name), known, "value") or f"the outputs are {_listed(outputs)}"
            report.add(
                "E0803", f"`{setting.name}` names `{name}`, which is no output of the model", setting, (index,), help
            )
            continue
        held[name] = read(setting, item, (index,), known.get(str(name)))
    return tuple(held.get(output.name, absent) for output in outputs or ())


def _miscounted(report: Report, setting: Written, count: int | None, outputs: Sequence[ModelOutput]) -> None:
    written = "one value" if count is None else f"a list of {count}"
    entries = ", ".join(f'"{output.name}": …' for output in outputs)
    counted = "one output" if len(outputs) == 1 else f"{len(outputs)} outputs"
    report.add(
        "E0804",
        f"the model has {counted}, and `{setting.name}` is {written}",
        setting,
        help=f"write `{setting.name} = {{{entries}}}`",
    )


def _metrics(
    report: Report, setting: Written, value: object, path: tuple[int, ...], output: ModelOutput | None
) -> Metrics:
    kind = RecipeKind("metric")
    if not isinstance(value, (list, tuple)):
        if value is None:
            return ()
        if not path:
            help = f"write `{setting.name} = […]`"
            report.add("E0302", f"`{setting.name}` must be a list of metrics", setting, (), help)
            return ()
        value = [value]
        places = [path]
    else:
        places = [(*path, index) for index in range(len(value))]
    made = [(report.read(kind, setting, item, place), place) for item, place in zip(value, places, strict=True)]
    for metric, place in made:
        check_against_output(report, setting, place, metric, output)
    return tuple(metric for metric, _ in made if metric is not None)


def _check_weights(
    report: Report,
    setting: Written,
    outputs: Sequence[ModelOutput],
    losses: tuple[Recipe | None, ...],
    weights: tuple[float | None, ...],
) -> None:
    if report.diagnostics:  # a loss that could not be read is missing for another reason
        return
    for output, loss, weight in zip(outputs, losses, weights, strict=True):
        if weight is not None and loss is None:
            help = f"give `{output.name}` a loss, or leave its weight out"
            report.add("E0805", f"the output `{output.name}` has a weight and no loss", setting, (), help)


def _listed(outputs: Sequence[ModelOutput]) -> str:
    names = [f"`{output.name}`" for output in outputs]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
