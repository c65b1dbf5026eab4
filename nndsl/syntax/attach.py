"""Comments inside of a statement: to which item of a list in brackets, or link of a chain, each belongs."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.syntax import nodes
from nndsl.syntax.children import children
from nndsl.syntax.expressions import Around
from nndsl.syntax.nodes import Comment, Node


def attach(owner: Node, comments: Sequence[Comment]) -> tuple[dict[tuple[int, int], Around], list[str]]:
    """Return the comments by the innermost list that is around them and its item, and those in no list."""
    before: dict[tuple[int, int], list[str]] = {}
    behind: dict[tuple[int, int], list[str]] = {}
    loose: list[str] = []
    for comment in comments:
        place = _place(owner, comment)
        if place is None:
            loose.append(shown(comment))
        else:
            key, is_behind = place
            (behind if is_behind else before).setdefault(key, []).append(shown(comment))
    keys = before.keys() | behind.keys()
    return {key: Around(tuple(before.get(key, ())), tuple(behind.get(key, ()))) for key in keys}, loose


def shown(comment: Comment) -> str:
    """Return a comment with escapes for what hides, or makes the rest of the line read in another order."""
    text = comment.text.rstrip()
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\t" else f"\\u{ord(letter):04x}" for letter in text)


def _place(owner: Node, comment: Comment) -> tuple[tuple[int, int], bool] | None:
    """The list and the number of the item that a comment belongs to, and whether it stands behind the item."""
    place: tuple[tuple[int, int], bool] | None = None
    node: Node | None = owner
    while node is not None:
        items = _items(node)
        if items and (node is not owner or comment.span.start < items[-1].span.end):
            place = _among(node, items, comment) or place
        node = next((child for child in children(node) if _contains(child, comment)), None)
    return place


def _among(node: Node, items: Sequence[Node], comment: Comment) -> tuple[tuple[int, int], bool] | None:
    start = comment.span.start
    if isinstance(node, nodes.Call | nodes.Index) and start < _head(node).span.end:
        return None
    text = comment.span.source.text
    for i, item in enumerate(items):
        if start < item.span.end:
            is_link = isinstance(node, nodes.Chain) and i == 0
            return (id(node), i), is_link
        is_next = i + 1 == len(items) or start < items[i + 1].span.start
        if is_next and "\n" not in text[item.span.end : start]:
            return (id(node), i), True
    if isinstance(node, nodes.Chain):
        return (id(node), len(items) - 1), True
    return (id(node), len(items)), False


def _head(node: nodes.Call | nodes.Index) -> Node:
    return node.callee if isinstance(node, nodes.Call) else node.value


def _items(node: Node) -> Sequence[Node]:
    """What stands in the brackets of a node, or the links of a chain."""
    match node:
        case nodes.Call():
            return node.arguments
        case nodes.Tuple() | nodes.List():
            return node.items
        case nodes.Dict():
            return node.pairs
        case nodes.Index():
            return node.indices
        case nodes.Chain():
            return node.links
        case nodes.Block() | nodes.Model() | nodes.Extern() | nodes.Def():
            return node.parameters
    return ()


def _contains(node: Node, comment: Comment) -> bool:
    return node.span.start <= comment.span.start < node.span.end
