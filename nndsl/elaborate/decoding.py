"""From the bytes of a file to its text."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostic, Source, Span
from nndsl.limits import Limits

_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def decode(data: bytes | str, name: str, limits: Limits) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Return the source that bytes (or a str) stand for, lines ending in ``\\n``, and what is wrong with them.

    What cannot be read gives a source without text.
    """
    problem = _problem(data, limits)
    if problem:
        source = Source(name, "")
        code, message, help = problem
        return source, (Diagnostic(code, message, Span(source, 0, 0), help=help),)
    text = data if isinstance(data, str) else data.decode("utf-8")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Source(name, text), ()


def _problem(data: bytes | str, limits: Limits) -> tuple[str, str, str] | None:
    if len(data) > limits.file_bytes:
        message = f"the file has more than {limits.file_bytes:,} bytes"
        return "E0701", message, "split it, or let the caller raise the limit on bytes"
    try:
        if isinstance(data, str):
            data.encode("utf-8")
        else:
            mark = _MARKS.get(data[:2])
            if mark is not None or data[1:2] == b"\0" or data[:1] == b"\0":
                return "E0101", f"the file looks like {mark or 'UTF-16'}", "save it as UTF-8"
            data.decode("utf-8")
    except UnicodeEncodeError as error:
        return "E0101", f"the text has half a character at place {error.start}", "give text that is valid Unicode"
    except UnicodeDecodeError as error:
        return "E0101", f"the file is not UTF-8 at byte {error.start}", "save it as UTF-8"
    return None
