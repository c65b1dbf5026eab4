"""The names of layers: each sentence of the language's rules that the text alone decides, and the worked cases."""

from __future__ import annotations

import re

import pytest

from nndsl.elaborate.frozen_names import FROZEN, NN_MODULE
from nndsl.elaborate.places import PlaceOf, argument_clashes, snake_case
from nndsl.syntax import nodes
from tests.elaborate.key_case import KeyCase
from tests.elaborate.key_cases import CASES
from tests.elaborate.static_keys import Names, names, path_of_key

PRE_NORM = "block PreNorm(inner) {\n inner\n}"
RESIDUAL = "block Residual {\n y = Conv2D(8, 3) -> BatchNormalization()\n output y\n}"


def codes(body: str, before: str = "") -> list[tuple[str, str]]:
    """The codes of what is wrong with the names in a model with this body, and the texts that they are about."""
    found = Names(f"{before}\nmodel Case {{\n{body}\n}}\n").main_places.diagnostics
    return [(diagnostic.code, diagnostic.span.text) for diagnostic in found]


# ---------------------------------------------------------------- the worked cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_worked_case(case: KeyCase) -> None:
    named = Names(case.source)
    diagnostics = named.main_places.diagnostics
    if case.clash:
        assert [(diagnostic.code, diagnostic.span.text) for diagnostic in diagnostics] == [("E0207", case.clash)]
        return
    assert diagnostics == ()
    expected = [*(path_of_key(key) for key in case.keys.split()), *case.without_key.split()]
    assert sorted(named.paths(named.main)) == sorted(set(expected))


def test_the_worked_cases_are_all_there() -> None:
    assert {int(case.name.split()[0]) for case in CASES} == set(range(1, 26))


# ---------------------------------------------------------------- 1. place


def test_a_layer_is_named_where_its_constructor_stands_however_often_it_is_applied() -> None:
    assert names("f = Dense(3)\na = f(x)\nb = x -> f -> f") == ["f"]


def test_places_are_taken_in_the_order_of_the_text() -> None:
    named = Names("model Case {\n Dense(1)(x -> Dense(2)) + [Dense(3), Dense(4)][0](x)\n}\n")
    assert [call.span.text for call in named.calls("Case")] == ["Dense(1)", "Dense(2)", "Dense(3)", "Dense(4)"]
    assert named.names() == ["dense", "dense_1", "dense_2", "dense_3"]


def test_all_branches_and_both_arms_count() -> None:
    body = (
        "if a {\nDense(1)\n} else if b {\nDense(2)\n} else {\nDense(3)\n}\n(Dense(4) if c else Dense(5))(x)\nDense(6)"
    )
    assert names(body) == ["dense", "dense_1", "dense_2", "dense_3", "dense_4", "dense_5"]


def test_the_body_of_a_loop_counts_once() -> None:
    assert names("for i in range(9) {\nDense(1)\n}\nDense(2)") == ["dense.#", "dense_1"]


# ---------------------------------------------------------------- 2. who counts


def test_layers_that_hold_no_weights_have_no_name_and_change_none() -> None:
    assert names("y = x -> Dropout(0.1) -> Dense(8) -> ReLU()") == ["y"]
    assert names("y = ops.relu(Add()([x -> Dense(8), x]))") == ["y"]


def test_blocks_models_wrappers_and_normalization_count_even_where_they_hold_nothing() -> None:
    before = "block Nothing {\n ReLU()\n}\nmodel None_ {\n input (8)\n}"
    body = "y = x -> Nothing() -> None_() -> TimeDistributed(ReLU()) -> Normalization()"
    assert names(body, before=before) == ["y_nothing", "y_none_", "y_time_distributed", "y_normalization"]


# ---------------------------------------------------------------- 3. name


def test_a_literal_name_names_its_layer_alone() -> None:
    assert names('y = x -> Dense(1, name="first") -> Dense(2)') == ["first", "y"]


@pytest.mark.parametrize("value", ['"_a"', '"a b"', '"1a"', '""', '"a.b"', '"é"', "n", "3", '"a" + "b"'])
def test_a_name_that_is_no_literal_identifier_is_an_error(value: str) -> None:
    assert codes(f"Dense(1, name={value})") == [("E0208", value)]


def test_a_layer_shares_the_as_on_its_own_link_or_to_its_right_in_its_chain() -> None:
    assert names("y = x -> Dense(1) as a -> Dense(2) -> ReLU() as b -> Dense(3)") == ["a", "b", "y"]


def test_then_the_as_in_the_chain_around_that_and_so_outwards() -> None:
    assert names("y = [x -> Dense(1), x -> Dense(2) as a] -> Add() -> ReLU() as b") == ["b", "a"]
    assert names("y = [[x -> Dense(1)] -> Add(), x] -> Add() as b") == ["b"]


def test_then_the_first_name_that_the_statement_binds() -> None:
    assert names("a, b = Dense(1)(x)") == ["a"]


def test_then_the_name_written_in_the_output() -> None:
    assert names("output z: x -> Dense(1), x -> Dense(2), w: x -> Dense(3) as v") == ["z", "dense", "v"]


def test_brackets_lists_operands_and_arguments_of_an_application_make_no_difference() -> None:
    assert names("y = (((x -> Dense(1))))") == ["y"]
    assert names("y = Add()([2 * x - (x -> Dense(1)), z])") == ["y"]
    assert names("y = Concatenate()([z, {1: (x, Dense(1))}[1][1](x)])") == ["y"]
    assert names("y = x -> (Dense(1) -> (Dense(2) -> Dense(3))) as p") == ["p_dense", "p_dense_1", "p_dense_2"]
    assert names("y = (x -> Dense(1) as p) -> Dense(2)") == ["p", "y"]
    assert names("y = ((x -> Dense(1)) as p) -> Dense(2)") == ["p", "y"]


def test_names_that_begin_with_an_underscore_are_passed_over() -> None:
    assert names("_, y = Dense(1)(x)\n_z = x -> Dense(2)\noutput _o: x -> Dense(3)") == ["y", "dense", "dense_1"]
    assert names("y = x -> Dense(1) as _a -> Dense(2) as b") == ["b_dense", "b_dense_1"]


# ---------------------------------------------------------------- 4. alone or several, 5. numbers


def test_the_only_layer_of_a_name_has_it_bare_and_several_are_numbered_per_class() -> None:
    assert names("y = x -> Dense(1)") == ["y"]
    several = names("y = x -> Conv2D(1, 3) -> Dense(2) -> Conv2D(3, 3) -> BatchNormalization()")
    assert several == ["y_conv2d", "y_dense", "y_conv2d_1", "y_batch_normalization"]


def test_occurrences_that_a_layer_shares_are_numbered_in_the_order_of_their_first_layers() -> None:
    body = (
        "y = x -> Dense(1)\ny = y -> ReLU()\nx -> Dense(2) as y\ny = y -> Conv2D(1, 3) -> Dense(3)\noutput y: Dense(4)"
    )
    assert names(body) == ["y", "y_1", "y_2_conv2d", "y_2_dense", "y_3"]
    assert names("y = x -> (x -> Dense(1) as y) -> Dense(2)") == ["y", "y_1"]


def test_a_parameter_counts_as_the_first_occurrence_of_its_name() -> None:
    assert names("depth = x -> Dense(1)", parameters="depth=3") == ["depth_1"]


def test_inputs_and_loop_variables_do_not_count() -> None:
    assert names("input x: (8)\nfor i in range(2) {\nx = x -> Dense(1)\ni = x -> Dense(2)\n}") == ["x.#", "i.#"]


# ---------------------------------------------------------------- 6. class


def test_a_layer_without_a_name_has_its_class_numbered_over_the_body() -> None:
    body = "Dense(1)\nfor f in [Dense(2)] {\nDense(3)\n}\noutput x -> Dense(4), x -> Conv2D(1, 3)"
    assert names(body) == ["dense", "dense_1", "dense_2.#", "dense_3", "conv2d"]


def test_the_class_is_the_name_as_written_and_numbered_by_the_resulting_word() -> None:
    assert names("MLP()\nMlp()", before="block MLP {\n ReLU()\n}\nblock Mlp {\n ReLU()\n}") == ["mlp", "mlp_1"]


KERAS_NAMES = ("Conv2D", "ReLU", "PReLU", "MultiHeadAttention", "MLP", "Conv2DTranspose", "LSTM", "GRU", "SimpleRNN")
OTHER_NAMES = ("BatchNormalization", "DepthwiseConv2D", "ResNet34", "ConvNeXtBlock", "X", "lower", "A1B2", "snake_case")


@pytest.mark.parametrize("name", KERAS_NAMES + OTHER_NAMES)
def test_snake_case_is_that_of_keras(name: str) -> None:
    from keras.src.utils.naming import to_snake_case

    assert snake_case(name) == to_snake_case(name)


@pytest.mark.parametrize(("name", "word"), [("_Private", "private"), ("__A", "a"), ("_", "layer"), ("_3", "layer3")])
def test_a_class_never_gives_a_name_that_begins_with_an_underscore(name: str, word: str) -> None:
    assert snake_case(name) == word


# ---------------------------------------------------------------- 7. instances and arguments


def test_the_layers_of_a_block_lie_under_the_name_of_the_instance() -> None:
    named = Names(f"{RESIDUAL}\nmodel Case {{\nz = x -> Residual()\n}}\n")
    assert list(named.paths("Case")) == ["z.y_conv2d", "z.y_batch_normalization"]


def test_an_argument_reads_as_if_the_block_began_with_it() -> None:
    assert names("PreNorm(Dense(1))\nPreNorm(inner=Dense(2) -> Dense(3))", before=PRE_NORM) == [
        "pre_norm", "pre_norm.inner", "pre_norm_1", "pre_norm_1.inner_dense", "pre_norm_1.inner_dense_1",
    ]  # fmt: skip
    given = names('PreNorm(x -> Dense(1, name="code") -> Dense(2) as tap -> Dense(3))', before=PRE_NORM)
    assert given == ["pre_norm", "pre_norm.code", "pre_norm.tap", "pre_norm.inner"]
    assert names("y = x -> PreNorm(Dense(1)) -> Dense(2)", before=PRE_NORM) == [
        "y_pre_norm", "y_pre_norm.inner", "y_dense",
    ]  # fmt: skip


def test_arguments_are_known_by_position_and_by_name() -> None:
    before = "block Two(a, b) {\n a -> b\n}"
    named = Names(f"{before}\nmodel Case {{\nTwo(Dense(1), Dense(2))\nTwo(b=Dense(3), a=Dense(4), name=n)\n}}\n")
    two, first, second, again, third, fourth = (named.main_places.find(call) for call in named.calls("Case"))
    assert two == PlaceOf("two", (), 0)
    owner, other = named.calls("Case")[0], named.calls("Case")[3]
    assert first == PlaceOf("a", (), 1, owner, "a")
    assert second == PlaceOf("b", (), 2, owner, "b")
    assert again == PlaceOf("two_1", (), 3)
    assert third == PlaceOf("b", (), 4, other, "b")
    assert fourth == PlaceOf("a", (), 5, other, "a")


def test_a_default_reads_as_if_the_block_began_with_it() -> None:
    text = f"{PRE_NORM}\nblock B(inner=Dense(1) -> Dense(2), n=3, other=PreNorm(Dense(4))) {{\n Dense(3)\n}}\n"
    named = Names(text)
    assert named.names() == ["inner_dense", "inner_dense_1", "other", "other.inner", "dense"]
    defaults = named.places["B"].defaults
    assert [place.name for place in defaults["inner"]] == ["inner_dense", "inner_dense_1"]
    assert defaults["other"] == (PlaceOf("other", (), 2, None, "other"),)
    assert set(defaults) == {"inner", "other"}


def test_a_wrapper_adds_no_level() -> None:
    assert names("TimeDistributed(ReLU() -> Dense(1))") == ["time_distributed", "time_distributed"]
    assert names("y = x -> TimeDistributed(Dense(1) -> Dense(2)) -> Dense(3)") == [
        "y_time_distributed", "y_time_distributed_dense", "y_time_distributed_dense_1", "y_dense",
    ]  # fmt: skip
    assert names("TimeDistributed(Bidirectional(LSTM(1)))") == ["time_distributed"] * 3
    assert names("RNN(LSTMCell(1))") == ["rnn"] * 2
    cells = ["rnn", "rnn_lstm_cell", "rnn_gru_cell", "rnn_lstm_cell_1"]
    assert names("RNN([LSTMCell(1), GRUCell(1), LSTMCell(1)])") == cells
    assert names("RNN(StackedRNNCells([LSTMCell(1), GRUCell(1), LSTMCell(1)]))") == ["rnn", *cells]
    assert names("Bidirectional(RNN(GRUCell(1))) as y") == ["y"] * 3
    assert names("half = x -> TimeDistributed(Dense(1) -> Dense(2))") == ["half_", "half_dense", "half_dense_1"]
    assert names("PreNorm(TimeDistributed(PreNorm(Dense(1))))", before=PRE_NORM) == [
        "pre_norm", "pre_norm.inner", "pre_norm.inner", "pre_norm.inner.inner",
    ]  # fmt: skip


def test_a_name_in_the_argument_of_a_wrapper_is_a_warning() -> None:
    body = 'TimeDistributed(Dense(1, name="a"))'
    assert codes(body) == [("W0201", 'name="a"')]
    assert names(body) == ["time_distributed", "time_distributed"]
    assert codes('TimeDistributed(PreNorm(Dense(1, name="a")), name="b")', before=PRE_NORM) == []


def test_a_layer_made_elsewhere_keeps_its_name() -> None:
    assert names("head = Dense(1)\nPreNorm(head)\nTimeDistributed(head)", before=PRE_NORM) == [
        "head", "pre_norm", "time_distributed",
    ]  # fmt: skip


# ---------------------------------------------------------------- 8. loops


def test_loops_of_the_body_round_a_place_are_known_outermost_first() -> None:
    body = "for i in a {\nfor j in b {\nDense(1)\n}\nfor k in c {\nPreNorm(Dense(2))\n}\n}"
    named = Names(f"{PRE_NORM}\nmodel Case {{\n{body}\n}}\n")
    places = named.main_places
    assert [places.find(call).loops for call in named.calls("Case")] == [(0, 1), (0, 2), (0, 2)]
    outer = named.definitions["Case"].body[0]
    assert isinstance(outer, nodes.For)
    inner = [statement for statement in outer.body if isinstance(statement, nodes.For)]
    assert [places.loop(loop) for loop in (outer, *inner)] == [0, 1, 2]


def test_the_head_of_a_loop_is_outside_it() -> None:
    assert names("for f in [Dense(1), Dense(2)] {\nx = x -> f\n}") == ["dense", "dense_1"]


# ---------------------------------------------------------------- 10. clashes


def test_two_layers_with_one_name_are_an_error_at_the_second() -> None:
    found = Names("model Case {\ndense_1 = x -> Dense(1)\nDense(2)\nDense(3)\n}\n").main_places.diagnostics
    (clash,) = found
    assert (clash.code, clash.span.text, clash.notes[0].span.text) == ("E0207", "Dense(3)", "Dense(1)")
    assert "name=" in clash.help


@pytest.mark.parametrize(
    "body",
    [
        'if true {\nDense(1, name="a")\n} else {\nDense(2, name="a")\n}',
        'a = x -> Dense(1)\nTimeDistributed(Dense(3), name="a")\nDense(2, name="b")',
        'PreNorm(Dense(1, name="a") -> Dense(2, name="a"))',
        "y = x -> Dense(1)\ny = x -> Dense(2)\ny_1 = x -> Dense(3)",
        'half = x -> Dense(1)\nDense(2, name="half_")',
    ],
)
def test_clashes(body: str) -> None:
    assert [code for code, _ in codes(body, before=PRE_NORM)] == ["E0207"]


@pytest.mark.parametrize(
    "body",
    [
        'PreNorm(Dense(1, name="a"))\nPreNorm(Dense(2, name="a"))\nDense(2, name="a")',
        "TimeDistributed(Dense(1))\nTimeDistributed(Dense(2) -> Dense(3))",
        "y = x -> Dense(1) -> Dense(2)\ny = x -> Dense(3)",
    ],
)
def test_no_clashes(body: str) -> None:
    assert codes(body, before=PRE_NORM) == []


def test_an_argument_clashes_with_a_layer_of_the_block() -> None:
    before = "block B(dense, other=Dense(9)) {\n Dense(1)\n dense\n}"
    named = Names(f"{before}\nmodel Case {{\nB(Dense(2))\nB(other=Dense(3), dense=64)\n}}\n")
    first, _, second, _ = named.calls("Case")
    (clash,) = argument_clashes(named.places["Case"], first, named.places["B"])
    assert (clash.code, clash.span.text, clash.notes[0].span.text) == ("E0207", "Dense(2)", "Dense(1)")
    assert argument_clashes(named.places["Case"], second, named.places["B"]) == ()


@pytest.mark.parametrize("name", ["half", "train", "class", "forward", "reset_parameters", "forward_with_extras"])
def test_a_finished_name_on_the_frozen_list_gets_an_underscore(name: str) -> None:
    assert names(f'Dense(1, name="{name}")') == [f"{name}_"]


def test_only_the_finished_name_is_looked_up() -> None:
    assert names("half = x -> Dense(1) -> Dense(2)") == ["half_dense", "half_dense_1"]
    assert names("B(Dense(1))", before="block B(half) {\n half\n}") == ["b", "b.half_"]


def test_the_frozen_list_has_all_attributes_of_modules() -> None:
    from torch import nn

    attributes = {name for name in dir(nn.Module()) if not re.fullmatch("__.*__", name)}
    assert attributes <= NN_MODULE


def test_the_frozen_list_has_pythons_keywords() -> None:
    import keyword

    assert FROZEN.issuperset(keyword.kwlist)


# ---------------------------------------------------------------- 12. what the promise leaves out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("y = x -> Dense(1)", "y = x -> Dense(1) -> Dense(2)"),
        ("y = x -> Dense(1)", "y = x -> Dense(2)\ny = x -> Dense(1)"),
        ("Dense(1)", "Dense(2)\nDense(1)"),
        ("Dense(1)", "Dense(1) as y"),
        ("Dense(1)", "for i in range(2) {\nDense(1)\n}"),
        ("y = x -> Conv2D(2, 3) -> Dense(1)", "z = x -> Conv2D(2, 3)\ny = z -> Dense(1)"),
        ("Dense(1)\nDense(2)", "Dense(2)\nDense(1)"),
    ],
)
def test_these_edits_change_the_name(before: str, after: str) -> None:
    def name_of_first(body: str) -> str:
        named = Names(f"model Case {{\n{body}\n}}\n")
        (call,) = [call for call in named.calls("Case") if call.span.text == "Dense(1)"]
        return named.prefix("Case", call)

    assert name_of_first(before) != name_of_first(after)
