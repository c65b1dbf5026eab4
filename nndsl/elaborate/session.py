"""One compilation: what is found wrong, the budgets, and what is computed once for all bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from nndsl.diagnostics import Diagnostic, Note, Span
from nndsl.dims import Scope, Size
from nndsl.graph import Node
from nndsl.layers.base import Layer, TensorType
from nndsl.limits import Limits

if TYPE_CHECKING:
    from nndsl.elaborate.instances import Entry
    from nndsl.elaborate.sizes import Difference

DEEPEST_CALLS = 64
"""How deep calls of blocks and functions may lie in each other: each level takes of Python's stack."""
CALLS_SHOWN = 3


class Stop(Exception):
    """An expression has no value, and the reason has been reported."""


class Exhausted(Exception):
    """A budget is used up, and that has been reported: nothing more is elaborated."""


class Fault(Exception):
    """Something is wrong with values; whoever knows the span reports it."""

    def __init__(self, code: str, message: str, help: str = "", label: str = "") -> None:
        self.code = code
        self.message = message
        self.help = help
        self.label = label
        super().__init__(message)


@dataclass(slots=True)
class Session:
    """What all bodies of one compilation share; it grows while they are elaborated."""

    limits: Limits
    scope: Scope = field(default_factory=Scope)
    found: dict[tuple[str, Span], Diagnostic] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    """The Python modules that the caller lets the source import, with their submodules."""
    calls: list[tuple[str, Span]] = field(default_factory=list)
    """The calls of blocks that lead to what is being elaborated, outermost first."""
    put_in: Mapping[str, Size] = field(default_factory=dict)
    """Sizes that stand for symbols of the model's inputs: a proposal that is tried out."""
    steps: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the main file sets, and the defaults of the rest."""
    bound: dict[tuple[type[Layer], str, str, bool], Layer] = field(default_factory=dict)
    """Layers by the text of their constructor, where all arguments are literals, and their dtype policy."""
    inferred: dict[tuple[int, int], tuple[Layer, TensorType, tuple[TensorType, ...]]] = field(default_factory=dict)
    """The types that a layer gives for one input, by the identities of both."""
    types: dict[TensorType, TensorType] = field(default_factory=dict)
    instances: dict[object, Entry] = field(default_factory=dict)
    missing: set[tuple[int, str]] = field(default_factory=set)
    """The names that stand for nothing and have been reported, with the identity of the body or file."""
    differences: list[Difference] = field(default_factory=list)
    checks: list[Difference] = field(default_factory=list)
    """Pairs of sizes that could not be decided: they are compared at run time."""
    alive: set[Span] = field(default_factory=set)
    """The statements of which some node reaches an output, in some instance and turn."""
    idle: dict[Span, Node] = field(default_factory=dict)
    """The other statements that made nodes, with one of them."""

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        notes: tuple[Note, ...] = (),
        help: str = "",
    ) -> None:
        """Keep a diagnostic, with notes of the calls that lead to it; the first of a code and place counts."""
        key = (code, span)
        if key in self.found:
            return
        calls = tuple(
            Note(f"in {described} here", place)
            for described, place in reversed(self.calls[-CALLS_SHOWN:])
            if place != span
        )
        self.found[key] = Diagnostic(code, message, span, label, notes + calls, help)

    def keep(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic that another part of the compiler made."""
        self.found.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def fail(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        notes: tuple[Note, ...] = (),
        help: str = "",
    ) -> NoReturn:
        """Report an error, and give up the expression."""
        self.report(code, message, span, label=label, notes=notes, help=help)
        raise Stop

    def exhaust(self, code: str, message: str, span: Span, help: str = "") -> NoReturn:
        """Report that a budget is used up, and give up everything."""
        self.report(code, message, span, help=help)
        raise Exhausted

    def enter(self, described: str, span: Span) -> None:
        """Begin the body of a block or function that a call leads to; ``leave`` ends it."""
        if len(self.calls) >= DEEPEST_CALLS:
            help = "each level of blocks or functions inside each other counts"
            self.exhaust("E0719", f"more than {DEEPEST_CALLS} calls lie in each other", span, help)
        self.calls.append((described, span))

    def leave(self) -> None:
        """End the body that was entered last."""
        self.calls.pop()

    def step(self, span: Span, count: int = 1) -> None:
        """Count steps of unfolding."""
        self.steps += count
        if self.steps > self.limits.steps:
            self.exhaust(
                "E0711",
                f"unfolding the file takes more than {self.limits.steps:,} steps",
                span,
                "make the loops shorter, or let the caller raise the limit on steps",
            )

    def has_errors(self) -> bool:
        """Whether an error has been found."""
        return any(found.severity == "error" for found in self.found.values())
