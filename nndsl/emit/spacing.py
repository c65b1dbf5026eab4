"""The spaces that ``ruff format`` wants round ``**`` and in slices: they depend on what stands beside them."""

from __future__ import annotations

import re
from itertools import pairwise

_STRING = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_NAME = r"[A-Za-z_]\w*(?:\.\w+)*"
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_POWER = re.compile(rf"(?<![\w.)\]])({_NAME}|{_NUMBER}) \*\* (-?(?:{_NAME}|{_NUMBER}))(?![\w.(\[])")
_SIMPLE = re.compile(rf"-?(?:[A-Za-z_]\w*|{_NUMBER})|")


def spaced(text: str) -> str:
    """Return a statement with its powers of simple operands closed up, and its slices of expressions opened."""
    if "**" not in text and ":" not in text:
        return text
    parts = _STRING.split(text)
    parts[::2] = [_slices(_POWER.sub(r"\1**\2", part)) for part in parts[::2]]
    return "".join(parts)


def _slices(text: str) -> str:
    """Return code with all its slices spaced, those inside of others too."""
    pieces: list[str] = []
    start = 0
    for match in re.finditer(r"(?<=[\w\])])\[", text):
        if match.start() < start:
            continue
        end = _closing(text, match.start())
        if end is None:
            break
        inner = _slices(text[match.end() : end])
        pieces += [text[start : match.end()], ", ".join(_index(item) for item in _split(inner, ", "))]
        start = end
    return "".join([*pieces, text[start:]])


def _index(item: str) -> str:
    parts = [part.strip() for part in _split(item, ":")]
    if len(parts) == 1 or all(_SIMPLE.fullmatch(part) for part in parts):
        return item
    written = parts[0]
    for before, part in pairwise(parts):
        written += (" :" if before else ":") + (f" {part}" if part else "")
    return written


def _closing(text: str, start: int) -> int | None:
    """Return the place of what closes a bracket."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if not depth:
            return place
    return None


def _split(text: str, separator: str) -> list[str]:
    """Split code at the separators that stand in no bracket."""
    parts, start, depth = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if not depth and text.startswith(separator, place):
            parts.append(text[start:place])
            start = place + len(separator)
    return [*parts, text[start:]]
