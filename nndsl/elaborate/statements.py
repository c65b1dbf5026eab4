"""The statements of a body, one after the other; loops and conditions are unfolded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.arguments import describe
from nndsl.diagnostics import Note
from nndsl.elaborate.constructors import bound_names
from nndsl.elaborate.expressions import Evaluator
from nndsl.elaborate.functions import items_of
from nndsl.elaborate.inputs import UNNAMED, block_input, model_input, name_of, unknown_symbols
from nndsl.elaborate.loops import check_turns
from nndsl.elaborate.naming import is_symbol
from nndsl.elaborate.operators import truth
from nndsl.elaborate.results import Outputs
from nndsl.elaborate.scope import unpacked
from nndsl.elaborate.session import Fault, Stop
from nndsl.elaborate.values import ABSENT, UNKNOWN, Definition
from nndsl.graph import Tensor, Turn
from nndsl.syntax import nodes

_STATEMENT_STEPS = 4
_LONE = "a layer or tensor stands alone, to become the current value"


class Statements:
    """Runs the statements of one body.

    ``given`` are the tensors that a block is applied to, None for the model that is compiled and for what is checked.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        definition: Definition,
        given: tuple[Tensor, ...] | None = None,
        at: nodes.Node | None = None,
    ) -> None:
        assert evaluator.body is not None
        self.evaluator = evaluator
        self.session = evaluator.session
        self.definition = definition
        self.body = evaluator.body
        self.given = given
        self.at = at
        self.bound: dict[str, tuple[int, int, int, int]] = {}
        """The dimensions that inputs bind: the number of the input, the axis, the scale and the offset."""
        self.loop_turns: dict[tuple[tuple[Turn, ...], int], int] = {}
        self.settings: dict[str, nodes.Settings] = {}
        self._outputs = Outputs(evaluator, definition)
        self._failed = False
        self._inputs = 0
        self._loops = 0

    def run_body(self) -> bool:
        """Run all statements, and return whether the outputs are known. Raises Stop if the inputs do not fit."""
        declared = [each for each in self.definition.syntax.body if isinstance(each, nodes.Input)]
        if self.given is not None and self.at is not None:
            if any(isinstance(each, nodes.Broken) for each in self.definition.syntax.body):
                return False
            expected = max(1, len(declared)) if self.definition.kind == "block" else len(declared)
            if len(self.given) != expected:
                self._refuse_count(expected)
                return False
        try:
            if not declared:
                self._undeclared_input()
            self._run(self.definition.syntax.body)
        except Stop:
            return False
        self._outputs.finish(has_inputs=self._inputs > 0)
        known = all(isinstance(tensor, Tensor) for _, tensor, _ in self.body.outputs)
        return known and bool(self.body.outputs) and not self._failed

    def _refuse_count(self, expected: int) -> None:
        assert self.given is not None
        assert self.at is not None
        wanted = "one input" if expected == 1 else f"{expected} inputs"
        message = f"`{self.definition.name}` takes {wanted}, and here are {len(self.given)}"
        note = Note("defined here", self.definition.target.span)
        help = "give them as a list: `[a, b] -> …`" if expected > len(self.given) else ""
        self.session.report("E0422", message, self.at.span, notes=(note,), help=help)

    def _undeclared_input(self) -> None:
        """Bind the one input of a block that declares none."""
        if self.definition.kind == "model":
            return
        if self.given is None:
            self._take_input(UNKNOWN, UNNAMED)
            return
        assert self.at is not None
        tensor, _ = block_input(self.evaluator, None, self.given[0], self.definition.name, self.at)
        self.body.inputs.append(tensor.node)
        self._take_input(tensor, UNNAMED)

    def _take_input(self, tensor: Any, name: str) -> None:
        self._inputs += 1
        self.evaluator.names[name] = tensor
        self.body.current = tensor if self._inputs == 1 else None

    def _run(self, statements: tuple[nodes.Statement, ...]) -> None:
        for statement in statements:
            self.session.step(statement.span, _STATEMENT_STEPS)
            if not self._loops:
                self.body.statement = statement.span
            run = _RUN.get(type(statement))
            if run is None:
                continue
            try:
                run(self, statement)
            except Stop:
                self._failed = True
                if isinstance(statement, nodes.Input) and self.given is not None:
                    raise
                self._forget(statement)

    def _forget(self, statement: nodes.Statement) -> None:
        """After a mistake: what the statement would have bound is not known."""
        names = self.evaluator.names
        if isinstance(statement, nodes.Assign):
            names.update(dict.fromkeys((target.name for target in statement.targets), UNKNOWN))
            self.body.passed_by = statement
        elif isinstance(statement, nodes.Input):
            self._forget_symbols()
            self._take_input(UNKNOWN, name_of(statement))
            self.body.current = UNKNOWN
        elif isinstance(statement, nodes.ExpressionStatement):
            value: nodes.Expression = statement.value
            while isinstance(value, nodes.Named):
                names[value.name] = UNKNOWN
                value = value.value
            self.body.current = UNKNOWN
        elif isinstance(statement, nodes.Output):
            self.body.outputs.append(("", UNKNOWN, statement.span))

    def _forget_symbols(self) -> None:
        """After a mistake in a shape: whichever symbol was misspelt, the others of the body are no mistakes."""
        names = self.evaluator.names
        read = self.definition.file.reading(self.definition).names
        names.update({name: names.get(name, UNKNOWN) for name in read if is_symbol(name)})

    def _input(self, statement: nodes.Input) -> None:
        name = name_of(statement)
        known = len(self.session.found)
        if self.evaluator.turns or self._loops:
            self.session.fail("E0503", "an input stands in a loop or a condition", statement.span)
        if self.body.has_nodes:
            help = "inputs come first in a body"
            self.session.fail("E0503", "an input comes after a layer was applied", statement.span, help=help)
        if name in self.evaluator.names:
            help = "an input without a name is `x`" if statement.name is None else "take another name"
            self.session.fail("E0504", f"`{name}` is bound already", statement.span, help=help)
        tensor: Any
        if self.given is not None:
            assert self.at is not None
            number = self._inputs
            tensor, bound = block_input(self.evaluator, statement, self.given[number], self.definition.name, self.at)
            self.bound.update({each: (number, *place) for each, place in bound.items()})
        elif self.body.checking:
            if statement.shape is not None:
                unknown_symbols(self.evaluator, statement.shape)
                self.evaluator.attempt(statement.shape) if not _has_blank(statement.shape) else None
            tensor = UNKNOWN
        else:
            tensor = model_input(self.evaluator, statement, self._symbols())
        if isinstance(tensor, Tensor):
            self.body.inputs.append(tensor.node)
        elif len(self.session.found) > known or not self.body.checking:
            self._forget_symbols()
        self._take_input(tensor, name)

    def _broken(self, statement: nodes.Broken) -> None:
        """After what could not be read: what it may have bound is not known, nor what goes on from it."""
        self._failed = True
        self.body.current = UNKNOWN
        words = statement.words()
        self.evaluator.names.update({word: UNKNOWN for word in words if self.evaluator.file.find(word) is ABSENT})

    def _symbols(self) -> tuple[str, ...]:
        return self.session.scope.order

    def _assign(self, statement: nodes.Assign) -> None:
        evaluator = self.evaluator
        evaluator.hint = next((target.name for target in statement.targets if target.name != "_"), "")
        outer = evaluator.hints
        evaluator.hints = tuple(target.name for target in statement.targets)
        try:
            value = evaluator.value(statement.value)
        finally:
            evaluator.hints = outer
        for target, each in zip(statement.targets, unpacked(evaluator, statement, value), strict=True):
            if target.name != "_":
                evaluator.names[target.name] = each
        if value is UNKNOWN or isinstance(value, Tensor):
            self.body.passed_by = statement

    def _expression(self, statement: nodes.ExpressionStatement) -> None:
        self.evaluator.hint = ""
        self.body.standing = statement.value
        try:
            value = self.evaluator.standing(statement.value)
        finally:
            self.body.standing = self.body.passed_by = None
        if value is not UNKNOWN and not isinstance(value, Tensor):
            if isinstance(value, (tuple, list)) and any(isinstance(item, Tensor) for item in value):
                names = ", ".join("abcdefgh"[: len(value)]) if len(value) <= 8 else "a, b, …"
                message = f"{len(value)} tensors stand alone"
                self.session.fail("E0507", message, statement.span, help=f"bind them: `{names} = …`")
            message = f"{describe(value)} stands alone and does nothing"
            self.session.fail("E0508", message, statement.span, help=f"{_LONE}; bind anything else to a name")
        self.body.current, self.body.current_from = value, statement.value

    def _for(self, statement: nodes.For) -> None:
        evaluator = self.evaluator
        evaluator.hint = ""
        iterable = evaluator.attempt(statement.iterable)
        if iterable is UNKNOWN or self.body.checking:
            self._bind_unknown(statement)
            self._forget_changed(statement.body)
            self._nested(statement.body)
            self._forget_changed(statement.body)
            return
        try:
            items = items_of(self.session, iterable, "`for` takes")
        except Fault as fault:
            evaluator.fail(fault, statement.iterable)
        assert evaluator.places is not None
        if not self._loops:
            check_turns(evaluator, statement, items)
        number = evaluator.places.loop(statement)
        around = evaluator.turns
        self.loop_turns[around, number] = len(items)  # type: ignore[arg-type]
        try:
            for turn, item in enumerate(items):
                evaluator.turns = (*around, (number, turn))
                self.session.step(statement.span)
                for target, each in zip(statement.targets, unpacked(evaluator, statement, item), strict=True):
                    if target.name != "_":
                        evaluator.names[target.name] = each
                self._nested(statement.body)
        finally:
            evaluator.turns = around

    def _bind_unknown(self, statement: nodes.For) -> None:
        for target in statement.targets:
            if target.name != "_":
                self.evaluator.names[target.name] = UNKNOWN

    def _forget_changed(self, statements: tuple[nodes.Statement, ...]) -> None:
        """Where it is not known which statements run, or how often: what they bind is not known."""
        for name in bound_names((), statements):
            if name in self.evaluator.names:
                self.evaluator.names[name] = UNKNOWN

    def _look_at(self, statements: tuple[nodes.Statement, ...], is_dead: bool) -> None:
        """Check a branch; of one that is never taken, the names alone."""
        outer = self.evaluator.is_dead
        self.evaluator.is_dead = outer or is_dead
        self._nested(statements)
        self.evaluator.is_dead = outer

    def _nested(self, statements: tuple[nodes.Statement, ...]) -> None:
        self._loops += 1
        outer = self.body.statement
        try:
            for statement in statements:
                self.body.statement = statement.span
                self._run((statement,))
        finally:
            self._loops -= 1
            self.body.statement = outer

    def _if(self, statement: nodes.If) -> None:
        self.evaluator.hint = ""
        condition = self.evaluator.attempt(statement.condition)
        if condition is UNKNOWN or self.body.checking:
            taken = None if condition is UNKNOWN else self.evaluator.holds(condition, statement.condition)
            current = self.body.current
            self._look_at(statement.body, is_dead=taken is False)
            if statement.otherwise:
                after, self.body.current = self.body.current, current
                self._look_at(statement.otherwise, is_dead=taken is True)
                current = after
            if self.body.current is not current:
                self.body.current = UNKNOWN
            self._forget_changed((*statement.body, *statement.otherwise))
            return
        try:
            holds = truth(condition)
        except Fault as fault:
            self.evaluator.fail(fault, statement.condition)
        self._nested(statement.body if holds else statement.otherwise)

    def _settings(self, statement: nodes.Settings) -> None:
        if self.definition.kind == "block":
            message = f"`{statement.kind} {{ … }}` stands in a model, not in a block"
            self.session.fail("E0509", message, statement.span)
        first = self.settings.setdefault(statement.kind, statement)
        if first is not statement:
            note = Note("the first one is here", first.span)
            message = f"a model has one `{statement.kind} {{ … }}`"
            self.session.fail("E0509", message, statement.span, notes=(note,))

    def _output(self, statement: nodes.Output) -> None:
        self._failed = not self._outputs.add(statement) or self._failed


def _has_blank(shape: nodes.Expression) -> bool:
    return isinstance(shape, nodes.Tuple) and any(
        isinstance(item, nodes.Name) and item.name == "_" for item in shape.items
    )


_RUN: dict[type[nodes.Statement], Callable[[Statements, Any], None]] = {
    nodes.Input: Statements._input,
    nodes.Output: Statements._output,
    nodes.Assign: Statements._assign,
    nodes.ExpressionStatement: Statements._expression,
    nodes.For: Statements._for,
    nodes.If: Statements._if,
    nodes.Settings: Statements._settings,
    nodes.Broken: Statements._broken,
}
