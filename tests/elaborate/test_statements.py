"""Inputs, outputs, loops, conditions, and warnings about what is not used."""

from __future__ import annotations

import pytest

import nndsl
from tests.elaborate.compiling import codes, compiled, layers, model, shape, shapes


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("x: (8)", "8"),
        ("x: (8, 9,)", "8, 9"),
        ("(8)", "8"),
        ("x: size", "4, 5"),
        ("x: (width * 2, 3)", "14, 3"),
        ("x: (T, 3)", "T, 3"),
        ("x: (16 * H, H2)", "16 * H, H2"),
        ("x: (_, 3)", "D1, 3"),
        ("x: float32(2, 3)", "2, 3"),
    ],
)
def test_shapes_of_inputs(declared: str, expected: str) -> None:
    assert shape('Activation("relu")', inputs=declared, before="size = (4, 5)\nwidth = 7\n") == expected


def test_a_scalar_input() -> None:
    assert shape("Embedding(9, 3)", inputs="x: int64()") == "3"


def test_dtypes_of_inputs() -> None:
    node = compiled("Embedding(9, 3)", inputs="x: int32(T)").model.inputs[0]
    assert node.types[0].dtype == "int32"
    assert codes("Embedding(9, 3)", inputs="x: int3(T)") == ["E0304"]


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("x: (0)", "E0324"),
        ("x: (-3)", "E0324"),
        ("x: (2.5)", "E0324"),
        ("x: (true)", "E0324"),
        ("x: (none)", "E0324"),
        ('x: ("a")', "E0324"),
        ("x: (L1, 3)", "E0209"),
        ("x: (N, 3)", "E0325"),
        ("x: (T + S)", "E0325"),
        ("x: (foo)", "E0201"),
        ("x: (3_000_000_000)", "E0716"),
    ],
)
def test_shapes_that_are_refused(declared: str, code: str) -> None:
    assert codes("Flatten()", inputs=declared) == [code]


def test_a_sum_of_symbols_that_have_axes_of_their_own() -> None:
    assert shape("output y: b + 1", inputs="a: (T, S); b: (T + S)") == "S + T"


def test_conditions_on_symbols_have_origins() -> None:
    found = compiled("Conv1D(4, 3)", inputs="x: (T, 8)").model
    assert [(condition.text(), condition.origin.description) for condition in found.conditions] == [
        ("T >= 3", "Conv1D(4, 3)")
    ]


def test_a_loop_is_unfolded() -> None:
    assert layers("for i in range(3) {", "  Dense(i + 1)", "}") == ["Dense"] * 3
    found = compiled("for i in range(2) {", "  for j in range(3) {", "    Dense(4)", "  }", "}").model
    assert [made.turns for made in found.made] == [((0, i), (1, j)) for i in range(2) for j in range(3)]
    assert found.loop_turns == {((), 0): 2, (((0, 0),), 1): 3, (((0, 1),), 1): 3}


def test_names_bound_in_a_loop_go_on_outside() -> None:
    assert shape("for i in range(3) {", "  y = x -> Dense(i + 1)", "}", "output y") == "3"
    assert codes("for i in [] {", "  y = x -> Dense(3)", "}", "output y") == ["E0202"]


def test_loops_over_everything_that_has_items() -> None:
    assert shape("for a, b in zip((1, 2), (3, 4)) {", "  Dense(a * b)", "}") == "8"
    assert shape('for i, k in enumerate({"a": 3, "b": 4}) {', "  Dense(len(k) + i)", "}") == "2"
    assert codes("for a, b in [1, 2] {", "  Dense(a)", "}") == ["E0317"]
    assert layers("for i in range(0) {", "  Dense(3)", "}", "Dense(1)") == ["Dense"]
    assert layers("for i in range(-1) {", "  Dense(3)", "}", "Dense(1)") == ["Dense"]


def test_conditions_take_one_branch() -> None:
    lines = ["if {} {{", "  Dense(1)", "}} else if {} {{", "  Dense(2)", "}} else {{", "  Dense(3)", "}}"]
    for first, second, expected in (("true", "true", "1"), ("false", "1 > 0", "2"), ("0", '""', "3")):
        assert shape(*"\n".join(lines).format(first, second).splitlines()) == expected


def test_outputs() -> None:
    assert shapes("y = x -> Dense(3)", "output y") == {"y": "3"}
    assert shapes("output x -> Dense(3) as z") == {"z": "3"}
    assert shapes("output z: x -> Dense(3)") == {"z": "3"}
    assert shapes("output x -> Dense(3), x -> Dense(2)") == {"y": "3", "y_1": "2"}
    assert shapes("output Dense(3)") == {"y": "3"}
    assert shapes("Dense(3) as z") == {"z": "3"}
    assert shapes("Dense(3)") == {"y": "3"}
    assert shapes("y = x -> Dense(3)", "output x -> Dense(2)", "output y") == {"y_1": "2", "y": "3"}
    assert shapes("if true {", "  output a: Dense(3)", "}") == {"a": "3"}
    assert shapes("output LSTM(3, return_state=true)", inputs="x: (T, 8)") == {"y": "3", "y_1": "3", "y_2": "3"}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["output 3"], "E0507"),
        (["output [x, x]", "output z: [x, x]"], "E0507"),
        (["output x"], "E0506"),
        (["f = Dense(3)", "output y: f, z: [x]"], "E0507"),
        (["y = x -> Dense(3)", "output y, y"], "E0505"),
        (["y = x -> Dense(3)", "output y", "output y: x -> Dense(2)"], "E0505"),
    ],
)
def test_outputs_that_are_refused(lines: list[str], code: str) -> None:
    assert codes(*lines) == [code]


def test_what_is_not_used_is_a_warning() -> None:
    assert codes("y = x -> Dense(3)", "Dense(2)") == ["W0501"]
    assert codes("_ = x -> Dense(3)", "Dense(2)") == ["W0503"]
    assert codes("_unused = x -> Dense(3)", "Dense(2)") == ["W0503"]
    assert codes("x -> Dense(3) as y -> Dense(2)") == ["W0501"]
    assert codes("output x -> Dense(2)", inputs="x: (8); z: (8)") == ["W0502"]
    assert codes("for i in range(3) {", "  Dense(2)", "}") == []
    assert codes("y = x -> Dense(3)", "y = x -> Dense(4)", "output y") == ["W0503"]


def test_dead_layers_have_no_weights() -> None:
    found = compiled("y = x -> Dense(3)", "Dense(2)").model
    assert [made.place.name for made in found.made] == ["dense"]
    assert [type(node.layer).__name__ for node in found.nodes] == ["Dense"]


def test_a_lone_layer_that_could_have_been_meant_is_shown() -> None:
    (found,) = nndsl.check(model("flat = x -> Flatten()", "Dense(2)", inputs="x: (4, 4)"))
    assert "flat -> Dense" in found.help
    assert [note.span.text for note in found.notes if note.span] == ["Dense(2)"]


def test_compile_and_fit_are_checked() -> None:
    assert codes("Dense(3)", "compile {", "  optimiser = Adam()", "}") == ["E0801"]
    assert codes("Dense(3)", "compile {", "  optimizer = Adam(lr=1e-3)", "}") == ["E0205"]
    assert codes("Dense(3)", "compile {", '  loss = {"z": "mse"}', "}") == ["E0803"]
    found = compiled(
        "Dense(3)", "compile {", "  optimizer = Adam(1e-3)", '  loss = "mse"', "}", "fit {", "  epochs = 3", "}"
    )
    assert found.compile is not None
    assert found.fit is not None


def test_parameters_set_by_the_caller() -> None:
    text = 'model Net(units, kind="relu") {\n  input x: (8)\n\n  Dense(units, activation=kind)\n}\n'
    found = nndsl.compile(text, settings={"units": 3, "kind": "gelu"})
    assert found.model.nodes[0].types[0].shape[-1] == 3
    assert nndsl.check(text) == []
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text)
    assert [each.code for each in caught.value.diagnostics] == ["E0327"]
    assert [each.code for each in nndsl.check(text, "Net", settings={"units": -3})] == ["E0303"]


def test_free_sizes_that_do_not_fit_propose_the_input() -> None:
    lines = [
        "a = x -> MaxPooling2D(2) -> MaxPooling2D(2)",
        "b = a -> UpSampling2D(4)",
        "output [x, b] -> Concatenate()",
    ]
    (found,) = nndsl.check(model(*lines, inputs="x: (H, W, 3)"))
    assert found.code == "E0424"
    assert "input x: (4 * H, 4 * W, 3)" in found.help
    assert codes(*lines, inputs="x: (4 * H, 4 * W, 3)") == []


def test_a_proposal_says_what_becomes_of_the_symbol_elsewhere() -> None:
    lines = ["a = x -> MaxPooling1D(2) -> UpSampling1D(2)", "b = a + x", "output b -> Reshape((T, 3, 1))"]
    found = nndsl.check(model(*lines, inputs="x: (T, 3)"))[0]
    assert found.code == "E0424"
    assert "`T` as `2 * T`" in found.help


@pytest.mark.parametrize(
    ("lines", "inputs", "expected"),
    [
        (["y = x -> Dense(C)", "z = y -> Dense(C)", "output z -> Dense(T)"], "x: (T, Cx)", ["E0201"]),
        (["a = foo + 1", "b = foo + 2", "Dense(a) -> Dense(b) -> Dense(foo)"], "x: (8)", ["E0201"]),
        (["Lineer(3)", "Lineer(4)", "Dense(2)"], "x: (8)", ["E0201"]),
        (["y = x -> Dens(3)", "output y", "compile {", '  loss = {"y": "mse"}', "}"], "x: (8)", ["E0201"]),
        (["for i in range(foo) {", "  y = x -> Dense(i)", "}", "output y -> Conv2D(3, 3)"], "x: (8)", ["E0201"]),
        (["if foo {", "  y = x -> Dense(3)", "}", "output y"], "x: (8)", ["E0201"]),
        (["f = Dense(foo) -> ReLU()", "output f(x) + f(x)"], "x: (8)", ["E0201"]),
        (["y, z = x -> Foo(3)", "output y + z"], "x: (8)", ["E0201"]),
    ],
)
def test_one_mistake_gives_one_message(lines: list[str], inputs: str, expected: list[str]) -> None:
    assert codes(*lines, inputs=inputs) == expected


def test_names_in_branches_that_are_not_taken() -> None:
    assert codes("if false {", "  Dens(3)", "}", "Dense(3)") == ["E0201"]
    assert codes("Dense(3) if true else Dens(3)") == ["E0201"]
    assert codes("for i in [] {", "  Dens(i)", "}", "Dense(3)") == ["E0201"]


def test_ops_cannot_be_hidden() -> None:
    assert codes("ops = 3", "Dense(ops)") == ["E0204"]
    assert codes("Dense(3)", before="ops = 3\n") == ["E0204"]
