"""Random syntax trees, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from nndsl.diagnostics import Source, Span
from nndsl.syntax import nodes

SOURCE = Source("", "")
NOWHERE = Span(SOURCE, 0, 0)
BINARY = ["or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "//", "%", "**"]

words = st.sampled_from(["x", "y_1", "Dense", "Conv2D", "_", "H", "units", "stage", "a_rather_long_name_of_a_value"])
strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
names = words.map(lambda name: nodes.Name(name, span=NOWHERE))
numbers = (st.integers(0, 10**20 - 1) | st.floats(0, allow_nan=False, allow_infinity=False)).map(
    lambda value: nodes.Number(value, "", span=NOWHERE)
)
atoms = (
    names
    | numbers
    | strings.map(lambda value: nodes.String(value, span=NOWHERE))
    | st.sampled_from([True, False, None]).map(lambda value: nodes.Literal(value, span=NOWHERE))
    | st.just(nodes.Ellipsis(span=NOWHERE))
)


def _slices(inner: st.SearchStrategy[nodes.Expression]) -> st.SearchStrategy[nodes.Slice]:
    part = st.none() | inner
    return st.builds(nodes.Slice, part, part, part, span=st.just(NOWHERE))


def _arguments(inner: st.SearchStrategy[nodes.Expression]) -> st.SearchStrategy[tuple[nodes.Argument, ...]]:
    unnamed = st.lists(st.builds(nodes.Argument, st.none(), inner, span=st.just(NOWHERE)), max_size=3)
    named = st.lists(st.builds(nodes.Argument, words, inner, span=st.just(NOWHERE)), max_size=3)
    return st.tuples(unnamed, named).map(lambda both: (*both[0], *both[1]))


def _larger(inner: st.SearchStrategy[nodes.Expression]) -> st.SearchStrategy[nodes.Expression]:
    span = st.just(NOWHERE)
    several = st.lists(inner, max_size=4).map(tuple)
    pairs = st.lists(st.builds(nodes.Pair, inner, inner, span=span), max_size=3).map(tuple)
    subscripts = st.lists(inner | _slices(inner), min_size=1, max_size=3).map(tuple)
    links = st.lists(inner, min_size=2, max_size=5).map(tuple)
    return st.one_of(
        st.builds(nodes.Tuple, several, span=span),
        st.builds(nodes.List, several, span=span),
        st.builds(nodes.Dict, pairs, span=span),
        st.builds(nodes.Call, inner, _arguments(inner), span=span),
        st.builds(nodes.Attribute, inner, words, span=span),
        st.builds(nodes.Index, inner, subscripts, span=span),
        st.builds(nodes.Unary, st.sampled_from(["-", "not"]), inner, span=span),
        st.builds(nodes.Binary, st.sampled_from(BINARY), inner, inner, span=span),
        st.builds(nodes.Ternary, inner, inner, inner, span=span),
        st.builds(nodes.Named, inner, words, span=span, name_span=span),
        st.builds(nodes.Chain, links, span=span),
    )


expressions = st.recursive(atoms, _larger, max_leaves=25)

targets = words.map(lambda name: nodes.Target(name, span=NOWHERE))
_several_targets = st.lists(targets, min_size=1, max_size=3).map(tuple)
_span = st.just(NOWHERE)
_shapes = st.lists(expressions, max_size=3).map(lambda items: nodes.Tuple(tuple(items), span=NOWHERE))
_output_items = st.builds(nodes.OutputItem, st.none() | targets, expressions, span=_span)
_simple = st.one_of(
    st.builds(nodes.Input, targets, st.none(), st.none() | _shapes, span=_span),
    st.builds(nodes.Input, st.none(), st.none(), _shapes, span=_span),
    st.builds(nodes.Output, st.lists(_output_items, min_size=1, max_size=3).map(tuple), span=_span),
    st.builds(nodes.Assign, _several_targets, expressions, span=_span),
    st.builds(nodes.ExpressionStatement, expressions, span=_span),
    st.builds(
        nodes.Settings,
        st.sampled_from(["compile", "fit"]),
        st.lists(st.builds(nodes.Setting, targets, expressions, span=_span), max_size=3).map(tuple),
        span=_span,
    ),
)


def _compound(inner: st.SearchStrategy[nodes.Statement]) -> st.SearchStrategy[nodes.Statement]:
    body = st.lists(inner, max_size=3).map(tuple)
    return st.builds(nodes.For, _several_targets, expressions, body, span=_span) | st.builds(
        nodes.If, expressions, body, body, span=_span
    )


_bodies = st.lists(st.recursive(_simple, _compound, max_leaves=6), max_size=4).map(tuple)
_parameters = st.lists(st.builds(nodes.Parameter, words, expressions, span=_span), max_size=3).map(tuple)
_imports = st.builds(
    nodes.Import,
    strings.map(lambda value: nodes.String(value, span=NOWHERE)),
    st.lists(st.builds(nodes.ImportName, words, words, span=_span), min_size=1, max_size=3).map(tuple),
    st.booleans(),
    span=_span,
)
_items = st.one_of(
    _imports,
    st.builds(nodes.Set, targets, expressions, span=_span),
    st.builds(nodes.Assign, _several_targets, expressions, span=_span),
    st.builds(nodes.Def, targets, _parameters, expressions, span=_span),
    st.builds(nodes.ModelAlias, targets, names, span=_span),
    st.builds(nodes.Block, targets, _parameters, _bodies, span=_span),
    st.builds(nodes.Model, targets, _parameters, _bodies, span=_span),
)
files = st.lists(_items, min_size=1, max_size=4).map(lambda items: nodes.File(SOURCE, tuple(items), ()))
