"""Keys of weights: differences, patterns and new names."""

from __future__ import annotations

import pytest

from nndsl.weight_keys import MOST_SHOWN, KeyNameError, chosen, differences, likely_renames, renamed

KEYS = ["encoder.0.weight", "encoder.0.bias", "encoder.10.weight", "encoder_2.weight", "head.weight", "head"]


def test_differences_name_what_is_near() -> None:
    wanted = {"dense.weight": (3, 4), "dense_1.bias": (2,), "same": ()}
    found = {"dense.weight": (5, 4), "dense_2.bias": (2,), "same": ()}
    assert differences(wanted, found) == [
        "missing: dense_1.bias (the file has dense_2.bias)",
        "unknown: dense_2.bias",
        "dense.weight is (5, 4), and should be (3, 4)",
    ]
    assert differences(wanted, dict(reversed(wanted.items()))) == []


def test_many_differences_are_folded() -> None:
    wanted = {f"layer_{'x' * number}": () for number in range(500)}
    lines = differences(wanted, {})
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == "… and 490 more like these"


@pytest.mark.parametrize(
    ("wanted", "found", "renames"),
    [
        (["a.weight", "a.bias", "c.bias"], ["b.weight", "b.bias", "c.bias"], {"b": "a"}),
        (["a.x.weight", "a.y.weight"], ["b.x.weight", "b.y.weight"], {"b": "a"}),
        (["a.weight", "b.weight"], ["model.a.weight", "model.b.weight"], {}),
        (["a.weight"], ["b.weight", "c.weight"], {}),
        (["a.weight"], ["b.bias"], {}),
        (["a.weight", "b.weight"], [], {}),
    ],
)
def test_renames_that_explain_all_differences(wanted: list[str], found: list[str], renames: dict[str, str]) -> None:
    result = likely_renames(dict.fromkeys(wanted, (2,)), dict.fromkeys(found, (2,)))
    if renames:
        assert result == renames
    for new in result:
        assert {*renamed(found, result).values()} | ({*found} & {*wanted}) >= {*wanted}, new


def test_another_shape_is_no_rename() -> None:
    assert likely_renames({"a.weight": (2,)}, {"b.weight": (3,)}) == {}


def test_patterns() -> None:
    assert chosen(KEYS, ["encoder.*"]) == KEYS[:3]
    assert chosen(KEYS, ["encoder.0.*", "head"]) == [*KEYS[:2], "head"]
    with pytest.raises(
        KeyNameError, match=r"no weight of the model matches 'encodr\.\*'\nhelp: did you mean encoder\.\*"
    ):
        chosen(KEYS, ["encodr.*"])
    with pytest.raises(KeyNameError, match="no pattern"):
        chosen(KEYS, [])


def test_keys_and_prefixes_are_renamed() -> None:
    assert renamed(KEYS, {"encoder": "stem"}) == {
        "encoder.0.weight": "stem.0.weight",
        "encoder.0.bias": "stem.0.bias",
        "encoder.10.weight": "stem.10.weight",
    }
    assert renamed(KEYS, {"encoder": "stem", "encoder.0": "first"})["encoder.0.bias"] == "first.bias"
    assert renamed(KEYS, {"head.weight": "head.scale"}) == {"head.weight": "head.scale"}
    assert renamed(["a", "b"], {"a": "b", "b": "a"}) == {"a": "b", "b": "a"}
    assert renamed(KEYS, {"head": "head"}) == {}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"encodr": "stem"}, "no key is 'encodr', or begins so\nhelp: did you mean encoder, encoder_2?"),
        ({"encoder.1": "stem"}, "no key is 'encoder.1', or begins so"),
        ({"head": "encoder_2"}, "encoder_2.weight and head.weight would both be encoder_2.weight"),
        ({"encoder.0.weight": "a", "encoder.0.bias": "a"}, "encoder.0.weight and encoder.0.bias would both be a"),
        ({"head": "a..b"}, "'a..b' cannot be a key"),
        ({"head": "a b"}, "'a b' cannot be a key"),
        ({"head": "../x"}, "'../x' cannot be a key"),
    ],
)
def test_names_that_do_not_fit(names: dict[str, str], message: str) -> None:
    with pytest.raises(KeyNameError) as caught:
        renamed(KEYS, names)
    assert str(caught.value).startswith(message)
