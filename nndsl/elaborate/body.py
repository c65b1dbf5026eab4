"""The graph of one body while it grows."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Note, Span
from nndsl.elaborate.session import Session
from nndsl.elaborate.weights import signature, signature_of
from nndsl.graph import Graph, Instance, Made, Node, Tensor
from nndsl.layers.refusals import shown
from nndsl.syntax import nodes


class Body:
    """The nodes, inputs and outputs of a model or block.

    ``checking`` is True if the body is only looked at, with parameters and inputs that are not known. ``later`` are the
    names that it binds somewhere. ``current`` is the current value, None if there is none, UNKNOWN if it failed.
    """

    def __init__(self, session: Session, kind: str, later: set[str], checking: bool = False) -> None:
        self.session = session
        self.kind = kind
        self.later = later
        self.checking = checking
        self.current: Any = None
        self.current_from: nodes.Expression | None = None
        """The expression that stood alone and gave the current value; None for an input."""
        self.inputs: list[Node] = []
        self.outputs: list[tuple[str, Any, Span]] = []
        self.statement: Span | None = None
        self.standing: nodes.Expression | None = None
        """The expression that stands alone and is being evaluated."""
        self.passed_by: nodes.Assign | None = None
        """The binding of a tensor right before it, which left the current value as it was."""
        self.has_nodes = False
        self.uses: dict[Made, list[tuple[Node, nodes.Node]]] = {}
        """How each layer with weights is used: with each of the types that it takes once."""
        self.size = 0
        """The number of layers, those inside blocks counted as often as the blocks are used."""
        self._nodes: list[Node] = []
        self._statements: list[Span | None] = []

    def advice(self, text: str) -> str:
        """Return what to do where a layer stands alone without a current value."""
        if len(self.inputs) > 1:
            return f"with several inputs, say which: `{self.inputs[0].hint or 'x'} -> {' '.join(text.split())[:40]}`"
        if not self.inputs and self.kind == "model":
            return "a model begins with `input name: (28, 28, 1)`"
        return "begin with a tensor: `x -> …`"

    def add(self, node: Node, count: int = 1) -> None:
        """Add a node, which stands for ``count`` layers. Raises Exhausted."""
        self._nodes.append(node)
        self._statements.append(self.statement)
        self.has_nodes = True
        self.size += count
        if self.size > self.session.limits.layers:
            self.session.exhaust(
                "E0712",
                f"the model has more than {self.session.limits.layers:,} layers, those in blocks counted each time",
                node.span,
                "let the caller raise the limit on layers",
            )

    def use(self, made: Made, node: Node, at: nodes.Node) -> None:
        """Note that a layer is used by a node. Raises Stop if it would need other weights than before."""
        known = self.uses.get(made)
        if known is None:
            self.uses[made] = [(node, at)]
            return
        types = [tensor.type for tensor in node.inputs]
        if any(types == [tensor.type for tensor in each.inputs] for each, _ in known):
            return
        self.compare(made, node, at)
        known.append((node, at))

    def compare(self, made: Made, node: Node, at: nodes.Node) -> None:
        """Raise Stop, after reporting, unless a use of a layer needs the weights that its first one needs."""
        first, place = self.uses[made][0]
        if signature_of(first) == signature_of(node):
            return
        name = type(node.layer).__name__
        if isinstance(node.layer, Instance) and node.layer.graph is not None:
            name = node.layer.graph.name
        before = ", ".join(shown(tensor.type.shape) for tensor in first.inputs)
        now = ", ".join(shown(tensor.type.shape) for tensor in node.inputs)
        self.session.fail(
            "E0421",
            f"`{name}` has one set of weights, and {now} needs others than {before}",
            at.span,
            notes=(Note(f"its weights were made for {before} here", place.span),),
            help="construct another layer for the other shape",
        )

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes so far."""
        return tuple(self._nodes)

    def finish(self, name: str) -> Graph:
        """Return the graph of what reaches an output."""
        alive: set[Node] = set()
        outputs = [(label, tensor) for label, tensor, _ in self.outputs if isinstance(tensor, Tensor)]
        waiting = [tensor.node for _, tensor in outputs]
        while waiting:
            node = waiting.pop()
            if node not in alive:
                alive.add(node)
                waiting += [tensor.node for tensor in node.tensors()]
        nodes_alive = [node for node in self._nodes if node in alive]
        found: dict[Made, None] = {}
        for node in nodes_alive:
            if node.made is not None:
                found[node.made] = None
            if isinstance(node.layer, Instance):
                found.update(dict.fromkeys(node.layer.handed))
        own = [made for made in found if made.owner is None and not made.parameter]
        own.sort(key=lambda made: (made.place.order, made.turns))
        self._note_statements(alive)
        return Graph(name, tuple(self.inputs), tuple(nodes_alive), tuple(outputs), tuple(own))

    def _note_statements(self, alive: set[Node]) -> None:
        session = self.session
        for node, statement in zip(self._nodes, self._statements, strict=True):
            if statement is None:
                continue
            if node in alive:
                session.alive.add(statement)
            else:
                session.idle.setdefault(statement, node)


__all__ = ["Body", "signature"]
