"""How a sentence of the language is tested: a text is accepted and gives a module, or it is refused at one place.

A text that is refused has the place of its error between « and », so that a case shows what the user sees underlined.
"""

from __future__ import annotations

from collections import OrderedDict
from textwrap import indent
from typing import Any

import torch

import nndsl
from nndsl.diagnostics import Diagnostic
from nndsl.graph import Tensor

SEED = 7


def model(body: str, inputs: str = "input x: (8)", parameters: str = "", before: str = "") -> str:
    """Return a file whose one model has a body."""
    listed = f"({parameters})" if parameters else ""
    return f"{before}\nmodel Case{listed} {{\n{indent(inputs, '  ')}\n{indent(body, '  ')}\n}}\n"


def accepted(text: str, **options: Any) -> nndsl.Compiled:
    """Return what a text compiles to; it must be clean of warnings too."""
    assert found(text, **options) == []
    return nndsl.compile(text, **options)


def found(text: str, **options: Any) -> list[str]:
    """Return the codes of all that is wrong with a text."""
    return [each.code for each in nndsl.check(text, **options)]


def refused(marked: str, code: str, **options: Any) -> Diagnostic:
    """Return the one message about a text, which has a code and stands where the text is marked."""
    start, end = marked.index("«"), marked.index("»") - 1
    diagnostics = nndsl.check(marked.replace("«", "").replace("»", ""), **options)
    assert [each.code for each in diagnostics] == [code], nndsl.render(diagnostics)
    (diagnostic,) = diagnostics
    assert (diagnostic.span.start, diagnostic.span.end) == (start, end), nndsl.render(diagnostics)
    return diagnostic


def shapes(text: str, **options: Any) -> list[str]:
    """Return the shapes of the outputs, with the batch, and a dtype that is not float32 before it."""
    return [shown(tensor) for _, tensor in accepted(text, **options).model.outputs]


def shape(text: str, **options: Any) -> str:
    """Return the shape of the only output."""
    (only,) = shapes(text, **options)
    return only


def shown(tensor: Tensor) -> str:
    """Return the shape of a tensor, and its dtype if it is not float32."""
    kind = tensor.type
    sizes = ", ".join(str(size) for size in kind.shape)
    dtype = "" if kind.dtype == "float32" else kind.dtype
    return f"{dtype}({sizes}{',' if kind.rank == 1 else ''})"


def outputs(text: str, **options: Any) -> list[str]:
    """Return the names of the outputs."""
    return [name for name, _ in accepted(text, **options).model.outputs]


def keys(text: str, **options: Any) -> list[str]:
    """Return the keys of the weights, without their leaves, in order."""
    state = accepted(text, **options).module(seed=SEED).state_dict()
    return list(OrderedDict.fromkeys(key.rpartition(".")[0] or key for key in state))


def run(text: str, *inputs: torch.Tensor, **options: Any) -> Any:
    """Return what the module of a text gives for inputs, in inference."""
    module = accepted(text, **options).module(seed=SEED).eval()
    with torch.no_grad():
        return module(*inputs)


def holds(condition: str, before: str = "") -> bool:
    """Return whether a condition over constants holds: the compiler decides it in the size of an input."""
    text = f"{before}\nmodel Case {{\n input x: (2 if {condition} else 3)\n}}\n"
    return shape(text) == "(N, 2)"
