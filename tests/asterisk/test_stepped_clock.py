"""The PBX's clock is set while calls go on, by NTP or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.asterisk.replay import calls_in
from pbx_crm.domain.endpoint import PbxShape
from tests.asterisk.test_replay_disorder import a_recording, events, quick, told
from tests.truth import Told

pytestmark = pytest.mark.recordings

WHOSE = ("linkedid", "direction", "external_number", "did")
WHAT = ("outcome", "answered_by", "final_agent")
LENGTHS = ("ring_s", "talk_s")
a_step = st.integers(min_value=1, max_value=3600)


def stepped(name: str, place: float, seconds: float) -> list[Told]:
    """The recording's calls, by their ids, if the PBX's clock is set by this much meanwhile."""
    heard = events(name)
    at = int(place * len(heard))
    later = (replace(event, at=event.at + seconds) for event in heard[at:])
    return sorted(
        told(calls_in(iter([*heard[:at], *later]), PbxShape())), key=lambda call: str(call["linkedid"])
    )


def some(calls: Sequence[Told], keys: Sequence[str]) -> list[list[object]]:
    return [[call.get(key) for key in keys] for call in calls]


@quick
@given(name=a_recording, place=st.floats(0.0, 1.0), seconds=a_step)
def test_a_clock_put_on_during_a_call_changes_nothing_but_its_length(
    name: str, place: float, seconds: int
) -> None:
    keys = (*WHOSE, *WHAT)
    assert some(stepped(name, place, seconds), keys) == some(stepped(name, 1.0, 0), keys)


@quick
@given(name=a_recording, place=st.floats(0.0, 1.0), seconds=a_step)
def test_a_clock_put_back_during_a_call_neither_loses_nor_doubles_it_nor_makes_time_negative(
    name: str, place: float, seconds: int
) -> None:
    calls = stepped(name, place, -seconds)
    assert some(calls, WHOSE) == some(stepped(name, 1.0, 0), WHOSE)
    assert all(
        length >= 0 for call in some(calls, LENGTHS) for length in call if isinstance(length, float | int)
    )
