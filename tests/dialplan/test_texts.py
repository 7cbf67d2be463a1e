"""What the files an admin includes say, as texts: nothing forgotten, nothing given away."""

from __future__ import annotations

import re

from pbx_crm.asterisk.ami_events import NEEDED_EVENTS
from pbx_crm.asterisk.presence_events import PRESENCE_EVENTS
from tests.dialplan.samples import filtered_by_name, sample
from tests.e2e.company_config import DIALPLAN

NOT_ALLOWED = {"VarSet", "Newexten"}
"""Class dialplan: half of all bytes; the shipped user does without."""
ANSWERS = {"CoreShowChannel", "CoreShowChannelsComplete", "Status", "StatusComplete"}
"""Answers to actions go past every filter."""
IGNORED = {"SoftHangupRequest"}
"""Read where it comes, and nothing is concluded from it."""


def test_both_samples_ask_for_the_same_events() -> None:
    expression = re.search(r"\^Event: \(([\w|]+)\)", sample("asterisk-16/manager.d/pbx-crm.conf"))
    assert expression is not None
    assert set(expression.group(1).split("|")) == filtered_by_name()


def test_the_filter_lets_through_what_the_program_reads() -> None:
    assert filtered_by_name() - PRESENCE_EVENTS == NEEDED_EVENTS - NOT_ALLOWED - ANSWERS - IGNORED
    assert filtered_by_name() >= PRESENCE_EVENTS


def test_every_sample_is_named_in_the_readme() -> None:
    readme = (DIALPLAN / "README.md").read_text(encoding="utf-8")
    for path in sorted(DIALPLAN.rglob("*.conf")):
        assert str(path.relative_to(DIALPLAN)) in readme, f"{path} is not explained"


def test_no_sample_carries_a_secret() -> None:
    for path in DIALPLAN.rglob("*.conf"):
        assert not re.search(r"^\s*secret\s*=\s*\S", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_plain_asterisk_and_freepbx_ask_the_crm_in_the_same_way() -> None:
    plain, freepbx = (
        sample(name).partition("; Sets PBX_CRM_SELLER")[2]
        for name in ("asterisk/extensions.d/pbx-crm-lookup.conf", "freepbx/extensions_custom.conf")
    )
    assert plain == freepbx != ""
    codes = sample("asterisk/extensions.d/pbx-crm-codes.conf").partition("[pbx-crm-codes]")[2].strip()
    assert codes in sample("freepbx/extensions_custom.conf")
    voice = sample("asterisk/extensions.d/pbx-crm-voice.conf").partition("; One half of the call")[2]
    assert voice.strip() in sample("freepbx/extensions_custom.conf")
