"""Every recording of a real Asterisk must come out as the phones saw it."""

from __future__ import annotations

from collections import Counter

import pytest

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.replay import call_as_json, calls_in, calls_of, events_of
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.endpoint import PbxShape
from tests.call_book import heard
from tests.truth import LAB_NAMES, SINGLE_NAMES, faults, tape, truth

pytestmark = pytest.mark.recordings


@pytest.mark.parametrize("name", SINGLE_NAMES)
def test_a_recording_tells_what_the_phones_saw(name: str) -> None:
    reader = AmiEventReader()
    told = [call_as_json(call) for call in calls_of(tape(name), PbxShape(), reader)]
    assert faults(truth(name), told) == []
    assert not reader.broken


@pytest.mark.parametrize("name", [*SINGLE_NAMES, *LAB_NAMES])
def test_who_asks_for_ends_only_gets_the_calls_that_every_fact_tells(name: str) -> None:
    events = list(events_of(tape(name), AmiEventReader()))
    assert calls_in(events, PbxShape()) == heard(events)


def test_a_busy_half_minute_credits_every_answered_call_to_who_answered_it() -> None:
    calls = calls_of(tape("load-small"), PbxShape())
    answered = Counter(call.answered_by for call in calls if call.outcome is Outcome.ANSWERED)
    assert answered == truth("load-small")["answered_per_seller"]
    assert len(calls) == truth("load-small")["calls"]
