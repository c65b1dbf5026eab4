"""Inputs: shapes, dtypes, symbols and names."""

from __future__ import annotations

import pytest

from tests.language.checking import accepted, found, model, refused, shape, shapes


def declared(text: str, before: str = "", **options: object) -> str:
    """Return the shape of the only input of a model that gives it back."""
    return shape(f"{before}\nmodel M {{\n{text}\noutput y: x\n}}\n", **options)


@pytest.mark.parametrize(
    ("written", "sizes"),
    [
        ("input x: (8)", "(N, 8)"), ("input x: (8,)", "(N, 8)"), ("input x: (28, 28, 1)", "(N, 28, 28, 1)"),
        ("input (28, 28, 1)", "(N, 28, 28, 1)"), ("input (8)", "(N, 8)"), ("input x: float32(8, 3)", "(N, 8, 3)"),
        ("input x: int64(8)", "int64(N, 8)"), ("input x: int64()", "int64(N,)"), ("input x: ()", "(N,)"),
        ("input x: bool(3, 3)", "bool(N, 3, 3)"), ("input x: (2 * 4, 2 ** 3, 9 // 2)", "(N, 8, 8, 4)"),
        ("input x: (size, 2)", "(N, 5, 2)"), ("input x: image", "(N, 6, 7)"), ("input x: (image)", "(N, 6, 7)"),
        ("input x: int32(image)", "int32(N, 6, 7)"), ("input x: image[:1] + (3,)", "(N, 6, 3)"),
        ("input x: (T, 8)", "(N, T, 8)"), ("input x: (H1, W22, 3)", "(N, H1, W22, 3)"), ("input x: (T)", "(N, T)"),
        ("input x: (16 * H, 16 * W, 3)", "(N, 16 * H, 16 * W, 3)"), ("input x: (2 * T + 1, 3)", "(N, 2 * T + 1, 3)"),
        ("input x: (T - 1, 3)", "(N, T - 1, 3)"), ("input x: (_, 3)", "(N, D1, 3)"), ("input x: (_)", "(N, D1)"),
        ("input x: (_, _, 3)", "(N, D1, D2, 3)"),
    ],
)  # fmt: skip
def test_shapes_leave_the_batch_out(written: str, sizes: str) -> None:
    assert declared(written, before="size = 5\nimage = (6, 7)") == sizes


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
)
def test_dtypes(dtype: str) -> None:
    assert declared(f"input x: {dtype}(3)").startswith("(N, 3)" if dtype == "float32" else f"{dtype}(N, 3)")


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("input x: («0», 3)", "E0324", ""),
        ("input x: («-1», 3)", "E0324", ""),
        ("input x: («4.0», 3)", "E0324", "write 4"),
        ("input x: («4.5», 3)", "E0324", ""),
        ("input x: («true», 3)", "E0324", ""),
        ("input x: («\"a\"», 3)", "E0324", ""),
        ("input x: («none», 3)", "E0324", "`_` stands for any size, a capital letter for a symbolic one"),
        ("input x: («None», 3)", "E0324", "`_` stands for any size, a capital letter for a symbolic one"),
        ("input x: («2 ** 31», 3)", "E0716", None),
        ("input x: («width», 3)", "E0201", "a symbolic size is a capital letter, such as `T`"),
        ("input x: («Ab», 3)", "E0201", None),
        ("input x: («L1», 3)", "E0209", "take another letter for the size"),
        ("input x: («L2», 3)", "E0209", "take another letter for the size"),
        ("input x: («N», 3)", "E0325", None),
        ("«input x: (H * W, 3)»", "E0325", "give each symbol an axis of its own, such as `H` or `2 * H + 1`"),
        ("«input x: (H + W, H, 3)»", "E0325", "give each symbol an axis of its own, such as `H` or `2 * H + 1`"),
        ("input x: «float33»(8)", "E0304", "did you mean `float32`, `float16` or `float64`?"),
        ("input x: float32(«a=3»)", "E0110", "write the dimensions alone: `(28, 28)`"),
        ("«input x»", "E0326", "write `input x: (28, 28, 1)`, without the batch"),
    ],
)  # fmt: skip
def test_what_is_no_shape(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(f"model M {{\n{marked}\nIdentity()\n}}\n", code)
    assert help is None or diagnostic.help == help


def test_a_symbol_is_equal_wherever_it_stands() -> None:
    text = model("output a + b", inputs="input a: (T)\ninput b: (T)")
    assert shape(text) == "(N, T)"
    module = accepted(text).module()
    import torch

    with pytest.raises(ValueError, match="T"):
        module(torch.zeros(2, 3), torch.zeros(2, 4))
    diagnostic = refused(model("output «a + b»", inputs="input a: (T)\ninput b: (S)"), "E0424")
    assert diagnostic.help == "if the sizes are such, say so: `input b: (T)`"


def test_any_size_is_equal_to_none() -> None:
    assert found(model("output a + b", inputs="input a: (_)\ninput b: (_)")) == ["E0424"]


def test_multiples_prove_a_u_net() -> None:
    body = "output [x, x -> MaxPooling2D(2) -> MaxPooling2D(2) -> UpSampling2D(4)] -> «Concatenate()»"
    diagnostic = refused(model(body, inputs="input x: (H, W, 3)"), "E0424")
    assert diagnostic.help == "if the sizes are such, say so: `input x: (4 * H, 4 * W, 3)`"
    accepted(model(body.replace("«", "").replace("»", ""), inputs="input x: (4 * H, 4 * W, 3)"))


def test_a_constant_of_the_file_is_no_symbol() -> None:
    assert declared("input x: (H, 3)", before="H = 4") == "(N, 4, 3)"


def test_a_parameter_may_be_a_size() -> None:
    text = "model M(size=8) {\ninput x: (size, T)\nIdentity()\n}"
    assert (shape(text), shape(text, settings={"size": 3})) == ("(N, 8, T)", "(N, 3, T)")


# ---------------------------------------------------------------- names and places


def test_one_input_may_be_without_a_name() -> None:
    assert shape("model M {\ninput (8)\noutput y: x -> Dense(3)\n}") == "(N, 3)"
    assert shape("model M {\ninput (8)\ninput a: (4)\noutput [x, a] -> Concatenate()\n}") == "(N, 12)"
    help = "an input without a name is `x`"
    assert refused("model M {\ninput (8)\n«input (4)»\noutput y: x * 2\n}", "E0504").help == help
    assert refused("model M {\ninput x: (8)\n«input (4)»\noutput y: x * 2\n}", "E0504").help == help


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("input a: (8)\nDense(3)\n«input b: (8)»", "E0503"),
        ("input a: (8)\ny = a * 2\n«input b: (8)»\noutput y", "E0503"),
        ("input a: (8)\nif true {\n«input b: (8)»\n}\nDense(3)", "E0503"),
        ("input a: (8)\nfor i in [1] {\n«input b: (8)»\n}\nDense(3)", "E0503"),
        ("input a: (8)\n«input a: (8)»\noutput y: a * 2", "E0504"),
        ("b = 3\ninput a: (8)\n«input b: (8)»\noutput y: a * 2", "E0504"),
    ],
)
def test_inputs_come_first_and_once(body: str, code: str) -> None:
    refused(f"model M {{\n{body}\n}}\n", code)


def test_constants_may_stand_before_inputs() -> None:
    assert shape("model M(n=2) {\nsize = 2 * n\ninput x: (size)\nDense(3)\n}") == "(N, 3)"


def test_several_inputs_have_no_current_value() -> None:
    inputs = "input a: (8)\ninput b: (8)"
    assert refused(model("«Dense(3)»", inputs), "E0501").help == "with several inputs, say which: `a -> Dense(3)`"
    assert shape(model("a + b\nDense(3)", inputs)) == "(N, 3)"
    assert shapes(model("[a, b] -> Concatenate()\nDense(3)", inputs)) == ["(N, 3)"]


def test_a_model_has_an_input() -> None:
    assert refused("model «M» {\na = 3\n}", "E0502").help == "write `input name: (28, 28, 1)`"
    assert refused("model M {\n«Dense(3)»\n}", "E0501").help == "a model begins with `input name: (28, 28, 1)`"


def test_an_input_that_is_never_used_is_a_warning() -> None:
    assert found(model("output y: a * 2", inputs="input a: (8)\ninput b: (8)")) == ["W0502"]
