"""Loops and conditions: unfolded by the compiler."""

from __future__ import annotations

import pytest
import torch

import nndsl
from tests.language.checking import accepted, found, keys, model, refused, run, shape

# ---------------------------------------------------------------- for


@pytest.mark.parametrize(
    ("head", "sizes"),
    [
        ("n in [4, 5]", [4, 5]), ("n in (4, 5)", [4, 5]), ("n in range(3, 5)", [3, 4]), ("n in {4: 1, 5: 2}", [4, 5]),
        ("_, n in [(1, 4), (2, 5)]", [4, 5]), ("i, n in enumerate([4, 5])", [4, 5]), ("n in reversed([4, 5])", [5, 4]),
        ("n in [4] + [5]", [4, 5]), ("n in sizes", [6, 7]), ("n in []", []), ("n in range(0)", []),
        ("n in range(-1)", []),
    ],
)  # fmt: skip
def test_a_loop_goes_over_constants(head: str, sizes: list[int]) -> None:
    compiled = accepted(model(f"for {head} {{\nDense(n)\n}}", before="sizes = [6, 7]" if "sizes" in head else ""))
    assert [node.types[0].shape[1] for node in compiled.model.nodes if node.made] == sizes


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("for i in «3» {\nDense(i)\n}", "E0318", "write `range(3)`"),
        ("for i in «x» {\nDense(3)\n}", "E0318", ""),
        ("for i in «2.5» {\nDense(3)\n}", "E0318", ""),
        ("for i in «none» {\nDense(3)\n}", "E0318", ""),
        ("for a, «b» in [(1, 2, 3)] {\nDense(a + b)\n}", "E0317", "`_` drops one"),
        ("for a, «b» in [1] {\nDense(a + b)\n}", "E0317", "bind one name"),
        ("for i in «range(10 ** 7)» {\nDense(3)\n}", "E0711", None),
        ("for i in «range(2 ** 63)» {\nDense(3)\n}", "E0711", None),
    ],
)
def test_what_a_loop_cannot_go_over(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(marked), code)
    assert help is None or diagnostic.help == help


def test_each_turn_makes_new_layers() -> None:
    text = model("for i in range(3) {\nDense(8)\n}")
    assert keys(text) == ["dense.0", "dense.1", "dense.2"]
    assert keys(model("d = Dense(8)\nfor i in range(3) {\nd\n}")) == ["d"]


def test_names_bound_inside_go_on_outside() -> None:
    text = model("y = x\nfor i in range(3) {\ny = y * 2\nz = y\n}\noutput y, z, i: x * i")
    x = torch.randn(3, 8)
    y, z, i = run(text, x)
    assert torch.allclose(y, 8 * x)
    assert torch.allclose(z, y)
    assert torch.allclose(i, 2 * x)


def test_lists_grow_in_loops() -> None:
    text = model("parts = []\nfor i in range(3) {\nparts = parts + [x * i]\n}\noutput parts -> Concatenate()")
    assert shape(text) == "(N, 24)"


def test_layers_that_a_loop_collects_are_used_later() -> None:
    text = model("layers = []\nfor i in range(2) {\nlayers = layers + [Dense(8)]\n}\nx -> layers[0] -> layers[1]")
    assert keys(text) == ["layers.0", "layers.1"]
    x = torch.randn(3, 8)
    module = accepted(text).module(seed=7)
    assert torch.allclose(module(x), module.layers[1](module.layers[0](x)))


def test_loops_lie_in_each_other() -> None:
    text = model("for i in range(2) {\nfor j in range(i + 1) {\nDense(8)\n}\n}")
    assert keys(text) == ["dense.0.0", "dense.1.0", "dense.1.1"]


def test_a_name_of_an_empty_loop_is_not_bound() -> None:
    refused(model("for i in range(0) {\ny = x * 2\n}\noutput «y»"), "E0202")


# ---------------------------------------------------------------- if


@pytest.mark.parametrize(("n", "size"), [(0, "(N, 2)"), (1, "(N, 3)"), (2, "(N, 4)"), (9, "(N, 4)")])
def test_the_branch_that_holds_is_taken(n: int, size: str) -> None:
    body = "if n == 0 {\nDense(2)\n} else if n == 1 {\nDense(3)\n} else {\nDense(4)\n}"
    assert shape(model(body, parameters=f"n={n}")) == size


@pytest.mark.parametrize(
    "condition", ["true", "1", "[0]", "'a'", "not none", "2 > 1 and 3 > 2", "C == 8", "shape(x)[0] == 8"]
)
def test_conditions_are_of_constants(condition: str) -> None:
    before = f"block Part {{\ninput x: (C)\nif {condition} {{\nDense(3)\n}}\noutput y: x * C, z: Identity()\n}}"
    assert [
        str(t.type.shape[1]) for _, t in accepted(model("y, z = Part()(x)\noutput y, z", before=before)).model.outputs
    ] == ["8", "3"]


@pytest.mark.parametrize(
    ("marked", "code", "words"),
    [
        (
            "if «x» {\nDense(3)\n}",
            "E0311",
            "conditions are decided while the file is compiled, before there is any data",
        ),
        ("if «x > 0» {\nDense(3)\n}", "E0310", "comparisons are of constants"),
        ("if «Dense(3)» {\nDense(3)\n}", "E0311", ""),
        ("if «T > 3» {\nx[:, 0]\n}", "E0313", "write a number for it in the `input`"),
        ("«else» {\nDense(3)\n}", "E0110", ""),
    ],
)
def test_what_is_no_condition(marked: str, code: str, words: str) -> None:
    diagnostic = refused(model(marked, inputs="input x: (T, 8)"), code)
    assert words in diagnostic.help


def test_names_bound_in_a_branch_go_on_outside_if_it_is_taken() -> None:
    body = "if deep {\ny = x * 2\n} else {\ny = x * 3\nz = y\noutput z\n}\noutput y"
    for deep, factor in ((True, 2), (False, 3)):
        compiled = nndsl.compile(model(body, parameters="deep=true"), settings={"deep": deep})
        x = torch.randn(3, 8)
        result = compiled.module()(x)
        assert torch.allclose(result if deep else result[1], factor * x)


def test_a_name_of_a_branch_that_is_not_taken_is_not_bound() -> None:
    diagnostic = refused(model("if false {\ny = x * 2\n}\noutput «y»"), "E0202")
    assert diagnostic.help == "names are bound by lines above, and not by those of a branch that is not taken"


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("if false {\nDense(3, «unitz=4»)\n}\nDense(3)", "E0205"),
        ("if false {\n«Densee»(3)\n}\nDense(3)", "E0201"),
        ("if true {\nDense(3)\n} else {\nx -> Dense(«m»)\n}", "E0201"),
        ("for i in range(0) {\n«Densee»(3)\n}\nDense(3)", "E0201"),
    ],
)
def test_names_and_arguments_are_looked_at_in_what_is_not_taken(marked: str, code: str) -> None:
    refused(model(marked), code)


@pytest.mark.parametrize(
    "body",
    [
        "sizes = []\nif len(sizes) > 0 {\nDense(sizes[0])\n}\nDense(3)",
        "n = 0\nif n > 0 {\nDense(8 // n)\n}\nDense(3)",
        "n = 0\nDense(8 // n if n else 3)",
        "if shape(x)[0] == 9 {\nx -> Reshape((3, 3)) -> Flatten()\n}\nDense(3)",
    ],
)
def test_values_and_shapes_of_what_is_not_taken_are_not(body: str) -> None:
    assert found(model(body)) == []


def test_the_current_value_goes_on_from_the_branch_that_is_taken() -> None:
    assert shape(model("if true {\nDense(4)\n} else {\nDense(5)\n}\nFlatten()")) == "(N, 4)"
