"""Layers of Python: their imports and externs, and the layers that these construct."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nndsl.arguments import ArgumentError
from nndsl.dims import Dim
from nndsl.elaborate.definitions import CALL_STEPS, COMMON, check_parameters, matched, missing
from nndsl.elaborate.inputs import name_of
from nndsl.elaborate.operators import unknown_size
from nndsl.elaborate.session import Session, Stop
from nndsl.elaborate.signatures import Signature, signature_of
from nndsl.elaborate.sizes import described
from nndsl.elaborate.values import UNKNOWN, External, Single, is_unknown, parts_of
from nndsl.graph import Tensor
from nndsl.layers.external import Constant, constant, python_layer
from nndsl.suggestions import nearest
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.expressions import Evaluator
    from nndsl.elaborate.scope import FileScope

ALWAYS = "torch.nn"
"""The module that every caller allows, itself alone."""
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def is_module(name: str) -> bool:
    """Return whether a text is the full name of a Python module."""
    return _MODULE.fullmatch(name) is not None and not any(map(keyword.iskeyword, name.split(".")))


def is_allowed(module: str, allow: Container[str]) -> bool:
    """Return whether a module is allowed: itself by its name, or inside of a package that is."""
    parts = module.split(".")
    return module == ALWAYS or any(".".join(parts[:count]) in allow for count in range(1, len(parts) + 1))


def check_import(session: Session, item: nodes.Import) -> None:
    """Report an import from Python that the caller has not allowed, or that names nothing in Python."""
    module, span = item.path.value, item.path.span
    if not is_module(module):
        meant = re.sub(r"\.py$", "", module).strip("./\\").replace("/", ".").replace("\\", ".")
        help = f'write `"{meant}"`' if is_module(meant) else 'write its full name, such as `"package.module"`'
        session.report("E0612", f"`{module[:40]}` is not the name of a Python module", span, help=help)
    elif not is_allowed(module, session.allow):
        session.report(
            "E0607",
            f"the Python module `{module}` is not allowed",
            span,
            label="the model would run its code",
            help=f'if you trust it, allow it by name: `--allow {module}`, in Python `allow=("{module}",)`',
        )
    for name in item.names:
        if keyword.iskeyword(name.name):
            session.report("E0612", f"`{name.name}` is a keyword of Python, and names nothing there", name.span)


def declared_externs(
    file: FileScope,
    externs: list[nodes.Extern],
    imports: Mapping[str, tuple[nodes.Import, nodes.ImportName]],
    unread: Container[str],
) -> Iterator[tuple[nodes.Target, object]]:
    """Yield what the externs and the imports from Python of a file declare; one without the other is reported.

    ``unread`` are the words of statements that could not be read.
    """
    session = file.session
    left = dict(imports)
    for extern in externs:
        name = extern.name.name
        found = left.pop(name, None)
        if found is not None:
            item, imported = found
            inputs = tuple(name_of(each) for each in extern.body if isinstance(each, nodes.Input)) or ("x",)
            layer = python_layer(item.path.value, imported.name, name, inputs)
            yield extern.name, External(extern, file, layer)
            continue
        yield extern.name, UNKNOWN
        if name in imports or name in unread:  # a second one, which `_declare` reports
            continue
        help = f'import it: `from python "package.module" import {name}`'
        near = nearest(name, left)
        if near:
            item, imported = left.pop(near[0])
            help = f"the import calls it `{near[0]}`"
            yield nodes.Target(near[0], span=imported.span), UNKNOWN
        session.report("E0611", f"`{name}` is not imported from Python", extern.name.span, help=help)
    for name, (item, imported) in left.items():
        refused = {("E0607", item.path.span), ("E0612", item.path.span), ("E0612", imported.span)}
        if name not in unread and name not in file.names and not refused & session.found.keys():
            help = f"state what it takes and gives: `extern {name}(units) {{ … }}`"
            session.report("E0611", f"`{name}` is imported from Python without an `extern`", imported.span, help=help)
        yield nodes.Target(name, span=imported.span), UNKNOWN


def check_extern(external: External) -> bool:
    """Return whether an extern is right, as far as that is known without values for its parameters."""
    file, syntax = external.file, external.syntax
    session = file.session
    before = len(session.found)
    check_parameters(session, syntax.parameters)
    for parameter in syntax.parameters:
        if keyword.iskeyword(parameter.name):
            message = f"`{parameter.name}` is a keyword of Python, and no class there has such a parameter"
            session.report("E0612", message, parameter.span)
        if parameter.default is not None:
            _defaulted(session, external, parameter)
    names: set[str] = {parameter.name for parameter in syntax.parameters}
    for statement in syntax.body:
        if isinstance(statement, nodes.Input):
            if name_of(statement) in names:
                session.report("E0504", f"`{name_of(statement)}` is bound already", statement.span)
            names.add(name_of(statement))
    broken = any(isinstance(each, nodes.Broken) for each in syntax.body)
    if not broken and not any(isinstance(each, nodes.Output) for each in syntax.body):
        message = f"the extern `{syntax.name.name}` has no output"
        session.report("E0502", message, syntax.name.span, help="write the shape of what it gives: `output (T, units)`")
    _signature(session, external, dict.fromkeys((each.name for each in syntax.parameters), UNKNOWN))
    return not broken and len(session.found) == before


def _defaulted(session: Session, external: External, parameter: nodes.Parameter) -> Any:
    """Return the default of a parameter, UNKNOWN if it is none for Python, which is reported."""
    from nndsl.elaborate.expressions import Evaluator

    assert parameter.default is not None
    value = Evaluator(session, external.file, {}).attempt(parameter.default)
    known = _constant(session, parameter.name, value, parameter.default)
    return value if known is not None else UNKNOWN


def _constant(session: Session, name: str, value: Any, at: nodes.Node) -> Constant | None:
    """Return a value as an argument for Python, or None if it is unknown, or none, which is reported."""
    if is_unknown(value):
        return None
    size = _symbolic(value)
    if size is not None:
        fault = unknown_size(size)
        session.report(fault.code, fault.message, at.span, help=fault.help)
        return None
    if isinstance(value, Tensor):
        help = "apply it: what it takes stands behind its brackets, or before `->`"
        session.report("E0322", "a layer is constructed with constants, and this is a tensor", at.span, help=help)
        return None
    try:
        return constant(value)
    except ArgumentError as error:
        session.report(error.code, f"`{name}` {error.message}", at.span, help=error.help)
        return None


def _symbolic(value: Any) -> Dim | None:
    """Return the first symbolic size in a value."""
    if isinstance(value, Dim):
        return value
    return next((found for item in parts_of(value) if (found := _symbolic(item)) is not None), None)


def _signature(session: Session, external: External, values: Mapping[str, object]) -> Signature | None:
    """Return the shapes of an extern for values of its parameters, or None if these are unknown, or wrong."""
    from nndsl.elaborate.expressions import Evaluator

    try:
        return signature_of(Evaluator(session, external.file, dict(values)), external)
    except Stop:
        return None


def construct(evaluator: Evaluator, external: External, call: nodes.Call) -> Any:
    """Return a layer of Python with its arguments. Raises Stop."""
    from nndsl.elaborate.constructing import common_arguments, made

    session, syntax, called = evaluator.session, external.syntax, external.layer.alias
    session.step(call.span, CALL_STEPS)
    names = [each.name for each in syntax.parameters]
    written = matched(evaluator, called, names, call, [name for name in COMMON if name not in names])
    given = {name: evaluator.attempt(argument.value) for name, argument in written.items()}
    if "name" in written and not isinstance(written["name"].value, nodes.String):
        given.pop("name")  # the places have reported it
    common = common_arguments(evaluator, given, syntax, call)
    if len(written) < len(call.arguments) or missing(evaluator, called, syntax.parameters, list(given), call):
        return UNKNOWN
    values: dict[str, Any] = {}
    constants: list[tuple[str, Constant]] = []
    for parameter in syntax.parameters:
        name, at = parameter.name, written.get(parameter.name)
        values[name] = given[name] if at is not None else _defaulted(session, external, parameter)
        known = _constant(session, name, values[name], at or call)
        constants += [(name, known)] if known is not None else []
    if len(constants) < len(names):
        return UNKNOWN
    session.enter(f"`{described(call.span)}`", call.span)
    try:
        signature = _signature(session, external, values)
    finally:
        session.leave()
    if signature is None:
        return UNKNOWN
    if common.get("dtype") is None and evaluator.policy != "float32":
        common["dtype"] = evaluator.policy
    if not evaluator.trainable:
        common["trainable"] = False
    layer = external.layer(arguments=tuple(constants), takes=signature.takes, gives=signature.gives, **common)
    return Single(layer, made(evaluator, layer, call), call)
