"""Short ways to compile texts in tests."""

from __future__ import annotations

from typing import Any

import nndsl
from nndsl.compiler import Compiled
from nndsl.dims import text


def model(*lines: str, inputs: str = "x: (8)", before: str = "") -> str:
    """Return the text of a file with one model, after what is defined ``before`` it."""
    body = "".join(f"  {line}\n" for each in lines for line in each.splitlines())
    declared = "".join(f"  input {each.strip()}\n" for each in inputs.split(";"))
    return f"{before}\nmodel Net {{\n{declared}\n{body}}}\n"


def compiled(*lines: str, inputs: str = "x: (8)", before: str = "", **options: Any) -> Compiled:
    """Compile the model."""
    return nndsl.compile(model(*lines, inputs=inputs, before=before), **options)


def shapes(*lines: str, inputs: str = "x: (8)", before: str = "") -> dict[str, str]:
    """Return the shapes of the outputs by name, without the batch: ``"28, 28, 1"``."""
    found = compiled(*lines, inputs=inputs, before=before).model.outputs
    return {name: ", ".join(text(size) for size in tensor.type.shape[1:]) for name, tensor in found}


def shape(*lines: str, inputs: str = "x: (8)", before: str = "") -> str:
    """Return the shape of the only output."""
    (found,) = shapes(*lines, inputs=inputs, before=before).values()
    return found


def codes(*lines: str, inputs: str = "x: (8)", before: str = "", **options: Any) -> list[str]:
    """Return the codes of all that is wrong with the model."""
    return [each.code for each in nndsl.check(model(*lines, inputs=inputs, before=before), **options)]


def layers(*lines: str, inputs: str = "x: (8)", before: str = "") -> list[str]:
    """Return the classes of the model's nodes in order."""
    return [type(node.layer).__name__ for node in compiled(*lines, inputs=inputs, before=before).model.nodes]
