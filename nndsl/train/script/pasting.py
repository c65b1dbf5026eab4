"""A text that is put together of pieces: functions and classes pasted as they stand, with all that they use."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from nndsl.emit.printer import WIDTH
from nndsl.train.errors import TrainingError

Imported = tuple[str, str, str]
"""A module, a name in it ("" for the module itself), and what it is called here."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands at the top of a file: its text, and the names that it uses."""

    text: str
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file, taken apart."""

    defined: dict[str, Piece]
    imported: dict[str, Imported]


class Sheet:
    """A text that grows: ``paste`` puts in what other modules define, ``add`` what is written for it alone."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._imports: dict[str, Imported] = {}

    def paste(self, module: str, name: str) -> str:
        """Put a function, class or constant of a module into the text, after all that it uses; return its name."""
        pieces = taken_apart(_text_of(module))
        piece = pieces.defined[name]
        if self._texts.get(name) == piece.text:
            return name
        for used in sorted(piece.uses - {name}):
            if used in pieces.defined:
                self.paste(module, used)
            elif used in pieces.imported:
                source, original, _ = pieces.imported[used]
                if source.startswith("nndsl."):
                    self.paste(source, original)
                else:
                    self._imports[used] = pieces.imported[used]
        self._put(name, piece.text)
        return name

    def take(self, text: str) -> None:
        """Put in all that a source defines, with its imports."""
        pieces = taken_apart(text)
        self._imports.update(pieces.imported)
        for name, piece in pieces.defined.items():
            self._put(name, piece.text)

    def add(self, name: str, lines: Iterable[str]) -> None:
        """Put in lines that define a name."""
        self._put(name, "\n".join(lines))

    def need(self, *imported: Imported) -> None:
        """Have imports, if what was put in uses them."""
        self._imports |= {called: (module, name, called) for module, name, called in imported}

    def _put(self, name: str, text: str) -> None:
        if self._texts.setdefault(name, text) != text:
            raise _taken(name)

    def text(self, constants: Sequence[str]) -> str:
        """Return the imports, constants, and all pieces, in the order in which they were put in."""
        whole = "\n\n\n".join(["\n".join(constants), *self._texts.values()])
        used = _names(ast.parse(whole))
        chosen = {called: each for called, each in self._imports.items() if called in used}
        for name in self._texts:
            if name in chosen or any(line.startswith(f"{name} = ") for line in constants):
                raise _taken(name)
        return "\n\n".join([*_sorted(chosen.values()), whole]) + "\n"


def _taken(name: str) -> TrainingError:
    message = f"the script would define `{name}` twice: the model has something of this name"
    return TrainingError("E1215", message, f"give the model or block `{name}` another name")


@lru_cache(maxsize=256)
def taken_apart(text: str) -> Pieces:
    """Return the pieces of a source."""
    tree = ast.parse(text)
    lines = text.splitlines()
    defined: dict[str, Piece] = {}
    imported: dict[str, Imported] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {each.asname or each.name: (each.name, "", each.asname or each.name) for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            imported |= {each.asname or each.name: (module, each.name, each.asname or each.name) for each in node.names}
        else:
            for name in _defined(node):
                decorators = getattr(node, "decorator_list", [])
                start = min([node.lineno, *(each.lineno for each in decorators)])
                assert node.end_lineno is not None
                part = "\n".join(lines[start - 1 : node.end_lineno])
                defined[name] = Piece(part, frozenset(_names(node)))
    return Pieces(defined, imported)


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _text_of(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def _sorted(imports: Iterable[Imported]) -> list[str]:
    """Return imports as ruff sorts them: those of Python itself, then the others; ``import`` before ``from``."""
    blocks: dict[bool, tuple[list[str], dict[str, list[str]]]] = {True: ([], {}), False: ([], {})}
    for module, name, called in sorted(imports):
        whole, parts = blocks[module.partition(".")[0] in sys.stdlib_module_names]
        if name:
            parts.setdefault(module, []).append(name if name == called else f"{name} as {called}")
        else:
            whole.append(f"import {module}" if module == called else f"import {module} as {called}")
    return [
        "\n".join([*whole, *(_from(module, names) for module, names in sorted(parts.items()))])
        for whole, parts in blocks.values()
        if whole or parts
    ]


def _from(module: str, names: Iterable[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in ordered), ")"])
