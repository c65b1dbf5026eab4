"""Threats F: imports reach files inside the root, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import nndsl
from tests.elaborate.compiling import model

HEAD = "block Head {\n  Dense(3)\n}\n"
SECRET = "block Head { nobody may read this }\n"


def check(folder: Path, path: str, *, name: str = "main.nn", **options: object) -> list[str]:
    """The codes of a file in the root that imports a path."""
    written = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    main = folder / name
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(f'from "{written}" import Head\n\n' + model("Head()"), encoding="utf-8")
    found = nndsl.check(main, **options)  # type: ignore[arg-type]
    assert "nobody" not in nndsl.render(found)
    return [each.code for each in found]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a block in it, and another beside it with a secret."""
    (tmp_path / "models" / "sub").mkdir(parents=True)
    (tmp_path / "models" / "blocks.nn").write_text(HEAD)
    (tmp_path / "models" / "sub" / "blocks.nn").write_text(HEAD)
    (tmp_path / "secret.nn").write_text(SECRET)
    return tmp_path / "models"


@pytest.mark.parametrize(
    "path", ["blocks.nn", "sub/blocks.nn", "./blocks.nn", "sub/../blocks.nn", "sub//blocks.nn", "../models/blocks.nn"]
)
def test_113_paths_inside(root: Path, path: str) -> None:
    assert check(root, path) == []


def test_an_import_is_relative_to_its_file(root: Path) -> None:
    assert check(root, "blocks.nn", name="sub/main.nn") == []
    assert check(root, "../blocks.nn", name="sub/main.nn") == ["E0602"]
    assert check(root, "../blocks.nn", name="sub/main.nn", root=root) == []


@pytest.mark.parametrize(
    "path", ["../secret.nn", "sub/../../secret.nn", "../../../../../../etc/passwd", "sub/../../models/../secret.nn"]
)
def test_110_113_paths_that_lead_out(root: Path, path: str) -> None:
    assert check(root, path) == ["E0602"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "~/secret.nn",
        "$HOME/secret.nn",
        "file:///etc/passwd",
        "http://example.com/a.nn",
        "C:/a.nn",
        "//host/share/a.nn",
        "sub\\blocks.nn",
        "a\nb.nn",
        "",
        ".",
    ],
)
def test_111_what_is_no_relative_path(root: Path, path: str) -> None:
    assert check(root, path) == ["E0602"]


def test_112_links_are_followed_before_they_are_judged(root: Path) -> None:
    (root / "link.nn").symlink_to(root.parent / "secret.nn")
    (root / "folder").symlink_to(root.parent)
    (root / "inside.nn").symlink_to(root / "blocks.nn")
    (root / "dangling.nn").symlink_to(root / "nothing.nn")
    assert check(root, "link.nn") == ["E0602"]
    assert check(root, "folder/secret.nn") == ["E0602"]
    assert check(root, "inside.nn") == []
    assert check(root, "dangling.nn") == ["E0601"]


def test_114_circles_and_diamonds(root: Path) -> None:
    assert check(root, "main.nn") == ["E0604"]
    (root / "a.nn").write_text('from "b.nn" import Head\n')
    (root / "b.nn").write_text('from "c.nn" import Head\n')
    (root / "c.nn").write_text('from "a.nn" import Head\n')
    assert check(root, "a.nn") == ["E0604"]
    (root / "left.nn").write_text('from "blocks.nn" import Head as Left\n')
    (root / "right.nn").write_text('from "blocks.nn" import Head as Right\n')
    text = 'from "left.nn" import Left\nfrom "right.nn" import Right\n\n' + model("Left() -> Right()")
    (root / "diamond.nn").write_text(text)
    opened: list[str] = []
    _listen(opened)
    assert nndsl.check(root / "diamond.nn") == []
    assert opened.count("blocks.nn") == 1
    opened.clear()


_OPENED: list[list[str]] = []


def _listen(opened: list[str]) -> None:
    """Note the names of the files that are opened from now on; a hook cannot be taken back."""
    if not _OPENED:
        sys.addaudithook(lambda event, given: _OPENED[-1].append(Path(str(given[0])).name) if event == "open" else None)
    _OPENED.append(opened)


def test_115_deep_imports(root: Path) -> None:
    for number in range(20):
        (root / f"{number}.nn").write_text(f'from "{number + 1}.nn" import Head\n')
    (root / "20.nn").write_text(HEAD)
    assert check(root, "0.nn") == ["E0717"]
    assert check(root, "14.nn") == []
    assert check(root, "0.nn", limits=nndsl.Limits(imports=30)) == []


def test_116_what_is_no_file(root: Path) -> None:
    os.mkfifo(root / "pipe.nn")
    assert check(root, "pipe.nn") == ["E0603"]
    assert check(root, "sub") == ["E0603"]
    assert check(root, "blocks.nn/x") == ["E0601"]


def test_117_a_file_that_is_exchanged_for_a_link(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.path.realpath

    def exchanged(path: object, **options: object) -> str:
        found: str = real(path, **options)  # type: ignore[call-overload]
        victim = root / "blocks.nn"
        if found == str(victim) and not victim.is_symlink():
            victim.unlink()
            victim.symlink_to(root.parent / "secret.nn")
        return found

    monkeypatch.setattr("nndsl.elaborate.files.os.path.realpath", exchanged)
    assert check(root, "blocks.nn") == ["E0602"]


def test_118_data_under_the_root() -> None:
    fit = 'fit {{\n  data = Npz("{}", x="a", y="b")\n}}'
    for path, expected in (("digits.npz", []), ("../digits.npz", ["E0610"]), ("/digits.npz", ["E0610"])):
        text = model("Dense(3)", 'compile {\n  loss = "mse"\n}', fit.format(path))
        assert [each.code for each in nndsl.check(text) if each.code == "E0610"] == expected


@pytest.mark.parametrize("name", ["a b.nn", "ä.nn", "x" * 240 + ".nn", "new\nline.nn", "\x1b[2J.nn"])
def test_120_odd_names_of_files(root: Path, name: str) -> None:
    (root / name).write_text(HEAD)
    (root / "sub" / name).write_text('from "../blocks.nn" import Head\n')
    found = check(root, name)
    assert found == ([] if name.isprintable() else ["E0602"])
    (shown,) = nndsl.check(root / "sub" / name)
    assert "\x1b" not in nndsl.render([shown])


def test_120_a_path_with_a_byte_that_is_no_text(root: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.nn"))
    path.write_text("model Net {\n  Dens(3)\n}\n")
    nndsl.render(nndsl.check(path)).encode()


def test_a_text_imports_nothing(root: Path) -> None:
    text = 'from "blocks.nn" import Head\n\n' + model("Head()")
    assert [each.code for each in nndsl.check(text)] == ["E0601"]
    assert nndsl.check(text, root=root) == []


def test_what_is_imported(root: Path) -> None:
    (root / "all.nn").write_text(
        "width = 3\nlike = HeNormal()\ndef twice(a) = 2 * a\nmodel Inner {\n  input (8)\n\n  Dense(width)\n}\n" + HEAD
    )
    text = 'from "all.nn" import width, like, twice, Inner, Head as Top\n\n'
    text += model("Top()", "Dense(twice(width), kernel_initializer=like)", "Dense(8)", "Inner()")
    (root / "main.nn").write_text(text)
    assert nndsl.check(root / "main.nn") == []


def test_settings_of_the_main_file_rule(root: Path) -> None:
    (root / "conv.nn").write_text("block Head {\n  Conv2D(4, 3)\n}\n")
    text = 'set data_format = "channels_first"\nfrom "conv.nn" import Head\n\n' + model("Head()", inputs="x: (3, 9, 9)")
    found = nndsl.compile(text, root=root).model.outputs[0][1].type.shape
    assert [str(size) for size in found] == ["N", "4", "7", "7"]
    (root / "conv.nn").write_text('set data_format = "channels_first"\nblock Head {\n  Conv2D(4, 3)\n}\n')
    assert nndsl.check(text, root=root) == []
    plain = text.replace('set data_format = "channels_first"\n', "").replace("(3, 9, 9)", "(9, 9, 3)")
    assert [each.code for each in nndsl.check(plain, root=root)] == ["E0608"]
