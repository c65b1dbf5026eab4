"""From bytes, a file or a string to a Source. What is not a text is refused here, before anything looks at it."""

from __future__ import annotations

import os
import stat

from nndsl.diagnostics import Diagnostic, NNDSLError, Source, Span
from nndsl.limits import Limits

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_file(path: str | os.PathLike[str], limits: Limits = Limits()) -> Source:
    """Return the text of a file; raises OSError if it cannot be opened, NNDSLError if it is no regular file, no UTF-8,
    or too large.

    The file is opened once, without waiting for a writer, and judged by its handle; no more is read than the limit.
    """
    name = os.fspath(path)
    try:
        handle = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except IsADirectoryError:  # on Windows a folder cannot be opened
        raise _refused("E0603", "this is a folder, not a file", name) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a folder, not a file" if stat.S_ISDIR(mode) else "not a regular file"
        raise _refused("E0603", f"this is {what}", name)
    with os.fdopen(handle, "rb") as file:
        data = file.read(limits.file_bytes + 1)
    return read_bytes(data, name, limits)


def read_bytes(data: bytes, name: str = "<text>", limits: Limits = Limits()) -> Source:
    """Return the text of bytes in UTF-8; raises NNDSLError if they are not, or too many.

    A byte-order mark is left out, and line ends become ``\\n``.
    """
    if len(data) > limits.file_bytes:
        raise _too_large(name, limits)
    if data[:2] in _UTF16 or (len(data) >= 2 and (data[0] == 0) != (data[1] == 0)):
        raise _refused("E0101", "the file looks like UTF-16", name, help="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        start = mark + error.start
        before = _lines(data[mark:start].decode("utf-8"))
        message = f"not UTF-8 at byte {start:,}: 0x{data[start]:02X}"
        raise _refused("E0101", message, name, before, "save the file as UTF-8") from None
    return Source(name, _lines(text))


def read_text(text: str, name: str = "<text>", limits: Limits = Limits()) -> Source:
    """Return the Source of a string, its line ends made ``\\n``; raises NNDSLError if it cannot be written as UTF-8."""
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError as error:
        before = _lines(text[: error.start])
        code = ord(text[error.start])
        message = f"U+{code:04X} is half a character, which no text can hold"
        raise _refused("E0101", message, name, before, "decode the text with the right encoding") from None
    if size > limits.file_bytes:
        raise _too_large(name, limits)
    return Source(name, _lines(text.removeprefix("\ufeff")))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _refused(code: str, message: str, name: str, before: str = "", help: str = "") -> NNDSLError:
    """The error at the end of what could be read."""
    source = Source(name, before)
    return NNDSLError((Diagnostic(code, message, Span(source, len(before), len(before)), help=help),))


def _too_large(name: str, limits: Limits) -> NNDSLError:
    message = f"the file is larger than {limits.file_bytes:,} bytes"
    return _refused("E0701", message, name, help="split it, or let the caller raise the limit on file_bytes")
