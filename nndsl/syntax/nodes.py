"""The syntax tree of a .nn file: one frozen dataclass per construct, each with its span.

Spans do not take part in equality, so two trees are equal when they mean the same text up to layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nndsl.diagnostics import Source, Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything in the tree."""

    span: Span = field(compare=False, repr=False, kw_only=True)


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """Anything that has a value."""


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A name that is looked up: ``x``, ``Dense``."""

    name: str


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A number; ``text`` is its spelling, which the formatter keeps."""

    value: int | float
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class String(Expression):
    """A string, its escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """``true``, ``false`` or ``none``."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Ellipsis(Expression):
    """``...`` in a shape of an extern: any leading sizes."""


@dataclass(frozen=True, slots=True)
class Tuple(Expression):
    """``(a, b)``, ``(a,)`` or ``()``."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class List(Expression):
    """``[a, b]``."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Pair(Node):
    """An entry of a dict."""

    key: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Dict(Expression):
    """``{key: value}``."""

    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """An argument of a call; ``name`` is None if it is given by position."""

    name: str | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """``callee(arguments)``: constructs a layer or recipe, applies a layer, or calls a function of constants."""

    callee: Expression
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Attribute(Expression):
    """``ops.name``: the only use of a dot."""

    value: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """``start:stop:step`` in an index; each may be left out."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True)
class Index(Expression):
    """``value[indices]``."""

    value: Expression
    indices: tuple[Expression | Slice, ...]


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """``-x`` or ``not x``."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """``left operator right``: ``or and == != < <= > >= in + - * / // % **``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Ternary(Expression):
    """``then if condition else otherwise``."""

    then: Expression
    condition: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Named(Expression):
    """``value as name``: a link of a chain under a name."""

    value: Expression
    name: str
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Chain(Expression):
    """``a -> b -> c``, at least two links. A bracketed chain inside is a Chain of its own among the links."""

    links: tuple[Expression, ...]


# ---------------------------------------------------------------- statements of a body


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """A statement of a model, a block or a file."""


@dataclass(frozen=True, slots=True)
class Target(Node):
    """A name that a statement binds."""

    name: str


@dataclass(frozen=True, slots=True)
class Input(Statement):
    """``input name: dtype(shape)``; the name, the dtype and the shape may each be left out (None).

    ``shape`` is a Tuple, or another expression that has a tuple as its value.
    """

    name: Target | None
    dtype: Target | None
    shape: Expression | None


@dataclass(frozen=True, slots=True)
class OutputItem(Node):
    """``value`` or ``name: value`` in an output statement."""

    name: Target | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Output(Statement):
    """``output a, b``."""

    items: tuple[OutputItem, ...]


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """``a, b = value``."""

    targets: tuple[Target, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class ExpressionStatement(Statement):
    """An expression that stands alone: a layer or a tensor becomes the current value."""

    value: Expression


@dataclass(frozen=True, slots=True)
class For(Statement):
    """``for a, b in iterable { body }``."""

    targets: tuple[Target, ...]
    iterable: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class If(Statement):
    """``if condition { body } else { otherwise }``; ``else if`` is an If alone in ``otherwise``."""

    condition: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """``name = value`` in a compile or fit block."""

    name: Target
    value: Expression


@dataclass(frozen=True, slots=True)
class Settings(Statement):
    """A ``compile { … }`` or ``fit { … }`` block; ``kind`` says which."""

    kind: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Broken(Statement):
    """What could not be read; only error recovery makes one."""

    def words(self) -> frozenset[str]:
        """Return all words in it: the names that it may have bound are among them."""
        return frozenset(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", self.span.text))


# ---------------------------------------------------------------- top level


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A parameter of a block, model, def or extern."""

    name: str
    default: Expression | None


@dataclass(frozen=True, slots=True)
class ImportName(Node):
    """``name`` or ``name as alias``; ``alias`` is the name itself where no other was given."""

    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Import(Statement):
    """``from "file.nn" import A, B as C``, or with ``python`` ``from python "module" import Layer``."""

    path: String
    names: tuple[ImportName, ...]
    python: bool


@dataclass(frozen=True, slots=True)
class Set(Statement):
    """``set name = value``."""

    name: Target
    value: Expression


@dataclass(frozen=True, slots=True)
class Def(Statement):
    """``def name(parameters) = value``: a function of constants."""

    name: Target
    parameters: tuple[Parameter, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Block(Statement):
    """``block Name(parameters) { body }``."""

    name: Target
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Model(Statement):
    """``model Name(parameters) { body }``."""

    name: Target
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class ModelAlias(Statement):
    """``model Name = Other(arguments)``; ``value`` is a Name or a Call."""

    name: Target
    value: Expression


@dataclass(frozen=True, slots=True)
class Extern(Statement):
    """``extern Name(parameters) { inputs and output shapes }``: the signature of a Python layer.

    Its body holds Input statements and Output statements, whose items are shapes, or calls like ``float32(T, units)``.
    A shape may begin with an Ellipsis.
    """

    name: Target
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """A comment, from its ``#`` to the end of the line."""

    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A whole file: its top-level statements (Assign and ExpressionStatement may be among them), and its comments."""

    source: Source = field(compare=False, repr=False)
    items: tuple[Statement, ...]
    comments: tuple[Comment, ...] = field(compare=False)
