"""Kinds of call that offices have and the recordings do not: each told event by event, as AMI sends it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pbx_crm.domain.endpoint import PbxShape
from tests.ami_story import AmiStory, Line

CLIENT = "79161112233"
MOBILE = "89035550205"


def told(pbx: AmiStory, number: int = 0, of: int = 1) -> dict[str, object]:
    calls = pbx.calls()
    assert len(calls) == of, [(c["direction"], c["external_number"]) for c in calls]
    return calls[number]


def answered_by_phone(pbx: AmiStory, extension: str = "205") -> tuple[Line, Line]:
    """A client called, the phone rang a second, and they talk."""
    client = pbx.comes_in(CLIENT)
    phone = pbx.dials(client, f"PJSIP/{extension}")
    pbx.rings(phone, client)
    pbx.wait(1)
    pbx.answers(phone, client)
    return client, phone


# Clients and calls


def test_two_clients_joined_by_a_transfer_stay_two_calls() -> None:
    pbx = AmiStory()
    first, first_leg = answered_by_phone(pbx)
    pbx.wait(3)
    second = pbx.comes_in("79169998877")
    second_leg = pbx.dials(second, "PJSIP/205")
    pbx.rings(second_leg, second)
    pbx.wait(1)
    both = pbx.answers(second_leg, second)
    pbx.wait(3)
    pbx.leaves(first)
    pbx.leaves(second_leg)
    second.linkedid = second_leg.linkedid = first.linkedid
    pbx.enters(first, both)
    pbx.leaves(first_leg)
    pbx.event(
        "AttendedTransfer",
        Result="Success",
        OrigTransfererUniqueid=first_leg.uniqueid,
        SecondTransfererUniqueid=second_leg.uniqueid,
        TransferTargetUniqueid=second.uniqueid,
        DestType="Bridge",
    )
    pbx.hangs_up(first_leg, second_leg, asked=False)
    pbx.wait(5)
    pbx.hangs_up(first, second)
    calls = pbx.calls()
    assert [call["external_number"] for call in calls] == [CLIENT, "79169998877"]
    assert [call["outcome"] for call in calls] == ["answered", "answered"]
    assert [call["talk_by"] for call in calls] == [{"205": 7.0}, {"205": 3.0}]


def test_a_trunk_and_a_dialled_number_are_known_whatever_they_are_called() -> None:
    for trunk in ("PJSIP/4951112233", "SIP/4951112233", "SIP/provider.ru-1", "PJSIP/SIP_provider.ru-1"):
        pbx = AmiStory(trunk, systemname="hq-old.2")
        seller = pbx.seller_dials_out("205", exten=f"9{CLIENT}")
        peer = trunk.partition("/")[2]
        leg = pbx.dials(
            seller, trunk, f"{CLIENT}@{peer}" if trunk.startswith("PJSIP") else f"{peer}/{CLIENT}"
        )
        pbx.rings(leg, seller)
        pbx.wait(2)
        pbx.answers(leg, seller)
        pbx.wait(4)
        pbx.hangs_up(leg, seller)
        call = told(pbx)
        assert (call["direction"], call["external_number"], call["trunk"]) == ("out", CLIENT, trunk)
        assert (call["seller"], call["answered_by"], call["talk_s"]) == ("205", "205", 4.0)


def test_an_endpoint_is_what_the_admin_says_it_is() -> None:
    pbx = AmiStory(trunk="PJSIP/2000")
    client = pbx.comes_in(CLIENT)
    phone = pbx.dials(client, "PJSIP/anna-desk")
    pbx.rings(phone, client)
    pbx.wait(1)
    pbx.answers(phone, client)
    pbx.wait(2)
    pbx.hangs_up(client, phone)
    shape = PbxShape(frozenset({"PJSIP/2000"}), re.compile(r"\d{3}"), {"PJSIP/anna-desk": "201"})
    call = pbx.calls(shape)[0]
    assert (call["direction"], call["answered_by"], call["rang"]) == ("in", "201", ["201"])


def test_a_call_over_a_failing_trunk_to_the_same_client_is_one_call() -> None:
    pbx = AmiStory()
    seller = pbx.seller_dials_out("205", exten="79035550205")
    failed = pbx.dials(seller, "PJSIP/4951112233", "79035550205@4951112233")
    pbx.dial_ends(seller, failed, "CONGESTION")
    pbx.hangs_up(failed, cause=34)
    leg = pbx.dials(seller, "PJSIP/backup", "89035550205@backup")
    pbx.rings(leg, seller)
    pbx.wait(1)
    pbx.answers(leg, seller)
    pbx.wait(2)
    pbx.hangs_up(leg, seller)
    assert told(pbx)["external_number"] == "89035550205"
    assert told(pbx)["outcome"] == "answered"


def test_the_number_dialled_is_found_where_only_the_to_header_had_it() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT, did="s")
    pbx.event("VarSet", client, Variable="__FROM_DID", Value="78123334455")
    pbx.hangs_up(client)
    assert told(pbx)["did"] == "78123334455"


def test_a_did_spelt_otherwise_by_the_dialplan_stays_as_it_came() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT, did="88123334455")
    pbx.event("VarSet", client, Variable="__FROM_DID", Value="+78123334455")
    pbx.hangs_up(client)
    assert told(pbx)["did"] == "88123334455"


def test_a_caller_whose_name_kills_the_dialplan_is_a_missed_call() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    pbx.wait(0.2)
    pbx.hangs_up(client, cause=0, asked=False)
    assert (told(pbx)["outcome"], told(pbx)["rang"]) == ("missed", [])


# Queues and Local channels


def queue_member(pbx: AmiStory, client: Line, extension: str) -> tuple[Line, Line]:
    one, two = pbx.local(f"{extension}@from-queue", client)
    pbx.dials_line(client, one, f"Local/{extension}@from-queue/n")
    return one, two


def test_a_members_voicemail_that_takes_the_queue_call_is_no_answer() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    pbx.up(client)
    pbx.event("QueueCallerJoin", client, Queue="600", Position=1)
    one, two = queue_member(pbx, client, "205")
    pbx.wait(5)
    pbx.event("Newexten", two, Extension="205", Application="VoiceMail", AppData="205@default")
    pbx.up(two)
    pbx.up(one)
    pbx.dial_ends(client, one, "ANSWER")
    pbx.event("AgentConnect", client, Queue="600", Interface="Local/205@from-queue/n", HoldTime=5)
    pbx.bridges(one, client)
    pbx.wait(9)
    pbx.hangs_up(client, one)
    pbx.hangs_up(two, asked=False)
    call = told(pbx)
    assert (call["outcome"], call["answered_by"], call["talk_s"]) == ("voicemail", None, 0.0)


def test_do_not_disturb_that_makes_a_new_local_pair_at_every_retry_is_a_missed_call() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    pbx.event("QueueCallerJoin", client, Queue="600", Position=1)
    for _ in range(30):
        one, two = queue_member(pbx, client, "205")
        pbx.dial_ends(client, one, "BUSY")
        pbx.hangs_up(two, one, cause=17)
        pbx.wait(5)
    pbx.event("QueueCallerAbandon", client, Queue="600")
    pbx.hangs_up(client)
    call = told(pbx)
    assert (call["outcome"], call["reason"], call["rang"]) == ("missed", "abandoned", [])


def test_a_colleague_who_does_not_want_to_be_disturbed_is_busy() -> None:
    pbx = AmiStory()
    seller = pbx.seller_dials_out("201", exten="205")
    one, two = pbx.local("205@from-internal", seller)
    pbx.dials_line(seller, one)
    pbx.dial_ends(seller, one, "BUSY")
    pbx.hangs_up(two, one, cause=17)
    pbx.hangs_up(seller, cause=17)
    call = told(pbx)
    assert (call["direction"], call["seller"], call["outcome"]) == ("internal", "201", "busy")


def test_a_long_chain_of_local_channels_ends_at_the_phone_that_answered() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    dialler, chain = client, []
    for target in (
        "600@ext-queues",
        "RG-610-205#@from-internal",
        "205@from-internal",
        "FMPR-205@from-internal",
    ):
        one, two = pbx.local(target, client)
        pbx.dials_line(dialler, one)
        chain.append((one, two))
        dialler = two
    phone = pbx.dials(dialler, "PJSIP/205", "205/sip:205@10.0.0.5:5060")
    pbx.event("MixMonitorStart", chain[2][1])
    pbx.rings(phone, dialler)
    pbx.wait(3)
    pbx.answers(phone, dialler)
    for (one, _), source in zip(chain[::-1], [two for _, two in chain[-2::-1]] + [client], strict=True):
        pbx.up(one)
        pbx.bridges(one, source)
    pbx.wait(10)
    pbx.hangs_up(client, phone, *[half for pair in chain for half in pair])
    call = told(pbx)
    assert (call["answered_by"], call["talk_s"], call["ring_s"]) == ("205", 10.0, 3.0)
    assert (call["rang"], call["recording"]) == (["205"], True)


# Forwards, follow-me and the outside


def follow_me(pbx: AmiStory) -> tuple[Line, Line, Line, Line, Line]:
    """The desk phone and, with a question to confirm, the mobile ring for seller 205."""
    client = pbx.comes_in(CLIENT)
    phone = pbx.dials(client, "PJSIP/205")
    one, two = pbx.local(f"FMGL-205-{MOBILE}#@from-internal", client)
    pbx.dials_line(client, one)
    pbx.rings(phone, client)
    mobile = pbx.dials(two, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(mobile, two)
    pbx.wait(3)
    pbx.answers(mobile, two)
    return client, phone, one, two, mobile


def test_a_mobile_that_listens_to_the_question_has_not_answered() -> None:
    pbx = AmiStory()
    client, phone, one, two, mobile = follow_me(pbx)
    pbx.wait(4)
    pbx.dial_ends(two, mobile, "CONTINUE")
    pbx.hangs_up(mobile, two, one)
    pbx.wait(2)
    pbx.hangs_up(client, phone)
    call = told(pbx)
    assert (call["outcome"], call["rang"], call["talk_s"]) == ("missed", ["205"], 0.0)


def test_a_mobile_that_confirms_is_its_sellers_answer() -> None:
    pbx = AmiStory()
    client, phone, one, two, mobile = follow_me(pbx)
    pbx.wait(4)
    pbx.dial_ends(client, one, "ANSWER")
    pbx.up(client)
    pbx.bridges(one, client)
    pbx.hangs_up(phone, cause=26, asked=False)
    pbx.wait(6)
    pbx.hangs_up(client, mobile, one, two)
    call = told(pbx)
    assert (call["direction"], call["outcome"], call["answered_by"]) == ("in", "answered", "205")
    assert (call["rang"], call["talk_s"], call["talk_by"]) == (["205"], 6.0, {"205": 6.0})


def test_an_internal_call_forwarded_to_a_mobile_stays_internal() -> None:
    pbx = AmiStory()
    seller = pbx.seller_dials_out("201", exten="205")
    phone = pbx.dials(seller, "PJSIP/205")
    pbx.rings(phone, seller)
    pbx.wait(3)
    pbx.dial_ends(seller, phone, "NOANSWER")
    pbx.hangs_up(phone, asked=False)
    mobile = pbx.dials(seller, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(mobile, seller)
    pbx.wait(2)
    pbx.answers(mobile, seller)
    pbx.wait(5)
    pbx.hangs_up(seller, mobile)
    call = told(pbx)
    assert (call["direction"], call["seller"], call["answered_by"]) == ("internal", "201", "205")


def test_a_client_sent_to_an_outside_number_is_a_completed_transfer_and_no_second_call() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.wait(2)
    pbx.event(
        "BlindTransfer",
        Result="Success",
        TransfererUniqueid=phone.uniqueid,
        TransfereeUniqueid=client.uniqueid,
        Extension=MOBILE,
    )
    pbx.hangs_up(phone, asked=False)
    pbx.leaves(client)
    leg = pbx.dials(client, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(leg, client)
    pbx.wait(2)
    pbx.answers(leg, client)
    pbx.wait(5)
    pbx.hangs_up(client, leg)
    call = told(pbx)
    assert call["transfers"] == [{"type": "blind", "from": "205", "to": MOBILE, "completed": True}]
    assert (call["final_agent"], call["talk_s"], call["talk_by"]) == ("205", 9.0, {"205": 2.0})


def test_a_line_that_only_leads_to_a_mobile_is_answered_by_nobody_here() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    leg = pbx.dials(client, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(leg, client)
    pbx.wait(2)
    pbx.answers(leg, client)
    pbx.wait(5)
    pbx.hangs_up(client, leg)
    call = told(pbx)
    assert (call["direction"], call["outcome"], call["answered_by"]) == ("in", "answered", None)


# Moving clients about


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


# Click-to-call


def test_a_call_back_through_a_queue_belongs_to_the_seller_who_took_it() -> None:
    pbx = AmiStory()
    one, two = pbx.local("600@ext-queues")
    pbx.dials_line(None, one)
    pbx.event("QueueCallerJoin", two, Queue="600", Position=1)
    first, second = pbx.dials(two, "PJSIP/205"), pbx.dials(two, "PJSIP/207")
    pbx.rings(first, two)
    pbx.rings(second, two)
    pbx.wait(2)
    one.number = "207"
    pbx.answers(second, two)
    pbx.up(one)
    pbx.dial_ends(two, first, "CANCEL")
    pbx.hangs_up(first, cause=26, asked=False)
    pbx.event("OriginateResponse", Response="Success", Channel=one.name, Uniqueid=one.uniqueid, Exten=CLIENT)
    leg = pbx.dials(one, pbx.trunk, f"{CLIENT}@4951112233")
    pbx.rings(leg, one)
    pbx.wait(3)
    pbx.dial_ends(one, leg, "NOANSWER")
    pbx.hangs_up(leg, one, two, second, asked=False)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["outcome"]) == ("out", CLIENT, "no_answer")
    assert (call["seller"], call["rang"], call["ring_s"]) == ("207", ["205", "207"], 3.0)


def test_a_client_who_is_called_first_and_then_a_seller_is_an_outgoing_call() -> None:
    pbx = AmiStory()
    leg = pbx.dials(None, pbx.trunk, f"{CLIENT}@4951112233")
    pbx.rings(leg)
    pbx.wait(2)
    pbx.up(leg)
    pbx.dial_ends(None, leg, "ANSWER")
    pbx.event("OriginateResponse", Response="Success", Channel=leg.name, Uniqueid=leg.uniqueid, Exten="205")
    phone = pbx.dials(leg, "PJSIP/205")
    pbx.rings(phone, leg)
    pbx.wait(1)
    pbx.answers(phone, leg)
    pbx.wait(4)
    pbx.hangs_up(leg, phone)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["outcome"]) == ("out", CLIENT, "answered")
    assert (call["seller"], call["answered_by"], call["talk_s"]) == ("205", "205", 4.0)


def test_click_to_call_on_a_sellers_mobile_finds_the_client_behind_it() -> None:
    pbx = AmiStory()
    one, two = pbx.local("205@from-internal")
    pbx.dials_line(None, one)
    mobile = pbx.dials(two, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(mobile, two)
    pbx.wait(2)
    pbx.answers(mobile, two)
    pbx.up(one)
    leg = pbx.dials(one, pbx.trunk, f"{CLIENT}@4951112233")
    pbx.rings(leg, one)
    pbx.wait(3)
    pbx.answers(leg, one)
    pbx.wait(4)
    pbx.hangs_up(leg, one, two, mobile)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["seller"]) == ("out", CLIENT, "205")
    assert (call["answered_by"], call["ring_s"], call["talk_s"]) == ("205", 3.0, 4.0)


def test_a_phone_rung_only_to_listen_in_is_no_call() -> None:
    pbx = AmiStory()
    phone = pbx.dials(None, "PJSIP/205")
    pbx.rings(phone)
    pbx.wait(1)
    pbx.up(phone)
    pbx.dial_ends(None, phone, "ANSWER")
    pbx.event("OriginateResponse", Response="Success", Channel=phone.name, Uniqueid=phone.uniqueid)
    pbx.wait(9)
    pbx.hangs_up(phone)
    assert pbx.calls() == []


@pytest.mark.parametrize(
    "order",
    [
        {"Exten": CLIENT},
        {"Exten": f"9{CLIENT}", "CallerIDNum": CLIENT},
        {"Application": "Dial", "Data": f"PJSIP/{CLIENT}@out,30"},
    ],
)
def test_the_number_of_a_click_to_call_that_the_seller_did_not_take_is_what_was_ordered(
    order: dict[str, Any],
) -> None:
    pbx = AmiStory()
    phone = pbx.dials(None, "PJSIP/205")
    pbx.rings(phone)
    pbx.wait(9)
    pbx.event(
        "OriginateResponse", Response="Failure", Channel="PJSIP/205", Uniqueid="<unknown>", Reason=3, **order
    )
    pbx.hangs_up(phone, asked=False)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["outcome"]) == ("out", CLIENT, "failed")
    assert (call["seller"], call["rang"], call["ring_s"]) == ("205", ["205"], 0.0)


def test_a_phone_that_forwards_to_itself_for_ever_is_one_missed_call() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    dialler = client
    for _ in range(40):
        phone = pbx.dials(dialler, "PJSIP/205")
        pbx.dial_ends(dialler, phone, "CANCEL")
        pbx.hangs_up(phone, asked=False)
        one, two = pbx.local("205@from-internal", client)
        pbx.dials_line(dialler, one)
        dialler = two
    pbx.wait(1)
    pbx.hangs_up(client, asked=False)
    call = told(pbx)
    assert (call["outcome"], call["rang"], call["did"]) == ("missed", [], "78001234567")


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


def test_a_phone_of_a_ring_all_that_forwards_to_a_mobile_is_credited_with_it() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    pbx.event("QueueCallerJoin", client, Queue="600")
    phones = [pbx.dials(client, f"PJSIP/20{number}") for number in (5, 6, 7)]
    pbx.event(
        "DialEnd",
        client,
        DestUniqueid=phones[1].uniqueid,
        DestChannel=phones[1].name,
        DialStatus="CANCEL",
        Forward=f"{MOBILE}@from-internal",
    )
    pbx.hangs_up(phones[1], asked=False)
    one, two = pbx.local(f"{MOBILE}@from-internal", client)
    pbx.dials_line(client, one)
    mobile = pbx.dials(two, pbx.trunk, f"{MOBILE}@4951112233")
    pbx.rings(mobile, two)
    pbx.wait(2)
    pbx.answers(mobile, two)
    pbx.bridges(one, client)
    pbx.hangs_up(phones[0], phones[2], cause=26, asked=False)
    pbx.wait(4)
    pbx.hangs_up(client, one, two, mobile)
    call = told(pbx)
    assert (call["answered_by"], call["rang"], call["talk_by"]) == ("206", [], {"206": 4.0})


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
