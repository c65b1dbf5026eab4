"""Files of Keras on the command line, weights included, and what must not hurt."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import nndsl
from nndsl.cli.main import main
from nndsl.compiler import compile
from nndsl.importing.archive import open_weights, read_file
from nndsl.importing.recorded import ImportRefused
from nndsl.importing.weights import state_of
from nndsl.importing.writing import write
from tests.importing.compare import compare, scramble
from tests.importing.models import MODELS, keras, layers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SAVED = ("residual", "siamese", "states", "wrappers", "cells", "normalized", "attention", "augmented", "dicts", "named")


def saved(name: str, folder: Path) -> tuple[keras.Model, Path]:
    """Return a model and the file that Keras saved it in."""
    model = MODELS[name]()
    scramble(model)
    path = folder / f"{name}.keras"
    model.save(path)
    return model, path


@pytest.mark.parametrize("name", SAVED)
def test_import_on_the_command_line(name: str, tmp_path: Path) -> None:
    model, path = saved(name, tmp_path)
    text, weights = tmp_path / "model.nn", tmp_path / "model.safetensors"
    assert main(["import", str(path), "-o", str(text), "--weights", str(weights)]) == 0
    names = [each.name.name for each in nndsl.parse(text).items if hasattr(each, "parameters")]
    module = nndsl.load(text, weights, model=names[-1])
    compare(model, compile(text, names[-1]), module, training=False)


@pytest.mark.parametrize("name", MODELS)
def test_archive_and_live_model_agree(name: str, tmp_path: Path) -> None:
    model, path = saved(name, tmp_path)
    record = read_file(path)
    written = write(record)
    live = nndsl.from_keras(model)
    assert written.text == live.text
    with open_weights(path, record) as variables:
        state = state_of(compile(written.text, written.model), written, variables)
    assert state.keys() == live.weights.keys()
    assert all(torch.equal(state[key], live.weights[key]) for key in state)


def test_prints_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text(MODELS["sequential"]().to_json())
    assert main(["import", str(path)]) == 0
    assert capsys.readouterr().out == (Path(__file__).parent / "texts" / "sequential.nn").read_text()


def test_a_configuration_has_no_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text(MODELS["sequential"]().to_json())
    assert main(["import", str(path), "--weights", str(tmp_path / "w.safetensors")]) == 2
    assert "has no weights" in capsys.readouterr().err


def test_weights_need_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, path = saved("unnamed_shape", tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert main(["import", str(path)]) == 0
    assert main(["import", str(path), "--weights", str(tmp_path / "w.safetensors")]) == 2
    assert "pip install 'nndsl[keras]'" in capsys.readouterr().err


def test_sizes_that_cannot_be_settled_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = keras.Input((None, 4))
    path = tmp_path / "config.json"
    path.write_text(keras.Model(x, layers.Concatenate()([x, layers.Conv1D(4, 3)(x)])).to_json())
    assert main(["import", str(path), "-o", str(tmp_path / "model.nn")]) == 1
    assert "`T` and `T - 2`" in capsys.readouterr().err
    assert "Conv1D(4, 3)" in (tmp_path / "model.nn").read_text()


def test_what_is_refused_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text("{}")
    assert main(["import", str(path)]) == 1
    assert "is of a class of its own" in capsys.readouterr().err


def zipped(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write an archive."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


CONFIG = json.dumps(json.loads(MODELS["unnamed_shape"]().to_json())).encode()


def with_weights(path: Path, fill: Any) -> Path:
    """Write an archive whose HDF5 file ``fill`` has written."""
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        fill(file)
    return zipped(path, {"config.json": CONFIG, "model.weights.h5": held.getvalue()})


def read_all(path: Path) -> None:
    record = read_file(path)
    written = write(record)
    with open_weights(path, record) as variables:
        state_of(compile(written.text, written.model), written, variables)


def test_archives_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "a.keras"
    file.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ImportRefused, match="damaged archive"):
        read_file(file)
    with pytest.raises(ImportRefused, match=r"has no `config.json`"):
        read_file(zipped(file, {"../config.json": CONFIG}))
    with pytest.raises(ImportRefused, match=r"has no `model.weights.h5`"):
        read_all(zipped(file, {"config.json": CONFIG}))
    with pytest.raises(ImportRefused, match="damaged"):
        read_all(zipped(file, {"config.json": CONFIG, "model.weights.h5": b"not HDF5"}))


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    file = zipped(tmp_path / "b.keras", {"config.json": b" " * 70_000_000}, zipfile.ZIP_DEFLATED)
    assert file.stat().st_size < 100_000
    with pytest.raises(ImportRefused, match="would have 70,000,000 bytes"):
        read_file(file)


def test_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ImportRefused, match="not a regular file"):
            read_file(path)


def test_huge_arrays_are_never_read(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", (1 << 40,), "f4", chunks=(1 << 10,))
        file.create_dataset("layers/dense/vars/1", (4,), "f4")

    with pytest.raises(ImportRefused, match=r"`kernel` of the layer `dense.* is .1099511627776,"):
        read_all(with_weights(tmp_path / "c.keras", fill))


@pytest.mark.parametrize("kind", ["external", "soft", "virtual", "outside", "object"])
def test_links_out_of_the_file_are_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(96))

    def fill(file: h5py.File) -> None:
        group = file.create_group("layers/dense/vars")
        group.create_dataset("1", data=np.zeros(4, "f4"))
        if kind == "external":
            group["0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
        elif kind == "soft":
            group["0"] = h5py.SoftLink("/layers/dense/vars/1")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((6, 4), "f4")
            group.create_virtual_dataset("0", layout)
        elif kind == "outside":
            group.create_dataset("0", (6, 4), "f4", external=[(str(tmp_path / "secret"), 0, 96)])
        else:
            group.create_dataset("0", (6, 4), h5py.string_dtype())

    with pytest.raises(ImportRefused, match=r"is a link|is no plain array"):
        read_all(with_weights(tmp_path / "d.keras", fill))
