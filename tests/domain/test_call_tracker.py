"""The tracker as its users feed it: facts in order, nothing kept for ever."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.replay import events_of
from pbx_crm.asterisk.tape_rewrite import Retelling, retell
from pbx_crm.domain.call import (
    CallAnswered,
    CallEnded,
    CallMerged,
    CallStarted,
    CallTransferred,
    Fact,
    LegRang,
    LegResult,
)
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.pbx_event import PbxEvent
from tests.truth import tape


def stream(name: str) -> list[PbxEvent]:
    return list(events_of(tape(name), AmiEventReader()))


def facts(name: str) -> list[Fact]:
    tracker = CallTracker()
    told = [fact for event in stream(name) for fact in tracker.feed(event)]
    return told + tracker.finish(0)


def kinds(told: list[Fact]) -> list[type]:
    return [type(fact) for fact in told]


def test_a_direct_call_starts_rings_is_answered_and_ends() -> None:
    told = facts("in_direct_answered__22-pjsip-A")
    assert kinds(told) == [CallStarted, LegRang, CallAnswered, CallEnded]
    started, rang, answered, ended = told
    assert isinstance(rang, LegRang)
    assert rang.extension == "101"
    assert started.call.is_open
    assert (answered.call.answered_by, answered.call.outcome) == ("101", None)
    assert not ended.call.is_open
    assert started.at <= rang.at <= answered.at < ended.at


def test_every_phone_of_a_ring_all_is_told_before_the_answer() -> None:
    told = facts("in_queue_ringall__16-sip-A")
    rang = [fact.extension for fact in told if isinstance(fact, LegRang)]
    assert sorted(rang) == ["101", "102", "103", "104"]
    assert kinds(told).index(CallAnswered) == 5


def test_a_ring_all_that_another_took_is_nobodys_missed_call() -> None:
    ended = facts("in_queue_ringall__22-pjsip-A")[-1].call
    results = {leg.extension: leg.result for leg in ended.legs if leg.extension}
    assert results.pop(ended.answered_by or "") is LegResult.ANSWERED
    assert set(results.values()) == {LegResult.TAKEN_BY_OTHER}


def test_a_transfer_is_told_when_the_client_has_somebody_new() -> None:
    told = facts("xfer_blind_refer__22-pjsip-A")
    transferred = [fact for fact in told if isinstance(fact, CallTransferred)]
    assert [fact.call.final_agent for fact in transferred] == ["102"]
    assert [talk.extension for talk in told[-1].call.talks] == ["101", "102"]


def test_a_consultation_is_told_to_be_part_of_the_clients_call() -> None:
    told = facts("xfer_att_refer__16-pjsip-A")
    (merged,) = [fact for fact in told if isinstance(fact, CallMerged)]
    assert merged.gone in merged.call.aliases
    assert merged.gone in {fact.call.linkedid for fact in told if isinstance(fact, CallStarted)}
    ended = [fact.call.linkedid for fact in told if isinstance(fact, CallEnded)]
    assert ended == [merged.call.linkedid]


def test_a_call_is_over_only_after_the_grace() -> None:
    tracker = CallTracker()
    events = stream("in_missed__22-pjsip-A")
    told = [fact for event in events for fact in tracker.feed(event)]
    assert CallEnded not in kinds(told)
    assert tracker.tick(events[-1].at + 1.5) == []
    assert kinds(tracker.tick(events[-1].at + 2.1)) == [CallEnded]
    assert tracker.open_calls(0) == []


def test_what_rings_is_an_open_call() -> None:
    tracker = CallTracker()
    events = stream("in_missed__22-pjsip-A")
    for event in events[: len(events) // 2]:
        tracker.feed(event)
    (call,) = tracker.open_calls(events[0].at + 3)
    assert (call.is_open, call.rang, call.answered_by) == (True, ("101",), None)
    assert 2 < call.ring_seconds < 3.1


def _many_calls() -> Iterator[PbxEvent]:
    for number in range(1, 50):
        for name in (
            "c2c_seller_noanswer__22-pjsip-A",
            "in_all_busy__16-sip-A",
            "pickup_directed__22-pjsip-A",
        ):
            later = retell(tape(name), Retelling(seconds=60 * number, number=number))
            yield from chain(events_of(later, AmiEventReader()))


def test_calls_that_are_over_leave_nothing_behind() -> None:
    tracker = CallTracker()
    at = 0.0
    for event in _many_calls():
        at = event.at
        tracker.feed(event)
    tracker.finish(at)
    calls = tracker._calls
    assert (calls.graph.channels, calls._by_linkedid, calls._ending, calls._holding) == ({}, {}, {}, {})
    assert (calls.graph._bridges, calls.graph._halves) == ({}, {})
    assert len(calls._dead) <= 4096
