"""Random statements of models and blocks: chains, calls, merges, shared layers, slices, loops, blocks."""

from __future__ import annotations

from collections.abc import Callable

from tests.property.attending import attention, reversed_embedding
from tests.property.bodies import NAMES, Body, Value
from tests.property.choosing import kept, link
from tests.property.operations import operation
from tests.property.pen import LARGEST, Axis, sizes, volume
from tests.property.recurring import recurrent_arguments, stacked

MERGES = ("Add()", "Subtract()", "Multiply()", "Average()", "Maximum()", "Minimum()", *("Concatenate()",) * 6)


def lone(body: Body) -> None:
    """A layer that stands alone, and takes the current value."""
    if body.current is None:
        body.current = body.value()
        body.lines.append(body.current.text)
    text, shape, dtype = body.chain(body.current, 3)
    name = body.name() if body.pen.chance(0.6) else ""
    body.lines.append(text.removeprefix(" -> ") + (f" as {name}" if name else ""))
    body.current = body.known(name, shape, dtype) if name else Value("", shape, dtype)


def chained(body: Body) -> None:
    """A chain with a name, on one line or several; some of its links have names too."""
    value = body.value()
    text, shape, dtype = value.text, value.shape, value.dtype
    arrow = "\n    -> " if body.pen.chance(0.2) else " -> "
    for _ in range(body.pen.upto(3)):
        links, shape, dtype = body.chain(Value("", shape, dtype), 2)
        text += links.replace(" -> ", arrow)
        if body.pen.chance(0.4):
            name = body.name()
            text += f" as {name}"
            body.known(name, shape, dtype)
    body.bind(text, shape, dtype)


def called(body: Body) -> None:
    """A layer that is called."""
    value = body.value()
    layer, shape, dtype = link(body.pen, value.shape, value.dtype)
    body.bind(f"{layer}({value.text})", shape, dtype)


def shared(body: Body) -> None:
    """A layer, or several composed, applied twice: behind itself, or on another value of the shape."""
    value = body.floats()
    if body.pen.chance(0.5):
        layer = kept(body.pen, value.shape)
        body.lines.append(f"shared = {layer}")
        body.bind(f"shared(shared({value.text}))", value.shape)
        return
    text, shape, _ = body.chain(value, 3)
    body.lines.append(f"shared = {text.removeprefix(' -> ')}")
    first = body.bind(f"{value.text} -> shared", shape, name="once")
    other = kept(body.pen, value.shape)
    second = body.bind(f"{value.text} -> {other} -> shared", shape, name="twice")
    body.bind(f"{first.text} {body.pen.one('+-*')} {second.text}", shape)


def merged(body: Body) -> None:
    """Branches of one value merged again."""
    value = body.floats()
    pen = body.pen
    many = pen.one((2, 2, 3))
    layer = pen.one(MERGES)
    branches = [f"{value.text} -> {kept(pen, value.shape)}" for _ in range(many if layer != "Subtract()" else 2)]
    if pen.chance(0.3):
        branches[0] = value.text
    shape = value.shape
    if layer == "Concatenate()" and shape:
        axis = pen.upto(len(shape))
        if pen.chance(0.5):
            layer = f"Concatenate(axis={axis if pen.chance(0.5) else axis - len(shape) - 1})"
            place = axis - 1
        else:
            place = len(shape) - 1
        joined = shape[place]
        shape = (*shape[:place], Axis(joined.size * len(branches), joined.fixed), *shape[place + 1 :])
    items = f"[{', '.join(branches)}]"
    body.bind(f"{layer}({items})" if pen.chance(0.5) else f"{items} -> {layer}", shape)


def vectors(body: Body) -> None:
    """Two values made vectors, and joined or multiplied."""
    pen = body.pen
    units = pen.one((4, 3, 6))
    found: list[str] = []
    for _ in range(2):
        value = body.floats()
        rank, known = len(value.shape), all(axis.fixed for axis in value.shape)
        if not known and (rank not in (2, 3) or not value.shape[0 if pen.first else -1].fixed):
            return chained(body)
        way = f" -> GlobalAveragePooling{rank - 1}D()" if rank in (2, 3) else ""
        way = way if way and not (known and pen.chance(0.4)) else " -> Flatten()"
        found.append(f"({value.text}{way} -> Dense({pen.number(units)}))")
    how = pen.one(("join", "operator", "dot", "list"))
    if how == "operator":
        body.bind(f"{found[0]} {pen.one('+-*')} {found[1]}", (Axis(units),))
    elif how == "dot":
        body.bind(f"[{', '.join(found)}] -> Dot(axes={pen.one(('1', '-1', '(1, 1)'))})", (Axis(1),))
    elif how == "list":
        body.lines.append(f"parts = [{found[0]}]")
        body.lines.append(f"parts = parts + [{found[1]}]")
        body.bind("parts -> Concatenate()", (Axis(2 * units),))
    else:
        body.bind(f"Concatenate()([{', '.join(found)}])", (Axis(2 * units),))
    return None


def calculated(body: Body) -> None:
    """Arithmetic with constants, free weights and broadcasts."""
    pen, value = body.pen, body.floats()
    x, shape = value.text, value.shape
    forms = [f"1 - {x}", f"-{x}", f"{x} ** 2", f"{x} / 2", f"2 * {x}", f"{x} * {x}", f"0.5 + {x}"]
    if shape and shape[-1].fixed:
        forms.append(f'{x} {pen.one("+*")} Weight(({pen.number(shape[-1].size)},), initializer="ones")')
        forms.append(f"[{x}, {x} -> Dense(1)] -> {pen.one(MERGES[2:6])}")
    if shape and all(axis.fixed for axis in shape):
        forms.append(f"{x} * Weight(({', '.join(str(axis.size) for axis in shape)},))")
    body.bind(pen.one(forms), shape)


def sliced(body: Body) -> None:
    """An index or a slice of an axis."""
    pen, value = body.pen, body.value()
    if not value.shape:
        return lone(body)
    axis = pen.upto(len(value.shape)) - 1
    size = value.shape[axis].size
    after = list(value.shape)
    if len(after) > 1 and pen.chance(0.4):
        index = str(pen.one((-1, 0, pen.upto(size) - 1)))
        del after[axis]
    elif value.shape[axis].text.isidentifier() and pen.chance(0.6):
        name = value.shape[axis].text
        index, after[axis] = pen.one(
            ((f":{name} // 2", Axis(max(size // 2, 1), False)), (f"{name} // 3:", Axis(size - size // 3, False)))
        )
    else:
        start, end = pen.upto(size, 1) - 1, pen.upto(size)
        form = pen.one(("start", "end", "both", "back", "step"))
        start, end = min(start, end - 1), max(start + 1, end)
        index, left = {
            "start": (f"{start}:", size - start),
            "end": (f":{end}", end),
            "both": (f"{start}:{end}", end - start),
            "back": (f"-{end}:", end),
            "step": ("::2", -(-size // 2)),
        }[form]
        after[axis] = Axis(max(left, 1), value.shape[axis].fixed or form in ("end", "both", "back"))
    body.bind(f"{value.text}[:{', :' * axis}, {index}]", tuple(after), value.dtype)
    return None


def looped(body: Body) -> None:
    """A loop of layers that leave the shape, alike in each turn or not."""
    pen, value = body.pen, body.floats()
    turns = pen.one((2, 1, 3, 0))
    name = body.name()
    if value.text != name:
        body.bind(value.text, value.shape, name=name)
    layer = kept(pen, value.shape)
    inner = [f"{name} = {name} -> {layer}"]
    if pen.chance(0.3):
        inner.append(f"if i > 0 {{\n{name} = {name} -> {kept(pen, value.shape)}\n}}")
    if pen.chance(0.3) and value.shape and value.shape[-1].fixed:
        units = value.shape[-1].size
        inner.append(f"{name} = {name} -> Dense(3 + i) -> Dense({units} if i % 2 == 0 else {units})")
    if pen.chance(0.2):
        inner = [f"for j in range({pen.upto(2)}) {{", *inner, "}"]
    body.lines += [f"for i in range({turns}) {{", *inner, "}"]


def branched(body: Body) -> None:
    """Conditions on constants."""
    pen, value = body.pen, body.value()
    taken, shape, dtype = body.chain(value, 2)
    other, _, _ = body.chain(value, 2)
    truth = pen.one((("true", True), ("1 > 2", False), ("2 in [1, 2]", True)))
    first, second = (taken, other) if truth[1] else (other, taken)
    if pen.chance(0.4):
        body.bind(f"({value.text}{first}) if {truth[0]} else ({value.text}{second})", shape, dtype)
        return
    name = body.name()
    lines = [f"if {truth[0]} {{", f"{name} = {value.text}{first}", "} else {", f"{name} = {value.text}{second}", "}"]
    body.lines += lines
    body.known(name, shape, dtype)


def stateful(body: Body) -> None:
    """Recurrent layers that give their states, and take them."""
    pen, value = body.pen, body.floats()
    if len(value.shape) != 2:
        return called(body)
    if pen.chance(0.3):
        lines, units = stacked(pen, value.text)
        body.lines += lines
        body.known("out", (Axis(units),), "float32")
        return None
    cell = pen.one(("LSTM", "GRU", "SimpleRNN"))
    units = pen.width(value.shape)
    sequences = pen.chance(0.5)
    found = recurrent_arguments(pen, cell, units)
    if sequences:
        found.append(("return_sequences", "true"))
    states = ["h", "c"] if cell == "LSTM" else ["h"]
    text = pen.call(cell, *found, ("return_state", "true"))
    initial = f"{cell}({pen.number(units)}, return_sequences=true)({value.text}, initial_state=[{', '.join(states)}])"
    body.lines.append(f"out, {', '.join(states)} = {text}({value.text})")
    shape = (value.shape[0], Axis(units)) if sequences else (Axis(units),)
    new = [Value("out", shape), *(Value(state, (Axis(units),)) for state in states)]
    names = {each.text for each in new}
    known = value.text not in names
    body.values = [each for each in body.values if each.text not in names] + new
    if known and pen.chance(0.4):
        body.bind(initial, (value.shape[0], Axis(units)))
    return None


def attended(body: Body) -> None:
    """Attention of a sequence over itself or another."""
    if not attention(body):
        called(body)


def reverted(body: Body) -> None:
    """An embedding applied in reverse."""
    if not reversed_embedding(body):
        called(body)


def products(body: Body) -> None:
    """Dot of a sequence with itself, over any axis that both have."""
    pen, value = body.pen, body.floats()
    if len(value.shape) < 2:
        return vectors(body)
    axis = pen.upto(len(value.shape))
    rest = [each for place, each in enumerate(value.shape, 1) if place != axis]
    second = f"{value.text} -> {kept(pen, value.shape)}"
    if pen.chance(0.3):
        second = value.text
    body.bind(f"[{value.text}, {second}] -> Dot({axis}, normalize={pen.one(('false', 'true'))})", (*rest, *rest))
    return None


def blocked(body: Body) -> None:
    """A block, written for a value, and applied to it once or several times, alone or in a loop."""
    pen, value = body.pen, body.floats()
    if body.depth >= 2 or not value.shape:
        return chained(body)
    name, after = body.file.block(pen, value, body.depth)
    units = pen.width(value.shape)
    others = [each for each in body.values if each.is_float and len(each.shape) == len(value.shape) and each != value]
    if others and after and pen.chance(0.3):
        other = pen.one(others)
        body.bind(f"{other.text} -> {name}({units})", (*other.shape[:-1], after[-1]), name="again")
    if pen.chance(0.15):
        body.lines.append(f"shared = {name}({units})")
        first = body.bind(f"shared({value.text})", after, name="once")
        other = Value(f"({value.text} -> {kept(pen, value.shape)})", value.shape)
        body.bind(f"{first.text} + shared({other.text})", after)
        return None
    call = f"{name}({units})" if pen.chance(0.5) else f"{name}(units={units}, rate=0.3)"
    if sizes(after) == sizes(value.shape) and pen.chance(0.5):
        if pen.chance(0.5):
            body.bind(f"{value.text} -> {call} -> {name}({units + pen.upto(1, 0)})", value.shape)
        else:
            bound = value if value.text in NAMES else body.bind(value.text, value.shape, name="y")
            body.lines += [f"for i in range(2) {{\n{bound.text} = {bound.text} -> {call}\n}}"]
        return None
    body.bind(f"{call}({value.text})" if pen.chance(0.3) else f"{value.text} -> {call}", after)
    return None


def wrapped(body: Body) -> None:
    """A layer as the argument of a block."""
    pen, value = body.pen, body.floats()
    body.file.wrapper()
    if pen.chance(0.3):
        body.lines.append(f"shared = {kept(pen, value.shape)}")
        text = pen.one(("Wrapped(shared)", "shared -> Wrapped(shared)", "Wrapped(shared) -> Wrapped(shared)"))
        body.bind(f"{value.text} -> {text}", value.shape)
    elif pen.chance(0.3):
        body.bind(f"{value.text} -> Wrapped({kept(pen, value.shape)} -> {kept(pen, value.shape)})", value.shape)
    elif pen.chance(0.2):
        body.bind(f"{value.text} -> Wrapped(Wrapped({kept(pen, value.shape)}))", value.shape)
    else:
        body.bind(f"{value.text} -> Wrapped({kept(pen, value.shape)})", value.shape)


def modelled(body: Body) -> None:
    """A model inside the model."""
    pen, value = body.pen, body.floats()
    if body.depth or not value.shape or not all(axis.fixed for axis in value.shape):
        return chained(body)
    name, after = body.file.model(pen, value)
    body.bind(f"{value.text} -> {name}()", after)
    return None


def operated(body: Body) -> None:
    """Operations on a tensor."""
    value = body.floats()
    if not value.shape or volume(value.shape) > LARGEST:
        return called(body)
    text, shape, dtype = operation(body.pen, value.text, value.shape)
    body.bind(text, shape, dtype)
    return None


STATEMENTS: tuple[Callable[[Body], None], ...] = (
    lone, chained, called, lone, chained, shared, merged, merged, merged, vectors, calculated, sliced, looped, branched,
    stateful, attended, reverted, products, blocked, blocked, wrapped, modelled, operated, operated,
)  # fmt: skip


def write(body: Body, count: int) -> None:
    """Write a number of statements."""
    for _ in range(count):
        body.pen.one(STATEMENTS)(body)
