"""The statements of a script that make the optimizer, and what it does in a step beside the update."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from nndsl.recipes.base import Recipe
from nndsl.recipes.optimizers import Muon, Optimizer
from nndsl.train.errors import TrainingError
from nndsl.train.optimizers import CLASSES, groups, hyperparameters
from nndsl.train.schedules import FUNCTIONS, keywords
from nndsl.train.script.facts import Facts
from nndsl.train.script.pasting import Sheet

PARTS = "nndsl.train.script.parts"
_REFUSED = ("use_ema", "loss_scale_factor")


@dataclass(frozen=True, slots=True)
class Optimizing:
    """``made`` constructs the optimizer; ``before`` and ``update`` are statements of a step, before and after backward.

    ``every`` is how many steps make an update, ``counted`` whether the step has a number.
    """

    made: list[str]
    before: list[str]
    update: list[str]
    every: int
    counted: bool


def optimizing(sheet: Sheet, recipe: Recipe, facts: Facts) -> Optimizing:
    """Return the statements of an optimizer, and put what they use into a script.

    Raises TrainingError (E1215) for what a script does not do.
    """
    assert isinstance(recipe, Optimizer)
    for name in _REFUSED:
        if getattr(recipe, name):
            message = f"a training script does not take `{name}` of an optimizer"
            raise TrainingError("E1215", message, "leave it out, or train with `nndsl train`")
    parameters = "[p for p in model.parameters() if p.requires_grad]" if facts.frozen else "model.parameters()"
    sheet.need(("torch", "", "torch"))
    before = []
    if isinstance(recipe.learning_rate, Recipe):
        function = FUNCTIONS[type(recipe.learning_rate).__name__]
        name = sheet.paste(function.__module__, function.__name__)
        given = ", ".join(f"{key}={value!r}" for key, value in keywords(recipe.learning_rate).items())
        sheet.paste(f"{PARTS}.set_rate", "set_rate")
        before = [f"set_rate(optimizer, {name}(number, {given}))"]
    every = recipe.gradient_accumulation_steps or 1
    update = []
    if every > 1:
        sheet.paste(f"{PARTS}.average_gradients", "average_gradients")
        update.append(f"average_gradients({parameters}, {every})")
    update += _clipping(sheet, recipe, parameters, facts)
    if isinstance(recipe, Muon) and (recipe.weight_decay or recipe.adam_weight_decay):
        sheet.paste(f"{PARTS}.decay_groups", "decay_groups")
        update.append(f"decay_groups(optimizer, {recipe.weight_decay or 0.0!r}, {recipe.adam_weight_decay or 0.0!r})")
    elif recipe.weight_decay:
        sheet.paste(f"{PARTS}.decay_weights", "decay_weights")
        update.append(f"decay_weights(optimizer, {recipe.weight_decay!r})")
    update += ["optimizer.step()", "optimizer.zero_grad()"]
    return Optimizing(_made(sheet, recipe, parameters, facts), before, update, every, bool(before) or every > 1)


def _made(sheet: Sheet, recipe: Optimizer, parameters: str, facts: Facts) -> list[str]:
    rate = 0.0 if isinstance(recipe.learning_rate, Recipe) else float(recipe.learning_rate)
    declared = CLASSES[type(recipe).__name__]
    given = hyperparameters(recipe)
    if type(recipe).__name__ == "SGD" and not given["momentum"]:
        return [f"optimizer = torch.optim.SGD({parameters}, lr={rate!r})"]
    name = sheet.paste(declared.__module__, declared.__name__)
    defaults = inspect.signature(declared).parameters
    given = {key: value for key, value in given.items() if defaults[key].default != value}
    if defaults["learning_rate"].default != rate:
        given = {"learning_rate": rate, **given}
    words = "".join(f", {key}={value!r}".replace("'", '"') for key, value in given.items())
    whole = {id(each["params"][0]): each["axes"] for each in groups(recipe, facts.variables) if "axes" in each}
    if not whole:
        return [f"optimizer = {name}({parameters}{words})"]
    entries, plain = [], []
    for variable, keys in zip(facts.variables, facts.keys, strict=True):
        listed = ", ".join(f'weights["{key}"]' for key in keys)
        if id(variable.parameters[0]) in whole:
            entries.append(f'{{"params": [{listed}], "axes": {variable.axes!r}}}')
        else:
            plain.append(listed)
    if plain:
        entries.insert(0, f'{{"params": [{", ".join(plain)}]}}')
    listed = f"groups = [{', '.join(entries)}]"
    return ["weights = dict(model.named_parameters())", listed, f"optimizer = {name}(groups{words})"]


def _clipping(sheet: Sheet, recipe: Optimizer, parameters: str, facts: Facts) -> list[str]:
    if recipe.clipvalue is not None:
        return [f"nn.utils.clip_grad_value_({parameters}, {recipe.clipvalue!r})"]
    if recipe.global_clipnorm is not None:
        sheet.paste(f"{PARTS}.clip_global_norm", "clip_global_norm")
        return [f"clip_global_norm({parameters}, {recipe.global_clipnorm!r})"]
    if recipe.clipnorm is None:
        return []
    if any(len(variable.parts) > 1 for variable in facts.variables):
        message = "a training script does not clip the norm of variables that are several parameters in PyTorch"
        raise TrainingError("E1215", message, "take `global_clipnorm`, or train with `nndsl train`")
    sheet.paste(f"{PARTS}.clip_norms", "clip_norms")
    return [f"clip_norms({parameters}, {recipe.clipnorm!r})"]
