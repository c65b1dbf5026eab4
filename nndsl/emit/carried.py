"""Which value a loop carries from turn to turn: what the first turn reads by another name than the others do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nndsl.emit.forward import ATTRIBUTE, ATTRIBUTE_END

_TOKEN = re.compile(f"{ATTRIBUTE}[^{ATTRIBUTE_END}]*{ATTRIBUTE_END}")
_PART = re.compile(r"\w+|\W")
_TARGETS = re.compile(r"(?:for )?((?:\w+, )*\w+)(?: = | in )")
_ALIAS = re.compile(r"([A-Za-z_]\w*) = ([A-Za-z_]\w*)")

Line = tuple[str, int]
"""The text of a line, and its level of indentation."""


def carried(first: Sequence[Line], then: Sequence[Line]) -> tuple[str, str] | None:
    """Return the name that the first turn alone reads, and the name that stands for it in the second, if that is all.

    Then the first turn may begin as the second does, if before the loop the second name is given the value of the
    first. That name must be bound in the turn, behind all that reads the first one, and not be read before.
    """
    if len(first) != len(then):
        return None
    pairs: set[tuple[str, str]] = set()
    last_read = -1
    for index, ((text, level), (twin, level_of_twin)) in enumerate(zip(first, then, strict=True)):
        if level != level_of_twin or _TOKEN.findall(text) != _TOKEN.findall(twin) or _bound(text) != _bound(twin):
            return None
        parts, parts_of_twin = _read(text), _read(twin)
        if len(parts) != len(parts_of_twin):
            return None
        found = {pair for pair in zip(parts, parts_of_twin, strict=True) if pair[0] != pair[1]}
        if found:
            if level:
                return None
            pairs |= found
            last_read = index
    if len(pairs) != 1:
        return None
    (old, new) = pairs.pop()
    binding = next((index for index, (text, _) in enumerate(first) if new in _bound(text)), -1)
    if not (old.isidentifier() and new.isidentifier()) or binding < last_read or first[binding][1]:
        return None
    if any(old in _bound(text) for text, _ in first) or any(new in _read(text) for text, _ in first[: binding + 1]):
        return None
    return old, new


def aliases(text: str) -> tuple[str, str] | None:
    """Return the two names of a line ``y = x``, or None."""
    match = _ALIAS.fullmatch(text)
    return (match[1], match[2]) if match else None


def reads(text: str, name: str) -> bool:
    """Return whether a line reads or binds a name."""
    return name in _PART.findall(_TOKEN.sub("", text))


def _bound(text: str) -> list[str]:
    """Return the names that a line binds."""
    match = _TARGETS.match(text)
    return match[1].split(", ") if match else []


def _read(text: str) -> list[str]:
    """Return the words and signs of a line behind the names that it binds."""
    match = _TARGETS.match(text)
    return _PART.findall(_TOKEN.sub("", text[match.end() :] if match else text))
