"""Arrays of one ``.npz`` file, read into memory once their sizes are known."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

import numpy as np

from nndsl.recipes.data import Npz
from nndsl.suggestions import suggest
from nndsl.train.data.array_files import Header, check_memory, read_header
from nndsl.train.data.columns import Categories, Given, listed
from nndsl.train.data.demands import Demands
from nndsl.train.data.named import named
from nndsl.train.data.places import Place, shown
from nndsl.train.errors import TrainingError

RATIO = 1100
"""What the bytes of an archive can hold at most: DEFLATE packs 1,032 bytes into one."""
_PIECE = 2**24


def read_npz(recipe: Npz, demands: Demands, place: Place, known: Categories, targets: bool) -> Given:
    """Return the arrays that a recipe names; without names, those that are called like inputs and outputs.

    Raises TrainingError: E1001 for a file that is none or is damaged, E1003 for pickled objects, E1004 for what is
    larger than memory (nothing is allocated), E1005 for a name that is not there.
    """
    origin = shown(recipe.path)
    with place.open(recipe.path) as handle:
        try:
            with zipfile.ZipFile(handle) as archive:
                members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
                wanted = _wanted(recipe, demands, members, origin, targets)
                headers = {key: _header(archive, members[key], origin) for key in dict.fromkeys(wanted.values())}
                check_memory(sum(header.size for header in headers.values()), origin)
                arrays = {key: _read(archive, members[key], header, origin) for key, header in headers.items()}
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, zlib.error) as error:
            message = f"{origin} is no `.npz` file, or a damaged one: {error}"
            raise TrainingError("E1001", message, "`numpy.savez_compressed` writes such files") from None
    values = {name: arrays[key] for name, key in wanted.items()}
    return named(values, demands, known, origin, {name: f"{shown(key)} in {origin}" for name, key in wanted.items()})


def _wanted(recipe: Npz, demands: Demands, members: Mapping[str, Any], origin: str, targets: bool) -> dict[str, str]:
    """Return the keys of the archive by the names of inputs, outputs, ``sample_weight`` and ``lengths``."""
    slots = [slot.name for slot in demands.inputs] + [slot.name for slot in demands.targets if targets]
    wanted = dict(recipe.arrays) or {name: name for name in slots if name in members}
    inputs = {slot.name for slot in demands.inputs}
    if not targets:
        wanted = {name: key for name, key in wanted.items() if name in inputs}
    elif recipe.sample_weight is not None:
        wanted["sample_weight"] = recipe.sample_weight
    if recipe.lengths is not None:
        wanted["lengths"] = recipe.lengths
    for key in wanted.values():
        if key not in members:
            help = suggest(key, members, "value") or f"it has {listed(members)}" if members else "it is empty"
            raise TrainingError("E1005", f"{origin} has no array {shown(key)}", help)
    if not wanted:
        have = f"it has {listed(members)}" if members else "it is empty"
        help = f'{have}; say which is which: `Npz("{recipe.path}", {slots[0]}="…")`'
        raise TrainingError("E1005", f"{origin} has no array that is called like an input or output", help)
    return wanted


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, origin: str) -> Header:
    """Return the header of a member, if its array is just what the member can hold."""
    called = f"{shown(member.filename.removesuffix('.npy'))} in {origin}"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        message = f"{called} is compressed in a way that NumPy does not write"
        raise TrainingError("E1001", message, "`numpy.savez_compressed` writes such files")
    with archive.open(member) as handle:
        header = read_header(cast(BinaryIO, handle), called)
    if header.start + header.size != member.file_size or header.size > RATIO * (member.compress_size + 1):
        check_memory(header.size, called)
        message = f"{called} says that it has the shape {header.shape}, and its bytes are not as many"
        raise TrainingError("E1001", message, "the file is damaged")
    return header


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, header: Header, origin: str) -> np.ndarray[Any, Any]:
    array = np.empty(header.size, np.uint8)
    with archive.open(member) as handle:
        handle.read(header.start)
        place = 0
        while piece := handle.read(_PIECE):
            array[place : place + len(piece)] = np.frombuffer(piece, np.uint8)
            place += len(piece)
    if place != header.size:
        raise TrainingError("E1001", f"{shown(member.filename)} in {origin} is cut off", "the file is damaged")
    return array.view(header.dtype).reshape(header.shape, order="F" if header.is_fortran else "C")
