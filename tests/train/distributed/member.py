"""Trains the same models in one process or as one of several: ``member.py FOLDER`` writes what is left of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

import torch
from safetensors.torch import save_file
from torch import Tensor

import nndsl

EPOCHS, STEPS, SIZE = 4, 5, 5
SAMPLES = SIZE * (STEPS - 1) + 1
"""Parts differ in size. The last batch has one sample: of two processes the second one has none; of images two."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a ``compile`` block, its data, and what else ``fit`` is given."""

    layers: str
    settings: str
    data: Callable[[], Any]
    normalizes: bool = False
    """Whether statistics of batches are in it."""
    options: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        settings = self.settings if "optimizer" in self.settings else f"optimizer = SGD(0.05)\n{self.settings}"
        return f"model Net {{\n{self.layers}\ncompile {{\n{settings}\n}}\n}}\n"


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def classes() -> tuple[Tensor, Tensor]:
    x = random(SAMPLES, 6)
    return x, x[:, :3].argmax(1)


def images() -> tuple[Tensor, Tensor]:
    x = random(SAMPLES + 1, 5, 5, 2) * 2 + 1
    return x, x.mean((1, 2, 3)).gt(1).float()[:, None]


def sentences() -> dict[str, Any]:
    draw = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, 7, (SAMPLES,), generator=draw).tolist()
    x = [torch.randint(1, 9, (length,), generator=draw) for length in lengths]
    return {"x": x, "y": [each % 3 for each in x]}


def weighted() -> tuple[Tensor, Tensor, Tensor]:
    x, y = classes()
    return x, y, torch.rand(SAMPLES, generator=torch.Generator().manual_seed(2)) * (torch.arange(SAMPLES) % 3 > 0)


def several() -> dict[str, Any]:
    x, y = classes()
    return {"x": x, "a": y, "b": x[:, :2], "c": x[:, :1]}


SPARSE = 'loss = "sparse_categorical_crossentropy"\n'
DENSE = 'input x: (6)\nDense(8, activation="tanh")\noutput y: Dense(3, activation="softmax")'
MODELS = {
    "dense": Model(DENSE, SPARSE + 'metrics = ["accuracy"]', classes),
    "momentum": Model(
        DENSE,
        SPARSE + "optimizer = SGD(0.05, momentum=0.9, global_clipnorm=0.1, gradient_accumulation_steps=2)",
        classes,
        options={"validation_split": 0.3, "class_weight": {0: 2.0, 2: 0.5}},
    ),
    "weights": Model(
        DENSE,
        """loss = SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")
        weighted_metrics = ["accuracy"]""",
        weighted,
    ),
    "sum": Model(DENSE, 'optimizer = SGD(0.005)\nloss = SparseCategoricalCrossentropy(reduction="sum")', classes),
    "outputs": Model(
        """input x: (6)
        h = x -> Dense(8, activation="tanh", activity_regularizer=L2(0.01), kernel_regularizer=L1(0.001))
        output a: h -> Dense(3, activation="softmax")
        output b: h -> Dense(2)
        output c: h -> Dense(1)""",
        """loss = {"a": "sparse_categorical_crossentropy", "b": Huber()}
        loss_weights = {"a": 0.5, "b": 2.0}
        metrics = {"a": ["accuracy"], "b": ["mae", R2Score()]}""",
        several,
    ),
    "steps": Model(
        """input x: int64(T)
        Embedding(9, 4, mask_zero=true)
        GRU(5, return_sequences=true)
        output y: Dense(3, activation="softmax")""",
        SPARSE + 'metrics = ["accuracy"]',
        sentences,
    ),
    "images": Model(
        """input x: (5, 5, 2)
        Conv2D(4, 3, use_bias=false)
        BatchNormalization(momentum=0.9)
        ReLU()
        Flatten()
        Dense(6, use_bias=false)
        BatchNormalization(scale=false)
        output y: Dense(1, activation="sigmoid")""",
        'loss = "binary_crossentropy"\nmetrics = [AUC(), Precision()]',
        images,
        normalizes=True,
    ),
    "masked": Model(
        """input x: int64(T)
        Embedding(9, 4, mask_zero=true)
        BatchNormalization(momentum=0.9)
        output y: Dense(3, activation="softmax")""",
        SPARSE,
        sentences,
        normalizes=True,
    ),
}


def train(model: Model, **options: Any) -> nndsl.Run:
    """Train a model on the same batches, however many processes divide them."""
    given = {"epochs": EPOCHS, "batch_size": SIZE, "verbose": False, "device": "cpu", **model.options, **options}
    return nndsl.fit(nndsl.compile(model.text()), model.data(), **given)


def left(run: nndsl.Run) -> dict[str, Tensor]:
    """What is left of a run: weights, buffers and history."""
    found = {f"module.{key}": value.contiguous() for key, value in run.module.state_dict().items()}
    return found | {f"history.{key}": torch.tensor(values) for key, values in run.history.items()}


def main(folder: Path) -> None:
    rank = os.environ.get("RANK", "0")
    for name, model in MODELS.items():
        save_file(left(train(model)), folder / f"{name}-{rank}.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
