"""Arithmetic of tensors, slices, operations, free weights and symbolic sizes."""

from __future__ import annotations

import pytest
import torch

from tests.language.checking import accepted, found, keys, model, refused, run, shape, shapes

MATRIX = "input x: (5, 8)"
TWO = "input x: (5, 8)\ninput y: (5, 8)"


# ---------------------------------------------------------------- arithmetic


@pytest.mark.parametrize(
    "expression",
    ["x + y", "x - y", "x * y", "x / y", "x ** y", "-x", "x ** 2", "1 - x", "2 * x", "x / 4", "1 / x", "2 ** x",
     "x - 3 + y * 2",
     "-x ** 2", "x - -y"],
)  # fmt: skip
def test_arithmetic_is_that_of_each_value(expression: str) -> None:
    x, y = torch.rand(3, 5, 8) + 0.5, torch.rand(3, 5, 8) + 0.5
    expected = eval(expression, {"x": x, "y": y})
    assert torch.allclose(run(model(f"output x * y * 0 + ({expression})", inputs=TWO), x, y), expected)


@pytest.mark.parametrize(("sign", "merge"), [("+", "Add"), ("-", "Subtract"), ("*", "Multiply")])
def test_operators_are_the_merge_layers_of_keras(sign: str, merge: str) -> None:
    x, y = torch.randn(3, 5, 8), torch.randn(3, 5, 8)
    one, other = (model(f"output {body}", inputs=TWO) for body in (f"x {sign} y", f"[x, y] -> {merge}()"))
    assert torch.equal(run(one, x, y), run(other, x, y))


def test_sizes_of_1_broadcast() -> None:
    text = model("output x * y", inputs="input x: (5, 8)\ninput y: (1, 8)")
    x, y = torch.randn(3, 5, 8), torch.randn(3, 1, 8)
    assert torch.equal(run(text, x, y), x * y)


@pytest.mark.parametrize(
    ("marked", "inputs", "code", "words"),
    [
        ("output «x + y»", "input x: (5, 8)\ninput y: (8)", "E0403", ("`[a, b] -> Add()`", "`Reshape`")),
        ("output «x * y»", "input x: (5, 8)\ninput y: (8)", "E0403", ("`[a, b] -> Multiply()`", "`Reshape`")),
        ("output «x / y»", "input x: (5, 8)\ninput y: (8)", "E0403", ("`Reshape`",)),
        ("output «x + y»", "input x: (5, 8)\ninput y: (3, 8)", "E0403", ("equal, or 1",)),
        ("output «x + y»", "input x: (5)\ninput y: int64(5)", "E0405", ("makes floats of integers",)),
        ("output «x % y»", TWO, "E0310", ("there are `+`, `-`, `*`, `/` and `**` of tensors",)),
        ("output «x // 2», y * 2", TWO, "E0310", ("there are `+`, `-`, `*`, `/` and `**` of tensors",)),
        ("output «x + \"a\"», y * 2", TWO, "E0310", ()),
        ("output «x + true», y * 2", TWO, "E0310", ()),
        ("output «x + [y]»", TWO, "E0310", ()),
        ("output «x + ReLU()», y * 2", TWO, "E0310", ("apply it to a tensor: `x + (x -> layer)`",)),
        ("output «x / 0», y * 2", TWO, "E0312", ()),
        ("output x * y if «x > 0» else y * 2", TWO, "E0310", ("comparisons are of constants",)),
        ("output x * y if «x» else y * 2", TWO, "E0311", ("conditions are decided while the file is compiled",)),
        ("output «not x», y * 2", TWO, "E0311", ()),
    ],
)  # fmt: skip
def test_what_tensors_do_not_take(marked: str, inputs: str, code: str, words: tuple[str, ...]) -> None:
    diagnostic = refused(model(marked, inputs=inputs), code)
    assert all(word in diagnostic.help for word in words), diagnostic.help


def test_division_of_integers_gives_floats() -> None:
    assert shapes(model("output x / 2, x + 1, x * 0.5", "input x: int64(3)")) == ["(N, 3)", "int64(N, 3)", "(N, 3)"]


# ---------------------------------------------------------------- indices and slices


@pytest.mark.parametrize(
    ("index", "sizes"),
    [
        (":, -1", "(N, 8)"), (":, 2", "(N, 8)"), (":, 2:5", "(N, 3, 8)"), (":, :, 3", "(N, 5)"),
        (":, :2, 1:", "(N, 2, 7)"),
        (":, ::2", "(N, 3, 8)"), (":, -3:-1", "(N, 2, 8)"), (":", "(N, 5, 8)"), (":, 0, 0", "(N,)"),
    ],
)  # fmt: skip
def test_indices_and_slices(index: str, sizes: str) -> None:
    text = model(f"output x[{index}]", inputs=MATRIX)
    assert shape(text) == sizes
    x = torch.randn(3, 5, 8)
    assert torch.equal(run(text, x), eval(f"x[{index}]"))


@pytest.mark.parametrize(
    ("index", "code"),
    [
        ("0", "E0407"), ("1:, 0", "E0407"), ("-1", "E0407"), (":, 5", "E0409"), (":, -6", "E0409"), (":, 2:6", "E0409"),
        (":, 3:3", "E0409"), (":, :, 8", "E0409"), (":, :, :, 0", "E0401"), (":, ::-1", "E0303"), (":, 0.5", "E0316"),
        (":, 'a'", "E0316"), (":, true", "E0316"), (":, 0:1.5", "E0316"),
    ],
)  # fmt: skip
def test_what_is_no_index(index: str, code: str) -> None:
    assert found(model(f"output x[{index}]", inputs=MATRIX)) == [code]


def test_a_slice_requires_its_size_rather_than_giving_less() -> None:
    compiled = accepted(model("output x[:, 2:5]", inputs="input x: (T, 8)"))
    assert [str(tensor.type.shape[1]) for _, tensor in compiled.model.outputs] == ["3"]
    module = compiled.module()
    assert module(torch.zeros(2, 5, 8)).shape == (2, 3, 8)
    with pytest.raises(ValueError, match="T must be at least 5"):
        module(torch.zeros(2, 4, 8))


# ---------------------------------------------------------------- operations


@pytest.mark.parametrize(
    "expression",
    [
        "ops.relu(x)",
        "ops.mean(x, axis=1)",
        "ops.sum(x, axis=(1, 2), keepdims=true)",
        "ops.matmul(x, ops.transpose(x, (0, 2, 1)))",
        "ops.where(ops.greater(x, 0.0), x, 0.1 * x)",
        "ops.softmax(x, axis=1)",
        "ops.split(x, 2, axis=-1)[1]",
        'ops.cast(x, "int32")',
    ],
)
def test_operations_are_those_of_keras_and_their_axes_count_the_batch(expression: str) -> None:
    from keras import ops

    x = torch.randn(3, 5, 8)
    expected = eval(expression.replace("true", "True"), {"ops": ops, "x": x})
    result = run(model(f"output {expression}", inputs=MATRIX), x)
    assert result.dtype == expected.dtype
    assert torch.allclose(result.double(), expected.double(), atol=1e-6)


def test_what_has_no_batch_is_seen_as_it_is() -> None:
    body = "at = ops.arange(8)\n"
    body += 'scale = ops.exp(Weight((8,)))\nif true {\ny = x * scale\n}\noutput y + ops.cast(at, "float32")'
    x = torch.randn(3, 5, 8)
    assert torch.allclose(run(model(body, inputs=MATRIX), x), x + torch.arange(8))


@pytest.mark.parametrize(
    "marked",
    [
        "ops.mean(x, «axis=0»)",
        "«ops.sum(x)»",
        "ops.transpose(x, «(1, 0, 2)»)",
        "ops.flip(x, «axis=0»)",
        "ops.concatenate([x, x], «axis=0»)",
        "ops.softmax(x, «axis=0»)",
    ],
)
def test_an_operation_that_reduces_moves_or_mixes_the_batch_is_refused(marked: str) -> None:
    refused(model(f"y = {marked}\noutput y", inputs=MATRIX), "E0428")


def test_the_list_of_operations_is_closed() -> None:
    refused(model("output «ops.system»(x)", inputs=MATRIX), "E0210")
    refused(model("output «x.shape»", inputs=MATRIX), "E0210")
    refused(model("output «x.mean»(1)", inputs=MATRIX), "E0210")


# ---------------------------------------------------------------- free weights


def test_a_weight_is_a_tensor_without_a_batch() -> None:
    text = model('scale = Weight((8,), initializer="ones")\noutput scale * x', inputs=MATRIX)
    state = accepted(text).module(seed=1).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == {"scale": (8,)}
    x = torch.randn(3, 5, 8)
    assert torch.equal(run(text, x), x)
    assert torch.equal(run(model("output x + Weight(8)", inputs=MATRIX), x), x)  # zeros, if nothing is said


def test_a_weight_can_be_kept_from_training() -> None:
    text = model("output x * Weight((8,), trainable=false) + Weight((8,))", inputs=MATRIX)
    assert [each.requires_grad for each in accepted(text).module().parameters()] == [False, True]


@pytest.mark.parametrize("sizes", ["(8,)", "(5, 8)", "(5, 1)", "(1, 5, 8)", "8", "(1,)"])
def test_a_weight_broadcasts_from_the_right(sizes: str) -> None:
    assert shape(model(f"output x + Weight({sizes})", inputs=MATRIX)) == "(N, 5, 8)"
    assert shape(model(f"output Weight({sizes}) * x", inputs=MATRIX)) == "(N, 5, 8)"


@pytest.mark.parametrize("sizes", ["(7,)", "(3, 5, 8)", "(2, 1, 5, 8)", "(8, 5)"])
def test_what_does_not_broadcast(sizes: str) -> None:
    refused(model(f"output «x + Weight({sizes})»", inputs=MATRIX), "E0403")


def test_a_weight_takes_the_batch_where_a_layer_needs_one() -> None:
    text = model("token = Weight((1, 8))\noutput [token, x] -> Concatenate(axis=1)", inputs=MATRIX)
    assert (shape(text), keys(text)) == ("(N, 6, 8)", ["token"])
    x = torch.randn(3, 5, 8)
    assert torch.equal(run(text, x)[:, 1:], x)


def test_a_weight_alone_has_no_batch() -> None:
    refused(model("w = Weight((5, 8))\noutput y: (w -> «Dense(3)») + x", inputs=MATRIX), "E0427")
    assert found(model("output x + 1, w: Weight((5, 8))", inputs=MATRIX)) == ["E0511"]


def test_positions_are_learned() -> None:
    text = model("PositionEmbedding(7)", inputs=MATRIX)
    state = accepted(text).module(seed=1).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == {"position_embedding.weight": (7, 8)}
    x = torch.randn(3, 5, 8)
    assert torch.allclose(run(text, x), x + accepted(text).module(seed=7).state_dict()["position_embedding.weight"][:5])


def test_more_steps_than_positions_are_an_error() -> None:
    refused(model("PositionEmbedding(«4»)", inputs=MATRIX), "E0412")
    module = accepted(model("PositionEmbedding(4)", inputs="input x: (T, 8)")).module()
    assert module(torch.zeros(2, 4, 8)).shape == (2, 4, 8)
    with pytest.raises(ValueError, match="T must be at most 4"):
        module(torch.zeros(2, 5, 8))


# ---------------------------------------------------------------- symbolic sizes


def test_shape_has_no_batch() -> None:
    text = model("t, c = shape(x)\noutput x -> Dense(t + c), s: x -> Reshape((c, t))", inputs=MATRIX)
    assert shapes(text) == ["(N, 5, 13)", "(N, 8, 5)"]


def test_symbolic_sizes_stand_where_a_size_is_taken() -> None:
    inputs = "input x: (H, W, 8)"
    body = "output a: x -> Reshape((H * 2, W * 2, 2)), b: x[:, :H // 2]\n"
    body += "output c: x -> Reshape((H * W, 8)), d: x -> Reshape((-1, 8))"
    shapes_of = shapes(model(body, inputs=inputs))
    assert shapes_of[0] == "(N, 2 * H, 2 * W, 2)"
    assert shapes_of[1] == "(N, H // 2, W, 8)"
    assert shapes_of[2] == shapes_of[3] == "(N, H * W, 8)"


def test_equal_sizes_are_known_to_be_equal() -> None:
    assert shape(model("output x * (1 if shape(x)[0] == T else 2)", inputs="input x: (T, 8)")) == "(N, T, 8)"
    assert shape(model("output x * (1 if T == T + 1 else 2)", inputs="input x: (T, 8)")) == "(N, T, 8)"


@pytest.mark.parametrize(
    "marked",
    [
        "Dense(«T»)",
        "Dense(«2 * T»)",
        "Conv1D(3, «T»)",
        "for i in «range(T)» {\nDense(3)\n}",
        "if «T > 3» {\nDense(3)\n}",
        "if «T == 4» {\nDense(3)\n}",
        "a = «[1, 2][T]»\nDense(a)",
        "a = «max(T, 3)»\noutput x[:, :a]",
        "Dense(3 if «T» else 4)",
    ],
)
def test_where_a_number_must_be_known_the_error_names_the_input(marked: str) -> None:
    diagnostic = refused(model(marked, inputs="input x: (T, 8)"), "E0313")
    assert diagnostic.help == "`T` is free: write a number for it in the `input` that declares it"


def test_a_layer_that_needs_a_size_names_the_input() -> None:
    diagnostic = refused(model("Flatten()\n«Dense(3)»", inputs="input x: (T, 8)"), "E0426")
    assert diagnostic.help == "write a number for `T` in the `input` that declares it"


@pytest.mark.parametrize(
    ("expression", "help"),
    [
        ("T / 2", "write `//`, the division of integers"),
        ("T * 0.5", "sizes are integers"),
        ("T + 1.0", "sizes are integers"),
    ],
)
def test_sizes_are_integers(expression: str, help: str) -> None:
    assert refused(model(f"a = «{expression}»\noutput x[:, :a]", inputs="input x: (T, 8)"), "E0310").help == help


def test_a_symbol_is_not_divided_by_a_symbol() -> None:
    refused(model("a = «T // S»\noutput x[:, :a]", inputs="input x: (T, S)"), "E0313")
