"""Initial weights are distributed as Keras's, however PyTorch lays the weight out."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

from nndsl.arguments import ArgumentError
from nndsl.code import HOLE, Code
from nndsl.emit.helpers.seeded import seeded
from nndsl.emit.helpers.variance_scaling_ import variance_scaling_
from nndsl.recipes import NAMES, find, initializers, more_initializers
from nndsl.recipes.initializers import Initializer, compute_fans

DENSE = ((400, 300), "in out -> out in")
CONVOLUTION = ((3, 3, 80, 160), "h w c m -> m c h w")
DEPTHWISE = ((5, 5, 800, 6), "h w c m -> (c m) 1 h w")
SINGLE = ((5, 5, 4800, 1), DEPTHWISE[1])
HEADS = ((200, 20, 30), "d h k -> (h k) d")
EMBEDDING = ((1000, 120), "v d -> v d")
LAYOUTS = (DENSE, CONVOLUTION, DEPTHWISE, SINGLE, HEADS, EMBEDDING)
RANDOM: tuple[tuple[str, dict[str, Any]], ...] = (
    *((name, {}) for name in ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")),
    ("RandomNormal", {"mean": 0.3, "stddev": 0.2}),
    ("RandomUniform", {"minval": -0.1, "maxval": 0.3}),
    ("RandomUniform", {"minval": 0.3, "maxval": -0.1}),
    ("RandomUniform", {}),
    ("TruncatedNormal", {}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.2}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0}),
    *(
        ("VarianceScaling", {"scale": scale, "mode": mode, "distribution": distribution})
        for scale in (1.0, 2.0, 3.0)
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "untruncated_normal", "uniform", "normal")
    ),
)


def made(name: str, **arguments: Any) -> Any:
    """The initializer of a name."""
    declared = find("initializer", name)
    assert declared is not None
    return declared(**arguments)


def sizes_of(shape: tuple[int, ...], axes: str) -> tuple[int, ...]:
    """PyTorch's shape of a variable."""
    left, right = axes.split(" -> ")
    sizes = dict(zip(left.split(), shape, strict=True), **{"1": 1})
    groups = right.replace("(c m)", "c*m").replace("(h k)", "h*k").split()
    return tuple(int(np.prod([sizes[name] for name in group.split("*")])) for group in groups)


def source(fragment: Code) -> str:
    text = fragment.text
    for hole in fragment.holes:
        text = text.replace(HOLE, repr(hole.value), 1)
    return text


def run(statement: str, weight: torch.Tensor) -> torch.Tensor:
    helpers = {"seeded": seeded, "variance_scaling_": variance_scaling_}
    exec(statement, {"nn": nn, "torch": torch, **helpers, "w": weight})
    return weight


def drawn(
    initializer: Initializer, shape: tuple[int, ...], axes: str, fans: tuple[int, int] | None = None
) -> torch.Tensor:
    fill = initializer.fill(Code("w"), shape, *(fans or compute_fans(shape)), axes)
    return run(source(fill), nn.Parameter(torch.full(sizes_of(shape, axes), torch.nan))).detach()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout[1])
@pytest.mark.parametrize(("name", "arguments"), RANDOM, ids=str)
def test_distribution(name: str, arguments: dict[str, Any], layout: tuple[tuple[int, ...], str]) -> None:
    shape, axes = layout
    torch.manual_seed(0)
    ours = drawn(made(name, **arguments), shape, axes).double()
    theirs = keras.initializers.get({"class_name": name, "config": {**arguments, "seed": 1}})(shape).double()
    deviation = theirs.std().item()
    noise = 6 * deviation / ours.numel() ** 0.5
    assert ours.numel() == theirs.numel() >= 100_000
    assert ours.mean().item() == pytest.approx(theirs.mean().item(), abs=1.5 * noise)
    assert ours.std().item() == pytest.approx(deviation, rel=0.02, abs=1e-12)
    quantiles = torch.linspace(0.01, 0.99, 25, dtype=torch.double)
    ours_at, theirs_at = (values.flatten()[:100_000].quantile(quantiles) for values in (ours, theirs))
    assert torch.allclose(ours_at, theirs_at, atol=0.06 * deviation + 1e-12)
    if name != "RandomNormal" and arguments.get("distribution") != "untruncated_normal":  # the range has ends
        assert ours.max().item() == pytest.approx(theirs.max().item(), abs=0.05 * deviation + 1e-12)
        assert ours.min().item() == pytest.approx(theirs.min().item(), abs=0.05 * deviation + 1e-12)


MILLION = ((1000, 1000), DENSE[1])
FIXED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Constant", {"value": 0.3}),
    ("Identity", {"gain": 2.0}),
    ("Ones", {}),
    ("Zeros", {}),
)
NORMAL = ("RandomNormal", "Orthogonal")
OUTSIDE = 20
"""Values at each end that are left out: Keras's torch backend lets a few in a million out of the range that it cuts."""


def test_every_initializer_is_drawn_a_million_times() -> None:
    """`STFT` draws nothing, and needs another shape: it has a test of its own."""
    assert {name for name, _ in (*RANDOM, *FIXED)} | {"Orthogonal", "STFT"} == set(NAMES["initializer"])


@pytest.mark.parametrize(("name", "arguments"), [*RANDOM, *FIXED, ("Orthogonal", {"gain": 2})], ids=str)
def test_a_million_draws(name: str, arguments: dict[str, Any]) -> None:
    """Mean, variance and range are Keras's, within what chance leaves."""
    shape, axes = MILLION
    torch.manual_seed(0)
    ours = drawn(made(name, **arguments), shape, axes).double()
    drawing = {} if name in dict(FIXED) else {"seed": 1}
    theirs = keras.initializers.get({"class_name": name, "config": {**arguments, **drawing}})(shape).double()
    assert ours.numel() == theirs.numel() == 1_000_000
    deviation = theirs.std().item()
    assert ours.mean().item() == pytest.approx(theirs.mean().item(), abs=0.008 * deviation + 1e-12)
    assert ours.var().item() == pytest.approx(theirs.var().item(), rel=0.01, abs=1e-12)
    endless = name in NORMAL or arguments.get("distribution") == "untruncated_normal"
    for sign in (1, -1):
        end, other = ((sign * values).flatten().topk(OUTSIDE + 1).values[-1].item() for values in (ours, theirs))
        assert end == pytest.approx(other, abs=(0.3 if endless else 1e-3) * deviation + 1e-7)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout[1])
def test_he_normal_ends_at_two_standard_deviations(layout: tuple[tuple[int, ...], str]) -> None:
    shape, axes = layout
    torch.manual_seed(0)
    weights = drawn(more_initializers.HeNormal(), shape, axes)
    end = 2 * (2 / compute_fans(shape)[0]) ** 0.5 / 0.87962566103423978
    assert 0.98 * end < weights.abs().max().item() <= end * (1 + 1e-6)


@pytest.mark.parametrize(
    ("name", "shape", "axes", "expected"),
    [
        ("GlorotUniform", *DENSE, "nn.init.xavier_uniform_(w)"),
        ("GlorotUniform", *CONVOLUTION, "nn.init.xavier_uniform_(w)"),
        ("GlorotUniform", *SINGLE, "nn.init.xavier_uniform_(w)"),
        ("GlorotUniform", *EMBEDDING, "nn.init.xavier_uniform_(w)"),
        ("HeUniform", *CONVOLUTION, 'nn.init.kaiming_uniform_(w, nonlinearity="relu")'),
        ("LecunUniform", *DENSE, 'nn.init.kaiming_uniform_(w, nonlinearity="linear")'),
        ("HeNormal", *CONVOLUTION, "variance_scaling_(w, 2.0)"),
        ("GlorotNormal", *DENSE, 'variance_scaling_(w, 1.0, "fan_avg")'),
        ("HeNormal", *SINGLE, 'variance_scaling_(w, 2.0, "fan_out")'),
        ("HeUniform", *EMBEDDING, 'nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu")'),
        ("HeUniform", *SINGLE, 'nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu")'),
        ("Orthogonal", *DENSE, "nn.init.orthogonal_(w)"),
        ("Zeros", *DENSE, "nn.init.zeros_(w)"),
        ("Ones", *DENSE, "nn.init.ones_(w)"),
        ("RandomUniform", *EMBEDDING, "nn.init.uniform_(w, -0.05, 0.05)"),
    ],
)
def test_pytorch_counts_the_fans_where_it_counts_alike(
    name: str, shape: tuple[int, ...], axes: str, expected: str
) -> None:
    assert source(made(name).fill(Code("w"), shape, *compute_fans(shape), axes)) == expected


@pytest.mark.parametrize(
    ("name", "layout"),
    [("GlorotUniform", DEPTHWISE), ("HeUniform", DEPTHWISE), ("GlorotUniform", HEADS)],
)
def test_sizes_are_holes_where_it_counts_otherwise(name: str, layout: tuple[tuple[int, ...], str]) -> None:
    shape, axes = layout
    one, other = (
        made(name).fill(Code("w"), sizes, *compute_fans(sizes), axes) for sizes in (shape, (*shape[:-1], 2 * shape[-1]))
    )
    assert one.text == other.text
    assert {hole.word for hole in one.holes} == {"limit"}


def test_axes_make_the_fans_of_attention_those_of_keras() -> None:
    shape, axes = HEADS
    ours = initializers.GlorotUniform().with_axes((0,), (1, 2))
    assert source(ours.fill(Code("w"), shape, *compute_fans(shape), axes)) == "nn.init.xavier_uniform_(w)"
    layer = keras.layers.EinsumDense("abc,cde->abde", (None, 20, 30))
    layer.build((None, 5, 200))
    theirs = layer.kernel.value.detach()
    assert drawn(ours, shape, axes).abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=1e-3)
    own = initializers.GlorotUniform(input_axes=(1,), output_axes=(2,))
    assert own.with_axes((0,), (1, 2)) == own
    assert initializers.Zeros().with_axes((0,), (1,)) == initializers.Zeros()


@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (2, 3, 4), (3, 3, 8, 16), (2, 3, 3, 8, 16)], ids=str)
@pytest.mark.parametrize("axes", [(None, None), ((0,), (-1,))], ids=str)
def test_fans(shape: tuple[int, ...], axes: tuple[Any, Any]) -> None:
    from keras.src.initializers.random_initializers import compute_fans as theirs

    if axes[0] and not shape:
        return
    assert compute_fans(shape, *axes) == theirs(shape, *axes)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((6, 24), "u g -> g u"),
        ((24, 6), "in out -> out in"),
        ((3, 3, 4, 8), CONVOLUTION[1]),
        ((6, 2, 3), HEADS[1]),
        ((4, 4, 2, 3), DEPTHWISE[1]),
    ],
    ids=str,
)
def test_orthogonal_in_the_shape_of_keras(shape: tuple[int, ...], axes: str) -> None:
    torch.manual_seed(0)
    weight = drawn(initializers.Orthogonal(gain=2.0), shape, axes)
    left, right = (side.replace("(", "").replace(")", "").replace(" 1 ", " ").split() for side in axes.split(" -> "))
    sizes = dict(zip(left, shape, strict=True))
    keras_weight = weight.reshape([sizes[name] for name in right]).permute([right.index(name) for name in left])
    matrix = keras_weight.reshape(-1, shape[-1]) / 2
    gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    assert torch.allclose(gram, torch.eye(len(gram)), atol=1e-5)


def test_a_seed_makes_each_use_draw_the_same() -> None:
    for initializer in (
        more_initializers.HeNormal(seed=3),
        initializers.Orthogonal(seed=3),
        initializers.RandomUniform(seed=3),
    ):
        first, second = (drawn(initializer, (6, 4), DENSE[1]) for _ in range(2))
        assert torch.equal(first, second)
    unseeded = more_initializers.HeNormal()
    assert not torch.equal(drawn(unseeded, (6, 4), DENSE[1]), drawn(unseeded, (6, 4), DENSE[1]))


WINDOWS = {
    "hann": np.hanning,
    "hamming": np.hamming,
    "blackman": np.blackman,
    "bartlett": np.bartlett,
    "boxcar": np.ones,
}


@pytest.mark.parametrize("window", [*WINDOWS, None])
@pytest.mark.parametrize(
    ("side", "scaling", "periodic"), [("real", "density", False), ("imag", "spectrum", True), ("real", None, False)]
)
def test_stft(side: str, window: str | None, scaling: str | None, periodic: bool) -> None:
    values = WINDOWS[window](16 + periodic)[:16].astype("float32") if window else None
    theirs = keras.initializers.STFT(side=side, window=values, scaling=scaling)((16, 1, 9))
    ours = more_initializers.STFT(side=side, window=window, scaling=scaling, periodic=periodic)
    assert torch.allclose(drawn(ours, (16, 1, 9), "t i f -> f i t").permute(2, 1, 0), theirs, atol=1e-6)


def test_constants() -> None:
    assert drawn(more_initializers.Constant(2.5), (3, 4), DENSE[1]).eq(2.5).all()
    assert drawn(more_initializers.Identity(), (3, 4), DENSE[1]).equal(torch.eye(4, 3))
    assert drawn(more_initializers.Identity(gain=3.0), (3, 4), DENSE[1]).equal(3 * torch.eye(4, 3))


@pytest.mark.parametrize(
    ("initializer", "shape"),
    [
        (more_initializers.Identity(), (3, 3, 3)),
        (initializers.Orthogonal(), (3,)),
        (more_initializers.STFT(), (3, 2, 4)),
    ],
    ids=str,
)
def test_shapes_that_cannot_be_filled(initializer: Initializer, shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError) as caught:
        initializer.check_shape(shape)
    assert caught.value.code == "E0306"
    initializers.GlorotUniform().check_shape(shape)
