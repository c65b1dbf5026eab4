"""Data on the command line: ``--data PATH [NAME=…]``, a file by its suffix and what in it is which input or output."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nndsl.recipes.base import Recipe

FORMS = "digits.npz [x=images y=labels], x=images.npy y=labels.npy, table.csv x=age,size y=price, folder size=64,64"


def add_data(parser: ArgumentParser, name: str = "--data", what: str = "data") -> None:
    """Add ``--data PATH [NAME=…]``."""
    parser.add_argument(name, nargs="+", metavar="PATH|NAME=…", help=f"{what}: {FORMS}")


def data_of(words: Sequence[str] | None) -> str | Recipe | None:
    """Return what words of ``--data`` stand for: a path alone, or a recipe; None for none.

    Raises ArgumentTypeError for words that make no sense together.
    """
    if not words:
        return None
    from nndsl.recipes.data import Csv, ImageFolder, Npy, Npz, Parquet

    pairs: dict[str, str] = {}
    paths = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.isidentifier() and not Path(word).exists():
            if name in pairs:
                raise ArgumentTypeError(f"`{name}` stands twice in the data")
            pairs[name] = value
        else:
            paths.append(word)
    if len(paths) > 1:
        raise ArgumentTypeError(f"the data are one file, or NAME=FILE.npy for each input and output, not {paths}")
    if not paths:
        if any(not value.lower().endswith(".npy") for value in pairs.values()):
            raise ArgumentTypeError("without a path before them, data are NAME=FILE.npy for each input and output")
        return Npy(tuple(pairs.items()))
    path, suffix = paths[0], Path(paths[0]).suffix.lower()
    if not pairs:
        return path
    if suffix == ".npz":
        others = {name: pairs.pop(name, None) for name in ("sample_weight", "lengths")}
        return Npz(path, tuple(pairs.items()), **others)
    if suffix in (".csv", ".parquet"):
        columns = tuple((name, tuple(value.split(",")) if "," in value else value) for name, value in pairs.items())
        return (Csv if suffix == ".csv" else Parquet)(path, columns)
    if Path(path).is_dir() and pairs.keys() == {"size"}:
        height, _, width = pairs["size"].partition(",")
        if not (height.isdecimal() and width.isdecimal()):
            raise ArgumentTypeError(f"{pairs['size']!r} is no size of images: write `size=64,64`")
        return ImageFolder(path, (int(height), int(width)))
    raise ArgumentTypeError(f"{path!r} has no parts with names; forms are {FORMS}")
