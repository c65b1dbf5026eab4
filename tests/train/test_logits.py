"""The logits that models give for their losses, and that these are exact with them."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nndsl
from nndsl.train.objective import Objective, training_graph
from tests.train.objectives import batch, close, labels, losses, one, trained


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


EXACT = {
    "softmax, sparse": ("softmax", 3, '"sparse_categorical_crossentropy"'),
    "softmax, one-hot": ("softmax", 3, "CategoricalCrossentropy(label_smoothing=0.1)"),
    "softmax, focal": ("softmax", 3, "CategoricalFocalCrossentropy()"),
    "sigmoid": ("sigmoid", 1, '"bce"'),
    "several sigmoids": ("sigmoid", 3, "BinaryCrossentropy()"),
    "focal": ("sigmoid", 1, "BinaryFocalCrossentropy()"),
    "by shape": ("softmax", 3, '"crossentropy"'),
    "by shape, one unit": ("sigmoid", 1, '"ce"'),
}


@pytest.mark.parametrize("name", EXACT)
def test_cross_entropy_is_computed_from_logits(name: str) -> None:
    activation, units, loss = EXACT[name]
    compiled = one(f'"{activation}"', units, loss)
    assert Objective(compiled).remarks == (f"the loss of `y` is computed from the logits of its {activation}",)
    module, plain = trained(compiled), compiled.module(seed=1)
    assert list(module.state_dict()) == list(plain.state_dict())
    x, y = torch.randn(16, 6), labels(loss, units)
    given = batch((x,), (y,))
    close(losses(compiled, module, given).total, losses(compiled, plain, given).total.detach())
    outputs, extras = module.forward_with_extras(x)
    close(outputs, plain(x).detach())
    assert list(extras) == ["y_logits"]


@pytest.mark.parametrize("name", EXACT)
def test_gradients_are_there_where_the_clipped_form_has_none(name: str) -> None:
    activation, units, loss = EXACT[name]
    compiled = one(f'"{activation}"', units, loss)
    x = torch.tensor([[100.0] * 6, [-100.0] * 6])
    for module, exact in ((trained(compiled), True), (compiled.module(), False)):
        kernel, bias = module.parameters()
        with torch.no_grad():
            kernel.copy_(torch.tensor([-1.0, 1, 2])[:units, None].expand(units, 6))
            logits = kernel @ x.T
        wrong = logits.argmin(0) if units > 1 else (logits[0] < 0).long()
        if activation == "sigmoid" and units > 1:
            y = (logits.T < 0).float()
        else:
            y = torch.nn.functional.one_hot(wrong, units) if "categorical_" not in loss and units > 1 else wrong
            y = wrong if "sparse" in loss or loss in ('"crossentropy"', '"ce"') else y
        losses(compiled, module, batch((x,), (y,))).total.backward()
        assert kernel.grad is not None
        assert (float(kernel.grad.abs().max()) > 1) == exact
        assert bias.grad is not None


BLOCKS = {
    "block": ("h -> Head(3)", True),
    "nested": ("h -> Outer()", True),
    "in a loop": ("for i in range(2) {\n    h = h -> Head(6)\n  }\n  y = h -> Head(3)", True),
    "activation layer": ('h -> Dense(3) -> Activation("softmax")', True),
    "softmax layer": ("h -> Dense(3) -> Softmax() -> Identity()", True),
    "operation": ("ops.softmax(Dense(3)(h))", True),
    "views": ('h -> Dense(6, activation="softmax") -> Reshape((1, 6)) -> Reshape((6,))', True),
    "model": ("h -> Inner()", True),
    "last turn": ("for i in range(3) {\n    h = h -> Head(6)\n  }\n  y = h", True),
    "handed": ("h -> Apply(Head(3))", False),
    "before a block": ('h -> Dense(3, activation="softmax") -> Through()', False),
    "applied twice": ("head = Head(6)\n  y = h -> head -> head", False),
    "cut": ('h -> Dense(6, activation="softmax") -> Reshape((2, 3))', False),
    "penalized": ('h -> Dense(3, activation="softmax", activity_regularizer="l2")', False),
    "other axis": ("h -> Dense(3) -> Reshape((3, 1)) -> Softmax(axis=1) -> Reshape((3,))", False),
    "sum": ('Dense(3, activation="softmax")(h) * 1.0', False),
}
DEFINITIONS = """
block Head(units) {
  input x: (D)
  Dense(4, activation="relu")(x)
  Dense(units, activation="softmax")
  Identity()
}
block Outer() {
  input x: (D)
  Head(3)(x)
}
block Apply(inner) {
  input x: (D)
  inner(x)
}
block Through() {
  input x: (D)
  Reshape((D,))(x)
}
model Inner {
  input x: (6)
  Dense(3, activation="softmax")(x)
}
"""


@pytest.mark.parametrize("name", BLOCKS)
def test_logits_out_of_blocks_and_behind_views(name: str) -> None:
    body, exact = BLOCKS[name]
    body = body if "y =" in body else f"y = {body}"
    text = f"{DEFINITIONS}model Net {{\n  input h: (6)\n  {body}\n  output y\n  compile {{\n    loss = LOSS\n  }}\n}}\n"
    compiled = nndsl.compile(text.replace("LOSS", '"categorical_crossentropy"'), "Net")
    (remark,) = Objective(compiled).remarks
    assert remark.startswith("the loss of `y` is computed from ")
    assert ("the logits of its softmax" in remark) == exact
    module, plain = trained(compiled), compiled.module(seed=1)
    assert {key: value.tolist() for key, value in module.state_dict().items()} == {
        key: value.tolist() for key, value in plain.state_dict().items()
    }
    x = torch.randn(8, 6)
    close(module(x), plain(x).detach())
    y = torch.softmax(torch.randn(plain(x).shape), -1)
    given = batch((x,), (y,))
    close(losses(compiled, module, given).total, losses(compiled, plain, given).total.detach())
    if exact:
        _, extras = module.forward_with_extras(x)
        close(torch.softmax(extras["y_logits"], -1), plain(x).detach())


@pytest.mark.parametrize("name", ["block", "views", "last turn", "model"])
def test_what_is_emitted_is_in_form(name: str) -> None:
    text = f'{DEFINITIONS}model Net {{\n  input h: (6)\n  BODY\n  output y\n  compile {{\n    loss = "ce"\n  }}\n}}\n'
    body = BLOCKS[name][0]
    compiled = nndsl.compile(text.replace("BODY", body if "y =" in body else f"y = {body}"), "Net")
    source = dataclasses.replace(compiled, model=training_graph(compiled)).source
    assert 'extras["y_logits"] = ' in source
    for command in (("check",), ("format", "--check")):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "-"]
        done = subprocess.run(ruff, input=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.nn"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_train_with_the_keys_and_values_that_they_have(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for name in re.findall(r"^model (\w+) \{", text, re.MULTILINE):
        compiled = nndsl.compile(file, name)
        graph = training_graph(compiled)
        graph.verify()
        found = [extra for extra, _ in graph.extras if extra.endswith("_logits")]
        assert len(found) == sum("from the logits" in remark for remark in Objective(compiled).remarks)
        if found:
            module, plain = trained(compiled), compiled.module(seed=1)
            assert list(module.state_dict()) == list(plain.state_dict())


IMAGES = """
model Net {
  input x: (8, 8, 3)
  Conv2D(5, 3, padding="same", activation="softmax")
  compile {
    loss = "sparse_categorical_crossentropy"
  }
}
"""


def test_logits_of_images_and_of_half_precision() -> None:
    x, y = torch.randn(4, 8, 8, 3), torch.arange(4 * 64).reshape(4, 8, 8) % 5
    for text, tolerance in ((IMAGES, 1e-6), (IMAGES.replace('"softmax"', '"softmax", dtype="mixed_bfloat16"'), 2e-2)):
        compiled = nndsl.compile(text)
        module, plain = trained(compiled), compiled.module(seed=1)
        given = batch((x,), (y,))
        found = losses(compiled, module, given)
        assert module.forward_with_extras(x)[1]["y_logits"].shape == (4, 8, 8, 5)
        assert found.total.dtype == torch.float32
        close(found.total, losses(compiled, plain, given).total.detach(), tolerance)


def test_two_outputs_of_one_block_and_one_of_two_losses() -> None:
    text = """
block Heads() {
  input x: (D)
  output a: Dense(3, activation="softmax")(x)
  output b: Dense(1, activation="sigmoid")(x)
}
model Net {
  input x: (6)
  p, q = x -> Heads()
  output p, q
  output r: p
  compile {
    loss = {"p": "sparse_categorical_crossentropy", "q": "bce", "r": "categorical_crossentropy"}
    loss_weights = {"q": 0.5}
  }
}
"""
    compiled = nndsl.compile(text)
    module, plain = trained(compiled), compiled.module(seed=1)
    assert all("from the logits" in remark for remark in Objective(compiled).remarks)
    x, y = torch.randn(9, 6), torch.arange(9) % 3
    given = batch((x,), (y, (y > 0).float(), torch.nn.functional.one_hot(y, 3)))
    found, clipped = losses(compiled, module, given), losses(compiled, plain, given)
    assert list(module.forward_with_extras(x)[1]) == ["p_logits", "q_logits", "r_logits"]
    close(found.total, clipped.total.detach())
    assert list(found.parts) == ["p_loss", "q_loss", "r_loss"]
    assert Objective(compiled).names == ("loss", *found.parts)
    close(found.total, found.parts["p_loss"] + 0.5 * found.parts["q_loss"] + found.parts["r_loss"])
