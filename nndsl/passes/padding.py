"""Zeros put round what a convolution takes: PyTorch's convolutions put them there themselves, without a copy.

Pools do not: what they pad with is less than all numbers, or is not counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from nndsl.graph import Graph, Instance, Made, Node, Tensor
from nndsl.layers.base import Layer
from nndsl.layers.borders import Padding
from nndsl.layers.convolution import Convolution, Depthwise
from nndsl.layers.separable import Separable

_CONVOLUTIONS = (Convolution, Depthwise, Separable)


def padding_convolutions(graph: Graph) -> dict[Node, Layer]:
    """Return the convolutions that can do without the padding before them, with the layers that pad themselves."""
    uses = Counter(tensor for node in graph.nodes for tensor in node.tensors())
    uses.update(tensor for _, tensor in (*graph.outputs, *graph.extras))
    handed = {made for node in graph.nodes if isinstance(node.layer, Instance) for made in node.layer.handed}
    applied: dict[Made, list[Node]] = {}
    for node in graph.nodes:
        if isinstance(node.layer, _CONVOLUTIONS) and node.made is not None and node.made not in handed:
            applied.setdefault(node.made, []).append(node)
    found: dict[Node, Layer] = {}
    for made, nodes in applied.items():
        widths = _widths(nodes[0], uses)
        if widths and not made.parameter and all(_widths(node, uses) == widths for node in nodes):
            layer = replace(nodes[0].layer, padding=widths)  # type: ignore[call-arg]
            found.update(dict.fromkeys(nodes, layer))
    return found


def _widths(node: Node, uses: Counter[Tensor]) -> tuple[int, ...]:
    """Return how many zeros a convolution needs on both sides of each axis to replace a padding; none if it cannot."""
    layer, (x,) = node.layer, node.inputs
    before = x.node.layer
    if not isinstance(layer, _CONVOLUTIONS) or layer.padding != "valid" or uses[x] > 1:
        return ()
    if not isinstance(before, Padding) or before.place != layer.place:
        return ()
    if any(first != last for first, last in before.borders):
        return ()
    return tuple(first for first, _ in before.borders)
