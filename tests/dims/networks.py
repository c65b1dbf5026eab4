"""Random sizes as networks make them, each as a function that takes ints and symbolic sizes alike."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from nndsl.dims import ceil_div, maximum0

# From the sizes of all symbols to a size; the ints of Python are the oracle.
Formula = Callable[..., Any]


def layer(random: Random) -> Formula:
    """A layer that changes the size of one axis."""
    kernel, stride, amount = random.randint(1, 7), random.choice((1, 2, 2, 2, 3, 4)), random.randint(1, 4)
    return random.choice(
        (
            lambda n: (n - kernel) // stride + 1,
            lambda n: (n - (kernel - 1) * amount - 1) // stride + 1,
            lambda n: ceil_div(n, stride),
            lambda n: ceil_div(n, 2),
            lambda n: n // stride,
            lambda n: n // 2,
            lambda n: n * stride,
            lambda n: n * stride + max(0, kernel - stride),
            lambda n: n + amount,
            lambda n: n - amount,
            lambda n: maximum0((ceil_div(n, stride) - 1) * stride + kernel - n) + n,
        )
    )


def chain(random: Random, length: int) -> Formula:
    """Layers one after the other."""
    layers = [layer(random) for _ in range(length)]

    def run(n: Any) -> Any:
        for each in layers:
            n = each(n)
        return n

    return run


def equal(random: Random) -> tuple[Formula, Formula]:
    """Two ways to the same size of one axis."""
    a, b, c = random.choice((2, 3, 4)), random.choice((2, 3, 4, 5)), random.randint(0, 6)
    return random.choice(
        (
            (lambda n: n // a // b, lambda n: n // (a * b)),
            (lambda n: ceil_div(ceil_div(n, a), b), lambda n: ceil_div(n, a * b)),
            (lambda n: n // 2 + (n + 1) // 2, lambda n: n),
            (lambda n: sum((n + i) // a for i in range(a)), lambda n: n),
            (lambda n: (n + c) % a + (n + c) // a * a, lambda n: n + c),
            (lambda n: (n * a * b) // b, lambda n: n * a),
            (lambda n: maximum0(n - c) - maximum0(c - n), lambda n: n - c),
            (lambda n: maximum0(n), lambda n: n),
            (lambda n: maximum0(n // a), lambda n: n // a),
            (lambda n: (n - c) // a + 1, lambda n: (n - c + a) // a),
            (lambda n: (n // a) * (n // a + 1) // 2 * 2, lambda n: (n // a) ** 2 + n // a),
        )
    )


def pair(random: Random) -> tuple[Formula, Formula]:
    """Two sizes of (H, W) that may be equal, nearly equal, or far from it."""
    kind = random.randrange(8)
    before, after = chain(random, random.randint(0, 2)), chain(random, random.randint(0, 2))
    if kind == 0:
        one, two = chain(random, random.randint(1, 4)), chain(random, random.randint(1, 4))
    elif kind == 1:  # two branches that differ in one layer
        one, two = layer(random), layer(random)
    elif kind == 2:  # down and up again, against the skip connection
        depth = random.randint(1, 4)

        def one(n: Any) -> Any:
            for _ in range(depth):
                n = n // 2
            for _ in range(depth):
                n = n * 2
            return n

        def two(n: Any) -> Any:
            return n

    elif kind == 3:  # two merged branches each
        parts = [chain(random, random.randint(0, 2)) for _ in range(4)]
        first, second = equal(random)

        def one(n: Any) -> Any:
            return first(parts[0](n)) + parts[1](n)

        def two(n: Any) -> Any:
            return second(parts[0](n)) + parts[random_index](n)

        random_index = random.choice((1, 1, 2))
    else:
        one, two = equal(random)
    if kind == 7:  # flattened: both axes in one
        across = chain(random, random.randint(0, 1))
        return (lambda h, w: one(before(h)) * across(w)), (lambda h, w: across(w) * two(before(h)))
    return (lambda h, w: after(one(before(h)))), (lambda h, w: after(two(before(h))))
