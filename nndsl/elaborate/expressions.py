"""The values of expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from nndsl import recipes
from nndsl.arguments import describe
from nndsl.dims import Dim, symbol
from nndsl.elaborate import tensors
from nndsl.elaborate.applying import apply
from nndsl.elaborate.constructing import call_value
from nndsl.elaborate.indexing import item_of
from nndsl.elaborate.naming import is_symbol, unbound
from nndsl.elaborate.operators import binary, measured, truth, unary
from nndsl.elaborate.session import Fault, Session, Stop
from nndsl.elaborate.values import (
    ABSENT,
    CALLABLES,
    LAYERS,
    UNKNOWN,
    Composed,
    Formula,
    Function,
    LayerValue,
    Operations,
    RecipeClass,
    is_unknown,
)
from nndsl.graph import Made, Tensor, Turn
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.body import Body
    from nndsl.elaborate.places import Places
    from nndsl.elaborate.scope import FileScope


class Evaluator:
    """Evaluates the expressions of one body, or of the top level (``body`` and ``places`` are None there).

    ``names`` are those that the body binds. ``before`` is the number of the file's name that is being defined: only
    earlier ones are seen. ``policy`` is the dtype policy of layers that do not say it: the block's, else the file's.
    """

    def __init__(
        self,
        session: Session,
        file: FileScope,
        names: dict[str, object],
        body: Body | None = None,
        places: Places | None = None,
        before: int | None = None,
        policy: str | None = None,
    ) -> None:
        self.session = session
        self.file = file
        self.names = names
        self.body = body
        self.places = places
        self.before = before
        self.policy = policy or session.settings.get("dtype_policy", "float32")
        self.trainable = True
        """Whether layers are trained unless they say otherwise: not inside a block that is frozen."""
        self.turns: tuple[Turn, ...] = ()
        self.hint = ""
        self.hints: tuple[str, ...] = ()
        """The names of the statement that takes a value apart."""
        self.owners: dict[int, Made] = {}
        """The blocks whose arguments are being evaluated, by the identities of their calls."""
        self.default_owner: Made | None = None
        """The instance whose default arguments are being evaluated."""
        self.is_dead = False
        """While a part is looked at that is never evaluated: what a name stands for may not fit there."""
        self.symbols: dict[str, Dim] | None = None
        """While the shape of an input is evaluated: the new symbols in it."""

    def value(self, expression: nodes.Expression) -> Any:
        """Return the value of an expression. Raises Stop."""
        return _METHODS[type(expression)](self, expression)

    def attempt(self, expression: nodes.Expression) -> Any:
        """Return the value of an expression, or UNKNOWN if it has none."""
        try:
            return _METHODS[type(expression)](self, expression)
        except Stop:
            return UNKNOWN

    def look_at(self, expression: nodes.Expression) -> None:
        """Check the names in what is not evaluated, if that is what the body is gone through for."""
        if self.body is None or not self.body.checking:
            return
        outer, self.is_dead = self.is_dead, True
        try:
            self.attempt(expression)
        finally:
            self.is_dead = outer

    def fail(self, fault: Fault, expression: nodes.Node) -> NoReturn:
        """Report a fault at an expression. Raises Stop."""
        self.session.fail(fault.code, fault.message, expression.span, label=fault.label, help=fault.help)

    def resolve(self, expression: nodes.Name) -> object:
        """Return what a name stands for, which may be a class or a function. Raises Stop."""
        name = expression.name
        value = self.names.get(name, ABSENT)
        if value is not ABSENT:
            return value
        value = self.file.find(name, self.before)
        if value is not ABSENT:
            return value
        if self.symbols is not None and is_symbol(name):
            if name == "N":
                self.session.fail("E0325", "`N` is the batch, which shapes leave out", expression.span)
            return self.symbols.setdefault(name, symbol(name))
        return unbound(self, expression)

    def _name(self, expression: nodes.Name) -> object:
        value = self.resolve(expression)
        if isinstance(value, CALLABLES):
            kind = "a recipe is made" if isinstance(value, RecipeClass) else "a layer is constructed"
            kind = "a function is called" if isinstance(value, (Function, Formula)) else kind
            help = f"write `{expression.name}(…)`: {kind}"
            if self.symbols is not None and is_symbol(expression.name):
                what = f"a {recipes.kinds_of(value.name)[0]}" if isinstance(value, RecipeClass) else describe(value)
                message = f"`{expression.name}` is {what}, and so it is no symbol"
                self.session.fail("E0209", message, expression.span, help="take another letter for the size")
            self.session.fail("E0209", f"`{expression.name}` stands without its brackets", expression.span, help=help)
        if isinstance(value, Operations):
            help = "write `ops.name(…)`"
            self.session.fail("E0209", "`ops` stands without the name of an operation", expression.span, help=help)
        return UNKNOWN if self.is_dead else value

    def _constant(self, expression: nodes.Number | nodes.String | nodes.Literal) -> object:
        return expression.value

    def _ellipsis(self, expression: nodes.Ellipsis) -> NoReturn:
        help = "write `:` for each axis of an index, `_` for an axis of any size"
        message = "`...` stands in front of the sizes of an `extern` alone"
        self.session.fail("E0117", message, expression.span, help=help)

    def _tuple(self, expression: nodes.Tuple) -> object:
        return self.measured(tuple([self.attempt(item) for item in expression.items]), expression)

    def _list(self, expression: nodes.List) -> object:
        return self.measured([self.attempt(item) for item in expression.items], expression)

    def measured(self, value: object, expression: nodes.Expression) -> object:
        """Return a value made of others, after its size has been counted. Raises Stop."""
        try:
            return measured(self.session, value)
        except Fault as fault:
            self.fail(fault, expression)

    def _dict(self, expression: nodes.Dict) -> object:
        result: dict[object, object] = {}
        for pair in expression.pairs:
            key = self.attempt(pair.key)
            value = self.attempt(pair.value)
            if key is UNKNOWN:
                return UNKNOWN
            if not isinstance(key, (str, int, float)) and key is not None:
                message = f"the key of a dict is a string or a number, not {describe(key)}"
                self.session.fail("E0316", message, pair.key.span)
            if key in result:
                self.session.fail("E0316", f"the key {describe(key)} stands twice", pair.key.span)
            result[key] = value
        return self.measured(result, expression)

    def _call(self, call: nodes.Call) -> object:
        return call_value(self, call)

    def _attribute(self, expression: nodes.Attribute) -> NoReturn:
        from nndsl.elaborate.naming import foreign_attribute

        foreign_attribute(self, expression)

    def _index(self, expression: nodes.Index) -> object:
        return item_of(self, expression)

    def _unary(self, expression: nodes.Unary) -> object:
        operand = self.value(expression.operand)
        if operand is UNKNOWN:
            return UNKNOWN
        if isinstance(operand, Tensor):
            return tensors.negative(self, expression, operand)
        try:
            return unary(expression.operator, operand)
        except Fault as fault:
            self.fail(fault, expression)

    def _binary(self, expression: nodes.Binary) -> object:
        # A row of operators is a deep tree to the left: it is walked in a loop.
        spine: list[nodes.Binary] = []
        first: nodes.Expression = expression
        while isinstance(first, nodes.Binary):
            spine.append(first)
            first = first.left
        left = self.value(first)
        for node in reversed(spine):
            left = self._joined(node, left)
        return left

    def _joined(self, node: nodes.Binary, left: object) -> object:
        sign = node.operator
        if sign in ("and", "or"):
            if left is UNKNOWN:
                self.attempt(node.right)
                return UNKNOWN
            if self.holds(left, node.left) == (sign == "and"):
                return self.value(node.right)
            self.look_at(node.right)
            return left
        right = self.value(node.right)
        if left is UNKNOWN or right is UNKNOWN or self.is_dead:
            return UNKNOWN
        try:
            if tensors.is_arithmetic(sign, left, right):
                return tensors.binary(self, node, left, right)
            return binary(self.session, sign, left, right)
        except Fault as fault:
            self.fail(fault, node)

    def holds(self, value: object, expression: nodes.Expression) -> bool:
        """Return whether a condition holds. Raises Stop."""
        try:
            return truth(value)
        except Fault as fault:
            self.fail(fault, expression)

    def _ternary(self, expression: nodes.Ternary) -> object:
        condition = self.value(expression.condition)
        if condition is UNKNOWN:
            self.attempt(expression.then)
            self.attempt(expression.otherwise)
            return UNKNOWN
        arms = expression.then, expression.otherwise
        taken, other = arms if self.holds(condition, expression.condition) else arms[::-1]
        self.look_at(other)
        return self.value(taken)

    def _named(self, expression: nodes.Named) -> object:
        outer, self.hint = self.hint, expression.name
        try:
            value = self.value(expression.value)
        finally:
            self.hint = outer
        return self.named(expression, value)

    def named(self, expression: nodes.Named, value: object) -> object:
        """Bind a value to the name behind ``as``. Raises Stop."""
        if value is not UNKNOWN and not isinstance(value, Tensor):
            help = ""
            if isinstance(value, LAYERS):
                help = f"name the layer itself: `{expression.name} = …`"
            message = f"`as` names a tensor, and this is {describe(value)}"
            self.session.report("E0320", message, expression.span, help=help)
            value = UNKNOWN
        self.names[expression.name] = value
        return value

    def _chain(self, chain: nodes.Chain) -> object:
        return self.chain(chain, standing=False)

    def chain(self, chain: nodes.Chain, standing: bool) -> Any:
        """Return the value of a chain; one of layers that stands alone begins with the current value."""
        outer = self.hint
        flow: Any = None
        try:
            hints = self._hints(chain.links)
            for index, link in enumerate(chain.links):
                self.hint = hints[index] if hints else outer
                flow = self._link(link, flow, index == 0, standing)
        finally:
            self.hint = outer
        return flow

    def _hints(self, links: tuple[nodes.Expression, ...]) -> list[str]:
        """Return the name that the value of each link gets: of the nearest ``as`` at or behind it."""
        if not any(type(link) is nodes.Named for link in links):
            return []
        hints, nearest = [], self.hint
        for link in reversed(links):
            if isinstance(link, nodes.Named):
                nearest = link.name
            hints.append(nearest)
        return hints[::-1]

    def _link(self, link: nodes.Expression, flow: Any, first: bool, standing: bool) -> Any:
        if isinstance(link, nodes.Named):
            return self.named(link, self._link(link.value, flow, first, standing))
        if first and isinstance(link, nodes.Chain):
            return self.chain(link, standing)
        value = self.attempt(link)
        if first:
            return self.applied_to_current(value, link) if standing and isinstance(value, LAYERS) else value
        if value is UNKNOWN or flow is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, LAYERS):
            message = f"a link of a chain is a layer, and this is {describe(value)}"
            help = "a chain goes from a tensor through layers" if isinstance(value, Tensor) else ""
            self.session.fail("E0321", message, link.span, help=help)
        if isinstance(flow, LAYERS):
            return self.measured(compose(flow, value), link)
        return self.applied(value, flow, link)

    def applied(self, layer: LayerValue, flow: object, link: nodes.Expression) -> Any:
        """Return a layer applied to a tensor, or to a list or tuple of them. Raises Stop."""
        if is_unknown(flow):
            return UNKNOWN
        if not isinstance(flow, (Tensor, list, tuple)):
            message = f"{layer.described} is applied to tensors, and this is {describe(flow)}"
            self.session.fail("E0321", message, link.span)
        return apply(self, layer, (flow,), {}, link)

    def applied_to_current(self, layer: LayerValue, link: nodes.Expression) -> Any:
        """Return a layer applied to the current value. Raises Stop."""
        assert self.body is not None
        current = self.body.current
        if current is UNKNOWN:
            return UNKNOWN
        if current is None:
            self.session.fail(
                "E0501",
                f"{layer.described} stands alone, and there is no current value",
                link.span,
                help=self.body.advice(link.span.text),
            )
        return apply(self, layer, (current,), {}, link)

    def standing(self, expression: nodes.Expression) -> Any:
        """Return the value of an expression that stands alone: a layer takes the current value. Raises Stop."""
        if isinstance(expression, nodes.Chain):
            value = self.chain(expression, standing=True)
            # A chain that begins with an unknown link may still be one of layers.
            return self.applied_to_current(value, expression) if isinstance(value, LAYERS) else value
        if isinstance(expression, nodes.Named):
            outer, self.hint = self.hint, expression.name
            try:
                return self.named(expression, self.standing(expression.value))
            finally:
                self.hint = outer
        value = self.value(expression)
        return self.applied_to_current(value, expression) if isinstance(value, LAYERS) else value


def compose(first: LayerValue, second: LayerValue) -> Composed:
    """Return two layers one after the other, flat."""
    before = first.layers if isinstance(first, Composed) else (first,)
    behind = second.layers if isinstance(second, Composed) else (second,)
    return Composed(before + behind)


_METHODS: dict[type[nodes.Expression], Callable[[Evaluator, Any], Any]] = {
    nodes.Name: Evaluator._name,
    nodes.Number: Evaluator._constant,
    nodes.String: Evaluator._constant,
    nodes.Literal: Evaluator._constant,
    nodes.Ellipsis: Evaluator._ellipsis,
    nodes.Tuple: Evaluator._tuple,
    nodes.List: Evaluator._list,
    nodes.Dict: Evaluator._dict,
    nodes.Call: Evaluator._call,
    nodes.Attribute: Evaluator._attribute,
    nodes.Index: Evaluator._index,
    nodes.Unary: Evaluator._unary,
    nodes.Binary: Evaluator._binary,
    nodes.Ternary: Evaluator._ternary,
    nodes.Named: Evaluator._named,
    nodes.Chain: Evaluator._chain,
}
