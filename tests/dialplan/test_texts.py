"""What the files an admin includes say, as texts: nothing forgotten, nothing given away."""

from __future__ import annotations

import re

from tests.dialplan.samples import filtered_by_name, sample
from tests.e2e.company_config import DIALPLAN


def test_both_samples_ask_for_the_same_events() -> None:
    expression = re.search(r"\^Event: \(([\w|]+)\)", sample("asterisk-16/manager.d/pbx-crm.conf"))
    assert expression is not None
    assert set(expression.group(1).split("|")) == filtered_by_name()


def test_every_sample_is_named_in_the_readme() -> None:
    readme = (DIALPLAN / "README.md").read_text(encoding="utf-8")
    for path in sorted(DIALPLAN.rglob("*.conf")):
        assert str(path.relative_to(DIALPLAN)) in readme, f"{path} is not explained"


def test_no_sample_carries_a_secret() -> None:
    for path in DIALPLAN.rglob("*.conf"):
        assert not re.search(r"^\s*secret\s*=\s*\S", path.read_text(encoding="utf-8"), re.MULTILINE)
