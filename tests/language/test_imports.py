"""Imports: what they bring, and that they stay inside the root folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from tests.language.checking import accepted, found, keys, refused, shape

LIBRARY = """
width = 3
start = HeNormal()
def twice(n) = 2 * n
block Part(n) {
  Dense(twice(n), kernel_initializer=start)
}
model Head {
  input x: (6)
  Dense(1)
}
model Named = Head
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "library.nn").write_text(LIBRARY)
    (tmp_path / "parts" / "inner.nn").write_text(
        'from "../library.nn" import Part as Whole\nblock Two {\nWhole(2)\n}\n'
    )
    return tmp_path


def main(names: str, body: str, path: str = "library.nn") -> str:
    return f'from "{path}" import {names}\nmodel Case {{\ninput x: (8)\n{body}\n}}\n'


def test_blocks_models_constants_recipes_and_functions_are_imported(folder: Path) -> None:
    text = main(
        "width, start, twice as double, Part, Head", "Part(width)\nHead()\nDense(double(4), kernel_initializer=start)"
    )
    assert keys(text, root=folder) == ["part.dense", "head.dense", "dense"]
    assert shape(text, root=folder) == "(N, 8)"
    assert shape(main("Part, Named", "Part(3)\nNamed()"), root=folder) == "(N, 1)"


def test_an_import_is_called_by_its_new_name(folder: Path) -> None:
    assert keys(main("Part as Piece", "Piece(2)"), root=folder) == ["piece.dense"]
    help = refused(main("Part as Piece", "«Part»(2)"), "E0201", root=folder).help
    assert help == "`nndsl layers` lists the layers there are"


def test_a_path_is_relative_to_the_importing_file(folder: Path) -> None:
    (folder / "main.nn").write_text(main("Two", "Two()", "parts/inner.nn"))
    assert keys(folder / "main.nn") == ["two.whole.dense"]
    for path in ("parts/../library.nn", "./library.nn", "parts//..//library.nn"):
        assert found(main("Part", "Part(2)", path), root=folder) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../library.nn", "E0602"),
        ("parts/../../library.nn", "E0602"),
        ("/etc/passwd", "E0602"),
        ("~/library.nn", "E0602"),
        ("$HOME/library.nn", "E0602"),
        ("file:///etc/passwd", "E0602"),
        ("https://example.com/library.nn", "E0602"),
        (r"..\\library.nn", "E0602"),
        ("C:/library.nn", "E0602"),
        ("", "E0602"),
        ("missing.nn", "E0601"),
        ("parts", "E0603"),
        ("link.nn", "E0602"),
    ],
)
def test_an_import_stays_inside_the_root(folder: Path, path: str, code: str) -> None:
    outside = folder.parent / f"{folder.name}.nn"
    outside.write_text("secret = 3")
    (folder / "link.nn").symlink_to(outside)
    marked = main("secret", "Dense(secret)").replace('"library.nn"', f'«"{path}"»')
    diagnostic = refused(marked, code, root=folder)
    assert "secret" not in diagnostic.message


def test_a_text_without_a_path_imports_nothing_without_a_root() -> None:
    marked = main("Part", "Part(2)").replace('"library.nn"', '«"library.nn"»')
    assert refused(marked, "E0601").help == "give the compiler a path, or a root folder (`--root`)"


def test_a_file_may_import_from_above_it_inside_the_root(folder: Path) -> None:
    (folder / "parts" / "main.nn").write_text(main("Part", "Part(2)", "../library.nn"))
    assert found(folder / "parts" / "main.nn") == ["E0602"]
    assert found(folder / "parts" / "main.nn", root=folder) == []


def test_what_is_not_there_is_refused_with_what_is_near(folder: Path) -> None:
    assert refused(main("Part, «Heat»", "Part(2)\nHeat()"), "E0605", root=folder).help == "did you mean `Head`?"


def test_a_circle_of_imports_is_shown(folder: Path) -> None:
    (folder / "a.nn").write_text('from "b.nn" import b\na = 1\n')
    (folder / "b.nn").write_text('from "c.nn" import c\nb = 1\n')
    (folder / "c.nn").write_text('from "b.nn" import b\nc = 1\n')
    (diagnostic,) = nndsl.check(folder / "a.nn")
    assert (diagnostic.code, diagnostic.message) == ("E0604", "the file imports itself: b.nn -> c.nn -> b.nn")
    (folder / "d.nn").write_text('from "d.nn" import a\n')
    assert found(folder / "d.nn") == ["E0604"]


def test_a_file_that_two_import_is_read_once(folder: Path) -> None:
    (folder / "left.nn").write_text('from "library.nn" import Part\nblock Left {\nPart(2)\n}\n')
    text = 'from "left.nn" import Left\nfrom "library.nn" import Part\nmodel Case {\ninput x: (4)\nLeft()\nPart(2)\n}\n'
    graph = accepted(text, root=folder).model
    inner = graph.nodes[0].layer.graph.nodes[0].layer.graph
    assert graph.nodes[1].layer.graph is inner


def test_imports_lie_only_so_deep_in_each_other(folder: Path) -> None:
    for number in range(12):
        (folder / f"f{number}.nn").write_text(f'from "f{number + 1}.nn" import a\nb = 1\n')
    (folder / "f12.nn").write_text("a = 1\n")
    assert found(folder / "f4.nn") == []
    assert found(folder / "f3.nn") == ["E0717"]
    assert found(folder / "f3.nn", limits=nndsl.Limits(imports=9)) == []


def test_a_mistake_in_an_imported_file_is_shown_there(folder: Path) -> None:
    (folder / "wrong.nn").write_text("block Part {\nDense()\n}\n")
    (diagnostic,) = nndsl.check(main("Part", "Part()", "wrong.nn"), root=folder)
    assert (diagnostic.code, diagnostic.span.source.name, diagnostic.span.text) == ("E0301", "wrong.nn", "Dense()")
    (folder / "wrong.nn").write_text("block Part {\nDense(\n}\n")
    (diagnostic,) = nndsl.check(main("Part", "Part()", "wrong.nn"), root=folder)
    assert (diagnostic.code, diagnostic.span.source.name) == ("E0107", "wrong.nn")


def test_an_import_that_sets_otherwise_is_an_error(folder: Path) -> None:
    (folder / "first.nn").write_text('set data_format = "channels_first"\nblock Part {\nConv2D(3, 1)\n}\n')
    (folder / "last.nn").write_text('set data_format = "channels_last"\nblock Part {\nConv2D(3, 1)\n}\n')
    body = "model Case {\ninput x: (4, 5, 6)\nPart()\n}\n"
    (diagnostic,) = nndsl.check(f'from "first.nn" import Part\n{body}', root=folder)
    assert (diagnostic.code, diagnostic.span.source.name) == ("E0608", "first.nn")
    assert found(f'from "last.nn" import Part\n{body}', root=folder) == []
    head = 'set data_format = "channels_first"\n'
    assert shape(f'{head}from "first.nn" import Part\n{body}', root=folder) == "(N, 3, 5, 6)"
    # A file that sets nothing follows the main file.
    (folder / "plain.nn").write_text("block Part {\nConv2D(3, 1)\n}\n")
    assert shape(f'{head}from "plain.nn" import Part\n{body}', root=folder) == "(N, 3, 5, 6)"
