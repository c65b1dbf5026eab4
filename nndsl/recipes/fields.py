"""Kinds of arguments that recipes alone have."""

from __future__ import annotations

import dataclasses
import math
import posixpath
import re
from dataclasses import MISSING, dataclass
from typing import Any

from nndsl.arguments import ArgumentError, Choice, Decimal, Flag, Integer, Kind, Text, argument, describe
from nndsl.recipes.base import Recipe, RecipeKind

DTYPES = ("float32", "float16", "bfloat16", "float64", "mixed_bfloat16", "mixed_float16", None)
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


@dataclass(frozen=True, slots=True)
class Numbers(Kind):
    """A list of numbers between two bounds; with ``single`` one number is a list of one."""

    least: float = -math.inf
    most: float = math.inf
    single: bool = False
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        item = "numbers" if self.least == -math.inf else f"numbers from {self.least:g} to {self.most:g}"
        one = "a number or " if self.single else ""
        return f"{one}a list of {item}" + (" or `none`" if self.optional else "")

    def read(self, value: object) -> tuple[float, ...] | None:
        """Return the numbers as a tuple."""
        if value is None and self.optional:
            return None
        items = value if isinstance(value, (list, tuple)) else [value] if self.single else None
        if not items:
            raise self.refuse(value)
        for item in items:
            if isinstance(item, bool) or not isinstance(item, (int, float)) or not math.isfinite(item):
                raise self.refuse(value)
            if not self.least <= item <= self.most:
                raise self.refuse(value, "E0303")
        return tuple(items)


@dataclass(frozen=True, slots=True)
class Integers(Kind):
    """A list of whole numbers of at least ``least``."""

    least: int = 0
    single: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        return ("an integer or " if self.single else "") + f"a list of integers of at least {self.least}"

    def read(self, value: object) -> tuple[int, ...]:
        """Return the integers as a tuple."""
        items = value if isinstance(value, (list, tuple)) else [value] if self.single else None
        if not items or any(isinstance(item, bool) or not isinstance(item, int) for item in items):
            raise self.refuse(value)
        if min(items) < self.least:
            raise self.refuse(value, "E0303")
        return tuple(items)


@dataclass(frozen=True, slots=True)
class Texts(Kind):
    """A list of strings."""

    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        return "a list of strings" + (" or `none`" if self.optional else "")

    def read(self, value: object) -> tuple[str, ...] | None:
        """Return the strings as a tuple."""
        if value is None and self.optional:
            return None
        if not isinstance(value, (list, tuple)) or not value or not all(isinstance(item, str) for item in value):
            raise self.refuse(value)
        return tuple(value)


@dataclass(frozen=True, slots=True)
class Either(Kind):
    """What one of several kinds takes; the error is that of the kind whose type the value has."""

    kinds: tuple[Kind, ...]

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        return " or ".join(kind.description for kind in self.kinds)

    def read(self, value: object) -> Any:
        """Return what the first kind makes of the value that takes it."""
        for kind in self.kinds:
            try:
                return kind.read(value)
            except ArgumentError as error:
                if error.code != "E0302":
                    raise
        raise self.refuse(value)


class LearningRate(Kind):
    """A rate of at least 0, or a schedule."""

    description = "a number of at least 0 or a schedule such as `CosineDecay(1e-3, 1000)`"

    def read(self, value: object) -> float | Recipe:
        """Return the number or the schedule."""
        if isinstance(value, (int, float)):
            rate = Decimal(0).read(value)
            assert rate is not None
            return rate
        if getattr(value, "described", None) is None:
            raise self.refuse(value)
        schedule = RecipeKind("schedule").read(value)
        assert schedule is not None
        return schedule


@dataclass(frozen=True, slots=True)
class RelativePath(Kind):
    """A path under the folder of the file that names it; judged by its text alone, nothing is opened."""

    optional: bool = False
    description: str = "a path below the folder of this file"

    def read(self, value: object) -> str | None:
        """Return the path in normal form; E0302 for what is no string, E0610 for a path that leads elsewhere."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str):
            raise self.refuse(value)
        problem = path_problem(value)
        if problem:
            help = "a path in a file stays below its folder; a path from the command line may be anywhere"
            raise ArgumentError("E0610", f"must be {self.description}: {describe(value)} {problem}", help)
        return posixpath.normpath(value)


def path_problem(path: str) -> str:
    """Return why a path does not stay below the folder that it is relative to, or nothing."""
    if not path.strip() or posixpath.normpath(path) == ".":
        return "names no file"
    if re.search(r"[\x00-\x1f\x7f]", path):
        return "has a control character"
    if "\\" in path:
        return "has a backslash: write `/`"
    if path.startswith("/"):
        return "is absolute"
    if path.startswith("~") or "$" in path:
        return "would be expanded by a shell"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path):
        return "has a drive or a protocol"
    return "leaves the folder" if posixpath.normpath(path).split("/")[0] == ".." else ""


def text(default: Any = MISSING, *, optional: bool = False) -> Any:
    """Declare a string."""
    return argument(Text(optional=optional), default)


def name(default: str | None) -> Any:
    """Declare the name of a recipe, which history and logs show."""
    return argument(Text(optional=True), default)


def dtype() -> Any:
    """Declare the dtype in which a loss or metric is computed."""
    return argument(Choice(DTYPES), None)


def reduction() -> Any:
    """Declare how a loss's values become one."""
    return argument(Choice(REDUCTIONS), "sum_over_batch_size")


def fraction(default: Any = MISSING, *, optional: bool = False) -> Any:
    """Declare a number from 0 to 1."""
    return argument(Decimal(0, 1, optional=optional), default)


def positive(default: Any = MISSING, *, optional: bool = False) -> Any:
    """Declare a number above 0."""
    return argument(Decimal(0, open_least=True, optional=optional), default)


def axis(default: int) -> Any:
    """Declare one axis."""
    return argument(Integer(-(2**31 - 1)), default)


def rest(kind: Kind) -> Any:
    """Declare the field that collects all other keywords: pairs of a name and what ``kind`` reads."""
    return dataclasses.field(default=(), metadata={"rest": kind})


def path(default: Any = MISSING) -> Any:
    """Declare a path below the folder of the file."""
    return argument(RelativePath(), default)


def save_frequency() -> Any:
    """Declare how often a callback saves: each epoch, or after so many batches."""
    return argument(Either((Integer(1), Choice(("epoch",)))), "epoch")


def switch(default: bool) -> Any:
    """Declare Keras's ``verbose``: 0 or 1."""
    return argument(Either((Integer(0, 1), Flag())), int(default))
