"""Break lines of Python as ``ruff format`` does, for the forms of statements that the generator writes."""

from __future__ import annotations

import re

from nndsl.emit.spacing import spaced

WIDTH = 88
_OPENERS = "([{"
_CLOSERS = ")]}"
_PRECEDENCE = (
    (" or ",),
    (" and ",),
    (" == ", " != ", " <= ", " >= ", " < ", " > "),
    (" + ", " - "),
    (" * ", " // ", " / ", " % ", " @ "),
    (" ** ",),
)
_METHOD = re.compile(r"\.\w+\(")
_HEAD = re.compile(r"(return |raise |if |for [\w, ]+ in |[\w.,*\[\]() ]+ = |\*|\w+=)")


def statement(text: str, indent: int, comment: str = "") -> list[str]:
    """Return the lines of a simple statement or a compound one's head.

    The comment stands behind the code, or in a line of its own above where both do not fit.
    """
    pad, text = " " * indent, spaced(text)
    if len(pad) + len(text) <= WIDTH:
        if not comment:
            return [pad + text]
        if len(pad) + len(text) + 4 + len(comment) <= WIDTH:
            return [f"{pad}{text}  # {comment}"]
        return [f"{pad}# {comment}", pad + text]
    lines = [f"{pad}# {comment}"] if comment else []
    if text.startswith("def "):
        return lines + _definition(text, indent)
    head, tail = _headed(text), ":" if text.endswith(":") else ""
    value = text[len(head) : len(text) - len(tail)]
    broken = _expression(head, value, tail, indent)
    if head.startswith("for ") and len(broken[0]) > WIDTH:
        targets = [f"{pad}    {target}," for target in split(head[len("for ") : -len(" in ")], ",")]
        broken = [f"{pad}for (", *targets, *_expression(") in ", value, tail, indent)]
    return lines + broken


def docstring(text: str, indent: int) -> list[str]:
    """Return a docstring of one line, or of lines that are broken where no bracket is open."""
    pad = " " * indent
    if len(pad) + len(text) + 6 <= WIDTH:
        return [f'{pad}"""{text}"""']
    lines, line = [], pad + '"""'
    for word in _words(text):
        if len(line) + len(word) > WIDTH and line.strip('" '):
            lines.append(line.rstrip())
            line = pad
        line += word + " "
    if not lines:
        return [line.rstrip() + '"""']
    return [*lines, line.rstrip(), pad + '"""']


def split(text: str, separator: str) -> list[str]:
    """Split a text at the separators that stand in no bracket and no string."""
    parts, start = [], 0
    for index, character in _outside(text):
        if character == separator:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def _outside(text: str) -> list[tuple[int, str]]:
    """Return the characters, with their places, that stand in no bracket and no string; brackets among them."""
    found, depth, quote = [], 0, ""
    for index, character in enumerate(text):
        if quote:
            if character == quote and text[index - 1] != "\\":
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in _OPENERS:
            if not depth:
                found.append((index, character))
            depth += 1
        elif character in _CLOSERS:
            depth -= 1
            if not depth:
                found.append((index, character))
        elif not depth:
            found.append((index, character))
    return found


def _words(text: str) -> list[str]:
    """Return what is separated by spaces that stand in no bracket, and not behind one: a shape keeps its dtype."""
    words, start = [], 0
    for index, character in _outside(text):
        if character == " " and text[index - 1] != ")":
            words.append(text[start:index])
            start = index + 1
    return [*words, text[start:]]


def _headed(text: str) -> str:
    """Return what stands before the expression of a statement or an argument: ``return``, a target, a keyword."""
    found = _HEAD.match(text)
    return found[0] if found is not None else ""


def _definition(text: str, indent: int) -> list[str]:
    """Return the head of a function: its parameters are broken first, then what it returns."""
    pad = " " * indent
    (start, end), *_ = _brackets(text)
    lines = [pad + text[: start + 1]]
    parameters = text[start + 1 : end]
    if indent + 4 + len(parameters) <= WIDTH:
        lines.append(" " * (indent + 4) + parameters)
    else:
        lines += [" " * (indent + 4) + parameter + "," for parameter in split(parameters, ",")]
    returned = text[end + 1 : -1]
    return [*lines, *_broken(")" + returned, ":", indent)]


def _expression(head: str, text: str, tail: str, indent: int, *, inside: bool = False) -> list[str]:
    """Return an expression on as many lines as it needs, between what stands before and behind it.

    ``inside`` brackets it is broken as it stands; outside it gets brackets of its own where it has to be broken
    elsewhere than in the brackets that it has.
    """
    pad, deeper = " " * indent, " " * (indent + 4)
    if len(pad + head + text + tail) <= WIDTH:
        return [pad + head + text + tail]
    parts = split(text, ",")
    if len(parts) > 1:
        return [f"{pad}{head}(", *_listed(parts, indent + 4), f"{pad}){tail}"]
    operands = _operands(text)
    if len(operands) > 1:
        if inside:
            *others, (operator, last) = operands
            heads = [head, *(f"{each} " for each, _ in others[1:])]
            lines = [
                line
                for each, (_, operand) in zip(heads, others, strict=True)
                for line in _expression(each, operand, "", indent, inside=True)
            ]
            return [*lines, *_expression(f"{operator} ", last, tail, indent, inside=True)]
        if len(operands) == 2 and text[-1] in _CLOSERS and text[-2] not in _OPENERS:
            lines = _broken(head + text, tail, indent)
            if len(lines[0]) <= WIDTH:
                return lines
        lines = _expression("", text, "", indent + 4, inside=True)
        return [f"{pad}{head}(", *lines, f"{pad}){tail}"]
    calls = _chained(text)
    if len(calls) > 2:
        if inside:
            first, *lines = [line for call in calls[:-1] for line in _broken(call, "", indent)]
            return [pad + head + first.lstrip(), *lines, *_broken(calls[-1], tail, indent)]
        whole = len(deeper + text) <= WIDTH
        lines = [deeper + text] if whole else [line for call in calls for line in _broken(call, "", indent + 4)]
        return [f"{pad}{head}(", *lines, f"{pad}){tail}"]
    if not inside and head and not _brackets(text) and len(deeper + text) <= WIDTH:
        return [f"{pad}{head}(", deeper + text, f"{pad}){tail}"]
    return _broken(head + text, tail, indent)


def _broken(text: str, tail: str, indent: int) -> list[str]:
    """Return a text broken in its brackets: in the last that is not empty, if what stands before fits."""
    pad = " " * indent
    places = _brackets(text)
    if len(pad + text + tail) <= WIDTH or not places:
        return [pad + text + tail]
    late = [number for number, (start, _) in enumerate(places) if number and len(pad) + start + 1 > WIDTH]
    start, end = places[late[0] - 1 if late else -1]
    is_call = start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_)]")
    inner = _inner(text[start + 1 : end], indent + 4, is_call=is_call)
    return [pad + text[: start + 1], *inner, *_broken(text[end:], tail, indent)]


def _inner(text: str, indent: int, *, is_call: bool) -> list[str]:
    """Return what stands in brackets that are broken."""
    clauses = _clauses(text)
    parts = [text] if clauses[1:] else [part for part in split(text, ",") if part]
    if indent + len(text) <= WIDTH and (is_call or len(parts) == 1) and not text.endswith(","):
        return [" " * indent + text]
    if clauses[1:]:
        element = _expression("", clauses[0], "", indent, inside=True)
        return [*element, *(line for clause in clauses[1:] for line in _broken(clause, "", indent))]
    if len(parts) == 1 and not text.endswith(","):
        return _expression("", text, "", indent, inside=True)
    return _listed(parts, indent)


def _listed(parts: list[str], indent: int) -> list[str]:
    lines = []
    for part in parts:
        head = _headed(part)
        lines += _expression(head, part[len(head) :], ",", indent, inside=True)
    return lines


def _brackets(text: str) -> list[tuple[int, int]]:
    """Return the places of the brackets on the outermost level that are not empty, and of what closes them."""
    found, start = [], 0
    skipped = 1 if text[:1] in _CLOSERS else 0
    for index, character in _outside(text[skipped:]):
        if character in _OPENERS:
            start = index
        elif character in _CLOSERS and index > start + 1:
            found.append((start + skipped, index + skipped))
    return found


def _clauses(text: str) -> list[str]:
    """Return the clauses of a generator, each with its ``for``."""
    places = [index for index, character in _outside(text) if character == " " and text.startswith(" for ", index)]
    starts = [0, *(place + 1 for place in places)]
    return [text[start:end] for start, end in zip(starts, [*places, len(text)], strict=True)]


def _chained(text: str) -> list[str]:
    """Return a call and the methods that are called on what it gives: ``f(x)``, ``.to(y)``, ``.mean()``."""
    places = [
        index
        for index, character in _outside(text)
        if character == "." and text[index - 1] == ")" and _METHOD.match(text, index)
    ]
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def _operands(text: str) -> list[tuple[str, str]]:
    """Return the operands of the operators that bind least, each with the operator before it."""
    outside = [index for index, _ in _outside(text)]
    for operators in _PRECEDENCE:
        places = [
            (index, operator)
            for index in outside
            for operator in operators
            if index and text.startswith(operator, index)
        ]
        if places:
            starts = [0, *(index + len(operator) for index, operator in places)]
            ends = [*(index for index, _ in places), len(text)]
            found = ["", *(operator.strip() for _, operator in places)]
            return [(each, text[start:end]) for each, start, end in zip(found, starts, ends, strict=True)]
    return [("", text)]
