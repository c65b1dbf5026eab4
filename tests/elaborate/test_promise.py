"""The promise of the keys: edits that keep every checkpoint valid change the name of no layer, in any file.

The edits are made on trees. A layer is recognised by the place of its constructor in the first text, since a node that
is rebuilt keeps its span.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.diagnostics import Source, Span
from nndsl.syntax import nodes
from nndsl.syntax.children import CHILD_FIELDS
from tests.elaborate.key_cases import CASES
from tests.elaborate.static_keys import Names, walk

Edit = Callable[[nodes.File, Random], nodes.File]

ADDED = Span(Source("edit.nn", ""), -1, -1)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))
TEXTS = [*(path.read_text() for path in EXAMPLES), *(case.source for case in CASES)]


# ---------------------------------------------------------------- random files


@st.composite
def layers(draw: st.DrawFn, depth: int = 2) -> str:
    """An expression that gives a layer or a tensor, with all that names depend on."""
    plain = ("Dense(1)", "Conv2D(1, 3)", "BatchNormalization()", "ReLU()", "Weight((1,))", 'Dense(1, name="given")')
    kinds = ("plain", "chain", "named", "choice", "list", "block", "wrapper", "applied")
    kind = draw(st.sampled_from(kinds)) if depth else "plain"
    if kind == "plain":
        return draw(st.sampled_from(plain))
    inner = [draw(layers(depth - 1)) for _ in range(draw(st.integers(2, 3)))]
    if kind == "chain":
        links = [link + draw(st.sampled_from(["", "", " as p", " as y", " as _q"])) for link in inner]
        return f"(x -> {' -> '.join(links)})"
    formats = {
        "named": "({0} as tap)",
        "choice": "({0} if deep else {1})",
        "list": "Add()([{0}, {1}])",
        "block": "Pair({0}, second={1})",
        "wrapper": "TimeDistributed({0})",
        "applied": "{0}({1})",
    }
    return formats[kind].format(*inner)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> str:
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        form = draw(st.sampled_from(["{}", "y = {}", "z, y = {}", "_ = {}", "first = {}"]))
        lines.append(form.format(draw(layers())))
        if depth and draw(st.booleans()):
            head = draw(st.sampled_from(["for i in range(2)", f"for f in [{draw(layers(1))}]", "if deep"]))
            lines.append(f"{head} {{\n{draw(bodies(depth - 1))}\n}}")
    return "\n".join(lines)


PAIR = "block Pair(first, second=Dense(1)) {\nfirst -> second\n}\n"
TEXTS_OF_ANY_KIND = st.one_of(
    st.sampled_from(TEXTS), bodies().map(lambda body: f"{PAIR}model Case(deep=true, first=1) {{\n{body}\n}}\n")
)


# ---------------------------------------------------------------- edits


def rebuilt(node, change):
    """The tree with ``change`` made to each node, those below first."""
    values = {}
    for name in CHILD_FIELDS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, nodes.Node):
            values[name] = rebuilt(value, change)
        elif type(value) is tuple:
            values[name] = tuple(rebuilt(item, change) for item in value)
    return change(replace(node, **values))


def bodies_changed(tree: nodes.File, change: Callable[[tuple[nodes.Statement, ...]], tuple[nodes.Statement, ...]]):
    def changed(node):
        if isinstance(node, (nodes.Model, nodes.Block, nodes.For)):
            return replace(node, body=change(node.body))
        if isinstance(node, nodes.If):
            return replace(node, body=change(node.body), otherwise=change(node.otherwise))
        return node

    return rebuilt(tree, changed)


def constructed(name: str) -> nodes.Call:
    return nodes.Call(nodes.Name(name, span=ADDED), (), span=ADDED)


def with_weightless_links(tree: nodes.File, random: Random) -> nodes.File:
    def changed(node):
        if not isinstance(node, nodes.Chain):
            return node
        links = list(node.links)
        links.insert(random.randrange(len(links) + 1), constructed("Dropout"))
        return replace(node, links=tuple(links))

    return rebuilt(tree, changed)


def with_weightless_lines(tree: nodes.File, random: Random) -> nodes.File:
    def changed(body):
        at = random.randrange(len(body) + 1)
        return (*body[:at], nodes.ExpressionStatement(constructed("ReLU"), span=ADDED), *body[at:])

    return bodies_changed(tree, changed)


def with_brackets(tree: nodes.File, random: Random) -> nodes.File:
    def changed(node):
        if not isinstance(node, nodes.Chain) or len(node.links) < 3:
            return node
        start = random.randrange(len(node.links) - 1)
        end = random.randrange(start + 2, len(node.links) + 1)
        if (start, end) == (0, len(node.links)):
            return node
        bracketed = nodes.Chain(node.links[start:end], span=ADDED)
        return replace(node, links=(*node.links[:start], bracketed, *node.links[end:]))

    return rebuilt(tree, changed)


def with_other_loop_variables(tree: nodes.File, random: Random) -> nodes.File:
    def changed(node):
        if not isinstance(node, nodes.For):
            return node
        number = random.randrange(10**9)
        return replace(node, targets=tuple(replace(target, name=f"{target.name}_{number}") for target in node.targets))

    return rebuilt(tree, changed)


def with_other_values(tree: nodes.File, random: Random) -> nodes.File:
    """Other conditions, numbers, inputs and defaults: which branches are taken, and how often loops turn."""

    def changed(node):
        if isinstance(node, (nodes.If, nodes.Ternary)):
            return replace(node, condition=nodes.Literal(random.random() < 0.5, span=ADDED))
        if isinstance(node, nodes.Number):
            return replace(node, value=random.randrange(9))
        if isinstance(node, nodes.Input):
            return replace(node, name=nodes.Target("other", span=ADDED), shape=None)
        if isinstance(node, nodes.Parameter) and isinstance(node.default, (nodes.Number, nodes.Literal)):
            return replace(node, default=None)
        return node

    return rebuilt(tree, changed)


def with_new_names(tree: nodes.File, random: Random) -> nodes.File:
    def changed(body):
        at = random.randrange(len(body) + 1)
        fresh = nodes.Target(f"new{random.randrange(10**9)}", span=ADDED)
        line = nodes.Assign((fresh,), constructed("Dense"), span=ADDED)
        return (*body[:at], line, *body[at:])

    return bodies_changed(tree, changed)


def bound(statement: nodes.Statement) -> set[str]:
    """The names that a line binds, those of its loops and links too."""
    found = set()
    for node in (statement, *walk(statement)):
        if isinstance(node, (nodes.Target, nodes.Named)):
            found.add(node.name)
    return found


def with_lines_exchanged(tree: nodes.File, random: Random) -> nodes.File:
    """Neighbouring lines that bind different names exchanged; lines without a public name are lone, and stay."""

    def changed(body):
        lines = list(body)
        for at in range(len(lines) - 1):
            first, second = lines[at : at + 2]
            if isinstance(first, nodes.Assign) and isinstance(second, nodes.Assign) and random.random() < 0.7:
                public = all(any(t.name[0] != "_" for t in line.targets) for line in (first, second))
                if public and not bound(first) & bound(second):
                    lines[at : at + 2] = second, first
        return tuple(lines)

    return bodies_changed(tree, changed)


def with_lone_lines_at_the_end(tree: nodes.File, random: Random) -> nodes.File:
    def changed(node):
        if isinstance(node, (nodes.Model, nodes.Block)):
            return replace(node, body=(*node.body, nodes.ExpressionStatement(constructed("Dense"), span=ADDED)))
        return node

    return rebuilt(tree, changed)


EDITS: tuple[Edit, ...] = (
    with_weightless_links,
    with_weightless_lines,
    with_brackets,
    with_other_loop_variables,
    with_other_values,
    with_new_names,
    with_lines_exchanged,
    with_lone_lines_at_the_end,
)


def names_of(text: str, tree: nodes.File | None = None) -> dict[tuple[str, int], str]:
    """The names of all layers of a file by their definitions and places in the first text."""
    named = Names(text, tree)
    return {
        (name, call.span.start): named.prefix(name, call)
        for name in named.definitions
        for call in named.calls(name)
        if call.span is not ADDED
    }


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@given(text=TEXTS_OF_ANY_KIND, random=st.randoms(use_true_random=False))
def test_an_edit_changes_no_name(edit: Edit, text: str, random: Random) -> None:
    before = Names(text)
    after = edit(before.tree, random)
    assert names_of(text, after) == names_of(text, before.tree)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_edits(edit: Edit) -> None:
    trees = [Names(text).tree for text in TEXTS]
    assert sum(edit(tree, Random(0)) != tree for tree in trees) >= 2


def test_comments_and_layout_change_no_name() -> None:
    for text in TEXTS:
        commented = "".join(f"{line}   # Dense(1) -> Dense(2)\n\n" for line in text.splitlines())
        assert list(names_of(commented).values()) == list(names_of(text).values())
