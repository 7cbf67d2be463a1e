"""What a real wire does to a recording: torn reads, repeats, overlap, disorder, sudden ends.

A handful of examples in the quick suite; `PBX_CRM_EXAMPLES=1000` tries many more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.ami_wire import MessageSplitter
from pbx_crm.asterisk.replay import call_as_json, calls_of, events_of
from pbx_crm.asterisk.tape_rewrite import Retelling, retell
from pbx_crm.domain.call import Call, EndedBy
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.pbx_event import (
    AttendedTransferred,
    BlindTransferred,
    ChannelEvent,
    ChannelListed,
    DialBegan,
    DialEnded,
    HungUp,
    PbxEvent,
)
from tests.call_book import heard
from tests.truth import LAB_NAMES, SINGLE_NAMES, Told, faults, tape, truth

pytestmark = pytest.mark.recordings

EXAMPLES = int(os.environ.get("PBX_CRM_EXAMPLES", "40"))
SWAPPED_SECONDS = 0.02
a_recording = st.sampled_from(SINGLE_NAMES)
a_rare_one_too = st.sampled_from([*SINGLE_NAMES, *LAB_NAMES])
quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=EXAMPLES <= 40,
)


@cache
def events(name: str) -> tuple[PbxEvent, ...]:
    return tuple(events_of(tape(name), AmiEventReader()))


def told(calls: Sequence[Call]) -> list[Told]:
    return [call_as_json(call) for call in calls]


@quick
@given(name=a_recording, data=st.data())
def test_bytes_may_come_in_any_pieces(name: str, data: st.DataObject) -> None:
    raw = tape(name).segments[0].raw
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=30)))
    splitter = MessageSplitter()
    pieces = [message for a, b in pairwise([0, *cuts, len(raw)]) for message in splitter.feed(raw[a:b])]
    assert pieces == [message for _, message in tape(name).segments[0].messages()]


@quick
@given(name=a_rare_one_too)
def test_every_event_may_come_twice(name: str) -> None:
    assert faults(truth(name), told(heard(e for event in events(name) for e in (event, event)))) == []


@quick
@given(name=a_recording)
def test_a_whole_recording_may_come_twice(name: str) -> None:
    assert faults(truth(name), told(heard(events(name) * 2))) == []


@quick
@given(
    names=st.lists(a_recording, min_size=2, max_size=4),
    delays=st.lists(st.floats(0, 12), min_size=4, max_size=4),
)
def test_calls_of_different_people_may_overlap(names: list[str], delays: list[float]) -> None:
    # A cut or a restart of one recording would be one for all of them.
    names = [name for name in names if not name.startswith("brk_")]
    streams = [_as_others(name, number, delays[number]) for number, name in enumerate(names)]
    calls = heard(sorted((event for stream in streams for event in stream), key=lambda event: event.at))
    for number, name in enumerate(names):
        own = [call for call in told(calls) if _is_of(call, number)]
        assert faults(_others_truth(name, number), own) == [], name


def _words(number: int) -> dict[str, str]:
    # One seller cannot be on two recordings at once, so each playing has its own.
    return {str(101 + seller): f"{number + 2}{101 + seller}" for seller in range(6)}


@cache
def _retold(name: str, number: int) -> tuple[PbxEvent, ...]:
    new = retell(tape(name), Retelling(_later(name), number, _words(number)))
    return tuple(events_of(new, AmiEventReader()))


def _later(name: str) -> int:
    return int(1_800_000_000 - tape(name).started_at)


def _as_others(name: str, number: int, delay: float) -> list[PbxEvent]:
    return [replace(event, at=event.at + delay) for event in _retold(name, number)]


def _is_of(call: Told, number: int) -> bool:
    return int(str(call["linkedid"]).rpartition(".")[2]) // 100_000 == number


def _others_truth(name: str, number: int) -> dict[str, Any]:
    renamed: dict[str, Any] = _renamed(truth(name), _words(number))
    return renamed


def _renamed(value: Any, words: dict[str, str]) -> Any:
    match value:
        case str():
            return words.get(value, value)
        case list():
            return [_renamed(item, words) for item in value]
        case dict():
            return {key: _renamed(item, words) for key, item in value.items()}
        case _:
            return value


@quick
@given(name=a_rare_one_too, data=st.data())
def test_neighbours_on_different_channels_may_change_places(name: str, data: st.DataObject) -> None:
    stream = list(events(name))
    for place in data.draw(st.lists(st.integers(0, len(stream) - 2), max_size=40, unique=True)):
        one, two = stream[place], stream[place + 1]
        if abs(one.at - two.at) <= SWAPPED_SECONDS and _channels(one).isdisjoint(_channels(two)):
            stream[place], stream[place + 1] = two, one
    assert faults(truth(name), told(heard(stream))) == []


def test_a_phone_that_refuses_at_once_may_be_heard_to_leave_before_it_was_dialled() -> None:
    name = "colleague_is_engaged__plant-22-pjsip"
    stream = list(events(name))
    dial = next(place for place, event in enumerate(stream) if isinstance(event, DialBegan))
    left = next(
        place
        for place, event in enumerate(stream)
        if isinstance(event, HungUp) and event.uniqueid == getattr(stream[dial], "uniqueid", None)
    )
    stream.insert(dial, stream.pop(left))
    assert faults(truth(name), told(heard(stream))) == []


def _channels(event: PbxEvent) -> set[str]:
    """The channel an event is told of; all sides of one that concerns the whole PBX are everybody's."""
    match event:
        case ChannelListed():
            return {"the list"}
        case DialBegan(source=str(source)):
            return {source}
        case ChannelEvent():
            return {event.uniqueid}
        case DialEnded():
            return {event.source or event.uniqueid}
        case BlindTransferred():
            return {event.transferer}
        case AttendedTransferred():
            return {event.first, event.second}
        case _:
            uniqueid = getattr(event, "uniqueid", None)
            return {uniqueid} if uniqueid else {"the list"}


COMPARED = (
    "direction",
    "external_number",
    "did",
    "queue",
    "rang",
    "answered_by",
    "final_agent",
    "outcome",
    "seller",
)


@quick
@given(name=a_recording, data=st.data())
def test_a_stream_that_stops_anywhere_leaves_calls_open_but_never_wrong(
    name: str, data: st.DataObject
) -> None:
    whole = {linkedid: call for call in heard(events(name)) for linkedid in (call.linkedid, *call.aliases)}
    stop = data.draw(st.integers(0, len(events(name))))
    for call in heard(events(name)[:stop]):
        if call.ended_by is EndedBy.HANGUP:
            assert [getattr(call, key) for key in COMPARED] == [
                getattr(whole[call.linkedid], key) for key in COMPARED
            ]


@pytest.mark.parametrize(
    ("trunk", "systemname", "technology"),
    [("4951112233", "", "PJSIP"), ("provider.ru-1", "hq-old.2", "PJSIP"), ("gw_7.out", "pbx1", "IAX2")],
)
@quick
@given(name=a_recording)
def test_nothing_hangs_on_the_names_and_digits_of_the_recordings(
    trunk: str, systemname: str, technology: str, name: str
) -> None:
    words = {
        **{str(number): str(number + 4000) for number in range(101, 107)},
        **{f"749512300{line:02}": f"7812333{line:04}" for line in range(100)},
        **{"600": "9100", "601": "77", "602": "9102"},
        **{
            "trunk-main": trunk,
            "from-trunk": "from-pstn-1",
            "from-internal": "office_out",
            "SIP": technology,
        },
    }
    other = retell(tape(name), Retelling(seconds=86_400, number=7, words=words, systemname=systemname))
    assert faults(_renamed(truth(name), words), told(calls_of(other, PbxShape()))) == []
