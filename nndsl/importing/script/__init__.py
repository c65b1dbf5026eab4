"""Scripts of Keras: their models are read from the syntax tree of Python, and nothing of them runs."""

from __future__ import annotations

import ast
from dataclasses import replace

from nndsl.diagnostics import Source, Span
from nndsl.importing.recorded import ModelRecord
from nndsl.importing.script.applying import applications, as_model, layers_of
from nndsl.importing.script.models import model_name, record_of
from nndsl.importing.script.state import State
from nndsl.importing.script.statements import Returned, execute
from nndsl.importing.script.values import Model, Scope, Sequential, refuse


def read_script(source: Source, model: str | None = None) -> ModelRecord:
    """Return the record of the model of a script.

    ``model`` is the name of a variable, or the ``name=`` of the model, where a script has several. Raises NNDSLError:
    E0901 what is no Python, E0902 what is not known without running it, E0903 no model or several, E0904 what nndsl
    has not, E0905 arguments that do not fit.
    """
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        start = sum(len(each) + 1 for each in source.text.split("\n")[: line - 1])
        end = start + len(source.text[start:].partition("\n")[0])
        message = f"this is not Python: {getattr(error, 'msg', error)}"
        raise refuse("E0901", message, Span(source, start, max(end, start))) from None
    state = State(source)
    try:
        execute(state, Scope(names={"__name__": "__main__"}), tree.body)
    except Returned:
        pass
    except RecursionError:
        message = "the script is nested too deeply"
        raise refuse("E0902", message, Span(source, 0, 0), help="save the model, and import `model.keras`") from None
    chosen = _chosen(state, model)
    whole = as_model(state, chosen) if isinstance(chosen, Sequential) else chosen
    return replace(record_of(state, whole), remarks=tuple(state.remarks))


def _chosen(state: State, name: str | None) -> Model | Sequential:
    """Return the model that was asked for, or the only one that is no part of another."""
    found = [model for model in state.models if not isinstance(model, Sequential) or model.layers]
    if name is not None:
        found = [model for model in found if name in (model.name, model.hint)]
    else:
        found = [model for model in found if not any(_is_part(model, other) for other in found)]
    everything = Span(state.source, 0, 0)
    if not found:
        message = "there is no model in the script" if name is None else f"there is no model `{name}` in the script"
        help = "models are read that `Sequential(…)` or `Model(…)` make while the script runs from top to bottom"
        raise refuse("E0903", message, everything, help=help)
    if len(found) > 1 and name is None:
        listed = ", ".join(f"`{model_name(each) or each.hint or '?'}`" for each in found)
        message = f"the script has several models: {listed}"
        raise refuse("E0903", message, found[-1].span, help="say which: `--model NAME`")
    return found[-1]


def _is_part(model: Model | Sequential, other: Model | Sequential) -> bool:
    """Return whether a model is a layer of another one, or all of its layers' applications are the other's too."""
    if model is other:
        return False
    if isinstance(model, Sequential) and model.taken_apart:
        return True
    if model in layers_of(other) or (isinstance(model, Sequential) and model.whole in layers_of(other)):
        return True
    if isinstance(model, Sequential) or isinstance(other, Sequential):
        return False
    return set(applications(model)) < set(applications(other))
