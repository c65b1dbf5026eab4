"""A ``Dataset`` or ``DataLoader`` of the caller's: its samples are checked batch by batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sized
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, SequentialSampler, default_collate

from nndsl.train.batch import Batch
from nndsl.train.data.checks import fit_columns
from nndsl.train.data.columns import Categories
from nndsl.train.data.demands import Demands
from nndsl.train.data.handed import given_of
from nndsl.train.data.memory import picked_batch
from nndsl.train.data.orders import rows_of
from nndsl.train.errors import Remark, TrainingError


class DatasetSource:
    """Samples that a ``Dataset`` gives one by one; ``first`` is the number of the first of them."""

    def __init__(
        self, dataset: Dataset[Any], demands: Demands, device: torch.device, targets: bool, first: int, count: int
    ) -> None:
        self.remarks: tuple[Remark, ...] = ()
        self.categories: Categories = {}
        self._dataset = dataset
        self._demands = demands
        self._device = device
        self._targets = targets
        self._first = first
        self._count = count

    def __len__(self) -> int:
        return self._count

    def steps(self, size: int) -> int:
        """Return the number of batches."""
        return -(-self._count // size)

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch. Raises TrainingError for one that the model cannot take."""
        for chosen in torch.split(rows_of(self._count, order) + self._first, size)[start:]:
            numbers = chosen.tolist()
            several = getattr(self._dataset, "__getitems__", None)
            samples = several(numbers) if several is not None else [self._dataset[number] for number in numbers]
            yield checked(default_collate(samples), self._demands, self._device, self._targets, chosen)

    def part(self, start: int, stop: int) -> DatasetSource:
        """Return some of the samples."""
        begin = self._first + start
        return DatasetSource(self._dataset, self._demands, self._device, self._targets, begin, stop - start)

    def fingerprint(self) -> str:
        """Return a hash of the number of samples, and of the first and last."""
        whole = hashlib.sha256(f"{self._first}:{self._count}".encode())
        for number in dict.fromkeys((self._first, self._first + self._count - 1)):
            for value in _leaves(self._dataset[number]):
                whole.update(torch.as_tensor(value).contiguous().cpu().numpy().tobytes())
        return whole.hexdigest()


class LoaderSource:
    """The batches that a ``DataLoader`` gives, of its own size and in its own order.

    The seed of a shuffle becomes that of PyTorch's generator while the loader begins an epoch, or of its own one if it
    has one. So a loader that shuffles as PyTorch's do gives the same batches for the same seed.
    """

    def __init__(self, loader: DataLoader[Any], demands: Demands, device: torch.device, targets: bool) -> None:
        self.remarks: tuple[Remark, ...] = ()
        self.categories: Categories = {}
        self._loader = loader
        self._demands = demands
        self._device = device
        self._targets = targets

    def __len__(self) -> int:
        return len(cast(Sized, self._loader.dataset))

    def steps(self, size: int) -> int:
        """Return the number of the loader's own batches."""
        return len(self._loader)

    def batches(self, size: int, order: int | None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch; ``size`` is left to the loader. Raises TrainingError like other sources."""
        batches = self._begun(order)
        with torch.random.fork_rng(devices=[], enabled=start > 0):  # what is passed over has been drawn before
            done = sum(_count(items) for items in islice(batches, start))
        for items in batches:
            count = _count(items)
            yield checked(items, self._demands, self._device, self._targets, torch.arange(done, done + count))
            done += count

    def _begun(self, order: int | None) -> Iterator[Any]:
        if order is None:
            keeps = isinstance(self._loader.sampler, SequentialSampler)  # nothing is drawn but seeds of workers
            with torch.random.fork_rng(devices=[], enabled=keeps):
                return iter(self._loader)
        if self._loader.generator is not None:
            self._loader.generator.manual_seed(order)
            return iter(self._loader)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(order)
            batches = iter(self._loader)
            first = list(islice(batches, 1))  # now the sampler has drawn its seed
        return _chained(first, batches)

    def part(self, start: int, stop: int) -> LoaderSource:
        """Raise TrainingError (E1021), unless all is asked for: a loader is not divided."""
        if (start, stop) == (0, len(self)):
            return self
        message = "a `DataLoader` cannot be divided into training and validation"
        raise TrainingError("E1021", message, "give `validation_data`, or the `Dataset` itself")

    def fingerprint(self) -> str:
        """Return a hash of the numbers of samples and batches."""
        return hashlib.sha256(f"{len(self)}:{len(self._loader)}".encode()).hexdigest()


def source_of_torch(data: Any, demands: Demands, device: torch.device, targets: bool) -> DatasetSource | LoaderSource:
    """Return a ``Dataset`` or ``DataLoader`` as a source. Raises TrainingError (E1021) for one without a length."""
    dataset = data.dataset if isinstance(data, DataLoader) else data
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        message = f"the `{type(dataset).__name__}` has no length, so that an epoch of it has no end"
        raise TrainingError("E1021", message, "give a `Dataset` with `__len__` and `__getitem__`")
    if not len(dataset):
        raise TrainingError("E1007", f"the `{type(dataset).__name__}` has no samples", "there must be one at least")
    if isinstance(data, DataLoader):
        return LoaderSource(data, demands, device, targets)
    return DatasetSource(dataset, demands, device, targets, 0, len(dataset))


def checked(items: Any, demands: Demands, device: torch.device, targets: bool, rows: Tensor) -> Batch:
    """Return a batch as a loader gives it, checked. Raises TrainingError."""
    items = tuple(items) if isinstance(items, list) and len(items) <= 3 else items
    if isinstance(items, tuple) and len(items) == 1 and len(demands.inputs) == 1:
        items = items[0]
    given = given_of(items, demands, {}, targets)
    fitted = fit_columns(replace(given, rows=rows), demands, targets)
    return picked_batch(fitted, torch.arange(len(rows)), rows, device)


def _chained(first: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from first
    yield from rest


def _count(items: Any) -> int:
    leaf = next(iter(_leaves(items)), None)
    return len(leaf) if isinstance(leaf, Sized) else 0


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
