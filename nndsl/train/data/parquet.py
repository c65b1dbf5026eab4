"""Tables of Parquet, read by pyarrow: numbers, texts and categories, and lists, which are sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from nndsl.recipes.data import Parquet
from nndsl.train.data.array_files import check_memory
from nndsl.train.data.columns import Categories, Given, Ragged, tensor_of
from nndsl.train.data.demands import Demands
from nndsl.train.data.places import Place, shown
from nndsl.train.data.tables import given_of_table, wanted_columns
from nndsl.train.errors import TrainingError


def read_parquet(recipe: Parquet, demands: Demands, place: Place, known: Categories, targets: bool) -> Given:
    """Return columns of a table.

    Raises TrainingError: E1001 for a file that is none or is damaged, E1004 for what is larger than memory, E1005 for
    a missing column, E1007 for no rows, E1009 for an empty cell, E1011 for a type that is neither number nor text,
    E1015 without pyarrow.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        help = "pip install 'nndsl[parquet]'"
        raise TrainingError("E1015", "reading Parquet needs pyarrow, which is not installed", help) from None
    origin = shown(recipe.path)
    with place.open(recipe.path) as handle:
        try:
            file = parquet.ParquetFile(handle)
            wanted = wanted_columns(recipe, demands, file.schema_arrow.names, targets)
            groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
            check_memory(sum(group.total_byte_size for group in groups), origin)
            if not file.metadata.num_rows:
                raise TrainingError("E1007", f"{origin} has no rows", "there must be one sample at least")
            used = [[column] if isinstance(column, str) else list(column) for column in wanted.values()]
            table = file.read(columns=list(dict.fromkeys(name for names in used for name in names)))
        except (pyarrow.ArrowException, OSError) as error:
            message = f"{origin} is no Parquet file, or a damaged one: {str(error).splitlines()[0]}"
            raise TrainingError("E1001", message) from None

    def read(name: str) -> Any:
        return _column(table.column(name).combine_chunks(), f"the column {shown(name)} of {origin}")

    return given_of_table(wanted, read, demands, known, origin)


def _column(column: Any, called: str) -> Any:
    """Return an array of numbers or texts, or sequences."""
    import pyarrow
    from pyarrow import types

    if isinstance(column, pyarrow.ChunkedArray):
        column = column.combine_chunks()
    if column.null_count:
        row = int(np.asarray(column.is_null()).argmax())
        message = f"row {row} of {called} is empty"
        raise TrainingError("E1009", message, "leave such rows out, or fill them, before training")
    kind = column.type
    if types.is_dictionary(kind):
        return _column(column.dictionary_decode(), called)
    if types.is_string(kind) or types.is_large_string(kind):
        return np.array(column.to_pylist())
    if types.is_decimal(kind):
        return np.array([float(value) for value in column.to_pylist()])
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return np.asarray(column)
    if types.is_fixed_size_list(kind):
        inner = tensor_of(_column(column.flatten(), called), called)
        return inner.reshape(len(column), kind.list_size, *inner.shape[1:])
    if types.is_list(kind) or types.is_large_list(kind):
        return _sequences(column, called)
    help = "convert it to numbers or texts first"
    raise TrainingError("E1011", f"{called} has the type {kind}, which is neither number nor text", help)


def _sequences(column: Any, called: str) -> Any:
    """Return a column of lists as sequences; lists in lists have one length, which becomes an axis."""
    lengths = torch.from_numpy(np.diff(np.asarray(column.offsets)).astype(np.int64))
    inner = _column(column.flatten(), called)
    if isinstance(inner, np.ndarray) and inner.dtype.kind in "US":
        help = "a column of texts is a label for each row; give the numbers of tokens in lists"
        raise TrainingError("E1011", f"{called} has lists of texts", help)
    if isinstance(inner, Ragged):
        found = inner.lengths.unique()  # type: ignore[no-untyped-call]
        if len(found) > 1:
            help = "give the steps one length, so that they have an axis"
            raise TrainingError("E1010", f"{called} has lists of lists of differing lengths", help)
        size = int(found[0]) if len(found) else 0
        inner = inner.values.reshape(-1, size, *inner.values.shape[1:])
    return Ragged.joined(tensor_of(inner, called), lengths)
