"""Names, parameters and statements without effect: warnings."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.diagnostics import Note, Span
from nndsl.elaborate.constructors import bound_names
from nndsl.syntax import nodes
from nndsl.syntax.children import children, walk

if TYPE_CHECKING:
    from nndsl.elaborate.session import Session
    from nndsl.elaborate.values import Definition


@dataclass(frozen=True, slots=True)
class Reading:
    """The names that a definition reads, each with its first place, and whether some of it may not be evaluated."""

    names: Mapping[str, nodes.Name]
    has_branches: bool


def reading_of(syntax: nodes.Block | nodes.Model) -> Reading:
    """Return what a definition reads, its defaults and settings included."""
    found: dict[str, nodes.Name] = {}
    branches = False
    waiting: list[nodes.Node] = [*syntax.body]
    waiting += [each.default for each in syntax.parameters if each.default is not None]
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if isinstance(node, nodes.Name):
            if node.name not in found:
                found[node.name] = node
            continue
        if kind in _LEAVES:
            continue
        if isinstance(node, nodes.Call):
            waiting += [each.value for each in node.arguments]
            waiting.append(node.callee)
            continue
        branches = branches or kind in _BRANCHES
        waiting += reversed([*children(node)])
    return Reading(found, branches)


_LEAVES = (nodes.Number, nodes.String, nodes.Literal, nodes.Target)
_BRANCHES = (nodes.If, nodes.For, nodes.Ternary, nodes.Binary)


def report_unused(definition: Definition) -> None:
    """Warn of names that a body binds and never reads, and of parameters that it never reads."""
    session, syntax = definition.file.session, definition.syntax
    read = definition.file.reading(definition).names
    for parameter in syntax.parameters:
        if parameter.name not in read and not parameter.name.startswith("_"):
            message = f"the parameter `{parameter.name}` is never used"
            session.report("W0504", message, parameter.span, help="leave it out, or use it")
    inputs = [each for each in syntax.body if isinstance(each, nodes.Input) and each.name is not None]
    for statement in inputs if len(inputs) > 1 else ():
        if statement.name is not None and statement.name.name not in read:
            message = f"the input `{statement.name.name}` is never used"
            session.report("W0502", message, statement.span, help="leave it out, or use it")
    if "ops" in bound_names(syntax.parameters, syntax.body):
        _report_hidden(session, syntax)
    _report_names(session, syntax.body, read, _last(syntax.body))


def _report_hidden(session: Session, syntax: nodes.Block | nodes.Model) -> None:
    for node in walk(syntax):
        if isinstance(node, (nodes.Target, nodes.Parameter, nodes.Named)) and node.name == "ops":
            session.report("E0204", "`ops` cannot be hidden", node.span, help="take another name")


def _last(body: tuple[nodes.Statement, ...]) -> set[int]:
    """Return the ``id`` of each statement after which a body may end: its value is the output then."""
    found: set[int] = set()
    waiting = [body]
    while waiting:
        statements = [each for each in waiting.pop() if not isinstance(each, nodes.Settings)]
        for last in statements[-1:]:
            found.add(id(last))
            if isinstance(last, (nodes.For, nodes.If)):
                waiting.append(last.body)
            if isinstance(last, nodes.If):
                waiting.append(last.otherwise)
    return found


def _report_names(
    session: Session, body: tuple[nodes.Statement, ...], read: Container[str], last: Container[int]
) -> None:
    seen: set[str] = set()
    waiting = _followed(body, None)
    while waiting:
        statement, following = waiting.pop()
        if isinstance(statement, (nodes.For, nodes.If)):
            inner = statement.body if isinstance(statement, nodes.For) else (*statement.body, *statement.otherwise)
            waiting += _followed(inner, following)
            continue
        if isinstance(statement, nodes.Assign):
            for target in statement.targets:
                if target.name not in read and target.name not in seen and not target.name.startswith("_"):
                    seen.add(target.name)
                    message = f"`{target.name}` is never used"
                    notes, help = _meant(target.name, following)
                    if len(statement.targets) > 1:
                        help = "write `_` in its place"
                    session.report("W0501", message, target.span, notes=notes, help=help)
        if isinstance(statement, nodes.ExpressionStatement):
            for named in _named(statement.value, names_output=id(statement) in last):
                if named.name not in read and named.name not in seen and not named.name.startswith("_"):
                    seen.add(named.name)
                    help = f'to name a layer alone, write `name="{named.name}"`'
                    session.report("W0501", f"`{named.name}` is never used", named.name_span, help=help)


def _followed(
    body: tuple[nodes.Statement, ...], following: nodes.Statement | None
) -> list[tuple[nodes.Statement, nodes.Statement | None]]:
    """Return the statements of a body, each with the one behind it, the last one first."""
    return list(zip(body, (*body, following)[1:], strict=True))[::-1]


def _named(expression: nodes.Expression, names_output: bool) -> list[nodes.Named]:
    links = expression.links if isinstance(expression, nodes.Chain) else (expression,)
    return [link for link in (links[:-1] if names_output else links) if isinstance(link, nodes.Named)]


def _meant(name: str, following: nodes.Statement | None) -> tuple[tuple[Note, ...], str]:
    """Say that a lone layer follows that may have been meant to take the name."""
    help = help_to_take(name, following.value) if isinstance(following, nodes.ExpressionStatement) else ""
    if not help or following is None:
        return (), "leave it out, or use it"
    return (Note("this takes the current value, which a binding leaves as it is", following.span),), help


def help_to_take(name: str, standing: nodes.Expression) -> str:
    """Return how a layer that stands alone takes the value of a name, or nothing if it is no constructor."""
    while isinstance(standing, (nodes.Chain, nodes.Named)):
        standing = standing.links[0] if isinstance(standing, nodes.Chain) else standing.value
    if isinstance(standing, nodes.Call) and isinstance(standing.callee, nodes.Name):
        return f"if it was meant to take `{name}`, write `{name} -> {standing.callee.name}(…)`"
    return ""


def report_idle(session: Session) -> None:
    """Warn of statements whose tensors reach no output, in no instance of the body."""
    from nndsl.elaborate.applying import written

    unused: set[Span] = {span for code, span in session.found if code == "W0501"}
    for statement, node in session.idle.items():
        if statement in session.alive or any(_within(span, statement) for span in unused):
            continue
        message = f"what {written(node.layer)} gives reaches no output"
        session.report("W0503", message, statement, help="leave the line out, or use what it gives")


def _within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end
