"""Threats A: bytes that are no text, and texts that are no model."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import nndsl
from nndsl.diagnostics import Diagnostic, NNDSLError, Source
from nndsl.limits import Limits
from nndsl.rendering import render
from nndsl.syntax.format import format
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read_bytes, read_file, read_text

MODEL = "model Net {\n  input (8)\n\n  Dense(3)\n}\n"


def errors(text: str) -> list[Diagnostic]:
    return list(parse(read_text(text))[1])


def refused(data: bytes) -> Diagnostic:
    with pytest.raises(NNDSLError) as caught:
        read_bytes(data)
    (found,) = caught.value.diagnostics
    assert render([found]).isprintable() or "\n" in render([found])
    return found


@pytest.mark.parametrize("text", ["", "\n", "# a\n\n  # b", "\ufeff"])
def test_1_2_nothing_is_no_model(text: str) -> None:
    (found,) = errors(text)
    assert (found.code, found.message) == ("E0120", "no model in file")
    assert found.span.source.line_and_column(found.span.start) == (1, 1)
    assert nndsl.check(text + "\n") == [found] or nndsl.check(text + "\n")[0].code == "E0120"


def test_2_blocks_alone_are_a_library() -> None:
    assert errors("block A {\n  Dense(3)\n}\n") == []


def test_3_a_byte_order_mark_is_left_out() -> None:
    data = MODEL.encode()
    marked = read_bytes(b"\xef\xbb\xbf" + data)
    assert marked.text == read_bytes(data).text == read_text("\ufeff" + MODEL).text
    assert parse(marked)[0] == parse(read_bytes(data))[0]


def test_4_a_mark_in_the_middle_is_named() -> None:
    (found,) = errors("a = 1\nb =\ufeff 2\n")
    assert found.code == "E0103"
    assert "U+FEFF" in found.message
    assert found.span.source.line_and_column(found.span.start) == (2, 4)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_5_any_line_ends(end: str) -> None:
    text = read_text(MODEL.replace("\n", end))
    assert text.text == MODEL
    mixed = read_bytes(b"a = 1\r\nb = 2\rc = 3\nd = (\n")
    (found,) = parse(mixed)[1]
    assert mixed.line_and_column(found.span.start)[0] == 4
    assert format(MODEL.replace("\n", end)) == MODEL


def test_6_the_last_line_needs_no_end() -> None:
    assert parse(Source("", MODEL.rstrip()))[0] == parse(Source("", MODEL))[0]


@pytest.mark.parametrize("text", ["a\0b = 1", 'a = "b\0"', "a = 1 # \0", "a = 1\0"])
def test_7_nul(text: str) -> None:
    found = [each for each in errors(text) if "U+0000" in each.message]
    assert [each.code for each in found] == ["E0103"]
    assert found[0].span.start == text.index("\0")


@pytest.mark.parametrize(
    ("data", "byte"),
    [(b"a = 1\nb\xff", 7), (b"# \xe2\x82", 2), (b"\xc0\xaf", 0), (b"\xef\xbb\xbfa\x80", 4), (b"\xed\xa0\x80", 0)],
)
def test_8_the_first_byte_that_is_not_utf_8(data: bytes, byte: int) -> None:
    found = refused(data)
    assert found.code == "E0101"
    assert f"byte {byte}:" in found.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_9_utf_16(encoding: str) -> None:
    found = refused(MODEL.encode(encoding))
    assert (found.message, found.help) == ("the file looks like UTF-16", "save it as UTF-8")


def test_10_half_characters() -> None:
    with pytest.raises(NNDSLError) as caught:
        read_text("a = 1\n\ud800")
    str(caught.value).encode("utf-8")
    assert "U+D800" in str(caught.value)


@pytest.mark.parametrize(("space", "name"), [("\xa0", "U+00A0"), ("\u200b", "U+200B"), ("\u3000", "U+3000")])
def test_11_invisible_characters_are_named(space: str, name: str) -> None:
    (found,) = errors(f"a ={space}1\n")
    assert found.code == "E0103"
    assert name in found.message
    assert "invisible" in found.message


@pytest.mark.parametrize("text", ["# \u202e\na = 1\n", 'a = "\u202e"\n'])
def test_12_text_that_reads_in_another_order(text: str) -> None:
    assert [found.code for found in errors(text)] == ["W0101"]
    assert "\u202e" not in format(text)
    assert "\\u202e" in format(text)


def test_12_outside_of_strings_it_is_an_error() -> None:
    assert [found.code for found in errors("a = \u202e1\n")] == ["E0103"]


@pytest.mark.parametrize("text", ["a = \x1b[2J\n", 'a = "\x1b[2J\n', "\x1b]0;x\x07 = 1\n"])
def test_13_terminals_obey_no_message(text: str) -> None:
    shown = render(errors(text))
    assert shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_14_15_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.nn"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    program = (
        "import resource, sys\nfrom nndsl.diagnostics import NNDSLError\nfrom nndsl.syntax.reading import read_file\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n  read_file(sys.argv[1])\nexcept NNDSLError as error:\n  print(error.diagnostics[0].code)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    code, grown = done.stdout.split()
    assert code == "E0701"
    assert int(grown) < 20_000  # KiB
    with pytest.raises(NNDSLError):
        read_text("a" * 11, limits=Limits(file_bytes=10))
    with pytest.raises(NNDSLError):
        read_text("é" * 6, limits=Limits(file_bytes=10))
    assert read_text("é" * 5, limits=Limits(file_bytes=10)).text


def test_16_only_regular_files_are_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.nn"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero")):
        with pytest.raises(NNDSLError) as caught:
            read_file(path)
        assert [found.code for found in caught.value.diagnostics] == ["E0603"]
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none.nn")


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08\x00" + bytes(range(256)) * 9, b"\x89PNG\r\n\x1a\n" + b"x" * 5000])
def test_17_other_formats(data: bytes) -> None:
    found = refused(data)
    assert found.code == "E0101"
    assert max(map(len, render([found]).splitlines())) <= 100


def test_files_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.nn"
    path.write_text(MODEL)
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    for _ in range(min(limit, 5000) + 10):
        read_file(path)
