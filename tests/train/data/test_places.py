"""Folders of images, what a file may name, and the data of the examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nndsl.recipes.data import Csv, ImageFolder, Npz
from nndsl.train.data import Place, source_of, split
from tests.train.data.models import classifier, refused, regressor, whole

PAIRS = (("x", "x"), ("y", "y"))
X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10) % 3


class TestImages:
    """One folder for each class."""

    def write(self, folder: Path, count: int = 3) -> None:
        image = pytest.importorskip("PIL.Image")
        for number, name in enumerate(("cat", "dog")):
            (folder / name).mkdir(parents=True)
            for index in range(count):
                pixels = np.full((20, 10, 3), 100 * number + index, np.uint8)
                image.fromarray(pixels).save(folder / name / f"{index}.png")
            (folder / name / "notes.txt").write_text("no image")

    @pytest.mark.parametrize("channels", [1, 3])
    def test_images_are_resized(self, tmp_path: Path, channels: int) -> None:
        self.write(tmp_path / "pets")
        compiled = classifier(f"(8, 6, {channels})")
        source = source_of(ImageFolder("pets", (8, 6)), compiled, place=Place(tmp_path, tmp_path))
        batch = whole(source)
        assert batch.inputs[0].shape == (6, 8, 6, channels)
        assert batch.inputs[0][:, 0, 0, 0].tolist() == [0, 1, 2, 100, 101, 102]
        assert batch.inputs[0].dtype == torch.float32
        assert dict(source.categories) == {"y": ("cat", "dog")}

    def test_what_cannot_be_read(self, tmp_path: Path) -> None:
        self.write(tmp_path / "pets")
        small = classifier("(8, 6, 3)")
        refused("E1001", ImageFolder("none", (8, 6)), tmp_path, small)
        refused("E1010", ImageFolder("pets", (8, 6)), tmp_path, classifier("(48)"))
        refused("E1010", ImageFolder("pets", (9, 6)), tmp_path, small)
        refused("E1007", ImageFolder("pets/cat", (8, 6)), tmp_path, small)
        refused("E1016", ImageFolder("pets", (8, 6)), tmp_path, small, categories={"y": ("cat", "cow")})
        (tmp_path / "pets" / "cat" / "1.png").write_bytes(b"no image at all")
        assert "`1.png` in `cat`" in refused("E1001", ImageFolder("pets", (8, 6)), tmp_path, small)


class TestPlaces:
    """What a file may name."""

    def test_links_that_lead_out(self, tmp_path: Path) -> None:
        inner = tmp_path / "inner"
        inner.mkdir()
        np.savez(tmp_path / "d.npz", x=X, y=Y)
        (inner / "d.npz").symlink_to(tmp_path / "d.npz")
        (inner / "up").symlink_to(tmp_path)
        for path in ("d.npz", "up/d.npz"):
            refused("E1002", Npz(path, PAIRS), inner)
        assert len(source_of(Npz("d.npz", PAIRS), classifier(), place=Place(inner))) == 10

    def test_a_link_inside_is_followed(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "d.npz", x=X, y=Y)
        (tmp_path / "e.npz").symlink_to("d.npz")
        assert len(source_of(Npz("e.npz", PAIRS), classifier(), place=Place(tmp_path, tmp_path))) == 10

    def test_pipes_and_folders_are_no_files(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "d.npz")
        (tmp_path / "e.npz").mkdir()
        for name in ("d.npz", "e.npz", "none.npz"):
            refused("E1001", Npz(name, PAIRS), tmp_path)

    def test_images_behind_links_are_left_out(self, tmp_path: Path) -> None:
        image = pytest.importorskip("PIL.Image")
        (tmp_path / "root" / "pets" / "cat").mkdir(parents=True)
        image.fromarray(np.zeros((8, 6, 3), np.uint8)).save(tmp_path / "secret.png")
        (tmp_path / "root" / "pets" / "cat" / "a.png").symlink_to(tmp_path / "secret.png")
        refused("E1007", ImageFolder("pets", (8, 6)), tmp_path / "root", classifier("(8, 6, 3)"))


@pytest.mark.parametrize(
    ("recipe", "compiled", "count"),
    [
        (Npz("digits.npz", (("x", "images"), ("y", "labels"))), classifier("(8, 8, 1)", 10), 1797),
        (Csv("iris.csv", (("x", ("sepal_length", "petal_width")), ("y", "species"))), classifier(), 150),
        (Csv("wine.csv", (("x", ("alcohol", "hue")), ("y", "cultivar"))), classifier(), 178),
        (Csv("cancer.csv", (("x", ("mean_radius", "mean_area")), ("y", "diagnosis"))), classifier(count=2), 569),
        (Csv("diabetes.csv", (("x", ("bmi", "bp")), ("y", "progression"))), regressor(), 442),
    ],
    ids=lambda value: getattr(value, "path", ""),
)
def test_the_data_of_the_examples(recipe: Any, compiled: Any, count: int, root: Path) -> None:
    folder = root / "examples" / "data"
    source = source_of(recipe, compiled, place=Place(folder, folder))
    assert len(source) == count
    training, validation, remarks = split(source, 0.2)
    assert not remarks
    assert not validation.remarks  # type: ignore[union-attr]
    for part in (training, validation):
        assert part is not None
        assert whole(part).inputs[0].isfinite().all()
