"""Samples in memory: an epoch is a permutation, equal for equal seeds; padding, parts, shares, names."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nndsl.recipes import resolve
from nndsl.train.batch import Batch
from nndsl.train.data import order_of, source_of, split
from nndsl.train.errors import TrainingError
from nndsl.train.metrics import metrics_of
from nndsl.train.objective import Objective
from tests.train.data.models import classifier, model, regressor, tagger

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10) % 3


def test_the_order_is_that_of_the_recipe() -> None:
    digest = hashlib.sha256(b"7:3").digest()
    assert order_of(7, 3) == int.from_bytes(digest[:8], "big") // 2
    generator = torch.Generator().manual_seed(order_of(7, 3))
    batches = source_of((X, Y), classifier()).batches(4, order_of(7, 3))
    assert torch.cat([batch.rows for batch in batches]).equal(torch.randperm(10, generator=generator))


@given(
    count=st.integers(1, 60),
    size=st.integers(1, 70),
    order=st.none() | st.integers(0, 2**63 - 1),
    start=st.integers(0, 5),
    lengths=st.booleans(),
)
def test_an_epoch_is_a_permutation(count: int, size: int, order: int | None, start: int, lengths: bool) -> None:
    if lengths:
        values = [np.full(1 + row * 7 % 5, row % 10) for row in range(count)]
        source = source_of({"tokens": values, "y": [np.zeros(len(each), int) for each in values]}, TAGGER)
    else:
        source = source_of((np.arange(2.0 * count).reshape(count, 2), np.arange(count) % 3), CLASSIFIER)
    batches = list(source.batches(size, order))
    rows = torch.cat([batch.rows for batch in batches])
    assert rows.sort().values.equal(torch.arange(count))
    assert order is not None or rows.equal(torch.arange(count))
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert len(batches) == source.steps(size)
    for batch in batches:
        first = batch.inputs[0].flatten(1)[:, 0]
        assert first.equal(batch.rows % 10 if lengths else batch.rows * 2.0)
    again = [batch.rows for batch in source.batches(size, order, start)]
    assert len(again) == len(batches[start:])
    assert all(one.equal(other.rows) for one, other in zip(again, batches[start:], strict=True))


CLASSIFIER, TAGGER = classifier(), tagger()


def test_another_seed_is_another_order() -> None:
    source = source_of((X, Y), CLASSIFIER)
    one, other = (torch.cat([batch.rows for batch in source.batches(3, order)]) for order in (1, 2))
    assert not one.equal(other)


def test_a_view_copies_nothing() -> None:
    x = torch.randn(10, 2)
    batch = next(source_of((x, Y), CLASSIFIER).batches(4, None))
    assert batch.inputs[0].untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def test_images_reach_the_convolution_as_channels_last() -> None:
    source = source_of((torch.randn(6, 5, 5, 3), Y[:6]), classifier("(5, 5, 3)"))
    batch = next(source.batches(4, 0))
    assert batch.inputs[0].permute(0, 3, 1, 2).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.25, 0.33, 0.5, 0.8])
def test_validation_is_the_last_part(fraction: float) -> None:
    source = source_of((X, Y), CLASSIFIER)
    training, validation, _ = split(source, fraction)
    count = int(np.floor(10 * (1 - fraction)))  # as Keras's `train_validation_split`
    rows = torch.cat([batch.rows for batch in training.batches(3, 5)])
    assert rows.sort().values.equal(torch.arange(count))
    if validation is None:
        assert not fraction
    else:
        rows = torch.cat([batch.rows for batch in validation.batches(3, None)])
        assert rows.equal(torch.arange(count, 10))
        assert next(validation.batches(1, None)).inputs[0][0, 0] == 2 * count


def test_nothing_left_to_train_on() -> None:
    with pytest.raises(TrainingError, match="E1007"):
        split(source_of((X[:1], Y[:1]), CLASSIFIER), 0.5)


@pytest.mark.parametrize("size", [4, 10, 100])
def test_one_sample_and_few_samples(size: int) -> None:
    source = source_of((X[:3], Y[:3]), CLASSIFIER)
    assert [len(batch) for batch in source.batches(size, 1)] == [3]
    assert source.steps(size) == 1


def test_shares_of_a_batch_are_all_of_it() -> None:
    batch = next(source_of((X, Y, np.arange(10.0)), CLASSIFIER).batches(7, 3))
    shares = [batch.part(rank, 3) for rank in range(3)]
    assert [len(share) for share in shares] == [len(rows) for rows in batch.rows.tensor_split(3)]
    assert torch.cat([share.inputs[0] for share in shares]).equal(batch.inputs[0])
    for name in ("targets", "weights"):
        whole = torch.cat([getattr(share, name)[0] for share in shares])
        assert whole.equal(getattr(batch, name)[0])
    small = Batch((torch.zeros(1, 2),), (None,), (None,), torch.zeros(1, dtype=torch.int64))
    assert len(small.part(1, 2)) == 0


def test_sequences_are_padded_and_masked() -> None:
    tokens, tags = [[4, 2, 9], [7], [1, 1]], [[0, 1, 1], [2], [0, 2]]
    batch = next(source_of({"tokens": tokens, "y": tags}, TAGGER).batches(3, None))
    assert batch.inputs[0].tolist() == [[4, 2, 9], [7, 0, 0], [1, 1, 0]]
    assert batch.targets[0] is not None
    assert batch.targets[0].tolist() == [[0, 1, 1], [2, 0, 0], [0, 2, 0]]
    mask = batch.mask(0)
    assert mask is not None
    assert mask.tolist() == [[True] * 3, [True, False, False], [True, True, False]]
    own = torch.tensor([[True, False, True]] * 3)
    both = batch.mask(0, own)
    assert both is not None
    assert both.tolist() == (mask & own).tolist()


def test_lengths_of_padded_and_of_joined_steps() -> None:
    padded = np.array([[4, 2, 9], [7, 99, 99], [1, 1, 99]])  # what is behind the lengths may be anything
    joined = np.array([4, 2, 9, 7, 1, 1])
    wanted = [[4, 2, 9], [7, 0, 0], [1, 1, 0]]
    for tokens, tags in ((padded, np.where(padded == 99, -1, 0)), (joined, np.zeros(6, int))):
        source = source_of({"tokens": tokens, "y": tags, "lengths": [3, 1, 2]}, TAGGER)
        assert next(source.batches(3, None)).inputs[0].tolist() == wanted


def test_like_lengths_come_together() -> None:
    generator = np.random.default_rng(0)
    tokens = [generator.integers(1, 10, length) for length in generator.integers(1, 50, 640)]
    source = source_of({"tokens": tokens, "y": [each % 3 for each in tokens]}, TAGGER)

    def padding(order: int | None) -> int:
        batches = source.batches(16, order)
        return sum(batch.inputs[0].numel() - int(batch.masks[0].sum()) for batch in batches)  # type: ignore[union-attr]

    assert padding(1) < 0.2 * padding(None)


def test_targets_have_the_shape_of_the_output() -> None:
    for y in (np.zeros(10), np.zeros((10, 1))):
        target = next(source_of((X, y), regressor()).batches(4, 1)).targets[0]
        assert target is not None
        assert target.shape == (4, 1)
        assert target.dtype == torch.float32
    target = next(source_of((X, Y[:, None].astype(np.uint8)), CLASSIFIER).batches(4, 1)).targets[0]
    assert target is not None
    assert target.shape == (4,)
    assert target.dtype == torch.int64


@pytest.mark.parametrize("dtype", ["float64", "float16", "uint8", "int32", "uint16", ">f4", "bool"])
def test_inputs_have_the_declared_dtype(dtype: str) -> None:
    x = (X % 2).astype(dtype)
    batch = next(source_of((x, Y), CLASSIFIER).batches(10, None))
    assert batch.inputs[0].dtype == torch.float32
    assert batch.inputs[0].tolist() == (X % 2).tolist()


def test_bytes_stay_bytes_until_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nndsl.train.data.values.LARGE", 4)
    source: Any = source_of((X.astype(np.uint8), Y), CLASSIFIER)
    assert source._fitted.inputs[0].dtype == torch.uint8
    for order in (None, 1):
        batch = next(source.batches(10, order))
        assert batch.inputs[0].dtype == torch.float32
        assert batch.inputs[0].sum() == X.sum()


TWO = model(
    {"a": "(2)", "b": "int64(3)"},
    "h = [a -> Dense(2), b -> Embedding(5, 2) -> Flatten()] -> Concatenate()"
    '; output p: h -> Dense(1, activation="sigmoid"); output q: h -> Dense(2)',
    None,
)


def test_several_inputs_and_outputs_by_name_and_in_order() -> None:
    a, b, p, q = X, np.ones((10, 3), int), np.zeros(10), np.ones((10, 2))
    sources = [
        source_of({"q": q, "b": b, "a": a, "p": p}, TWO),
        source_of(([a, b], [p, q]), TWO),
        source_of(([a, b], {"p": p, "q": q}), TWO),
    ]
    for source in sources:
        batch = next(source.batches(10, None))
        assert [tuple(each.shape) for each in batch.inputs] == [(10, 2), (10, 3)]
        assert batch.targets[1] is not None
        assert batch.targets[1].equal(torch.ones(10, 2))
    assert next(source_of([a, b], TWO, targets=False).batches(3, None)).targets == (None, None)


def test_weights_for_each_output() -> None:
    data = ([X, np.ones((10, 3), int)], [np.zeros(10), np.ones((10, 2))], {"q": np.arange(10)})
    batch = next(source_of(data, TWO).batches(10, None))
    assert batch.weights[0] is None
    assert batch.weights[1] is not None
    assert batch.weights[1].equal(torch.arange(10.0))


def test_text_labels_are_sorted_and_kept() -> None:
    names = np.array(["b", "a", "c", "a"])
    source = source_of((X[:4], names), CLASSIFIER)
    assert dict(source.categories) == {"y": ("a", "b", "c")}
    later = source_of((X[:2], ["c", "a"]), CLASSIFIER, categories=source.categories)
    target = next(later.batches(2, None)).targets[0]
    assert target is not None
    assert target.tolist() == [2, 0]


def test_other_data_have_another_fingerprint() -> None:
    prints = {source_of((X + shift, Y), CLASSIFIER).fingerprint() for shift in (0, 0, 1)}
    assert len(prints) == 2
    changed = Y.copy()
    changed[9] = 1
    assert source_of((X, changed), CLASSIFIER).fingerprint() not in prints
    assert source_of((X, Y), CLASSIFIER).part(0, 5).fingerprint() not in prints


def test_padding_does_not_count_in_the_loss() -> None:
    compiled = tagger(mask_zero=False)
    module = compiled.module(seed=0)
    tokens, tags = [[4, 2, 9], [7], [1, 1]], [[0, 1, 1], [2], [0, 2]]
    batch = next(source_of({"tokens": tokens, "y": tags}, compiled).batches(3, None))
    loss = Objective(compiled)(module, module(*batch.inputs), {}, batch).total
    steps = module(torch.tensor([[token for each in tokens for token in each]]))[0]
    expected = torch.nn.functional.nll_loss(steps.log(), torch.tensor([tag for each in tags for tag in each]))
    assert torch.allclose(loss, expected, atol=1e-6)


def test_padding_does_not_count_in_metrics() -> None:
    compiled = tagger(mask_zero=False)
    assert compiled.compile is not None
    settings = replace(compiled.compile, metrics=((resolve("metric", "accuracy"),),))
    compiled = replace(compiled, compile=settings)
    batch = next(source_of({"tokens": [[4, 2, 9], [7]], "y": [[0, 1, 1], [2]]}, compiled).batches(2, None))
    metrics = metrics_of(compiled)
    outputs = torch.nn.functional.one_hot(torch.tensor([[0, 1, 2], [2, 0, 0]])).float()
    metrics.update(outputs, batch)
    assert metrics.results() == {"accuracy": pytest.approx(3 / 4)}
