"""The statements that draw initial weights: layers that are drawn alike are drawn in one loop."""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.emit.forward import ATTRIBUTE
from nndsl.emit.lifting import Class
from nndsl.emit.printer import statement
from nndsl.emit.templates import Entry
from nndsl.graph import Graph

_INNER = " for layer in "


def resets(declared: Class) -> list[str]:
    """Return the lines of ``reset_parameters``."""
    alike: dict[tuple[str, ...], list[Entry]] = {}
    for entry, _, drawn in declared.entries:
        if drawn:
            alike.setdefault(tuple(map(str, drawn)), []).append(entry)
    lines: list[str] = []
    for texts, entries in alike.items():
        heads, subject = _heads(_subjects(entries, declared))
        for depth, head in enumerate(heads):
            lines += statement(head, 8 + 4 * depth)
        for text in texts:
            lines += statement(text.replace(ATTRIBUTE, subject), 8 + 4 * len(heads))
    return lines


def _heads(subjects: list[str]) -> tuple[list[str], str]:
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
