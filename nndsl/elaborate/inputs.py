"""The inputs of models and blocks: declared shapes, and the dimensions that they bind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from nndsl.arguments import describe
from nndsl.diagnostics import Note
from nndsl.dims import Conflict, Different, Dim, Origin, Size, Unsolvable, fresh, solve_axes, substitute, symbol
from nndsl.elaborate.applying import check_sizes
from nndsl.elaborate.naming import is_symbol
from nndsl.elaborate.session import Stop
from nndsl.elaborate.sizes import Difference
from nndsl.elaborate.values import UNKNOWN
from nndsl.graph import Construction, InputLayer, Node, Tensor
from nndsl.layers.base import FLOATS, INTEGERS, TensorType
from nndsl.layers.refusals import shown
from nndsl.suggestions import suggest
from nndsl.syntax import nodes
from nndsl.traced import Traced, origin_of

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

BATCH = symbol("N")
_LETTERS = {2: "C", 3: "TC", 4: "HWC", 5: "DHWC"}
"""What the sizes of a block's input are called where the block does not name them, by the rank."""

UNNAMED = "x"
"""The name of the input that has none."""


def name_of(statement: nodes.Input) -> str:
    """Return the name of an input."""
    return statement.name.name if statement.name is not None else UNNAMED


def model_input(evaluator: Evaluator, statement: nodes.Input, taken: Sequence[str]) -> Any:
    """Return the tensor of an input of the model that is compiled. Raises Stop."""
    session, scope = evaluator.session, evaluator.session.scope
    if statement.shape is None:
        name = name_of(statement)
        help = f"write `input {name}: (28, 28, 1)`, without the batch"
        session.fail("E0326", f"the input `{name}` of a model needs a shape", statement.span, help=help)
    sizes = declared_sizes(evaluator, statement, taken)
    dtype = declared_dtype(evaluator, statement) or "float32"
    if sizes is UNKNOWN:
        return UNKNOWN
    name = name_of(statement)
    for each in {each for size in sizes if isinstance(size, Dim) for each in size.symbols()}:
        evaluator.names.setdefault(each, session.put_in.get(each, symbol(each)))
    sizes = [substitute(size, session.put_in) for size in sizes]
    place = Origin(f"input {name}", statement.span)
    for size in sizes:
        if isinstance(size, Dim):
            for each in sorted(size.symbols()):
                scope.declare(each, place)
    for size in sizes:
        try:
            scope.require(size, 1, place)
        except Conflict as conflict:
            session.fail("E0425", str(conflict), statement.shape.span)
    kind = TensorType((BATCH, *sizes), dtype)
    check_sizes(evaluator, (kind,), statement)
    return Node(InputLayer(name=name), (), (kind,), statement.span, hint=name).output()


def block_input(
    evaluator: Evaluator, statement: nodes.Input | None, given: Tensor, called: str, at: nodes.Node
) -> tuple[Tensor, dict[str, tuple[int, int, int]]]:
    """Return the tensor of an input of a block that takes ``given``, and the dimensions that it binds.

    Each dimension comes with its axis, scale and offset. Raises Stop if the input does not fit.
    """
    name = name_of(statement) if statement is not None else UNNAMED
    kind = Construction(dtype=evaluator.policy).accepted(given.type)[0]
    sizes: list[Size] = _traced_sizes(evaluator, kind)
    bound: dict[str, tuple[int, int, int]] = {}
    span = statement.span if statement is not None else given.node.span
    if statement is not None:
        dtype = declared_dtype(evaluator, statement)
        if dtype is not None and kind.is_float and dtype in FLOATS:
            kind = kind.with_dtype(dtype)
        elif dtype is not None and dtype != kind.dtype:
            message = f"`{called}` takes {dtype}, and its input is {given.type.dtype}"
            evaluator.session.fail("E0405", message, at.span, notes=(_origin(given), Note("declared here", span)))
        if statement.shape is not None:
            bound = _bind(evaluator, statement, given, called, at)
            for each, (axis, scale, offset) in bound.items():
                value = evaluator.names[each]
                if isinstance(value, Traced):
                    number = value * scale + offset
                    sizes[axis - 1] = number
    node = Node(InputLayer(name=name), (), (TensorType((kind.shape[0], *sizes), kind.dtype),), span, hint=name)
    return node.output(), bound


def _traced_sizes(evaluator: Evaluator, kind: TensorType) -> list[Size]:
    """Return the sizes that come in, numbers with a symbol for their origin: what the emitted class calls them."""
    assert evaluator.body is not None
    taken = {str(name) for name in evaluator.names}
    taken |= {str(origin_of(size)) for node in evaluator.body.inputs for size in node.types[0].shape}
    sizes: list[Size] = []
    for size, letter in zip(kind.shape[1:], _LETTERS.get(kind.rank, "S" * (kind.rank - 1)), strict=True):
        name = next(each for number in count() if (each := f"{letter}{number or ''}") not in taken)
        taken.add(name)
        sizes.append(Traced(int(size), symbol(name)) if isinstance(size, int) else size)
    return sizes


def _bind(
    evaluator: Evaluator, statement: nodes.Input, given: Tensor, called: str, at: nodes.Node
) -> dict[str, tuple[int, int, int]]:
    """Bind the dimensions of a declared shape to the sizes that come in. Raises Stop if they do not fit."""
    session, name = evaluator.session, name_of(statement)
    declared = declared_sizes(evaluator, statement, ())
    if declared is UNKNOWN:
        raise Stop
    actual = given.type.shape[1:]
    notes = (_origin(given), Note("declared here", statement.span))
    wanted = f"(N, {', '.join(str(size) for size in declared)})" if declared else "(N,)"
    refusal = f"`{called}` takes {wanted}, and its input is {shown(given.type.shape)}"
    if len(declared) != len(actual):
        session.fail("E0420", refusal, at.span, notes=notes)
    try:
        axes = solve_axes({name: declared})
    except Unsolvable as unsolvable:
        assert statement.shape is not None
        message = f"`{unsolvable.size}` does not say what {' and '.join(unsolvable.missing)} are"
        help = "give each symbol an axis of its own, `H` or `2 * H + 1`"
        session.fail("E0325", message, statement.shape.span, help=help)
    place = Origin(f"input {name} of {called}", at.span)
    try:
        values, mismatches = axes.bind({name: actual}, session.scope, place)
    except Conflict as conflict:
        if len(conflict.conditions) < 2:
            session.fail("E0420", refusal, at.span, notes=notes)
        session.fail("E0425", str(conflict), at.span, notes=notes)
    for mismatch in mismatches:
        known = isinstance(mismatch.expected, int) and isinstance(mismatch.actual, int)
        if known or not isinstance(mismatch.verdict, Different):
            if known:
                session.fail("E0420", refusal, at.span, notes=notes)
            session.checks.append(Difference(mismatch.expected, mismatch.actual, f"`{called}`", at.span, None))
            continue
        difference = Difference(mismatch.expected, mismatch.actual, f"`{called}`", at.span, mismatch.verdict)
        session.differences.append(difference)
    bound: dict[str, tuple[int, int, int]] = {}
    for binding in axes.bindings:
        value = values[binding.symbol]
        if isinstance(value, int):
            value = Traced(int(value), symbol(binding.symbol))
        evaluator.names[binding.symbol] = value
        bound[binding.symbol] = (binding.axis + 1, binding.scale, binding.offset)
    return bound


def _origin(given: Tensor) -> Note:
    """Return the note that says where what a block is given comes from."""
    return Note("its input comes from here", given.node.span)


def declared_dtype(evaluator: Evaluator, statement: nodes.Input) -> str | None:
    """Return the dtype that an input declares, or None if it leaves it out. Raises Stop."""
    if statement.dtype is None:
        return None
    name = statement.dtype.name
    if name not in (*FLOATS, *INTEGERS):
        help = suggest(name, (*FLOATS, *INTEGERS), "value")
        evaluator.session.fail("E0304", f"there is no dtype `{name}`", statement.dtype.span, help=help)
    return name


def declared_sizes(evaluator: Evaluator, statement: nodes.Input, taken: Sequence[str]) -> Any:
    """Return the sizes of a declared shape, without the batch, or UNKNOWN. Raises Stop."""
    assert statement.shape is not None
    return sizes_of(evaluator, statement.shape, taken)


def sizes_of(evaluator: Evaluator, shape: nodes.Expression, taken: Sequence[str], *, declares: bool = True) -> Any:
    """Return the sizes of a shape, or UNKNOWN; new symbols may be in it if it ``declares`` them. Raises Stop."""
    items = shape.items if isinstance(shape, nodes.Tuple) else (shape,)
    values: list[Any] = []
    symbols: dict[str, Dim] = {}
    evaluator.symbols = symbols if declares else None
    try:
        for item in items:
            if declares and isinstance(item, nodes.Name) and item.name == "_":
                name = fresh({*taken, *evaluator.names, *symbols})
                symbols[name] = symbol(name)
                values.append(symbols[name])
            else:
                values.append(evaluator.attempt(item))
    finally:
        evaluator.symbols = None
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = list(values[0])
        items = items * len(values)
    spans = [item.span for item in items]
    for value, span in zip(values, spans, strict=True):
        if value is UNKNOWN:
            continue
        if isinstance(value, Dim) or (type(value) is not bool and isinstance(value, int) and value > 0):
            if isinstance(value, int) and value > evaluator.session.limits.size:
                message = f"the size {value:,} is larger than {evaluator.session.limits.size:,}"
                evaluator.session.fail("E0716", message, span)
            continue
        help = "`_` stands for any size, a capital letter for a symbolic one" if value is None else ""
        if isinstance(value, float) and value == int(value):
            help = f"write {int(value)}"
        message = f"a size is a positive integer or a symbol, not {describe(value)}"
        evaluator.session.fail("E0324", message, span, help=help)
    return UNKNOWN if any(value is UNKNOWN for value in values) else values


def unknown_symbols(evaluator: Evaluator, shape: nodes.Expression) -> None:
    """Bind the symbols in the shape of an input of a body that is only checked."""
    waiting: list[nodes.Expression] = [shape]
    while waiting:
        item = waiting.pop()
        if isinstance(item, nodes.Name):
            if is_symbol(item.name) and item.name not in evaluator.names and item.name not in evaluator.file.names:
                evaluator.names[item.name] = UNKNOWN
        elif isinstance(item, (nodes.Tuple, nodes.List)):
            waiting += item.items
        elif isinstance(item, nodes.Binary):
            waiting += (item.left, item.right)
        elif isinstance(item, nodes.Unary):
            waiting.append(item.operand)
