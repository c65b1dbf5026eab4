"""The promise of the keys, from the text to the module: edits of an example that keep its checkpoints change no key."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import pytest

import nndsl
from nndsl.syntax import nodes
from nndsl.syntax.children import walk

Edit = Callable[[str, Random], str]
Change = tuple[int, int, str]
"""A part of a text, from an offset to another, and what stands there instead."""

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))
FULL, SHORT = 40, 4


def keys(text: str) -> dict[str, tuple[int, ...]]:
    """Return the keys of a model and the shapes of its weights."""
    module = nndsl.compile(text).module(device="meta")
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


@cache
def keys_of(path: Path) -> dict[str, tuple[int, ...]]:
    """Return those of an example as it stands."""
    return keys(path.read_text())


def applied(text: str, changes: list[Change]) -> str:
    """Return a text with changes made to it."""
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def found(text: str, kind: type[nodes.Node]) -> list[nodes.Node]:
    """Return all nodes of a kind."""
    return [node for node in walk(nndsl.parse(text)) if isinstance(node, kind)]


def bodies(text: str) -> list[tuple[nodes.Statement, ...]]:
    """Return the bodies of models, blocks, loops and branches that have statements."""
    several = [
        node.body
        for node in walk(nndsl.parse(text))
        if isinstance(node, nodes.Model | nodes.Block | nodes.For | nodes.If)
    ]
    return [body for body in several if body]


def with_dropouts(text: str, random: Random) -> str:
    """A Dropout behind links of chains, and behind layers that stand alone."""
    chains = [node for node in found(text, nodes.Chain) if isinstance(node, nodes.Chain)]
    ends = [link.span.end for chain in chains for link in chain.links[1:]]
    changes = [(end, end, " -> Dropout(0.1)") for end in set(ends) if random.random() < 0.5]
    alone = [
        node.value for node in found(text, nodes.ExpressionStatement) if isinstance(node, nodes.ExpressionStatement)
    ]
    lines = [node.span.end for node in alone if isinstance(node, nodes.Call) and node.span.end not in ends]
    return applied(text, changes + [(end, end, "\nDropout(0.1)") for end in lines if random.random() < 0.5])


def with_brackets(text: str, random: Random) -> str:
    """Brackets round a run of links of each chain, and round the whole of some operands."""
    changes: list[Change] = []
    for chain in found(text, nodes.Chain):
        assert isinstance(chain, nodes.Chain)
        if len(chain.links) < 3 or any(isinstance(link, nodes.Named) for link in chain.links[:-1]):
            continue
        start = random.randrange(len(chain.links) - 2)
        end = random.randrange(start + 1, len(chain.links) - 1)
        first, last = chain.links[start].span.start, chain.links[end].span.end
        if not any(first < place < last for before, _, _ in changes for place in [before]):
            changes += [(first, first, "("), (last, last, ")")]
    return applied(text, changes)


def with_lines_exchanged(text: str, random: Random) -> str:
    """Neighbouring lines exchanged that bind different names and do not need each other."""
    changes: list[Change] = []
    for body in bodies(text):
        start = random.randrange(2)
        for first, second in zip(body[start::2], body[start + 1 :: 2], strict=False):
            if isinstance(first, nodes.Assign) and isinstance(second, nodes.Assign) and not _needs(first, second):
                spans = first.span, second.span
                changes += [
                    (spans[0].start, spans[0].end, spans[1].text),
                    (spans[1].start, spans[1].end, spans[0].text),
                ]
    return applied(text, changes)


def _needs(first: nodes.Assign, second: nodes.Assign) -> bool:
    bound = {
        node.name for line in (first, second) for node in walk(line) if isinstance(node, nodes.Target | nodes.Named)
    }
    used = {node.name for line in (first, second) for node in walk(line) if isinstance(node, nodes.Name)}
    return bool(bound & used) or {target.name for target in first.targets} == {target.name for target in second.targets}


def with_other_loop_variables(text: str, random: Random) -> str:
    """All loop variables renamed."""
    changes: set[Change] = set()
    for loop in found(text, nodes.For):
        assert isinstance(loop, nodes.For)
        for target in loop.targets:
            new = f"{target.name}_{random.randrange(100)}"
            uses = [node for line in loop.body for node in walk(line) if isinstance(node, nodes.Name)]
            changes |= {(node.span.start, node.span.end, new) for node in uses if node.name == target.name}
            changes.add((target.span.start, target.span.end, new))
    return applied(text, list(changes))


def with_untaken_branches(text: str, random: Random) -> str:
    """Branches that are not taken, with layers of new names, before statements that are no inputs."""
    changes: list[Change] = []
    for body in bodies(text):
        line = random.choice([each for each in body if not isinstance(each, nodes.Input)] or [None])
        if line is not None:
            start = line.span.start
            changes.append((start, start, f"if 1 > 2 {{\nnew_{start} = Dense(3) -> Conv2D(2, 2)\n}}\n"))
    return applied(text, changes)


def with_comments(text: str, random: Random) -> str:
    """Comments, blank lines, other indentation and line ends."""
    lines = [re.sub(r"^ *", " " * random.randrange(9), line) + "  # Dense(1) -> {" for line in text.splitlines()]
    return "\r\n".join(line + "\n" * random.randrange(3) for line in lines)


def formatted(text: str, random: Random) -> str:
    """The text as the formatter writes it, after its layout was lost."""
    return nndsl.format(with_comments(text, random))


EDITS: tuple[Edit, ...] = (
    with_dropouts,
    with_brackets,
    with_lines_exchanged,
    with_other_loop_variables,
    with_untaken_branches,
    with_comments,
    formatted,
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_edit_changes_no_key(path: Path, edit: Edit, full_size: bool) -> None:
    text = path.read_text()
    for seed in range(FULL if full_size else SHORT):
        changed = edit(text, Random(seed))
        if changed != text:
            assert keys(changed) == keys_of(path), changed


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_edits(edit: Edit) -> None:
    texts = [path.read_text() for path in EXAMPLES]
    assert sum(any(edit(text, Random(seed)) != text for seed in range(SHORT)) for text in texts) >= 2


def test_another_edit_changes_keys() -> None:
    """An earlier line of a class that stands alone changes the keys behind it."""
    changed = re.sub(
        r"\n( *)Dense", r"\n\1Dense(8)\n\1Dense", (EXAMPLES[0].parent / "sequential.nn").read_text(), count=1
    )
    assert keys(changed) != keys_of(EXAMPLES[0].parent / "sequential.nn")
