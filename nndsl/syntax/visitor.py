"""Walking through trees, and making new ones of them. Nothing here recurses, so no tree is too deep."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from nndsl.syntax.children import CHILD_FIELDS, children
from nndsl.syntax.nodes import File, Node

_Tree = TypeVar("_Tree", File, Node)


class Visitor:
    """Calls, for each node, the method named after its class: ``visit_call(node)``, ``visit_model_alias(node)``.

    Nodes come in the order of the text, each before those below it. What is below a node is left out if its method
    returns False.
    """

    def visit(self, tree: File | Node) -> None:
        """Visit all nodes of a tree."""
        waiting: list[Node] = [tree] if isinstance(tree, Node) else list(reversed(tree.items))
        while waiting:
            node = waiting.pop()
            method = _method(self, "visit", node)
            if method is None or method(node) is not False:
                waiting.extend(reversed(list(children(node))))


class Transformer:
    """Makes a new tree: for each node calls the method named after its class, ``transform_call(node)``, for what stands
    in its place.

    What is below a node has been transformed before. Where nodes are listed (statements, arguments, items, …) a method
    may also return None, for nothing, or a tuple of nodes.
    """

    def transform(self, tree: _Tree) -> _Tree:
        """Return the new tree; parts in which nothing changes are those of the old one.

        Raises TypeError if the place of a node that must be there is to hold none, or several.
        """
        order: list[File | Node] = [tree]
        for each in order:  # parents before children
            order.extend(children(each))
        made: dict[int, Any] = {}
        for each in reversed(order):
            rebuilt = _rebuilt(each, made)
            method = _method(self, "transform", each)
            made[id(each)] = method(rebuilt) if method else rebuilt
        result = made[id(tree)]
        if not isinstance(result, File | Node):
            raise TypeError(f"the root of a tree cannot become {result!r}")
        return result  # type: ignore[return-value]


def _rebuilt(node: File | Node, made: dict[int, Any]) -> File | Node:
    """The node with what was made of its children."""
    changes: dict[str, Any] = {}
    for name in CHILD_FIELDS[type(node)]:
        old = getattr(node, name)
        if isinstance(old, Node):
            new = made[id(old)]
            if not isinstance(new, Node):
                raise TypeError(f"the {name} of a {type(node).__name__} cannot become {new!r}")
        elif isinstance(old, tuple):
            new = tuple(each for child in old for each in _several(made[id(child)]))
            if len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True)):
                continue
        else:
            continue
        if new is not old:
            changes[name] = new
    return replace(node, **changes) if changes else node


def _several(made: Node | tuple[Node, ...] | None) -> tuple[Node, ...]:
    if made is None:
        return ()
    return made if isinstance(made, tuple) else (made,)


def _method(owner: object, prefix: str, node: File | Node) -> Callable[[Any], Any] | None:
    return getattr(owner, f"{prefix}_{_snake(type(node).__name__)}", None)


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
