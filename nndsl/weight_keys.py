"""Keys of weights: how a file's differ from a model's, which of them a pattern takes, and how they are renamed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from nndsl.suggestions import nearest

MOST_SHOWN = 10
"""How many differences of a kind are written out."""
_KEY = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")

Shapes = Mapping[str, tuple[int, ...]]


class KeyNameError(ValueError):
    """A pattern or a new name that fits no key; ``help`` says what may have been meant."""

    def __init__(self, message: str, help: str = "") -> None:
        self.message = message
        self.help = help
        super().__init__(f"{message}\nhelp: {help}" if help else message)


def differences(wanted: Shapes, found: Shapes) -> list[str]:
    """Return, a line each, how the keys and shapes of a file differ from those that a model has."""
    missing = [key for key in wanted if key not in found]
    unknown = [key for key in found if key not in wanted]
    lines = []
    for key in missing:
        near = nearest(key, unknown, 1)
        lines.append(f"missing: {key}" + (f" (the file has {near[0]})" if near else ""))
    shapes = [
        f"{key} is {found[key]}, and should be {wanted[key]}"
        for key in wanted
        if key in found and found[key] != wanted[key]
    ]
    return [*folded(lines), *folded([f"unknown: {key}" for key in unknown]), *folded(shapes)]


def folded(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and the number of the rest."""
    if len(lines) <= MOST_SHOWN + 1:
        return list(lines)
    return [*lines[:MOST_SHOWN], f"… and {len(lines) - MOST_SHOWN:,} more like these"]


def likely_renames(wanted: Shapes, found: Shapes) -> dict[str, str]:
    """Return new names for prefixes of a file's keys by which all that a model misses would be there, or nothing.

    Keys are taken for one another if they end alike and have equal shapes.
    """
    unknown = [key for key in found if key not in wanted]
    missing = [key for key in wanted if key not in found]
    renames: dict[str, str] = {}
    left = set(missing)
    while left:
        votes = Counter(
            prefixes for new in left for old in unknown if found[old] == wanted[new] for prefixes in _prefixes(old, new)
        )
        if not votes or len(unknown) * len(missing) > 250_000:
            return {}
        (old, new), _ = max(votes.items(), key=lambda item: (item[1], item[0]))
        renames[old] = new
        done = {new + key.removeprefix(old) for key in unknown if _is_under(key, old)}
        unknown = [key for key in unknown if not _is_under(key, old)]
        left -= done
    return renames if not unknown else {}


def _prefixes(old: str, new: str) -> list[tuple[str, str]]:
    """Return the shortest prefixes by which one key becomes the other; none if their last parts differ."""
    before, behind = old.split("."), new.split(".")
    if before[-1] != behind[-1]:
        return []
    while len(before) > 1 and len(behind) > 1 and before[-1] == behind[-1]:
        before.pop()
        behind.pop()
    return [(".".join(before), ".".join(behind))]


def _is_under(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith(prefix + ".")


def matching(keys: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Return the keys that a pattern matches; ``*`` stands for anything."""
    return [key for key in keys if any(fnmatchcase(key, pattern) for pattern in patterns)]


def chosen(keys: Collection[str], patterns: Sequence[str]) -> list[str]:
    """Return the keys of a model that a pattern matches. Raises KeyNameError for a pattern that matches none."""
    if not patterns:
        raise KeyNameError("no pattern is given for the weights to take")
    for pattern in patterns:
        if not matching(keys, (pattern,)):
            near = nearest(pattern.removesuffix(".*"), _names(keys))
            help = f"did you mean {near[0]}{'.*' if pattern.endswith('.*') else ''}?" if near else ""
            raise KeyNameError(f"no weight of the model matches {pattern!r}", help)
    return matching(keys, patterns)


def _names(keys: Iterable[str]) -> list[str]:
    """Return all keys and what they begin with."""
    names: dict[str, None] = {}
    for key in keys:
        parts = key.split(".")
        names.update(dict.fromkeys(".".join(parts[:count]) for count in range(1, len(parts) + 1)))
    return list(names)


def renamed(keys: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the new name of each key that gets one; ``names`` has new names for keys, or for what they begin with.

    The longest one that fits a key counts, and all are exchanged at once. Raises KeyNameError for names that no key
    has, that cannot be keys, or that two would have.
    """
    for old, new in names.items():
        if not any(_is_under(key, old) for key in keys):
            near = nearest(old, _names(keys))
            help = f"did you mean {', '.join(near)}?" if near else "`nndsl weights FILE` lists the keys"
            raise KeyNameError(f"no key is {old!r}, or begins so", help)
        if not _KEY.fullmatch(new):
            raise KeyNameError(f"{new!r} cannot be a key", "a key has letters, digits and `_`, and dots between")
    changes: dict[str, str] = {}
    owners: dict[str, str] = {}
    for key in keys:
        under = [old for old in names if _is_under(key, old)]
        old = max(under, key=len) if under else ""
        new = names[old] + key.removeprefix(old) if under else key
        if new in owners:
            message = f"{owners[new]} and {key} would both be {new}"
            raise KeyNameError(message, "rename the other one too, or take another name")
        owners[new] = key
        if new != key:
            changes[key] = new
    return changes
