"""Sizes against plain integers, on random expressions as networks make them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from nndsl.dims import (
    Conflict,
    Different,
    Origin,
    Same,
    Scope,
    Size,
    definitions,
    evaluate,
    maximum0,
    propose,
    same,
    solve_axes,
    substitute,
    symbol,
    text,
)
from tests.dims.networks import chain, pair

H, W, T = symbol("H"), symbol("W"), symbol("T")
ORIGIN = Origin("a test")
FULL = 100_000
SHORT = 2_000


@pytest.fixture(name="count")
def count_of_cases(full_size: bool) -> int:
    """How many random cases a test tries; NNDSL_PROPERTY_COUNT says otherwise."""
    return int(os.environ.get("NNDSL_PROPERTY_COUNT", FULL if full_size else SHORT))


def points(random: Random, count: int) -> Iterator[tuple[int, int]]:
    """Yield sizes of two axes: small ones, usual ones, and very large ones."""
    for _ in range(count):
        yield random.randint(1, random.choice((12, 300, 10**7))), random.randint(1, random.choice((12, 300)))


def read(size: Size, values: dict[str, Any]) -> Any:
    """Evaluate the text of a size, as Python reads it."""
    values = {**values, "max": max}
    for name, definition in definitions([size]).items():
        values[name] = eval(text(definition), values)
    return eval(text(size), values)


def test_verdicts(count: int) -> None:
    """No verdict is wrong, and at most 0.5% of the pairs stay undecided."""
    random = Random(1)
    undecided = 0
    for _ in range(count):
        one, two = pair(random)
        verdict = same(one(H, W), two(H, W), Scope())
        if isinstance(verdict, Same):
            assert all(one(h, w) == two(h, w) for h, w in points(random, 12)), (one(H, W), two(H, W))
        elif isinstance(verdict, Different):
            h, w = (verdict.values.get(name, 1) for name in ("H", "W"))
            assert (one(h, w), two(h, w)) == (verdict.left, verdict.right)
            assert verdict.left != verdict.right
            assert min(h, w) >= 1
        else:
            undecided += 1
    assert undecided <= count * 0.005


def test_values_texts_and_substitutions(count: int) -> None:
    """What a size evaluates to is what its formula gives for ints, in its text and after a substitution too."""
    random = Random(2)
    for _ in range(count):
        formula, _ = pair(random)
        size = formula(H, W)
        ((h, w),) = points(random, 1)
        assert evaluate(size, {"H": h, "W": w}) == formula(h, w)
        assert read(size, {"H": h, "W": w}) == formula(h, w), text(size)
        scale, offset = random.randint(1, 16), random.randint(0, 5)
        changed = substitute(size, {"H": scale * W + offset, "W": T})
        assert evaluate(changed, {"W": h, "T": w}) == formula(scale * h + offset, w)
        constant = substitute(size, {"H": h, "W": w})
        assert type(constant) is int
        assert constant == formula(h, w)


def axis(random: Random) -> Callable[[Any], Any]:
    """A size of one axis, with one branch or two."""
    one, two = chain(random, random.randint(1, 4)), chain(random, random.randint(1, 3))
    return random.choice((one, one, lambda n: one(n) + two(n), lambda n: one(n) - two(n), lambda n: 40 - one(n)))


def test_bounds_are_exact(count: int) -> None:
    """Bounds and checks together admit a value exactly when all that was asked for holds."""
    random = Random(3)
    span = range(1, 400)
    bounded = conflicts = 0
    for _ in range(count // 4):
        scope = Scope()
        allowed = set(span)
        for _ in range(random.randint(1, 3)):
            formula, limit = axis(random), random.randint(-3, 30)
            least = random.random() < 0.7
            holds = {n for n in span if (formula(n) >= limit if least else formula(n) <= limit)}
            try:
                (scope.require if least else scope.at_most)(formula(T), limit, ORIGIN)
            except Conflict:
                # Bounds hold exactly; of the checks, which are left to the run time, nothing is concluded.
                assert not {n for n in holds if n >= scope.lower("T") and n <= (scope.upper("T") or 400)}
                conflicts += 1
            else:
                allowed &= holds
        admitted = {n for n in span if all(each.holds(evaluate(each.size, {"T": n})) for each in scope.learned())}
        assert admitted == allowed
        bounded += not scope.checks()
    # Most requirements become bounds, and some contradict each other.
    assert bounded > count // 4 * 0.7
    assert conflicts > 0


def test_proposals_are_right(count: int) -> None:
    """With the proposed size put in, both sides are equal for every value."""
    random = Random(4)
    found = failed = 0
    for _ in range(count // 4):
        one, two = pair(random)
        failures = [(one(H, W), two(H, W))]
        if not isinstance(same(*failures[0], Scope()), Different):
            continue
        failed += 1
        proposal = propose(failures, Scope(), solve_axes({"image": (H, W)}))
        if proposal is None:
            continue
        found += 1
        for h, w in points(random, 8):
            values = {"H": h, "W": w}
            height, width = (evaluate(size, values) for size in proposal.inputs["image"])
            assert height >= 1
            assert width >= 1
            assert one(height, width) == two(height, width), (failures, proposal)
    assert found > failed * 0.4


def test_verdicts_within_bounds(count: int) -> None:
    """Bounds cut the values that are compared, exactly."""
    random = Random(5)
    verdicts = []
    for _ in range(count // 4):
        one = axis(random)
        other, least = axis(random), random.randint(-5, 12)
        clamped = random.random() < 0.7
        low = random.randint(1, 30)
        high = low + random.randint(0, 40)
        scope = Scope()
        scope.require(T, low, ORIGIN)
        scope.at_most(T, high, ORIGIN)
        left, right = one(T), maximum0(one(T) - least) + least if clamped else other(T)
        verdict = same(left, right, scope)
        span = range(low, high + 1)
        equal = all(one(n) >= least if clamped else one(n) == other(n) for n in span)
        assert isinstance(verdict, Same if equal else Different)
        if isinstance(verdict, Different):
            assert verdict.values.get("T", low) in span
        verdicts.append(equal)
    assert 0.1 < sum(verdicts) / len(verdicts) < 0.9
