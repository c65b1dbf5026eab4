"""The keys of weights, in modules: what the names alone (tests/elaborate) cannot show."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import nndsl
from tests.language.checking import accepted, found, keys, model, refused

SEQUENCE = "input x: (5, 8)"


def leaves(body: str, inputs: str = "input x: (8)", before: str = "") -> list[str]:
    """Return the whole keys of a model."""
    return list(accepted(model(body, inputs=inputs, before=before)).module(device="meta").state_dict())


# ---------------------------------------------------------------- 1, 2: a layer, however often it is applied


def test_a_layer_has_one_set_of_weights_where_its_constructor_stands() -> None:
    module = accepted(model("f = Dense(8)\ny = x -> f -> f -> Dense(8)\noutput f(y)")).module(seed=1)
    assert list(module.state_dict()) == ["f.weight", "f.bias", "y.weight", "y.bias"]


@pytest.mark.parametrize(
    "body",
    [
        "y = x -> Dense(8) -> Dropout(0.1)\noutput y",
        "y = x -> Dropout(0.1) -> ReLU() -> Dense(8)\noutput y",
        "y = -(x -> Dense(8)) * 2\noutput y",
        'y = [x, x] -> Add() -> Activation("relu") -> Dense(8)\noutput y',
    ],
)
def test_layers_without_weights_change_no_key(body: str) -> None:
    assert leaves(body) == ["y.weight", "y.bias"]


# ---------------------------------------------------------------- 7: instances and arguments

BEFORE = "block PreNorm(inner) {\nLayerNormalization()\ninner\n}\nblock Twice(part) {\npart\npart\n}"


def test_a_layer_made_elsewhere_is_registered_there_alone_and_taken_in_forward() -> None:
    body = "head = Dense(8)\nPreNorm(head)\nTwice(PreNorm(head)) -> head"
    assert keys(model(body, before=BEFORE)) == [
        "head",
        "pre_norm.layer_normalization",
        "twice.part.layer_normalization",
    ]
    module = accepted(model(body, before=BEFORE)).module(seed=1)
    assert sum(isinstance(part, nn.Linear) for part in module.modules()) == 1


def test_a_default_that_makes_layers_makes_them_in_each_instance() -> None:
    before = "block Part(inner=Dense(8) -> Dense(8)) {\ninner\n}"
    assert keys(model("Part()\nPart()", before=before)) == [
        "part.inner_dense", "part.inner_dense_1", "part_1.inner_dense", "part_1.inner_dense_1",
    ]  # fmt: skip


def test_a_wrapper_adds_no_level() -> None:
    body = "TimeDistributed(Dense(8))\nTimeDistributed(Dense(8) -> Dense(4))\nBidirectional(LSTM(3))"
    assert keys(model(body, inputs=SEQUENCE)) == [
        "time_distributed", "time_distributed_1_dense", "time_distributed_1_dense_1", "bidirectional",
    ]  # fmt: skip


# ---------------------------------------------------------------- 8: loops


def test_a_loop_is_a_list_as_long_as_its_turns_with_holes() -> None:
    text = model("for i in range(4) {\nif i % 2 == 1 {\nDense(8)\n}\nx * 2\n}")
    module = nndsl.compile(text).module(device="meta")
    text = model("for i in range(4) {\nif i % 2 == 1 {\nDense(8)\n}\n}")
    module = accepted(text).module(device="meta")
    assert isinstance(module.dense, nn.ModuleList)
    assert [type(part) for part in module.dense] == [nn.Identity, nn.Linear, nn.Identity, nn.Linear]


def test_weights_in_a_loop_are_a_parameter_list() -> None:
    text = model("for i in range(2) {\nscale = Weight((8,))\nx = x * scale\n}\noutput y: x")
    module = accepted(text).module()
    assert isinstance(module.scale, nn.ParameterList)
    assert list(module.state_dict()) == ["scale.0", "scale.1"]


def test_the_turns_stand_behind_the_outermost_owner_of_an_argument() -> None:
    body = "for i in range(2) {\nPreNorm(Twice(Dense(8)))\n}"
    assert keys(model(body, before=BEFORE)) == [
        f"pre_norm.{turn}.{name}" for turn in range(2) for name in ("inner.part", "layer_normalization")
    ]


def test_attributes_are_registered_in_the_order_of_the_text() -> None:
    module = accepted(model("a = Dense(8)\nb = Dense(8)\noutput x -> b -> Dense(8) -> a")).module(device="meta")
    assert [name for name, _ in module.named_children()] == ["a", "b", "dense"]


# ---------------------------------------------------------------- 9, 10: dead layers and clashes


def test_a_dead_layer_has_no_key_and_its_number_stays_taken() -> None:
    text = model("x -> Dense(3)\nx -> Dense(8)")
    assert list(nndsl.compile(text).module(device="meta").state_dict()) == ["dense_1.weight", "dense_1.bias"]
    text = model("for i in range(3) {\ny = x -> Dense(8)\n}\noutput y")
    module = nndsl.compile(text).module(device="meta")
    assert list(module.state_dict()) == ["y.2.weight", "y.2.bias"]
    assert len(module.y) == 3


def test_a_clash_is_an_error_at_the_second_in_a_branch_not_taken_too() -> None:
    marked = "dense_1 = x -> Dense(8)\nDense(4)\nif false {\n«Dense(2)»\n}\noutput dense_1, Identity()"
    assert "name=" in refused(model(marked), "E0207").help
    refused(model('a = x -> Dense(8, name="b")\nb = a -> «Dense(4)»\noutput b'), "E0207")


def test_layers_of_an_argument_and_of_the_block_may_not_share_a_name() -> None:
    before = "block Part(inner) {\ny = x -> Dense(8)\noutput y -> inner\n}"
    assert found(model('Part(Dense(8, name="y"))', before=before)) == ["E0207"]


@pytest.mark.parametrize(
    "name",
    [
        "half",
        "forward",
        "lambda_",
        "type",
        "to",
        "eval",
        "train",
        "state_dict",
        "print",
        "torch",
        "self",
        "nn",
        "F",
        "super",
        "match",
        "x",
    ],
)
def test_any_name_works(name: str) -> None:
    text = model(f"{name} = x -> Dense(8)\nz = {name} -> Dense(8)\noutput z", inputs="input a: (8)\nx = a")
    module = accepted(text).module(seed=1)
    assert module(torch.zeros(2, 8)).shape == (2, 8)
    frozen = name in ("half", "forward", "type", "to", "eval", "train", "state_dict")
    assert next(iter(module.state_dict())) == (f"{name}_.weight" if frozen else f"{name}.weight")


# ---------------------------------------------------------------- 11: leaves


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),
    [
        ("Dense(3)", "input x: (8)", "weight bias"),
        ("Dense(3, use_bias=false)", "input x: (8)", "weight"),
        ("Conv2D(3, 3)", "input x: (9, 9, 2)", "weight bias"),
        ("Conv2DTranspose(3, 3)", "input x: (9, 9, 2)", "weight bias"),
        ("DepthwiseConv2D(3)", "input x: (9, 9, 2)", "weight bias"),
        ("SeparableConv2D(3, 3)", "input x: (9, 9, 2)", "depthwise.weight pointwise.weight pointwise.bias"),
        ("BatchNormalization()", "input x: (8)", "weight bias running_mean running_var"),
        ("LayerNormalization()", "input x: (8)", "weight bias"),
        ("Embedding(9, 3)", "input x: int64(8)", "weight"),
        ("PositionEmbedding(9)", SEQUENCE, "weight"),
        ("LSTM(3)", SEQUENCE, "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0"),
        ('LSTM(3, activation="relu")', SEQUENCE, "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0"),
        ("GRU(3)", SEQUENCE, "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0"),
        ("SimpleRNN(3)", SEQUENCE, "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0"),
    ],
)
def test_leaves(layer: str, inputs: str, expected: str) -> None:
    assert leaves(f"y = x -> {layer}\noutput y", inputs) == [f"y.{leaf}" for leaf in expected.split()]


def test_leaves_of_attention_and_of_both_directions() -> None:
    attention = leaves("y = MultiHeadAttention(2, 4)(x, x)\noutput y", SEQUENCE)
    assert attention == [
        f"y.{part}.{leaf}" for part in ("query", "key", "value", "output") for leaf in ("weight", "bias")
    ]
    both = leaves("y = x -> Bidirectional(LSTM(3))\noutput y", SEQUENCE)
    one = ["y.weight_ih_l0", "y.weight_hh_l0", "y.bias_ih_l0", "y.bias_hh_l0"]
    assert sorted(both) == sorted([*one, *(f"{key}_reverse" for key in one)])


@pytest.mark.parametrize("layer", ["LSTM(3)", 'LSTM(3, activation="relu")'])
def test_the_second_bias_of_an_lstm_is_zero_is_not_trained_and_not_counted(layer: str) -> None:
    compiled = accepted(model(f"y = x -> {layer}\noutput y", SEQUENCE))
    module = compiled.module(seed=1)
    state = module.state_dict()
    assert not state["y.bias_hh_l0"].any()
    trained = {name for name, weight in module.named_parameters() if weight.requires_grad}
    assert trained == {"y.weight_ih_l0", "y.weight_hh_l0", "y.bias_ih_l0"}
    assert compiled.summary().parameters == 4 * 3 * (8 + 3 + 1)


# ---------------------------------------------------------------- 12: promise

VALID = "y = x -> Dense(8) -> ReLU()\nfor i in range(2) {\nDense(8)\n}\nz = y -> Dense(8)\noutput Identity(), z"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y = x", "# a comment\n\ny = (x)"),
        ("-> ReLU()", "-> Dropout(0.5) -> ReLU()"),
        ("for i in", "for turn in"),
        ("z = y", "new = x -> Dense(3)\nz = y"),
        ("z = y -> Dense(8)\n", "Dense(8)\nz = y -> Dense(8)\n"),
        ("Dense(8)\n}", 'Dense(8, activation="relu")\n}'),
    ],
)
def test_what_keeps_every_checkpoint_valid(old: str, new: str) -> None:
    state = nndsl.compile(model(VALID)).module(seed=1).state_dict()
    changed = nndsl.compile(model(VALID.replace(old, new, 1))).module(seed=2)
    assert set(state) <= set(changed.state_dict())
    changed.load_state_dict({**changed.state_dict(), **copy.deepcopy(state)})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-> ReLU()", "-> Dense(8)"),
        ("for i in range(2) {", "Dense(8)\nfor i in range(2) {"),
        ("Dense(8)\n}", "Dense(8) as w\n}"),
    ],
)
def test_what_does_not(old: str, new: str) -> None:
    state = nndsl.compile(model(VALID)).module(seed=1).state_dict()
    changed = nndsl.compile(model(VALID.replace(old, new, 1))).module(seed=2).state_dict()
    assert not set(state) <= set(changed) or [*state] != [key for key in changed if key in state]
