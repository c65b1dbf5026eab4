"""``predict``: arrays, tables, and the texts that indices stand for."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

import nndsl
from nndsl.cli.main import main
from nndsl.train.prediction_files import write_predictions

IRIS = Path(__file__).parents[2] / "examples" / "data" / "iris.csv"
COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")

FLOWERS = """
model Iris {
  input x: (4)
  output kind: x -> Dense(16, activation="relu") -> Dense(3, activation="softmax")

  compile {
    optimizer = Adam(0.02)
    loss = "sparse_categorical_crossentropy"
  }

  fit {
    data = Csv("iris.csv", x=["sepal_length", "sepal_width", "petal_length", "petal_width"], kind="species")
    epochs = 8
    seed = 1
  }
}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("iris")
    (folder / "iris.csv").write_bytes(IRIS.read_bytes())
    (folder / "iris.nn").write_text(FLOWERS)
    nndsl.fit(folder / "iris.nn", out=folder / "run", verbose=False)
    return folder / "run"


def rows() -> list[dict[str, str]]:
    with IRIS.open() as file:
        return list(csv.DictReader(file))


def test_a_table_with_the_texts_of_the_data(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = rows()
    with (tmp_path / "new.csv").open("w") as file:  # without targets, and only two kinds in it
        file.write("petal_width,sepal_length,petal_length,sepal_width\n")
        for row in given[60:70]:
            file.write(",".join(row[name] for name in ("petal_width", "sepal_length", "petal_length", "sepal_width")))
            file.write("\n")
    assert main(["predict", str(run), "--data", str(tmp_path / "new.csv"), "-o", str(tmp_path / "out.csv")]) == 0
    assert main(["predict", str(run), "--data", str(tmp_path / "new.csv"), "--rows", "3"]) == 0
    with (tmp_path / "out.csv").open() as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["kind", "kind_setosa", "kind_versicolor", "kind_virginica"]
    kind, *shares = capsys.readouterr().out.splitlines()[1].split(",")
    assert kind == found[3]["kind"]
    assert [float(each) for each in shares] == pytest.approx([float(each) for each in [*found[3].values()][1:]])
    module = nndsl.load(run / "model.nn", run / "model.safetensors").eval()
    x = torch.tensor([[float(row[name]) for name in COLUMNS] for row in given[60:70]])
    with torch.no_grad():
        wanted = module(x).numpy()
    numbers = np.array([[row[f"kind_{name}"] for name in ("setosa", "versicolor", "virginica")] for row in found])
    assert np.abs(numbers.astype("float32") - wanted).max() < 1e-6
    assert [row["kind"] for row in found] == [("setosa", "versicolor", "virginica")[each] for each in wanted.argmax(1)]


def test_most_are_right(run: Path) -> None:
    predictions = nndsl.predict(run, run.parent / "iris.csv")
    right = np.mean(predictions.labels["kind"] == [row["species"] for row in rows()])
    assert right > 0.8
    assert predictions.outputs["kind"].shape == (150, 3)


def test_arrays(run: Path, tmp_path: Path) -> None:
    predictions = nndsl.predict(run, run.parent / "iris.csv", rows=range(10, 20), batch_size=4)
    write_predictions(predictions, tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert sorted(arrays) == ["kind", "kind_label"]
        assert arrays["kind_label"].tolist() == predictions.labels["kind"].tolist()
        whole = nndsl.predict(run, run.parent / "iris.csv").outputs["kind"]
        assert np.abs(arrays["kind"] - whole[10:20]).max() < 1e-6


def net(inputs: str, body: str, loss: str) -> torch.nn.Module:
    compiled = nndsl.compile(f"model Net {{\n  {inputs}\n{body}\n  compile {{\n    loss = {loss}\n  }}\n}}\n")
    return compiled.module(seed=0)


def test_two_classes_of_one_number(tmp_path: Path) -> None:
    text = "model Net {\n  input x: (1)\n  output y: x -> Dense(1OPTIONS)\n\n  compile {\n    loss = LOSS\n  }\n}\n"
    for options, loss, edge in (
        (', activation="sigmoid"', "BinaryCrossentropy()", 0.5),
        ("", "BinaryCrossentropy(from_logits=true)", 0),
    ):
        compiled = nndsl.compile(text.replace("OPTIONS", options).replace("LOSS", loss))
        x = np.array([[-1.0], [1.0], [2.0]], dtype="float32")
        run = nndsl.fit(compiled, {"x": x, "y": ["no", "yes", "yes"]}, verbose=False)
        found = nndsl.predict(run, x)
        assert found.labels["y"].tolist() == [
            ("no", "yes")[each] for each in (found.outputs["y"][:, 0] > edge).tolist()
        ]
        write_predictions(found, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text().splitlines()[0] == "y,y_yes"


def test_sequences_of_differing_lengths() -> None:
    body = "  output y: tokens -> Embedding(9, 4, mask_zero=true) -> LSTM(3, return_sequences=true)\n"
    module = net("input tokens: int64(T)", body, '"mse"')
    tokens = [np.array([1, 2, 3]), np.array([4]), np.array([5, 6, 7, 8, 1]), np.array([2, 2])]
    found = nndsl.predict(module, {"tokens": tokens}, batch_size=2)
    assert found.lengths is not None
    assert found.lengths.tolist() == [3, 1, 5, 2]
    assert found.outputs["y"].shape == (4, 5, 3)
    module.eval()
    for row, each in enumerate(tokens):
        with torch.no_grad():
            alone = module(torch.from_numpy(each)[None])[0].numpy()
        assert np.abs(found.outputs["y"][row, : len(each)] - alone).max() < 1e-6
        assert not found.outputs["y"][row, len(each) :].any()


def test_several_outputs_and_an_image_of_classes() -> None:
    body = """
  output number: x -> Flatten() -> Dense(1)
  output part: x -> Conv2D(5, 1, activation="softmax")
"""
    module = net("input x: (4, 4, 2)", body, '{"number": "mse", "part": "sparse_categorical_crossentropy"}')
    found = nndsl.predict(module, np.ones((3, 4, 4, 2)))
    assert list(found.outputs) == ["number", "part"]
    assert list(found.labels) == ["part"]
    assert np.array_equal(found.labels["part"], found.outputs["part"].argmax(-1))
