"""Trunks and numbers as offices have them, and clients who are two: each told event by event."""

from __future__ import annotations

import re

from pbx_crm.domain.endpoint import PbxShape
from tests.ami_story import AmiStory
from tests.domain.told_calls import CLIENT, answered_by_phone, told


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
