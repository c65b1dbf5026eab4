"""Constants: operators, functions, lists, and what they refuse."""

from __future__ import annotations

import pytest

from tests.elaborate.compiling import codes, shape


def units(expression: str, before: str = "") -> int:
    """The value of an expression, as the width of a Dense."""
    return int(shape(f"Dense({expression})", before=before))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("7 // 2", 3),
        ("-7 // 2 + 5", 1),
        ("7 % 4", 3),
        ("-7 % 4", 1),
        ("2 ** 3 ** 2 // 64", 8),
        ("-2 ** 2 + 9", 5),
        ("2 ** -1 * 4 == 2 and 3", 3),
        ("0 or 5", 5),
        ("[] or 5", 5),
        ("4 and 5", 5),
        ("3 if not 1 > 2 else 4", 3),
        ("3 if 2 in [1, 2] else 4", 3),
        ('3 if "a" in "cat" else 4', 3),
        ('3 if 1 in {1: "a"} else 4', 3),
        ("3 if 5 in range(5) else 4", 4),
        ('3 if "a" < "b" else 4', 3),
        ("3 if (1, 2) == (1, 2) else 4", 3),
        ("3 if 1 == 1.0 else 4", 3),
        ("3 if none == false else 4", 4),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][1:][0]", 2),
        ("(4, 5)[0]", 4),
        ("([1] + [2, 3])[2]", 3),
        ("((1,) + (2,))[1]", 2),
        ("([7] * 3)[2]", 7),
        ("len(range(10**15, 10**15 + 5))", 5),
        ("range(3, 9, 2)[1]", 5),
        ("(range(3) + [9])[3]", 9),
        ('{"a": 1, "b": 2}["b"]', 2),
        ("len([1, 2])", 2),
        ("min(3, 5)", 3),
        ("max([3, 5])", 5),
        ("sum([1, 2, 3])", 6),
        ("sum(range(4), 4)", 10),
        ("int(3.9)", 3),
        ("round(2.5)", 2),
        ("int(round(3.14159, 2) * 100)", 314),
        ("ceil(2.1)", 3),
        ("floor(2.9)", 2),
        ("abs(-3)", 3),
        ("int(sqrt(16))", 4),
        ("round(log(exp(2)))", 2),
        ("int(pi)", 3),
        ('len(str(1000) + "x")', 5),
        ("reversed([1, 2, 3])[0]", 3),
        ("enumerate([5, 6])[1][0] + enumerate([5, 6], 1)[1][1]", 7),
        ("zip([1, 2], [3, 4])[1][0]", 2),
    ],
)
def test_values_are_those_of_python(expression: str, value: int) -> None:
    assert units(expression) == value


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 + none", "E0310"),
        ('"a" + 1', "E0310"),
        ("[1] + (2,)", "E0310"),
        ('"a" < 1', "E0310"),
        ("1 in 2", "E0310"),
        ("-none", "E0310"),
        ("1 // 0", "E0312"),
        ("1.0 % 0", "E0312"),
        ("1e308 * 1e308", "E0312"),
        ("(-8) ** 0.5", "E0312"),
        ("sqrt(-1)", "E0312"),
        ("log(0)", "E0312"),
        ("10 ** 30", "E0713"),
        ("2 ** 10 ** 10", "E0713"),
        ('"ab" + "x" * 3', "E0310"),
        ("range(2.5)", "E0315"),
        ("range(true)", "E0315"),
        ("range(1, 2, 0)", "E0315"),
        ("range(10**19)", "E0711"),
        ("len(range(10**18) + [1])", "E0713"),
        ("min([])", "E0315"),
        ("min(1, none)", "E0315"),
        ("zip([1], [1, 2])", "E0315"),
        ("len(1)", "E0315"),
        ("len()", "E0315"),
        ("len(a=[1])", "E0205"),
        ('int("3")', "E0315"),
        ("[1, 2][2]", "E0316"),
        ("[1, 2][-3]", "E0316"),
        ("[1, 2][0.5]", "E0316"),
        ("[1, 2][true]", "E0316"),
        ("[1, 2][0, 1]", "E0316"),
        ("3[0]", "E0316"),
        ('{"a": 1}["b"]', "E0316"),
        ('{"a": 1, "a": 2}["a"]', "E0316"),
        ("{[1]: 2}[1]", "E0316"),
        ("3(4)", "E0314"),
        ("min", "E0209"),
    ],
)
def test_what_has_no_value_is_refused_once(expression: str, code: str) -> None:
    assert codes(f"Dense({expression})") == [code]


def test_a_condition_looks_at_one_side_only() -> None:
    assert units("3 if true else 1 // 0") == 3
    assert units("3 if true or 1 // 0 else 4") == 3


def test_functions_of_the_file() -> None:
    before = "base = 3\ndef twice(a, b=base) = 2 * a + b\ndef more(a) = twice(twice(a), b=1)\n"
    assert units("more(2)", before) == 15


def test_functions_see_what_is_before_them() -> None:
    assert codes("Dense(f(1))", before="def f(a) = g(a)\ndef g(a) = a\n") == ["E0202"]
    assert codes("Dense(f(1))", before="def f(a) = f(a)\n") == ["E0202"]
    assert codes("Dense(f(1))", before="def f(a) = a + b\nb = 3\n") == ["E0202"]


@pytest.mark.parametrize(
    ("call", "code"), [("f()", "E0301"), ("f(1, 2)", "E0205"), ("f(1, a=2)", "E0206"), ("f(b=1)", "E0205")]
)
def test_arguments_of_functions(call: str, code: str) -> None:
    assert codes(f"Dense({call})", before="def f(a) = a\n")[0] == code


def test_a_mistake_silences_what_depends_on_it() -> None:
    assert codes("a = 1 // 0", "b = a + 1", "for i in range(b) {\n  Dense(b)\n}", "Dense(a) -> Dense(b)") == ["E0312"]


def test_several_mistakes_of_one_statement() -> None:
    assert codes("Dense(foo) -> Dens(3) -> Dense(-1)") == ["E0201", "E0201", "E0303"]


def test_symbolic_sizes_have_the_arithmetic_of_integers() -> None:
    given = "x: (4 * T, 6)"
    assert shape("Reshape((T, 24))", inputs=given) == "T, 24"
    assert shape("Reshape((2 * T, 12))", inputs=given) == "2 * T, 12"
    assert shape("Reshape((4 * T * 3, 2))", inputs=given) == "12 * T, 2"
    assert shape("Dense(3 if 2 * T == T + T else 4)", inputs=given) == "4 * T, 3"
    assert shape("Dense(3 if T + 1 > T else 4)", inputs=given) == "4 * T, 3"
    assert shape("y = Dense(shape(x)[1])(x)\noutput y", inputs=given) == "4 * T, 6"


@pytest.mark.parametrize(
    "expression",
    ["2 ** T", "T / 2", "8 // T", "len(range(T))", "[1, 2][T]", "3 if T > 2 else 4", "max(T, 2)", "sqrt(T)"],
)
def test_where_a_number_must_be_known(expression: str) -> None:
    assert codes(f"Dense({expression})", inputs="x: (T, 6)") in (["E0313"], ["E0310"])
