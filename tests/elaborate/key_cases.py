"""Worked cases of the keys of weights: whole files, and all keys of their last model, in the order of the text.

They are data for two tests: of the names alone (test_places.py), and of the modules that are built. Where a case needs
lines for its shapes to fit, or for its layers to reach an output, they hold no weights, and so change no name.
"""

from __future__ import annotations

from tests.elaborate import key_cases_of_names, key_cases_of_parts
from tests.elaborate.key_case import KeyCase

CASES: tuple[KeyCase, ...] = key_cases_of_names.CASES + key_cases_of_parts.CASES
