"""The one layout of a text, and the text of a tree."""

from __future__ import annotations

from pathlib import Path

from nndsl.diagnostics import NNDSLError, Source
from nndsl.limits import Limits
from nndsl.syntax.document import layout
from nndsl.syntax.expressions import CHAIN, expression
from nndsl.syntax.margins import Margins
from nndsl.syntax.nodes import Expression, File, Node, Statement
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read_bytes, read_file, read_text
from nndsl.syntax.writer import Writer

_EMPTY = "E0120"


def format(text: str | bytes | Path, limits: Limits = Limits()) -> str:
    """Return a text, or the text of a file, in its one layout; raises NNDSLError if it cannot be read.

    Comments are kept, and one blank line where some stood. Lines have at most 100 columns where there is something to
    break. The result means the same, and is its own layout. A str of one line that ends in ``.nn`` is a path.
    """
    source = _source(text, limits)
    tree, diagnostics = parse(source, limits)
    if any(diagnostic.severity == "error" and diagnostic.code != _EMPTY for diagnostic in diagnostics):
        raise NNDSLError(diagnostics)
    writer = Writer(Margins(source, tree.comments))
    writer.write(tree.items)
    writer.comments_before(len(source.text), 0)
    return "".join(line + "\n" for line in writer.lines)


def unparse(tree: File | Node) -> str:
    """Return the text of a file, a statement or an expression, also of one that was built by hand.

    Comments are not part of a tree. Raises ValueError for what no text stands for, such as a negative Number.
    """
    if isinstance(tree, File | Statement):
        writer = Writer(None)
        writer.write(tree.items if isinstance(tree, File) else (tree,))
        return "".join(line + "\n" for line in writer.lines)
    if isinstance(tree, Expression):
        return layout(expression(tree, CHAIN))
    raise ValueError(f"a {type(tree).__name__} does not stand alone")


def _source(text: str | bytes | Path, limits: Limits) -> Source:
    if isinstance(text, bytes):
        return read_bytes(text, limits=limits)
    if isinstance(text, Path) or (text.endswith(".nn") and "\n" not in text):
        return read_file(text, limits)
    return read_text(text, limits=limits)
