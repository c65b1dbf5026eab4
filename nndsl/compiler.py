"""The driver: from a text or a path to diagnostics, a graph, Python source, and a live module."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nndsl.diagnostics import Diagnostic, NNDSLError, Source
from nndsl.limits import Limits
from nndsl.syntax.nodes import File

if TYPE_CHECKING:
    import networkx
    import torch
    from torch import nn

    from nndsl.elaborate.models import Elaborated
    from nndsl.elaborate.scope import FileScope
    from nndsl.elaborate.values import Definition
    from nndsl.graph import Graph, Node
    from nndsl.settings import CompileSettings, FitSettings
    from nndsl.summary import Summary

Text = str | bytes | Path
"""A text, its bytes, or the path of a file; a str of one line that ends in ``.nn`` is a path."""

_SPELLING = ("E01", "E0704", "E0705", "E0706", "E0707")
"""The codes of what is wrong with the text itself."""

_STACK = 20_000
"""Frames that the deepest text within the default limits needs: each bracket and each block in a block takes some."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model was compiled from: compiling it again gives the same.

    ``texts`` are all files that were read, the main one first, by their paths (None for a text without a file).
    ``settings``, ``root`` and ``allow`` are what ``compile`` was given.
    """

    texts: tuple[tuple[Path | None, str], ...] = field(repr=False)
    settings: Mapping[str, object]
    root: Path | None
    allow: frozenset[str]

    @property
    def path(self) -> Path | None:
        """The path of the main file, if there is one."""
        return self.texts[0][0]


@dataclass(frozen=True)
class Compiled:
    """A model, compiled: ``diagnostics`` are its warnings; ``compile`` and ``fit`` are its settings, or None."""

    name: str
    diagnostics: tuple[Diagnostic, ...]
    model: Graph = field(repr=False)
    compile: CompileSettings | None
    fit: FitSettings | None
    origin: Origin = field(repr=False)

    @cached_property
    def graph(self) -> networkx.DiGraph[Node]:
        """The networkx DAG of the nodes, in order of creation; edges never stand for arguments."""
        return self.model.digraph()

    @cached_property
    def _emitted(self) -> tuple[str, str]:
        from nndsl.emit import emit
        from nndsl.passes import run

        with _prepared():
            return emit(run(self.model))

    @property
    def source(self) -> str:
        """The Python source; it needs torch alone."""
        return self._emitted[0]

    def module(
        self,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        seed: int | None = None,
    ) -> nn.Module:
        """Return a live module with its initial weights; with a seed they depend on it alone.

        Layers of Python are imported now. Raises NNDSLError if one of them is not as its ``extern`` says.
        """
        from nndsl.module import build, remember

        module = build(*self._emitted, self.model, device=device, dtype=dtype, seed=seed)
        remember(module, self)
        return module

    def summary(self) -> Summary:
        """Return the table of layers, shapes and parameters; its ``str`` is the text."""
        from nndsl.summary import summarize

        return summarize(self.model)


def parse(text: Text, *, limits: Limits = Limits()) -> File:
    """Return the syntax tree of a text or file. Raises NNDSLError if it has errors or cannot be read."""
    with _prepared():
        syntax, diagnostics, _ = _read(text, limits)
    _raise_errors(diagnostics)
    return syntax


def check(
    text: Text,
    model: str | None = None,
    *,
    settings: Mapping[str, object] = {},
    root: str | Path | None = None,
    allow: str | Iterable[str] = (),
    limits: Limits = Limits(),
) -> list[Diagnostic]:
    """Return all that is wrong with a text or file, warnings included, in the order of the text.

    Models whose parameters have values are elaborated, or only the one that ``model`` names; all else is checked for
    names and arguments. ``settings`` are values of parameters, ``root`` is the folder that imports stay inside (that
    of the file if None), ``allow`` are the Python modules that may be named (with their submodules); none is imported.
    """
    with _prepared():
        return list(_Compilation(text, root, limits, _modules(allow)).check(model, settings))


def compile(
    text: Text,
    model: str | None = None,
    settings: Mapping[str, object] = {},
    root: str | Path | None = None,
    *,
    allow: str | Iterable[str] = (),
    limits: Limits = Limits(),
) -> Compiled:
    """Compile a model of a text or file: the one of the name, or the only one that no other uses.

    ``settings`` are values of its parameters, ``root`` is the folder that imports stay inside (that of the file if
    None). ``allow`` are the Python modules that its source may import, with their submodules; they are imported when
    its module is made, not before. Raises NNDSLError if there are errors, or the file cannot be read, and ValueError
    for what is not the name of a Python module.
    """
    with _prepared():
        compilation = _Compilation(text, root, limits, _modules(allow))
        definition, elaborated, diagnostics = compilation.compile(model, settings)
    _raise_errors(diagnostics)
    assert elaborated is not None
    origin = compilation.origin(settings)
    return Compiled(definition, diagnostics, elaborated.graph, elaborated.compile, elaborated.fit, origin)


def _modules(allow: str | Iterable[str]) -> frozenset[str]:
    """Return the names of modules that are allowed; raise ValueError for what is none."""
    names = frozenset({allow} if isinstance(allow, str) else allow)
    if names:
        from nndsl.elaborate.externals import is_module

        for name in names:
            if not is_module(name):
                raise ValueError(f"{name!r} is not the name of a Python module")
    return names


def _raise_errors(diagnostics: tuple[Diagnostic, ...]) -> None:
    if any(found.severity == "error" for found in diagnostics):
        raise NNDSLError(diagnostics)


def _read(text: Text, limits: Limits) -> tuple[File, tuple[Diagnostic, ...], Path | None]:
    """Return the tree of a text or file, what is wrong with it, and its path. Raises NNDSLError if there is no text."""
    from nndsl.syntax.parser import parse as parse_source
    from nndsl.syntax.reading import read_bytes, read_file, read_text

    if isinstance(text, Path) or (isinstance(text, str) and text.endswith(".nn") and "\n" not in text):
        path = Path(text)
        return *parse_source(read_file(path, limits), limits), path
    source = read_bytes(text, limits=limits) if isinstance(text, bytes) else read_text(text, limits=limits)
    return *parse_source(source, limits), None


@dataclass
class _Compilation:
    """One compilation of a text or file, from its bytes on."""

    text: Text
    root: str | Path | None
    limits: Limits
    allow: frozenset[str]
    _syntax: tuple[Diagnostic, ...] = field(default=(), init=False)

    def check(self, model: str | None, settings: Mapping[str, object]) -> tuple[Diagnostic, ...]:
        """Return what is wrong with everything in the file."""
        from nndsl.elaborate.models import choose, is_closed
        from nndsl.elaborate.session import Exhausted
        from nndsl.elaborate.unused import report_idle

        file = self._load()
        if file is None:
            return self._syntax
        try:
            if model is not None:
                chosen = choose(file, model)
                closed = [] if chosen is None else [chosen]
            else:
                closed = [each for each in file.definitions if each.kind == "model" and is_closed(each, settings)]
            self._check_all(file, closed)
            models = [each for each in file.definitions if each.kind == "model"]
            known = {parameter.name for each in models for parameter in each.syntax.parameters}
            for definition in closed:
                # Without a model's name, a setting is for all that have it, and one that none has is wrong for each.
                free = {each.name for each in definition.syntax.parameters if each.name not in definition.fixed}
                given = {name for name in settings if model is not None or name in free or name not in known}
                self._elaborated(file, definition, {name: settings[name] for name in settings if name in given})
            report_idle(file.session)
        except Exhausted:
            pass
        return self._found(file)

    def compile(
        self, model: str | None, settings: Mapping[str, object]
    ) -> tuple[str, Elaborated | None, tuple[Diagnostic, ...]]:
        """Return the name of the chosen model, what it became, and the diagnostics."""
        from nndsl.elaborate.models import choose
        from nndsl.elaborate.session import Exhausted
        from nndsl.elaborate.unused import report_idle

        file = self._load()
        if file is None:
            return "", None, self._syntax
        definition: Definition | None = None
        elaborated = None
        try:
            if not any(each.severity == "error" for each in self._syntax):
                definition = choose(file, model)
            self._check_all(file, [] if definition is None else [definition])
            if definition is not None:
                elaborated = self._elaborated(file, definition, settings)
            report_idle(file.session)
        except Exhausted:
            elaborated = None
        return definition.name if definition is not None else "", elaborated, self._found(file)

    def origin(self, settings: Mapping[str, object]) -> Origin:
        """Return what was compiled, once it has been."""
        texts = tuple((path, scope.source.text) for path, scope in self._imports.scopes.items())
        return Origin(texts, dict(settings), None if self.root is None else Path(self.root), self.allow)

    def _elaborated(self, file: FileScope, definition: Definition, settings: Mapping[str, object]) -> Elaborated | None:
        """Return a model elaborated, if each of its blocks can be one class wherever it is applied."""
        from nndsl.elaborate.models import elaborate
        from nndsl.passes.sharing import share

        elaborated = elaborate(file, definition, settings)
        if elaborated is not None:
            try:
                share(elaborated.graph)
            except NNDSLError as error:
                file.session.found.update({(each.code, each.span): each for each in error.diagnostics})
                return None
        return elaborated

    def _load(self) -> FileScope | None:
        from nndsl.elaborate.imports import Imports
        from nndsl.elaborate.session import Exhausted, Session

        try:
            syntax, self._syntax, path = _read(self.text, self.limits)
        except NNDSLError as error:
            self._syntax = error.diagnostics
            return None
        if not syntax.items:
            return None
        session = Session(self.limits, allow=self.allow)
        root = Path(self.root) if self.root is not None else path.parent if path is not None else None
        self._imports = Imports(session, root)
        try:
            real = path.resolve() if path is not None else None
            return self._imports.load(syntax, real)
        except Exhausted:
            self._syntax = self._sorted((*self._syntax, *session.found.values()))
            return None

    def _check_all(self, file: FileScope, elaborated: list[Definition]) -> None:
        """Look at all definitions; those that will be ``elaborated`` and have no branches are seen whole then."""
        from nndsl.elaborate.models import check_definition
        from nndsl.elaborate.recursion import report_recursion
        from nndsl.elaborate.session import Exhausted
        from nndsl.elaborate.unused import report_unused

        for scope in self._imports.scopes.values():
            report_recursion(scope)
        if any(code == "E0203" for code, _ in file.session.found):
            raise Exhausted
        for scope in self._imports.scopes.values():
            for definition in scope.definitions:
                if definition.is_alias:
                    continue
                report_unused(definition)
                if definition not in elaborated or scope.reading(definition).has_branches:
                    check_definition(definition)

    def _found(self, file: FileScope) -> tuple[Diagnostic, ...]:
        found = _without_echoes((*self._syntax, *file.session.found.values()))
        if any(each.severity == "error" for each in found):
            # After a mistake it is not known what else would have been used.
            found = tuple(each for each in found if not each.code.startswith("W05"))
        return self._sorted(found)

    def _sorted(self, found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        """Return diagnostics in the order of the text, the files in the order in which they were read."""
        sources: dict[Source, int] = {}
        for each in found:
            sources.setdefault(each.span.source, len(sources))
        return tuple(sorted(found, key=lambda each: (sources[each.span.source], each.span.start, each.span.end)))


def _without_echoes(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Leave out what is said of the meaning of a line that is not written right: it may mean something else."""

    def line(each: Diagnostic) -> tuple[Source, int]:
        source = each.span.source
        return source, source.text.count("\n", 0, each.span.start)

    misspelt = {line(each) for each in found if each.code.startswith(_SPELLING)}
    return tuple(each for each in found if each.code.startswith(_SPELLING) or line(each) not in misspelt)


class _Host:
    """The interpreter's settings while texts are compiled, in any number of threads.

    A tree of frozen nodes has no circles: looking for some again and again, while it grows, takes half of the time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._recursion = 0
        self._collects = False

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Raise the recursion limit and pause the collector of circles, until the last user is done."""
        with self._lock:
            if not self._users:
                self._recursion = sys.getrecursionlimit()
                self._collects = gc.isenabled()
                sys.setrecursionlimit(max(self._recursion, _STACK))
                gc.disable()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    sys.setrecursionlimit(self._recursion)
                    if self._collects:
                        gc.enable()


_prepared = _Host().prepared

__all__ = ["Any", "Compiled", "Origin", "check", "compile", "parse"]
