"""The files of a compilation: each is read once, however often it is imported."""

from __future__ import annotations

from pathlib import Path

from nndsl.diagnostics import NNDSLError
from nndsl.elaborate.files import inside, read_inside
from nndsl.elaborate.scope import SETTINGS, FileScope
from nndsl.elaborate.session import Fault, Session
from nndsl.syntax import nodes
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read_bytes


class Imports:
    """Loads files and what they import. ``root`` is None where a text has no place: then it imports nothing."""

    def __init__(self, session: Session, root: Path | None) -> None:
        self.session = session
        session.settings = {name: options[0] for name, options in SETTINGS.items()}
        self.root = root
        self.scopes: dict[Path | None, FileScope] = {}
        self._path: list[Path] = []
        """The files that are being loaded, the main file first."""
        self._bytes = 0

    def load(self, syntax: nodes.File, path: Path | None) -> FileScope:
        """Return the scope of the main file."""
        self._bytes = len(syntax.source.text)
        scope = FileScope(self.session, syntax)
        self.scopes[path] = scope
        folder = path.parent if path is not None else self.root
        if path is not None:
            self._path.append(path)
        scope.load(lambda item: self._import(item, folder))
        self.session.settings = {name: scope.settings.get(name, options[0]) for name, options in SETTINGS.items()}
        for other in self.scopes.values():
            self._check_settings(other)
        return scope

    def _import(self, item: nodes.Import, folder: Path | None) -> FileScope | None:
        session, span = self.session, item.path.span
        if folder is None or self.root is None:
            help = "give the compiler a path, or a root folder (`--root`)"
            session.report("E0601", "a text without a path cannot import files", span, help=help)
            return None
        try:
            path = inside(self.root, folder, item.path.value)
            if path in self._path:
                names = [each.name for each in self._path[self._path.index(path) :]]
                chain = " -> ".join([*names, path.name])
                raise Fault("E0604", f"the file imports itself: {chain}", "move what both need into a third file")
            known = self.scopes.get(path)
            if known is not None:
                return known
            if len(self._path) > session.limits.imports:
                message = f"imports lie more than {session.limits.imports} deep in each other"
                raise Fault("E0717", message, "let the caller raise the limit on imports")
            return self._read(item, path)
        except Fault as fault:
            session.report(fault.code, fault.message, span, help=fault.help)
            return None

    def _read(self, item: nodes.Import, path: Path) -> FileScope | None:
        assert self.root is not None
        session, limits = self.session, self.session.limits
        data = read_inside(self.root, path, limits.file_bytes)
        self._bytes += len(data)
        if self._bytes > limits.total_bytes:
            message = f"the files of the compilation have more than {limits.total_bytes:,} bytes together"
            raise Fault("E0718", message, "let the caller raise the limit on bytes")
        try:
            source = read_bytes(data, item.path.value, limits)
        except NNDSLError as error:
            for each in error.diagnostics:
                session.keep(each)
            return None
        syntax, diagnostics = parse(source, limits)
        for each in diagnostics:
            session.keep(each)
        scope = FileScope(session, syntax)
        self.scopes[path] = scope
        self._path.append(path)
        try:
            scope.load(lambda inner: self._import(inner, path.parent))
        finally:
            self._path.pop()
        return scope

    def _check_settings(self, scope: FileScope) -> None:
        """Refuse what an imported file sets otherwise."""
        main = self.session.settings
        for item in scope.syntax.items:
            name = item.name.name if isinstance(item, nodes.Set) else ""
            if name in main and scope.settings.get(name, main[name]) != main[name]:
                message = f'`{name}` is `"{main[name]}"` in the main file, which rules the compilation'
                self.session.report("E0608", message, item.span, help="leave the line out, or set the same")
