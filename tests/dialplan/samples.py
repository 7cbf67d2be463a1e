"""The shipped files as texts."""

from __future__ import annotations

import re

from tests.e2e.company_config import DIALPLAN


def sample(path: str) -> str:
    """The text of a shipped file."""
    return (DIALPLAN / path).read_text(encoding="utf-8")


def filtered_by_name() -> set[str]:
    """The events the sample lets through."""
    return set(re.findall(r"name\((\w+)\)", sample("asterisk/manager.d/pbx-crm.conf")))
