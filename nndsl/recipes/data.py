"""Sources of data: files below the folder of the file that names them, opened by training alone."""

from __future__ import annotations

from typing import ClassVar

from nndsl.arguments import ArgumentError, Text, sizes
from nndsl.recipes.base import Recipe, recipe
from nndsl.recipes.fields import Either, RelativePath, Texts, path, rest, text

Names = tuple[tuple[str, str], ...]
"""Pairs of an input's or output's name and what the source calls it."""
Columns = tuple[tuple[str, str | tuple[str, ...]], ...]
"""Pairs of an input's or output's name and a column, or several."""


class Data(Recipe):
    """The base of sources."""

    __slots__ = ()
    kind: ClassVar[str] = "data"


@recipe
class Npz(Data):
    """Arrays of one ``.npz`` file, each given to an input or output by name; read into memory."""

    path: str = path()
    arrays: Names = rest(Text())
    sample_weight: str | None = text(None, optional=True)
    lengths: str | None = text(None, optional=True)


@recipe
class Npy(Data):
    """Files ``.npy``, each given to an input or output by name; memory-mapped."""

    paths: Names = rest(RelativePath())

    def check(self) -> None:
        """At least one."""
        if not self.paths:
            raise ArgumentError(
                "E0301", "`Npy` needs a path for each input and output", 'write `Npy(x="x.npy", y="y.npy")`'
            )


@recipe
class Csv(Data):
    """Columns of a text table with a header, given to inputs and outputs by name."""

    path: str = path()
    columns: Columns = rest(Either((Text(), Texts())))


@recipe
class Parquet(Data):
    """Columns of a Parquet table, given to inputs and outputs by name."""

    path: str = path()
    columns: Columns = rest(Either((Text(), Texts())))


@recipe
class ImageFolder(Data):
    """Images in one folder for each class, brought to a size (height, width)."""

    path: str = path()
    size: tuple[int, int] = sizes(2)
