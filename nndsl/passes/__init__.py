"""The passes over a graph, in order: valid graph in, valid graph out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from nndsl.graph import Graph
from nndsl.passes.casting import cast
from nndsl.passes.layout import layout
from nndsl.passes.sharing import share
from nndsl.passes.simplify import simplify

Pass: TypeAlias = Callable[[Graph], Graph]

PIPELINE: tuple[Pass, ...] = (cast, share, simplify, layout)


def run(graph: Graph) -> Graph:
    """Return the graph after all passes; each result is verified, and a failure there is a defect of ours."""
    for step in PIPELINE:
        graph = step(graph)
        graph.verify()
    return graph
