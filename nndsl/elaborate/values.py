"""What names and expressions stand for, beside constants, tensors and recipes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from nndsl.graph import Made
from nndsl.layers.base import Layer
from nndsl.layers.external import PythonLayer
from nndsl.recipes.base import PendingRecipe
from nndsl.syntax import nodes

if TYPE_CHECKING:
    from nndsl.elaborate.scope import FileScope
    from nndsl.elaborate.session import Session


class Unknown:
    """The value of what failed, or is not known while a body is only checked: it silences what depends on it."""

    described = "something unknown"


UNKNOWN: Final = Unknown()
ABSENT: Final = object()
"""What a look-up gives for a name that is not there, since `none` is a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """A layer of the library, constructed; ``made`` is None for layers that cannot hold weights."""

    layer: Layer
    made: Made | None
    call: nodes.Call

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the layer `{type(self.layer).__name__}`"


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A block or model with its arguments."""

    definition: Definition
    arguments: Mapping[str, object]
    made: Made
    call: nodes.Call

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the {self.definition.kind} `{self.definition.name}`"


@dataclass(frozen=True, slots=True, eq=False)
class PerStep:
    """``TimeDistributed(inner)``: a layer that takes each step of a sequence alone."""

    inner: LayerValue
    call: nodes.Call

    @property
    def described(self) -> str:
        """What messages call it."""
        return "the layer `TimeDistributed`"


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """``layer -> layer``: layers that are applied one after the other."""

    layers: tuple[LayerValue, ...]

    @property
    def described(self) -> str:
        """What messages call it."""
        return "a chain of layers"


@dataclass(frozen=True, slots=True, eq=False)
class Stacked:
    """``RNN`` of several cells, with the layer of each, or ``StackedRNNCells``, with the cells."""

    layer: Layer
    parts: tuple[Single, ...]
    call: nodes.Call

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the layer `{type(self.layer).__name__}`"


LayerValue: TypeAlias = Single | Built | PerStep | Composed | Stacked
LAYERS = (Single, Built, PerStep, Composed, Stacked)


@dataclass(frozen=True, slots=True)
class LayerClass:
    """The name of a layer of the library, not yet called."""

    name: str
    layer: type[Layer]

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"`{self.name}` without its brackets"


@dataclass(frozen=True, slots=True)
class RecipeClass:
    """The name of a recipe, not yet called."""

    name: str

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"`{self.name}` without its brackets"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of constants; ``run`` takes the positional arguments."""

    name: str
    run: Callable[[Session, tuple[object, ...]], object] = field(compare=False)

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the function `{self.name}`"


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A ``def`` of the file; ``number`` is its place among the file's names, since it uses only earlier ones."""

    syntax: nodes.Def
    file: FileScope
    number: int

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the function `{self.syntax.name.name}`"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A block, a model or an alias of one; ``fixed`` holds the arguments that an alias has given."""

    name: str
    syntax: nodes.Block | nodes.Model
    file: FileScope
    target: nodes.Target
    fixed: Mapping[str, object] = field(default_factory=dict)
    is_alias: bool = False

    @property
    def kind(self) -> str:
        """``"block"`` or ``"model"``."""
        return "block" if isinstance(self.syntax, nodes.Block) else "model"

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"the {self.kind} `{self.name}`"


@dataclass(frozen=True, slots=True, eq=False)
class External:
    """A layer of Python, by its signature; ``layer`` is its class of layers."""

    syntax: nodes.Extern
    file: FileScope
    layer: type[PythonLayer]

    @property
    def described(self) -> str:
        """What messages call it."""
        return f"`{self.syntax.name.name}` without its brackets"


class Operations:
    """The name ``ops``."""

    described = "`ops`"


CALLABLES = (LayerClass, RecipeClass, Function, Formula, Definition, External)
"""What has no value before it is called."""


def parts_of(value: object) -> Collection[object]:
    """Return the values that a value is made of, if it is a container, a recipe or a layer made of others."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, Built):
        return value.arguments.values()
    if isinstance(value, Composed):
        return value.layers
    if isinstance(value, PerStep):
        return (value.inner,)
    if isinstance(value, Stacked):
        return value.parts
    if isinstance(value, PendingRecipe):
        return [item for _, item in value.arguments]
    return ()


def mades(value: object) -> list[Made]:
    """Return the layers in a value that have weights of their own, in order, each once."""
    found: dict[int, Made] = {}
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (Single, Built)) and item.made is not None:
            found.setdefault(id(item.made), item.made)
        waiting += reversed([*parts_of(item)])
    return list(found.values())


def is_unknown(value: object) -> bool:
    """Return whether a value, or something inside it, is not known."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if item is UNKNOWN:
            return True
        if isinstance(item, (list, tuple)):
            waiting += item
        elif isinstance(item, dict):
            waiting += item.values()
    return False
