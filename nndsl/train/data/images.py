"""Images in one folder for each class, read by Pillow and brought to one size."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nndsl.recipes.data import ImageFolder
from nndsl.train.data.array_files import check_memory
from nndsl.train.data.columns import Categories, Given, listed
from nndsl.train.data.demands import Demands
from nndsl.train.data.places import Place, shown
from nndsl.train.errors import TrainingError

SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"))
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read_images(recipe: ImageFolder, demands: Demands, place: Place, known: Categories, targets: bool) -> Given:
    """Return images as bytes from 0 to 255, (N, height, width, channels), and the numbers of their folders, sorted.

    The channels are those of the model's input. Raises TrainingError: E1001 for a folder or image that cannot be read,
    E1004 for more than memory holds, E1005 for a model that has not one image as input and one output, E1007 for no
    images, E1015 without Pillow, E1016 for a folder that training has not seen.
    """
    image, channels = _input(demands)
    folder = place.real(recipe.path)
    classes = _classes(folder, recipe.path, known.get(demands.targets[0].name), targets)
    files = [(file, number) for number, name in enumerate(classes) for file in _files(folder / name, place)]
    origin = shown(recipe.path)
    if not files:
        help = f"there is one folder for each class in it, with {', '.join(sorted(SUFFIXES))} files"
        raise TrainingError("E1007", f"{origin} has no images", help)
    height, width = recipe.size
    check_memory(len(files) * height * width * channels, origin)
    pixels = torch.empty((len(files), height, width, channels), dtype=torch.uint8)
    with ThreadPoolExecutor() as readers:
        for row, read in enumerate(readers.map(lambda item: _read(item[0], (width, height), channels), files)):
            pixels[row] = read
    columns = {image: pixels}
    if not targets:
        return Given(columns, origin=origin)
    name = demands.targets[0].name
    columns[name] = torch.tensor([number for _, number in files])
    called = {image: f"the images in {origin}", name: f"the folders of {origin}"}
    return Given(columns, categories={name: classes}, origin=origin, called=called)


def _input(demands: Demands) -> tuple[str, int]:
    """Return the name of the input and its number of channels."""
    (slot, *others), help = demands.inputs, "other data come from `Npz`, `Npy`, `Csv` or `Parquet`"
    if others or len(demands.targets) != 1:
        message = "`ImageFolder` is for a model with one input and one output"
        raise TrainingError("E1005", message, help)
    channels = slot.shape[-1] if slot.shape else None
    if len(slot.shape) != 3 or not isinstance(channels, int) or channels not in _MODES:
        shape = ", ".join(map(str, slot.shape))
        message = f"`ImageFolder` is for an input (height, width, channels), and {slot.called} takes ({shape})"
        raise TrainingError("E1010", message, "declare it as `(height, width, 3)`, or 1 for grey")
    return slot.name, channels


def _classes(folder: Path, path: str, known: tuple[str, ...] | None, targets: bool) -> tuple[str, ...]:
    try:
        found = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise TrainingError("E1001", f"the folder {shown(path)} cannot be read: {reason}") from None
    if known is None or not targets:
        return tuple(found)
    strange = [name for name in found if name not in known]
    if strange:
        message = f"{shown(path)} has the folders {listed(strange)}, which training has not seen"
        raise TrainingError("E1016", message, f"it has seen {listed(known)}")
    return known


def _files(folder: Path, place: Place) -> list[Path]:
    """Return the images of a folder, in the order of their names; links are left out where a root is to be kept."""
    if not folder.is_dir():
        return []
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    follow = place.root is None
    return [
        Path(entry.path)
        for entry in entries
        if entry.is_file(follow_symlinks=follow) and Path(entry.name).suffix.lower() in SUFFIXES
    ]


def _read(file: Path, size: tuple[int, int], channels: int) -> Tensor:
    try:
        from PIL import Image
    except ModuleNotFoundError:
        message = "reading images needs Pillow, which is not installed"
        raise TrainingError("E1015", message, "pip install 'nndsl[images]'") from None
    try:
        with Image.open(file) as opened:
            # Without this a JPEG is decoded at its full size, however small the result.
            opened.draft(_MODES[channels], size)
            image: Any = opened.convert(_MODES[channels]).resize(size, Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        message = f"the image {shown(file.name)} in {shown(file.parent.name)} cannot be read: {error}"
        raise TrainingError("E1001", message, "repair it, or leave it out") from None
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).reshape(size[1], size[0], channels)
