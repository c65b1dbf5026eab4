"""Random single layers: arguments of every kind, right and wrong, for inputs that fit and that do not."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from nndsl.arguments import Kind, is_required, kind_of, parameters
from nndsl.layers import FAMILIES, find

OURS = {"PositionEmbedding"}
"""What Keras itself does not have."""
SHAPES: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((6,), (1,), (8,)),
    2: ((6, 4), (5, 3), (1, 2), (3, 1)),
    3: ((6, 5, 4), (3, 3, 2), (1, 4, 3)),
    4: ((3, 4, 2, 2), (2, 3, 3, 1)),
}
NAMES = [name for names in FAMILIES.values() for name in names if name not in OURS]
GOOD_AXES = (-1, 1, 2, -2, (1, 2), [1, -1])
EQUATIONS = (
    "...x,xy->...y", "...x,xyz->...yz", "...ax,xy->...ay", "...xy,xyz->...z", "ab...,bc->ac...",
    "ab,bc->ac", "abc,cd->abd", "abc,bcd->ad", "abc,bd->adc",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A layer that is an argument."""

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()


LSTM, GRU = Made("LSTM", (("units", 3),)), Made("GRU", (("units", 2), ("return_sequences", True)))
BACKWARDS = Made("LSTM", (("units", 3), ("go_backwards", True)))
LSTM_CELL, GRU_CELL = Made("LSTMCell", (("units", 3),)), Made("GRUCell", (("units", 2), ("reset_after", False)))
DENSE = Made("Dense", (("units", 2),))
KINDS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "Integer": ((2, 1, 3, 4, 6), (0, -1, 2.0, 2.5, True, None, "2", (2,))),
    "Flag": ((True, False), (None, 1, "yes")),
    "Decimal": ((0.5, 0, 1, 0.1), (1.5, -0.1, None, "x", True, (0.5,))),
    "Activation": (("relu", "softmax", "tanh", None, "glu"), ("rellu", 3, "ReLU")),
    "DataFormat": (("channels_last", "channels_first", None), ("channels_middle", 1)),
    "Axes": (GOOD_AXES, (0, 5, -9, True, 1.0, (1, 1), (), "x")),
    "SharedAxes": ((1, [1], [1, 2], None), (0, [0], [5], 1.5)),
    "Shape": (((6, 4), (24,), (-1,), (2, -1), (3, -1, 2)), (24, (0, 3), (-1, -1), (2.0, 12), (7, -1), "x")),
    "Permutation": (((2, 1), (1, 2), (2, 3, 1), (1,), (3, 1, 2)), (1, (0, 1), (1, 1), (1, 3), (2.0, 1.0), [2, 1])),
    "DotAxes": ((1, 2, -1, (1, 2), (2, 1)), (0, (1, 2, 3), 5, True, "x")),
    "Groups": ((1, 2, -1, 3), (0, -2, 2.0, None, 5)),
    "NumberOrNumbers": ((2, 0.5, [1.0, 2.0, 3.0, 4.0]), ("x", None, [1.0, 2.0])),
    "NoiseShape": ((None, (None, 1, 4), (None, 1)), ((1, 2, 3, 4, 5), 3, (0, 1))),
    "FixedShape": ((None, 3, (4,), (2, 3)), (0, "x", (2.5,))),
    "OptionalFlag": ((None, False), ("x",)),
    "Factor": ((0.5, 0, 1, (0.1, 0.4), [0.3, 0.2], (-0.5, 0.5), -0.3), (1.5, -1, (1, 2, 3), None, "x", (2, 3), True)),
    "ValueRange": (((0, 255), [0.0, 1.0], (-1, 1)), ((1, 0), 3, (1, 2, 3), None, ("x", 1))),
    "Statistic": ((None, 2, 0.5, [1.0, 2.0, 3.0, 4.0], [0.5]), ("x", [1.0, 2.0], -1)),
    "Boundaries": (([0.0, 0.5], (1, 2, 3), [0.5]), ([2.0, 1.0], 3, [], "x", None)),
    "Equation": (EQUATIONS, ("ab,bc", "ab,bc->ad", "ab,bd->ac", "abb,bc->ac", "ab, bc->ac", "abc,acd->abd", 3, None)),
    "OutputSizes": ((4, (3,), (None, 4), (3, 2)), (0, (None,), (None, 3, 2), (0, 3), 2.5, "x", None, (3, "x"))),
    "CellKind": ((LSTM_CELL, GRU_CELL, [GRU_CELL, LSTM_CELL], [LSTM_CELL]), (LSTM, DENSE, 3, None, "x")),
    "CellsKind": (([GRU_CELL, LSTM_CELL], [LSTM_CELL]), (LSTM_CELL, [DENSE], [LSTM], [3], 3, None)),
    "RecurrentKind": (
        (LSTM, GRU, Made("RNN", (("cell", GRU_CELL),)), Made("SimpleRNN", (("units", 2),))),
        (LSTM_CELL, DENSE, BACKWARDS, 3, "x"),
    ),
    "LayerKind": (
        (
            DENSE,
            LSTM,
            Made("Flatten"),
            Made("Conv1D", (("filters", 2), ("kernel_size", 2))),
            Made("Dropout", (("rate", 0.5),)),
            Made("UnitNormalization"),
        ),
        (3, None, "Dense"),
    ),
    "BiasAxes": ((None, "c", "d", "y", "bd"), ("", "a", "e", 3)),
}
"""Values for each kind of argument: those that often fit, and those that mostly do not."""
LEFT_OUT = {"Initializer", "InitializerKind", "Missing", "Text", "Cudnn", "Penalty", "RecipeKind"}
"""Kinds that the tests of recipes and of the arguments themselves hold against Keras."""


@dataclass(frozen=True)
class Case:
    """A layer with arguments, applied to inputs of these shapes (without the batch) and dtype."""

    name: str
    arguments: tuple[tuple[str, Any], ...]
    shapes: tuple[tuple[int, ...], ...]
    dtype: str = "float32"

    @property
    def text(self) -> str:
        """The case as a model."""
        inputs = [f"input x{place}: {self.dtype}{literal(shape)}" for place, shape in enumerate(self.shapes)]
        given = ", ".join(f"{name}={literal(value)}" for name, value in self.arguments)
        names = ", ".join(f"x{place}" for place in range(len(self.shapes)))
        declared = find(self.name)
        assert declared is not None
        applied = f"([{names}])" if declared.takes_list else f"({names})"
        made = f"{self.name}({given})"
        if self.is_cell:
            made = f"RNN({made})"
        return "\n".join(["model M {", *inputs, f"output {made}{applied}", "}", ""])

    @property
    def is_cell(self) -> bool:
        """Whether it is no layer by itself, but the cell of an RNN."""
        return self.name.endswith(("Cell", "Cells"))


def literal(value: object) -> str:
    """Write a value in the language."""
    if isinstance(value, Made):
        return f"{value.name}({', '.join(f'{name}={literal(each)}' for name, each in value.arguments)})"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def values(kind: Kind) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """Return values for a kind of argument, None for one that is left out."""
    name = type(kind).__name__
    if name == "Choice":
        options: tuple[str | None, ...] = kind.options  # type: ignore[attr-defined]
        wrong = (str(options[0]).upper(), "full", 3, None)
        return options, tuple(each for each in wrong if each not in options)
    if name == "Sizes":
        count: int = kind.count  # type: ignore[attr-defined]
        several = (2, 1, 3, (2,) * count, tuple(range(1, count + 1)), [3] * count)
        return several, (0, -1, 2.5, 2.0, True, None, "2", (0,) * count, (2,) * (count + 1), (1,) * (count - 1))
    if name == "Borders":
        count = kind.axes  # type: ignore[attr-defined]
        pairs = ((1, 0), (2, 1), (0, 1))[:count]
        return (1, 0, (1, 2, 0)[: max(count, 2)], pairs)[: 4 if count > 1 else 3], (
            -1,
            (-1, 1),
            (1, 2, 3),
            None,
            1.0,
            "x",
            True,
            ((1, 2, 3), 1),
        )
    return KINDS.get(name)


def drawn(random: Random) -> Case:
    """Return a random case."""
    name = random.choice(NAMES)
    declared = find(name)
    assert declared is not None
    arguments: list[tuple[str, Any]] = []
    mistakes = random.choice((0, 0, 1, 2))
    for field in parameters(declared):
        found = values(kind_of(field))
        assert found is not None or type(kind_of(field)).__name__ in LEFT_OUT, f"no values for {name}'s {field.name}"
        if found is None or field.name in ("name", "dtype") or not (is_required(field) or random.random() < 0.3):
            continue
        right, wrong = found
        pool = wrong if mistakes and random.random() < 0.4 else right
        mistakes -= pool is wrong
        if wrong:
            arguments.append((field.name, random.choice(pool or right)))
    ranks = [rank for rank in SHAPES if name[-2:] != f"{rank - 1}D" or random.random() < 0.01]
    natural = [int(name[place]) + 1 for place in range(len(name) - 1) if name[place].isdigit()]
    if name in ("GRU", "LSTM") or name.endswith(("Attention", "Cell", "Cells", "RNN", "Bidirectional")):
        natural = [2]
    if name == "ConvLSTM2D":
        natural = [4]
    if name == "RepeatVector":
        natural = [1]
    if name in ("Resizing", "CenterCrop"):
        natural = [3]
    if name.startswith("Random"):
        natural = [3]
    rank = random.choice(natural) if natural and random.random() < 0.9 else random.choice(ranks)
    shape = random.choice(SHAPES[rank])
    least = max(declared.least_inputs, 2 if declared.takes_list else 1)
    most = 1 if name.endswith(("Cell", "Cells")) else declared.most_inputs
    shapes = [shape for _ in range(random.choice((least, min(least + 1, most))))]
    for place in range(1, len(shapes)):
        if random.random() < 0.3:
            shapes[place] = random.choice(SHAPES[random.choice((rank, rank, random.choice(ranks)))])
    integers = random.random() < (0.9 if name.endswith(("Embedding", "Encoding")) else 0.04)
    return Case(name, tuple(arguments), tuple(shapes), "int64" if integers else "float32")
