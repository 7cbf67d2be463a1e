"""Which real parts a test run had and which it had to do without, said at the end by name.

A part that cannot be had (no root, no network) skips its tests and is named in the summary; where
`CI=true` the same is a failure, so that a pipeline cannot turn green by losing its Asterisk.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

import pytest

ADVICE = "run `make parts` as root on Debian 12"


@dataclass
class Inventory:
    """Parts by name: what stood (with its version) and what was missing (with the reason)."""

    used: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)
    """What a run measured on them, by title, for whoever reads the summary."""

    def has(self, part: str, version: str) -> None:
        """Notes that the tests really ran on this part."""
        self.used[part] = version

    def lacks(self, part: str, reason: str) -> NoReturn:
        """Ends the asking fixture: a skip on a developer's machine, a failure in CI."""
        self.missing[part] = reason
        words = f"{part} is missing: {reason}; {ADVICE}"
        if os.environ.get("CI") == "true":
            pytest.fail(words, pytrace=False)
        pytest.skip(words)

    def tells(self, title: str, lines: list[str]) -> None:
        """Shows these lines under this title at the end of the run."""
        self.tables[title] = lines

    def handed_over(self) -> dict[str, Any]:
        """Everything, for another process."""
        return asdict(self)

    def take_over(self, told: Mapping[str, Any]) -> None:
        """What another process found belongs to this run."""
        self.used |= told.get("used", {})
        self.missing |= told.get("missing", {})
        for title, lines in told.get("tables", {}).items():
            self.tables.setdefault(title, []).extend(lines)

    def lines(self) -> list[str]:
        """The summary, one line a part."""
        lines = [f"used: {part} {version}" for part, version in sorted(self.used.items())]
        lines += [f"MISSING: {part}: {reason}; {ADVICE}" for part, reason in sorted(self.missing.items())]
        return lines


INVENTORY = Inventory()
