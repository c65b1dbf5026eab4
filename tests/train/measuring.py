"""Metrics with arguments and data, for comparisons with Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

SIZES = (7, 5, 7, 2)
"""The samples of each batch."""

Draw = Callable[[torch.Generator, int], tuple[Tensor, Tensor]]
"""Targets and outputs of a batch."""


def values(generator: torch.Generator, size: int, *shape: int) -> Tensor:
    return torch.randn(size, *shape, generator=generator)


def regression(*target: int, output: tuple[int, ...] = ()) -> Draw:
    return lambda generator, size: (values(generator, size, *target), values(generator, size, *(output or target)))


def positive(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
    return values(generator, size, 4).abs(), values(generator, size, 4).abs()


def binary(*target: int, output: tuple[int, ...], integers: bool = False, logits: bool = False) -> Draw:
    def draw(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
        labels = torch.randint(0, 2, (size, *target), generator=generator)
        # Predictions on thresholds, at both ends, and in between.
        p = (torch.rand(size, *output, generator=generator) * 8).round() / 8
        noisy = torch.rand(size, *output, generator=generator)
        p = values(generator, size, *output) if logits else torch.where(noisy < 0.5, p, noisy)
        return labels if integers else labels.float(), p

    return draw


def sparse(*target: int, output: tuple[int, ...], logits: bool = False) -> Draw:
    def draw(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
        scores = values(generator, size, *output).round(decimals=1)  # some are equal
        labels = torch.randint(0, output[-1], (size, *target), generator=generator)
        return labels, scores if logits else scores.softmax(-1)

    return draw


def one_hot(*output: int, logits: bool = False) -> Draw:
    drawn = sparse(*output[:-1], output=output, logits=logits)

    def draw(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
        labels, scores = drawn(generator, size)
        return torch.nn.functional.one_hot(labels, output[-1]).float(), scores

    return draw


def classes(count: int, *shape: int) -> Draw:
    def draw(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
        drawn = torch.randint(-1, count + 1, (2, size, *shape), generator=generator)
        return drawn[0], drawn[1]

    return draw


def sorted_ids(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
    return torch.randint(0, 4, (size,), generator=generator), torch.randint(
        0, 4, (size, 5), generator=generator
    ).float()


def found_classes(generator: torch.Generator, size: int) -> tuple[Tensor, Tensor]:
    return one_hot(6)(generator, size)[0], torch.randint(0, 6, (size,), generator=generator)


ROWS_OF_STEPS = regression(3, 4)
ROWS = regression(5)
ONE = regression(output=(1,))
BINARY = binary(output=(1,))
LABELS = binary(3, output=(3,))
SPARSE = sparse(output=(6,))
ONE_HOT = one_hot(6)
STEPS = sparse(4, output=(4, 6))

CASES: Sequence[tuple[str, dict[str, Any], Draw]] = (
    *((name, {}, draw) for name in ("MeanAbsoluteError", "MeanSquaredError") for draw in (ROWS, ONE, regression(3, 2))),
    *((name, {}, ROWS) for name in ("MeanAbsolutePercentageError", "LogCoshError")),
    ("MeanSquaredLogarithmicError", {}, positive),
    *(("RootMeanSquaredError", {}, draw) for draw in (ROWS, ONE, regression(3, 2))),
    *(("CosineSimilarity", given, regression(3, 4)) for given in ({}, {"axis": 1})),
    *(
        (name, given, ROWS_OF_STEPS)
        for name in ("PearsonCorrelation", "ConcordanceCorrelation")
        for given in ({}, {"axis": 1})
    ),
    *(("R2Score", {"class_aggregation": how}, ROWS) for how in ("uniform_average", "variance_weighted_average", None)),
    *(("R2Score", {"num_regressors": regressors}, ONE) for regressors in (2,)),
    *((name, {}, draw) for name in ("Hinge", "SquaredHinge") for draw in (LABELS, ROWS)),
    ("CategoricalHinge", {}, ONE_HOT),
    ("KLDivergence", {}, ONE_HOT),
    ("Poisson", {}, positive),
    ("Accuracy", {}, classes(2, 3)),
    *(
        ("BinaryAccuracy", {}, draw)
        for draw in (BINARY, LABELS, binary(4, output=(4, 1)), binary(1, output=(1,), integers=True))
    ),
    ("BinaryAccuracy", {"threshold": 0.25}, LABELS),
    *(("CategoricalAccuracy", {}, draw) for draw in (ONE_HOT, one_hot(4, 6))),
    *(("SparseCategoricalAccuracy", {}, draw) for draw in (SPARSE, sparse(1, output=(6,)), STEPS)),
    *(("TopKCategoricalAccuracy", {"k": k}, draw) for k in (1, 2, 5) for draw in (ONE_HOT, one_hot(4, 6))),
    *(("SparseTopKCategoricalAccuracy", {"k": k}, draw) for k in (1, 3) for draw in (SPARSE, STEPS)),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, sorted_ids),
    *(("BinaryCrossentropy", given, LABELS) for given in ({}, {"label_smoothing": 0.1})),
    ("BinaryCrossentropy", {"from_logits": True}, binary(3, output=(3,), logits=True)),
    *(
        ("CategoricalCrossentropy", given, draw)
        for given in ({}, {"label_smoothing": 0.1})
        for draw in (ONE_HOT, one_hot(4, 6))
    ),
    ("CategoricalCrossentropy", {"from_logits": True}, one_hot(6, logits=True)),
    *(
        ("SparseCategoricalCrossentropy", given, draw)
        for given in ({}, {"ignore_class": 2})
        for draw in (SPARSE, STEPS)
    ),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, sparse(output=(6,), logits=True)),
    *(
        (name, given, draw)
        for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
        for given in ({}, {"thresholds": (0.75, 0.25, 0.5)}, {"thresholds": (0.0, 0.5, 1.0)})
        for draw in (BINARY, LABELS)
    ),
    *(
        (name, given, ONE_HOT)
        for name in ("Precision", "Recall")
        for given in ({}, {"thresholds": (0.3, 0.1)}, {"top_k": 2}, {"class_id": 1}, {"top_k": 3, "class_id": 2})
    ),
    *((name, {}, BINARY) for name in ("Precision", "Recall")),
    *(
        (name, {argument: 0.6, **given}, draw)
        for name, argument in (
            ("PrecisionAtRecall", "recall"),
            ("RecallAtPrecision", "precision"),
            ("SensitivityAtSpecificity", "specificity"),
            ("SpecificityAtSensitivity", "sensitivity"),
        )
        for given, draw in (
            ({}, BINARY),
            ({"num_thresholds": 1}, LABELS),
            ({"class_id": 1, "num_thresholds": 9}, LABELS),
        )
    ),
    *(
        ("AUC", {"curve": curve, "summation_method": how, **given}, LABELS)
        for curve in ("ROC", "PR", "prgain")
        for how in ("interpolation", "majoring", "minoring")
        for given in ({}, {"multi_label": True})
    ),
    *(
        ("AUC", given, draw)
        for given in ({"num_thresholds": 9}, {"thresholds": (0.9, 0.125, 0.5)}, {"thresholds": (0.25, 0.5, 0.75)})
        for draw in (BINARY, LABELS)
    ),
    *(
        (
            "AUC",
            {"label_weights": (1.0, 2.0, 0.5), "multi_label": several, "num_labels": 3 if several else None},
            LABELS,
        )
        for several in (False, True)
    ),
    ("AUC", {"from_logits": True}, binary(output=(1,), logits=True)),
    *(("AUC", {"thresholds": (0.9, 0.125), "multi_label": True, "curve": curve}, LABELS) for curve in ("ROC", "PR")),
    *(
        ("F1Score", {"average": how}, draw)
        for how in (None, "micro", "macro", "weighted")
        for draw in (ONE_HOT, LABELS)
    ),
    ("F1Score", {"threshold": 0.5}, LABELS),
    *(("FBetaScore", {"beta": 2.0, "average": how, "threshold": 0.25}, LABELS) for how in (None, "weighted")),
    ("IoU", {"num_classes": 3, "target_class_ids": (0, 2)}, classes(3, 4)),
    ("IoU", {"num_classes": 3, "target_class_ids": (1,), "ignore_class": 2, "dtype": "float32"}, classes(3, 4)),
    ("IoU", {"num_classes": 6, "target_class_ids": (1, 3), "sparse_y_pred": False}, STEPS),
    *(
        ("BinaryIoU", given, draw)
        for given in ({}, {"target_class_ids": (1,), "threshold": 0.25})
        for draw in (BINARY, LABELS)
    ),
    *(("MeanIoU", given, classes(4, 3)) for given in ({"num_classes": 4}, {"num_classes": 5, "ignore_class": -1})),
    ("OneHotIoU", {"num_classes": 6, "target_class_ids": (0, 1)}, one_hot(4, 6)),
    ("OneHotMeanIoU", {"num_classes": 6}, ONE_HOT),
    ("OneHotMeanIoU", {"num_classes": 6, "sparse_y_pred": True}, found_classes),
)
"""Metrics with arguments and data; ``Mean``, ``Sum`` and ``AccuracyByShape`` have tests of their own."""


def batches(draw: Draw, seed: int = 0) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield targets, outputs and weights of samples, some of them 0."""
    generator = torch.Generator().manual_seed(seed)
    for size in SIZES:
        target, output = draw(generator, size)
        yield target, output, torch.randint(0, 4, (size,), generator=generator).float()
