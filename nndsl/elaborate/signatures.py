"""What an extern says of its inputs and outputs, for values of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nndsl.dims import Unsolvable, solve_axes, symbol
from nndsl.elaborate.inputs import declared_dtype, name_of, sizes_of
from nndsl.elaborate.naming import is_symbol
from nndsl.elaborate.values import ABSENT, UNKNOWN, Definition, External, LayerClass
from nndsl.layers.base import FLOATS, INTEGERS
from nndsl.layers.external import Rule
from nndsl.suggestions import suggest
from nndsl.syntax import nodes
from nndsl.syntax.children import walk

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

_DTYPES = (*FLOATS, *INTEGERS)


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and the outputs of an extern, in order."""

    takes: tuple[Rule, ...]
    gives: tuple[Rule, ...]


class _Input:
    """Stands for an input where the shapes of outputs are evaluated."""

    described = "an input"


def signature_of(evaluator: Evaluator, external: External) -> Signature | None:
    """Return the rules of an extern, or None if a value in them is unknown. Raises Stop.

    ``evaluator`` has the values of the parameters.
    """
    inputs = [each for each in external.syntax.body if isinstance(each, nodes.Input)]
    taken = tuple(each.name for each in walk(external.syntax) if isinstance(each, nodes.Name) and is_symbol(each.name))
    takes: list[Rule | None] = [] if inputs else [Rule()]
    for statement in inputs:
        dtype = declared_dtype(evaluator, statement)
        takes.append(Rule(dtype=dtype) if statement.shape is None else _rule(evaluator, statement.shape, dtype, taken))
        _bind(evaluator, statement)
    known = [each for each in takes if each is not None]
    if len(known) == len(takes):
        _check_solvable(evaluator, inputs, known)
    for statement in inputs:
        evaluator.names.setdefault(name_of(statement), _Input())
    leading = any(each.shape is not None and _has_leading(each.shape) for each in inputs)
    items = [item for each in external.syntax.body if isinstance(each, nodes.Output) for item in each.items]
    gives = [_output(evaluator, item, leading) for item in items]
    found = [each for each in gives if each is not None]
    complete = len(known) == len(takes) and len(found) == len(gives)
    return Signature(tuple(known), tuple(found)) if complete else None


def _bind(evaluator: Evaluator, statement: nodes.Input) -> None:
    """Bind the symbols in the shape of an input, for the shapes behind it."""
    for each in walk(statement.shape) if statement.shape is not None else ():
        if isinstance(each, nodes.Name) and is_symbol(each.name) and evaluator.file.find(each.name) is ABSENT:
            evaluator.names.setdefault(each.name, symbol(each.name))


def _rule(
    evaluator: Evaluator, shape: nodes.Expression, dtype: str | None, taken: tuple[str, ...], *, declares: bool = True
) -> Rule | None:
    """Return the rule of a shape, or None if something in it is unknown. Raises Stop."""
    leading = _has_leading(shape)
    behind: nodes.Expression = nodes.Tuple(_items(shape)[1:], span=shape.span) if leading else shape
    sizes = sizes_of(evaluator, behind, taken, declares=declares)
    return None if sizes is UNKNOWN else Rule(tuple(sizes), leading, dtype)


def _items(shape: nodes.Expression) -> tuple[nodes.Expression, ...]:
    return shape.items if isinstance(shape, nodes.Tuple) else (shape,)


def _has_leading(shape: nodes.Expression) -> bool:
    """Return whether a shape begins with ``...``."""
    items = _items(shape)
    return bool(items) and isinstance(items[0], nodes.Ellipsis)


def _check_solvable(evaluator: Evaluator, inputs: list[nodes.Input], rules: list[Rule]) -> None:
    """Refuse symbols that do not follow from the sizes that come in. Raises Stop."""
    declared = {str(number): rule.sizes for number, rule in enumerate(rules) if rule.sizes is not None}
    try:
        solve_axes(declared)
    except Unsolvable as unsolvable:
        shape = inputs[int(unsolvable.input)].shape
        assert shape is not None
        message = f"`{unsolvable.size}` does not say what {' and '.join(unsolvable.missing)} are"
        help = "give each symbol an axis of its own, `H` or `2 * H + 1`"
        evaluator.session.fail("E0325", message, shape.span, help=help)


def _output(evaluator: Evaluator, item: nodes.OutputItem, leading: bool) -> Rule | None:
    """Return the rule of an output; ``leading`` says whether an input has leading sizes. Raises Stop."""
    if _constructs(evaluator, item.value):
        message = "what an `extern` gives is a shape, and this is a layer"
        evaluator.session.fail("E0324", message, item.value.span, help="write the sizes: `output (T, units)`")
    shape, dtype = _typed(evaluator, item.value)
    for size in _items(shape):
        if isinstance(size, nodes.Name) and size.name == "_":
            help = "give the size a letter in the input that it comes from, or compute it"
            evaluator.session.fail("E0324", "`_` is any size, and an output's must be known", size.span, help=help)
    if _has_leading(shape) and not leading:
        message = "`...` stands for the leading sizes of an input, and no input has any"
        help = "write `...` in front of the sizes of an input too"
        evaluator.session.fail("E0325", message, item.span, help=help)
    return _rule(evaluator, shape, dtype, (), declares=False)


def _constructs(evaluator: Evaluator, value: nodes.Expression) -> bool:
    """Return whether a value is a layer, or goes through some."""
    if isinstance(value, nodes.Chain):
        return True
    callee = value.callee if isinstance(value, nodes.Call) else None
    found = evaluator.file.find(callee.name) if isinstance(callee, nodes.Name) else None
    return isinstance(found, (LayerClass, Definition, External))


def _typed(evaluator: Evaluator, value: nodes.Expression) -> tuple[nodes.Expression, str | None]:
    """Return the shape in ``dtype(…)``, and the dtype, or the whole value and None. Raises Stop."""
    if not isinstance(value, nodes.Call) or not isinstance(value.callee, nodes.Name):
        return value, None
    name = value.callee.name
    if name not in _DTYPES:
        known: Any = evaluator.names.get(name, evaluator.file.find(name))
        if known is not ABSENT:
            return value, None
        help = suggest(name, _DTYPES, "value")
        evaluator.session.fail("E0304", f"there is no dtype `{name}`", value.callee.span, help=help)
    for argument in value.arguments:
        if argument.name is not None:
            help = "write the dimensions alone: `(28, 28)`"
            evaluator.session.fail("E0110", f"a dimension has no name `{argument.name}=`", argument.span, help=help)
    items = tuple(argument.value for argument in value.arguments)
    if len(items) == 1 and isinstance(items[0], nodes.Tuple):
        return items[0], name
    return nodes.Tuple(items, span=value.span), name
