"""What the tests of names share: the names of a file's layers, read off its text alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nndsl.diagnostics import Source
from nndsl.elaborate.places import PlaceOf, Places, Word, places_of, snake_case
from nndsl.syntax import nodes
from nndsl.syntax.children import children
from nndsl.syntax.parser import parse

LAYERS = (
    *("Dense", "Conv1D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D", "MultiHeadAttention"),
    *("BatchNormalization", "LayerNormalization", "Normalization"),
    *("Embedding", "PositionEmbedding", "LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell"),
)
WRAPPERS = ("Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells")
LEAVES = re.compile(r"weight|bias|running_(mean|var)|(weight|bias)_(ih|hh)_l0(_reverse)?")

Definition = nodes.Block | nodes.Model


class Names:
    """The definitions of a file and their places, by name. ``names`` is the main one's text of names, in order."""

    def __init__(self, text: str, tree: nodes.File | None = None) -> None:
        if tree is None:
            tree, diagnostics = parse(Source("test.nn", text))
            assert diagnostics == ()
        self.tree = tree
        self.definitions = {item.name.name: item for item in tree.items if isinstance(item, Definition)}
        self.places = {name: places_of(d.parameters, d.body, self.word) for name, d in self.definitions.items()}
        self.main = next(reversed(self.definitions))

    def word(self, name: str) -> Word | None:
        if name in self.definitions:
            parameters = tuple(parameter.name for parameter in self.definitions[name].parameters)
            return Word("construction", snake_case(name), parameters)
        if name == "Weight":
            return Word("weight", "weight")
        if name in WRAPPERS:
            return Word("wrapper", snake_case(name))
        return Word("layer", snake_case(name)) if name in LAYERS else None

    @property
    def main_places(self) -> Places:
        return self.places[self.main]

    def calls(self, name: str) -> list[nodes.Call]:
        """The constructors of a definition that have a place, in order."""
        places = self.places[name]
        calls = [node for node in walk(self.definitions[name]) if isinstance(node, nodes.Call) and places.find(node)]
        return sorted(calls, key=lambda call: self._place(name, call).order)

    def _place(self, name: str, call: nodes.Call) -> PlaceOf:
        place = self.places[name].find(call)
        assert place is not None
        return place

    def prefix(self, name: str, call: nodes.Call) -> str:
        """The name of a layer from its definition on, with a # for each loop that is round it."""
        place = self._place(name, call)
        if place.owner is not None:
            return f"{self.prefix(name, place.owner)}.{place.name}"
        return place.name + ".#" * len(place.loops)

    def names(self) -> list[str]:
        """The prefixes of the main definition."""
        return [self.prefix(self.main, call) for call in self.calls(self.main)]

    def paths(self, name: str) -> Iterator[str]:
        """The prefixes that hold leaves, also those in instances of blocks."""
        for call in self.calls(name):
            assert isinstance(call.callee, nodes.Name)
            word, prefix = self.word(call.callee.name), self.prefix(name, call)
            assert word is not None
            if word.kind == "construction":
                for path in self.paths(call.callee.name):
                    yield f"{prefix}.{path}"
            elif word.kind != "wrapper":
                yield prefix


def walk(node: nodes.Node | nodes.File) -> Iterator[nodes.Node]:
    for child in children(node):
        yield child
        yield from walk(child)


def path_of_key(key: str) -> str:
    """The key without its leaf, a # for each turn."""
    *prefix, leaf = key.split(".")
    path = prefix if LEAVES.fullmatch(leaf) and prefix else [*prefix, leaf]
    return ".".join("#" if part.isdigit() else part for part in path)


def names(body: str, *, parameters: str = "", before: str = "") -> list[str]:
    """The names in a model with this body, in the order of the text."""
    return Names(f"{before}\nmodel Case({parameters}) {{\n{body}\n}}\n").names()
