"""The text of a source: imports, helpers, then classes, children first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nndsl.emit.checks import checks
from nndsl.emit.forward import ATTRIBUTE, ATTRIBUTE_END
from nndsl.emit.library import Library
from nndsl.emit.lifting import Class, Resolved
from nndsl.emit.loops import Indented, Statement, module_list, roll, written
from nndsl.emit.printer import WIDTH, docstring, statement
from nndsl.emit.resets import by_place, entry_turns, list_length, resets
from nndsl.emit.training import collectors, constraints, extras, regularization
from nndsl.graph import Graph, Made
from nndsl.layers.external import PythonLayer
from nndsl.layers.preprocessing import Normalization

_IMPORTS = (
    ("math.", "import math"),
    ("torch.", "import torch"),
    ("F.", "import torch.nn.functional as F"),
)
_ANY = "Takes tensors of several shapes or dtypes."
"""The docstring of a class whose instances differ in what they take."""


_ALL_LAST = ("self.to(memory_format=torch.channels_last)",)
_VOLUMES_LAST = ("self.to(memory_format=torch.channels_last_3d)",)
_CONVOLUTIONS_LAST = (
    "for layer in self.modules():",
    "    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):",
    "        layer.to(memory_format=torch.channels_last)",
)
"""The same where layers of Python may have weights of more axes."""


def source(name: str, classes: Sequence[Class], library: Library, imports: Mapping[tuple[str, str], str] = {}) -> str:
    """Return the whole text; the last class is the model, which looks at its inputs.

    ``imports`` are the classes of other modules that it uses, by module and name, and what it calls them.
    """
    channels_last = _channels_last(classes)
    bodies = []
    for declared in classes:
        last = declared is classes[-1]
        template = declared.template
        inputs, symbols = template.forward.inputs, list(template.symbols)
        heads = checks(template.graph, inputs, symbols) if last else template.definitions
        methods = extras(declared, _returned(declared)) if last else []
        bodies.append(_class(declared, heads, channels_last if last else ()) + methods)
    body = "\n\n\n".join([*library.texts(), *("\n".join(lines) for lines in bodies)])
    return f'"""{name}, written by nndsl."""\n\n{_imports(body, library, imports)}\n\n\n{body}\n'


def _channels_last(classes: Sequence[Class]) -> Sequence[str]:
    """Return what lets weights lie as the permuted images or volumes do, or else each convolution converts them.

    PyTorch has a memory format for 4 axes, and one for 5, and each refuses what has the other number.
    """
    lines = [str(line) for declared in classes for line in declared.lines]
    ranks = {rank for declared in classes for rank in _ranks(declared)}
    has_python = any(map(_has_python, classes))
    if any(".permute(0, 3, 1, 2)" in line for line in lines):
        return _CONVOLUTIONS_LAST if has_python else () if 5 in ranks else _ALL_LAST
    if any(".permute(0, 4, 1, 2, 3)" in line for line in lines) and not has_python and 5 in ranks and 4 not in ranks:
        return _VOLUMES_LAST
    return ()


def _ranks(declared: Class) -> set[int]:
    """Return the numbers of axes that the weights of a class have, and those of what normalization is given."""
    found: set[int] = set()
    for entry, _, _ in declared.entries:
        layer, types = entry.made.layer, tuple(tensor.type for tensor in entry.node.inputs)
        found.update(len(weight.shape) for weight in layer.weights(*types))
        if isinstance(layer, Normalization):
            found.add(layer.given_rank(types[0]))
    return found


def _has_python(declared: Class) -> bool:
    """Return whether a class has a layer of Python."""
    return any(isinstance(entry.made.layer, PythonLayer) for entry, _, _ in declared.entries)


def _imports(body: str, library: Library, others: Mapping[tuple[str, str], str]) -> str:
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
    installed = [line for line in lines if line.split()[1].startswith("torch")]
    standard = [line for line in lines if line not in installed]
    modules: dict[str, list[str]] = {}
    for (module, name), called in sorted(others.items()):
        if called == name:
            modules.setdefault(module, []).append(name)
        else:
            installed.append(_import(module, [f"{name} as {called}"]))
    installed += [_import(module, found) for module, found in modules.items()]
    installed.sort(key=lambda line: (line.startswith("from"), line.split()[1], " as " in line))
    return "\n\n".join("\n".join(part) for part in (standard, installed) if part)


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _class(declared: Class, heads: Sequence[str], ending: Sequence[str]) -> list[str]:
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
        lines += [f"        {line}" for line in ending]
        lines.append("")
    if drawn:
        lines += ["    def reset_parameters(self) -> None:", '        """Draw the initial weights."""', *drawn, ""]
    return lines + regularization(declared) + constraints(declared) + _forward(declared, heads)


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
    parameters += [f"{name}: int" for name in declared.template.sizes] + collectors(declared)
    lines = statement(f"def forward(self, {', '.join(parameters)}) -> {_returned(declared)}:", 4)
    for head in heads:
        lines += statement(head.lstrip(), 12 if head.startswith(" ") else 8)
    statements = []
    for line, resolved, comment in zip(forward.lines, declared.lines, declared.comments, strict=True):
        text = f"{line.targets} = {resolved}" if line.targets else str(resolved)
        statements.append(Statement(text, comment, line.turns, line.collector))
    rolled = roll(statements, _lengths(declared), forward.locals, forward.result)
    target = f"{forward.result} = "
    if rolled and not rolled[-1].level and rolled[-1].text.startswith(target):
        rolled[-1] = replace(rolled[-1], text="return " + rolled[-1].text.removeprefix(target))
    else:
        rolled.append(Indented(f"return {forward.result}", ""))
    for each in rolled:
        lines += statement(written(each.text), 8 + 4 * each.level, each.comment)
    return lines


def _returned(declared: Class) -> str:
    """Return the type that the forward method gives."""
    count = len(declared.template.graph.outputs)
    return "Tensor" if count == 1 else f"tuple[{', '.join(['Tensor'] * count)}]"


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
