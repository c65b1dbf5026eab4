"""What one reading of a script keeps: the source, the models that were found, and the budget."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from nndsl.diagnostics import Source, Span
from nndsl.importing.script.values import Model, Sequential, refuse, span_of

STEPS = 100_000
"""Expressions and statements that are read at most: loops and functions of a script are unfolded."""
DEPTH = 40
"""Calls of functions of the script inside of one another."""


@dataclass(slots=True)
class State:
    """One reading; everything else is a function of it."""

    source: Source
    models: list[Model | Sequential] = field(default_factory=list)
    """All models that were made, in order."""
    remarks: list[str] = field(default_factory=list)
    """What was left out."""
    applications: int = 0
    steps: int = 0
    depth: int = 0

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.alias) -> Span:
        """Return where a node stands."""
        return span_of(self.source, node)

    def step(self, node: ast.expr | ast.stmt) -> None:
        """Count a step. Raises NNDSLError E0902 when the budget is used up."""
        self.steps += 1
        if self.steps > STEPS:
            message = f"the script takes more than {STEPS:,} steps to read"
            raise refuse("E0902", message, self.span(node), help="save the model, and import `model.keras` instead")

    def next_application(self) -> int:
        """Return the number of the next application of a layer."""
        self.applications += 1
        return self.applications
