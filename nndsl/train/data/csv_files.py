"""Tables of texts: a header, fields that commas separate, a point in decimal numbers, UTF-8."""

from __future__ import annotations

import csv
import io
import os
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np

from nndsl.recipes.data import Csv
from nndsl.train.data.array_files import check_memory
from nndsl.train.data.columns import Categories, Given, listed
from nndsl.train.data.demands import Demands
from nndsl.train.data.places import Place, shown
from nndsl.train.data.tables import given_of_table, wanted_columns
from nndsl.train.errors import TrainingError

_EXPECTED = "a header, fields that `,` separates, one line a sample"


def read_csv(recipe: Csv, demands: Demands, place: Place, known: Categories, targets: bool) -> Given:
    """Return columns of a table. A column whose first cell is a number has numbers; any other has texts.

    Raises TrainingError: E1001 for a file that is no text, E1005 for a missing column, E1007 for no rows, E1008 for
    rows that are not as long as the header, E1009 for a cell that is empty or no number.
    """
    origin = shown(recipe.path)
    with place.open(recipe.path) as handle:
        check_memory(os.fstat(handle.fileno()).st_size, origin)
        text = io.TextIOWrapper(io.BufferedReader(handle), "utf-8-sig", newline="")  # type: ignore[type-var]
        reader = csv.reader(text, strict=True)
        try:
            header = next(reader, [])
            _check_header(header, origin)
            wanted = wanted_columns(recipe, demands, header, targets)
            columns = _columns(reader, header, _used(wanted), origin)
        except csv.Error as error:
            raise TrainingError("E1008", f"line {reader.line_num} of {origin}: {error}", _EXPECTED) from None
        except UnicodeDecodeError as error:
            message = f"{origin} is not written in UTF-8: byte {error.object[error.start]:#04x}"
            raise TrainingError("E1001", message, "save the table as UTF-8") from None
    return given_of_table(wanted, columns.__getitem__, demands, known, origin)


def _used(wanted: dict[str, str | tuple[str, ...]]) -> list[str]:
    found = [[column] if isinstance(column, str) else list(column) for column in wanted.values()]
    return list(dict.fromkeys(name for names in found for name in names))


def _check_header(header: list[str], origin: str) -> None:
    line = ",".join(header)
    if not header:
        raise TrainingError("E1007", f"{origin} is empty", f"a table has {_EXPECTED}")
    other = next((mark for mark in (";", "\t", "|") if len(header) == 1 and mark in line), None)
    if other is not None:
        named = "a tabulator" if other == "\t" else f"`{other}`"
        message = f"the first line of {origin} is {shown(line)}: it seems to be separated by {named}"
        raise TrainingError("E1008", message, f"a table has {_EXPECTED}")
    twice = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    if twice:
        raise TrainingError("E1008", f"the header of {origin} has {listed(twice)} twice", "give each column its name")
    if all(_is_number(name) for name in header):
        message = f"the first line of {origin} is {shown(line)}, which is no header"
        raise TrainingError("E1008", message, "put a line with the names of the columns before the first row")


def _columns(reader: Any, header: list[str], names: list[str], origin: str) -> dict[str, np.ndarray[Any, Any]]:
    rows = _rows(reader, header, origin)
    first = next(rows, None)
    if first is None:
        raise TrainingError("E1007", f"{origin} has no rows below its header", "there must be one sample at least")
    places = [header.index(name) for name in names]
    # Numbers are kept as such while they are read, since a text takes several times their memory.
    numeric = [(place, array("d")) for place in places if _is_number(first[place])]
    texts: list[tuple[int, list[str]]] = [(place, []) for place in places if not _is_number(first[place])]
    row: list[str] | None = first
    while row is not None:
        for place, numbers in numeric:
            cell = row[place]
            try:
                if "_" in cell:  # which Python takes for a separator
                    raise ValueError
                numbers.append(float(cell))
            except ValueError:
                raise _no_number(reader.line_num, header[place], cell, origin) from None
        for place, cells in texts:
            if not row[place].strip():
                raise _no_number(reader.line_num, header[place], row[place], origin)
            cells.append(row[place].strip())
        row = next(rows, None)
    found: dict[int, np.ndarray[Any, Any]] = {place: np.frombuffer(numbers) for place, numbers in numeric}
    found |= {place: np.array(cells) for place, cells in texts}
    return {name: found[place] for name, place in zip(names, places, strict=True)}


def _rows(reader: Any, header: list[str], origin: str) -> Iterator[list[str]]:
    for row in reader:
        if len(row) == len(header):
            yield row
        elif row:
            count = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            message = f"line {reader.line_num} of {origin} has {count}, and the header has {len(header)}"
            help = "a text with commas stands in quotes" if len(row) > len(header) else f"a table has {_EXPECTED}"
            raise TrainingError("E1008", message, help)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _no_number(line: int, column: str, cell: str, origin: str) -> TrainingError:
    where = f"line {line} of {origin}: the column {shown(column)}"
    if not cell.strip():
        return TrainingError("E1009", f"{where} is empty", "leave such rows out, or fill them, before training")
    help = "the first row has a number there, so all of them must have one"
    if cell.replace(",", "", 1).strip("+-").isdigit():
        help = "decimal numbers have a point: `" + cell.replace(",", ".") + "`"
    return TrainingError("E1009", f"{where} is {shown(cell)}, which is no number", help)
