"""Names that stand for nothing: what may have been meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from nndsl import layers, recipes
from nndsl.arguments import ArgumentError, Kind
from nndsl.elaborate.functions import FUNCTIONS
from nndsl.elaborate.session import Stop
from nndsl.elaborate.values import ABSENT
from nndsl.suggestions import LAYERS, suggest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator

_SYMBOL = re.compile(r"[A-Z][0-9]*")
_LOOKALIKES = ("nn", "torch", "F", "keras", "tf", "layers", "self")


def is_symbol(name: str) -> bool:
    """Return whether a name may be a symbolic size: one capital letter, and digits."""
    return _SYMBOL.fullmatch(name) is not None


def unbound(evaluator: Evaluator, expression: nodes.Name) -> NoReturn:
    """Report a name that stands for nothing, once in a body (a layer once in a file). Raises Stop."""
    name, session = expression.name, evaluator.session
    is_layer = name in LAYERS or (name[:1].isupper() and len(name) > 2)
    missing = (id(evaluator.file if is_layer else evaluator.places), name)
    if missing in session.missing:
        raise Stop
    session.missing.add(missing)
    later = evaluator.body.later if evaluator.body is not None else evaluator.file.later
    if name in later or (evaluator.before is not None and name in evaluator.file.names):
        help = "names are bound by lines above, and not by those of a branch that is not taken"
        session.fail("E0202", f"`{name}` is used before it is bound", expression.span, help=help)
    known = [*evaluator.names, *evaluator.file.names]
    candidates = [*known, *layers.names(), *FUNCTIONS, *(each for kind in recipes.NAMES.values() for each in kind)]
    help = suggest(name, candidates, "layer")
    if not help and is_symbol(name):
        help = f"a symbolic size is declared where it comes in: `input x: ({name}, 8)`"
    if not help:
        help = suggest(name, (), "statement")
    called = "layer" if is_layer else "name"
    session.fail("E0201", f"unknown {called} `{name}`", expression.span, help=help)


def quoted(evaluator: Evaluator, expression: nodes.Expression, kind: Kind | None) -> None:
    """Report a name that stands for nothing where the string is an option, alone or in a list or dict."""
    waiting = [expression]
    while waiting and kind is not None:
        item = waiting.pop()
        if isinstance(item, (nodes.List, nodes.Tuple)):
            waiting += item.items
        elif isinstance(item, nodes.Dict):
            waiting += [pair.value for pair in item.pairs]
        elif isinstance(item, nodes.Name) and _is_option(evaluator, item.name, kind):
            help = f'write `"{item.name}"`: options are strings'
            evaluator.session.report("E0201", f"unknown name `{item.name}`", item.span, help=help)


def _is_option(evaluator: Evaluator, name: str, kind: Kind) -> bool:
    if name in evaluator.names or evaluator.file.find(name) is not ABSENT:
        return False
    try:
        kind.read(name)
    except ArgumentError:
        return False
    return True


def foreign_attribute(evaluator: Evaluator, expression: nodes.Attribute) -> NoReturn:
    """Report a dot that is not that of ``ops.name``. Raises Stop."""
    session, value = evaluator.session, expression.value
    outer = value.value if isinstance(value, nodes.Attribute) else value
    if isinstance(outer, nodes.Name) and outer.name == "ops":
        called = ".".join(["ops", *([value.name] if isinstance(value, nodes.Attribute) else []), expression.name])
        message = f"`{called}` stands without its brackets"
        session.fail("E0209", message, expression.span, help=f"write `{called}(…)`")
    prefix = value.name if isinstance(value, nodes.Name) else ""
    help = suggest(f"{prefix}.{expression.name}", layers.names(), "layer") if prefix in _LOOKALIKES else ""
    if not help:
        help = "a dot stands in `ops.name(…)` alone: values have no attributes"
    session.fail("E0210", f"nothing is called `.{expression.name}` here", expression.span, help=help)
