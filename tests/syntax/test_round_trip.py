"""Trees, texts and the layout of texts stand for each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from nndsl.diagnostics import Source
from nndsl.syntax import nodes
from nndsl.syntax.format import format, unparse
from nndsl.syntax.parser import parse
from tests.syntax.trees import files

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))


def read(text: str) -> nodes.File:
    tree, diagnostics = parse(Source("", text))
    assert not [found for found in diagnostics if found.severity == "error"], (diagnostics, text)
    return tree


@given(tree=files)
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_random_trees(tree: nodes.File) -> None:
    text = unparse(tree)
    assert read(text) == tree
    laid_out = format(text + "\n")
    assert read(laid_out) == tree
    assert format(laid_out) == laid_out


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    laid_out = format(text)
    assert read(laid_out) == read(text)
    assert [comment.text for comment in read(laid_out).comments] == [comment.text for comment in read(text).comments]
    assert format(laid_out) == laid_out
    assert read(unparse(read(text))) == read(text)
