"""What a model cannot take is refused before the step that would use it; what it can take is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from nndsl.train.data import source_of
from nndsl.train.data.demands import demands_of
from nndsl.train.errors import TrainingError
from tests.train.data.models import classifier, model, regressor, tagger

X = np.zeros((4, 2))


def refused(code: str, data: Any, compiled: Any = None) -> str:
    """Assert that data are refused, and return the message."""
    with pytest.raises(TrainingError) as caught:
        source_of(data, compiled or classifier())
    assert caught.value.code == code, caught.value
    return caught.value.message


@pytest.mark.parametrize("label", [3, 10, -1, -100, 10**12])
def test_labels_out_of_range(label: int) -> None:
    assert f"row 2 of `y` has the label {label}" in refused("E1012", (X, np.array([0, 1, label, 0])))


@pytest.mark.parametrize("label", [1.5, np.nan, np.inf, 1e300])
def test_labels_that_are_no_whole_numbers(label: float) -> None:
    assert "row 2 of `y`" in refused("E1011", (X, np.array([0, 1, label, 0])))


def test_whole_floats_are_labels() -> None:
    target = next(source_of((X, np.array([0.0, 1.0, 2.0, 0.0])), classifier()).batches(4, None)).targets[0]
    assert target is not None
    assert target.tolist() == [0, 1, 2, 0]


def test_the_ignored_class_is_taken() -> None:
    compiled = model({"x": "(2)"}, 'Dense(3, activation="softmax")', "SparseCategoricalCrossentropy(ignore_class=-1)")
    source_of((X, np.array([0, -1, 2, 0])), compiled)
    refused("E1012", (X, np.array([0, -2, 2, 0])), compiled)


@pytest.mark.parametrize(
    ("loss", "units", "labels"),
    [
        ("BinaryCrossentropy()", 1, [0, 1, 2, 0]),
        ("BinaryCrossentropy()", 1, [0, -1, 1, 0]),
        ("CategoricalCrossentropy()", 2, [[0, 1], [2, 0], [1, 0], [1, 0]]),
    ],
)
def test_labels_that_are_no_shares(loss: str, units: int, labels: Any) -> None:
    body = f'Dense({units}, activation="sigmoid")'
    refused("E1012", (X, np.array(labels)), model({"x": "(2)"}, body, loss))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 2)])
def test_cross_entropy_by_the_shape_of_its_labels(shape: tuple[int, ...]) -> None:
    compiled = model({"x": "(2)"}, 'Dense(2, activation="softmax")', '"crossentropy"')
    for dtype in (int, float):
        target = next(source_of((X, np.zeros(shape, dtype)), compiled).batches(4, None)).targets[0]
        assert target is not None
        assert target.shape == (shape if shape == (4, 2) else (4,))
        assert target.dtype == (torch.float32 if shape == (4, 2) else torch.int64)
    refused("E1012", (X, np.full(shape, 2)), compiled)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 1)])
def test_the_targets_of_steps_stay_as_they_are(shape: tuple[int, ...]) -> None:
    compiled = model({"x": "(T, 2)"}, "Dense(1)", '"mse"')
    target = next(source_of((np.zeros((4, 3, 2)), np.zeros(shape)), compiled).batches(4, None)).targets[0]
    assert target is not None
    assert target.shape == shape


@pytest.mark.parametrize("target", [np.zeros((4, 2)), np.zeros((2, 2, 1)), np.zeros((4, 4))])
def test_targets_are_never_broadcast(target: Any) -> None:
    rows = target.shape[0]
    refused("E1010", (X[:rows], target), regressor())


@pytest.mark.parametrize("token", [10, 255, -1])
def test_tokens_out_of_range(token: int) -> None:
    tokens = np.ones((4, 3), int)
    tokens[1, 2] = token
    assert f"row 1 of `tokens` at 2 is {token}" in refused("E1013", (tokens, np.zeros((4, 3), int)), tagger())


def test_the_message_counts_the_step_of_a_sequence() -> None:
    data = {"tokens": [[1, 2], [3, 4, 10]], "y": [[0, 0], [0, 0, 0]]}
    assert "row 1 of `tokens` at 2 is 10" in refused("E1013", data, tagger())


LIMITS = [
    ("Embedding(7, 2); Flatten()", 7),
    ("Reshape((3, 2)); Embedding(7, 2); Flatten()", 7),
    ("h = x -> Embedding(7, 2) -> Flatten(); output h + (x -> Embedding(5, 2) -> Flatten())", 5),
    ("RepeatVector(2); Permute((2, 1)); Flatten(); ReversibleEmbedding(6, 2); Flatten()", 6),
    ('CategoryEncoding(8, output_mode="count")', 8),
    ("x[:, :3] -> Embedding(7, 2) -> Flatten()", None),
]


@pytest.mark.parametrize(("body", "limit"), LIMITS)
def test_which_inputs_are_looked_up(body: str, limit: int | None) -> None:
    (slot,) = demands_of(model({"x": "int64(6)"}, body, None)).inputs
    assert slot.limit == limit


def test_a_table_in_a_block_is_found() -> None:
    import nndsl

    text = "block B(n) {\n  input x: (T)\n\n  Embedding(n, 2)\n}\n\n"
    text += "model Net {\n  input x: int64(T)\n\n  B(9)\n  Dense(2)\n}\n"
    (slot,) = demands_of(nndsl.compile(text)).inputs
    assert slot.limit == 9


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite(value: float) -> None:
    x = X.copy()
    x[1:3, 1] = value
    assert "row 1 of `x` at 1" in refused("E1014", (x, np.zeros(4, int)))
    assert "row 1 of `y`" in refused("E1014", (X, x[:, 1]), regressor())


def test_a_float64_that_float32_does_not_hold() -> None:
    assert "does not hold" in refused("E1014", (np.full((4, 2), 1e300), np.zeros(4, int)))


def test_whole_numbers_for_an_input_of_integers() -> None:
    assert "row 0 of `tokens`" in refused("E1011", (np.full((4, 3), 0.5), np.zeros((4, 3), int)), tagger())


def test_sizes_that_must_be_equal() -> None:
    compiled = model({"a": "(T, 2)", "b": "(T, 2)"}, "output a + b", None)
    message = refused("E1010", {"a": np.zeros((4, 3, 2)), "b": np.zeros((4, 5, 2))}, compiled)
    assert "(5, 2)" in message
    assert "T = 3" in message
    ragged = {"a": [np.zeros((2, 2)), np.zeros((3, 2))], "b": [np.zeros((2, 2)), np.zeros((4, 2))]}
    assert "row 1" in refused("E1017", ragged, compiled)


def test_steps_that_a_model_shortens() -> None:
    body = 'Conv1D(3, 2, strides=2, activation="softmax")'
    compiled = model({"x": "(T, 2)"}, body, "SparseCategoricalCrossentropy()")
    x = [np.zeros((4, 2)), np.zeros((7, 2))]
    batch = next(source_of((x, [[0, 1], [1, 2, 0]]), compiled).batches(2, None))
    assert batch.targets[0] is not None
    assert batch.targets[0].shape == (2, 3)
    assert "gives 3" in refused("E1017", (x, [[0, 1], [1, 2, 0, 0]]), compiled)


def test_lengths_need_an_input_with_steps() -> None:
    refused("E1017", {"x": X, "y": np.zeros(4, int), "lengths": [1, 1, 1, 1]})
    tokens = np.ones((2, 3), int)
    assert "row 1" in refused("E1017", {"tokens": tokens, "y": tokens, "lengths": [3, 4]}, tagger())
    refused("E1017", {"tokens": tokens, "y": tokens, "lengths": [3, -1]}, tagger())
    refused("E1017", {"tokens": tokens, "y": tokens, "lengths": [3, 1.5]}, tagger())


@pytest.mark.parametrize("data", [{"x": X}, (X,), {"x": X, "z": X}, {"X": X, "y": X}])
def test_names_that_are_missing_or_too_many(data: Any) -> None:
    refused("E1005", data)


@pytest.mark.parametrize("count", [0, 3])
def test_numbers_of_rows(count: int) -> None:
    refused("E1006" if count else "E1007", (X[:count] if not count else X, np.zeros(count, int)))


class Items(Dataset[Any]):
    """Samples of which the sixth is wrong."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Any:
        return np.full(2, index, np.float32), 3 if index == 5 else 1


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_not_in_memory_is_refused_before_its_step(wrapped: bool) -> None:
    source = source_of(DataLoader(Items(), 2) if wrapped else Items(), classifier())
    batches = source.batches(2, None)
    assert [next(batches).rows.tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(TrainingError, match="row 5 of `y` has the label 3"):
        next(batches)


@pytest.mark.parametrize("own", [False, True])
def test_a_loader_that_shuffles_follows_the_seed(own: bool) -> None:
    class Right(Items):
        def __getitem__(self, index: int) -> Any:
            return np.full(2, index, np.float32), 1

    generator = torch.Generator() if own else None
    source = source_of(DataLoader(Right(), 3, shuffle=True, generator=generator), classifier())
    state = torch.get_rng_state()
    one, same, other = ([b.inputs[0][:, 0].tolist() for b in source.batches(3, order)] for order in (5, 5, 6))
    assert one == same != other
    assert torch.get_rng_state().equal(state)
    assert [b.inputs[0][:, 0].tolist() for b in source.batches(3, 5, start=1)] == one[1:]
    assert sorted(number for numbers in one for number in numbers) == list(range(8))
