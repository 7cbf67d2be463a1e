"""Bytes in, messages out: nothing lost, nothing invented, wherever the network cuts them."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panoramisk.message import Message

from pbx_crm.asterisk.ami_protocol import AmiProtocol, EventMessage, LinkCounters
from tests.parts.scripted_ami import event

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = frozenset({b"Newchannel", b"Hangup", b"UserEvent"})
RING = event("Newchannel", Uniqueid="1.1", CallerIDName="Жанна О\\'Хара")
END = b"\r\n\r\n"
HANG_UP = event("Hangup", Uniqueid="1.1", Cause=16)


class Ear:
    """A protocol with nothing around it, and what it gave to the callback."""

    def __init__(self) -> None:
        self.counters = LinkCounters()
        self.protocol = AmiProtocol(
            lambda raw: raw[7:].partition(b"\r\n")[0] in NAMES, self.counters, lambda: NOON
        )
        self.protocol.connection_made(SimpleNamespace(write=lambda _: None))  # type: ignore[arg-type]
        self.protocol.factory = self
        self.messages: list[Message] = []

    def dispatch(self, message: Message) -> None:
        """What panoramisk's Manager does with an event: give it to the callback."""
        self.messages.append(message)

    def hear(self, *chunks: bytes) -> Ear:
        for chunk in chunks:
            self.protocol.data_received(chunk)
        return self

    @property
    def told(self) -> list[dict[str, Any]]:
        return [dict(message) for message in self.messages]


@pytest.mark.parametrize("at", range(len(RING + HANG_UP)))
def test_a_call_reads_the_same_wherever_the_network_cuts_its_bytes(at: int) -> None:
    stream = RING + HANG_UP
    ear = Ear().hear(stream[:at], stream[at:])
    assert [message.event for message in ear.messages] == ["Newchannel", "Hangup"]
    assert ear.messages[0].calleridname == "Жанна О\\'Хара"


@given(cuts=st.lists(st.integers(0, len(RING) * 3), max_size=12))
def test_any_number_of_cuts_changes_nothing(cuts: Sequence[int]) -> None:
    stream = RING * 3
    edges = [0, *sorted(cuts), len(stream)]
    ear = Ear().hear(*(stream[a:b] for a, b in pairwise(edges)))
    assert ear.told == Ear().hear(stream).told
    assert len(ear.told) == 3


def test_a_name_cut_in_the_middle_of_a_letter_by_the_pbx_keeps_the_rest_of_the_call() -> None:
    ear = Ear().hear(RING.replace("Хара".encode(), "Ха".encode() + b"\xd1"), HANG_UP)
    assert ear.messages[0].calleridname == "Жанна О\\'Ха�"
    assert len(ear.messages) == 2


def test_events_nobody_needs_are_not_even_parsed() -> None:
    ear = Ear().hear(event("RTCPSent", Uniqueid="1.1"), HANG_UP)
    assert [message.event for message in ear.messages] == ["Hangup"]
    assert (ear.counters.messages, ear.counters.events) == (2, 1)


@pytest.mark.parametrize("chunk", [4096, 65_536, 11_000_000])
def test_a_line_of_ten_megabytes_is_skipped_and_the_next_event_works(chunk: int) -> None:
    endless = b"Event: UserEvent\r\nText: " + b"x" * 10_000_000 + b"\r\n\r\n"
    stream = RING + endless + HANG_UP
    began = time.process_time()
    ear = Ear()
    for start in range(0, len(stream), chunk):
        ear.hear(stream[start : start + chunk])
        assert len(ear.protocol._buffer) <= 1024 * 1024 + chunk
    assert [message.event for message in ear.messages] == ["Newchannel", "Hangup"]
    assert ear.counters.broken == 1
    assert time.process_time() - began < 5.0, "the buffer is searched again and again"


def test_a_second_event_header_does_not_rename_the_event() -> None:
    ear = Ear().hear(b"Event: UserEvent\r\nUniqueid: 1.1\r\nEvent: Hangup\r\nUniqueid: 9.9\r\n\r\n")
    assert ear.told == [{"Event": "UserEvent", "Uniqueid": "1.1"}]


def test_variables_the_pbx_repeats_on_purpose_are_all_there() -> None:
    ear = Ear().hear(
        b"Event: Hangup\r\nChanVariable: FROM_DID=1\r\nChanVariable: CRM_ID=2\r\nChanVariable: a" + END
    )
    assert ear.messages[0]["ChanVariable"] == ["FROM_DID=1", "CRM_ID=2", "a"]


def test_a_line_feed_inside_a_value_stays_inside_it() -> None:
    ear = Ear().hear(b"Event: UserEvent\r\nText: a\nEvent: Hangup\n\nAction: x\r\n\r\n")
    assert [message.event for message in ear.messages] == ["UserEvent"]


def test_a_callback_that_fails_costs_one_event_and_not_the_link(caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()
    told = ear.dispatch

    def fail_first(message: Message) -> None:
        ear.protocol.factory = SimpleNamespace(dispatch=told)
        raise RuntimeError("+79165550199")

    ear.protocol.factory = SimpleNamespace(dispatch=fail_first)
    with caplog.at_level(logging.WARNING):
        ear.hear(RING + HANG_UP + RING)
    assert [message.event for message in ear.messages] == ["Hangup", "Newchannel"]
    assert ear.counters.broken == 1
    assert "RuntimeError" in caplog.text
    assert "+7916" not in caplog.text, "a client's number is in the log"


def test_broken_events_are_logged_once_and_counted_all(caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()
    ear.protocol.factory = None
    ear.hear(RING * 5)
    assert ear.counters.broken == 5
    assert caplog.text.count("could not be read") == 1


@given(garbage=st.binary(max_size=300))
def test_after_any_garbage_the_next_event_is_read(garbage: bytes) -> None:
    ear = Ear().hear(garbage + b"\r\n\r\n", HANG_UP)
    assert ear.messages[-1].event == "Hangup"


def test_an_event_that_ends_with_a_line_of_its_own_does_not_hide_the_next() -> None:
    ear = Ear().hear(b"Event: TestEvent\r\nFile: a.wav\r\n" + END + HANG_UP)
    assert [message.event for message in ear.messages] == ["Hangup"]


def test_the_greeting_is_no_part_of_the_first_answer() -> None:
    ear = Ear().hear(b"Asterisk Call Manager/9.0.0\r\n", b"Response: Success\r\nActionID: 7\r\n\r\n", HANG_UP)
    assert ear.protocol.version == "9.0.0"
    assert [message.event for message in ear.messages] == ["Hangup"]


def test_the_message_filled_directly_is_the_one_panoramisk_would_have_made() -> None:
    stock = Message.from_line(RING.decode().strip())
    ours = EventMessage(RING[:-4])
    assert dict(ours) == dict(stock.items() - {"content": ""}.items())
    assert isinstance(ours, Message)
    assert ours.get("Uniqueid") == ours["UNIQUEID"] == ours.uniqueid == stock.uniqueid == "1.1"
    assert ours.get("Absent", "none") == "none"
    assert ours.absent == ""
