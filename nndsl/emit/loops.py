"""Rolls what was written out turn by turn: module lists into comprehensions, and equal statements into ``for`` loops.

Statements are unrolled first and compared with the index of their own loop blanked, inner loops first, so that a rolled
text is the unrolled one by construction. Turns that differ stay written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nndsl.code import HOLE
from nndsl.emit.carried import aliases, carried, reads
from nndsl.emit.forward import ATTRIBUTE, ATTRIBUTE_END
from nndsl.emit.lifting import Resolved
from nndsl.emit.names import free
from nndsl.graph import Turn

_TOKEN = re.compile(f"{ATTRIBUTE}([^/]*)/(\\d+)([^{ATTRIBUTE_END}]*){ATTRIBUTE_END}")
_WORD = re.compile(r"\w+")
_READ = re.compile(r"\b\w+\b(?!=)")
"""A word that is read: not the name of a keyword argument."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a forward method with its numbers resolved; attributes are tokens still."""

    text: str
    comment: str
    turns: tuple[Turn, ...]
    collector: str = ""


@dataclass(frozen=True, slots=True)
class Indented:
    """A line of a method: its text, its comment and its depth in levels of indentation."""

    text: str
    comment: str
    level: int = 0
    head: str = ""
    """The line above that it depends on, if it does."""


def roll(
    statements: Sequence[Statement], lengths: Mapping[str, int], taken: frozenset[str], result: str
) -> list[Indented]:
    """Return the lines of a method that returns ``result``.

    ``lengths`` has the length of each list of layers by its token's text.
    """
    return _without_detours(_Roller(lengths, taken).roll(statements, 0), result)


def written(text: str) -> str:
    """Return a text with its attributes spelt out: ``self.residual[0][1]``."""

    def spelt(match: re.Match[str]) -> str:
        turns = [part.split("=")[1] for part in match[3].split("|")[1:]]
        return f"self.{match[1]}" + "".join(f"[{turn}]" for turn in turns)

    return _TOKEN.sub(spelt, text)


class _Roller:
    def __init__(self, lengths: Mapping[str, int], taken: frozenset[str]) -> None:
        self._lengths = lengths
        self._taken = taken

    def roll(self, statements: Sequence[Statement], depth: int, singles: bool = False) -> list[Indented]:
        """Return the lines of statements in ``depth`` loops; with ``singles`` a loop of one turn is a ``for`` too."""
        lines: list[Indented] = []
        index = 0
        while index < len(statements):
            statement = statements[index]
            if len(statement.turns) <= depth:
                head = f"if {statement.collector} is not None:"
                if not statement.collector:
                    lines.append(Indented(statement.text, statement.comment))
                elif lines and lines[-1].head == head:
                    lines.append(Indented(statement.text, statement.comment, 1, head))
                else:
                    lines += [Indented(head, ""), Indented(statement.text, statement.comment, 1, head)]
                index += 1
                continue
            loop = statement.turns[depth][0]
            bodies: list[tuple[int, list[Statement]]] = []
            while index < len(statements):
                turns = statements[index].turns
                if len(turns) <= depth or turns[depth][0] != loop:
                    break
                turn = turns[depth][1]
                if not bodies or bodies[-1][0] != turn:
                    bodies.append((turn, []))
                bodies[-1][1].append(statements[index])
                index += 1
            plain = [(turn, self.roll(body, depth + 1, singles)) for turn, body in bodies]
            # Turns may differ in this alone: that a loop within them has one turn in some.
            whole = plain if singles else [(turn, self.roll(body, depth + 1, True)) for turn, body in bodies]
            lines += self._loop(loop, plain, whole, singles)
        return lines

    def _loop(
        self,
        loop: int,
        plain: list[tuple[int, list[Indented]]],
        whole: list[tuple[int, list[Indented]]],
        singles: bool,
    ) -> list[Indented]:
        turns = [turn for turn, _ in plain]
        blanked = [_blanked(body, loop, turn) for turn, body in whole]
        before: list[Indented] = []
        if len(blanked) > 1:
            before, blanked[0] = _begun(blanked[0], blanked[1])
        lines: list[Indented] = []
        start = 0
        while start < len(turns):
            end = start + 1
            while end < len(turns) and _same(blanked[end], blanked[start]) and turns[end] == turns[end - 1] + 1:
                end += 1
            if end - start > 1 or (singles and turns == [0]):
                bodies = [_blanked(body, loop, turn) for turn, body in plain[start:end]]
                if not all(_same(body, bodies[0]) for body in bodies):
                    bodies = blanked[start:end]
                if start == 0:
                    lines += before
                lines += self._for(loop, _common(bodies), turns[start], turns[end - 1] + 1)
            else:
                lines += plain[start][1]
            start = end
        return lines

    def _for(self, loop: int, body: list[Indented], first: int, after: int) -> list[Indented]:
        """Return the ``for`` over turns ``first`` up to ``after``; ``body`` has the loop's index blanked."""
        lists: dict[str, str] = {}
        star = f"|{loop}=*"
        for line in body:
            for match in _TOKEN.finditer(line.text):
                if star in match[3]:
                    path = match[3][: match[3].index(star)]
                    lists.setdefault(f"{ATTRIBUTE}{match[1]}/{match[2]}{path}{ATTRIBUTE_END}", match[0])
        if not lists:
            return [Indented(f"for _ in range({after - first}):", ""), *_deeper(body)]
        variables: dict[str, str] = {}
        words = {word for line in body for word in _WORD.findall(_TOKEN.sub("", line.text))}
        for token in lists:
            head = _TOKEN.fullmatch(token)
            assert head is not None
            last = head[3].count("|") + 1 == int(head[2])
            called = any(f"{lists[token]}(" in line.text for line in body)
            word = "layer" if len(lists) == 1 and (called or not last) else head[1]
            variables[token] = free(word if last else word + "s", self._taken, words, variables.values())
        heads = []
        for token in lists:
            stop = "" if self._lengths.get(token, after) == after else str(after)
            heads.append(token if not first and not stop else f"{token}[{first or ''}:{stop}]")
        source = heads[0] if len(heads) == 1 else f"zip({', '.join(heads)})"

        def bound(match: re.Match[str]) -> str:
            if star not in match[3]:
                return match[0]
            at = match[3].index(star)
            token = f"{ATTRIBUTE}{match[1]}/{match[2]}{match[3][:at]}{ATTRIBUTE_END}"
            rest = match[3][at + len(star) :].split("|")[1:]
            return variables[token] + "".join(f"[{part.split('=')[1]}]" for part in rest)

        loop_head = Indented(f"for {', '.join(variables.values())} in {source}:", "")
        return [loop_head, *_deeper([replace(line, text=_TOKEN.sub(bound, line.text)) for line in body])]


def _blanked(body: list[Indented], loop: int, turn: int) -> list[Indented]:
    index, blank = f"|{loop}={turn}", f"|{loop}=*"
    blanked = []
    for line in body:
        text = line.text
        for end in ("|", ATTRIBUTE_END):
            text = text.replace(index + end, blank + end)
        blanked.append(replace(line, text=text))
    return blanked


def _same(body: list[Indented], other: list[Indented]) -> bool:
    return len(body) == len(other) and all(
        line.text == twin.text and line.level == twin.level for line, twin in zip(body, other, strict=True)
    )


def _begun(first: list[Indented], then: list[Indented]) -> tuple[list[Indented], list[Indented]]:
    """Return what stands before a loop so that its first turn begins as the second does, and the first turn."""
    if first and aliases(first[0].text) and _same(first[1:], then):
        return first[:1], first[1:]
    names = carried(*([(line.text, line.level) for line in body] for body in (first, then)))
    if names is None:
        return [], first
    renamed = [replace(line, text=twin.text) for line, twin in zip(first, then, strict=True)]
    return [Indented(f"{names[1]} = {names[0]}", "")], renamed


def _without_detours(lines: list[Indented], result: str) -> list[Indented]:
    """Return lines where ``x = f(x)`` and ``y = x`` are ``y = f(x)`` if nothing else reads the one between."""
    kept: list[Indented] = []
    for index, line in enumerate(lines):
        names = aliases(line.text)
        if names and kept and not line.level and not kept[-1].level and kept[-1].text.startswith(f"{names[1]} = "):
            behind = [*(later.text for later in lines[index + 1 :]), result]
            if not any(reads(text, names[1]) for text in behind):
                value = kept[-1].text.removeprefix(f"{names[1]} = ")
                kept[-1] = replace(kept[-1], text=f"{names[0]} = {value}")
                continue
        kept.append(line)
    return kept


def _common(bodies: list[list[Indented]]) -> list[Indented]:
    """Return the body that all share; a comment stays where it is true of every turn."""
    return [
        lines[0] if all(line.comment == lines[0].comment for line in lines) else replace(lines[0], comment="")
        for lines in zip(*bodies, strict=True)
    ]


def _deeper(lines: list[Indented]) -> list[Indented]:
    return [replace(line, level=line.level + 1) for line in lines]


def module_list(elements: Sequence[Resolved | None], container: str = "nn.ModuleList") -> Resolved:
    """Return the list of the layers of a loop's turns: a comprehension where they are alike.

    A turn without the layer (None) has an ``nn.Identity()``, or in a list of parameters ``None``.
    """
    hole = Resolved("None" if container == "nn.ParameterList" else "nn.Identity()")
    runs: list[list[Resolved]] = []
    for element in (element or hole for element in elements):
        if runs and runs[-1][0].text == element.text:
            runs[-1].append(element)
        else:
            runs.append([element])
    runs = [part for run in runs for part in _parted(run)]
    if len(runs) == 1 and len(runs[0]) > 1:
        return _wrapped(f"{container}(", _comprehension(runs[0]), ")")
    items = [run[0] if len(run) == 1 else _wrapped("*(", _comprehension(run), ")") for run in runs]
    text = ", ".join(item.text for item in items)
    return Resolved(
        f"{container}([{text}])",
        tuple(text for item in items for text in item.holes),
        tuple(word for item in items for word in item.words),
    )


def _parted(run: list[Resolved]) -> list[list[Resolved]]:
    """Part a run whose first element alone has other numbers: ``[Stage(64, 128), *(Stage(128, 128) for …)]``.

    Of two elements, those that hold lists stay together.
    """
    if len(run) == 2 and "List(" in run[0].text:
        return [run]
    if len(run) > 1 and run[0] != run[1] and all(element == run[1] for element in run[2:]):
        return [run[:1], run[1:]]
    return [run]


def _wrapped(before: str, inner: Resolved, after: str) -> Resolved:
    return Resolved(before + inner.text + after, inner.holes, inner.words)


def _comprehension(run: list[Resolved]) -> Resolved:
    """Return a generator over elements that are alike but for numbers."""
    first = run[0]
    columns = [tuple(element.holes[index] for element in run) for index in range(len(first.holes))]
    variables: dict[tuple[str, ...], str] = {}
    words = set(_READ.findall(first.text))
    holes: list[str] = []
    pieces = first.text.split(HOLE)
    text = pieces[0]
    left: list[str] = []
    left_words: list[str] = []
    for column, word, piece in zip(columns, first.words, pieces[1:], strict=True):
        if len(set(column)) == 1:
            text += HOLE
            left.append(column[0])
            left_words.append(word)
        else:
            if column not in variables:
                variables[column] = free(word or "size", words, variables.values())
            text += variables[column]
        text += piece
    holes = left
    if not variables:
        return Resolved(f"{text} for _ in range({HOLE})", (*holes, str(len(run))), (*left_words, "repeats"))
    names = ", ".join(variables.values())
    words_of = [first.words[columns.index(column)] for column in variables]
    rows = [tuple(column[index] for column in variables) for index in range(len(run))]
    steps = _steps([row[0] for row in rows]) if len(variables) == 1 else None
    if steps is not None:
        start, stop, step = steps
        ends = ("stop",) if (start, step) == ("0", "1") else ("start", "stop")
        by = f", {step}" if step != "1" else ""
        source = f"range({', '.join(HOLE for _ in ends)}{by})"
        return Resolved(f"{text} for {names} in {source}", (*holes, *(start, stop)[-len(ends) :]), (*left_words, *ends))
    if len(variables) == 1:
        values = ", ".join(HOLE for _ in rows)
    else:
        values = ", ".join("(" + ", ".join(HOLE for _ in row) + ")" for row in rows)
    return Resolved(
        f"{text} for {names} in ({values})",
        (*holes, *(value for row in rows for value in row)),
        (*left_words, *(words_of[index] for _ in rows for index in range(len(variables)))),
    )


def _steps(values: list[str]) -> tuple[str, str, str] | None:
    """Return start, stop and step of the range that numbers are, if four or more are one."""
    if len(values) < 4 or not all(value.isdecimal() for value in values):
        return None
    numbers = [int(value) for value in values]
    step = numbers[1] - numbers[0]
    found = range(numbers[0], numbers[-1] + (1 if step > 0 else -1), step) if step else ()
    if list(found) != numbers:
        return None
    return str(numbers[0]), str(numbers[-1] + step), str(step)
