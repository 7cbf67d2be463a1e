"""One word for a phone, whatever its devices, queues and Do Not Disturb tell, in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.asterisk.presence_events import is_presence, read_presence
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.presence import (
    OF_A_DEVICE,
    DeviceSeen,
    MemberGone,
    PauseSeen,
    PhoneBoard,
    PhoneState,
    PresenceEvent,
)

PHONE = "PJSIP/101"
FREE, DND_OFF = DeviceSeen(PHONE, "NOT_INUSE"), DeviceSeen("Custom:DND101", "NOT_INUSE")


def board(*events: PresenceEvent) -> PhoneBoard:
    """A board that heard these."""
    made = PhoneBoard(PbxShape(devices={"PJSIP/desk-7": "107", "PJSIP/home-7": "107"}))
    for event in events:
        made.feed(event)
    return made


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), None),
        ((DeviceSeen(PHONE, "UNKNOWN"),), None),
        ((DeviceSeen(PHONE, "NOT_INUSE"),), PhoneState.FREE),
        ((DeviceSeen(PHONE, "RINGING"),), PhoneState.RINGING),
        ((DeviceSeen(PHONE, "ONHOLD"),), PhoneState.TALKING),
        ((DeviceSeen(PHONE, "RINGINUSE"),), PhoneState.TALKING),
        ((DeviceSeen(PHONE, "UNAVAILABLE"),), PhoneState.UNREGISTERED),
        ((DeviceSeen("Custom:DND101", "INUSE"), DeviceSeen(PHONE, "NOT_INUSE")), PhoneState.DND),
        ((DeviceSeen("Custom:DND101", "INUSE"), DeviceSeen(PHONE, "INUSE")), PhoneState.TALKING),
        (
            (
                DeviceSeen(PHONE, "NOT_INUSE"),
                DeviceSeen("Custom:DND101", "BUSY"),
                DeviceSeen("Custom:DND101", "NOT_INUSE"),
            ),
            PhoneState.FREE,
        ),
        ((FREE, PauseSeen(PHONE, "290", True)), PhoneState.PAUSED),
        (
            (FREE, PauseSeen("Local/101@from-queue/n", "290", True)),
            PhoneState.PAUSED,
        ),
        (
            (FREE, PauseSeen(PHONE, "290", True), PauseSeen(PHONE, "291", False)),
            PhoneState.FREE,
        ),
        (
            (FREE, PauseSeen(PHONE, "290", True), MemberGone(PHONE, "290")),
            PhoneState.FREE,
        ),
        ((PauseSeen(PHONE, "290", True),), None),
    ],
)
def test_a_phone_has_the_word_a_colleague_would_use(
    events: tuple[PresenceEvent, ...], state: PhoneState | None
) -> None:
    assert board(*events).state("101") is state


def test_of_two_devices_the_one_in_use_counts() -> None:
    made = board(DeviceSeen("PJSIP/desk-7", "UNAVAILABLE"), DeviceSeen("PJSIP/home-7", "NOT_INUSE"))
    assert made.state("107") is PhoneState.FREE
    assert made.feed(DeviceSeen("PJSIP/desk-7", "INUSE")) == "107"
    assert made.state("107") is PhoneState.TALKING


STRANGE = ("PJSIP/trunk-main", "Queue:290_avail", "Queue:290_pause_PJSIP/101", "Local/101@from-queue", "")


@pytest.mark.parametrize("device", STRANGE)
def test_what_is_no_phone_of_a_seller_changes_nothing(device: str) -> None:
    assert board().feed(DeviceSeen(device, "INUSE")) is None


DEVICES = [PHONE, "PJSIP/102", "Custom:DND101"]
EVENTS = st.one_of(
    st.builds(
        DeviceSeen,
        st.sampled_from([PHONE, "PJSIP/102", "Custom:DND101"]),
        st.sampled_from([*OF_A_DEVICE, "?"]),
    ),
    st.builds(PauseSeen, st.just(PHONE), st.sampled_from(["290", "291"]), st.booleans()),
    st.builds(MemberGone, st.just(PHONE), st.sampled_from(["290", "291"])),
)


@given(st.lists(EVENTS, max_size=20))
def test_an_event_that_comes_twice_changes_nothing_the_second_time(events: list[PresenceEvent]) -> None:
    made = board()
    for event in events:
        before = made.state("101"), made.state("102")
        changed = made.feed(event)
        assert (changed is not None) == (before != (made.state("101"), made.state("102")))
        assert made.feed(event) is None


def test_the_three_events_and_the_list_are_read_and_nothing_else() -> None:
    listed = {"Event": "QueueMember", "Queue": "290", "Location": PHONE, "Paused": "1"}
    paused = {"Event": "QueueMemberPause", "Queue": "290", "Interface": PHONE, "Paused": "0"}
    gone = {"Event": "QueueMemberRemoved", "Queue": "290", "Interface": PHONE}
    assert read_presence({"Event": "DeviceStateChange", "Device": PHONE, "State": "INUSE"}) == DeviceSeen(
        PHONE, "INUSE"
    )
    assert read_presence(listed) == PauseSeen(PHONE, "290", True)
    assert read_presence(paused) == PauseSeen(PHONE, "290", False)
    assert read_presence(gone) == MemberGone(PHONE, "290")
    for broken in (
        {"Event": "DeviceStateChange"},
        {**paused, "Interface": ["a", "b"]},
        {"Event": "Hangup"},
        {},
    ):
        assert read_presence(broken) is None
    assert is_presence(b"Event: QueueMemberPause\r\nQueue: 290\r\n")
    assert not is_presence(b"Event: QueueMemberStatus\r\nQueue: 290\r\n")
