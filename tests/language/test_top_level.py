"""What a file holds: settings, constants, functions, blocks, models and their other names."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from tests.language.checking import accepted, found, holds, keys, model, refused, shape

DENSE = "input x: (8)\nDense(2)"


def several(*definitions: str) -> str:
    return "\n".join(f"{head} {{\n{DENSE}\n}}" for head in definitions)


# ---------------------------------------------------------------- set


def test_set_data_format_rules_inputs_layers_and_axes() -> None:
    text = 'set data_format = "channels_first"\nmodel M {\ninput x: (3, 9, 11)\nConv2D(5, 3)\n}'
    assert shape(text) == "(N, 5, 7, 9)"
    assert shape(text.replace("first", "last")) == "(N, 1, 7, 5)"
    assert shape(text.replace("Conv2D(5, 3)", 'Conv2D(5, 3, data_format="channels_last")')) == "(N, 1, 7, 5)"


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ('set «dataformat» = "channels_last"', "E0212", "did you mean `data_format`?"),
        ("set «seed» = 3", "E0212", "a file sets `data_format` and `dtype_policy`"),
        ('set data_format = «"NCHW"»', "E0304", "write `channels_first`"),
        ("set data_format = «3»", "E0304", ""),
        ('set data_format = "channels_last"\n«set data_format = "channels_last"»', "E0204", None),
    ],
)
def test_what_cannot_be_set(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(f"{marked}\n{several('model M')}", code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- constants, recipes, functions


def test_constants_and_recipes_have_names() -> None:
    before = "sizes = [2, 3]\na, b = sizes\nstart = HeNormal(seed=1)"
    text = model("Dense(a * b, kernel_initializer=start)", before=before)
    assert shape(text) == "(N, 6)"


@pytest.mark.parametrize("layer", ["Dense(3)", "ReLU()", "Dense(3) -> ReLU()", "[Dense(3)]", "Part()"])
def test_a_layer_at_the_top_level_is_refused(layer: str) -> None:
    text = f"block Part {{\n  ReLU()\n}}\n{several('model M')}\nlayer = {layer}"
    (diagnostic,) = nndsl.check(text)
    assert diagnostic.code == "E0319"
    assert diagnostic.message == "a layer at the top level would share its weights with everyone"


def test_an_expression_at_the_top_level_is_refused() -> None:
    assert refused(f"«Dense(3)»\n{several('model M')}", "E0319").help == "write it inside `model Name { … }`"


def test_functions_are_of_constants_and_have_defaults() -> None:
    before = "def twice(a) = 2 * a\ndef area(a, b=twice(3)) = a * b\ndef pick(a) = [a, a + 1][-1] if a > 0 else none"
    assert holds("area(5) == 30 and area(b=2, a=5) == 10 and pick(1) == 2 and pick(0) == none", before)


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("def a(n) = «b»(n)\ndef b(n) = n", "E0202"),
        ("def a(n) = «a»(n - 1) if n > 0 else 0", "E0202"),
        ("def a(n) = «c»\nc = 3", "E0202"),
        ("def a(n) = «m»", "E0201"),
        ("def a(n) = «Dense(n)»", "E0319"),
        ("def a(n) = «Dense»", "E0209"),
        ("def a(n, «n») = n", "E0204"),
        ("def a(n=1, «m») = n + m", "E0115"),
        ("def a(n) = n\nb = a(«m=3»)", "E0205"),
        ("def a(n) = n\nb = «a()»", "E0301"),
        ("def a(n) = n\nb = a(1, «2»)", "E0205"),
        ("def a(n) = n\nb = a(1, «n=2»)", "E0206"),
        ("a = «b»\nb = 3", "E0202"),
        ("def a(n) = 3\n«a» = 3", "E0204"),
    ],
)
def test_what_a_function_cannot_be(marked: str, code: str) -> None:
    refused(f"{marked}\n{several('model M')}", code)


@pytest.mark.parametrize("argument", ["x", "[x]", "{1: (x,)}", "Dense(3)", "Dense(3) -> ReLU()"])
def test_a_function_takes_no_tensors_and_layers(argument: str) -> None:
    before = "def half(a) = a"
    assert (
        refused(model(f"output half(«{argument}»)", before=before), "E0315").help
        == "what takes tensors or layers is a block"
    )


# ---------------------------------------------------------------- models


def test_a_file_without_a_model_is_a_library() -> None:
    text = "a = 3\nblock B {\nDense(3)\n}"
    assert found(text) == []
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text)
    assert [each.code for each in caught.value.diagnostics] == ["E0513"]


def test_the_model_that_is_meant() -> None:
    one = "model A {\ninput x: (8)\nDense(2)\n}\n"
    two = "model B {\ninput x: (8)\nA()\n}\nmodel C = B()\n"
    assert nndsl.compile(one + two).name == "B"  # A is used by B, C is an alias
    assert nndsl.compile(one + two, model="A").name == "A"
    assert nndsl.compile(one + two, model="C").name == "C"


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (several("model A", "model B"), None, ("2 models", "--model", "`A`", "`B`")),
        (several("model Alpha", "model B"), "Alhpa", ("no model `Alhpa`", "did you mean `Alpha`?")),
    ],
)
def test_which_model_is_meant_must_be_clear(text: str, name: str | None, words: tuple[str, ...]) -> None:
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text, model=name)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0513"
    assert all(word in f"{diagnostic.message} {diagnostic.help}" for word in words)


def test_an_alias_fixes_parameters() -> None:
    text = "model M(width, depth=1) {\ninput x: (8)\nfor i in range(depth) {\nDense(width)\n}\n}\n"
    text += "model Wide = M(width=5)\nmodel Deep = Wide(depth=2)\nmodel Same = M\n"
    assert keys(text, model="Deep") == ["dense.0", "dense.1"]
    assert shape(text, model="Wide") == "(N, 5)"
    assert shape(text, model="Wide", settings={"depth": 3}) == "(N, 5)"
    assert shape(text, model="Same", settings={"width": 4}) == "(N, 4)"


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("model B = «3»", "E0110"),
        ("model B = «Dense»(3)", "E0213"),
        ("model B = «Part»()", "E0213"),
        ("model B = A(«depth=3»)", "E0205"),
        ("model B = «C»()", "E0201"),
        ("model «A» = A()", "E0204"),
    ],
)
def test_what_an_alias_cannot_be(marked: str, code: str) -> None:
    refused(f"{several('model A')}\nblock Part {{\nReLU()\n}}\n{marked}", code)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "definition",
    ["block Dense {\nReLU()\n}", "model Dense {\ninput x: (8)\nReLU()\n}", "Dense = 3", "def Dense(a) = a"],
)
def test_a_definition_hides_a_built_in_with_a_warning(definition: str) -> None:
    assert found(definition) == ["W0202"]


def test_what_hides_a_built_in_is_meant() -> None:
    text = "block Dense(n) {\nConv1D(n, 1)\n}\nmodel M {\ninput x: (5, 8)\nDense(3)\n}"
    compiled = nndsl.compile(text)
    assert list(compiled.module(seed=0).state_dict()) == ["dense.conv1d.weight", "dense.conv1d.bias"]


def test_ops_and_keywords_cannot_be_hidden() -> None:
    help = "take another name"
    assert refused(f"«ops» = 3\n{several('model M')}", "E0204").help == help
    refused(f"«in» = 3\n{several('model M')}", "E0116")


@pytest.mark.parametrize("second", ["a = 4", "def a(b) = b", "block a {\nReLU()\n}", "model a {\ninput x: (8)\n}"])
def test_a_name_is_defined_once(second: str) -> None:
    (diagnostic,) = nndsl.check(f"a = 3\n{second}\n{several('model M')}")
    assert (diagnostic.code, diagnostic.notes[0].message) == ("E0204", "`a` is defined here")


def test_blocks_and_models_are_known_before_they_stand() -> None:
    assert keys("model M {\ninput x: (8)\nPart()\n}\nblock Part {\nDense(3)\n}") == ["part.dense"]


def test_constants_are_bound_before_they_are_used() -> None:
    assert (
        refused("a = «b» + 1\nb = 2", "E0202").help
        == "names are bound by lines above, and not by those of a branch that is not taken"
    )
    assert shape("model M {\ninput x: (8)\nDense(width)\n}\nwidth = 3") == "(N, 3)"


# ---------------------------------------------------------------- layers of Python


def test_a_python_module_is_refused_unless_the_caller_allows_it(tmp_path: Path) -> None:
    marked = 'from python «"os.path"» import Layer\nmodel M {\ninput x: (8)\nx -> Layer()\n}'
    refused(marked, "E0607", root=tmp_path)


def test_extern_states_inputs_and_outputs_alone() -> None:
    refused('from python "torch.nn" import L\nextern L(n) {\ninput x: (8)\n«Dense(3)»\noutput (n)\n}', "E0117")


def test_accepted_files_have_no_messages() -> None:
    accepted(several("model M"))
