"""``nndsl weights``: the keys and shapes of the weights in a file, and other names for them."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from nndsl.cli.common import FAILED, WRONG_USE, add_format
from nndsl.tensor_file import TensorFile, TensorFileError, read_tensor_file, rename_tensors, shown
from nndsl.weight_keys import KeyNameError, folded, renamed

RENAME = "rename"
_HEAD = ("Key", "Shape", "Type", "Numbers")


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = (
        "nndsl weights [-h] [--format {human,json}] FILE\n       nndsl weights rename FILE OLD=NEW [OLD=NEW …]"
    )
    parser.add_argument("file", metavar="FILE", help="a .safetensors file; `rename` gives keys of one other names")
    parser.add_argument(
        "rest", nargs="*", metavar="OLD=NEW", help="a key, or what keys begin with, and its new name; all at once"
    )
    add_format(parser)


def run(options: Namespace) -> int:
    """Print the table, or rename; return 1 for a damaged file or names that do not fit, 2 for wrong use."""
    try:
        if options.file == RENAME and options.rest:
            return _rename(options.rest[0], options.rest[1:], options.format)
        if options.rest:
            return _wrong_use("one FILE is listed; to rename, write `nndsl weights rename FILE OLD=NEW`")
        return _list(options.file, options.format)
    except (TensorFileError, KeyNameError) as error:
        print(f"nndsl: {error}", file=sys.stderr)
        return FAILED


def _wrong_use(message: str) -> int:
    print(f"nndsl: {message}", file=sys.stderr)
    return WRONG_USE


def _list(path: str, format: str) -> int:
    file = read_tensor_file(path)
    print(json.dumps(_data(file)) if format == "json" else _table(file))
    return 0


def _data(file: TensorFile) -> dict[str, object]:
    weights = [{"key": key, "shape": entry.shape, "dtype": entry.word} for key, entry in file.entries.items()]
    return {"weights": weights, "metadata": dict(file.metadata)}


def _table(file: TensorFile) -> str:
    lines = [_HEAD]
    for key, entry in file.entries.items():
        lines.append((shown(key)[1:-1], str(entry.shape), entry.word, f"{entry.count:,}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    texts = [_aligned(line, widths) for line in lines]
    total = sum(entry.count for entry in file.entries.values())
    numbers = f"{len(file.entries):,} weights, {total:,} numbers"
    return "\n".join([rule, texts[0], rule, *texts[1:], rule, numbers])


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    *cells, last = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
    return "  ".join([*cells, last.strip().rjust(widths[-1])])


def _rename(path: str, pairs: list[str], format: str) -> int:
    names: dict[str, str] = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not equals or not old or not new or old in names:
            return _wrong_use(f"{pair!r} is not of the form OLD=NEW" if old not in names else f"{old!r} stands twice")
        names[old] = new
    if not names:
        return _wrong_use("nothing is to be renamed: write `nndsl weights rename FILE OLD=NEW`")
    changes = renamed(list(read_tensor_file(path).entries), names)
    if changes:
        rename_tensors(path, changes)
    if format == "json":
        print(json.dumps({"renamed": changes}))
    else:
        print(
            "\n".join(folded([f"{shown(old)[1:-1]} -> {new}" for old, new in changes.items()])) or "nothing to rename"
        )
    return 0
