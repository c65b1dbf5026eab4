"""What an argument of a layer or recipe may be: kinds that read a value of the language, and fields of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass
from typing import Any

from nndsl.dims import Dim

LARGEST_INTEGER = 2**31 - 1


class ArgumentError(Exception):
    """A value that an argument cannot take; whoever binds the argument knows its span.

    ``code`` is E0302 (wrong type), E0303 (out of range) or another of the family; ``message`` reads on from the name of
    the argument: "`units` must be a positive integer, not -1" is made of the message "must be a positive integer".
    """

    def __init__(self, code: str, message: str, help: str = "") -> None:
        self.code = code
        self.message = message
        self.help = help
        super().__init__(message)


class Kind:
    """A kind of argument: ``read`` returns what the field holds for a value, or raises ArgumentError."""

    description: str = "a value"

    def read(self, value: object) -> Any:
        """Return the value as the field holds it."""
        raise NotImplementedError

    def refuse(self, value: object, code: str = "E0302", help: str = "") -> ArgumentError:
        """Return the error that says what the argument takes and what it was given."""
        return ArgumentError(code, f"must be {self.description}, not {describe(value)}", help)


def describe(value: object) -> str:
    """Return a value of the language as a message shows it."""
    if value is None:
        return "`none`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:39] + "…"
        return f'`"{shown}"`'
    if isinstance(value, (int, float, Dim)):
        return f"`{value}`"
    if isinstance(value, (tuple, list)) and all(isinstance(item, (int, float)) for item in value):
        return f"`{value}`"
    described = getattr(value, "described", None)
    if isinstance(described, str):
        return described
    kinds: dict[type, str] = {tuple: "a tuple", list: "a list", dict: "a dict"}
    return kinds.get(type(value), "something else")


@dataclass(frozen=True, slots=True)
class Integer(Kind):
    """A whole number from ``least`` to ``most``; with ``optional`` also none."""

    least: int = 1
    most: int = LARGEST_INTEGER
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        words = {0: "an integer of at least 0", 1: "a positive integer"}.get(
            self.least,
            "an integer" if self.least <= -LARGEST_INTEGER else f"an integer of at least {self.least}",
        )
        return words + (" or `none`" if self.optional else "")

    def read(self, value: object) -> int | None:
        """Return the int; a float of whole value is refused with the spelling that is meant."""
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            whole = isinstance(value, float) and math.isfinite(value) and value == int(value)
            raise self.refuse(value, help=f"write {int(value)}" if whole else "")  # type: ignore[call-overload]
        if value < self.least:
            raise self.refuse(value, "E0303")
        if value > self.most:
            raise ArgumentError("E0303", f"must be at most {self.most:,}, not {value:,}")
        return value


@dataclass(frozen=True, slots=True)
class Size(Kind):
    """A size of a tensor: a positive integer, or a symbolic size."""

    description: str = "a positive integer or a symbolic size"

    def read(self, value: object) -> Any:
        """Return the int or the Dim."""
        return value if isinstance(value, Dim) else Integer().read(value)


@dataclass(frozen=True, slots=True)
class Decimal(Kind):
    """A finite number between two bounds, which are part of the range unless ``open``."""

    least: float = -math.inf
    most: float = math.inf
    open_least: bool = False
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        if self.least == -math.inf:
            words = "a number"
        elif self.most == math.inf:
            words = f"a number above {self.least:g}" if self.open_least else f"a number of at least {self.least:g}"
        else:
            words = f"a number from {self.least:g} to {self.most:g}"
        return words + (" or `none`" if self.optional else "")

    def read(self, value: object) -> float | int | None:
        """Return the number as it was written."""
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.refuse(value)
        if not math.isfinite(value):
            raise ArgumentError("E0303", f"must be a finite number, not {describe(value)}")
        if not self.least <= value <= self.most or (self.open_least and value == self.least):
            raise self.refuse(value, "E0303")
        return value


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """``true`` or ``false``."""

    description: str = "`true` or `false`"

    def read(self, value: object) -> bool:
        """Return the bool."""
        if not isinstance(value, bool):
            raise self.refuse(
                value,
                help={0: "write `false`", 1: "write `true`"}.get(value, "") if isinstance(value, int) else "",
            )
        return value


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of several strings (or none, if None is among the options)."""

    options: tuple[str | None, ...]

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        words = [f'`"{option}"`' if option is not None else "`none`" for option in self.options]
        return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]

    def read(self, value: object) -> str | None:
        """Return the option; case is ignored, as in Keras."""
        if value is None and None in self.options:
            return None
        if isinstance(value, str):
            if value in self.options:
                return value
            if value.lower() in self.options:
                return value.lower()
            from nndsl.suggestions import nearest

            found = nearest(value, [option for option in self.options if option is not None])
            raise self.refuse(value, "E0304", f'did you mean `"{found[0]}"`?' if found else "")
        raise self.refuse(value)


@dataclass(frozen=True, slots=True)
class Sizes(Kind):
    """``count`` whole numbers, or one number for all of them; the field holds the tuple."""

    count: int
    least: int = 1
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        what = "a positive integer" if self.least == 1 else f"an integer of at least {self.least}"
        many = {1: "a tuple of one", 2: "a pair of them", 3: "a triple of them"}[self.count]
        return f"{what} or {many}" + (" or `none`" if self.optional else "")

    def read(self, value: object) -> tuple[int, ...] | None:
        """Return the tuple."""
        if value is None and self.optional:
            return None
        if isinstance(value, (tuple, list)):
            if len(value) != self.count:
                raise self.refuse(value)
            return tuple(self._one(item) for item in value)
        return (self._one(value),) * self.count

    def _one(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            whole = isinstance(value, float) and math.isfinite(value) and value == int(value)
            raise self.refuse(value, help=f"write {int(value)}" if whole else "")  # type: ignore[call-overload]
        if value < self.least or value > LARGEST_INTEGER:
            raise self.refuse(value, "E0303")
        return value


@dataclass(frozen=True, slots=True)
class Axes(Kind):
    """An axis or a tuple of axes, negative ones counted from the end; the field holds what was given."""

    several: bool = False
    optional: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        return (
            "an integer" + (" or a tuple of integers" if self.several else "") + (" or `none`" if self.optional else "")
        )

    def read(self, value: object) -> int | tuple[int, ...] | None:
        """Return the int or the tuple."""
        if value is None and self.optional:
            return None
        items = value if self.several and isinstance(value, (tuple, list)) else (value,)
        for item in items:
            if isinstance(item, bool) or not isinstance(item, int):
                raise self.refuse(value)
        return tuple(items) if isinstance(value, (tuple, list)) else value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A string."""

    optional: bool = False
    description: str = "a string"

    def read(self, value: object) -> str | None:
        """Return the string."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str):
            raise self.refuse(value)
        return value


@dataclass(frozen=True, slots=True)
class Shape(Kind):
    """A tuple of sizes; one of them may be -1 where ``inferred`` allows it."""

    inferred: bool = False

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the argument takes."""
        return "a tuple of positive sizes" + (", of which one may be -1" if self.inferred else "")

    def read(self, value: object) -> tuple[Any, ...]:
        """Return the tuple; one size alone is read as a tuple of one."""
        items = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        for item in items:
            if isinstance(item, Dim) or (self.inferred and item == -1 and type(item) is int):
                continue
            if isinstance(item, bool) or not isinstance(item, int):
                raise self.refuse(value)
            if not 0 < item <= LARGEST_INTEGER:
                raise self.refuse(value, "E0303")
        if sum(1 for item in items if isinstance(item, int) and item == -1) > 1:
            raise ArgumentError("E0303", "may have one -1, since only one size can be inferred")
        return items


@dataclass(frozen=True, slots=True)
class DataFormat(Kind):
    """The place of the channels; none means the file's setting, which the elaborator fills in."""

    description: str = '`"channels_last"`, `"channels_first"` or `none`'

    def read(self, value: object) -> str | None:
        """Return the option."""
        return Choice(("channels_last", "channels_first", None)).read(value)


def argument(kind: Kind, default: Any = MISSING, *, kw_only: bool = False) -> Any:
    """Declare a field of a layer or a recipe: its kind, and its default unless it is required."""
    return dataclasses.field(default=default, metadata={"kind": kind}, kw_only=kw_only)


def kind_of(field: Field[Any]) -> Kind:
    """Return the kind that a field was declared with."""
    kind: Kind = field.metadata["kind"]
    return kind


def parameters(declared: type[Any]) -> tuple[Field[Any], ...]:
    """Return the fields of a layer or recipe that are arguments, in the order of the language."""
    return tuple(field for field in dataclasses.fields(declared) if "kind" in field.metadata)


def is_required(field: Field[Any]) -> bool:
    """Return whether an argument has no default."""
    return field.default is MISSING and field.default_factory is MISSING


def integer(default: Any = MISSING, least: int = 1, *, optional: bool = False) -> Any:
    """Declare a whole number."""
    return argument(Integer(least, optional=optional), default)


def number(
    default: Any = MISSING,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    optional: bool = False,
) -> Any:
    """Declare a number."""
    return argument(Decimal(least, most, optional=optional), default)


def flag(default: Any = MISSING) -> Any:
    """Declare a truth value."""
    return argument(Flag(), default)


def choice(*options: str | None, default: Any = MISSING) -> Any:
    """Declare one of several strings."""
    return argument(Choice(options), default)


def sizes(count: int, default: Any = MISSING, least: int = 1, *, optional: bool = False) -> Any:
    """Declare a tuple of whole numbers, of which one stands for all."""
    return argument(Sizes(count, least, optional), default)


Reader = Callable[[object], Any]
