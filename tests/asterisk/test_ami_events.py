"""Messages as Asterisk sends them, and as nobody should: read once, or counted and skipped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panoramisk.message import Message

from pbx_crm.asterisk.ami_events import BUILDERS, NEEDED_EVENTS, AmiEventReader, is_needed
from pbx_crm.asterisk.ami_wire import LONGEST_MESSAGE, MessageSplitter, headers_of
from pbx_crm.domain.pbx_event import ChannelStarted, DialBegan, HungUp, VariableSet

NEWCHANNEL = {
    "Event": "Newchannel",
    "Channel": "PJSIP/trunk-00000001",
    "ChannelStateDesc": "Ring",
    "CallerIDNum": "79161112233",
    "CallerIDName": r"O\'Brien \"Bob\" C:\\temp\tnew",
    "Exten": "78001234567",
    "Uniqueid": "pbx-1.a-1795280000.7",
    "Linkedid": "pbx-1.a-1795280000.7",
}


def started(**other: object) -> ChannelStarted:
    event = AmiEventReader().read({**NEWCHANNEL, **other}, 5.0)
    assert isinstance(event, ChannelStarted)
    return event


def test_a_name_is_unescaped_once() -> None:
    assert started().caller_name == 'O\'Brien "Bob" C:\\temp\tnew'
    assert started(CallerIDName=r"back\\slash").caller_name == "back\\slash"
    assert started(CallerIDName="<unknown>").caller_name == ""


def test_the_pbx_own_stamp_is_better_than_the_arrival() -> None:
    assert started().at == 5.0
    assert started(Timestamp="1795280000.250000").at == 1795280000.25
    assert started(Timestamp="soon").at == 5.0


def test_panoramisk_messages_and_plain_headers_read_the_same() -> None:
    assert AmiEventReader().read(Message(NEWCHANNEL), 5.0) == started()


def test_an_event_nobody_needs_is_nothing() -> None:
    reader = AmiEventReader()
    assert reader.read({"Event": "RTCPSent", "Channel": "x"}, 0) is None
    assert reader.read({"Response": "Success"}, 0) is None
    assert not reader.broken


@pytest.mark.parametrize(
    ("headers", "event", "reason"),
    [
        ({"Event": "Newchannel", "Channel": "PJSIP/101-00000001"}, "Newchannel", "Uniqueid is missing"),
        ({"Event": ["Hangup", "Newchannel"], "Uniqueid": "1.1"}, "Event", "Event came twice"),
        ({**NEWCHANNEL, "CallerIDNum": "7\nAction: Logoff"}, "Newchannel", "CallerIDNum holds a line feed"),
        ({"Event": "DialBegin", "DestChannel": "PJSIP/101-00000001"}, "DialBegin", "DestUniqueid is missing"),
        (
            {"Event": "BridgeEnter", **{k: NEWCHANNEL[k] for k in ("Channel", "Uniqueid")}},
            "BridgeEnter",
            "BridgeUniqueid is missing",
        ),
    ],
)
def test_a_broken_event_is_counted_by_what_is_wrong_and_the_next_one_works(
    headers: dict[str, Any], event: str, reason: str
) -> None:
    reader = AmiEventReader()
    assert reader.read(headers, 0) is None
    assert reader.read(headers, 0) is None
    assert reader.broken == {(event, reason): 2}
    assert reader.read(NEWCHANNEL, 0) is not None


def test_what_is_counted_never_holds_the_clients_number() -> None:
    reader = AmiEventReader()
    reader.read({**NEWCHANNEL, "CallerIDNum": "79161112233\n"}, 0)
    assert "7916" not in str(reader.broken)


def test_of_a_repeated_header_the_first_counts() -> None:
    assert started(Exten=["78001234567", "0"]).exten == "78001234567"


def test_a_script_in_a_name_is_only_a_name() -> None:
    assert started(CallerIDName="<script>alert(1)</script>").caller_name == "<script>alert(1)</script>"


def test_a_name_cut_in_the_middle_of_a_letter_breaks_nothing() -> None:
    raw = (
        "Event: Newchannel\r\nCallerIDName: Иван".encode()[:-1]
        + b"\r\nUniqueid: 1.1\r\nChannel: SIP/1-00000001"
    )
    event = AmiEventReader().read(headers_of(raw), 0)
    assert isinstance(event, ChannelStarted)
    assert event.caller_name == "Ива�"


def test_an_originate_dials_without_a_source() -> None:
    event = AmiEventReader().read(
        {"Event": "DialBegin", "DestUniqueid": "crm-7f3a", "DestChannel": "SIP/101-00000001"}, 0
    )
    assert event == DialBegan(0, "crm-7f3a", "crm-7f3a", "SIP/101-00000001", None, "")


def test_channel_variables_are_read_where_the_pbx_adds_them() -> None:
    told = ["FROM_DID=78001234567", "SECRET=1", "MIXMONITOR_FILENAME=/a/b.wav"]
    event = AmiEventReader().read({**NEWCHANNEL, "Event": "Hangup", "ChanVariable": told, "Cause": "16"}, 0)
    assert isinstance(event, HungUp)
    assert event.variables == (("FROM_DID", "78001234567"), ("MIXMONITOR_FILENAME", "/a/b.wav"))


def test_a_variable_is_needed_only_if_it_says_something_about_the_call() -> None:
    assert is_needed(b"Event: VarSet\r\nVariable: __FROM_DID\r\nValue: 7800\r\nUniqueid: 1.1")
    assert not is_needed(b"Event: VarSet\r\nVariable: MACRO_DEPTH\r\nValue: 1\r\nUniqueid: 1.1")
    told = AmiEventReader().read(
        {"Event": "VarSet", "Variable": "__FROM_DID", "Value": "7", "Uniqueid": "1.1"}, 0
    )
    assert told == VariableSet(0, "1.1", "FROM_DID", "7")


def test_the_early_filter_lets_through_what_the_reader_reads_and_nothing_else() -> None:
    assert frozenset(BUILDERS) == NEEDED_EVENTS
    for name in NEEDED_EVENTS - {"VarSet"}:
        assert is_needed(f"Event: {name}\r\nPrivilege: call,all".encode())
    for name in ("RTCPSent", "NewchannelX", "CEL", ""):
        assert not is_needed(f"Event: {name}\r\nPrivilege: call,all".encode())


def test_a_message_without_end_is_dropped_and_the_next_one_read() -> None:
    splitter = MessageSplitter()
    assert splitter.feed(b"Event: A\r\nX: " + b"x" * (10 * LONGEST_MESSAGE)) == []
    assert splitter.feed(b"y" * LONGEST_MESSAGE + b"\r\n") == []
    assert splitter.feed(b"\r\nEvent: B\r\n\r\n") == [b"Event: B"]
    assert splitter.too_long == 1


def test_an_event_that_ends_with_a_line_end_too_many_does_not_hide_the_next() -> None:
    # TestEvent MIXMONITOR_END of Asterisk 16 and 22 does this.
    raw = b"Event: TestEvent\r\nFile: /a/b\r\n\r\n\r\nEvent: Hangup\r\n\r\n"
    assert MessageSplitter().feed(raw) == [b"Event: TestEvent\r\nFile: /a/b", b"Event: Hangup"]


@given(st.binary(max_size=300))
def test_whatever_comes_nothing_is_raised(raw: bytes) -> None:
    reader = AmiEventReader()
    for name in ("Newchannel", "DialEnd", "Cdr", "BridgeEnter", "OriginateResponse", "Status"):
        reader.read(headers_of(b"Event: " + name.encode() + b"\r\n" + raw), 0.0)
