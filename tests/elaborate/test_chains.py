"""Layers, chains, application, and the current value."""

from __future__ import annotations

import pytest

import nndsl
from tests.elaborate.compiling import codes, compiled, layers, model, shape, shapes


def test_lone_layers_take_the_current_value() -> None:
    assert layers("Dense(4)", "ReLU()", "Dense(2)") == ["Dense", "ReLU", "Dense"]
    assert shape("Dense(4)", "Dense(2)") == "2"


def test_application_and_arrow_are_one() -> None:
    assert shape("y = Dense(3)(x)", "output y") == shape("y = x -> Dense(3)", "output y") == "3"


def test_a_binding_leaves_the_current_value_as_it_is() -> None:
    assert shape("y = x -> Dense(4)", "Dense(2)", "output [y, x] -> Concatenate()") == "12"
    assert shape("y = x -> Dense(4)", "Dense(2)") == "2"


def test_an_expression_that_gives_a_tensor_becomes_the_current_value() -> None:
    assert shape("x + x", "Dense(3)") == "3"
    assert shape("y = x -> Dense(4)", "y", "Dense(2)") == "2"


def test_a_bound_layer_that_stands_alone_takes_the_current_value() -> None:
    found = compiled("head = Dense(8)", "head", "head")
    assert len({node.made for node in found.model.nodes}) == 1
    assert len(found.model.nodes) == 2
    assert len(found.model.made) == 1


def test_a_composed_layer_has_one_set_of_weights() -> None:
    found = compiled("f = Dense(8) -> ReLU() -> Dense(8)", "output f(x) + f(f(x))")
    assert len(found.model.made) == 2
    assert [type(node.layer).__name__ for node in found.model.nodes] == ["Dense", "ReLU", "Dense"] * 3 + ["Arithmetic"]


def test_composing_composed_layers() -> None:
    assert layers("a = Dense(8) -> ReLU()", "b = a -> Dense(4)", "x -> b -> Dense(2)") == [
        "Dense",
        "ReLU",
        "Dense",
        "Dense",
    ]


def test_as_names_a_tensor_of_a_chain() -> None:
    assert shapes("x -> Dense(4) as a -> Dense(2)", "output a, b: x") == {"a": "4", "b": "8"}
    assert shapes("Dense(4) as a -> Dense(2) as b", "output a, b") == {"a": "4", "b": "2"}


def test_conditional_layers() -> None:
    assert layers("x -> (Dense(3) if 1 > 2 else ReLU())") == ["ReLU"]
    assert layers("Dense(3) if 1 > 2 else ReLU()") == ["ReLU"]


def test_lists_of_tensors() -> None:
    assert shape("parts = [x, x -> Dense(4)]", "parts = parts + [x]", "parts -> Concatenate()") == "20"
    assert shape("a, b = (x, x -> Dense(4))", "[a, b] -> Concatenate()") == "12"
    assert shape('parts = {"a": x}', 'parts["a"] -> Dense(3)') == "3"


def test_layers_in_lists() -> None:
    assert layers("for f in [Dense(3), ReLU()] {", "  f", "}") == ["Dense", "ReLU"]


def test_destructuring() -> None:
    given = "x: (T, 8)"
    assert shapes("out, h, _ = LSTM(4, return_state=true)(x)", "output out, h", inputs=given) == {"out": "4", "h": "4"}
    assert codes("out, h = LSTM(4, return_state=true)(x)", "output out, h", inputs=given) == ["E0317"]
    assert codes("a, b = x", "output a", inputs=given) == ["E0317"]


def test_application_keywords() -> None:
    lines = ["_, h, c = LSTM(4, return_state=true)(x)", "output LSTM(4)(x, initial_state=[h, c])"]
    found = compiled(*lines, inputs="x: (T, 8)").model
    assert [len(node.tensors()) for node in found.nodes] == [1, 3]
    assert shape("output MultiHeadAttention(2, 4)(x, x, use_causal_mask=true)", inputs="x: (T, 8)") == "T, 8"
    assert shape("output MultiHeadAttention(2, 4)(x, value=x)", inputs="x: (T, 8)") == "T, 8"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("y = LSTM(4)(x, initial=[x])", "E0205"),
        ("y = LSTM(4)(x, initial_state=3)", "E0302"),
        ("y = MultiHeadAttention(2, 4)(x, x, use_causal_mask=3)", "E0302"),
        ("y = MultiHeadAttention(2, 4)(x, x, attention_mask=3)", "E0302"),
        ("y = MultiHeadAttention(2, 4)(x)", "E0422"),
        ("y = Dense(3)(x, x)", "E0422"),
        ("y = Dense(3)()", "E0422"),
        ("y = Dense(3)(x, x=x)", "E0205"),
        ("y = Dense(3)(3)", "E0323"),
        ("y = Add()(x)", "E0422"),
        ("y = [x, 3] -> Add()", "E0323"),
    ],
)
def test_applications_that_are_refused(line: str, code: str) -> None:
    assert codes(line, "output y", inputs="x: (T, 8)") == [code]


def test_lists_are_spread_over_inputs() -> None:
    assert shape("[x, x] -> MultiHeadAttention(2, 4)", inputs="x: (T, 8)") == "T, 8"


def test_arithmetic_of_tensors() -> None:
    assert shape("y = (x + x) * 2 - 1 / (-x) ** 2", "output y") == "8"
    assert shape("y = 1 - x", "output y") == "8"
    assert codes("y = x + [1]", "output y") == ["E0310"]
    assert codes("y = x // 2", "output y") == ["E0310"]
    assert codes("y = x < 2", "output y") == ["E0310"]
    assert codes("y = x + true", "output y") == ["E0310"]


def test_unequal_ranks_are_refused_with_both_spellings() -> None:
    (found,) = nndsl.check(model("y = a + b", "output y", inputs="a: (4, 8); b: (8)"))
    assert found.code == "E0403"
    assert "Add()" in found.help
    assert "Reshape" in found.help


def test_indices_and_slices_of_tensors() -> None:
    given = "x: (6, 8)"
    assert shape("y = x[:, -1]", "output y", inputs=given) == "8"
    assert shape("y = x[:, 2:5]", "output y", inputs=given) == "3, 8"
    assert shape("y = x[:, ::2, :3]", "output y", inputs=given) == "3, 3"
    assert codes("y = x[0]", "output y", inputs=given) == ["E0407"]
    assert codes("y = x[:, 9]", "output y", inputs=given) == ["E0409"]
    assert codes("y = x[:, 2.5]", "output y", inputs=given) == ["E0316"]


def test_a_slice_of_a_symbolic_size_requires_it() -> None:
    found = compiled("y = x[:, 2:5]", "output y", inputs="x: (T, 8)").model
    assert [condition.text() for condition in found.conditions] == ["T >= 5"]


def test_weights_without_a_batch() -> None:
    assert shape('y = x * Weight((8,)) + Weight((8,), "ones")', "output y") == "8"
    assert shape("token = Weight((1, 8))", "[token, x] -> Concatenate(axis=1)", inputs="x: (4, 8)") == "5, 8"
    assert codes("y = Weight((8,)) -> Dense(3)", "output x + y", inputs="x: (3)") == ["E0427"]
    assert codes("output Weight((3,))") == ["E0511"]


def test_a_layer_that_would_need_other_weights() -> None:
    assert codes("f = Dense(3)", "output f(x), f(a)", inputs="x: (8); a: (8)") == []
    assert codes("f = Dense(3)", "output f(x), f(a)", inputs="x: (8); a: (5, 8)") == []
    assert codes("f = Dense(3)", "output f(x), f(a)", inputs="x: (8); a: (5)") == ["E0421"]
    assert codes("f = Dropout(0.5)", "output f(x), f(a)", inputs="x: (8); a: (5)") == []


def test_time_distributed() -> None:
    given = "x: (5, 6, 7, 3)"
    assert layers("TimeDistributed(Dense(2))", inputs=given) == ["Dense"]
    assert layers("TimeDistributed(Conv2D(2, 3))", inputs=given) == ["FoldTime", "Conv2D", "UnfoldTime"]
    assert shape("TimeDistributed(Conv2D(2, 3) -> Flatten())", inputs=given) == "5, 40"
    assert layers("TimeDistributed(BatchNormalization())", inputs=given) == ["Stepwise"]
    assert codes("TimeDistributed(Dense(2))", inputs="x: (5)") == ["E0401"]
    assert codes("TimeDistributed(3)", inputs=given) == ["E0302"]
    assert codes("TimeDistributed()", inputs=given) == ["E0301"]


def test_settings_of_the_file_reach_the_layers() -> None:
    before = 'set data_format = "channels_first"\n'
    assert shape("Conv2D(4, 3)", inputs="x: (3, 10, 10)", before=before) == "4, 8, 8"
    assert shape("Conv2D(4, 3)", inputs="x: (10, 10, 3)") == "8, 8, 4"


def test_recipes_of_two_kinds_follow_from_the_argument() -> None:
    assert shape("Dense(8, kernel_initializer=Identity())", "Identity()") == "8"
    before = "drawn = HeNormal(seed=1)\nwhole = Identity()\n"
    lines = ["Dense(8, kernel_initializer=drawn)", "Dense(8, kernel_initializer=whole)"]
    assert codes(*lines, before=before) == []
