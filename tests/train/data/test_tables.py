"""Tables of CSV and Parquet: columns by name, texts as labels, lists as sequences."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from nndsl.recipes.data import Csv, Parquet
from nndsl.train.data import Place, source_of
from tests.train.data.models import classifier, model, refused, regressor, tagger, whole

TABLE = "a,b,c\n0.5,1,u\n1.5,2,v\n2.5,3,u\n"
COLUMNS = (("x", ("a", "b")), ("y", "c"))


def table(folder: Path, text: str | bytes = TABLE) -> Csv:
    """Write a table."""
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Csv("t.csv", COLUMNS)


class TestCsv:
    """Tables."""

    @pytest.mark.parametrize("start", [b"", "\ufeff".encode()])
    def test_columns(self, tmp_path: Path, start: bytes) -> None:
        recipe = table(tmp_path, start + TABLE.encode() + b"\r\n\n")
        source = source_of(recipe, classifier(), place=Place(tmp_path, tmp_path))
        batch = whole(source)
        assert batch.inputs[0].tolist() == [[0.5, 1], [1.5, 2], [2.5, 3]]
        assert batch.targets[0] is not None
        assert batch.targets[0].tolist() == [0, 1, 0]
        assert dict(source.categories) == {"y": ("u", "v")}

    def test_text_among_columns_of_numbers(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text(TABLE)
        recipe = Csv("t.csv", (("x", ("a", "c")), ("y", "b")))
        source = source_of(recipe, regressor(), place=Place(tmp_path, tmp_path))
        assert whole(source).inputs[0].tolist() == [[0.5, 0], [1.5, 1], [2.5, 0]]
        assert dict(source.categories) == {"x.c": ("u", "v")}
        (tmp_path / "t.csv").write_text("a,c\n7,v\n")
        later = source_of(recipe, regressor(), path=tmp_path / "t.csv", categories=source.categories, targets=False)
        assert whole(later).inputs[0].tolist() == [[7, 1]]

    def test_cells_with_commas_and_lines(self, tmp_path: Path) -> None:
        recipe = table(tmp_path, 'a,b,c\n1,2,"u, or\nv"\n1,2,w\n')
        source = source_of(recipe, classifier(), place=Place(tmp_path, tmp_path))
        assert dict(source.categories) == {"y": ("u, or\nv", "w")}

    @pytest.mark.parametrize(
        ("text", "code", "said"),
        [
            ("a,b,c\n1,2,u\n1,2\n", "E1008", "line 3 of `t.csv` has 2 cells"),
            ("a,b,c\n1,2,u\n1,2,3,4\n", "E1008", "line 3 of `t.csv` has 4 cells"),
            ("a,b,c\n1,2,u\n1,x,u\n", "E1009", "line 3 of `t.csv`: the column `b` is `x`"),
            ("a,b,c\n1,2,u\n1,,u\n", "E1009", "the column `b` is empty"),
            ("a,b,c\n1,2,u\n1,2,\n", "E1009", "the column `c` is empty"),
            ('a,b,c\n1,2,u\n1,"1,5",u\n', "E1009", "`1.5`"),
            ("a,b,c\n1,2,u\n1,1_000,u\n", "E1009", "`1_000`"),
            ("a,b,c\n1,2,u\n1,nan,u\n", "E1014", "row 1 of the columns of `x` in `t.csv` at 1 is nan"),
            ("a,b,c\n1,2,u\n1,1e999,u\n", "E1014", "is inf"),
            ("a;b;c\n1;2;u\n", "E1008", "`a;b;c`"),
            ("a\tb\tc\n1\t2\tu\n", "E1008", r"`a\x09b\x09c`"),
            ("1,2,3\n1,2,3\n", "E1008", "`1,2,3`, which is no header"),
            ("a,b,a\n1,2,3\n", "E1008", "twice"),
            ("a,b\n1,2\n", "E1005", "it has `a` and `b`"),
            ("a,b,c\n", "E1007", "no rows"),
            ("", "E1007", "is empty"),
            ('a,b,c\n1,2,"u\n', "E1008", "line 2"),
            (b"a,b,c\n1,2,\xff\n", "E1001", "0xff"),
            (b"a,b,c\n1,2,u\0v\n1,\0,u\n", "E1009", r"\x00"),
        ],
    )
    def test_what_is_no_table(self, tmp_path: Path, text: str | bytes, code: str, said: str) -> None:
        assert said in refused(code, table(tmp_path, text), tmp_path)


class TestParquet:
    """Tables of Parquet."""

    def write(self, folder: Path, **columns: Any) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.table(columns), folder / "t.parquet")

    def test_columns(self, tmp_path: Path) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        self.write(tmp_path, a=[0.5, 1.5], b=[True, False], c=pyarrow.array(["v", "u"]).dictionary_encode())
        source = source_of(Parquet("t.parquet", COLUMNS), classifier(), place=Place(tmp_path, tmp_path))
        batch = whole(source)
        assert batch.inputs[0].tolist() == [[0.5, 1], [1.5, 0]]
        assert batch.targets[0] is not None
        assert batch.targets[0].tolist() == [1, 0]

    def test_lists_are_sequences(self, tmp_path: Path) -> None:
        self.write(tmp_path, tokens=[[4, 2, 9], [7], []], y=[[0, 1, 1], [2], []])
        batch = whole(source_of(Parquet("t.parquet"), tagger(), place=Place(tmp_path, tmp_path)))
        assert batch.inputs[0].tolist() == [[4, 2, 9], [7, 0, 0], [0, 0, 0]]

    def test_lists_of_lists_and_lists_side_by_side(self, tmp_path: Path) -> None:
        compiled = model({"x": "(T, 2)"}, "GlobalAveragePooling1D(); Dense(1)", '"mse"')
        steps = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
        self.write(tmp_path, x=steps, u=[[1.0, 3.0], [5.0]], v=[[2.0, 4.0], [6.0]], y=[0.0, 1.0])
        for columns in ((("x", "x"), ("y", "y")), (("x", ("u", "v")), ("y", "y"))):
            source = source_of(Parquet("t.parquet", columns), compiled, place=Place(tmp_path, tmp_path))
            assert whole(source).inputs[0].tolist() == [steps[0], [steps[1][0], [0, 0]]]

    def test_what_is_no_number(self, tmp_path: Path) -> None:
        self.write(tmp_path, a=[1.0, None], b=[1, 2], c=["u", "v"])
        assert "row 1 of the column `a`" in refused("E1009", Parquet("t.parquet", COLUMNS), tmp_path)
        self.write(tmp_path, a=[datetime.date(2020, 1, 1)], b=[1], c=["u"])
        refused("E1011", Parquet("t.parquet", COLUMNS), tmp_path)
        self.write(tmp_path, a=[[["u"]]], b=[1], c=["u"])
        refused("E1011", Parquet("t.parquet", COLUMNS), tmp_path)
        (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing else")
        refused("E1001", Parquet("t.parquet", COLUMNS), tmp_path)
