"""The function of a script that loads the data, written by what the files hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nndsl.compiler import Compiled
from nndsl.emit.printer import docstring, statement
from nndsl.recipes.base import Recipe
from nndsl.recipes.data import Csv, Npy, Npz
from nndsl.train.data import READERS, Place
from nndsl.train.data.checks import fit_columns
from nndsl.train.data.columns import Column, Given, Ragged
from nndsl.train.data.demands import Demands, Slot, demands_of
from nndsl.train.data.npy import NpySource, open_npy
from nndsl.train.errors import TrainingError
from nndsl.train.script.names import name_of
from nndsl.train.script.pasting import Sheet

WEIGHTS = "sample_weight"
_ELSEWHERE = "`nndsl train` takes it; a script reads `Npz`, `Npy` and `Csv`"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What ``load`` of a script gives: names in order, how many samples, and the axes of a sample by name.

    ``slots`` are what the targets are taken for, ``weighted`` whether there are weights of samples, ``pools`` how the
    shuffle goes through files that ``nndsl train`` reads piece by piece: the rows of a piece, and of a pool.
    """

    names: tuple[str, ...]
    count: int
    axes: Mapping[str, int]
    slots: tuple[Slot, ...]
    weighted: bool
    texts: bool
    pools: tuple[int, int] | None = None


def write_load(sheet: Sheet, compiled: Compiled, recipe: Recipe, place: Place, name: str) -> Loaded:
    """Put the function ``name`` into a script, which loads the data of a recipe.

    The files are read now, so that what they hold is known to fit. Raises TrainingError for what does not, and E1215
    for data that a script does not read.
    """
    if not isinstance(recipe, (Npz, Npy, Csv)):
        raise TrainingError("E1215", f"a training script does not read `{type(recipe).__name__}`", _ELSEWHERE)
    demands = demands_of(compiled)
    source = None
    if isinstance(recipe, Npy):
        source = open_npy(recipe, demands, place, torch.device("cpu"), True)
        given, count = source.given(torch.arange(1)), len(source)
    else:
        given = READERS[type(recipe)](recipe, demands, place, {}, True)
        count = len(next(iter(given.columns.values())))
    if given.lengths is not None or any(isinstance(each, Ragged) for each in given.columns.values()):
        raise TrainingError("E1215", "a training script does not read sequences of differing lengths", _ELSEWHERE)
    fitted = fit_columns(given, demands)
    pairs = zip(demands.slots, (*fitted.inputs, *fitted.targets), strict=True)
    columns = [(slot, column) for slot, column in pairs if column is not None]
    names = [name_of(slot.name) for slot, _ in columns]
    keys = dict(_keys(recipe, given, demands))
    lines = _opening(sheet, recipe)
    indent = 8 if isinstance(recipe, Npz) else 4
    written: dict[str, str] = {}
    for own, (slot, column) in zip(names, columns, strict=True):
        assert isinstance(column, Tensor)
        raw = given.columns[slot.name]
        expression = _expression(sheet, recipe, keys[slot.name], slot.name in given.categories)
        text = _tensor(expression, slot, column, raw)
        lines += statement(f"{own} = {written.get(text, text)}", indent)
        written[text] = own
    weights = [each for each in fitted.weights if each is not None]
    if weights:
        expression = _expression(sheet, recipe, keys[WEIGHTS], False)
        flat = ".squeeze(1)" if given.weights[""].dim() > len(weights[0].shape) else ""
        lines += statement(f"{WEIGHTS} = torch.from_numpy({expression}.astype(np.float32)){flat}", indent)
        names.append(WEIGHTS)
    lines += statement(f"return {_listed(names)}", 4)
    head = f"def {name}() -> tuple[{', '.join(['Tensor'] * len(names))}]:"
    spoken = _spoken([each.replace("_", " ").strip() for each in names])
    what = "all samples" if name == "load" else "the samples to validate on"
    summary = docstring(f"Return {spoken} of {what}.", 4)
    sheet.add(name, [*statement(head, 0), *summary, *lines])
    sheet.need(("numpy", "", "np"), ("torch", "", "torch"), ("torch", "Tensor", "Tensor"))
    axes = {slot.name: len(column.shape) - 1 for slot, column in columns}
    slots = tuple(_settled(slot, axes.get(slot.name)) for slot in demands.targets)
    return Loaded(tuple(names), count, axes, slots, bool(weights), bool(given.categories), _pools(source, compiled))


def _settled(slot: Slot, axes: int | None) -> Slot:
    if slot.kind != "either" or axes is None:
        return slot
    return replace(slot, kind="classes" if axes < len(slot.shape) else "one_hot")


def _keys(recipe: Npz | Npy | Csv, given: Given, demands: Demands) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield the names of inputs, targets and weights with what the files call them."""
    pairs = recipe.arrays if isinstance(recipe, Npz) else recipe.paths if isinstance(recipe, Npy) else recipe.columns
    yield from pairs or ((name, name) for name in (*given.columns, WEIGHTS))
    if isinstance(recipe, Npz) and recipe.sample_weight is not None:
        yield WEIGHTS, recipe.sample_weight


def _opening(sheet: Sheet, recipe: Npz | Npy | Csv) -> list[str]:
    if isinstance(recipe, Npy):
        return []
    if isinstance(recipe, Npz):
        return statement(f"with np.load(FOLDER / {_quoted(recipe.path)}) as arrays:", 4)
    sheet.paste("nndsl.train.script.parts.read_csv", "read_csv")
    return statement(f"table = read_csv(FOLDER / {_quoted(recipe.path)})", 4)


def _expression(sheet: Sheet, recipe: Recipe, key: str | tuple[str, ...], is_text: bool) -> str:
    if isinstance(recipe, Npy):
        return f"np.load(FOLDER / {_quoted(str(key))})"
    if isinstance(recipe, Npz):
        read = f"arrays[{_quoted(str(key))}]"
        return f"np.unique({read}, return_inverse=True)[1]" if is_text else read
    if isinstance(key, str):
        return f"table[{_quoted(key)}]"
    listed = ", ".join(f"table[{_quoted(each)}]" for each in key)
    return f"np.stack([{listed}], axis=-1)"


def _tensor(expression: str, slot: Slot, column: Tensor, raw: Column) -> str:
    dtype = column.dtype if column.dtype != torch.uint8 else getattr(torch, slot.dtype)
    name = str(dtype).removeprefix("torch.")
    single = {"bool": "bool", "bfloat16": "np.float32"}.get(name, f"np.{name}")
    text = f"torch.from_numpy({expression}.astype({single}))"
    if name == "bfloat16":
        text += ".bfloat16()"
    if column.dim() != len(raw.shape):
        text += ".unsqueeze(-1)" if column.dim() > len(raw.shape) else ".squeeze(-1)"
    return text


def _pools(source: NpySource | None, compiled: Compiled) -> tuple[int, int] | None:
    assert compiled.fit is not None
    return None if source is None else (source.piece, source.pool(compiled.fit.batch_size))


def _quoted(text: str) -> str:
    """Return a literal with double quotes, as ruff writes them."""
    plain = repr(text)
    return plain if '"' in text else f'"{plain[1:-1]}"'


def _listed(names: list[str]) -> str:
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)


def _spoken(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
