"""What only the compiler can say of a text: whether names clash, and which sizes must be equal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from nndsl.compiler import check
from nndsl.diagnostics import Diagnostic
from nndsl.importing.recorded import ModelRecord
from nndsl.importing.sizes import Shape, Sizes
from nndsl.syntax import nodes
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read_text

if TYPE_CHECKING:
    from nndsl.importing.writing import Written

_ATTEMPTS = 8
_PROPOSED = re.compile(r"`(input [^`]+)`")


def settled(record: ModelRecord, write: Callable[[ModelRecord, Sizes, bool], Written]) -> Written:
    """Return the text of a record: free sizes that must be equal are one, and no two layers have one name.

    Keras does not say which free sizes are equal; each is a symbol of its own at first, and the compiler proposes what
    they must be. Names that follow from the text are written out where they would clash.
    """
    sizes, own_names = Sizes(), False
    found = write(record, sizes, own_names)
    diagnostics = check(found.text)
    for _ in range(_ATTEMPTS):
        shapes = {shape for each in diagnostics for shape in _proposals(each, found)}
        clash = any(each.code == "E0207" for each in diagnostics)
        if not shapes and (own_names or not clash):
            break
        sizes, own_names = sizes.with_shapes(dict(shapes)), own_names or clash
        found = write(record, sizes, own_names)
        diagnostics = check(found.text)
    return replace(found, diagnostics=tuple(diagnostics))


def _proposals(diagnostic: Diagnostic, found: Written) -> list[tuple[tuple[str, str], Shape]]:
    """Return the shapes that a diagnostic proposes, by the names of the model and of its input."""
    if diagnostic.code != "E0424":
        return []
    parsed, _ = parse(read_text(found.text))
    models = [item for item in parsed.items if isinstance(item, nodes.Model)]
    model = next(each.name.name for each in models if diagnostic.span.start < each.span.end)
    proposed = "\n".join(_PROPOSED.findall(diagnostic.help))
    tree, _ = parse(read_text(f"model M {{\n{proposed}\n}}\n"))
    body = tree.items[0].body if proposed and isinstance(tree.items[0], nodes.Model) else ()
    return [
        ((model, each.name.name), each.shape.items)
        for each in body
        if isinstance(each, nodes.Input) and each.name is not None and isinstance(each.shape, nodes.Tuple)
    ]
