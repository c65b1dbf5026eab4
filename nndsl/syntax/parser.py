"""From text to the syntax tree: an LALR(1) parser over generated tables, which goes on after mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.diagnostics import Diagnostic, Source, Span
from nndsl.limits import Limits
from nndsl.syntax.build import Builder
from nndsl.syntax.layout import Layout, TooDeep
from nndsl.syntax.lexer import Token, scan
from nndsl.syntax.nodes import File, Statement
from nndsl.syntax.recovery import Recovery, TooManyErrors
from nndsl.syntax.rules import TooDeepExpression
from nndsl.syntax.tables import ACTIONS, END, RULES

# A rule as the driver uses it: its name, its length, what makes its value (none: the only child is it),
# and the children to pick (none: all, each as it is).
_Rule = tuple[str, int, Callable[[list[Any]], object] | None, tuple[tuple[int, bool], ...] | None]


def parse(source: Source, limits: Limits = Limits()) -> tuple[File, tuple[Diagnostic, ...]]:
    """Return the tree of a source and what is wrong with it, in the order of the text. Bad text raises nothing.

    What could not be read stands as Broken in the tree. Past a limit the tree is empty.
    """
    scanned = scan(source, limits)
    diagnostics = list(scanned.diagnostics)
    items: tuple[Statement, ...] = ()
    if scanned.complete:
        driver = _Driver(source, limits, scanned.tokens, diagnostics)
        try:
            items = driver.run()
        except TooManyErrors:
            pass
        except TooDeepExpression as error:
            diagnostics.append(error.diagnostic)
        except TooDeep as error:
            message = f"more than {limits.nesting:,} brackets and bodies inside each other"
            span = Span(source, error.token.start, error.token.end)
            diagnostics.append(Diagnostic("E0703", message, span, help="give names to parts of it"))
    if not items and not any(diagnostic.severity == "error" for diagnostic in diagnostics):
        message = "no model in file"
        help_ = "write `model Name { … }`"
        diagnostics.append(Diagnostic("E0120", message, Span(source, 0, 0), help=help_))
    tree = File(source, items, scanned.comments)
    return tree, tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.span.start))


class _Driver:
    """The stacks of the parser, and the loop that moves them."""

    def __init__(self, source: Source, limits: Limits, tokens: list[Token], diagnostics: list[Diagnostic]) -> None:
        self.builder = Builder(source, limits, diagnostics.append)
        self.layout = Layout(tokens, limits.nesting)
        self.states = [0]
        self.values: list[Any] = []
        self.recovery = Recovery(source, self.layout, self.states, self.values, diagnostics)

    def run(self) -> tuple[Statement, ...]:
        """Return the items of the file."""
        rules = [_bind(rule, self.builder) for rule in RULES]
        states, values = self.states, self.values
        state = 0
        tokens = self.layout.read(0)
        while True:
            for token in tokens:
                kind = token[0]
                while (action := ACTIONS[state].get(kind)) is not None and action < 0:
                    origin, length, build, picks = rules[~action]
                    if build is None:
                        states.pop()
                    elif length:
                        children = values[-length:]
                        del values[-length:], states[-length:]
                        values.append(build(children if picks is None else _pick(children, picks)))
                    else:
                        values.append(build([]))
                    state = ACTIONS[states[-1]][origin]
                    states.append(state)
                    if state == END:
                        return values[-1]  # type: ignore[no-any-return]
                if action is None:
                    tokens = self.recovery.recover(token)
                    state = states[-1]
                    break
                state = action
                states.append(state)
                values.append(token)


def _bind(rule: tuple[str, int, str, tuple[tuple[int, bool], ...]], builder: Builder) -> _Rule:
    origin, length, method, picks = rule
    if not picks and not method:
        return origin, length, None, None
    every = picks == tuple((i, False) for i in range(length))
    build = method_of(builder, method) if method else _itself
    return origin, length, build, None if every else picks


def method_of(builder: Builder, name: str) -> Callable[[list[Any]], object]:
    """Return the builder's method for a rule; where Python has a use for the name of the rule it has an underscore."""
    found = getattr(builder, name, None) or getattr(builder, name + "_")
    assert callable(found)
    return found  # type: ignore[no-any-return]


def _itself(children: list[Any]) -> object:
    return children


def _pick(children: list[Any], picks: tuple[tuple[int, bool], ...]) -> list[Any]:
    """The children that a rule keeps. A list of repeated items that comes first grows in place."""
    kept: list[Any] | None = None
    for index, is_list in picks:
        child = children[index]
        if kept is None:
            kept = child if is_list else [child]
        elif is_list:
            kept += child
        else:
            kept.append(child)
    return [] if kept is None else kept
