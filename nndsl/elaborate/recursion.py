"""Blocks and models that use themselves."""

from __future__ import annotations

from nndsl.elaborate.scope import FileScope
from nndsl.elaborate.values import Definition
from nndsl.syntax import nodes


def report_recursion(file: FileScope) -> None:
    """Report each circle of blocks and models, at the use that closes it."""
    uses = {id(each.syntax): _uses(file, each) for each in file.definitions if not each.is_alias}
    done: set[int] = set()
    for start in file.definitions:
        if start.is_alias or id(start.syntax) in done:
            continue
        path: list[Definition] = [start]
        above = {id(start.syntax)}
        waiting = [iter(uses[id(start.syntax)])]
        while waiting:
            found = next(waiting[-1], None)
            if found is None:
                waiting.pop()
                last = id(path.pop().syntax)
                above.discard(last)
                done.add(last)
                continue
            used, place = found
            key = id(used.syntax)
            if key in above:
                names = [each.name for each in path]
                circle = names[[id(each.syntax) for each in path].index(key) :]
                shown = circle if len(circle) <= 6 else [*circle[:3], "…", *circle[-2:]]
                message = f"`{used.name}` uses itself: {' -> '.join([*shown, used.name])}"
                file.session.report("E0203", message, place.span, help="there is no recursion: use a `for` loop")
            elif key not in done:
                path.append(used)
                above.add(key)
                waiting.append(iter(uses[key]))


def _uses(file: FileScope, definition: Definition) -> list[tuple[Definition, nodes.Name]]:
    """Return the blocks and models of the file that a definition names, each once, with the first place."""
    found: dict[int, tuple[Definition, nodes.Name]] = {}
    for name, place in file.reading(definition).names.items():
        value = file.names.get(name)
        if isinstance(value, Definition) and value.file is file:
            found.setdefault(id(value.syntax), (value, place))
    return list(found.values())
