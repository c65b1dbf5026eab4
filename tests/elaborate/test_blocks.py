"""Blocks, models in models, aliases and their arguments."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.graph import Instance
from nndsl.traced import Traced
from tests.elaborate.compiling import codes, compiled, model, shape, shapes

RESIDUAL = """
block Residual(filters, strides=1) {
  input x: (H, W, C)

  y = x -> Conv2D(filters, 3, strides=strides, padding="same")
  shortcut = x
  if strides != 1 or C != filters {
    shortcut = x -> Conv2D(filters, 1, strides=strides)
  }
  output shortcut + y
}
"""


def test_parameters_and_bound_dimensions() -> None:
    given = "x: (8, 8, 4)"
    assert shape("Residual(4)", inputs=given, before=RESIDUAL) == "8, 8, 4"
    assert shape("Residual(6, strides=2)", inputs=given, before=RESIDUAL) == "4, 4, 6"
    same = compiled("Residual(4)", inputs=given, before=RESIDUAL).model.nodes[0].layer
    wider = compiled("Residual(6)", inputs=given, before=RESIDUAL).model.nodes[0].layer
    assert isinstance(same, Instance)
    assert isinstance(wider, Instance)
    assert same.graph is not None
    assert wider.graph is not None
    assert (len(same.graph.made), len(wider.graph.made)) == (1, 2)


def test_equal_instances_share_a_graph() -> None:
    nodes = compiled(
        "Residual(4)", "Residual(4)", "Residual(5)", "Residual(5)", inputs="x: (8, 8, 4)", before=RESIDUAL
    ).model.nodes
    graphs = [node.layer.graph for node in nodes if isinstance(node.layer, Instance)]
    assert graphs[0] is graphs[1]
    assert len({id(graph) for graph in graphs}) == 3
    assert len({node.made for node in nodes}) == 4


def test_numbers_keep_their_origin() -> None:
    node = compiled("Residual(6)", inputs="x: (8, 8, 4)", before=RESIDUAL).model.nodes[0]
    assert isinstance(node.layer, Instance)
    assert node.layer.graph is not None
    assert node.layer.graph.traced == {"filters": 6, "strides": 1, "H": 8, "W": 8, "C": 4}
    convolution = node.layer.graph.nodes[0]
    filters, channels = convolution.layer.filters, convolution.inputs[0].type.shape[-1]  # type: ignore[attr-defined]
    assert isinstance(filters, Traced)
    assert isinstance(channels, Traced)
    assert (str(filters.origin), str(channels.origin)) == ("filters", "C")
    assert not any(isinstance(size, Traced) for size in node.types[0].shape)


def test_sizes_outside_are_over_the_names_outside() -> None:
    before = RESIDUAL + "block Twice(width) {\n  Residual(2 * width)\n  Residual(2 * width)\n}\n"
    node = compiled("Twice(3)", inputs="x: (8, 8, 4)", before=before).model.nodes[0]
    assert isinstance(node.layer, Instance)
    assert node.layer.graph is not None
    size = node.layer.graph.nodes[0].types[0].shape[-1]
    assert isinstance(size, Traced)
    assert str(size.origin) == "2 * width"


def test_a_block_without_input_takes_one() -> None:
    assert shape("Head(3)", before="block Head(units) {\n  Dense(units)\n}\n") == "3"
    assert shape("Head(3)", before="block Head(units) {\n  output x + (x -> Dense(8))\n}\n") == "8"


def test_an_input_may_leave_its_shape_out() -> None:
    before = "block Head {\n  input value\n\n  Dense(3)\n}\n"
    assert shape("Head()", before=before) == "3"
    assert shape("Head()", inputs="x: (T, 8)", before=before) == "T, 3"


def test_expressions_of_one_symbol_in_a_block() -> None:
    before = "block Halves {\n  input x: (2 * T, C)\n\n  Reshape((T, 2 * C))\n}\n"
    assert shape("Halves()", inputs="x: (6, 5)", before=before) == "3, 10"
    assert shape("Halves()", inputs="x: (4 * S, 5)", before=before) == "2 * S, 10"
    assert codes("Halves()", inputs="x: (7, 5)", before=before) == ["E0420"]
    assert codes("Halves()", inputs="x: (S, 5)", before=before) == ["E0424"]


def test_one_symbol_twice() -> None:
    before = "block Square {\n  input x: (S, S)\n\n  Dense(S)\n}\n"
    assert shape("Square()", inputs="x: (6, 6)", before=before) == "6, 6"
    assert codes("Square()", inputs="x: (6, 5)", before=before) == ["E0420"]


def test_a_symbol_of_the_caller_goes_in() -> None:
    before = "block Flat {\n  input x: (H, W)\n\n  Reshape((H * W,))\n}\n"
    assert shape("Flat()", inputs="x: (T, 3)", before=before) == "3 * T"


def test_several_inputs_and_outputs() -> None:
    before = "block Swap {\n  input a: (A)\n  input b: (B)\n\n  output first: b, second: a -> Dense(A)\n}\n"
    assert shapes("p, q = Swap()(x, x -> Dense(3))", "output p, q", before=before) == {"p": "3", "q": "8"}
    assert shapes("p, q = [x, x] -> Swap()", "output p, q", before=before) == {"p": "8", "q": "8"}
    assert shapes("p, q = Swap()(b=x, a=x)", "output p, q", before=before) == {"p": "8", "q": "8"}
    assert codes("p, q = Swap()(x)", "output p, q", before=before) == ["E0422"]
    assert codes("p, q = Swap()(x, c=x)", "output p, q", before=before) == ["E0205"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("Head()", "E0301"),
        ("Head(1, 2)", "E0205"),
        ("Head(1, units=2)", "E0206"),
        ("Head(unitz=2)", "E0205"),
        ("Head(x)", "E0322"),
        ("Head(1, trainable=3)", "E0302"),
        ("Head(foo)", "E0201"),
        ("Head", "E0209"),
        ("x -> Head", "E0209"),
    ],
)
def test_arguments_of_a_block(call: str, code: str) -> None:
    assert codes(call, before="block Head(units) {\n  Dense(units)\n}\n") == [code]


def test_common_arguments_of_a_block() -> None:
    found = compiled('Head(3, name="top", trainable=false)', before="block Head(units) {\n  Dense(units)\n}\n").model
    (made,) = found.made
    assert (made.place.name, made.layer.trainable) == ("top", False)


def test_layers_as_arguments() -> None:
    before = "block Around(inner) {\n  output x + inner(x)\n}\n"
    found = compiled("Around(Dense(8))", before=before).model
    (node,) = found.nodes
    assert isinstance(node.layer, Instance)
    assert [made.owner for made in node.layer.handed] == [node.made]
    outside = compiled("head = Dense(8)", "Around(head)", "Around(head)", before=before).model
    assert [made.place.name for made in outside.made] == ["head", "around", "around_1"]
    assert all(isinstance(node.layer, Instance) and node.layer.handed == outside.made[:1] for node in outside.nodes)


def test_a_layer_that_is_handed_in_has_one_set_of_weights() -> None:
    before = "block Around(inner) {\n  output inner(x)\n}\n"
    lines = ["head = Dense(4)", "y = x -> Around(head)", "z = y -> Around(head)", "output z"]
    assert codes(*lines, before=before) == ["E0421"]


def test_a_block_applied_at_two_shapes() -> None:
    before = "block Head {\n  input x\n\n  GlobalAveragePooling1D()\n  Dense(3)\n}\n"
    assert codes("f = Head()", "output f(x) + f(a)", inputs="x: (8, 4); a: (5, 4)", before=before) == []
    assert codes("f = Head()", "output f(x) + f(a)", inputs="x: (8, 4); a: (5, 6)", before=before) == ["E0421"]


def test_layers_in_defaults() -> None:
    before = "block Head(inner=Dense(5) -> ReLU()) {\n  x -> inner\n}\n"
    assert shape("Head()", before=before) == "5"
    assert shape("Head(Dense(2))", before=before) == "2"


def test_models_in_models() -> None:
    before = "model Inner(units) {\n  input image: (8)\n\n  Dense(units) as out\n}\n"
    assert shape("Inner(3)", before=before) == "3"
    assert codes("Inner(3)", inputs="x: (9)", before=before) == ["E0420"]


def test_aliases_fix_arguments() -> None:
    text = "model Net(depth=1, units=4) {\n  input x: (8)\n\n  Dense(units)\n  Dense(depth)\n}\n\n"
    text += "model Deep = Net(depth=5)\n"
    shape_of = [str(nndsl.compile(text, name).model.outputs[0][1].type.shape[-1]) for name in ("Net", "Deep")]
    assert shape_of == ["1", "5"]
    assert nndsl.compile(text).name == "Net"
    assert nndsl.compile(text, "Deep", {"units": 6}).model.nodes[0].types[0].shape[-1] == 6
    with pytest.raises(nndsl.NNDSLError) as caught:
        nndsl.compile(text, "Deep", {"depth": 6})
    assert [each.code for each in caught.value.diagnostics] == ["E0328"]


def test_which_model_is_compiled() -> None:
    inner = "model Inner {\n  input x: (8)\n\n  Dense(3)\n}\n"
    assert nndsl.compile(model("Inner()", before=inner)).name == "Net"
    for text, name in ((model("Dense(3)", before=inner), None), ("block A {\n  Dense(3)\n}\n", None), (inner, "Outer")):
        with pytest.raises(nndsl.NNDSLError) as caught:
            nndsl.compile(text, name)
        assert [each.code for each in caught.value.diagnostics] == ["E0513"]


def test_recursion_shows_the_circle() -> None:
    before = "block A {\n  B()\n}\n\nblock B {\n  C()\n}\n\nblock C {\n  A()\n}\n"
    (found,) = nndsl.check(model("A()", before=before))
    assert found.code == "E0203"
    assert "A -> B -> C -> A" in found.message
    assert codes("A()", before="block A(n=1) {\n  if n > 0 {\n    A(n - 1)\n  }\n  Dense(3)\n}\n") == ["E0203"]


def test_what_is_not_compiled_is_checked_for_names_and_arguments() -> None:
    assert codes("Dense(3)", before="block Unused(n) {\n  Dens(n)\n}\n") == ["E0201"]
    assert codes("Dense(3)", before='block Unused(n) {\n  Dense(n, activation="rleu")\n}\n') == ["E0304"]
    assert codes("Dense(3)", before="block Unused(n) {\n  Dense(unitz=n)\n}\n") == ["E0205"]
    assert codes("Dense(3)", before="block Used(n) {\n  Dense(3)\n}\n\nblock Unused {\n  Used(1, 2)\n}\n") == ["E0205"]
    assert codes("Dense(3)", before="block Fine(n) {\n  for i in range(n) {\n    Dense(n * i)\n  }\n}\n") == []


def test_errors_inside_a_block_show_the_call() -> None:
    (found,) = nndsl.check(model("Stem(9)", inputs="x: (8, 8, 3)", before="block Stem(size) {\n  Conv2D(4, size)\n}\n"))
    assert found.code == "E0402"
    assert found.span.text == "size"
    assert [note.span.text for note in found.notes if note.span][-1:] == ["Stem(9)"]


def test_all_settings_that_are_no_parameters_are_named() -> None:
    text = "model M(units=3) {\n  input x: (4)\n  Dense(units)\n}\nmodel Small = M(units=2)"
    found = nndsl.check(text, "M", settings={"unit": 1, "depth": 2})
    assert [each.code for each in found] == ["E0328"]
    assert "`unit`" in found[0].message
    assert "`depth`" in found[0].message
    assert found[0].help == "did you mean `units`?"
    (fixed,) = nndsl.check(text, "Small", settings={"units": 1})
    assert fixed.message == "the parameter `units` is fixed by the model `Small`"
    assert not fixed.help
