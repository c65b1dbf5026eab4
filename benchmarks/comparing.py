"""Comparisons by turns in one process: what the machine does meanwhile meets all alike."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time

ROUNDS = 13


def by_turns(
    tasks: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, *, processes: bool = False
) -> dict[str, list[float]]:
    """Return the seconds that each task takes in each round; every second round goes backwards.

    It is the processor's time, of this process or of the ``processes`` that the tasks start: other work on the machine
    hardly changes it.
    """
    clock = _children if processes else process_time
    names = list(tasks)
    for name in names:
        tasks[name]()
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 else reversed(names):
            gc.collect()
            start = clock()
            tasks[name]()
            times[name].append(clock() - start)
    return times


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ratio(times: Mapping[str, list[float]], name: str, other: str) -> float:
    """Return the median over the rounds of one task's time to the other's."""
    return median(one / two for one, two in zip(times[name], times[other], strict=True))


def row(what: str, figure: str, wanted: str = "") -> None:
    """Print a line of the table: what was measured, the figure, and what it should reach."""
    print(f"{what:<62} {figure:>24}   {wanted}")
