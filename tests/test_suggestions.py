"""What the compiler thinks was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.suggestions import ARGUMENTS, LAYERS, STATEMENTS, VALUES, nearest, suggest

NAMES = [
    "Dense",
    "Conv1D",
    "Conv2D",
    "Flatten",
    "ReLU",
    "MaxPooling2D",
    "AveragePooling2D",
    "BatchNormalization",
    "Dropout",
    "LSTM",
    "GRU",
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Flaten", "Flatten"),  # a deletion
        ("Flattenn", "Flatten"),  # an insertion
        ("Flattem", "Flatten"),  # a substitution
        ("Falttne", "Flatten"),  # two exchanges
        ("flatten", "Flatten"),
        ("batch_normalization", "BatchNormalization"),
        ("RelU", "ReLU"),
        ("Desne", "Dense"),
        ("GRu", "GRU"),
    ],
)
def test_nearest(name: str, expected: str) -> None:
    assert nearest(name, NAMES)[0] == expected


@pytest.mark.parametrize("name", ["x", "Flan", "Danes", "Conv", "LRU2", "Maxi", "", "Residual"])
def test_nothing_is_near(name: str) -> None:
    assert nearest(name, NAMES) == ()


def test_what_differs_in_case_alone_is_alone() -> None:
    assert nearest("conv2d", ["Conv1D", "Conv2D", "Conv3D"]) == ("Conv2D",)


def test_the_nearest_comes_first_and_three_are_enough() -> None:
    assert nearest("Conv3D", ["Conf3D", "xonv3D", "Cone3D", "Conv2D"]) == ("Cone3D", "Conf3D", "Conv2D")
    assert nearest("Conv2D", ["Conv2D"]) == ()


def edits(text: str, letters: str) -> set[str]:
    """All texts that are one edit away, by brute force."""
    found = set()
    for i in range(len(text) + 1):
        found |= {text[:i] + letter + text[i:] for letter in letters}
        if i < len(text):
            found |= {text[:i] + letter + text[i + 1 :] for letter in letters}
            found.add(text[:i] + text[i + 1 :])
        if i + 1 < len(text):
            found.add(text[:i] + text[i + 1] + text[i] + text[i + 2 :])
    return found


@given(st.data(), st.text("abc", min_size=6, max_size=8), st.integers(0, 3))
def test_distance_against_brute_force(data: st.DataObject, name: str, count: int) -> None:
    other = name
    for _ in range(count):
        other = data.draw(st.sampled_from(sorted(edits(other, "abc"))))
    one, two = edits(name, "abc"), edits(other, "abc")
    if other in one and other != name:
        assert nearest(name, [other]) == (other,)
    if nearest(name, [other]):
        assert other in one or one & two


@pytest.mark.parametrize(
    ("name", "kind", "candidates", "expected"),
    [
        ("Linear", "layer", NAMES, "write `Dense(units)`"),
        ("nn.Linear", "layer", NAMES, "write `Dense(units)`"),
        ("nn.ReLU", "layer", NAMES, "write `ReLU`, without `nn.`"),
        ("tf.keras.layers.Dense", "layer", NAMES, "write `Dense`, without `tf.keras.layers.`"),
        ("Conv2d", "layer", NAMES, "write `Conv2D(filters, kernel_size)`"),
        ("BatchNorm2d", "layer", NAMES, "write `BatchNormalization()`"),
        ("Flaten", "layer", NAMES, "did you mean `Flatten`?"),
        ("Conv3D", "layer", NAMES, "did you mean `Conv1D` or `Conv2D`?"),
        ("Wavelet", "layer", NAMES, ""),
        ("lr", "argument", ["learning_rate"], "write `learning_rate`"),
        ("lr", "argument", ["units"], ""),
        ("kernel", "argument", ["filters", "kernel_size"], "write `kernel_size`"),
        ("padding_idx", "argument", ["mask_zero"], "write `mask_zero=true`"),
        ("unit", "argument", ["units", "use_bias"], "did you mean `units`?"),
        ("elif", "statement", [], "write `else if`"),
        ("SAME", "value", ["same", "valid"], "did you mean `same`?"),
        ("kaiming_normal", "value", ["he_normal"], "write `he_normal`"),
        ("Input", "layer", NAMES, "write `input name: (28, 28, 1)`"),
    ],
)
def test_suggest(name: str, kind: str, candidates: list[str], expected: str) -> None:
    assert suggest(name, candidates, kind) == expected  # type: ignore[arg-type]


def test_sizes_that_are_known_are_to_be_left_out() -> None:
    for name in ("input_shape", "in_channels", "in_features"):
        assert suggest(name, ["units"], "argument").startswith(f"leave `{name}` out")


def test_a_name_that_is_here_is_not_from_elsewhere() -> None:
    assert suggest("input_dim", ["input_dim"], "argument") == ""
    assert suggest("Linear", ["Linear"], "layer") == ""


@pytest.mark.parametrize("table", [LAYERS, ARGUMENTS, STATEMENTS, VALUES])
def test_tables_hold_no_name_as_its_own_repair(table: dict[str, str | None]) -> None:
    assert not [name for name, here in table.items() if here == name]
