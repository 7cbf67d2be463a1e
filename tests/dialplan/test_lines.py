"""Every line of the shipped files is one that Asterisk reads: it passes over others with a mere warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DIALPLAN = Path(__file__).parents[2] / "dialplan"
FILES = sorted(DIALPLAN.rglob("*.conf"))
# A section, an include, a setting; `name =` with nothing after it is a setting too.
LINE = re.compile(r"\[[\w-]+\](\(\+\))?|#include .+| ?[A-Za-z][^;=]*=.*")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DIALPLAN)))
def test_no_line_is_a_remark_that_lost_its_semicolon(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith(";") and not LINE.fullmatch(line)] == []
