"""The statements that draw initial weights: layers that are drawn alike are drawn in one loop.

What else is done to weights is written likewise: penalties and projections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nndsl.emit.forward import ATTRIBUTE
from nndsl.emit.lifting import Class, Resolved
from nndsl.emit.printer import statement
from nndsl.emit.templates import Entry
from nndsl.graph import Graph

_INNER = " for layer in "


@dataclass(frozen=True, slots=True)
class Alike:
    """What is done to the weights of layers that are alike; ``subjects`` are these, those of a list as ``*self.name``.

    ``texts`` have the layer blanked.
    """

    subjects: tuple[str, ...]
    texts: tuple[str, ...]

    def lines(self, before: str = "") -> list[str]:
        """Return the lines of a method, several layers in a loop; ``before`` stands before each text."""
        heads, subject = _heads(self.subjects)
        lines = [line for depth, head in enumerate(heads) for line in statement(head, 8 + 4 * depth)]
        texts = [before + text.replace(ATTRIBUTE, subject) for text in self.texts]
        return lines + [line for text in texts for line in statement(text, 8 + 4 * len(heads))]

    def written_out(self, most: int) -> list[str]:
        """Return the texts layer by layer, if these are at most so many and none is in a list."""
        if len(self.subjects) > most or any(subject.startswith("*") for subject in self.subjects):
            return []
        return [text.replace(ATTRIBUTE, subject) for subject in self.subjects for text in self.texts]


def resets(declared: Class) -> list[str]:
    """Return the lines of ``reset_parameters``."""
    return [line for each in grouped(declared, [drawn for _, _, drawn in declared.entries]) for line in each.lines()]


def grouped(declared: Class, done: Sequence[tuple[Resolved, ...]]) -> list[Alike]:
    """Return what is ``done`` to each of the entries of a class, layers to which the same is done together."""
    alike: dict[tuple[str, ...], list[Entry]] = {}
    for (entry, _, _), texts in zip(declared.entries, done, strict=True):
        if texts:
            alike.setdefault(tuple(map(str, texts)), []).append(entry)
    return [Alike(tuple(_subjects(entries, declared)), texts) for texts, entries in alike.items()]


def _heads(subjects: Sequence[str]) -> tuple[list[str], str]:
    """Return the heads of the loops over some layers, and what names a layer inside them."""
    if len(subjects) > 1:
        return [f"for layer in ({', '.join(subjects)}):"], "layer"
    (subject,) = subjects
    if not subject.startswith("*"):
        return [], subject
    nested = subject.removeprefix("*(layer ").removesuffix(")")
    if nested != subject:
        outer, inner = nested.split(_INNER)
        return [f"{outer}:", f"for layer in {inner}:"], "layer"
    return [f"for layer in {subject[1:]}:"], "layer"


def _subjects(entries: list[Entry], declared: Class) -> list[str]:
    """Return expressions that name layers, those of a list as ``*self.name``."""
    graph, places = declared.template.graph, by_place(declared)
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.made.place.name, []).append(entry)
    found: list[str] = []
    for name, members in groups.items():
        loops = members[0].loops
        if not loops:
            found.append(f"self.{name}")
            continue
        keys = [entry_turns(member) for member in members]
        whole = len(members) == len(places[name]) and _is_dense(keys, loops, graph)
        if len(loops) == 1 and (whole or len(members) > 1) and (part := _part(keys, loops, graph)):
            found.append(f"*self.{name}" if part == ":" else f"*self.{name}[{part}]")
        elif len(loops) == 2 and whole:
            found.append(f"*(layer for layers in self.{name}{_INNER}layers)")
        else:
            found += [f"self.{name}" + "".join(f"[{turn}]" for turn in key) for key in keys]
    return found


def _part(keys: list[tuple[int, ...]], loops: tuple[int, ...], graph: Graph) -> str:
    """Return the slice of a list that holds layers in turns that follow each other, or nothing."""
    first, last = keys[0][0], keys[-1][0]
    if [key[0] for key in keys] != list(range(first, last + 1)):
        return ""
    return f"{first or ''}:{'' if last + 1 == list_length(graph, loops, (), keys) else last + 1}"


def _is_dense(keys: list[tuple[int, ...]], loops: tuple[int, ...], graph: Graph) -> bool:
    """Return whether every turn of the loops has its layer."""
    outer = {key[:-1] for key in keys}
    inside = sum(list_length(graph, loops, prefix, [key for key in keys if key[:-1] == prefix]) for prefix in outer)
    around = len(loops) == 1 or len(outer) == list_length(graph, loops, (), keys)
    return around and inside == len(keys)


def by_place(declared: Class) -> dict[str, list[int]]:
    """Return the numbers of a class's entries by the name that they are registered under."""
    places: dict[str, list[int]] = {}
    for index, (entry, _, _) in enumerate(declared.entries):
        places.setdefault(entry.made.place.name, []).append(index)
    return places


def entry_turns(entry: Entry) -> tuple[int, ...]:
    """Return the turns of the loops round an entry's place, outermost first."""
    turns = dict(entry.made.turns)
    return tuple(turns[loop] for loop in entry.loops)


def list_length(graph: Graph, loops: tuple[int, ...], outer: tuple[int, ...], keys: Iterable[tuple[int, ...]]) -> int:
    """Return how many turns a loop has inside given turns of the loops around it."""
    around = tuple(zip(loops, outer, strict=False))
    known = graph.loop_turns.get((around, loops[len(outer)]))
    return known if known is not None else max(key[len(outer)] for key in keys) + 1
