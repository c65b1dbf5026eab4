"""Loops become lists of layers, and a Python ``for`` where turns are alike; what they compute stays the same.

The oracle is the same network without a loop: its layers have other names, in the same order.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
import torch

import nndsl
from nndsl.graph import Instance, Made

BLOCKS = """
block Residual(units) {
  input x: (C)

  y = x -> Dense(units, activation="relu") -> Dense(C)
  output x + y
}

block PreNorm(inner) {
  input x: (C)

  output x + (x -> LayerNormalization() -> inner)
}
"""


class Case(NamedTuple):
    """Lines with a loop, the same written out, and how often what stands in the emitted ``forward``."""

    rolled: str
    unrolled: str
    expected: dict[str, int]


CASES = {
    "alike": Case(
        "for i in range(3) {\n  x = x -> Dense(8) -> ReLU()\n}\noutput y: x",
        "x -> Dense(8) -> ReLU() -> Dense(8) -> ReLU() -> Dense(8) -> ReLU()",
        {"for layer in self.x:": 1, "self.x[": 0},
    ),
    "several lists": Case(
        "for i in range(3) {\n  a = x -> Dense(4) -> ReLU()\n  b = a -> Dense(8)\n  x = x + b\n}\noutput y: x",
        "x = x + (x -> Dense(4) -> ReLU() -> Dense(8))\n" * 3 + "output y: x",
        {"in zip(self.a, self.b)": 1, "self.a[": 0, "self.b[": 0},
    ),
    "numbers that differ": Case(
        "for units in [4, 6, 5] {\n  x = x -> Dense(units)\n}\noutput y: x",
        "x -> Dense(4) -> Dense(6) -> Dense(5)",
        {"for layer in self.x:": 1},
    ),
    "a first turn that differs": Case(
        "for i in range(4) {\n  x = x -> Dense(8)\n  if i > 0 {\n    x = x -> Dense(8) as more\n  }\n}\noutput y: x",
        " -> ".join(["x"] + ["Dense(8)"] * 7),
        {"in zip(self.x[2:], self.more[2:])": 1, "self.x[0]": 1},
    ),
    "a hole in the middle": Case(
        "for i in range(6) {\n  if i != 2 {\n    x = x -> Dense(8)\n  }\n  x = x -> ReLU()\n}\noutput y: x",
        " -> ".join(["x", *["Dense(8) -> ReLU()"] * 2, "ReLU()", *["Dense(8) -> ReLU()"] * 3]),
        {"in self.x[:2]": 1, "in self.x[3:]": 1},
    ),
    "nested": Case(
        "for i in range(2) {\n  for j in range(3) {\n    x = x -> Dense(8)\n  }\n  x = x -> ReLU()\n}\noutput y: x",
        " -> ".join(["x", *[*["Dense(8)"] * 3, "ReLU()"] * 2]),
        {"for layers in self.x:": 1, "for layer in layers:": 1},
    ),
    "nested and ragged": Case(
        "for n in [1, 3, 3] {\n  for j in range(n) {\n    x = x -> Residual(4 + n)\n  }\n}\noutput y: x",
        " -> ".join(["x", "Residual(5)", *["Residual(7)"] * 6]),
        {"for layers in self.x:": 1, "for layer in layers:": 1, "self.x[": 0},
    ),
    "a value that the first turn reads by another name": Case(
        "y = x\nfor i in range(3) {\n  y = y -> ReLU() -> Dense(8)\n}\noutput z: y + x",
        "output z: x + (x" + " -> ReLU() -> Dense(8)" * 3 + ")",
        {"y = x\n": 1, "for layer in self.y:": 1},
    ),
    "a value that the first turn reads by another name, in a loop within": Case(
        "y = 2 * x\nz = y\nfor n in [2, 3] {\n  for j in range(n) {\n    z = z -> Dense(8)\n  }\n  z = z -> ReLU()\n}\n"
        "output z",
        "output z: (2 * x)" + "".join(" -> Dense(8)" * count + " -> ReLU()" for count in (2, 3)),
        {"z = 2 * x": 1, "for layers in self.z:": 1, "for layer in layers:": 1, "z = y": 0},
    ),
    "what the first turn alone reads again": Case(
        "y = x\nfor i in range(3) {\n  z = y -> Dense(8)\n  y = z + y\n  y = y + x\n}\noutput y",
        "y = x\n" + "z = y -> Dense(8)\ny = z + y\ny = y + x\n" * 3 + "output y",
        {"y = x\n": 1, "for layer in self.z:": 1},
    ),
    "what the first turn reads behind what it makes": Case(
        "y = x\nfor i in range(3) {\n  z = y -> Dense(8)\n  w = z + (y if i > 0 else x)\n  y = z + w\n"
        "  y = y + (x if i == 0 else y)\n}\noutput y",
        "\n".join(
            ["z = x -> Dense(8)", "y = z + (z + x)", "y = y + x"]
            + ["z = y -> Dense(8)", "y = z + (z + y)", "y = y + y"] * 2
        )
        + "\noutput y",
        {"for layer in self.z[1:]:": 1, "self.z[0]": 1},
    ),
    "a block's argument": Case(
        "for i in range(3) {\n  PreNorm(Residual(4))\n}",
        "PreNorm(Residual(4))\n" * 3,
        {"for layer in self.pre_norm:": 1},
    ),
    "a layer of the outside": Case(
        "shared = Dense(8)\nfor i in range(3) {\n  x = x -> PreNorm(shared) -> Dense(8)\n}\noutput y: x",
        "shared = Dense(8)\nx -> " + " -> ".join(["PreNorm(shared) -> Dense(8)"] * 3),
        {"self.shared)": 1, "in zip(": 1},
    ),
    "nothing but operations": Case(
        "for i in range(3) {\n  x = x -> ReLU() -> Softmax()\n}\noutput y: x",
        "x" + " -> ReLU() -> Softmax()" * 3,
        {"for _ in range(3):": 1},
    ),
    "values kept for later": Case(
        "kept = []\nfor i in range(3) {\n  x = x -> Dense(8)\n  kept = kept + [x]\n}\noutput y: kept -> Concatenate()",
        "a = x -> Dense(8)\nb = a -> Dense(8)\nc = b -> Dense(8)\noutput y: [a, b, c] -> Concatenate()",
        {"self.x[0]": 1, "self.x[1]": 1, "self.x[2]": 1},
    ),
    "backwards": Case(
        "layers = []\nfor i in range(3) {\n  layers = [Dense(8)] + layers\n}\nx -> layers[0] -> layers[1] -> layers[2]",
        "a = Dense(8)\nb = Dense(8)\nc = Dense(8)\nx -> c -> b -> a",
        {"self.layers[2]": 1, "self.layers[0]": 1},
    ),
    "weights": Case(
        "for i in range(3) {\n  x = x * Weight((8,), initializer='random_normal')\n}\noutput y: x",
        "\n".join(["x = x * Weight((8,), initializer='random_normal')"] * 3) + "\noutput y: x",
        {"for x_1 in self.x:": 1},
    ),
    "a variable that a value has taken": Case(
        "layer = x\nlayers = x\nfor i in range(3) {\n  x = x -> Dense(8)\n}\noutput y: [x, layer, layers] -> Add()",
        "y = x -> Dense(8) -> Dense(8) -> Dense(8)\noutput z: [y, x, x] -> Add()",
        {"for layer_1 in self.x": 0, "for layer in self.x:": 1},
    ),
}


def forward_of(source: str) -> str:
    """The text of the model's forward method."""
    return source[source.rindex("    def forward(") :]


def model(lines: str) -> nndsl.Compiled:
    body = "\n".join(f"  {line}" for line in lines.splitlines())
    return nndsl.compile(f"{BLOCKS}\nmodel Case {{\n  input x: (8)\n\n{body}\n}}\n")


@pytest.mark.parametrize("name", CASES)
def test_is_what_the_turns_give_one_by_one(name: str) -> None:
    case = CASES[name]
    rolled, unrolled = model(case.rolled), model(case.unrolled)
    module, twin = rolled.module(seed=0), unrolled.module(seed=1)
    assert len(module.state_dict()) == len(twin.state_dict())
    state, twin_state = module.state_dict(), {}
    for key, other in zip(keys_in_order(rolled), keys_in_order(unrolled), strict=True):
        matching = {name: value for name, value in state.items() if name == key or name.startswith(key + ".")}
        twin_state |= {other + name.removeprefix(key): value for name, value in matching.items()}
    twin.load_state_dict(twin_state)
    x = torch.rand(3, 8)
    torch.testing.assert_close(module(x), twin(x))


def keys_in_order(compiled: nndsl.Compiled) -> list[str]:
    """The keys of layers, in the order in which they are applied, or handed to what is."""
    made: dict[Made, None] = {}
    for node in compiled.model.nodes:
        handed = node.layer.handed if isinstance(node.layer, Instance) else ()
        used = (each for each in (*handed, node.made) if each is not None and each.owner is None)
        made.update(dict.fromkeys(used))
    return [".".join([each.place.name, *(str(dict(each.turns)[loop]) for loop in each.place.loops)]) for each in made]


@pytest.mark.parametrize("name", CASES)
def test_alike_turns_are_one_for(name: str) -> None:
    case = CASES[name]
    forward = forward_of(model(case.rolled).source)
    for text, count in case.expected.items():
        assert forward.count(text) == count, forward


def test_lists_have_an_identity_where_a_turn_has_no_layer() -> None:
    module = model(CASES["a hole in the middle"].rolled).module(seed=0)
    assert [type(part).__name__ for part in module.x] == ["Linear", "Linear", "Identity", "Linear", "Linear", "Linear"]


def test_lists_of_weights_have_none_where_a_turn_has_no_weight() -> None:
    lines = "for i in range(3) {\n  if i != 1 {\n    x = x * Weight((8,))\n  }\n}\noutput y: x"
    module = model(lines).module(seed=0)
    assert isinstance(module.x, torch.nn.ParameterList)
    assert len(module.x) == 3
    assert list(module.state_dict()) == ["x.0", "x.2"]


def test_a_list_is_as_long_as_its_loop() -> None:
    lines = "for i in range(5) {\n  if i < 2 {\n    x = x -> Dense(8)\n  }\n}\noutput y: x"
    assert len(model(lines).module(seed=0).x) == 5


def test_weights_are_drawn_for_the_turns_that_have_them() -> None:
    """Else an ``nn.Identity()`` would be asked for its weight, or a weight be left as it was in memory."""
    for turns in ("i < 2", "i > 2", "i > 1 and i < 4", "i != 2", "i == 3"):
        lines = f"for i in range(5) {{\n  if {turns} {{\n    Dense(8, bias_initializer='ones')\n  }}\n}}"
        for key, value in model(lines).module(seed=0).state_dict().items():
            assert bool(value.any())
            assert torch.equal(value, torch.ones(8)) or key.endswith("weight")


def test_constructors_are_rolled_too() -> None:
    source = model(
        "for i in range(9) {\n  x = x -> Dense(8)\n}\nfor u in [3, 4, 5] {\n  x = x -> Dense(u)\n}\noutput y: x"
    ).source
    assert "self.x = nn.ModuleList(nn.Linear(8, 8) for _ in range(9))" in source
    assert re.search(r"nn\.Linear\(in_features, out_features\)\s+for in_features, out_features in", source)


def test_steps_of_one_length_are_a_range() -> None:
    ranged = model("for i in range(5) {\n  [x, x -> Dense(2)] -> Concatenate() as x\n}").source
    assert re.search(r"nn\.Linear\(in_features, 2\) for in_features in range\(8, 18, 2\)", ranged)
    nested = model(
        "for n in [4, 6] {\n  for i in range(n) {\n    [x, x -> Dense(2)] -> Concatenate() as x\n  }\n}"
    ).source
    assert re.search(
        r"for in_features in range\(start, stop, 2\)\s*\)\s*for start, stop in \(\(8, 16\), \(16, 28\)\)", nested
    )
    short = model("for i in range(3) {\n  [x, x -> Dense(2)] -> Concatenate() as x\n}").source
    assert "in (8, 10, 12)" in short


def test_a_list_of_two_is_written_as_the_first_of_a_longer_one() -> None:
    """A stage of two convolutions reads like one of three."""
    text = "model M {{\n  input x: (3)\n\n  for _ in range({}) {{\n    Dense(8)\n  }}\n}}\n"
    two, three = (nndsl.compile(text.format(repeats)).source for repeats in (2, 3))
    assert "nn.ModuleList([nn.Linear(3, 8), nn.Linear(8, 8)])" in two
    assert "[nn.Linear(3, 8), *(nn.Linear(8, 8) for _ in range(2))]" in three
