"""Blocks, and models as layers: parameters, inputs and outputs of their own."""

from __future__ import annotations

import pytest
import torch

import nndsl
from tests.language.checking import accepted, found, keys, model, refused, run, shape, shapes

PART = "block Part(n) {\nDense(n)\n}"
GAP = "block Gap {\ninput a: (C)\ninput b: (C)\noutput a - b, s: a + b\n}"


# ---------------------------------------------------------------- parameters


def test_parameters_are_given_by_position_and_by_name_and_have_defaults() -> None:
    before = 'block Part(n, m=n_, f="relu") {\nDense(n, f)\nDense(m)\n}\nn_ = 4'
    assert shape(model("Part(3)", before=before)) == "(N, 4)"
    assert shape(model("Part(3, 5)", before=before)) == shape(model("Part(m=5, n=3)", before=before)) == "(N, 5)"
    assert keys(model("Part(3)\nPart(3, f=none)", before=before)) == [
        "part.dense",
        "part.dense_1",
        "part_1.dense",
        "part_1.dense_1",
    ]


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("«Part()»", "E0301", "write `Part(n=…)`"),
        ("Part(3, «4»)", "E0205", ""),
        ("Part(3, «m=4»)", "E0205", ""),
        ("Part(«nn=4», n=3)", "E0205", None),
        ("Part(3, «n=4»)", "E0206", ""),
        ("Part(«x»)", "E0322", "apply it: put `(x)` behind its brackets, or `x ->` before it"),
        ("Part(3, «trainable=3»)", "E0302", None),
        ('Part(3, «dtype="float33"»)', "E0304", None),
        ("«Part»", "E0209", "write `Part(…)`: a layer is constructed"),
    ],
)
def test_what_a_parameter_cannot_be(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked, before=PART), code)
    assert help is None or diagnostic.help == help


@pytest.mark.parametrize("parameters", ["n, «n»", "n=1, «n=2»", "«name»", "«trainable=true»", "«dtype»"])
def test_parameters_have_names_of_their_own(parameters: str) -> None:
    for kind in ("block", "model"):
        refused(f"{kind} Part({parameters}) {{\ninput x: (8)\nReLU()\n}}", "E0204")


def test_a_parameter_that_is_never_used_is_a_warning() -> None:
    assert found("block Part(n, m) {\nDense(n)\n}") == ["W0504"]
    assert found("block Part(n, _m) {\nDense(n)\n}") == []


def test_a_value_that_does_not_fit_is_blamed_with_the_call() -> None:
    text = 'block Part(f) {\nDense(3, f)\n}\nmodel Case {\ninput x: (8)\nPart("rellu")\n}'
    (diagnostic,) = nndsl.check(text)
    assert (diagnostic.code, diagnostic.span.text, diagnostic.help) == ("E0304", "f", 'did you mean `"relu"`?')
    assert diagnostic.notes[-1].message == 'in `Part("rellu")`, applied here'


def test_a_body_sees_the_file_and_not_the_caller() -> None:
    text = "block Part {\nDense(«n»)\n}\nmodel Case {\ninput x: (8)\nn = 3\nx * n\nPart()\n}"
    refused(text, "E0201")
    assert shape("block Part {\nDense(n)\n}\nn = 5\nmodel Case {\ninput x: (8)\nPart()\n}") == "(N, 5)"


# ---------------------------------------------------------------- inputs and outputs


@pytest.mark.parametrize(
    "declared", ["", "input x\n", "input x: (C)\n", "input x: (_)\n", "input (C)\n", "input x: float32(C)\n"]
)
def test_a_block_has_one_input_unless_it_says_otherwise(declared: str) -> None:
    before = f"block Part {{\n{declared}x -> Dense(3)\n}}"
    assert keys(model("Part()", before=before)) == ["part.dense"]
    before = f"block Part {{\n{declared}Dense(3)\n}}"
    assert keys(model("y = x -> Part()\noutput y", before=before)) == ["y.dense"]


def test_dimensions_are_bound_to_what_comes_in() -> None:
    before = "block Part {\ninput x: (H, 2 * W + 1, C)\noutput x -> Dense(H + W + C)\n}"
    assert shape(model("Part()", inputs="input x: (4, 7, 2)", before=before)) == "(N, 4, 7, 9)"
    refused(model("«Part()»", inputs="input x: (4, 8, 2)", before=before), "E0420")
    refused(model("«Part()»", inputs="input x: (4, 2)", before=before), "E0420")


def test_numbers_in_a_shape_are_required() -> None:
    before = "block Part {\ninput x: (T, 8)\nDense(3)\n}"
    assert shape(model("Part()", inputs="input x: (S, 8)", before=before)) == "(N, S, 3)"
    diagnostic = refused(model("«Part()»", inputs="input x: (S, 7)", before=before), "E0420")
    assert diagnostic.message == "`Part` takes (N, T, 8), and its input is (N, S, 7)"


def test_one_symbol_in_two_inputs_must_be_equal() -> None:
    assert found(model("a, b = Gap()(x, x * 2)\noutput a, b", before=GAP)) == []
    refused(model("a, b = «Gap()(x, y)»\noutput a, b", inputs="input x: (8)\ninput y: (7)", before=GAP), "E0420")


def test_a_dtype_is_required() -> None:
    before = "block Part {\ninput x: int64(T)\nx -> Embedding(9, 3)\n}"
    assert shape(model("Part()", inputs="input x: int64(5)", before=before)) == "(N, 5, 3)"
    refused(model("«Part()»", inputs="input x: (5)", before=before), "E0405")


@pytest.mark.parametrize("marked", ["x -> «Gap()»", "[x, x, x] -> «Gap()»", "«Gap()(x)»", "«Gap()»"])
def test_the_number_of_inputs_fits(marked: str) -> None:
    help = "" if "x, x, x" in marked else "give them as a list: `[a, b] -> …`"
    assert (
        refused(model(f"a, b = {marked}\noutput a, b" if marked != "«Gap()»" else marked, before=GAP), "E0422").help
        == help
    )


def test_several_outputs_are_taken_apart() -> None:
    text = model("d, s = [x, x * 3] -> Gap()\noutput d, s", before=GAP)
    x = torch.randn(3, 8)
    d, s = run(text, x)
    assert torch.allclose(d, -2 * x)
    assert torch.allclose(s, 4 * x)
    assert refused(model("«[x, x] -> Gap()»", before=GAP), "E0507").help == "bind them: `a, b = …`"


def test_a_block_without_a_layer_gives_its_input_back() -> None:
    assert shape(model("Part()\nDense(3)", before="block Part {\n}")) == "(N, 3)"


# ---------------------------------------------------------------- blocks as layers


def test_an_instance_has_one_set_of_weights() -> None:
    text = model("p = Part(8)\noutput p(p(x)), x -> p -> p", before=PART)
    assert keys(text) == ["p.dense"]
    one, other = run(text, torch.randn(3, 8))
    assert torch.equal(one, other)
    refused(model("p = Part(3)\noutput p(x), «p(x -> Dense(4))»", before=PART), "E0421")


def test_a_layer_can_be_an_argument() -> None:
    before = "block Twice(inner) {\ninner\ninner\n}"
    text = model("Twice(Dense(8))\nd = Dense(8)\nTwice(d) -> d", before=before)
    assert keys(text) == ["twice.inner", "d"]
    x = torch.randn(3, 8)
    module = accepted(text).module(seed=7)
    inner, d = module.twice.inner, module.d
    assert torch.allclose(module(x), d(d(d(inner(inner(x))))), atol=1e-6)


def test_trainable_and_dtype_reach_what_is_inside() -> None:
    text = model("Part(3, trainable=false)\nPart(2)", before=PART)
    assert [each.requires_grad for each in accepted(text).module().parameters()] == [False, False, True, True]
    assert shape(model('Part(3, dtype="float16")', before=PART)) == "float16(N, 3)"


def test_a_model_can_be_a_layer_of_another() -> None:
    before = "model Inner(n=3) {\ninput x: (8)\nDense(n) as code\n}\nmodel Five = Inner(n=5)"
    assert (keys(model("Inner()", before=before)), shape(model("Inner(n=4)", before=before))) == (
        ["inner.code"],
        "(N, 4)",
    )
    assert (keys(model("Five()", before=before)), shape(model("Five()", before=before))) == (["five.code"], "(N, 5)")
    refused(model("«Inner()»", inputs="input x: (7)", before=before), "E0420")


def test_the_settings_of_an_inner_model_are_its_own() -> None:
    inner = 'model Inner {\ninput x: (8)\nDense(3)\ncompile {\nloss = "mse"\n}\n}'
    assert accepted(model("Inner()", before=inner)).compile is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("block A {\n«A»()\n}", "`A` uses itself: A -> A"),
        ("block A(n) {\nif n > 0 {\n«A»(n - 1)\n}\n}", "`A` uses itself: A -> A"),
        ("block A {\nB()\n}\nblock B {\n«A»()\n}", "`A` uses itself: A -> B -> A"),
        ("model A {\ninput x: (8)\nB()\n}\nblock B {\n«A»()\n}", "`A` uses itself: A -> B -> A"),
        ("block A(inner=«A»()) {\ninner\n}", "`A` uses itself: A -> A"),
    ],
)
def test_there_is_no_recursion(text: str, message: str) -> None:
    assert refused(text, "E0203").message == message


def test_a_body_is_elaborated_once_for_equal_arguments_and_inputs() -> None:
    text = model("Part(8)\nPart(8)\nPart(4)", before=PART)
    first, second, third = (node.layer.graph for node in accepted(text).model.nodes if node.made is not None)
    assert first is second
    assert third is not first


def test_a_block_that_nobody_uses_is_checked_for_names_and_arguments() -> None:
    refused("block Part(n) {\nDense(n, «unitz=3»)\n}", "E0205")
    refused("block Part(n) {\nDense(«m»)\n}", "E0201")
    assert found("block Part(n) {\nConv2D(n, 3)\nDense(n)\n}") == []  # its shapes are not known


def test_a_model_with_a_parameter_that_nobody_set_is_checked_so_too() -> None:
    text = "model M(n) {\ninput x: (8)\nDense(n)\n}"
    assert found(text) == []
    refused(text.replace("Dense(n)", "Dense(«m»)"), "E0201")
    assert shape(text, settings={"n": 3}) == "(N, 3)"
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == ("E0327", "set it: `--set n=…`, or give it a default")


# ---------------------------------------------------------------- parameters that the caller sets


def test_a_caller_sets_parameters_of_the_chosen_model() -> None:
    text = 'model M(n=2, f="relu") {\ninput x: (8)\nDense(n, f)\n}\nmodel Five = M(n=5)'
    assert shape(text, settings={"n": 7}) == "(N, 7)"
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text, model="Five", settings={"n": 7})
    assert caught.value.diagnostics[0].message == "the parameter `n` is fixed by the model `Five`"
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text, settings={"m": 7})
    assert caught.value.diagnostics[0].message == "the model `M` has no parameter `m`"


def test_a_size_is_blamed_inside_the_block_with_the_call() -> None:
    text = "block Part(k) {\nConv2D(3, k)\n}\nmodel Case {\ninput x: (8, 8, 3)\nPart(9)\n}"
    (diagnostic,) = nndsl.check(text)
    assert (diagnostic.code, diagnostic.notes[-1].message) == ("E0402", "in `Part(9)`, applied here")


def test_shapes_of_an_output_follow_the_instance() -> None:
    assert shapes(model("output a: Part(3), b: Part(4)", before=PART)) == ["(N, 3)", "(N, 4)"]
