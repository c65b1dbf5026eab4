"""Compares speeds and memory, and prints ratios, by topic: ``python benchmarks/run.py [TOPIC]…``."""

from __future__ import annotations

import sys
from importlib import import_module

TOPICS = ("checking", "compiling", "forward", "importing", "memory", "training")


def main(chosen: list[str]) -> None:
    """Run the topics, all of them if none is chosen."""
    for topic in chosen or TOPICS:
        if topic not in TOPICS:
            sys.exit(f"no topic `{topic}`; there are {', '.join(TOPICS)}")
        import_module(topic).compare()


if __name__ == "__main__":
    main(sys.argv[1:])
