"""Names of a file: of models, of values, and those that a layer is given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from nndsl import layers, recipes
from nndsl.elaborate.functions import FUNCTIONS
from nndsl.syntax.tables import KEYWORDS

_LONGEST = 100
RESERVED = frozenset({*KEYWORDS, *FUNCTIONS, "ops", "pi", "N", "true", "false", "none", "True", "False", "None"})
LANGUAGE = frozenset({*layers.names(), *(each for kind in recipes.NAMES.values() for each in kind), "Weight"})
"""The names that a definition would hide."""


def identifier(given: str) -> str:
    """Return a name of the language for one of Keras's: ``block1/conv.2`` is ``block1_conv_2``."""
    found = re.sub(r"\W", "_", given, flags=re.ASCII).lstrip("_")[:_LONGEST]
    if not found or not found[0].isalpha():
        found = f"layer_{found}".rstrip("_")
    # A capital letter alone is a size.
    return f"{found}_" if found in RESERVED or re.fullmatch(r"[A-Z]\d*", found) else found


def model_name(given: str, taken: Collection[str], otherwise: str) -> str:
    """Return a model's name in camel case: ``mobilenetv2_1.00_224``, ``Mobilenetv2100224``."""
    words = re.findall(r"[A-Za-z0-9]+", given)[:20]
    found = "".join(word[0].upper() + word[1:] for word in words)[:_LONGEST]
    if not found or not found[0].isalpha() or len(found) < 2:
        found = otherwise
    if found in LANGUAGE or found in RESERVED:
        found += "Model"
    return unused(found, taken, "")


def unused(wanted: str, taken: Collection[str], sign: str = "_") -> str:
    """Return the name, or the first of ``name_1``, ``name_2``, … that is not taken."""
    if wanted not in taken:
        return wanted
    number = 1 if sign else 2
    while f"{wanted}{sign}{number}" in taken:
        number += 1
    return f"{wanted}{sign}{number}"


def distinct(names: Iterable[str]) -> list[str]:
    """Return names, those that were there before numbered."""
    found: list[str] = []
    for each in names:
        found.append(unused(each, found))
    return found
