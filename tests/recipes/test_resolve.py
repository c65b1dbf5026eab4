"""Recipes as they are written in a file, and what is said of those that do not fit."""

from __future__ import annotations

from typing import Any

import pytest

from nndsl.arguments import ArgumentError, is_required, parameters
from nndsl.binding import BindingError
from nndsl.recipes import NAMES, find, resolve
from nndsl.recipes.base import PendingRecipe, Recipe
from nndsl.recipes.constraints import MaxNorm
from nndsl.recipes.data import Csv, ImageFolder, Npy, Npz
from nndsl.recipes.initializers import GlorotUniform, InitializerKind
from nndsl.recipes.losses import BinaryCrossentropy, CategoricalFocalCrossentropy
from nndsl.recipes.metrics import BinaryCrossentropy as BinaryCrossentropyMetric
from nndsl.recipes.more_initializers import HeNormal
from nndsl.recipes.optimizers import SGD, Adam
from nndsl.recipes.regularizers import L1L2, L2
from nndsl.recipes.schedules import CosineDecay, PiecewiseConstantDecay


def pending(name: str, *positional: object, **keywords: object) -> PendingRecipe:
    return PendingRecipe(name, (*((None, value) for value in positional), *keywords.items()))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("optimizer", "ADAM", Adam()),
        ("optimizer", pending("SGD", 0.1, momentum=0.9), SGD(0.1, momentum=0.9)),
        ("optimizer", pending("Adam", pending("CosineDecay", 1e-3, 100)), Adam(CosineDecay(1e-3, 100))),
        ("loss", pending("BinaryCrossentropy", True), BinaryCrossentropy(from_logits=True)),
        ("metric", pending("BinaryCrossentropy", "bce"), BinaryCrossentropyMetric(name="bce")),
        ("loss", pending("CategoricalFocalCrossentropy", [0.2, 0.8]), CategoricalFocalCrossentropy(alpha=(0.2, 0.8))),
        ("regularizer", pending("L2", None), L2(0.01)),
        ("regularizer", pending("L1L2", None, 0.1), L1L2(0.0, 0.1)),
        ("constraint", pending("MaxNorm", axis=(0, 1)), MaxNorm(2, (0, 1))),
        ("schedule", pending("PiecewiseConstantDecay", [5], [0.1, 0.01]), PiecewiseConstantDecay((5,), (0.1, 0.01))),
        ("data", pending("Npz", "a/../b.npz", x="images"), Npz("b.npz", (("x", "images"),))),
        ("data", pending("Npy", x="x.npy", path="y.npy"), Npy((("x", "x.npy"), ("path", "y.npy")))),
        ("data", pending("Csv", "a.csv", x=["a", "b"], y="c"), Csv("a.csv", (("x", ("a", "b")), ("y", "c")))),
        ("data", pending("ImageFolder", "flowers", 64), ImageFolder("flowers", (64, 64))),
        ("initializer", HeNormal(seed=1), HeNormal(seed=1)),
    ],
    ids=str,
)
def test_resolved(kind: str, value: object, expected: Recipe) -> None:
    assert resolve(kind, value) == expected


def test_no_initializer_is_what_keras_makes_of_none() -> None:
    assert InitializerKind().read(None) == GlorotUniform()


@pytest.mark.parametrize(
    ("kind", "value", "code", "path", "words"),
    [
        ("optimizer", "adm", "E0304", None, 'did you mean `"adam"`?'),
        ("initializer", "xavier", "E0304", None, 'write `"glorot_uniform"`'),
        ("callback", "EarlyStopping", "E0302", None, "a callback such as"),
        ("metric", "IoU", "E0304", None, "write `IoU(num_classes=…, target_class_ids=…)`"),
        ("optimizer", 3, "E0302", None, "not `3`"),
        ("loss", pending("Accuracy"), "E0302", None, "`Accuracy` is a metric"),
        ("metric", BinaryCrossentropy(), "E0302", None, "not `BinaryCrossentropy(…)`"),
        ("initializer", pending("HeNorml"), "E0201", None, "did you mean `HeNormal`?"),
        ("optimizer", pending("Adam", lr=0.1), "E0205", (0,), "write `learning_rate`"),
        ("optimizer", pending("Adam", 0.1, learning_rate=0.1), "E0206", (1,), "is given twice"),
        ("optimizer", pending("Adam", "fast"), "E0302", (0,), "`learning_rate` must be"),
        ("optimizer", pending("Adam", pending("Dense")), "E0201", (0,), "no schedule of that name"),
        ("optimizer", pending("Adam", 1, pending("CosineDecay", 1)), "E0302", (1,), "`beta_1` must be a number"),
        ("optimizer", pending("Adam", pending("CosineDecay", 1, 9, warmup_step=2)), "E0205", (0, 2), "`warmup_steps`?"),
        ("optimizer", pending("Adam", pending("CosineDecay", 1)), "E0301", (0,), "`CosineDecay` needs `decay_steps`"),
        ("optimizer", pending("Adam", clipnorm=1, clipvalue=1), "E0305", (), "exclude each other"),
        ("optimizer", pending("SGD", momentum=1.5), "E0303", (0,), "from 0 to 1"),
        ("optimizer", pending("AdamW", weight_decay=None), "E0302", (0,), "not `none`"),
        ("optimizer", pending("Ftrl", learning_rate_power=0.5), "E0303", (0,), "`learning_rate_power`"),
        ("schedule", pending("PiecewiseConstantDecay", [1, 2], [1, 2]), "E0305", (), "one value more"),
        ("schedule", pending("PiecewiseConstantDecay", [2, 1], [1, 2, 3]), "E0305", (), "must rise"),
        ("loss", pending("CategoricalGeneralizedCrossEntropy", 1), "E0303", (), "between 0 and 1"),
        ("metric", pending("IoU", 2, [0, 2]), "E0305", (), "numbered from 0 to 1"),
        ("metric", pending("AUC", num_labels=3), "E0305", (), "multi_label=true"),
        ("callback", pending("ReduceLROnPlateau", factor=1), "E0303", (), "below 1"),
        ("callback", pending("ModelCheckpoint", "best.keras", save_freq="never"), "E0304", (1,), '`"epoch"`'),
        ("data", pending("Npz", 3), "E0302", (0,), "not `3`"),
        ("data", pending("Npy"), "E0301", (), "needs a path"),
        ("data", pending("Npz", "a.npz", x=3), "E0302", (1,), "`x` must be a string"),
        ("data", pending("Csv", "a.csv", path="b.csv"), "E0206", (1,), "is given twice"),
        ("constraint", pending("MaxNorm", 1, 2, 3), "E0205", (2,), "takes 2 arguments by position"),
        ("constraint", pending("NonNeg", 1), "E0205", (0,), "takes no arguments by position"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refused(kind: str, value: object, code: str, path: tuple[int, ...] | None, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        resolve(kind, value)
    error = caught.value
    assert error.code == code
    assert getattr(error, "path", None) == path
    assert isinstance(error, BindingError) == (path is not None)
    assert words in f"{error.message}\n{error.help}"


PATHS: dict[str, str] = {
    "../a.npz": "leaves the folder",
    "a/../../b.npz": "leaves the folder",
    "a/..//../b.npz": "leaves the folder",
    "/etc/passwd": "is absolute",
    "//server/share": "is absolute",
    "~/a.npz": "a shell",
    "$HOME/a.npz": "a shell",
    "file:///etc/passwd": "a protocol",
    "http://x/a.npz": "a protocol",
    "C:/a.npz": "a drive",
    "..\\a.npz": "a backslash",
    "a\x00.npz": "a control character",
    "a\n.npz": "a control character",
    "": "names no file",
    ".": "names no file",
    "a/..": "names no file",
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "make",
    [
        lambda path: ("data", pending("Npz", path)),
        lambda path: ("data", pending("Npy", x=path)),
        lambda path: ("callback", pending("CSVLogger", path)),
    ],
)
def test_paths_that_leave_the_folder(path: str, make: Any) -> None:
    with pytest.raises(BindingError) as caught:
        resolve(*make(path))
    assert (caught.value.code, caught.value.path) == ("E0610", (0,))
    assert PATHS[path] in caught.value.message


@pytest.mark.parametrize("path", ["a.npz", "data/a b.npz", "./a.npz", "a/./b/../c.npz", "data..x/é.npz", "...npz"])
def test_paths_below_the_folder(path: str) -> None:
    assert not resolve("data", pending("Npz", path)).path.startswith(".." + "/")  # type: ignore[attr-defined]


def test_every_recipe_can_be_made() -> None:
    arguments: dict[str, object] = {
        **dict.fromkeys(("filepath", "filename", "backup_dir", "path"), "a.keras"),
        **dict.fromkeys(("recall", "precision", "sensitivity", "specificity"), 0.5),
        "boundaries": [1],
        "values": [0.1, 0.2],
        "target_class_ids": [0],
        "schedule": pending("CosineDecay", 1, 2),
    }
    for kind, names in NAMES.items():
        for name in names:
            declared = find(kind, name)
            assert declared is not None
            needed = {field.name: arguments.get(field.name, 2) for field in parameters(declared) if is_required(field)}
            needed |= {"x": "x.npy"} if name == "Npy" else {}
            assert resolve(kind, pending(name, **needed)).kind == kind
