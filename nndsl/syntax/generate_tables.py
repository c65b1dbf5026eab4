"""Make ``tables.py`` from the grammar: ``python -m nndsl.syntax.generate_tables``.

Lark builds the LALR(1) tables, in strict mode; the parser then needs neither Lark nor a pickle of its.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule, Symbol, Terminal
from lark.lexer import PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Reduce

GRAMMAR = Path(__file__).parent.parent / "grammar" / "nndsl.lark"
TABLES = Path(__file__).with_name("tables.py")

HEADER = '''\
"""The parse tables of the grammar. Made by nndsl.syntax.generate_tables; do not edit."""

# ruff: noqa
# fmt: off
'''


def generate() -> str:
    """Return the text of ``tables.py``; raises ``lark.exceptions.GrammarError`` if the grammar has a conflict."""
    lark = Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", strict=True)
    table = lark.parser.parser._parse_table
    rules = list(lark.rules)
    order = _breadth_first(table.states, table.start_states["start"])
    number = {state: index for index, state in enumerate(order)}
    rows = [_row(table.states[state], rules, number) for state in order]
    terminals = {terminal.name: terminal for terminal in lark.terminals}
    words = [(text, name) for name, terminal in terminals.items() for text in _spellings(terminal)]
    patterns = ("NAME", "NUMBER", "STRING", "COMMENT")
    parts = [
        HEADER,
        "# A state's row gives, for a terminal, the state to shift to, or ~ the number of the rule to reduce by;",
        "# for what a reduced rule is called, the state to go to. Parsing starts in state 0.",
        f"END = {number[table.end_states['start']]}",
        *_tuple("ACTIONS: tuple[dict[str, int], ...]", rows),
        "",
        "# Of a rule: its name, its length, the builder's method (none: a list), and the children that it takes;",
        "# True marks one that is a list to splice in. No children means that the only one is handed on as it is.",
        *_tuple("RULES: tuple[tuple[str, int, str, tuple[tuple[int, bool], ...]], ...]", map(_rule, rules)),
        "",
        "# What the lexer needs: keywords, operators and brackets by their spelling, and the patterns of the others.",
        f"KEYWORDS = {dict(word for word in words if word[0].isalpha())}",
        f"OPERATORS = {dict(word for word in words if not word[0].isalpha())}",
        *(f"{name} = {terminals[name].pattern.value!r}" for name in patterns),
    ]
    return "\n".join(parts) + "\n"


def _tuple(target: str, items: Iterable[object]) -> Iterator[str]:
    yield f"{target} = ("
    yield from (f" {item!r}," for item in items)
    yield ")"


def _breadth_first(states: Mapping[int, Mapping[str, Any]], start: int) -> list[int]:
    """The states in an order that does not depend on hashes."""
    order, seen = [start], {start}
    for state in order:
        for _, (action, target) in sorted(states[state].items()):
            if action is not Reduce and target not in seen:
                seen.add(target)
                order.append(target)
    return order


def _row(row: Mapping[str, Any], rules: list[Rule], number: Mapping[int, int]) -> dict[str, int]:
    return {
        str(symbol): ~rules.index(target) if action is Reduce else number[target]
        for symbol, (action, target) in sorted(row.items())
    }


def _rule(rule: Rule) -> tuple[str, int, str, tuple[tuple[int, bool], ...]]:
    """The rule as Lark's own tree builder treats it (``ParseTreeBuilder``)."""
    kept = tuple((i, _is_list(symbol)) for i, symbol in enumerate(rule.expansion) if not _is_filtered(symbol))
    origin = str(rule.origin.name)
    if rule.options.expand1 and not rule.alias:
        if kept != ((0, False),) or len(rule.expansion) != 1:
            raise ValueError(f"the driver hands on only children, which {rule} is not")
        return origin, 1, "", ()
    return origin, len(rule.expansion), "" if _is_list(rule.origin) else str(rule.alias or origin), kept


def _is_list(symbol: Symbol) -> bool:
    return not symbol.is_term and symbol.name.startswith("_")


def _is_filtered(symbol: Symbol) -> bool:
    return isinstance(symbol, Terminal) and symbol.filter_out


def _spellings(terminal: TerminalDef) -> list[str]:
    """The texts of a terminal that has a closed list of them."""
    pattern = terminal.pattern
    if isinstance(pattern, PatternStr):
        return [pattern.value]
    if re.fullmatch(r"\(\?:[^()\[\]]+\)", pattern.value):  # "a" | "b"
        return [re.sub(r"\\(.)", r"\1", part) for part in pattern.value[3:-1].split("|")]
    return []


if __name__ == "__main__":
    TABLES.write_text(generate(), encoding="utf-8")
