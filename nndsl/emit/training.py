"""The methods that training needs beside ``forward``: penalties on weights, projections of weights, and extras.

``forward`` takes a list for the activity losses and a dict for the masks and logits of the outputs, where there are
any, and fills what it is given: without them nothing more is computed than the outputs.
"""

from __future__ import annotations

import re

from nndsl.emit.lifting import Class
from nndsl.emit.printer import statement
from nndsl.emit.resets import grouped

_FEW = 2
"""The number of layers up to which a sum names each."""


def regularization(declared: Class) -> list[str]:
    """Return the method that sums the penalties on weights, if there are any, and an empty line behind it."""
    groups = grouped(declared, declared.penalties)
    if not groups:
        return []
    what = "Return the sum of the penalties on weights."
    lines = ["    def regularization_loss(self) -> Tensor:", f'        """{what}"""']
    # What is written out comes first, so that it is what the rest is added to.
    total = " + ".join(text for group in groups for text in group.written_out(_FEW))
    loops = [group for group in groups if not group.written_out(_FEW)]
    if not loops:
        return [*lines, *statement(f"return {total}", 8), ""]
    lines += statement(f"loss = {total or 'next(self.parameters()).new_zeros(())'}", 8)
    for group in loops:
        lines += group.lines("loss = loss + ")
    return [*lines, "        return loss", ""]


def constraints(declared: Class) -> list[str]:
    """Return the method that projects weights, if there are any to project, and an empty line behind it."""
    lines = [line for group in grouped(declared, declared.projections) for line in group.lines()]
    if not lines:
        return []
    what = "Bring the weights back to what their constraints allow."
    return ["    @torch.no_grad()", "    def constrain(self) -> None:", f'        """{what}"""', *lines, ""]


def collectors(declared: Class) -> list[str]:
    """Return the parameters of ``forward`` that collect what training needs."""
    forward = declared.template.forward
    found = [f"{forward.losses}: list[Tensor] | None = None"] if forward.losses else []
    return found + ([f"{forward.extras}: dict[str, Tensor] | None = None"] if forward.extras else [])


def extras(declared: Class, returned: str) -> list[str]:
    """Return the method of a model that gives the extras too, if there are any, and an empty line before it.

    ``returned`` is the type that ``forward`` gives.
    """
    forward = declared.template.forward
    losses, named = forward.losses, forward.extras
    if not (losses or named):
        return []
    inputs = ", ".join(f"{name}: Tensor" for name in forward.inputs)
    names = [name for name, _ in declared.template.graph.extras]
    kinds = [f"the {kind}s" for kind in ("mask", "logit") if any(re.search(f"_{kind}s?$", name) for name in names)]
    what = ", ".join(["the activity loss"] * bool(losses) + kinds) + " of outputs" * bool(kinds)
    what = re.sub(r", ((?:(?!, ).)*)$", r" and \1", what)
    lines = ["", *statement(f"def forward_with_extras(self, {inputs}) -> tuple[{returned}, dict[str, Tensor]]:", 4)]
    lines.append(f'        """Return the outputs, with {what}."""')
    lines += [f"        {losses}: list[Tensor] = []"] if losses else []
    lines += [f"        {named}: dict[str, Tensor] = {{}}"] if named else []
    result = "outputs"
    while result in (*forward.inputs, losses, named):
        result += "_"
    given = ", ".join([*forward.inputs, *(name for name in (losses, named) if name)])
    lines += statement(f"{result} = self({given})", 8)
    found = named
    if losses:
        spread = f", **{named}" if named else ""
        found = f'{{"activity_loss": torch.stack({losses}).sum(){spread}}}'
    return [*lines, *statement(f"return {result}, {found}", 8)]
