"""Layers: constructed, applied, chained, composed and shared."""

from __future__ import annotations

import pytest
import torch

from tests.language.checking import SEED, accepted, found, keys, model, outputs, refused, run, shape, shapes

SEQUENCE = "input x: (5, 8)"


def same(first: str, second: str, inputs: str = "input x: (8)", before: str = "") -> None:
    """Assert that two bodies give modules with the same keys, weights and results."""
    one, other = (model(body, inputs=inputs, before=before) for body in (first, second))
    assert keys(one) == keys(other)
    shape_of = accepted(one).model.inputs[0].types[0].shape[1:]
    x = torch.randn(3, *shape_of)
    assert torch.equal(run(one, x), run(other, x))


# ---------------------------------------------------------------- construction and application


def test_a_call_and_a_chain_are_one() -> None:
    same("y = Dense(3)(x)\noutput y", "y = x -> Dense(3)\noutput y")
    same("y = ReLU()(Dense(4)(x)) * 2\noutput y", "y = (x -> Dense(4) -> ReLU()) * 2\noutput y")


def test_arguments_are_by_position_then_by_name() -> None:
    same(
        'y = x -> Dense(3, "relu", false)\noutput y',
        'y = x -> Dense(use_bias=false, units=3, activation="relu")\noutput y',
    )


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("x -> «Dense()»", "E0301", None),
        ("x -> Dense(«unitz=3»)", "E0205", "did you mean `units`?"),
        ("x -> Dense(«out_features=3»)", "E0205", "write `units`"),
        (
            "x -> Dense(3, «input_shape=(3,)»)",
            "E0205",
            "leave `input_shape` out: what comes in is known from the layer before, or from `input`",
        ),
        ("x -> Dense(3, «units=4»)", "E0206", ""),
        ("x -> Dense(units=3, «units=4»)", "E0206", ""),
        ('x -> Dense(units=3, «"relu"»)', "E0115", "put it first, or give it its name"),
        ("x -> Dense(3, activation=«relu»)", "E0201", 'write `"relu"`: options are strings'),
        ('x -> Dense(3, «activation="rellu"»)', "E0304", 'did you mean `"relu"`?'),
        ("x -> «Densee»(3)", "E0201", "did you mean `Dense`?"),
        ("x -> «Linear»(3)", "E0201", "write `Dense(units)`"),
        ("x -> «nn.Linear»(8, 3)", "E0210", "write `Dense(units)`"),
        ("x -> Dense(«x»)", "E0322", "apply it: `Dense(…)(x)` or `x -> Dense(…)`"),
        ("x -> ReLU(«x»)", "E0322", "apply it: `ReLU()(x)` or `x -> ReLU()`"),
        ("«x(3)»", "E0314", "a layer is applied to a tensor: `layer(x)` or `x -> layer`"),
        ("3 -> «Dense(3)»", "E0321", ""),
        ("x -> «x»", "E0321", "a chain goes from a tensor through layers"),
        ("x -> «3»", "E0321", ""),
        ("x -> «HeNormal()»", "E0321", ""),
        ("«Dense(3)()»", "E0422", ""),
        ("«Dense(3)(x, x)»", "E0422", ""),
        ("«Dense(3)(3)»", "E0323", "arguments stand in the brackets of the constructor"),
    ],
)
def test_what_is_no_application(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked), code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- keywords


def test_application_takes_keywords() -> None:
    text = model(
        "attention = MultiHeadAttention(2, 4)\ny = attention(q, q, attention_mask=m, use_causal_mask=true)\noutput y",
        inputs="input q: (3, 8)\ninput m: bool(3, 3)",
    )
    q, mask = torch.randn(2, 3, 8), torch.ones(2, 3, 3, dtype=torch.bool)
    before = run(text, q, mask)
    changed = q.clone()
    changed[:, 2] += 1
    after = run(text, changed, mask)
    assert torch.equal(before[:, :2], after[:, :2])  # the causal mask
    mask[:, :, 0] = False
    assert not torch.equal(before[:, 1], run(text, q, mask)[:, 1])  # the mask that is given


def test_states_are_given_by_keyword() -> None:
    body = "_, h, c = LSTM(4, return_state=true)(x)\ny = LSTM(4)(x, initial_state=[h, c])\noutput y"
    assert shape(model(body, inputs=SEQUENCE)) == "(N, 4)"


def test_an_embedding_is_applied_in_reverse() -> None:
    outputs = "e(h, reverse=true), e(x, reverse=false), e(h[:, 0], reverse=true)"
    body = f"e = ReversibleEmbedding(10, 4)\nh = e(x)\noutput {outputs}"
    text = model(body, inputs="input x: int64(5)")
    assert (keys(text), shapes(text)) == (["e"], ["(N, 5, 10)", "(N, 5, 4)", "(N, 10)"])
    tokens = torch.tensor([[1, 9, 0, 3, 3]])
    scores, rows, _ = run(text, tokens)
    table = accepted(text).module(seed=SEED).e.weight
    torch.testing.assert_close((scores, rows), (table[tokens] @ table.T, table[tokens]))


def test_only_a_reversible_embedding_is() -> None:
    body = "e = Embedding(10, 4)\nh = e(x)\noutput e(h, «reverse=true»)"
    found = refused(model(body, inputs="input x: int64(5)"), "E0205")
    assert found.help == "`ReversibleEmbedding` can be applied in reverse"


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("Dense(3)(x, «training=true»)", "E0205"),
        ("MultiHeadAttention(2, 4)(x, x, «use_causal_mask=1»)", "E0302"),
        ("MultiHeadAttention(2, 4)(x, x, «attention_mask=3»)", "E0302"),
        ("MultiHeadAttention(2, 4)(x, x, «attention_maks=x»)", "E0205"),
        ("LSTM(4)(x, «initial_state=3»)", "E0302"),
        ("MultiHeadAttention(2, 4)(x, x, use_causal_mask=true, «use_causal_mask=true»)", "E0206"),
    ],
)
def test_what_a_keyword_cannot_be(marked: str, code: str) -> None:
    refused(model(marked, inputs=SEQUENCE), code)


def test_inputs_may_be_given_by_name() -> None:
    same(
        "y = MultiHeadAttention(2, 4)(query=x, value=x)\noutput y",
        "y = MultiHeadAttention(2, 4)(x, x)\noutput y",
        SEQUENCE,
    )
    before = "block Gap {\ninput a: (C)\ninput b: (C)\noutput a - b\n}"
    same("d = x * 2\noutput Gap()(b=x, a=d)", "d = x * 2\noutput Gap()(d, x)", before=before)
    refused(model("output Gap()(x, «c=x»)", before=before), "E0205")


# ---------------------------------------------------------------- lists


def test_a_list_is_given_to_a_layer_that_takes_one() -> None:
    body = "output [x, x] -> Concatenate(), s: [x, x * 2, x] -> Add(), d: [x, x] -> Dot(axes=1)"
    assert shapes(model(body)) == ["(N, 16)", "(N, 8)", "(N, 1)"]
    same("output Add()([x, x])", "output [x, x] -> Add()")


def test_a_list_is_spread_over_several_inputs() -> None:
    for kind, size in (("block", "C"), ("model", "8")):
        before = f"{kind} Gap {{\ninput a: ({size})\ninput b: ({size})\noutput a - b\n}}"
        same("output [x * 3, x] -> Gap()", "output Gap()(x * 3, x)", before=before)
    same("output [x, x] -> MultiHeadAttention(2, 4)", "output MultiHeadAttention(2, 4)(x, x)", inputs=SEQUENCE)


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("output «Add()(x, x)»", "E0422", "write `[a, b] -> Add()`"),
        ("output [x, x] -> «Dense(3)»", "E0422", ""),
        ("output x -> «Add()»", "E0422", "write `[a, b] -> Add()`"),
        ("output [x, 3] -> «Add()»", "E0323", "arguments stand in the brackets of the constructor"),
        ("output [] -> «Concatenate()»", "E0422", ""),
    ],
)
def test_what_a_list_is_not_for(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked), code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- composed and shared layers


def test_a_composed_layer_has_one_set_of_weights_however_often_it_is_applied() -> None:
    body = "f = Dense(8) -> ReLU() -> Dense(8)\noutput f(f(x)), x -> f -> f"
    text = model(body)
    assert keys(text) == ["f_dense", "f_dense_1"]
    once, twice = run(text, torch.randn(3, 8))
    assert torch.equal(once, twice)


def test_composition_is_associative_and_takes_lists_first() -> None:
    same("f = Dense(4) -> (ReLU() -> Dense(3))\noutput x -> f", "f = (Dense(4) -> ReLU()) -> Dense(3)\noutput f(x)")
    assert shape(model("f = Concatenate() -> Dense(3)\noutput [x, x] -> f")) == "(N, 3)"


def test_one_layer_is_used_with_shapes_that_need_the_same_weights() -> None:
    assert shapes(model("d = Dense(3)\noutput d(x), d(x[:, :5, :])", inputs="input x: (7, 8)")) == [
        "(N, 7, 3)",
        "(N, 5, 3)",
    ]


def test_a_layer_that_would_need_other_weights_is_refused_at_the_second_use() -> None:
    diagnostic = refused(model("d = Dense(3)\ny = d(x)\noutput y, «d(y)»"), "E0421")
    assert diagnostic.notes[0].message == "its weights were made for (N, 8) here"


def test_destructuring() -> None:
    inputs = SEQUENCE
    assert outputs(model("out, h, c = LSTM(6, return_state=true)(x)\noutput out, h, c", inputs)) == ["out", "h", "c"]
    assert shapes(model("a, b = (1, 2)\nc, d = [x, x * a]\noutput c * b, d", inputs)) == ["(N, 5, 8)", "(N, 5, 8)"]
    assert outputs(model("_, h, _ = LSTM(6, return_state=true)(x)\noutput h", inputs)) == ["h"]


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("a, «b» = (1, 2, 3)", "E0317", "`_` drops one"),
        ("a, b, «c» = (1, 2)", "E0317", ""),
        ("a, «b» = 3", "E0317", "bind one name"),
        ("a, «b» = x", "E0317", "bind one name"),
        ("a, «b» = x -> Dense(3)", "E0317", "bind one name"),
        ("a = 3\noutput x * «_»", "E0201", None),
    ],
)
def test_what_cannot_be_taken_apart(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked), code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- as


def test_as_names_a_link_of_a_chain() -> None:
    text = model("x -> Dense(4) as narrow -> Dense(6) as wide -> Dense(2)\noutput narrow, wide, Identity()")
    assert (keys(text), shapes(text)) == (["narrow", "wide", "dense"], ["(N, 4)", "(N, 6)", "(N, 2)"])
    assert shape(model("y = x as z -> Dense(3)\noutput [y, z] -> Concatenate()")) == "(N, 11)"
    assert shapes(model("(x * 2) as z -> Dense(3)\noutput z, Identity()")) == ["(N, 8)", "(N, 3)"]


@pytest.mark.parametrize(
    ("marked", "help"),
    [
        ("f = Dense(8) -> «Dropout(0.2) as d» -> Dense(8)\noutput f(x)", "name the layer itself: `d = …`"),
        ("f = «Dense(8) as d»\noutput f(x)", "name the layer itself: `d = …`"),
        ("a = «3 as d»\noutput x * a", ""),
        ("a = «[x] as d»\noutput a[0] * 2", ""),
    ],
)
def test_as_names_a_tensor_alone(marked: str, help: str) -> None:
    assert refused(model(marked), "E0320").help == help


def test_as_rebinds_a_name() -> None:
    assert shape(model("x -> Dense(3) as x\noutput y: x")) == "(N, 3)"


# ---------------------------------------------------------------- recipes


def test_each_use_of_a_recipe_draws_anew_and_with_a_seed_the_same() -> None:
    layer = "Dense(8, kernel_initializer=start)"
    body = f"start = HeNormal({{}})\na = x -> {layer}\nb = x -> {layer}\noutput a, b"
    state = accepted(model(body.format(""))).module(seed=3).state_dict()
    assert not torch.equal(state["a.weight"], state["b.weight"])
    state = accepted(model(body.format("seed=1"))).module(seed=3).state_dict()
    assert torch.equal(state["a.weight"], state["b.weight"])


def test_identity_is_a_layer_and_an_initializer() -> None:
    text = model("y = x -> Identity() -> Dense(8, kernel_initializer=Identity())\noutput y")
    assert torch.equal(accepted(text).module(seed=1).state_dict()["y.weight"], torch.eye(8))
    assert found(model('y = x -> Dense(8, kernel_initializer="identity")\noutput y')) == []


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("x -> Dense(3, «kernel_initializer=L2(0.1)»)", "E0302"),
        ("x -> Dense(3, «kernel_regularizer=HeNormal()»)", "E0302"),
        ("x -> Dense(3, kernel_initializer=HeNormal(«sed=1»))", "E0205"),
        ('x -> Dense(3, «kernel_initializer="he"»)', "E0304"),
        ("x -> Dense(«HeNormal()»)", "E0302"),
        ("output «x + HeNormal()»", "E0310"),
    ],
)
def test_the_kind_of_a_recipe_follows_from_what_takes_it(marked: str, code: str) -> None:
    refused(model(marked), code)
