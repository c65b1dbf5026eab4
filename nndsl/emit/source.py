"""The text of a source: imports, helpers, then classes, children first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nndsl.emit.checks import checks
from nndsl.emit.forward import ATTRIBUTE, ATTRIBUTE_END
from nndsl.emit.library import Library
from nndsl.emit.lifting import Class, Resolved
from nndsl.emit.loops import Indented, Statement, module_list, roll, written
from nndsl.emit.printer import docstring, statement
from nndsl.emit.resets import by_place, entry_turns, list_length, resets
from nndsl.graph import Graph, Made

_IMPORTS = (
    ("math.", "import math"),
    ("torch.", "import torch"),
    ("F.", "import torch.nn.functional as F"),
)
_ANY = "Takes tensors of several shapes or dtypes."
"""The docstring of a class whose instances differ in what they take."""


def source(name: str, classes: Sequence[Class], library: Library) -> str:
    """Return the whole text; the last class is the model, which looks at its inputs."""
    # Weights of 4 axes must lie as the permuted images do, or each convolution converts them.
    channels_last = any(".permute(0, 3, 1, 2)" in str(line) for declared in classes for line in declared.lines)
    channels_last = channels_last and not any(map(_has_deep_weights, classes))
    bodies = []
    for declared in classes:
        last = declared is classes[-1]
        template = declared.template
        inputs, symbols = template.forward.inputs, list(template.symbols)
        heads = checks(template.graph, inputs, symbols) if last else template.definitions
        bodies.append(_class(declared, heads, channels_last and last))
    body = "\n\n\n".join([*library.texts(), *("\n".join(lines) for lines in bodies)])
    imports = _imports(body, library)
    return f'"""{name}, written by nndsl."""\n\n{imports}\n\n\n{body}\n'


def _has_deep_weights(declared: Class) -> bool:
    """Return whether a class has weights of 5 axes, which PyTorch's memory format for 4 axes refuses."""
    return any(
        len(weight.shape) > 4
        for entry, _, _ in declared.entries
        for weight in entry.made.layer.weights(*(tensor.type for tensor in entry.node.inputs))
    )


def _imports(body: str, library: Library) -> str:
    """Return the imports that a source uses, sorted as ruff sorts them; comments and docstrings use none."""
    used = re.sub(r'"""[\s\S]*?"""|#.*', "", body)
    plain = {line for word, line in _IMPORTS if re.search(rf"(?<![\w.]){re.escape(word)}", used)}
    names: dict[str, set[str]] = {"torch": {"Tensor", "nn"}}
    for line in library.imports:
        module, _, listed = line.removeprefix("from ").partition(" import ")
        if listed:
            names.setdefault(module, set()).update(listed.split(", "))
    lines = sorted(plain)
    for module, found in sorted(names.items()):
        needed = sorted(name for name in found if re.search(rf"\b{name}\b", used))
        lines += [f"from {module} import {', '.join(needed)}"] if needed else []
    torch = [line for line in lines if line.split()[1].startswith("torch")]
    standard = [line for line in lines if line not in torch]
    return "\n\n".join("\n".join(part) for part in (standard, torch) if part)


def _class(declared: Class, heads: Sequence[str], channels_last: bool) -> list[str]:
    lines = [*statement(f"class {declared.name}(nn.Module):", 0), *docstring(declared.summary or _ANY, 4), ""]
    drawn = resets(declared)
    signature = "".join(f", {parameter.name}: {_type(parameter.values)}" for parameter in declared.parameters)
    constructor = [line for entry in _registered(declared) for line in statement(entry, 8)]
    if constructor or declared.kept:
        lines += statement(f"def __init__(self{signature}) -> None:", 4)
        lines.append("        super().__init__()")
        lines += [f"        self._{name} = {name}" for name in declared.kept]
        lines += constructor
        if drawn:
            lines.append("        self.reset_parameters()")
        if channels_last:
            lines.append("        self.to(memory_format=torch.channels_last)")
        lines.append("")
    if drawn:
        lines += ["    def reset_parameters(self) -> None:", '        """Draw the initial weights."""', *drawn, ""]
    return lines + _forward(declared, heads)


def _type(values: Sequence[float]) -> str:
    return "float" if any(isinstance(value, float) for value in values) else "int"


def _registered(declared: Class) -> list[str]:
    """Return the statements that register the layers, in the order of the text."""
    found = []
    for name, indices in by_place(declared).items():
        entries = [(declared.entries[index][0], declared.entries[index][1]) for index in indices]
        loops = entries[0][0].loops
        if loops:
            turns = {entry_turns(entry): build for entry, build in entries}
            value = _nested(turns, loops, (), declared.template.graph)
        else:
            value = entries[0][1]
        found.append(f"self.{name} = {value}")
    return found


def _nested(
    turns: dict[tuple[int, ...], Resolved], loops: tuple[int, ...], outer: tuple[int, ...], graph: Graph
) -> Resolved:
    """Return the (nested) list of the layers of a place, ``turns`` having those whose outer turns are ``outer``."""
    depth = len(outer)
    count = list_length(graph, loops, outer, turns)
    elements: list[Resolved | None] = []
    by_turn: dict[int, dict[tuple[int, ...], Resolved]] = {}
    for key, build in turns.items():
        by_turn.setdefault(key[depth], {})[key] = build
    for turn in range(count):
        inside = by_turn.get(turn)
        if not inside:
            elements.append(None)
        elif depth + 1 == len(loops):
            elements.append(inside[(*outer, turn)])
        else:
            elements.append(_nested(inside, loops, (*outer, turn), graph))
    parameters = all(build.text.startswith("nn.Parameter(") for build in turns.values())
    return module_list(elements, "nn.ParameterList" if parameters and depth + 1 == len(loops) else "nn.ModuleList")


def _forward(declared: Class, heads: Sequence[str]) -> list[str]:
    forward = declared.template.forward
    parameters = [f"{name}: Tensor" for name in forward.inputs] + [f"{name}: nn.Module" for name in forward.handed]
    parameters += [f"{name}: int" for name in declared.template.sizes]
    count = len(declared.template.graph.outputs)
    returned = "Tensor" if count == 1 else f"tuple[{', '.join(['Tensor'] * count)}]"
    lines = statement(f"def forward(self, {', '.join(parameters)}) -> {returned}:", 4)
    for head in heads:
        lines += statement(head.lstrip(), 12 if head.startswith(" ") else 8)
    statements = []
    for line, resolved, comment in zip(forward.lines, declared.lines, declared.comments, strict=True):
        text = f"{line.targets} = {resolved}" if line.targets else str(resolved)
        statements.append(Statement(text, comment, line.turns))
    rolled = roll(statements, _lengths(declared), forward.locals)
    target = f"{forward.result} = "
    if rolled and not rolled[-1].level and rolled[-1].text.startswith(target):
        rolled[-1] = replace(rolled[-1], text="return " + rolled[-1].text.removeprefix(target))
    else:
        rolled.append(Indented(f"return {forward.result}", ""))
    for each in rolled:
        lines += statement(written(each.text), 8 + 4 * each.level, each.comment)
    return lines


def _lengths(declared: Class) -> dict[str, int]:
    """Return the length of each list of layers, by the token that stands for the list."""
    found: dict[str, int] = {}
    for entry, _, _ in declared.entries:
        made: Made = entry.made
        turns = dict(made.turns)
        path = ""
        for depth, loop in enumerate(entry.loops):
            token = f"{ATTRIBUTE}{made.place.name}/{len(entry.loops)}{path}{ATTRIBUTE_END}"
            around = tuple((outer, turns[outer]) for outer in entry.loops[:depth])
            known = declared.template.graph.loop_turns.get((around, loop))
            found[token] = known if known is not None else max(found.get(token, 0), turns[loop] + 1)
            path += f"|{loop}={turns[loop]}"
    return found
