"""Sizes: integers and symbolic expressions of named sizes, and what is known of them."""

from nndsl.dims.axes import Binding, Check, InputAxes, Mismatch, Unsolvable, fresh, solve_axes
from nndsl.dims.decide import Different, Same, Undecided, Verdict, same
from nndsl.dims.expression import (
    Dim,
    Size,
    SizeUnknown,
    ceil_div,
    definitions,
    evaluate,
    exact_div,
    maximum0,
    substitute,
    symbol,
)
from nndsl.dims.printing import text
from nndsl.dims.proposal import Proposal, propose
from nndsl.dims.scope import Condition, Conflict, Origin, Scope

__all__ = [
    "Binding",
    "Check",
    "Condition",
    "Conflict",
    "Different",
    "Dim",
    "InputAxes",
    "Mismatch",
    "Origin",
    "Proposal",
    "Same",
    "Scope",
    "Size",
    "SizeUnknown",
    "Undecided",
    "Unsolvable",
    "Verdict",
    "ceil_div",
    "definitions",
    "evaluate",
    "exact_div",
    "fresh",
    "maximum0",
    "propose",
    "same",
    "solve_axes",
    "substitute",
    "symbol",
    "text",
]
