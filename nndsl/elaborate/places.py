"""The names of layers, from which the keys of weights come: a pure function of the syntax tree.

This is scheme 1, which checkpoints rely on: a change of any name that is given here breaks weights that exist.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.diagnostics import Diagnostic, InternalError, Note
from nndsl.elaborate.constructors import Constructor, Kind, Namespace, Occurrence, Search, Word, Words, numbered
from nndsl.elaborate.frozen_names import FROZEN
from nndsl.recipes.strings import snake_case as keras_snake_case
from nndsl.syntax import nodes

__all__ = ["SCHEME", "Kind", "PlaceOf", "Places", "Word", "Words", "argument_clashes", "places_of", "snake_case"]

Numbers: TypeAlias = Counter[tuple[Namespace | Occurrence, str]]
"""How many layers of a class share an occurrence of a name, or stand in a namespace without a name."""

SCHEME = 1
"""The number of these rules, which checkpoints record."""


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """Where a constructor stands in a body, as keys see it.

    ``name`` is finished. ``loops`` are the numbers of the loops of the body round the place, outermost first.
    ``order`` is the number of the place in the definition, by which attributes are registered. In the argument of a
    block, a model or an extern layer ``owner`` is the call that constructs it, ``parameter`` is the one that takes the
    argument, and ``name`` lies under the owner's. In a default ``parameter`` is given and ``owner`` is not: the owner
    is the instance itself.
    """

    name: str
    loops: tuple[int, ...]
    order: int
    owner: nodes.Call | None = None
    parameter: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The places of a definition, and what is wrong with their names.

    ``defaults`` holds, by parameter, the places that its default makes.
    """

    diagnostics: tuple[Diagnostic, ...]
    defaults: dict[str, tuple[PlaceOf, ...]]
    _found: dict[int, PlaceOf] = field(repr=False)
    _loops: dict[int, int] = field(repr=False)
    _owned: dict[int, dict[str, Constructor]] = field(repr=False)
    _tree: tuple[object, ...] = field(repr=False)  # kept, since the identities of its nodes are the keys above

    def find(self, call: nodes.Call) -> PlaceOf | None:
        """Return the place of a constructor, found by identity; None for a call that makes no layer with a key."""
        return self._found.get(id(call))

    def loop(self, statement: nodes.For) -> int:
        """Return the number of a loop of the body, in the order of the text."""
        return self._loops[id(statement)]


def places_of(parameters: tuple[nodes.Parameter, ...], body: tuple[nodes.Statement, ...], words: Words) -> Places:
    """Return the places of a model or block; ``words`` says what a name of the file constructs.

    Names that the definition binds itself hide those of the file. Two layers under one name are E0207, a ``name`` that
    cannot be one E0208, and one in the argument of a wrapper W0201. The time is linear in the text.
    """
    search = Search(parameters, body, words)
    diagnostics = list(search.diagnostics)
    found: dict[int, PlaceOf] = {}
    defaults: dict[str, list[PlaceOf]] = defaultdict(list)
    owned: dict[int, dict[str, Constructor]] = defaultdict(dict)
    names: dict[Constructor, str] = {}
    numbers: Numbers = Counter()
    for order, made in enumerate(search.constructors):
        owner, parameter = made.context.namespace.owner, made.context.parameter
        name = names[made] = _name(made, names, numbers)
        finished = f"{name}_" if name in FROZEN else name
        place = found[id(made.call)] = PlaceOf(finished, made.context.loops, order, owner, parameter)
        if parameter is not None and owner is None:
            defaults[parameter].append(place)
        if _has_name_of_wrapper(made):
            continue
        first = owned[id(owner)].setdefault(finished, made)
        if first is not made:
            diagnostics.append(_clash(finished, made.call, first.call))
    if len(found) < len(search.constructors):
        raise InternalError("a node of the syntax tree stands at two places of a body")
    diagnostics.sort(key=lambda diagnostic: diagnostic.span.start)
    by_parameter = {parameter: tuple(places) for parameter, places in defaults.items()}
    return Places(tuple(diagnostics), by_parameter, found, search.loops, dict(owned), (parameters, body))


def argument_clashes(caller: Places, call: nodes.Call, callee: Places) -> tuple[Diagnostic, ...]:
    """Return an E0207 for each layer made in an argument of ``call`` whose name a layer of the block or model has.

    ``caller`` are the places of the body that ``call`` stands in, ``callee`` those of what it constructs.
    """
    inside = callee._owned.get(id(None), {})
    clashes = []
    for name, made in caller._owned.get(id(call), {}).items():
        other = inside.get(name)
        if other is not None and other.context.parameter != made.context.parameter:
            clashes.append(_clash(name, made.call, other.call))
    return tuple(clashes)


def snake_case(name: str) -> str:
    """Return the name of a class in Keras's snake case: ``conv2d``, ``re_lu``, ``multi_head_attention``.

    Underscores in front are dropped, since a key never begins with one.
    """
    word = keras_snake_case(name.lstrip("_"))
    return word if word[:1].isalpha() else f"layer{word}"


def _name(made: Constructor, names: Mapping[Constructor, str], numbers: Numbers) -> str:
    if made.given is not None:
        return made.given
    shared = made.shared
    scope: Namespace | Occurrence = made.context.namespace
    word = made.word
    if shared is not None:
        name = names[shared.wrapper] if shared.wrapper else shared.numbered
        if shared.layers == 1:
            return name
        scope, word = shared, f"{name}_{word}"
    number = numbers[scope, word]
    numbers[scope, word] = number + 1
    return numbered(word, number)


def _has_name_of_wrapper(made: Constructor) -> bool:
    """Whether a layer is the only one made in the argument of its wrapper, and so no other layer with that name."""
    return made.shared is not None and made.shared.wrapper is not None and made.shared.layers == 1


def _clash(name: str, second: nodes.Call, first: nodes.Call) -> Diagnostic:
    written = second.callee.name if isinstance(second.callee, nodes.Name) else "…"
    return Diagnostic(
        "E0207",
        f"the name `{name}` is taken",
        second.span,
        label=f"the weights of this layer would lie under `{name}` too",
        notes=(Note(f"this layer is `{name}`", first.span),),
        help=f'give one of them a name of its own: `{written}(…, name="…")`',
    )
