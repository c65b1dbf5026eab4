"""Names, parameters and statements without effect: warnings."""

from __future__ import annotations

from nndsl.diagnostics import Note, Span
from nndsl.elaborate.constructors import PARTS
from nndsl.elaborate.session import Session
from nndsl.elaborate.values import Definition
from nndsl.syntax import nodes
from nndsl.syntax.children import children


def names_in(definition: Definition) -> set[str]:
    """Return the names that a definition reads, those in its defaults too."""
    found: set[str] = set()
    _read(definition, found)
    return found


def has_branches(definition: Definition) -> bool:
    """Return whether a body has parts that may not be evaluated, so that it must be looked at as a whole."""
    found: set[str] = set()
    return _read(definition, found)


def _read(definition: Definition, found: set[str]) -> bool:
    """Collect the names that are read, and return whether there are branches or loops."""
    branches = False
    syntax = definition.syntax
    waiting: list[nodes.Node] = [each.default for each in syntax.parameters if each.default is not None]
    waiting += syntax.body
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is nodes.Name:
            found.add(node.name)  # type: ignore[attr-defined]
            continue
        parts = PARTS.get(kind) if kind is not nodes.Input else None
        if kind in _BRANCHES:
            branches = branches or kind is not nodes.Binary or node.operator in ("and", "or")  # type: ignore[attr-defined]
        waiting += parts(node) if parts is not None else children(node)
    return branches


_BRANCHES = (nodes.If, nodes.For, nodes.Ternary, nodes.Binary)


def report_unused(definition: Definition) -> None:
    """Warn of names that a body binds and never reads, and of parameters that it never reads."""
    session, syntax = definition.file.session, definition.syntax
    read = names_in(definition)
    for parameter in syntax.parameters:
        if parameter.name not in read and not parameter.name.startswith("_"):
            message = f"the parameter `{parameter.name}` is never used"
            session.report("W0504", message, parameter.span, help="leave it out, or use it")
    statements = [each for each in syntax.body if not isinstance(each, nodes.Settings)]
    last = statements[-1] if statements else None
    _report_names(session, syntax.body, read, last)


def _report_names(
    session: Session, body: tuple[nodes.Statement, ...], read: set[str], last: nodes.Statement | None
) -> None:
    seen: set[str] = set()
    waiting = list(zip(body, (*body[1:], None), strict=True))[::-1]
    while waiting:
        statement, following = waiting.pop()
        if isinstance(statement, (nodes.For, nodes.If)):
            inner = statement.body if isinstance(statement, nodes.For) else (*statement.body, *statement.otherwise)
            waiting += list(zip(inner, (*inner[1:], following), strict=True))[::-1]
            continue
        if isinstance(statement, nodes.Assign):
            for target in statement.targets:
                if target.name not in read and target.name not in seen and not target.name.startswith("_"):
                    seen.add(target.name)
                    message = f"`{target.name}` is never used"
                    notes, help = _meant(target.name, following)
                    session.report("W0501", message, target.span, notes=notes, help=help)
        if isinstance(statement, nodes.ExpressionStatement) and statement is not last:
            for named in _named(statement.value):
                if named.name not in read and named.name not in seen and not named.name.startswith("_"):
                    seen.add(named.name)
                    help = f'to name a layer alone, write `name="{named.name}"`'
                    session.report("W0501", f"`{named.name}` is never used", named.name_span, help=help)


def _named(expression: nodes.Expression) -> list[nodes.Named]:
    links = expression.links if isinstance(expression, nodes.Chain) else (expression,)
    return [link for link in links if isinstance(link, nodes.Named)]


def _meant(name: str, following: nodes.Statement | None) -> tuple[tuple[Note, ...], str]:
    """Say that a lone layer follows that may have been meant to take the name."""
    if isinstance(following, nodes.ExpressionStatement):
        first = following.value
        while isinstance(first, (nodes.Chain, nodes.Named)):
            first = first.links[0] if isinstance(first, nodes.Chain) else first.value
        if isinstance(first, nodes.Call) and isinstance(first.callee, nodes.Name):
            note = Note("this takes the current value, which a binding leaves as it is", following.span)
            return (note,), f"if it was meant to take `{name}`, write `{name} -> {first.callee.name}(…)`"
    return (), "leave it out, or use it"


def report_idle(session: Session) -> None:
    """Warn of statements whose tensors reach no output, in no instance of the body."""
    unused: set[Span] = {span for code, span in session.found if code == "W0501"}
    for statement, node in session.idle.items():
        if statement in session.alive or any(_within(span, statement) for span in unused):
            continue
        message = f"what `{type(node.layer).__name__}` gives reaches no output"
        session.report("W0503", message, statement, help="leave the line out, or use what it gives")


def _within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end
