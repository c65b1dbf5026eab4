"""Shorter texts that fail as a long one does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_LINK = re.compile(r" -> \w+\([^()]*\)")


def shrunk(text: str, fails: Callable[[str], bool]) -> str:
    """Return a text that still fails, from which no run of lines and no simple link can be left out."""
    going = True
    while going:
        going = False
        for shorter in _shorter(text):
            if fails(shorter):
                text, going = shorter, True
                break
    return text


def _shorter(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    count = len(lines)
    while count:
        for start in range(len(lines) - count + 1):
            yield "".join(lines[:start] + lines[start + count :])
        count = count * 2 // 3
    for link in _LINK.finditer(text):
        yield text[: link.start()] + text[link.end() :]
