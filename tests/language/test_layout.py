"""The layout of data, the examples at a glance, and what a file cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nndsl
from nndsl.limits import Limits
from tests.language.checking import accepted, found, model, refused, run, shape

# ---------------------------------------------------------------- layout


def test_results_do_not_depend_on_the_layout() -> None:
    last = model('Conv2D(4, 3, activation="relu")\nMaxPooling2D(2)\nConv2D(2, 1)', inputs="input x: (9, 11, 3)")
    first = 'set data_format = "channels_first"\n' + last.replace("(9, 11, 3)", "(3, 9, 11)")
    x = torch.randn(2, 9, 11, 3)
    assert (shape(last), shape(first)) == ("(N, 3, 4, 2)", "(N, 2, 3, 4)")
    one, other = accepted(last).module(), accepted(first).module()
    other.load_state_dict(one.state_dict())
    assert torch.allclose(one(x), other(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), atol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_axes_read_as_the_file_says(axis: int) -> None:
    text = model(f"Conv2D(3, 1)\noutput y: Identity(), s: Softmax(axis={axis})", inputs="input x: (4, 5, 3)")
    y, s = run(text, torch.randn(2, 4, 5, 3))
    assert torch.allclose(s, y.softmax(axis), atol=1e-6)


def test_axes_are_moved_as_seldom_as_possible() -> None:
    body = "Conv2D(4, 3)\nBatchNormalization()\nReLU()\nMaxPooling2D(2)\nConv2D(4, 3)\nDropout(0.1)"
    source = accepted(model(body, inputs="input x: (16, 16, 3)")).source
    assert source.count(".permute(") == 2  # once at the way in, and once at the way out


def test_a_shape_that_flattens_is_that_of_the_file() -> None:
    text = model("Conv2D(3, 1)\noutput y: Identity(), f: Flatten()", inputs="input x: (4, 5, 3)")
    y, f = run(text, torch.randn(2, 4, 5, 3))
    assert torch.equal(f, y.reshape(2, -1))


# ---------------------------------------------------------------- at a glance


def test_the_models_at_a_glance(root: Path) -> None:
    import re

    page = (root / "docs" / "language.md").read_text().partition("## At a glance")[2].partition("## Text")[0]
    mnist, twin, resnet, tagger = re.findall(r"^```nn\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert nndsl.compile(mnist).summary().parameters == 693_962
    assert shape(twin) == "(N, 1)"
    # Keras's ResNet-18 without a bias in convolutions, the running statistics counted.
    assert nndsl.compile(resnet, model="ResNet").summary().parameters == 11_699_112
    assert nndsl.compile(resnet, model="ResNet34").summary().parameters == 21_814_696
    assert shape(tagger) == "(N, T, 17)"


# ---------------------------------------------------------------- what a file cannot do


@pytest.mark.parametrize(
    "marked",
    [
        "«__import__»(\"os\")", "«open»(\"x\")", "«eval»(\"1\")", "«os.system»(\"true\")", "x -> «Lambda»(3)",
        "«x.__class__»",
        "Dense(3, activation=«os»)", "«Dense.__init__»(3)", "«exec»(\"1\")", "«getattr»(x, \"a\")",
    ],
)  # fmt: skip
def test_a_file_names_no_python_object(marked: str) -> None:
    assert refused(model(marked), "E0210" if "." in marked else "E0201").notes == ()


def test_strings_of_a_file_are_never_code() -> None:
    path = "a\\u0022); import os; os.abort() #\\u007b1/0\\u007d.npz"
    text = model(f'Dense(3)\nfit {{\ndata = Npz("{path}", x="a", y="b")\n}}')
    assert "abort" not in accepted(text).source


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        (model("Dense(3)"), {"file_bytes": 10}, "E0701"),
        (model("Dense(3)"), {"tokens": 5}, "E0702"),
        (model("Dense(((3)))"), {"nesting": 3}, "E0703"),
        (model("Dense(3)\nlonger_than = 3\nDense(longer_than)"), {"name": 8}, "E0704"),
        (model('Activation("relu")'), {"string": 3}, "E0705"),
        (model("Dense(1234)"), {"digits": 3}, "E0706"),
        (model("Dense(3, \"relu\", true)"), {"arguments": 2}, "E0707"),
        (model("for i in range(9) {\nDense(3)\n}"), {"steps": 8}, "E0711"),
        (model("for i in range(9) {\nDense(3)\n}"), {"layers": 8}, "E0712"),
        (model("output [x, x, x] -> Add()"), {"merge_inputs": 2}, "E0714"),
        (model("Dense(3)"), {"parameters": 20}, "E0715"),
        (model("Dense(9)"), {"size": 8}, "E0716"),
        (model("Dense(9)"), {"activation": 8}, "W0701"),
    ],
)  # fmt: skip
def test_budgets_are_the_callers(text: str, limits: dict[str, int], code: str) -> None:
    assert found(text) == []
    assert set(found(text, limits=Limits(**limits))) == {code}


def test_turns_of_loops_are_counted_before_they_are_unfolded() -> None:
    marked = "for i in «range(1000)» {\nfor j in range(1000) {\nfor k in range(1000) {\nDense(3)\n}\n}\n}"
    assert "1,001,000,000 turns" in refused(model(marked), "E0711").message


def test_calls_lie_only_so_deep_in_each_other() -> None:
    blocks = "".join(f"block B{i} {{\nB{i + 1}()\n}}\n" for i in range(80)) + "block B80 {\nDense(3)\n}\n"
    assert found(model("B0()", before=blocks)) == ["E0719"]
    assert found(model("B40()", before=blocks)) == []
