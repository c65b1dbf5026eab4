"""What a tensor ends in: the last function that it went through, found behind views and inside blocks."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.graph import InputLayer, Instance, Node, Tensor
from nndsl.layers.base import Layer
from nndsl.ops.base import Op, Operation

ACTIVATED = frozenset(
    {
        *("Activation", "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"),
        *("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D", "SeparableConv2D"),
    }
)
"""The layers that end in the function that their ``activation`` names."""

VIEWS = frozenset(
    {
        *("Identity", "Reshape", "Flatten", "Permute", "FoldTime", "UnfoldTime", "Slice", "ActivityRegularization"),
        *("Transpose", "Swapaxes", "ExpandDims", "Squeeze", "Cropping1D", "Cropping2D", "Cropping3D", "RepeatVector"),
    }
)
"""The layers, and operations, that give values of their first input as they are."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The node that a tensor ends in, views apart, and the function that the node ends in.

    ``activation`` is Keras's name of it, ``"linear"`` for a layer that could have one and has none, or None where that
    is not known. ``axis`` is that of a softmax, from the end.
    """

    node: Node
    activation: str | None
    axis: int = -1


def ending(tensor: Tensor) -> Ending:
    """Return what a tensor of a model's own body ends in."""
    outer: list[Node] = []
    while True:
        node, layer = tensor.node, tensor.node.layer
        if isinstance(layer, Instance) and layer.graph is not None:
            outer.append(node)
            tensor = layer.graph.outputs[tensor.index][1]
        elif isinstance(layer, InputLayer) and outer:
            around = outer.pop()
            assert isinstance(around.layer, Instance)
            assert around.layer.graph is not None
            tensor = around.inputs[around.layer.graph.inputs.index(node)]
        elif is_view(node):
            tensor = node.inputs[0]
        else:
            return of_node(node)


def is_view(node: Node) -> bool:
    """Return whether a node gives values of its first input as they are."""
    layer = core(node)
    name = type(layer).__name__
    return name in VIEWS or (name == "Activation" and getattr(layer, "activation", None) in (None, "linear"))


def of_node(node: Node) -> Ending:
    """Return what a node that is no view, block or input ends in."""
    layer = core(node)
    name = type(layer).__name__
    if name in ("Softmax", "LogSoftmax"):
        axis = getattr(layer, "axis", -1)
        axes = axis if isinstance(axis, tuple) else (axis,)
        if len(axes) != 1 or axes[0] is None or node.keywords:
            return Ending(node, None)
        rank = node.types[0].rank
        return Ending(node, "softmax" if name == "Softmax" else "log_softmax", axes[0] % rank - rank)
    if name in ("Sigmoid", "Relu", "ReLU", "Tanh"):
        return Ending(node, name.lower())
    if name in ("LSTM", "GRU", "SimpleRNN") and getattr(layer, "activation", None) == "tanh":
        return Ending(node, "tanh")
    if name not in ACTIVATED:
        return Ending(node, None)
    return Ending(node, getattr(layer, "activation", None) or "linear")


def core(node: Node) -> Layer | Op:
    """Return the layer of a node, or the operation in it."""
    return node.layer.op if isinstance(node.layer, Operation) else node.layer
