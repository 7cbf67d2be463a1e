"""What every test may ask for, and the list of real parts at the end of the run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from tests.parts.inventory import INVENTORY

# How many made-up cases a property is tried on, unless the test names its own number: all of them in
# `make test`, a few between two keystrokes (`--hypothesis-profile=unit`). A busy machine fails nobody.
settings.register_profile("whole", max_examples=80, deadline=None)
settings.register_profile("unit", max_examples=10, deadline=None)
settings.load_profile("whole")

pytest_plugins = [
    "tests.parts.postgres",
    "tests.parts.mariadb",
    "tests.parts.chromium",
    "tests.parts.sox",
    "tests.databases",
    "tests.site",
    "tests.browser.screens",
    "tests.e2e.fixtures",
]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of several hands what it measured to the run that prints the summary."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["inventory"] = INVENTORY.handed_over()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Takes in what a worker measured."""
    if error is None:
        INVENTORY.take_over(getattr(node, "workeroutput", {}).get("inventory", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the real parts this run stood on, and those it had to do without."""
    sections = {"real parts": INVENTORY.lines(), **INVENTORY.tables}
    for title, lines in sections.items():
        if lines:
            terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
