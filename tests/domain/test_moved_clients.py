"""Clients moved about: redirects, meetings, parking, three-ways, transfers half done; told event by event."""

from __future__ import annotations

import pytest

from tests.ami_story import AmiStory, Line
from tests.domain.told_calls import CLIENT, MOBILE, answered_by_phone, told


def test_a_client_moved_by_redirect_is_handed_over_without_a_transfer_event() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.wait(3)
    pbx.leaves(client)
    pbx.leaves(phone)
    pbx.hangs_up(phone, asked=False)
    other = pbx.dials(client, "PJSIP/207")
    pbx.rings(other, client)
    pbx.wait(2)
    pbx.answers(other, client)
    pbx.wait(4)
    pbx.hangs_up(client, other)
    call = told(pbx)
    assert (call["answered_by"], call["final_agent"], call["talk_s"]) == ("205", "207", 9.0)
    assert call["transfers"] == [{"type": "blind", "from": "205", "to": "207", "completed": True}]


def test_sellers_meet_the_client_in_a_conference_where_linkedids_never_merge() -> None:
    pbx = AmiStory()
    early = pbx.seller_dials_out("207", exten="800")
    pbx.up(early)
    room = pbx.bridges(early, kind="base")
    pbx.wait(3)
    client = pbx.comes_in(CLIENT)
    pbx.up(client)
    pbx.enters(client, room, "base")
    pbx.wait(2)
    late = pbx.seller_dials_out("205", exten="800")
    pbx.up(late)
    pbx.enters(late, room, "base")
    pbx.wait(2)
    pbx.hangs_up(early)
    pbx.wait(4)
    pbx.hangs_up(client)
    pbx.wait(3)
    pbx.hangs_up(late)
    call = told(pbx)
    assert (call["answered_by"], call["final_agent"], call["rang"]) == ("207", "205", [])
    assert (call["talk_s"], call["talk_by"]) == (8.0, {"207": 4.0, "205": 6.0})


def test_a_client_alone_in_a_conference_or_a_parking_lot_talks_with_nobody() -> None:
    for kind in ("base", "parking", "holding"):
        pbx = AmiStory()
        client = pbx.comes_in(CLIENT)
        pbx.up(client)
        other = pbx.comes_in("79169998877")
        pbx.up(other)
        pbx.bridges(client, other, kind=kind)
        pbx.wait(5)
        pbx.hangs_up(client, other)
        assert [call["outcome"] for call in pbx.calls()] == ["missed", "missed"]


def test_a_parked_client_who_comes_back_to_the_parker_was_not_handed_over() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.event("ParkedCall", ParkeeUniqueid=client.uniqueid, ParkerDialString="PJSIP/205", ParkingSpace=701)
    pbx.leaves(client)
    pbx.bridges(client, kind="parking")
    pbx.hangs_up(phone)
    pbx.wait(20)
    pbx.leaves(client)
    again = pbx.dials(client, "PJSIP/205")
    pbx.rings(again, client)
    pbx.wait(1)
    pbx.answers(again, client)
    pbx.wait(3)
    pbx.hangs_up(client, again)
    call = told(pbx)
    assert call["transfers"] == [{"type": "park", "from": "205", "to": None, "completed": False}]
    assert (call["talk_s"], call["talk_by"]) == (24.0, {"205": 3.0})


def test_a_client_who_goes_on_in_a_menu_is_not_gone_with_the_seller() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.wait(3)
    pbx.event("HangupRequest", phone, Cause=16)
    pbx.leaves(phone)
    pbx.leaves(client)
    pbx.hangs_up(phone, asked=False)
    pbx.event("Newexten", client, Extension="survey", Application="Playback", AppData="rate-us")
    pbx.wait(4)
    pbx.hangs_up(client)
    call = told(pbx)
    assert (call["talk_by"], call["final_agent"]) == ({"205": 3.0}, "205")
    assert (call["talk_s"], call["outcome"], call["transfers"]) == (7.0, "answered", [])


def test_a_seller_whose_network_is_lost_does_not_hand_the_client_over() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.wait(3)
    pbx.event("SoftHangupRequest", phone, Cause=44)
    pbx.leaves(phone)
    pbx.leaves(client)
    pbx.hangs_up(phone, cause=44, asked=False)
    other = pbx.dials(client, "PJSIP/207")
    pbx.rings(other, client)
    pbx.wait(1)
    pbx.answers(other, client)
    pbx.wait(2)
    pbx.hangs_up(client, other)
    call = told(pbx)
    assert (call["final_agent"], call["transfers"], call["talk_by"]) == ("207", [], {"205": 3.0, "207": 2.0})


@pytest.mark.parametrize("trace", ["handler", "extension h", "the PBX's own wish"])
def test_a_hangup_handler_does_not_prolong_the_talk(trace: str) -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.wait(3)
    pbx.event("HangupRequest", phone, Cause=16)
    pbx.leaves(phone)
    pbx.leaves(client)
    pbx.hangs_up(phone, asked=False)
    if trace == "handler":
        pbx.event("HangupHandlerRun", client, Handler="cleanup,s,1")
    elif trace == "extension h":
        pbx.event("Newexten", client, Extension="h", Application="AGI", AppData="slow.py")
    else:
        pbx.event("SoftHangupRequest", client, Cause=16)
    pbx.wait(5)
    pbx.hangs_up(client, asked=False)
    assert told(pbx)["talk_s"] == 3.0


def test_a_three_way_ends_with_the_one_who_stays() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    room = client.bridge
    one, two = pbx.local("207@from-internal", client)
    colleague = pbx.dials(two, "PJSIP/207")
    pbx.rings(colleague, two)
    pbx.wait(2)
    pbx.answers(colleague, two)
    pbx.event(
        "AttendedTransfer",
        Result="Success",
        OrigTransfererUniqueid=phone.uniqueid,
        SecondTransfererUniqueid=phone.uniqueid,
        TransferTargetUniqueid=one.uniqueid,
        DestType="Threeway",
    )
    pbx.enters(one, room)
    pbx.wait(3)
    pbx.hangs_up(phone)
    pbx.wait(4)
    pbx.hangs_up(client, one, two, colleague)
    call = told(pbx)
    assert (call["answered_by"], call["final_agent"]) == ("205", "207")
    assert call["transfers"] == [{"type": "threeway", "from": "205", "to": "207", "completed": True}]
    assert call["talk_by"] == {"205": 5.0, "207": 7.0}


def test_a_transfer_finished_while_the_target_still_rings_is_complete_when_it_answers() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    room = client.bridge
    pbx.leaves(phone)
    one, two = pbx.local("207@from-internal", client)
    pbx.bridges(one, phone)
    target = pbx.dials(two, "PJSIP/207")
    pbx.rings(target, two)
    pbx.wait(1)
    pbx.leaves(phone)
    pbx.leaves(one)
    pbx.enters(one, room)
    pbx.event(
        "AttendedTransfer",
        Result="Success",
        OrigTransfererUniqueid=phone.uniqueid,
        SecondTransfererUniqueid=phone.uniqueid,
        TransferTargetUniqueid=one.uniqueid,
        DestType="Bridge",
    )
    pbx.hangs_up(phone, asked=False)
    pbx.wait(2)
    still_ringing = told(pbx)
    assert still_ringing["transfers"] == [
        {"type": "attended", "from": "205", "to": "207", "completed": False}
    ]
    pbx.answers(target, two)
    pbx.wait(3)
    pbx.hangs_up(client, one, two, target)
    call = told(pbx)
    assert call["transfers"] == [{"type": "attended", "from": "205", "to": "207", "completed": True}]
    assert (call["final_agent"], call["talk_s"], call["talk_by"]) == ("207", 6.0, {"205": 0.0, "207": 3.0})


def test_the_consulted_outside_number_belongs_to_the_clients_call_once_they_are_connected() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.event("Hold", phone)
    second = pbx.seller_dials_out("205", exten=MOBILE)
    leg = pbx.dials(second, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(leg, second)
    pbx.wait(2)
    both = pbx.answers(leg, second)
    assert [call["direction"] for call in pbx.calls()] == ["in", "out"]
    pbx.leaves(client)
    pbx.leaves(second)
    leg.linkedid = second.linkedid = client.linkedid
    pbx.enters(client, both)
    pbx.event(
        "AttendedTransfer",
        Result="Success",
        OrigTransfererUniqueid=phone.uniqueid,
        SecondTransfererUniqueid=second.uniqueid,
        SecondTransfererExten=MOBILE,
        TransferTargetUniqueid=leg.uniqueid,
        DestType="Bridge",
    )
    pbx.hangs_up(phone, second, asked=False)
    pbx.wait(5)
    pbx.hangs_up(client, leg)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["final_agent"]) == ("in", CLIENT, "205")
    assert call["transfers"] == [{"type": "attended", "from": "205", "to": MOBILE, "completed": True}]


def test_a_bridge_of_some_milliseconds_as_the_caller_cancels_is_no_answer() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    phone = pbx.dials(client, "PJSIP/205")
    pbx.rings(phone, client)
    pbx.wait(2)
    pbx.answers(phone, client)
    pbx.wait(0.01)
    pbx.hangs_up(client, phone)
    call = told(pbx)
    assert (call["outcome"], call["answered_by"], call["talk_by"], call["ring_s"]) == (
        "missed",
        None,
        {},
        2.01,
    )


@pytest.mark.parametrize("keeps_its_uniqueid", [False, True])
def test_a_phone_may_finish_a_transfer_while_the_colleague_still_rings(keeps_its_uniqueid: bool) -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    room = client.bridge
    pbx.event("Hold", phone)
    second = pbx.seller_dials_out("205", exten="207")
    target = pbx.dials(second, "PJSIP/207")
    pbx.rings(target, second)
    pbx.wait(1)
    one, two = pbx.local("_attended@transfer", second)
    pbx.enters(one, room)
    pbx.leaves(phone)
    pbx.event(
        "AttendedTransfer",
        Result="Success",
        OrigTransfererUniqueid=phone.uniqueid,
        SecondTransfererUniqueid=second.uniqueid,
        SecondTransfererExten="207",
        DestType="App",
        DestApp="Dial",
    )
    pbx.hangs_up(phone, asked=False)
    if keeps_its_uniqueid:
        pbx.hangs_up(two, asked=False)
        two = Line(two.name, second.uniqueid, second.linkedid)
    else:
        pbx.hangs_up(second, asked=False)
    pbx.wait(2)
    pbx.up(target)
    pbx.dial_ends(two, target, "ANSWER")
    for line in (one, two, target):
        line.linkedid = client.linkedid
    pbx.bridges(target, two)
    pbx.wait(3)
    pbx.hangs_up(client, one, two, target)
    call = told(pbx)
    assert (call["answered_by"], call["final_agent"], call["rang"]) == ("205", "207", ["205", "207"])
    assert call["transfers"] == [{"type": "attended", "from": "205", "to": "207", "completed": True}]
