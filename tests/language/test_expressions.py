"""Constants: precedence, arithmetic, functions, items and slices."""

from __future__ import annotations

import math

import pytest

from tests.language.checking import accepted, found, holds, keys, model, refused, shape, shapes

# ---------------------------------------------------------------- precedence, lowest to highest


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1 if true else 2 if false else 3", "1 if true else (2 if false else 3)"),
        ("0 or 5 if true else 2", "(0 or 5) if true else 2"),
        ("1 or 0 and 0", "1 or (0 and 0)"),
        ("not 0 and 0", "(not 0) and 0"),
        ("not 1 == 2", "not (1 == 2)"),
        ("2 + 3 == 5", "(2 + 3) == 5"),
        ("1 + 1 in [2]", "(1 + 1) in [2]"),
        ("2 + 3 * 4", "2 + (3 * 4)"),
        ("2 - 3 - 4", "(2 - 3) - 4"),
        ("24 / 4 / 2", "(24 / 4) / 2"),
        ("7 // 2 * 2", "(7 // 2) * 2"),
        ("7 % 4 * 2", "(7 % 4) * 2"),
        ("-2 ** 2", "-(2 ** 2)"),
        ("2 ** -1", "2 ** (-1)"),
        ("2 ** 3 ** 2", "2 ** (3 ** 2)"),
        ("-3 // 2", "(-3) // 2"),
        ("- -3", "-(-3)"),
        ("-[1, 2][1]", "-([1, 2][1])"),
        ("2 * max(1, 2)", "2 * (max(1, 2))"),
    ],
)
def test_precedence(written: str, read: str) -> None:
    assert holds(f"({written}) == ({read})")
    value = eval(written.replace("true", "True").replace("false", "False"))
    assert holds(f"({written}) == {str(value).lower()}")


def test_as_binds_looser_than_if_and_tighter_than_an_arrow() -> None:
    assert keys(model("output x -> (Dense(2) if true else ReLU()) as y -> Dense(3)")) == ["y", "dense"]
    assert shapes(model("x[:, :2] if false else x as z\noutput y: z")) == ["(N, 8)"]


@pytest.mark.parametrize(
    ("marked", "help"),
    [
        ("output «x + x» -> Dropout(0.1)", "write `(x + x) -> Dropout(0.1)` or `x + (x -> Dropout(0.1))`"),
        ("output x -> «Dense(8) * x»", "write `x -> (Dense(8) * x)` or `(x -> Dense(8)) * x`"),
        ("output «-x» -> ReLU()", "write `(-x) -> ReLU()` or `-(x -> ReLU())`"),
        (
            "output x -> «ReLU() if true else ReLU()»",
            "write `x -> (ReLU() if true else ReLU())` or `(x -> ReLU()) if true else ReLU()`",
        ),
        ("output «not x» -> ReLU()", "write `(not x) -> ReLU()` or `not (x -> ReLU())`"),
    ],
)
def test_an_arrow_beside_an_operator_is_refused_with_both_readings(marked: str, help: str) -> None:
    assert refused(model(marked), "E0113").help == help


def test_brackets_say_which_is_meant() -> None:
    assert keys(model("output (x + x) -> Dense(8)")) == keys(model("output x + (x -> Dense(8))")) == ["dense"]


@pytest.mark.parametrize(
    ("marked", "code", "help"),
    [
        ("a = 1 < 2 «<» 3", "E0114", "write `1 < 2 and 2 < …`"),
        ("a = 1 == 1 «!=» 3", "E0114", "write `1 == 1 and 1 != …`"),
        ("a = 2 «not in» [1]", "E0118", "write `not a in b`"),
        ("a = true == «not» true", "E0119", "write `(not true)`"),
    ],
)
def test_what_python_reads_otherwise(marked: str, code: str, help: str | None) -> None:
    diagnostic = refused(model(f"{marked}\nDense(8, use_bias=a)"), code)
    assert help is None or diagnostic.help == help


# ---------------------------------------------------------------- arithmetic


@pytest.mark.parametrize(
    "condition",
    [
        "7 / 2 == 3.5", "7 // 2 == 3", "-7 // 2 == -4", "-7 % 3 == 2", "2 ** 10 == 1024", "2 ** 0.5 > 1.41",
        "1 == 1.0", "true == 1", "'a' + 'b' == 'ab'", "[1] + [2, 3] == [1, 2, 3]", "(1,) + (2,) == (1, 2)",
        "[0] * 3 == [0, 0, 0]", "2 * (1, 2) == (1, 2, 1, 2)", "[1, 2] != (1, 2)", "{1: 2} == {1: 2}",
        "2 in [1, 2]", "'el' in 'relu'", "1 in {1: 2}", "3 in range(4)", "not (3 in (1, 2))", "'a' < 'b'",
        "[1, 2] < [1, 3]", "none == none", "1 != none", "not none", "not []", "not ''", "not 0.0", "(0 or 3) == 3",
        "(2 and 3) == 3", "(1, (2, 3))[1][0] == 2", "() == ()", "(1,) != (1)",
    ],
)  # fmt: skip
def test_arithmetic_is_that_of_python(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / 0", "E0312"), ("1 // 0", "E0312"), ("1 % 0", "E0312"), ("0 ** -1", "E0312"), ("2.0 ** 2000", "E0312"),
        ("(-1) ** 0.5", "E0312"), ("10 ** 20", "E0713"), ("9 ** 9 ** 9", "E0713"), ("[0] * 10 ** 9", "E0713"),
        ("'a' * 3", "E0310"), ("'a' + 1", "E0310"), ("[1] + (2,)", "E0310"), ("none + 1", "E0310"), ("-'a'", "E0310"),
        ("1 < 'a'", "E0310"), ("1 in 2", "E0310"), ("1 in 'a'", "E0310"), ("[1] - [1]", "E0310"),
        ("{1: 2, 1: 3}", "E0316"), ("{[1]: 2}", "E0316"), ("3(4)", "E0314"), ("'a'(4)", "E0314"),
    ],
)  # fmt: skip
def test_what_has_no_value(expression: str, code: str) -> None:
    assert found(model(f"a = {expression}\nDense(a)")) == [code]


# ---------------------------------------------------------------- functions of constants

FUNCTIONS = {
    "range(2)": [0, 1], "range(1, 3)": [1, 2], "range(5, 0, -2)": [5, 3, 1], "len([1, 2])": 2, "len('abc')": 3,
    "len({1: 2})": 1, "min(3, 2)": 2, "min([4, 1, 2])": 1, "max(3, 2.5)": 3, "max((1, 9))": 9, "sum([1, 2, 3])": 6,
    "sum(range(5), 10)": 20, "int(3.9)": 3, "int(-3.9)": -3, "round(2.5)": 2, "round(3.14159, 2)": 3.14, "ceil(2.1)": 3,
    "floor(-2.1)": -3, "abs(-3)": 3, "sqrt(16)": 4.0, "log(1)": 0.0, "exp(0)": 1.0,
    "enumerate('ab')": [(0, "a"), (1, "b")],
    "enumerate([5], 3)": [(3, 5)], "zip([1, 2], [3, 4])": [(1, 3), (2, 4)], "reversed([1, 2])": [2, 1],
    "reversed(range(2))": [1, 0], "str(3)": "3", "str(0.5)": "0.5", "str('a')": "a",
    "str(true)": "true", "round(pi, 5)": 3.14159,
}  # fmt: skip


@pytest.mark.parametrize(("call", "value"), FUNCTIONS.items())
def test_functions_of_constants(call: str, value: object) -> None:
    if isinstance(value, list):
        assert holds(f"len({call}) == {len(value)}")
        assert all(holds(f"{call}[{index}] == {item!r}") for index, item in enumerate(value))
    else:
        assert holds(f"{call} == {value!r}")


def test_pi() -> None:
    assert holds(f"pi == {math.pi!r}")


@pytest.mark.parametrize(
    ("call", "code", "help"),
    [
        ("range(2.0)", "E0315", "write 2"), ("range(true)", "E0315", ""), ("range(2.5)", "E0315", ""),
        ("range(1, 2, 0)", "E0315", ""), ("range(1, 2, 3, 4)", "E0315", ""), ("len(3)", "E0315", ""),
        ("len(x)", "E0315", "`shape(t)` has the sizes of a tensor"),
        ("min([])", "E0315", ""), ("min(1, 'a')", "E0315", ""),
        ("sum([[1], [2]])", "E0310", ""), ("int('3')", "E0315", "write the number without quotes"),
        ("sqrt(-1)", "E0312", ""), ("log(0)", "E0312", ""), ("exp(1000)", "E0312", ""),
        ("zip([1], [1, 2])", "E0315", ""),
        ("sum(3)", "E0318", "write `range(3)`"),
        ("reversed({1: 2})", "E0315", ""), ("str([1])", "E0315", ""), ("shape(3)", "E0315", ""),
        ("len([1], [2])", "E0315", ""),
        ("range(stop=3)", "E0205", "leave the name out"), ("len", "E0209", "write `len(…)`: a function is called"),
    ],
)  # fmt: skip
def test_what_functions_refuse(call: str, code: str, help: str) -> None:
    place = call if code != "E0205" else "stop=3"
    marked = model(f"a = {call}\nDense(a)").replace(f"a = {call}", f"a = {call.replace(place, f'«{place}»')}")
    assert refused(marked, code).help == help


# ---------------------------------------------------------------- items and slices


@pytest.mark.parametrize(
    "condition",
    [
        "[1, 2, 3][0] == 1", "[1, 2, 3][-1] == 3", "(1, 2, 3)[1:] == (2, 3)", "[1, 2, 3, 4][::2] == [1, 3]",
        "[1, 2, 3][:9] == [1, 2, 3]", "[1, 2][5:] == []", "[1, 2, 3][::-1] == [3, 2, 1]", "'relu'[1] == 'e'",
        "'relu'[-2:] == 'lu'", "{18: (2, 2)}[18][1] == 2", "{'a': 1}['a'] == 1", "range(10)[3] == 3",
    ],
)  # fmt: skip
def test_items_and_slices_are_those_of_python(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize(
    ("expression", "help"),
    [
        ("[1, 2][2]", "indices count from 0"), ("[1][-2]", "indices count from 0"), ("[1][0.0]", ""), ("[1][true]", ""),
        ("[1]['a']", ""), ("[1][0, 0]", "write `x[0][1]` for lists of lists"), ("{18: 1}[17]", "its keys are 18"),
        ("{'depth': 1}['dept']", "did you mean `depth`?"), ("3[0]", ""), ("[1, 2][::0]", ""), ("{1: 2}[[1]]", ""),
    ],
)  # fmt: skip
def test_what_has_no_item(expression: str, help: str) -> None:
    assert refused(model(f"a = «{expression}»\nDense(a)"), "E0316").help == help


# ---------------------------------------------------------------- lists of other values


def test_lists_hold_tensors_layers_and_recipes() -> None:
    body = "layers = [Dense(2), Dense(3)]\nfor layer in layers {\nx -> layer as y\n}\noutput y"
    assert accepted(model(body))
    body = "both = [x, x * 2] + [x]\noutput both[1] + both[-1], len(both) * x"
    assert found(model(body)) == []
    body = "starts = (HeNormal(), Zeros())\nDense(3, kernel_initializer=starts[0], bias_initializer=starts[1])"
    assert shape(model(body)) == "(N, 3)"


@pytest.mark.parametrize("dead", ["1 if true else «missing»", "0 and «missing»", "1 or «missing»"])
def test_names_of_what_is_not_evaluated_are_looked_at_too(dead: str) -> None:
    refused(model(f"a = {dead}\nDense(3, use_bias=a == 1)"), "E0201")


@pytest.mark.parametrize("dead", ["none if not sizes else sizes[0]", "sizes and sizes[0]", "4 / none if sizes else 3"])
def test_values_of_what_is_not_evaluated_are_not(dead: str) -> None:
    assert found(model(f"sizes = []\na = {dead}\noutput x * (1 if a else 2)")) == []


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("Dense", "write `Dense(…)`: a layer is constructed"),
        ("HeNormal", "write `HeNormal(…)`: a recipe is made"),
        ("Part", "write `Part(…)`: a layer is constructed"),
        ("Other", "write `Other(…)`: a layer is constructed"),
        ("max", "write `max(…)`: a function is called"),
        ("twice", "write `twice(…)`: a function is called"),
        ("ops", "write `ops.name(…)`"),
    ],
)
def test_a_name_that_must_be_called_does_not_stand_alone(name: str, help: str) -> None:
    before = "block Part {\nReLU()\n}\nmodel Other {\ninput x: (8)\nReLU()\n}\ndef twice(n) = 2 * n"
    assert refused(model(f"a = «{name}»\nDense(a)", before=before), "E0209").help == help
