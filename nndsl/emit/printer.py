"""Break lines of Python as ``ruff format`` does, for the few forms of expressions that the generator writes."""

from __future__ import annotations

WIDTH = 88
_OPENERS = {"(": ")", "[": "]", "{": "}"}


def statement(text: str, indent: int, comment: str = "") -> list[str]:
    """Return the lines of a simple statement or a compound one's head.

    The comment stands behind the code, or in a line of its own above where both do not fit.
    """
    pad = " " * indent
    if len(pad) + len(text) <= WIDTH:
        if not comment:
            return [pad + text]
        if len(pad) + len(text) + 4 + len(comment) <= WIDTH:
            return [f"{pad}{text}  # {comment}"]
        return [f"{pad}# {comment}", pad + text]
    lines = [f"{pad}# {comment}"] if comment else []
    return lines + _broken(text, indent)


def docstring(text: str, indent: int) -> list[str]:
    """Return a docstring of one line, or of a sentence and lines wrapped at the width."""
    pad = " " * indent
    if len(pad) + len(text) + 6 <= WIDTH:
        return [f'{pad}"""{text}"""']
    lines, line = [], pad + '"""'
    for word in text.split(" "):
        if len(line) + len(word) > WIDTH and line.strip('" '):
            lines.append(line.rstrip())
            line = pad
        line += word + " "
    return [*lines, line.rstrip(), pad + '"""']


def _broken(text: str, indent: int) -> list[str]:
    """Return the lines of a text that is too long for one: its last bracket is opened, if need be part by part."""
    pad = " " * indent
    span = _last_bracket(text)
    if span is None:
        return [pad + text]
    start, end = span
    inner = text[start + 1 : end]
    if not inner:
        return [pad + text]
    lines = [pad + text[: start + 1]]
    deeper = indent + 4
    parts = [part for part in split(inner, ",") if part]
    is_call = start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_)]")
    if deeper + len(inner) <= WIDTH and (is_call or len(parts) == 1):
        lines.append(" " * deeper + inner)
    elif len(_clauses(inner)) > 1:
        lines += _generator(inner, deeper)
    elif len(parts) == 1 and " + " in inner:
        first, *others = _terms(inner)
        lines += [" " * deeper + first, *(" " * deeper + "+ " + other for other in others)]
    else:
        lines += [line for part in parts for line in _element(part, deeper)]
    lines.append(pad + text[end:])
    return lines


def _element(part: str, indent: int) -> list[str]:
    if indent + len(part) + 1 <= WIDTH:
        return [" " * indent + part + ","]
    lines = _generator(part, indent) if _clauses(part)[1:] and not part.startswith("*") else _broken(part, indent)
    lines[-1] += ","
    return lines


def _generator(text: str, indent: int) -> list[str]:
    """Return a generator's clauses, each on a line."""
    if indent + len(text) <= WIDTH:
        return [" " * indent + text]
    lines: list[str] = []
    for clause in _clauses(text):
        lines += [" " * indent + clause] if indent + len(clause) <= WIDTH else _broken(clause, indent)
    return lines


def _clauses(text: str) -> list[str]:
    parts, start, depth = [], 0, 0
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0 and index > start and text.startswith(" for ", index):
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def _terms(text: str) -> list[str]:
    """Return the terms of a sum."""
    return [part.strip() for part in split(text, "+")]


def split(text: str, separator: str) -> list[str]:
    """Split a text at the separators that stand in no bracket and no string."""
    parts, start, depth, quote = [], 0, 0, ""
    for index, character in enumerate(text):
        if quote:
            if character == quote and text[index - 1] != "\\":
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def _last_bracket(text: str) -> tuple[int, int] | None:
    """Return the places of the last bracket on the outermost level, and of what closes it."""
    found, stack, quote = None, [], ""
    for index, character in enumerate(text):
        if quote:
            if character == quote and text[index - 1] != "\\":
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "([{":
            stack.append(index)
        elif character in ")]}":
            start = stack.pop()
            if not stack and index > start + 1:
                found = (start, index)
    return found
