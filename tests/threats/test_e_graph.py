"""Threats E: graphs that are wrong or surprising."""

from __future__ import annotations

import pytest

import nndsl
from tests.elaborate.compiling import codes, compiled, model, shape


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        pytest.param("a = Dense(3)(b)\nb = Dense(3)(a)\noutput b", "E0202", id="88 a name is bound before it is used"),
        pytest.param("a = Dense(3)(a)\noutput a", "E0202", id="89"),
        pytest.param("y = z -> Dense(3)\noutput y", "E0201", id="90"),
        pytest.param("output y\ny = x -> Dense(3)", "E0202", id="91"),
        pytest.param("output x", "E0506", id="94"),
        pytest.param("y = [x] -> Add() -> Dense(3)\nz = [] -> Add()\noutput y, z", "E0422", id="100"),
        pytest.param("y = [x, x -> Reshape((8, 1))] -> Concatenate()\noutput y", "E0403", id="101"),
        pytest.param("f = Dense(3)\noutput f(x), f(x -> Dense(5))", "E0421", id="102"),
        pytest.param("Conv2D(3, 3)", "E0401", id="105"),
        pytest.param("Reshape((3, 3))", "E0404", id="107"),
        pytest.param("Reshape((-1, -1))", "E0303", id="107 two -1"),
    ],
)
def test_graphs_that_are_refused(lines: str, code: str) -> None:
    assert codes(lines)[:1] == [code]


def test_92_a_name_may_be_bound_again_in_a_body_and_not_at_the_top() -> None:
    assert shape("y = x -> Dense(3)", "y = y -> Dense(2)", "output y") == "2"
    assert codes("Dense(3)", before="a = 1\na = 2\n") == ["E0204"]


def test_93_94_without_input_or_output() -> None:
    assert [each.code for each in nndsl.check("model Net {\n  Dense(3)\n}\n")][:1] in (["E0501"], ["E0502"])
    assert codes("y = a + b", inputs="a: (8); b: (8)") == ["E0502"]


def test_95_96_what_reaches_no_output() -> None:
    found = compiled("y = x -> Dense(3)", "z = x -> Dense(4)", "output y")
    assert [each.code for each in found.diagnostics] == ["W0501"]
    assert sum(parameter.numel() for parameter in found.module().parameters()) == 8 * 3 + 3
    assert codes("output a -> Dense(3)", inputs="a: (8); b: (8)") == ["W0502"]


def test_97_two_graphs_in_one_model() -> None:
    assert codes("output a -> Dense(3), b -> Dense(3)", inputs="a: (8); b: (8)") == []


def test_98_99_merges() -> None:
    given = "a: (2, 3); b: (2, 4); c: (2, 1); d: (3)"
    (found,) = nndsl.check(
        model("output a + b, c, d", inputs=given).replace(
            "output a + b, c, d", "y = [a, b] -> Add()\n  output y, p: c + a, q: [d, a] -> Add()"
        )
    )
    assert found.code == "E0403"
    assert "(N, 2, 3)" in found.message
    assert "(N, 2, 4)" in found.message


def test_102_the_first_call_is_cited() -> None:
    (found,) = nndsl.check(model("f = Dense(3)", "a = x -> f", "b = x -> Dense(5) -> f", "output a + b"))
    assert found.code == "E0421"
    assert [note.span.text for note in found.notes if note.span] == ["f"]


def test_103_a_shared_layer_counts_once() -> None:
    found = compiled("f = BatchNormalization()", "output f(x) + f(f(x))")
    assert len(list(found.module().parameters())) == 2


@pytest.mark.parametrize(
    ("lines", "inputs", "code"),
    [
        ("Embedding(9, 3)", "x: (8)", "E0405"),
        ("Dense(3)", "x: int64(8)", "E0405"),
        ("Rescaling(2.0)", "x: int64(8)", ""),
    ],
)
def test_104_dtypes(lines: str, inputs: str, code: str) -> None:
    found = nndsl.check(model(lines, inputs=inputs))
    assert [each.code for each in found] == ([code] if code else [])
    assert all(each.help for each in found)


def test_106_the_batch_is_always_there() -> None:
    found = compiled("Conv2D(4, 3)", inputs="x: (8, 8, 3)").model
    assert [node.types[0].rank for node in found.nodes] == [4]


def test_108_no_dimension_is_zero() -> None:
    assert codes("Dense(3)", inputs="x: (0, 8)") == ["E0324"]
    assert codes("Reshape((0, 8))") == ["E0303"]
