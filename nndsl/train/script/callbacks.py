"""The statements of a script that do what callbacks do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nndsl.compiler import Compiled
from nndsl.recipes.base import Recipe
from nndsl.recipes.callbacks import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau
from nndsl.train.callbacks.monitored import directions
from nndsl.train.errors import TrainingError
from nndsl.train.schedules import FUNCTIONS, keywords
from nndsl.train.script.pasting import Sheet

PARTS = "nndsl.train.script.parts"


@dataclass(slots=True)
class Callbacks:
    """Statements before the epochs, before and after each, and behind all of them.

    ``stops`` are conditions that end training after an epoch, ``remarks`` comments on what is left out.
    """

    made: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    ending: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def callbacks_of(sheet: Sheet, compiled: Compiled, has_validation: bool) -> Callbacks:
    """Return what the callbacks of the fit block do, and put what they use into a script.

    Those that save and report are left out. Raises TrainingError: E1203 for one that watches what is not there, E1206
    for one that sets a rate which a schedule computes.
    """
    assert compiled.fit is not None
    found = Callbacks()
    modes = directions(compiled)
    for recipe in compiled.fit.callbacks:
        if isinstance(recipe, (EarlyStopping, ReduceLROnPlateau)):
            _check_monitor(recipe, modes, has_validation)
        if isinstance(recipe, (LearningRateScheduler, ReduceLROnPlateau)):
            _check_rate(recipe, compiled)
            sheet.paste(f"{PARTS}.set_rate", "set_rate")
        if isinstance(recipe, EarlyStopping):
            _stop_early(sheet, recipe, modes, found)
        elif isinstance(recipe, ReduceLROnPlateau):
            _reduce(sheet, recipe, modes, found)
        elif isinstance(recipe, LearningRateScheduler):
            function = FUNCTIONS[type(recipe.schedule).__name__]
            name = sheet.paste(function.__module__, function.__name__)
            given = ", ".join(f"{key}={value!r}" for key, value in keywords(recipe.schedule).items())
            found.before.append(f"set_rate(optimizer, {name}(epoch, {given}))")
        else:
            found.remarks.append(f"{type(recipe).__name__} is left out: nndsl train has it.")
    return found


def _check_monitor(recipe: EarlyStopping | ReduceLROnPlateau, modes: dict[str, str], has_validation: bool) -> None:
    name, name_of_class = recipe.monitor, type(recipe).__name__
    if name.startswith("val_") and not has_validation:
        message = f"`{name_of_class}` watches `{name}`, which this run does not give"
        raise TrainingError("E1203", message, f"give `validation_split`, or watch `{name[4:]}`")
    if name.removeprefix("val_") not in modes and recipe.mode == "auto":
        message = f"`{name_of_class}` watches `{name}`, which is not there, or may be better larger or smaller"
        raise TrainingError("E1203", message, 'is it written right? If so, write `mode="max"` or `mode="min"`')


def _check_rate(recipe: Recipe, compiled: Compiled) -> None:
    assert compiled.compile is not None
    rate = getattr(compiled.compile.optimizer, "learning_rate", None)
    if isinstance(rate, Recipe):
        message = f"`{type(recipe).__name__}` sets the learning rate, which `{type(rate).__name__}` computes"
        raise TrainingError("E1206", message, "give the optimizer a number as its rate, or leave one of them out")


def _words(recipe: EarlyStopping | ReduceLROnPlateau, names: Sequence[str], modes: dict[str, str]) -> str:
    """Return the arguments that differ from the defaults."""
    default = type(recipe)()
    given = [f"{name}={getattr(recipe, name)!r}" for name in names if getattr(recipe, name) != getattr(default, name)]
    mode = modes[recipe.monitor.removeprefix("val_")] if recipe.mode == "auto" else recipe.mode
    return ", ".join([*given, "larger_is_better=True"] if mode == "max" else given)


def _stop_early(sheet: Sheet, recipe: EarlyStopping, modes: dict[str, str], found: Callbacks) -> None:
    name = sheet.paste(f"{PARTS}.early_stopping", "EarlyStopping")
    names = ("patience", "min_delta", "baseline", "start_from_epoch", "restore_best_weights")
    found.made.append(f"stopping = {name}({_words(recipe, names, modes)})")
    found.stops.append(f'stopping.stops(epoch, logs["{recipe.monitor}"], model)')
    if recipe.restore_best_weights:
        found.ending.append("model.load_state_dict(stopping.weights)")


def _reduce(sheet: Sheet, recipe: ReduceLROnPlateau, modes: dict[str, str], found: Callbacks) -> None:
    name = sheet.paste(f"{PARTS}.reduce_on_plateau", "ReduceOnPlateau")
    names = ("factor", "patience", "min_delta", "cooldown", "min_lr")
    found.made.append(f"plateau = {name}({_words(recipe, names, modes)})")
    rate = 'optimizer.param_groups[0]["lr"]'
    found.after.append(f'set_rate(optimizer, plateau.rate(logs["{recipe.monitor}"], {rate}))')
