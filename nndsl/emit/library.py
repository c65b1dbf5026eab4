"""Helpers that emitted sources carry along: functions and classes of ``helpers/``, pasted in as they stand."""

from __future__ import annotations

import re
from importlib.resources import files

_OTHER = re.compile(r"^from nndsl\.emit\.helpers\.\w+ import (\w+)$", re.MULTILINE)

NAMES = frozenset(entry.name.removesuffix(".py") for entry in files("nndsl.emit").joinpath("helpers").iterdir())
"""The names of all helpers: no class of a source has one of them, whatever helpers it needs."""


class Library:
    """The helpers of one source, each once, those that another needs before it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self.imports: dict[str, None] = {}

    def add(self, name: str) -> str:
        """Put a helper into the source, and return its name."""
        if name not in self._texts:
            text = (files("nndsl.emit") / "helpers" / f"{name}.py").read_text(encoding="utf-8")
            for other in _OTHER.findall(text):
                self.add(other)
            start = re.search(r"^(@|def |class )", text, re.MULTILINE)
            assert start is not None
            head = text[: start.start()]
            for line in head.splitlines():
                if line.startswith(("import ", "from ")) and not line.startswith(("from nndsl", "from __future__")):
                    self.imports[line] = None
            self._texts[name] = text[start.start() :].rstrip()
        return name

    def texts(self) -> list[str]:
        """Return the helpers' texts."""
        return list(self._texts.values())
