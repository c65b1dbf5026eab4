"""The budgets of a compilation: a caller may raise them, a file may not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, deep and large a compilation may become, each inclusive.

    ``depth`` counts the levels of one expression's tree, in which operators in a row count too.
    """

    file_bytes: int = 4_000_000
    total_bytes: int = 16_000_000
    tokens: int = 500_000
    nesting: int = 64
    depth: int = 256
    imports: int = 8
    layers: int = 100_000
    steps: int = 1_000_000
    name: int = 128
    string: int = 4_096
    digits: int = 20
    size: int = 2**31 - 1
    arguments: int = 256
    merge_inputs: int = 1_024
    parameters: int = 10**10
    activation: int = 2**33
