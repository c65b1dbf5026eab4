"""The binding of arguments to the fields of layers and recipes."""

from __future__ import annotations

import pytest

from nndsl.arguments import argument, integer, parameters
from nndsl.binding import BindingError, bind
from nndsl.layers.core import Dense
from nndsl.recipes.base import Recipe, RecipeKind, recipe


@recipe
class Example(Recipe):
    """Two required arguments, and one that is a recipe."""

    first: int = integer()
    second: int = integer()
    inner: Recipe = argument(RecipeKind("regularizer", optional=True), None)


def test_position_and_keyword() -> None:
    assert bind(Example, [(None, 1), ("second", 2)]) == bind(Example, [("second", 2), ("first", 1)])
    assert bind(Dense, [(None, 8), ("name", "head")]) == Dense(8, name="head")


def test_what_layers_share_is_given_by_keyword_alone() -> None:
    own = [field.default for field in parameters(Dense) if not field.kw_only][1:]
    with pytest.raises(BindingError, match=f"takes {len(own) + 1} arguments by position") as caught:
        bind(Dense, [(None, 8), *((None, value) for value in own), (None, "head")])
    assert (caught.value.code, caught.value.path) == ("E0205", (len(own) + 1,))


@pytest.mark.parametrize(
    ("arguments", "code", "path", "name", "message"),
    [
        ([], "E0301", (), "first", "`Called` needs `first` and `second`"),
        ([("second", 1)], "E0301", (), "first", "`Called` needs `first`"),
        ([(None, 1), ("first", 2)], "E0206", (1,), "first", "`first` of `Called` is given twice"),
        ([(None, 1), (None, 2), ("frist", 3)], "E0205", (2,), "frist", "`Called` has no argument `frist`"),
        ([(None, 1), (None, 0)], "E0303", (1,), "second", "`second` must be a positive integer, not `0`"),
        ([(None, 1), (None, "a")], "E0302", (1,), "second", '`second` must be a positive integer, not `"a"`'),
    ],
)
def test_refused(
    arguments: list[tuple[str | None, object]], code: str, path: tuple[int, ...], name: str, message: str
) -> None:
    with pytest.raises(BindingError) as caught:
        bind(Example, arguments, "Called")
    error = caught.value
    assert (error.code, error.path, error.name, error.message) == (code, path, name, message)


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(BindingError) as caught:
        bind(Example, [("frist", 1)])
    assert caught.value.help == "did you mean `first`?"
