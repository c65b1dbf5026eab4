"""What draws the values of a weight in PyTorch: its own Xavier and Kaiming, or a distribution with its numbers."""

from __future__ import annotations

import re

from nndsl.code import Code, as_code, code

TRUNCATION = 0.87962566103423978
"""The standard deviation of a standard normal that is cut at two of them."""

VARIANCE_SCALING = "variance_scaling_"
"""The emitted helper that draws from a normal distribution, cut at two deviations."""


def layout(axes: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Read ``"h w c m -> (c m) 1 h w"``: the names of each axis in Keras and in PyTorch."""
    keras, _, torch = axes.partition("->")
    return _groups(keras), _groups(torch)


def _groups(side: str) -> list[tuple[str, ...]]:
    tokens = re.findall(r"\(([^)]*)\)|(\w+)", side)
    return [tuple(name for name in (inner or word).split() if name != "1") for inner, word in tokens]


def own_function(scale: float, mode: str, distribution: str) -> str:
    """Return the template of the function that counts the fans of a weight for a variance, or nothing.

    It is PyTorch's, or for a normal distribution that is cut a helper.
    """
    if distribution == "truncated_normal":
        fan = "" if mode == "fan_in" else f', "{mode}"'
        return f"{VARIANCE_SCALING}({{}}, {float(scale)!r}{fan})"
    ending = "uniform_" if distribution == "uniform" else "normal_"
    if mode == "fan_avg":
        return f"nn.init.xavier_{ending}({{}})" if scale == 1 else ""
    nonlinearity = {1.0: "linear", 2.0: "relu"}.get(scale)
    if nonlinearity is None:
        return ""
    fan = "" if mode == "fan_in" else f', mode="{mode}"'
    return f'nn.init.kaiming_{ending}({{}}{fan}, nonlinearity="{nonlinearity}")'


def uniform(weight: Code, least: float, most: float, seed: int | None) -> Code:
    """Return the statement that draws evenly between two ends."""
    if least == -most:
        limit = as_code(most, "limit")
        drawn = code("nn.init.uniform_({}, -{}, {})", weight, limit, limit)
    else:
        drawn = code("nn.init.uniform_({}, {}, {})", weight, as_code(least, "minval"), as_code(most, "maxval"))
    return seeded(drawn, weight, seed)


def normal(weight: Code, mean: float, deviation: float, seed: int | None) -> Code:
    """Return the statement that draws from a normal distribution."""
    mean_part = Code("") if mean == 0 else code("mean={}, ", as_code(mean, "mean"))
    return seeded(code("nn.init.normal_({}, {}std={})", weight, mean_part, as_code(deviation, "std")), weight, seed)


SEEDED = "seeded"
"""The emitted helper that gives a drawing call a generator of its own."""

HELPERS = (SEEDED, VARIANCE_SCALING)
"""The emitted helpers that drawing calls need."""


def truncated(weight: Code, mean: float, deviation: float, seed: int | None) -> Code:
    """Return the statement that draws from a normal distribution cut at two of its deviations."""
    std = as_code(deviation, "std")
    if deviation == 0:
        return code("nn.init.constant_({}, {})", weight, as_code(mean, "value"))
    if mean == 0:
        drawn = code("nn.init.trunc_normal_({}, std={}, a=-2 * {}, b=2 * {})", weight, std, std, std)
    else:
        low, high = as_code(mean - 2 * deviation, "a"), as_code(mean + 2 * deviation, "b")
        drawn = code(
            "nn.init.trunc_normal_({}, mean={}, std={}, a={}, b={})", weight, as_code(mean, "mean"), std, low, high
        )
    return seeded(drawn, weight, seed)


def seeded(drawn: Code, weight: Code, seed: int | None) -> Code:
    """Put a generator of its own into a drawing call, so that each use of a seeded recipe draws the same."""
    if seed is None:
        return drawn
    generator = code(f", generator={SEEDED}({{}}, {{}}))", weight, as_code(seed, "seed"))
    return Code(drawn.text[:-1] + generator.text, drawn.holes + generator.holes)
