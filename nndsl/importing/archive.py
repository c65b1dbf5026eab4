"""Files of Keras: a ``.keras`` archive, whose weights are brought over too, or a ``config.json``.

A file may come from anywhere. Sizes are looked at before anything is read, no name in it becomes a path, nothing is
unpacked to disk, and of HDF5 only plain data sets in the file itself are read, once their shapes are those expected.
"""

from __future__ import annotations

import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nndsl.importing.config import read_json
from nndsl.importing.recorded import ImportRefused, LayerRecord, ModelRecord
from nndsl.importing.values import layers_in
from nndsl.recipes.strings import snake_case

if TYPE_CHECKING:
    from nndsl.importing.weights import Path as LayerPath
    from nndsl.importing.weights import Variable

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
_LARGEST_CONFIG = 64_000_000
_LARGEST_COMPRESSED = 2_000_000_000
_MOST_MEMBERS = 10_000
_PARTS = (
    *("layer", "forward_layer", "backward_layer", "cell", "cells"),
    *("query_dense", "_query_dense", "key_dense", "_key_dense", "_gate_dense"),
    *("value_dense", "_value_dense", "output_dense", "_output_dense"),
)
"""The attributes of Keras's layers that hold layers with weights, in the order of the variables."""

_CLASSES = {"GroupQueryAttention": "GroupedQueryAttention"}
"""The classes of Keras that have another name inside of it."""


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive, as ``.keras`` files are."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def read_file(path: Path) -> ModelRecord:
    """Return the model of a ``.keras`` file or of a ``config.json``. Raises ImportRefused, and OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ImportRefused(f"`{path.name}` is not a regular file")
    if is_archive(path):
        with _archive(path) as archive:
            return read_json(_member(archive, CONFIG, _LARGEST_CONFIG).read())
    if path.stat().st_size > _LARGEST_CONFIG:
        raise ImportRefused(f"`{path.name}` is larger than the configuration of any model")
    return read_json(path.read_bytes())


@contextmanager
def open_weights(path: Path, record: ModelRecord) -> Iterator[Callable[[LayerPath], Sequence[Variable]]]:
    """Open the weights of a ``.keras`` file: what is given returns the variables of a layer.

    Raises ImportRefused if there are none, and ModuleNotFoundError without h5py.
    """
    try:
        import h5py
    except ModuleNotFoundError as error:
        message = "the weights of a .keras file need h5py, which is not installed: pip install 'nndsl[keras]'"
        raise ModuleNotFoundError(message, name="h5py") from error
    with _archive(path) as archive, _member(archive, WEIGHTS, _LARGEST_COMPRESSED) as member:
        try:
            with h5py.File(member, "r") as file:
                yield lambda layer: _variables(file, record, layer)
        except OSError as error:
            raise ImportRefused(f"the weights in `{path.name}` are damaged: {error}") from error


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > _MOST_MEMBERS:
                raise ImportRefused(f"`{path.name}` has more files in it than any model")
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ImportRefused(f"`{path.name}` is a damaged archive: {error}") from error


def _member(archive: zipfile.ZipFile, name: str, largest: int) -> IO[bytes]:
    """Open a file of an archive: as it lies there, or unpacked in memory if it is compressed and not too large."""
    try:
        found = archive.getinfo(name)
    except KeyError:
        raise ImportRefused(f"the archive has no `{name}`, so this is no model of Keras 3") from None
    if found.flag_bits & 1:
        raise ImportRefused(f"`{name}` is encrypted")
    if found.compress_type == zipfile.ZIP_STORED and name == WEIGHTS:
        return archive.open(found)
    if found.file_size > largest:
        raise ImportRefused(f"`{name}` would have {found.file_size:,} bytes, more than {largest:,}")
    with archive.open(found) as member:
        held = member.read(largest + 1)  # a header may say less than there is
    if len(held) > largest:
        raise ImportRefused(f"`{name}` has more than {largest:,} bytes")
    return BytesIO(held)


def _variables(file: Any, record: ModelRecord, path: LayerPath) -> list[Variable]:
    group, layer = file, None
    for key in path:
        model = record if layer is None else _model_in(layer)
        group = _group(_inside(group, layer), "layers")
        layer, place = _find(model, key)
        group = _group(group, place)
    assert layer is not None
    return list(_held(group, layer))


def _inside(group: Any, layer: LayerRecord | None) -> Any:
    """Return the group of the model that a layer is, or that is in its wrappers."""
    while layer is not None and layer.model is None:
        (layer,) = layers_in(layer.arguments)
        group = _group(group, "layer")
    return group


def _model_in(layer: LayerRecord) -> ModelRecord:
    while layer.model is None:
        (layer,) = layers_in(layer.arguments)
    return layer.model


def _find(model: ModelRecord, key: str) -> tuple[LayerRecord, str]:
    """Return a layer and the name of its group: its class, numbered, since names may differ from run to run."""
    layers = [layer for layer in model.layers if not layer.kind.startswith("ops.")]
    names = _numbered([layer.kind for layer in layers])
    return next((layer, name) for layer, name in zip(layers, names, strict=True) if layer.key == key)


def _numbered(kinds: Sequence[str]) -> list[str]:
    counts: Counter[str] = Counter()
    found = []
    for kind in (snake_case(_CLASSES.get(kind, kind)) for kind in kinds):
        found.append(f"{kind}_{counts[kind]}" if counts[kind] else kind)
        counts[kind] += 1
    return found


def _held(group: Any, layer: LayerRecord | None) -> Iterator[Variable]:
    """Yield the variables of a group, then those of the parts of its layer."""
    own = _part(group, "vars")
    for number in range(len(own) if own is not None else 0):
        yield _variable(own, str(number))
    for part in _PARTS:
        inner = _part(group, part)
        if inner is None:
            continue
        if part != "cells":
            yield from _held(inner, _argument(layer, part))
            continue
        cells = layers_in(layer.arguments) if layer is not None else []
        for name, cell in zip(_numbered([cell.kind for cell in cells]), cells, strict=True):
            yield from _held(_group(inner, name), cell)


def _argument(layer: LayerRecord | None, name: str) -> LayerRecord | None:
    found: Mapping[str, Any] = layer.arguments if layer is not None else {}
    inner = found.get({"forward_layer": "layer"}.get(name, name))
    return inner if isinstance(inner, LayerRecord) else None


def _group(group: Any, name: str) -> Any:
    found = _part(group, name)
    if found is None:
        raise ImportRefused(f"the file has no weights under `{group.name.strip('/')}/{name}`")
    return found


def _part(group: Any, name: str) -> Any:
    """Return what lies under a name in the file itself: links lead elsewhere, into other files too."""
    import h5py

    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise ImportRefused(f"`{group.name}/{name}` is a link, which no file of Keras has")
    return group[name]


def _variable(group: Any, name: str) -> Variable:
    import h5py

    from nndsl.importing.weights import Variable

    found = _part(group, name)
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external or found.dtype.kind not in "fiub":
        raise ImportRefused(f"`{group.name}/{name}` is no plain array of numbers")

    def read() -> Any:
        import numpy
        import torch

        value = torch.from_numpy(numpy.asarray(found[()]))
        return value.view(torch.bfloat16) if found.attrs.get("dtype") == "bfloat16" else value

    return Variable(tuple(found.shape), read)
