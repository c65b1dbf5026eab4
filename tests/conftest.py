"""Options of the test suite, and settings that all of it needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["KERAS_BACKEND"] = "torch"

settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("property", deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the goldens; review the diff")
    parser.addoption("--property", action="store_true", help="property tests at their full size")
    parser.addoption("--faults", action="store_true", help="tests of damage and kills at their full size")
    parser.addoption("--zoo", action="store_true", help="the large models of the zoo too")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("property" if config.getoption("--property") else "ci")
    config.addinivalue_line("markers", "zoo: takes long, with a large model; runs with --zoo alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--property`` or ``--faults``, run the tests that have a larger size; large models with ``--zoo`` alone."""
    if not config.getoption("--zoo"):
        items[:] = [item for item in items if item.get_closest_marker("zoo") is None]
    for option, fixture in (("--property", "full_size"), ("--faults", "faults")):
        if config.getoption(option):
            items[:] = [item for item in items if fixture in getattr(item, "fixturenames", ())]


@pytest.fixture(scope="session")
def update(pytestconfig: pytest.Config) -> bool:
    """Whether goldens are rewritten rather than compared."""
    return bool(pytestconfig.getoption("--update"))


@pytest.fixture(scope="session")
def full_size(pytestconfig: pytest.Config) -> bool:
    """Whether property tests run at their full size."""
    return bool(pytestconfig.getoption("--property"))


@pytest.fixture(scope="session")
def faults(pytestconfig: pytest.Config) -> bool:
    """Whether tests of damage and kills run at their full size."""
    return bool(pytestconfig.getoption("--faults"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The root folder of the project."""
    return Path(__file__).parents[1]
