"""Bindings, the current value, outputs, and what is never used."""

from __future__ import annotations

import pytest
import torch

import nndsl
from tests.language.checking import accepted, found, keys, model, outputs, refused, run, shape, shapes

# ---------------------------------------------------------------- names


def test_a_name_may_be_bound_again_and_the_later_value_is_meant() -> None:
    text = model("y = x * 2\nz = y\ny = y * 5\noutput y, z")
    x = torch.randn(3, 8)
    y, z = run(text, x)
    assert torch.allclose(y, x * 10)
    assert torch.allclose(z, x * 2)


def test_an_input_may_be_bound_again() -> None:
    assert shape(model("x = x -> Dense(3)\noutput y: x")) == "(N, 3)"


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("output «z»", "E0201"),
        ("y = «z» * 2\nz = x\noutput y, z", "E0202"),
        ("y = «y» * 2\noutput y", "E0202"),
        ("output x -> Dense(«T»)", "E0201"),
    ],
)
def test_names_are_bound_before_they_are_used(marked: str, code: str) -> None:
    refused(model(marked), code)


def test_a_symbol_is_known_where_an_input_declares_it() -> None:
    diagnostic = refused(model("output x -> Dense(«T»)"), "E0201")
    assert diagnostic.help == "a symbolic size is declared where it comes in: `input x: (T, 8)`"


@pytest.mark.parametrize(
    ("body", "marked"),
    [
        ("y = x -> Dense(3)\nDense(4)", "y"),
        ("n = 3\nDense(4)", "n"),
        ("out, h = GRU(4, return_state=true)(s)\noutput out", "h"),
        ("x -> Dense(3) as y -> Dense(4)", "y"),
        ("f = Dense(3)\nDense(4)", "f"),
        ("if true {\nDense(3) as y\n}\nDense(4)", "y"),
    ],
)
def test_a_name_that_is_never_used_is_a_warning(body: str, marked: str) -> None:
    inputs = "input x: (8)" if "(s)" not in body else "input s: (5, 8)"
    (diagnostic,) = nndsl.check(model(body, inputs=inputs))
    assert (diagnostic.code, diagnostic.span.text) == ("W0501", marked)


def test_a_lone_layer_behind_says_so() -> None:
    (diagnostic,) = nndsl.check(model("y = x -> Dense(3)\nDense(4)"))
    assert diagnostic.help == "if it was meant to take `y`, write `y -> Dense(…)`"
    assert diagnostic.notes[0].span is not None
    assert diagnostic.notes[0].span.text == "Dense(4)"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("Dense(4)\nif true {\nDense(3) as p\n}", "p"),
        ("if false {\nDense(3) as p\n} else if true {\nfor _ in range(2) {\nDense(3) as q\n}\n}", "q"),
        ("Dense(3) as p\nif false {\np -> Dense(2)\n}", "p"),
        ("if true {\nDense(3) as x\n}", "y"),
    ],
)
def test_a_name_in_the_last_branch_is_that_of_the_output(body: str, name: str) -> None:
    assert found(model(body)) == []
    assert [each for each, _ in accepted(model(body)).model.outputs] == [name]


def test_what_needs_no_use() -> None:
    assert found(model("for i in range(2) {\nDense(3)\n}")) == []  # loop variables
    assert found(model("x[:, 0]\nDense(3)", inputs="input x: (T, 8)")) == []  # symbols
    assert found(model("_unused = 3\n_ = 4\nDense(3)")) == []
    assert found(model("Dense(3) as y")) == []  # the output


# ---------------------------------------------------------------- the current value


@pytest.mark.parametrize(
    ("body", "layers", "sizes"),
    [
        ("Dense(4)\nDense(3)", ["dense", "dense_1"], "(N, 3)"),
        ("f = Dense(4)\nf\nDense(3)", ["f", "dense"], "(N, 3)"),
        ("Dense(4) -> ReLU() -> Dense(3)", ["dense", "dense_1"], "(N, 3)"),
        ("Dense(4)\nx -> Dense(3)", None, "(N, 3)"),
        ("x * 2\nDense(3)", ["dense"], "(N, 3)"),
        ("[x, x] -> Concatenate()\nDense(3)", ["dense"], "(N, 3)"),
        ("Dense(4)\ny = x * 2\nDense(3)\noutput Identity(), y", ["dense", "dense_1"], None),
        ("Dense(4) as a\nDense(3)\noutput a, Identity()", ["a", "dense"], None),
        ("(Dense(4) if true else Dense(5))\nDense(3)", ["dense", "dense_2"], "(N, 3)"),
        ("for n in [4, 5] {\nDense(n)\n}\nDense(3)", ["dense.0", "dense.1", "dense_1"], "(N, 3)"),
        ("if true {\nDense(4)\n}\nDense(3)", ["dense", "dense_1"], "(N, 3)"),
    ],
)
def test_what_stands_alone_becomes_the_current_value(body: str, layers: list[str] | None, sizes: str | None) -> None:
    text = model(body)
    if layers is None:
        assert found(text) == ["W0503"]
        return
    assert keys(text) == layers
    assert sizes is None or shape(text) == sizes


def test_a_binding_leaves_the_current_value_as_it_is() -> None:
    assert shapes(model("y = Dense(3)(x)\nDense(4)\noutput Identity(), y")) == ["(N, 4)", "(N, 3)"]


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("«LSTM(4, return_state=true)(x)»", "E0507", "bind them: `a, b, c = …`"),
        ("«[x, x]»", "E0507", "bind them: `a, b = …`"),
        ("«3»", "E0508", None),
        ('«"relu"»', "E0508", None),
        ("«HeNormal()»", "E0508", None),
        ("«[Dense(3)]»", "E0508", None),
        ("«none»", "E0508", None),
    ],
)
def test_what_cannot_stand_alone(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked, inputs="input x: (5, 8)"), code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- outputs


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("Dense(3)", ["y"]),
        ("Dense(3) as probabilities", ["probabilities"]),
        ("y = x * 2\noutput y", ["y"]),
        ("a = x * 2\noutput a, x * 3, b: x * 4, x * 5", ["a", "y", "b", "y_1"]),
        ("output x -> Dense(3) as last", ["last"]),
        ("output x * 2, x * 3, x * 4", ["y", "y_1", "y_2"]),
        ("y = x * 2\noutput x * 3, y", ["y_1", "y"]),
        ("output x * 2\noutput z: x * 3", ["y", "z"]),
        ("if true {\noutput a: x * 2\n}\noutput b: x * 3", ["a", "b"]),
        ("for i in range(3) {\noutput x * i\n}", ["y", "y_1", "y_2"]),
        ("output [x * 2, x * 3]", ["y", "y_1"]),
        ("(x * 2)", ["y"]),
    ],
)
def test_outputs_add_up_in_order_and_have_names(body: str, names: list[str]) -> None:
    assert outputs(model(body)) == names


def test_an_input_named_y_takes_the_name() -> None:
    assert outputs(model("output y * 2", inputs="input y: (8)")) == ["y_1"]


def test_output_of_a_layer_applies_it_to_the_current_value() -> None:
    assert (shape(model("Dense(4)\noutput Dense(3)")), keys(model("Dense(4)\noutput Dense(3)"))) == (
        "(N, 3)",
        ["dense", "dense_1"],
    )


def test_left_out_the_current_value_is_the_output() -> None:
    assert shapes(model("Dense(4)\nDense(3)")) == ["(N, 3)"]
    assert shape(model("y = x * 2\ny -> Dense(3)")) == "(N, 3)"


def test_output_with_a_name_binds_nothing() -> None:
    refused(model("output z: x * 2\noutput «z» * 3"), "E0201")


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("output «x»", "E0506", "give it a name of its own: `output name: x`"),
        ("output «x»: x * 2", "E0506", "give it a name of its own: `output name: x * 2`"),
        ("a = x * 2\noutput a, «a»", "E0505", "give it a name of its own: `output name: …`"),
        ("output a: x * 2, «a»: x * 3", "E0505", "give it a name of its own: `output name: …`"),
        ("for i in range(2) {\noutput «a»: x * 2\n}", "E0505", "give it a name of its own: `output name: …`"),
        ("output «3»", "E0507", ""),
        ("output a: «[x, x]»", "E0507", "bind the tensors: `a, b = …`"),
        ("output a: «HeNormal()»", "E0507", ""),
        ("output w: «Weight((3,))»", "E0511", None),
    ],
)
def test_what_is_no_output(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked), code)
    assert help is None or diagnostic.help == help


def test_an_input_is_an_output_under_another_name() -> None:
    assert outputs(model("output same: x, Dense(3)")) == ["same", "y"]


def test_a_model_with_several_inputs_and_nothing_current_has_no_output() -> None:
    marked = model("y = a + b", inputs="input a: (8)\ninput b: (8)").replace("model Case", "model «Case»")
    assert refused(marked, "E0502").help == "write `output y`"


def test_what_reaches_no_output_is_a_warning() -> None:
    (diagnostic,) = nndsl.check(model("output x * 2\nDense(3)"))
    assert (diagnostic.code, diagnostic.span.text) == ("W0503", "Dense(3)")
    (diagnostic,) = nndsl.check(model("Dense(3)\nx -> Dense(4)"))
    assert (diagnostic.code, diagnostic.span.text) == ("W0503", "Dense(3)")
    text = model("Dense(3)\nx -> Dense(4)")
    assert list(nndsl.compile(text).module().state_dict()) == ["dense_1.weight", "dense_1.bias"]


def test_a_model_that_only_takes_its_input_gives_it_back() -> None:
    assert outputs(model("")) == ["y"]
