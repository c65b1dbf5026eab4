"""The nodes below a node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from nndsl.syntax import nodes
from nndsl.syntax.nodes import File, Node

CHILD_FIELDS = {
    kind: tuple(field.name for field in fields(kind) if field.compare)
    for kind in vars(nodes).values()
    if isinstance(kind, type) and issubclass(kind, Node | File)
}
"""The names of the fields of each class that may hold nodes, in the order of the text."""


def children(node: Node | File) -> Iterator[Node]:
    """Yield the nodes right below a node, in the order of the text."""
    for name in CHILD_FIELDS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif type(value) is tuple:
            yield from value


def walk(tree: Node | File) -> Iterator[Node]:
    """Yield the nodes of a tree from its root on, each before those below it, in the order of the text."""
    waiting: list[Node] = [tree] if isinstance(tree, Node) else list(reversed(tree.items))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(children(node))))


def height(node: Node) -> int:
    """Return the number of levels of a tree."""
    levels = 0
    level: list[Node] = [node]
    while level:
        levels += 1
        level = [child for parent in level for child in children(parent)]
    return levels
