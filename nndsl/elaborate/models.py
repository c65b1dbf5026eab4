"""From the tree of a file to the graph of one of its models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nndsl.diagnostics import Span
from nndsl.dims import Origin, Scope
from nndsl.elaborate.body import Body
from nndsl.elaborate.constructors import bound_names
from nndsl.elaborate.expressions import Evaluator
from nndsl.elaborate.masks import resolve
from nndsl.elaborate.merges import report_differences
from nndsl.elaborate.outputs import model_settings
from nndsl.elaborate.pruning import prune
from nndsl.elaborate.scope import FileScope
from nndsl.elaborate.session import Exhausted, Session, Stop
from nndsl.elaborate.statements import Statements
from nndsl.elaborate.values import UNKNOWN, Definition
from nndsl.elaborate.weights import parameter_count
from nndsl.graph import Graph, InputLayer, Node, Tensor
from nndsl.settings import CompileSettings, FitSettings
from nndsl.suggestions import suggest


@dataclass(frozen=True, slots=True)
class Elaborated:
    """A model, elaborated: its graph, what is known of its sizes, and its settings."""

    graph: Graph
    scope: Scope
    compile: CompileSettings | None
    fit: FitSettings | None


def elaborate(file: FileScope, definition: Definition, settings: Mapping[str, object]) -> Elaborated | None:
    """Return a model with values for its parameters, or None if it has errors, which are reported. Raises Exhausted."""
    session = file.session
    session.scope = Scope()
    session.instances.clear()
    names = _parameters(session, definition, settings)
    if names is None:
        return None
    syntax = definition.syntax
    places = definition.file.places(definition)
    body = Body(session, "model", bound_names(syntax.parameters, syntax.body))
    evaluator = Evaluator(session, definition.file, names, body, places)
    statements = Statements(evaluator, definition)
    known = statements.run_body()
    report_differences(session, body, syntax, lambda values: _holds(file, definition, settings, values))
    settings_of = model_settings(evaluator, statements, known)
    if not known or session.has_errors():
        return None
    graph = prune(body.finish(definition.name))
    _check_reached(session, graph, definition)
    _check_parameters(session, graph, definition)
    graph = resolve(session, graph)
    equalities = tuple((each.first, each.second, Origin(each.what, each.span)) for each in session.checks)
    graph = replace(graph, loop_turns=statements.loop_turns, conditions=session.scope.learned(), equalities=equalities)
    if session.has_errors():
        return None
    return Elaborated(graph, session.scope, *settings_of)


def _parameters(session: Session, definition: Definition, settings: Mapping[str, object]) -> dict[str, object] | None:
    """Return the values of a model's parameters: fixed by an alias, set by the caller, or the defaults."""
    parameters = definition.syntax.parameters
    names: dict[str, object] = dict(definition.fixed)
    free = [parameter.name for parameter in parameters if parameter.name not in definition.fixed]
    names.update({name: value for name, value in settings.items() if name in free})
    others = [name for name in settings if name not in free]
    wrong = bool(others)
    # All stand for one place of the file, so they share a message.
    if others:
        message = " and ".join(
            f"the parameter `{name}` is fixed by the model `{definition.name}`"
            if name in definition.fixed
            else f"the model `{definition.name}` has no parameter `{name}`"
            for name in others
        )
        unknown = [name for name in others if name not in definition.fixed]
        help = next((found for name in unknown if (found := suggest(name, free, "argument"))), "")
        session.report("E0328", message, definition.target.span, help=help)
    places = definition.file.places(definition)
    for parameter in parameters:
        if parameter.name in names:
            continue
        if parameter.default is None:
            message = f"the model `{definition.name}` needs a value for `{parameter.name}`"
            help = f"set it: `--set {parameter.name}=…`, or give it a default"
            session.report("E0327", message, parameter.span, help=help)
            wrong = True
            continue
        names[parameter.name] = Evaluator(session, definition.file, {}, None, places).attempt(parameter.default)
    names = {each.name: names[each.name] for each in parameters if each.name in names}
    return None if wrong or any(value is UNKNOWN for value in names.values()) else names


def _holds(file: FileScope, definition: Definition, settings: Mapping[str, object], values: Mapping[str, Any]) -> bool:
    """Return whether a model has no errors once sizes are put in for some symbols of its inputs."""
    session = Session(file.session.limits, put_in=dict(values), settings=file.session.settings)
    again = FileScope(session, definition.file.syntax)
    again.names, again.order, again.settings = definition.file.names, definition.file.order, definition.file.settings
    try:
        names = _parameters(session, definition, settings)
        if names is None:
            return False
        syntax = definition.syntax
        body = Body(session, "model", bound_names(syntax.parameters, syntax.body))
        evaluator = Evaluator(session, again, names, body, definition.file.places(definition))
        return Statements(evaluator, definition).run_body() and not session.has_errors() and not session.differences
    except (Stop, Exhausted):
        return False


def _check_reached(session: Session, graph: Graph, definition: Definition) -> None:
    """Refuse outputs that no input reaches, and warn of inputs that reach none."""
    reached: set[Node] = set(graph.inputs)
    for node in graph.nodes:
        if any(tensor.node in reached for tensor in node.tensors()):
            reached.add(node)
    for name, tensor in graph.outputs:
        if tensor.node not in reached:
            session.report("E0511", f"no input reaches the output `{name}`", tensor.node.span)
    used = {tensor.node for node in graph.nodes for tensor in node.tensors()} | {t.node for _, t in graph.outputs}
    for node in graph.inputs:
        if node not in used:
            message = f"the input `{node.hint}` reaches no output"
            session.report("W0502", message, node.span, help="leave it out, or use it")


def _check_parameters(session: Session, graph: Graph, definition: Definition) -> None:
    count = parameter_count(graph)
    if count > session.limits.parameters:
        message = f"the model has {count:,} parameters, more than {session.limits.parameters:,}"
        help = "let the caller raise the limit on parameters"
        session.report("E0715", message, definition.target.span, help=help)


def check_definition(definition: Definition) -> None:
    """Look at a body without values for its parameters and inputs: names and arguments alone. Raises Exhausted."""
    file, syntax = definition.file, definition.syntax
    session = file.session
    places = file.places(definition)
    names: dict[str, object] = {}
    for parameter in syntax.parameters:
        if parameter.default is not None:
            Evaluator(session, file, {}, None, places).attempt(parameter.default)
        names[parameter.name] = UNKNOWN
    body = Body(session, definition.kind, bound_names(syntax.parameters, syntax.body), checking=True)
    evaluator = Evaluator(session, file, names, body, places)
    statements = Statements(evaluator, definition)
    statements.run_body()
    model_settings(evaluator, statements, known=False)


def choose(file: FileScope, name: str | None) -> Definition | None:
    """Return the model of a name, or the only one that is no alias and not used by another, else report an error."""
    session = file.session
    models = [each for each in file.definitions if each.kind == "model"]
    start = Span(file.source, 0, 0)
    if name is not None:
        found = next((each for each in models if each.name == name), None)
        if found is None:
            names = [each.name for each in models]
            help = suggest(name, names, "value") or _listed(names)
            session.report("E0513", f"there is no model `{name}` in the file", start, help=help)
        return found
    if not models:
        message = "no model in file: it is a library, and cannot be built"
        session.report("E0513", message, start, help="write `model Name { … }`")
        return None
    used = used_models(file)
    free = [each for each in models if not each.is_alias and id(each.syntax) not in used]
    if len(free) != 1:
        names = [each.name for each in (free or models)]
        help = f"say which, with `--model {names[0]}`; {_listed(names)}"
        session.report("E0513", f"the file has {len(names)} models to choose from", start, help=help)
        return None
    return free[0]


def _listed(names: list[str]) -> str:
    return "its models are " + ", ".join(f"`{name}`" for name in names[:10]) if names else ""


def used_models(file: FileScope) -> set[int]:
    """Return the identities of the models that another block or model of the file uses."""
    used: set[int] = set()
    for definition in file.definitions:
        if not definition.is_alias:
            for name in file.reading(definition).names:
                value = file.names.get(name)
                if isinstance(value, Definition) and value.syntax is not definition.syntax:
                    used.add(id(value.syntax))
    return used


def is_closed(definition: Definition, settings: Mapping[str, object]) -> bool:
    """Return whether all parameters of a model have values."""
    return all(
        each.default is not None or each.name in definition.fixed or each.name in settings
        for each in definition.syntax.parameters
    )


__all__ = ["Elaborated", "InputLayer", "Tensor", "check_definition", "choose", "elaborate", "is_closed", "used_models"]
