"""Calls that a program orders: click-to-call, call-backs, listening in; told event by event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ami_story import AmiStory
from tests.domain.told_calls import CLIENT, MOBILE, told


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
