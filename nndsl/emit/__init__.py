"""Writes a graph down as Python source that needs torch alone: the only generator."""

from __future__ import annotations

from nndsl.emit.library import Library
from nndsl.emit.lifting import resolve
from nndsl.emit.source import source
from nndsl.emit.templates import Collector
from nndsl.graph import Graph


def emit(graph: Graph) -> tuple[str, str]:
    """Return the source of a model whose graph went through the passes, and the name of its class."""
    library = Library()
    collector = Collector(library.add)
    collector.template(graph)
    classes = resolve(collector.groups, collector.imports.values())
    return source(graph.name, classes, library, collector.imports), classes[-1].name
