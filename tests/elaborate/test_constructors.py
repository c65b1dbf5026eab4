"""Which calls are constructors of layers, and that no tree is too deep to find them."""

from __future__ import annotations

import pytest

from nndsl.diagnostics import InternalError, Source, Span
from nndsl.elaborate.places import PlaceOf, Word, places_of
from nndsl.syntax import nodes
from tests.elaborate.static_keys import Names, names


@pytest.mark.parametrize(
    "body",
    [
        "Dense = 3\nDense(1)",
        "Dense(1)\nDense = 3",
        "for Dense in [1] {\nDense(1)\n}",
        "x -> ReLU() as Dense\nDense(1)",
        "input Dense: (8)\nDense(1)",
        "y = [x -> (x -> ReLU() as Dense)]\nDense(1)",
    ],
)
def test_a_name_that_the_body_binds_constructs_nothing(body: str) -> None:
    assert names(body) == []


def test_a_parameter_hides_a_constructor() -> None:
    assert names("Dense(1)", parameters="Dense") == []


def test_a_call_that_makes_no_layer_has_no_place() -> None:
    named = Names("model Case {\nDense(1)(x)\nReLU()\n}\n")
    statement, relu = named.definitions["Case"].body
    assert isinstance(statement, nodes.ExpressionStatement)
    assert isinstance(statement.value, nodes.Call)
    assert isinstance(statement.value.callee, nodes.Call)
    assert isinstance(relu, nodes.ExpressionStatement)
    assert isinstance(relu.value, nodes.Call)
    places = named.main_places
    assert places.find(statement.value.callee) == PlaceOf("dense", (), 0)
    assert places.find(statement.value) is None
    assert places.find(relu.value) is None


def test_settings_make_no_layers() -> None:
    assert names("Dense(1)\ncompile {\nloss = Dense(2)\n}\nDense(3)") == ["dense", "dense_1"]


NOWHERE = Span(Source("deep.nn", ""), 0, 0)


def dense(name: str) -> Word | None:
    return Word("layer", "dense") if name == "Dense" else None


def test_deep_trees_do_not_recurse() -> None:
    def call() -> nodes.Call:
        return nodes.Call(nodes.Name("Dense", span=NOWHERE), (), span=NOWHERE)

    value: nodes.Expression = call()
    statement: nodes.Statement = nodes.ExpressionStatement(call(), span=NOWHERE)
    for _ in range(5_000):
        value = nodes.Binary("+", value, call(), span=NOWHERE)
        lone = nodes.ExpressionStatement(call(), span=NOWHERE)
        statement = nodes.If(nodes.Literal(True, span=NOWHERE), (lone,), (statement,), span=NOWHERE)
    body = (nodes.ExpressionStatement(value, span=NOWHERE), statement)
    places = places_of((), body, dense)
    first = statement.body[0]
    assert places.find(first.value) == PlaceOf("dense_5001", (), 5001)


def test_one_node_at_two_places_is_refused() -> None:
    line = nodes.ExpressionStatement(nodes.Call(nodes.Name("Dense", span=NOWHERE), (), span=NOWHERE), span=NOWHERE)
    with pytest.raises(InternalError):
        places_of((), (line, line), dense)
