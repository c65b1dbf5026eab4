"""Characters that cannot stand in a .nn file outside of strings and comments, or that mislead in them."""

from __future__ import annotations

import unicodedata

# Characters that change the order in which the text around them is shown.
BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Letters of other scripts that look like Latin ones, and the Latin ones.
_LOOKALIKES = str.maketrans(
    "абвгдеікмнорстухѕјһԁԛԝАВЕЅІЈКМНОРСТХУԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυχ",
    "abBrdeikMHopcTyxsjhdqwABESIJKMHOPCTXYQWABEZHIKMNOPTYXaivopux",
)

# Signs that people bring from elsewhere: what to write, and the token that they stand for.
_SIGNS = {
    "&&": ("write `and`", "AND"),
    "||": ("write `or`", "OR"),
    "!": ("write `not`", "NOT"),
    "===": ("write `==`", "BINARY"),
    "!==": ("write `!=`", "BINARY"),
    "=>": ("write `->`", "ARROW"),
    ">>": ("write `->`", "ARROW"),
    "<<": ("write `->`, from left to right", "ARROW"),
    "|>": ("write `->`", "ARROW"),
    "|": ("write `->` for a chain, or `or`", "ARROW"),
    "&": ("write `and`", "AND"),
    "^": ("write `**` for a power", "BINARY"),
    "/*": ("comments begin with `#`", ""),
    ";": ("a statement ends with its line", ""),
    "?": ("write `a if condition else b`", "IF"),
    "@": ("write `Dot(axes=…)` or `ops.matmul(a, b)`", "BINARY"),
    "→": ("write `->`", "ARROW"),
    "×": ("write `*`", "BINARY"),
    "·": ("write `*`", "BINARY"),
    "−": ("write `-`", "MINUS"),
    "–": ("write `-`", "MINUS"),
    "≤": ("write `<=`", "BINARY"),
    "≥": ("write `>=`", "BINARY"),
    "≠": ("write `!=`", "BINARY"),
}
_QUOTES = frozenset("“”„‘’«»`")


def describe(character: str) -> str:
    """Return the code point and the name of a character: ``U+200B ZERO WIDTH SPACE``."""
    name = unicodedata.name(character, "")
    if not name and unicodedata.category(character) == "Cc":
        name = "(a control character)"
    return f"U+{ord(character):04X} {name}".rstrip()


def foreign_word(word: str) -> tuple[int, str, str]:
    """Return, of a word that is no name, the index of the first letter that may not stand there, a message and help."""
    index = next((i for i, letter in enumerate(word) if not letter.isascii()), 0)
    letter = word[index]
    plain = unicodedata.normalize("NFKC", word.translate(_LOOKALIKES))
    latin = unicodedata.normalize("NFKC", letter.translate(_LOOKALIKES))
    message = f"{describe(letter)} cannot stand in a name"
    if latin.isascii() and latin.isalnum():
        message = f"{describe(letter)} looks like `{latin}`, but is another letter"
    if plain.isascii() and len(plain) <= 60:
        return index, message, f"write `{plain}`"
    return index, message, "a name has the letters A to Z and a to z, digits and `_`"


def stray(text: str) -> tuple[str, str, str]:
    """Return a message and help about characters that are no token, and the kind of token that they stand for."""
    if text in _SIGNS:
        help_, kind = _SIGNS[text]
        return f"there is no `{text}` here", help_, kind
    if len(text) == 2 and text[1] == "=" and text[0] in "+-*/%":
        return f"there is no `{text}` here", f"write `a = a {text[0]} …`", "EQUAL"
    first = text[0]
    if first in _QUOTES:
        return f"{describe(first)} is not a quotation mark here", "strings stand in \" or '", ""
    if first.isascii() and first.isprintable():
        return f"`{first}` means nothing here", "", ""
    if first.isprintable():
        return f"{describe(first)} means nothing here", "", ""
    return f"the invisible character {describe(first)} cannot stand here", "leave it out, or write a space", ""
