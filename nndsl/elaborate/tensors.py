"""Operators on tensors: each is a hidden layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.arguments import describe
from nndsl.elaborate.applying import hidden
from nndsl.elaborate.session import Fault
from nndsl.elaborate.values import LAYERS
from nndsl.graph import Tensor
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

_SIGNS = ("+", "-", "*", "/", "**")


def is_arithmetic(sign: str, left: object, right: object) -> bool:
    """Return whether an operator has a tensor on one side. Raises Fault if it takes none."""
    for value, other in ((left, right), (right, left)):
        if isinstance(value, LAYERS):
            help = "apply it first: `layer(x)`"
            if isinstance(other, Tensor):
                help = "apply it to a tensor: `x + (x -> layer)`"
            raise Fault("E0310", f"`{sign}` takes constants and tensors, and this is {describe(value)}", help)
    if not isinstance(left, Tensor) and not isinstance(right, Tensor):
        return False
    if sign == "in" or isinstance(left, (list, tuple)) or isinstance(right, (list, tuple)):
        return False
    if sign not in _SIGNS:
        raise Fault(
            "E0310",
            f"`{sign}` does not take a tensor",
            "there are `+`, `-`, `*`, `/` and `**` of tensors"
            if sign in "//%"
            else "comparisons are of constants: what a tensor holds is known at run time alone",
        )
    return True


def binary(evaluator: Evaluator, node: nodes.Binary, left: Any, right: Any) -> Any:
    """Return ``left sign right`` where one side is a tensor at least. Raises Stop or Fault."""
    from nndsl.layers.arithmetic import Arithmetic, ConstantArithmetic

    sign = node.operator
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return hidden(evaluator, Arithmetic(sign), (left, right), node)
    constant, tensor = (right, left) if isinstance(left, Tensor) else (left, right)
    if isinstance(constant, bool) or not isinstance(constant, (int, float)):
        raise Fault("E0310", f"`{sign}` does not take {describe(left)} and {describe(right)}")
    if constant == 0 and sign == "/" and isinstance(left, Tensor):
        raise Fault("E0312", "a division by zero")
    layer = ConstantArithmetic(sign, constant, reversed=not isinstance(left, Tensor))
    return hidden(evaluator, layer, (tensor,), node)


def negative(evaluator: Evaluator, node: nodes.Unary, operand: Tensor) -> Any:
    """Return ``-x``. Raises Stop."""
    from nndsl.layers.arithmetic import Negative

    if node.operator == "not":
        evaluator.fail(Fault("E0311", "`not` takes a constant, and this is a tensor"), node)
    return hidden(evaluator, Negative(), (operand,), node)
