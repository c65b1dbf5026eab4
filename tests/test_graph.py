"""A graph as a programmer sees it."""

from __future__ import annotations

import nndsl

SUMS = """
model Sums {{
  input x: (8)

  for i in range({turns}) {{
    x = x + x
  }}
  output sum: x
}}
"""


def test_what_is_shown_grows_with_the_graph_and_not_with_its_paths() -> None:
    short, long = (len(repr(nndsl.compile(SUMS.format(turns=turns)).model)) for turns in (5, 10))
    assert long < 2 * short
    assert len(repr(nndsl.compile(SUMS.format(turns=10)))) < 200
