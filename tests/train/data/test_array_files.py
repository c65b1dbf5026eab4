"""Arrays in files: what they hold arrives; what is damaged or dangerous is refused, and nothing is unpickled."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nndsl.recipes.data import Npy, Npz
from nndsl.train.data import Place, source_of
from nndsl.train.errors import TrainingError
from tests.train.data.models import classifier, refused, tagger, whole

PAIRS = (("x", "x"), ("y", "y"))
X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10) % 3


class TestNpz:
    """Archives of arrays."""

    @pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
    def test_arrays(self, tmp_path: Path, save: Any) -> None:
        save(tmp_path / "d.npz", x=np.asfortranarray(X), labels=Y, w=np.arange(10))
        recipe = Npz("d.npz", (("x", "x"), ("y", "labels")), sample_weight="w")
        batch = whole(source_of(recipe, classifier(), place=Place(tmp_path, tmp_path)))
        assert batch.inputs[0].tolist() == X.tolist()
        assert batch.weights[0] is not None
        assert batch.weights[0].tolist() == list(range(10))

    def test_names_of_the_model_where_none_are_given(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", x=X, y=Y, other=Y)
        assert len(source_of(tmp_path / "d.npz", classifier())) == 10
        assert len(source_of(Npz("elsewhere.npz", PAIRS), classifier(), path=tmp_path / "d.npz")) == 10

    def test_lengths(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", x=np.ones((2, 5), int), y=np.zeros((2, 5), int), n=np.array([2, 3]))
        recipe = Npz("d.npz", (("tokens", "x"), ("y", "y")), lengths="n")
        assert whole(source_of(recipe, tagger(), place=Place(tmp_path, tmp_path))).inputs[0].shape == (2, 3)

    def test_texts_are_labels(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", x=X, y=np.array(["b", "a"] * 5))
        source = source_of(Npz("d.npz", PAIRS), classifier(), place=Place(tmp_path, tmp_path))
        assert dict(source.categories) == {"y": ("a", "b")}

    def test_nothing_is_unpickled(self, tmp_path: Path) -> None:
        class Trap:
            def __reduce__(self) -> Any:
                return Path.touch, (tmp_path / "sprung",)

        np.savez(tmp_path / "d.npz", x=X, y=np.array([Trap()] * 10, dtype=object), allow_pickle=True)
        assert "never unpickled" in refused("E1003", Npz("d.npz", PAIRS), tmp_path)
        assert not (tmp_path / "sprung").exists()

    def test_a_header_that_promises_too_much(self, tmp_path: Path) -> None:
        for count, code in ((10**15, "E1004"), (10**5, "E1001"), (10**30, "E1004")):
            with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive, archive.open("x.npy", "w") as member:
                header = {"descr": "<f8", "fortran_order": False, "shape": (count,)}
                np.lib.format.write_array_header_1_0(member, header)  # type: ignore[arg-type]
            refused(code, Npz("d.npz", (("x", "x"),)), tmp_path)

    def test_a_size_in_the_archive_that_its_bytes_cannot_have(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": (10**8,)})
        with zipfile.ZipFile(tmp_path / "d.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", buffer.getvalue())
        data = bytearray((tmp_path / "d.npz").read_bytes())
        place = data.rindex(b"PK\1\2") + 24  # the uncompressed size in the directory
        data[place : place + 4] = struct.pack("<I", len(buffer.getvalue()) + 10**8)
        (tmp_path / "d.npz").write_bytes(data)
        refused("E1001", Npz("d.npz", (("x", "x"),)), tmp_path)

    def test_damage_is_found(self, tmp_path: Path) -> None:
        np.savez_compressed(tmp_path / "d.npz", x=X, y=Y)
        data = (tmp_path / "d.npz").read_bytes()
        for cut in (0, 10, len(data) // 2, len(data) - 1):
            (tmp_path / "d.npz").write_bytes(data[:cut])
            refused("E1001", Npz("d.npz", PAIRS), tmp_path)
        for place in range(30, 90):
            broken = bytearray(data)
            broken[place] ^= 0xFF
            (tmp_path / "d.npz").write_bytes(broken)
            try:
                batch = whole(source_of(Npz("d.npz", PAIRS), classifier(), place=Place(tmp_path, tmp_path)))
            except TrainingError:
                continue
            assert batch.inputs[0].tolist() == X.tolist()

    def test_a_key_that_is_missing_names_those_that_are_there(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", x=X, labels=Y)
        assert "`x` and `labels`" in refused("E1005", Npz("d.npz", PAIRS), tmp_path)


class TestNpy:
    """Files that may be larger than memory."""

    def write(self, folder: Path, count: int = 1000) -> Npy:
        np.save(folder / "x.npy", np.arange(2 * count, dtype=np.float32).reshape(count, 2))
        np.save(folder / "y.npy", np.arange(count) % 3)
        return Npy((("x", "x.npy"), ("y", "y.npy")))

    @pytest.mark.parametrize("order", [None, 1, 2])
    @pytest.mark.parametrize(("first", "last", "size"), [(0, 1000, 32), (0, 1000, 1000), (313, 851, 7), (5, 6, 4)])
    def test_an_epoch_is_a_permutation(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: int | None, first: int, last: int, size: int
    ) -> None:
        monkeypatch.setattr("nndsl.train.data.npy.PIECE", 80)
        monkeypatch.setattr("nndsl.train.data.npy.POOL", 6000)
        source = source_of(self.write(tmp_path), classifier(), place=Place(tmp_path, tmp_path)).part(first, last)
        batches = list(source.batches(size, order))
        rows = torch.cat([batch.rows for batch in batches])
        assert rows.sort().values.equal(torch.arange(first, last))
        assert rows.equal(torch.arange(first, last)) == (order is None or last - first == 1)
        assert [len(batch) for batch in batches[:-1]] == [size] * (source.steps(size) - 1)
        assert all(batch.inputs[0][:, 0].equal(batch.rows * 2.0) for batch in batches)
        assert all(batch.targets[0].equal(batch.rows % 3) for batch in batches)  # type: ignore[union-attr]
        for start in (1, len(batches) // 2, len(batches)):
            again = [batch.rows.tolist() for batch in source.batches(size, order, start)]
            assert again == [batch.rows.tolist() for batch in batches[start:]]

    def test_a_shuffle_goes_over_the_whole_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nndsl.train.data.npy.PIECE", 80)
        monkeypatch.setattr("nndsl.train.data.npy.POOL", 6000)
        source = source_of(self.write(tmp_path), classifier(), place=Place(tmp_path, tmp_path))
        rows = next(source.batches(50, 3)).rows
        assert rows.min() < 200
        assert rows.max() > 800
        assert not rows.equal(next(source.batches(50, 4)).rows)

    def test_lengths_and_weights(self, tmp_path: Path) -> None:
        np.save(tmp_path / "x.npy", np.where(np.arange(5) < np.array([[2], [3]]), 1, 99))
        np.save(tmp_path / "y.npy", np.zeros((2, 5), int))
        np.save(tmp_path / "n.npy", np.array([2, 3]))
        np.save(tmp_path / "w.npy", np.array([0.5, 2]))
        names = {"tokens": "x.npy", "y": "y.npy", "lengths": "n.npy", "sample_weight": "w.npy"}
        batch = whole(source_of(Npy(tuple(names.items())), tagger(), place=Place(tmp_path, tmp_path)))
        assert batch.inputs[0].tolist() == [[1, 1, 0], [1, 1, 1]]
        assert batch.weights[0] is not None
        assert batch.weights[0].tolist() == [0.5, 2]

    def test_a_bad_row_is_refused_before_its_step(self, tmp_path: Path) -> None:
        recipe = self.write(tmp_path)
        y = np.load(tmp_path / "y.npy")
        y[777] = 3
        np.save(tmp_path / "y.npy", y)
        source = source_of(recipe, classifier(), place=Place(tmp_path, tmp_path))
        with pytest.raises(TrainingError, match=r"row 777 of `y\.npy` has the label 3"):
            list(source.batches(64, 1))

    def test_damage_is_found(self, tmp_path: Path) -> None:
        recipe = self.write(tmp_path)
        source = source_of(recipe, classifier(), place=Place(tmp_path, tmp_path))
        data = (tmp_path / "x.npy").read_bytes()
        os.truncate(tmp_path / "x.npy", len(data) - 8)
        with pytest.raises(TrainingError, match="shorter"):
            list(source.batches(64, 1))
        refused("E1001", recipe, tmp_path)
        (tmp_path / "x.npy").write_bytes(data[:20])
        refused("E1001", recipe, tmp_path)
        np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
        refused("E1003", recipe, tmp_path)
        np.save(tmp_path / "x.npy", np.zeros((999, 2)))
        refused("E1006", recipe, tmp_path)
        np.save(tmp_path / "x.npy", np.zeros((1000, 3)))
        refused("E1010", recipe, tmp_path)

    @pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads what Linux says of a process")
    def test_memory_stays_flat(self, tmp_path: Path) -> None:
        recipe, count = self.write(tmp_path, 8), 400_000
        for name, kind, shape in (("x.npy", "<f4", (count, 2, 128)), ("y.npy", "<i8", (count,))):
            with (tmp_path / name).open("wb") as file:
                header = {"descr": kind, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)  # type: ignore[arg-type]
                file.truncate(file.tell() + int(np.prod(shape)) * int(kind[2]))  # zeros that take no room on the disk
        source = source_of(recipe, classifier("(2, 128)"), place=Place(tmp_path, tmp_path))

        def resident() -> float:
            return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

        start = resident()
        grown = max(resident() - start for _ in source.batches(1024, 1))
        assert grown < 100, f"the file has 410 MB, and resident memory has grown by {grown:.0f} MB"

    def test_a_changed_file_has_another_fingerprint(self, tmp_path: Path) -> None:
        recipe, place = self.write(tmp_path), Place(tmp_path, tmp_path)
        before = source_of(recipe, classifier(), place=place).fingerprint()
        assert source_of(recipe, classifier(), place=place).fingerprint() == before
        status = (tmp_path / "x.npy").stat()
        with (tmp_path / "x.npy").open("r+b") as file:
            file.seek(-4, os.SEEK_END)
            file.write(b"\0\0\0\0")
        os.utime(tmp_path / "x.npy", ns=(status.st_atime_ns, status.st_mtime_ns))
        assert source_of(recipe, classifier(), place=place).fingerprint() != before
