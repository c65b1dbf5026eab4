"""UpSampling2D where Keras's torch backend is no oracle: bicubic and Lanczos, by their kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.layers.oracle import Case, close, emitted, made, types


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys's kernel with a = -0.5."""
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(x <= radius, np.sinc(x) * np.sinc(x / radius), 0)


def matrix(size: int, factor: int, kernel: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the weights of each pixel for each larger one; what lies outside is left out."""
    centres = (np.arange(size * factor) + 0.5) / factor - 0.5
    weights = kernel(np.abs(centres[:, None] - np.arange(size)))
    return np.asarray(weights / weights.sum(1, keepdims=True))


@pytest.mark.parametrize(
    ("name", "kernel"),
    [("bicubic", cubic), ("lanczos3", lanczos(3)), ("lanczos5", lanczos(5))],
    ids=["bicubic", "lanczos3", "lanczos5"],
)
@pytest.mark.parametrize("size", [(1, 2), (2, 2), (3, 2)])
def test_kernels(name: str, kernel: Callable[[np.ndarray], np.ndarray], size: tuple[int, int]) -> None:
    case = Case("UpSampling2D", {"size": size, "interpolation": name}, ((5, 7, 2),))
    x = np.random.default_rng(0).normal(size=(3, 5, 7, 2)).astype("float32")
    wanted = np.einsum("nhwc,yh,xw->nyxc", x, matrix(5, size[0], kernel), matrix(7, size[1], kernel))
    close(emitted(made(case), types(case))(torch.tensor(x)), torch.tensor(wanted.astype("float32")))
