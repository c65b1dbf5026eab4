"""ConvLSTM2D, alone and in both directions, against Keras."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import Tensor

import nndsl
from nndsl.dims import symbol
from nndsl.layers.base import TensorType
from nndsl.layers.bidirectional import Bidirectional
from nndsl.layers.conv_lstm import ConvLSTM2D
from nndsl.module import build
from tests.layers.masked import compare as compare_text
from tests.layers.masked import mask_of
from tests.layers.sequences import compare, kind_of, random, refusal, source

SHAPES = {"channels_last": (3, 4, 7, 6, 2), "channels_first": (3, 4, 2, 7, 6)}
CASES: tuple[dict[str, Any], ...] = (
    {},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"padding": "same", "go_backwards": True},
    {"strides": (2, 1)},
    {"strides": (3, 2), "padding": "same", "return_sequences": True},
    {"kernel_size": (2, 4), "padding": "same"},
    {"kernel_size": (1, 3), "dilation_rate": (1, 2), "padding": "same"},
    {"kernel_size": (3, 2), "dilation_rate": (2, 1)},
    {"activation": "softmax", "recurrent_activation": "hard_sigmoid"},
    {"activation": None, "recurrent_activation": "sparsemax", "return_state": True},
    {"use_bias": False, "unit_forget_bias": False},
    {"data_format": "channels_first", "return_sequences": True, "return_state": True},
    {"data_format": "channels_first", "activation": "softmax", "strides": (2, 2), "padding": "same"},
)


def pair(arguments: dict[str, Any]) -> tuple[ConvLSTM2D, keras.layers.Layer]:
    """Return the layer, and Keras's."""
    given = {"filters": 3, "kernel_size": (3, 3), **arguments}
    return ConvLSTM2D(**given), keras.layers.ConvLSTM2D(**given)


def inputs(arguments: dict[str, Any]) -> list[np.ndarray]:
    """Return a random video."""
    return random(SHAPES[arguments.get("data_format", "channels_last")])


@pytest.mark.parametrize("arguments", CASES, ids=str)
def test_layer(arguments: dict[str, Any]) -> None:
    compare(*pair(arguments), inputs(arguments))


@pytest.mark.parametrize("place", SHAPES)
def test_initial_state(place: str) -> None:
    arguments = {"data_format": place, "return_state": True}
    shape = (3, 5, 4, 3) if place == "channels_last" else (3, 3, 5, 4)
    compare(*pair(arguments), inputs(arguments), {"initial_state": random(shape, shape, seed=5)})


@pytest.mark.parametrize("place", SHAPES)
@pytest.mark.parametrize(
    ("merge_mode", "sequences", "state"),
    [("concat", False, False), ("concat", True, True), ("mul", True, False), (None, False, True)],
)
def test_bidirectional(place: str, merge_mode: str | None, sequences: bool, state: bool) -> None:
    arguments = {"data_format": place, "return_sequences": sequences, "return_state": state}
    layer, twin = pair(arguments)
    both = keras.layers.Bidirectional(twin, merge_mode=merge_mode)
    compare(Bidirectional(layer, merge_mode), both, inputs(arguments))


def test_backward_layer() -> None:
    layer, twin = pair({})
    other, twin_other = pair({"activation": "relu", "go_backwards": True})
    both = keras.layers.Bidirectional(twin, backward_layer=twin_other)
    compare(Bidirectional(layer, backward_layer=other), both, inputs({}))


def drawn(*shape: int) -> Tensor:
    """Return what dropout draws below: a mask for each of four gates, (4, N, C, H, W)."""
    generator = torch.Generator().manual_seed(shape[1])
    return torch.bernoulli(torch.full((4, *shape), 0.7), generator=generator) / 0.7


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [{"dropout": 0.3, "strides": (2, 2), "padding": "same"}, {"recurrent_dropout": 0.3}, {"kernel_size": (2, 2)}],
    ids=str,
)
def test_dropout(arguments: dict[str, Any], wrapped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fixed(x: Tensor, rate: float) -> Tensor:
        count = x.shape[0]
        masks = drawn(count, *x.shape[-3:]).transpose(0, 1)
        return x * (masks if x.ndim == 5 else masks.unsqueeze(1))

    def theirs(step: Tensor, rate: float) -> Any:
        moved = step.movedim(-1, 1)
        return [each.movedim(1, -1) for each in drawn(*moved.shape)] if rate else None

    cell = keras.src.layers.rnn.dropout_rnn_cell.DropoutRNNCell
    monkeypatch.setattr(cell, "get_dropout_mask", lambda self, step: theirs(step, self.dropout))
    monkeypatch.setattr(cell, "get_recurrent_dropout_mask", lambda self, step: theirs(step, self.recurrent_dropout))
    monkeypatch.setattr(torch.nn.functional, "dropout", fixed)
    layer, twin = pair({"recurrent_dropout": 0.3, "dropout": 0.3, **arguments})
    if wrapped:
        layer, twin = Bidirectional(layer), keras.layers.Bidirectional(twin)
    compare(layer, twin, inputs(arguments), training=True)


def test_dropout_draws_anew() -> None:
    layer = ConvLSTM2D(3, (3, 3), dropout=0.5, recurrent_dropout=0.5)
    module = build(*source(layer, [kind_of(*inputs({}))]), seed=1)
    x = torch.ones(SHAPES["channels_last"])
    assert not torch.equal(module(x), module(x))
    assert torch.equal(module.eval()(x), module(x))


MASKED = ("", ", return_sequences=true", ", return_sequences=true, go_backwards=true", ", zero_output_for_mask=true")


def film() -> np.ndarray:
    """Return a video in which whole images are zeros, the first and the last ones too, and single places of others."""
    x = random((3, 5, 4, 4, 2))[0]
    x[0, 3:], x[1, 0], x[1, 2], x[2] = 0, 0, 0, 0
    x[0, :3, 1:3, 2], x[1, 3, 0, 0] = 0, 0
    return x


@pytest.mark.parametrize("more", MASKED)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_mask_of_places(more: str, wrapped: bool) -> None:
    """What `Masking` makes of a video says of each place whether it counts."""
    options = {each.split("=")[0]: True for each in more.split(", ") if each}
    if wrapped and "go_backwards" in options:
        return
    layer = keras.layers.ConvLSTM2D(3, 3, padding="same", **options)
    layer = keras.layers.Bidirectional(layer) if wrapped else layer
    made = f'ConvLSTM2D(3, 3, padding="same"{more}'
    made = f'Bidirectional({made}), name="layer")' if wrapped else f'{made}, name="layer")'
    text = f"model Net {{\n  input x: (5, 4, 4, 2)\n\n  x -> Masking() -> {made}\n}}\n"
    masking = keras.layers.Masking()
    compare_text(text, {"layer": layer}, lambda x: layer(masking(x)), film())


TOKENS = np.array([[1, 2, 3, 0, 0], [0, 0, 4, 5, 1], [0, 1, 0, 2, 0], [0, 0, 0, 0, 0]])
"""Sequences padded on the right and on the left, one with holes, and one of which all is padding."""


@pytest.mark.parametrize("more", [*MASKED, ", return_state=true", ", return_sequences=true, return_state=true"])
@pytest.mark.parametrize("given", [False, True])
def test_a_mask_of_steps(more: str, given: bool) -> None:
    options = {each.split("=")[0]: True for each in more.split(", ") if each}
    table, spread = keras.layers.Embedding(8, 12, mask_zero=True), keras.layers.Reshape((2, 3, 2))
    steps, layer = keras.layers.TimeDistributed(spread), keras.layers.ConvLSTM2D(3, (2, 2), **options)
    targets = "y, a, b" if "return_state" in options else "y"
    states = ", initial_state=[h, c]" if given else ""
    text = (
        "model Net {\n  input tokens: int64(5)\n  input h: (1, 2, 3)\n  input c: (1, 2, 3)\n\n"
        '  x = tokens -> Embedding(8, 12, mask_zero=true, name="table") -> TimeDistributed(Reshape((2, 3, 2)))\n'
        f'  {targets} = ConvLSTM2D(3, 2{more}, name="layer")(x{states})\n  output {targets}, sum: h + c\n}}\n'
    )

    def expected(tokens: Any, h: Any, c: Any) -> Any:
        x = table(tokens)
        found = layer(steps(x), mask=mask_of(x), **({"initial_state": [h, c]} if given else {}))
        return [*(found if "return_state" in options else [found]), h + c]

    first = random((4, 1, 2, 3), (4, 1, 2, 3), seed=3)
    compare_text(text, {"table": table, "layer": layer}, expected, TOKENS, *first, gradients=False)


def test_time_distributed() -> None:
    inner = keras.layers.ConvLSTM2D(3, 3)
    wrapper = keras.layers.TimeDistributed(inner)
    text = 'model Net {\n  input x: (2, 3, 5, 4, 2)\n\n  x -> TimeDistributed(ConvLSTM2D(3, 3), name="layer")\n}\n'
    compare_text(text, {"layer": inner}, wrapper, *random((2, 2, 3, 5, 4, 2)))


def test_encoder_and_decoder() -> None:
    """Videos and states stay channels first from layer to layer: they are permuted on the way in and out alone."""
    text = """
model Net {
  input x: (4, 6, 6, 2)

  _, h, c = ConvLSTM2D(3, 3, padding="same", return_state=true, name="encoder")(x)
  y = ConvLSTM2D(3, 3, padding="same", name="decoder")(x, initial_state=[h, c])
  output y -> Conv2D(2, 3, name="last")
}
"""
    encoder = keras.layers.ConvLSTM2D(3, 3, padding="same", return_state=True)
    decoder, last = keras.layers.ConvLSTM2D(3, 3, padding="same"), keras.layers.Conv2D(2, 3)

    def expected(x: Any) -> Any:
        _, h, c = encoder(x)
        return last(decoder(x, initial_state=[h, c]))

    twins = {"encoder": encoder, "decoder": decoder, "last": last}
    compiled = compare_text(text, twins, expected, *random((3, 4, 6, 6, 2)))
    assert compiled.source.count(".permute(") == 2


def test_initial_weights() -> None:
    """Keras's: the forget gate open, the other biases zero, the recurrent kernel orthogonal."""
    layer = Bidirectional(ConvLSTM2D(4, (3, 3)))
    module = build(*source(layer, [kind_of(*inputs({}))]), seed=1).layer
    for suffix in ("", "_reverse"):
        assert getattr(module, f"bias{suffix}").tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
        kernel = getattr(module, f"recurrent_kernel{suffix}").flatten(1)
        torch.testing.assert_close(kernel @ kernel.T, torch.eye(16))
        limit = (6 / (9 * (2 + 16))) ** 0.5
        assert 0.9 * limit < getattr(module, f"kernel{suffix}").abs().max() < limit


def test_symbolic_sizes() -> None:
    """Any number of steps, and images of any size."""
    x = TensorType((symbol("N"), symbol("T"), symbol("H"), symbol("W"), 2))
    layer = ConvLSTM2D(3, (3, 3), strides=(2, 2), padding="same", return_sequences=True)
    module = build(*source(layer, [x]))
    for steps, height, width in ((1, 1, 1), (3, 8, 5), (2, 7, 6)):
        wanted = (2, steps, (height + 1) // 2, (width + 1) // 2, 3)
        assert module(torch.ones(2, steps, height, width, 2)).shape == wanted


def test_pickle_and_export() -> None:
    module = build(*source(ConvLSTM2D(3, (3, 3), activation="leaky_relu"), [kind_of(*inputs({}))])).eval()
    x = torch.ones(SHAPES["channels_last"])
    again = pickle.loads(pickle.dumps(copy.deepcopy(module)))
    assert torch.equal(again(x), module(x))
    batch = {"x0": {0: torch.export.Dim("batch")}}
    exported = torch.export.export(module, (x,), dynamic_shapes=batch).module()
    torch.testing.assert_close(exported(x[:2]), module(x[:2]))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
def test_policies(policy: str) -> None:
    text = (
        f'set dtype_policy = "{policy}"\nmodel Net {{\n  input x: (5, 4, 4, 2)\n\n'
        '  x -> Masking() -> Bidirectional(ConvLSTM2D(3, 3, padding="same"))\n}\n'
    )
    found = nndsl.compile(text).module(seed=1)(torch.tensor(film()))
    assert found.dtype == (torch.float64 if policy == "float64" else torch.bfloat16)
    assert found.isfinite().all()


@pytest.mark.parametrize(
    ("layer", "shape", "code", "message"),
    [
        (ConvLSTM2D(3, (3, 3)), (3, 7, 6, 2), "E0401", "takes (N, steps, height, width, channels)"),
        (ConvLSTM2D(3, (3, 3), data_format="channels_first"), (3, 7), "E0401", "(N, steps, channels, height, width)"),
        (ConvLSTM2D(3, (8, 3)), SHAPES["channels_last"], "E0402", "spans 8, and the height of its input is 7"),
        (ConvLSTM2D(3, (3, 3), strides=(2, 2), dilation_rate=(2, 2)), SHAPES["channels_last"], "E0305", "not both"),
        (ConvLSTM2D(3, (3, 3), stateful=True), SHAPES["channels_last"], "E0307", "keeps no state"),
        (ConvLSTM2D(3, (3, 3), activation="glu"), SHAPES["channels_last"], "E0303", "`glu` halves it"),
        (
            Bidirectional(ConvLSTM2D(3, (3, 3)), backward_layer=ConvLSTM2D(3, (2, 3), go_backwards=True)),
            SHAPES["channels_last"],
            "E0305",
            "must have the `kernel_size` of the layer",
        ),
    ],
)
def test_refusals(layer: Any, shape: tuple[int, ...], code: str, message: str) -> None:
    error = refusal(layer, [kind_of(*random(shape))])
    assert error.code == code
    assert message in error.message


def test_masks_that_do_not_fit_are_refused() -> None:
    text = "model Net {\n  input x: (5, 4, 4, 2)\n\n  x -> Masking() -> ConvLSTM2D(3, 3)\n}\n"
    (error,) = nndsl.check(text)
    assert error.code == "E0411"
    assert "the mask of `ConvLSTM2D` is (N, 5, 4, 4), and does not fit its states: (N, 2, 2, 3)" in error.message
