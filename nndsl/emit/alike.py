"""Whether one class can serve several bodies of a block: the same text, and the same numbers in it."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.code import Code
from nndsl.dims import text
from nndsl.emit.templates import Collector, Template
from nndsl.graph import Graph, Made
from nndsl.passes.layout import layout
from nndsl.passes.simplify import simplify


def alike(bodies: Sequence[tuple[Graph, tuple[Made, ...]]]) -> bool:
    """Return whether bodies are written alike; each comes with the layers in it that it is handed."""
    collector = Collector(lambda name: name)
    contents = []
    for graph, parameters in bodies:
        number, member = collector.template(layout(simplify(graph)), parameters, (None,) * len(parameters))
        contents.append(_content(collector, collector.groups[number].members[member]))
    return all(content == contents[0] for content in contents)


def _content(collector: Collector, template: Template) -> object:
    """Return all that a class says, but for comments."""
    entries = []
    for entry in template.entries:
        child = None
        if entry.child is not None:
            number, member = entry.child
            child = _content(collector, collector.groups[number].members[member])
        of_weights = [_numbered(each) for each in (*entry.resets, *entry.penalties, *entry.projections)]
        entries.append((entry.made.place.name, entry.made.turns, _numbered(entry.build), child, of_weights))
    forward = template.forward
    lines = [(line.targets, _numbered(line.code), line.turns) for line in forward.lines]
    return entries, forward.inputs, forward.handed, lines, forward.result, template.definitions, template.sizes


def _numbered(written: Code) -> tuple[str, list[str]]:
    values = [hole.value for hole in written.holes]
    return written.text, [repr(value) if isinstance(value, float) else text(value) for value in values]
