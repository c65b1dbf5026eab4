"""The ``compile`` and ``fit`` blocks of a model, checked against its inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nndsl.elaborate.endings import ending
from nndsl.elaborate.naming import quoted
from nndsl.elaborate.values import is_unknown
from nndsl.graph import Tensor
from nndsl.recipes.base import RecipeKind
from nndsl.settings import CompileSettings, FitSettings, ModelOutput, Written, check_settings

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator
    from nndsl.elaborate.statements import Statements

_RECIPES = {
    "optimizer": RecipeKind("optimizer"),
    "loss": RecipeKind("loss"),
    "metrics": RecipeKind("metric"),
    "weighted_metrics": RecipeKind("metric"),
}
"""The settings that take recipes which have names, written as strings."""


def model_settings(
    evaluator: Evaluator, statements: Statements, known: bool
) -> tuple[CompileSettings | None, FitSettings | None]:
    """Return the settings of a model's ``compile`` and ``fit`` blocks; mistakes are reported.

    They are checked against the model's outputs if these are ``known``.
    """
    if not statements.settings:
        return None, None
    body, session = statements.body, evaluator.session
    outputs = [_output(name, tensor) for name, tensor, _ in body.outputs] if known else None
    inputs = [node.hint for node in body.inputs]
    found: dict[str, CompileSettings | FitSettings] = {}
    for kind in ("compile", "fit"):
        if kind not in statements.settings:
            continue
        written = []
        for setting in statements.settings[kind].settings:
            quoted(evaluator, setting.value, _RECIPES.get(setting.name.name))
            value = evaluator.attempt(setting.value)
            if not is_unknown(value):
                written.append(Written(setting.name.name, value, setting.span, setting.value.span, setting.value))
        compiled = cast("CompileSettings | None", found.get("compile"))
        found[kind], diagnostics = check_settings(kind, written, outputs, inputs, compiled)
        for each in diagnostics:
            session.keep(each)
    return cast("CompileSettings | None", found.get("compile")), cast("FitSettings | None", found.get("fit"))


def _output(name: str, tensor: Tensor) -> ModelOutput:
    kind = tensor.type
    size = kind.shape[-1] if kind.rank > 1 else None
    found = ending(tensor)
    return ModelOutput(name, found.activation, size, found.node.span, kind.rank, kind.dtype)
