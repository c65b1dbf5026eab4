"""Threats D: numbers and arguments. Everything is refused from arithmetic, before anything is allocated."""

from __future__ import annotations

import pytest

import nndsl
from tests.elaborate.compiling import codes, compiled, model, shape

IMAGE = "x: (8, 8, 3)"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        pytest.param("Dense(1" + "0" * 400 + ")", "E0706", id="59"),
        pytest.param("Dense(" + "9" * 5000 + ")", "E0706", id="60"),
        pytest.param("Dense(3_000_000_000)", "E0303", id="59 above 2^31"),
        pytest.param("Dense(0x10)", "E0104", id="61 hexadecimal"),
        pytest.param("Dense(007)", "E0104", id="61 leading zeros"),
        pytest.param("Dense(1e3)", "E0302", id="61 a float"),
        pytest.param("Dense(-1)", "E0303", id="62"),
        pytest.param("Dense(0)", "E0303", id="63"),
        pytest.param("Dense(3.0)", "E0302", id="64"),
        pytest.param("Dense(true)", "E0302", id="65"),
        pytest.param("Dropout(1e400)", "E0104", id="66"),
        pytest.param("Dropout(1e308 * 10)", "E0312", id="66 computed"),
        pytest.param("Dropout(1.5)", "E0303", id="68"),
        pytest.param("Dropout(-0.1)", "E0303", id="68 negative"),
        pytest.param("Dense(1_000_000_000_000)", "E0303", id="69"),
        pytest.param("Dense(2_000_000_000)\nDense(2_000_000_000)", "E0715", id="70"),
        pytest.param("Dense(unitz=3)", "E0205", id="83"),
        pytest.param("Dense(3, units=3)", "E0206", id="84"),
        pytest.param('Dense(activation="relu", 3)', "E0115", id="86"),
        pytest.param("Densee(3)", "E0201", id="87"),
    ],
)
def test_numbers(lines: str, code: str) -> None:
    assert [found for found in codes(lines) if found[0] == "E"] == [code]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        pytest.param("Conv2D(8, 0)", "E0303", id="63 kernel"),
        pytest.param("Conv2D(8, 3, strides=0)", "E0303", id="63 stride"),
        pytest.param("Conv2D(8, 3, groups=0)", "E0303", id="63 groups"),
        pytest.param("MaxPooling2D(0)", "E0303", id="63 pool"),
        pytest.param("Conv2D(8, 2.5)", "E0302", id="64 kernel"),
        pytest.param("Conv2D(8, 3, dilation_rate=2**62)", "E0303", id="72"),
        pytest.param("ZeroPadding2D(2**62)", "E0303", id="72 padding"),
        pytest.param("Conv2D(8, 3, padding=-1)", "E0302", id="62 padding"),
        pytest.param("Conv2D(8, 9)", "E0402", id="73"),
        pytest.param("MaxPooling2D(9)", "E0402", id="75"),
        pytest.param("Conv2D(8, 3, groups=2)", "E0305", id="80"),
        pytest.param("Conv2D()", "E0301", id="85"),
    ],
)
def test_windows(lines: str, code: str) -> None:
    found = codes(lines, inputs=IMAGE)
    assert len(found) == 1
    assert found[0] == code or (code == "E0305" and found[0].startswith(("E03", "E04")))


def test_61_the_forms_of_integers() -> None:
    assert shape("Dense(1_000)") == "1000"
    assert codes("Dense(٣)")[0].startswith("E01")
    assert codes("Dense(+5)")[0].startswith("E01")


def test_64_the_help_has_the_integer() -> None:
    (found,) = nndsl.check(model("Dense(3.0)"))
    assert found.help == "write 3"


def test_67_68_the_ends_of_a_probability() -> None:
    assert codes("Dropout(-0.0)") == codes("Dropout(0.0)") == codes("Dropout(0.5)") == []


def test_71_a_huge_activation_is_a_warning() -> None:
    assert codes("Conv2D(1, 3)", "GlobalAveragePooling2D()", inputs="x: (100_000, 100_000, 1)") == ["W0701", "W0701"]


def test_73_both_numbers_and_the_line() -> None:
    (found,) = nndsl.check(model("Conv2D(8, 7)", inputs="x: (5, 5, 3)"))
    assert found.code == "E0402"
    assert "7" in found.message
    assert "5" in found.message
    assert found.span.text == "7"


def test_85_missing_arguments_are_listed() -> None:
    (found,) = nndsl.check(model("Conv2D()", inputs=IMAGE))
    assert "`filters` and `kernel_size`" in found.message


def test_83_87_what_was_meant() -> None:
    assert "`units`" in nndsl.check(model("Dense(unitz=3)"))[0].help
    assert "`Dense`" in nndsl.check(model("Densee(3)"))[0].help


@pytest.mark.parametrize("axis", [5, -9, 0])
def test_82_axes_that_are_not_there(axis: int) -> None:
    assert codes(f"Softmax(axis={axis})", inputs=IMAGE) == ["E0407"]
    assert codes(f"y = [x, x] -> Concatenate(axis={axis})", "output y", inputs=IMAGE) == ["E0407"]


@pytest.mark.parametrize("arguments", ["0, 8", "2, 0"])
def test_81_heads(arguments: str) -> None:
    assert codes(f"MultiHeadAttention({arguments})(x, x)", inputs="x: (4, 8)") == ["E0303"]


def test_81_a_width_that_the_heads_do_not_divide() -> None:
    assert shape("MultiHeadAttention(3, 5)(x, x)", inputs="x: (4, 8)") == "4, 8"


def test_69_70_nothing_is_allocated() -> None:
    found = compiled("Dense(50_000)", "Dense(50_000)", inputs="x: (50_000)")
    assert "Linear(50000, 50000)" in found.source
