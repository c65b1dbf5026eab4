"""The outputs of a body, and their names."""

from __future__ import annotations

from typing import Any

from nndsl.arguments import describe
from nndsl.diagnostics import Note, Span
from nndsl.elaborate.expressions import Evaluator
from nndsl.elaborate.session import Stop
from nndsl.elaborate.values import LAYERS, UNKNOWN, Definition
from nndsl.graph import Tensor
from nndsl.syntax import nodes


class Outputs:
    """Collects the outputs of one body in the order of the text."""

    def __init__(self, evaluator: Evaluator, definition: Definition) -> None:
        assert evaluator.body is not None
        self.evaluator = evaluator
        self.session = evaluator.session
        self.definition = definition
        self.body = evaluator.body
        self._names: dict[str, Span] = {}

    def add(self, statement: nodes.Output) -> bool:
        """Add the outputs of a statement, and return whether all are right; mistakes are reported."""
        right = True
        for item in statement.items:
            try:
                self._item(item)
            except Stop:
                right = False
                self.body.outputs.append(("", UNKNOWN, item.span))
        return right

    def _item(self, item: nodes.OutputItem) -> None:
        evaluator = self.evaluator
        expression = item.value
        name = item.name.name if item.name is not None else _name_in(expression)
        evaluator.hint = name or "y"
        value = evaluator.standing(expression)
        if isinstance(value, (tuple, list)) and item.name is None:
            for each in value:
                self._add("", each, item)
            return
        self._add(name, value, item)

    def _add(self, name: str, value: Any, item: nodes.OutputItem) -> None:
        span = item.name.span if item.name is not None else item.span
        if value is not UNKNOWN and not isinstance(value, Tensor):
            message = f"an output is a tensor, and this is {describe(value)}"
            help = "bind the tensors: `a, b = …`" if isinstance(value, (tuple, list)) else ""
            if isinstance(value, LAYERS):
                help = "apply it: `x -> layer`"
            self.session.fail("E0507", message, item.value.span, help=help)
        if name and name in (node.hint for node in self.body.inputs):
            help = f"give it a name of its own: `output name: {' '.join(item.value.span.text.split())[:40]}`"
            self.session.fail("E0506", f"the output `{name}` has the name of an input", span, help=help)
        if name in self._names:
            note = Note("the first one is here", self._names[name])
            help = "give it a name of its own: `output name: …`"
            self.session.fail("E0505", f"the output `{name}` stands twice", span, notes=(note,), help=help)
        if name:
            self._names[name] = span
        self.body.outputs.append((name, value, span))

    def finish(self, has_inputs: bool) -> None:
        """Take the current value if there is no output, and name the outputs without a name."""
        body = self.body
        if not body.outputs:
            self._imply(has_inputs)
        taken = {name for name, _, _ in body.outputs} | {node.hint for node in body.inputs}
        number = 0
        for index, (name, tensor, span) in enumerate(body.outputs):
            while not name:
                wanted = f"y_{number}" if number else "y"
                number += 1
                if wanted not in taken:
                    name = wanted
            body.outputs[index] = (name, tensor, span)

    def _imply(self, has_inputs: bool) -> None:
        body, kind = self.body, self.definition.kind
        target = self.definition.target
        if body.current is None or (kind == "model" and not has_inputs):
            message = f"the {kind} `{target.name}` has no output"
            if kind == "model" and not has_inputs:
                message = f"the model `{target.name}` has no input"
            if body.current is not UNKNOWN and (has_inputs or kind == "block" or not self.session.has_errors()):
                assigned = [each for each in self.definition.syntax.body if isinstance(each, nodes.Assign)]
                help = f"write `output {assigned[-1].targets[0].name}`" if assigned else "write `output name: …`"
                if "no input" in message:
                    help = "write `input name: (28, 28, 1)`"
                self.session.report("E0502", message, target.span, help=help)
            return
        current = body.current
        name = ""
        if isinstance(current, Tensor) and current.node not in body.inputs and body.current_from is not None:
            name = _name_in(body.current_from)
        if name in (node.hint for node in body.inputs):
            name = ""
        body.outputs.append((name, current, target.span))


def _name_in(expression: nodes.Expression) -> str:
    """Return the name that an expression ends in: a bound name, or what stands behind ``as``."""
    while isinstance(expression, nodes.Chain):
        expression = expression.links[-1]
        if not isinstance(expression, nodes.Named):
            return ""
    if isinstance(expression, (nodes.Named, nodes.Name)):
        return expression.name
    return ""
