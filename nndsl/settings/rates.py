"""Learning rates with which nothing can be learned."""

from __future__ import annotations

from nndsl.arguments import parameters
from nndsl.recipes.base import PendingRecipe, Recipe
from nndsl.settings.written import Report, Written

ABSURD = 10.0
"""The rate from which on no optimizer converges: the weights would move by several times their size in each step."""

_RATES = ("initial_learning_rate", "warmup_target", "end_learning_rate")


def check_rate(report: Report, setting: Written, optimizer: Recipe) -> None:
    """Report a learning rate that is 0 all the time, or absurd at some (W0803)."""
    rate = getattr(optimizer, "learning_rate", None)
    rates = _of_schedule(rate) if isinstance(rate, Recipe) else [] if rate is None else [rate]
    if not rates:
        return
    of = f" of `{type(rate).__name__}`" if isinstance(rate, Recipe) else ""
    if max(rates) == 0:
        message = f"the learning rate{of} is 0, so nothing is learned"
        help = "leave it out for Keras's, or write a number such as 0.001"
    elif max(rates) >= ABSURD:
        message = f"a learning rate{of} of {max(rates):g} is far too high: the weights would leave all bounds"
        help = "rates lie between 0.1 and 0.00001 in most cases"
    else:
        return
    report.add("W0803", message, setting, _path(setting.value, type(optimizer)), help)


def _of_schedule(schedule: Recipe) -> list[float]:
    """Return the rates that a schedule names."""
    values = getattr(schedule, "values", None)
    if isinstance(values, tuple):
        return list(values)
    found = [getattr(schedule, name, None) for name in _RATES]
    return [rate for rate in found if rate is not None]


def _path(value: object, declared: type[Recipe]) -> tuple[int, ...]:
    """Return the path to the argument that says the rate, in a recipe as it is written."""
    if not isinstance(value, PendingRecipe):
        return ()
    names = [field.name for field in parameters(declared)]
    for index, (name, _) in enumerate(value.arguments):
        if (name or names[index]) == "learning_rate":
            return (index,)
    return ()
