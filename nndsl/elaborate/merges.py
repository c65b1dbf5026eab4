"""Sizes that differ for some values of their symbols: one error for all of them, with the inputs that would fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from nndsl.diagnostics import Note
from nndsl.dims import Dim, Proposal, Size, Unsolvable, propose, solve_axes, text
from nndsl.elaborate.session import Session
from nndsl.syntax import nodes
from nndsl.syntax.children import children

if TYPE_CHECKING:
    from nndsl.elaborate.body import Body


def report_differences(
    session: Session,
    body: Body,
    syntax: nodes.Block | nodes.Model,
    holds: Callable[[Mapping[str, Size]], bool],
) -> None:
    """Report the sizes that differ, and those for which that is not known.

    ``holds`` says whether the whole model is right once sizes are put in for symbols.
    """
    for each in session.checks:
        message = f"{each.what} needs equal sizes, and `{each.first}` and `{each.second}` may differ"
        session.report("W0401", message, each.span, help="they are compared at run time")
    declared = {node.hint: node.types[0].shape[1:] for node in body.inputs}
    try:
        axes = solve_axes(declared)
    except Unsolvable as unsolvable:
        node = next(node for node in body.inputs if node.hint == unsolvable.input)
        message = f"`{unsolvable.size}` does not say what {' and '.join(unsolvable.missing)} are"
        help = "give each symbol an axis of its own, such as `H` or `2 * H + 1`"
        session.report("E0325", message, node.span, help=help)
        return
    if not session.differences:
        return
    first = session.differences[0]
    order = session.scope.order
    one, other = text(first.first, order), text(first.second, order)
    message = f"{first.what} needs equal sizes, and these are `{one}` and `{other}`"
    label = ""
    if first.found is not None and first.found.values:
        values = ", ".join(f"{name} = {value}" for name, value in first.found.values.items())
        label = f"for {values} these are {first.found.left} and {first.found.right}"
    pairs = [(each.first, each.second) for each in session.differences]
    proposal = propose(pairs, session.scope, axes)
    notes: tuple[Note, ...] = ()
    if len({each.span for each in session.differences}) > 1:
        places = len({each.span for each in session.differences}) - 1
        more = "another place has" if places == 1 else f"{places} other places have"
        notes = (Note(f"{more} the same cause"),)
    help = "crop, pad or resize one of them to the other's size"
    if proposal is not None and holds(proposal.values):
        help = _proposed(proposal, body, syntax)
    session.report("E0424", message, first.span, label=label, notes=notes, help=help)


def _proposed(proposal: Proposal, body: Body, syntax: nodes.Block | nodes.Model) -> str:
    order = [name for node in body.inputs for size in node.types[0].shape[1:] for name in _names(size)]
    dtypes = {node.hint: node.types[0].dtype for node in body.inputs}
    inputs = []
    for name, sizes in proposal.inputs.items():
        listed = ", ".join(text(size, order) for size in sizes)
        dtype = "" if dtypes[name] == "float32" else dtypes[name]
        inputs.append(f"`input {name}: {dtype}({listed})`")
    help = f"if the sizes are such, say so: {' and '.join(inputs)}"
    changed = [name for name in sorted(_read(syntax)) if name in proposal.values]
    if changed:
        now = ", ".join(f"`{name}` as `{text(proposal.values[name], order)}`" for name in changed)
        help += f"; elsewhere in the file, write {now}"
    return help


def _names(size: Size) -> list[str]:
    return sorted(size.symbols()) if isinstance(size, Dim) else []


def _read(syntax: nodes.Block | nodes.Model) -> set[str]:
    """Return the names that stand in a body outside the shapes of its inputs."""
    found: set[str] = set()
    waiting: list[nodes.Node] = [each for each in syntax.body if not isinstance(each, nodes.Input)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Name):
            found.add(node.name)
        waiting += children(node)
    return found
