"""The connection to the PBX was lost for a while: nothing invented, nothing left open, nothing doubled."""

from __future__ import annotations

import pytest

from tests.ami_story import AmiStory, Line
from tests.domain.told_calls import CLIENT, answered_by_phone, told


def listed(pbx: AmiStory, *lines: Line, bridge: str = "") -> None:
    """The answer to CoreShowChannels."""
    for line in lines:
        pbx.event("CoreShowChannel", line, Duration="00:00:05", BridgeId=bridge)
    pbx.event("CoreShowChannelsComplete", EventList="Complete", ListItems=len(lines))


def ringing(pbx: AmiStory) -> tuple[Line, Line]:
    client = pbx.comes_in(CLIENT)
    phone = pbx.dials(client, "PJSIP/205")
    pbx.rings(phone, client)
    return client, phone


def test_a_talk_that_ended_unheard_is_answered_and_marked() -> None:
    pbx = AmiStory()
    answered_by_phone(pbx)
    pbx.wait(3)
    pbx.event("Newexten", pbx.comes_in("79160000000"), Application="NoOp")
    pbx.cut(60)
    listed(pbx)
    first, second = pbx.calls()
    assert (first["outcome"], first["ended_in_gap"], first["talk_s"]) == ("answered", True, 3.0)
    assert (second["outcome"], second["ended_in_gap"], second["open"]) == (None, True, False)


def test_a_talk_that_went_on_is_one_talk() -> None:
    pbx = AmiStory()
    client, phone = answered_by_phone(pbx)
    pbx.wait(3)
    pbx.cut(5)
    listed(pbx, client, phone, bridge=client.bridge)
    pbx.wait(2)
    pbx.hangs_up(client, phone)
    call = told(pbx)
    assert (call["talk_s"], call["talk_by"], call["ended_in_gap"]) == (10.0, {"205": 10.0}, False)


def test_an_answer_in_the_gap_takes_its_moment_from_the_cdr() -> None:
    pbx = AmiStory()
    client, phone = ringing(pbx)
    pbx.cut(20)
    client.state = phone.state = "Up"
    client.bridge = phone.bridge = "11111111-0000-4000-8000-000000000000"
    listed(pbx, client, phone, bridge=client.bridge)
    pbx.wait(2)
    pbx.hangs_up(client, phone)
    pbx.event(
        "Cdr", UniqueID=client.uniqueid, LinkedID=client.linkedid, Disposition="ANSWERED", BillableSeconds=15
    )
    call = told(pbx)
    assert (call["answered_by"], call["talk_s"], call["ring_s"]) == ("205", 15.0, 7.0)


def test_an_answer_in_the_gap_of_a_queue_call_takes_its_moment_from_the_queue() -> None:
    pbx = AmiStory()
    client = pbx.comes_in(CLIENT)
    pbx.event("QueueCallerJoin", client, Queue="600")
    phone = pbx.dials(client, "PJSIP/205")
    pbx.rings(phone, client)
    pbx.cut(20)
    client.bridge = phone.bridge = "11111111-0000-4000-8000-000000000000"
    listed(pbx, client, phone, bridge=client.bridge)
    pbx.wait(2)
    pbx.hangs_up(client, phone)
    pbx.event(
        "Cdr", UniqueID=client.uniqueid, LinkedID=client.linkedid, Disposition="ANSWERED", BillableSeconds=22
    )
    pbx.event("AgentComplete", client, Queue="600", TalkTime=9, Reason="caller")
    assert told(pbx)["talk_s"] == 9.0


def test_an_answer_in_the_gap_is_seen_at_the_end_where_nothing_may_be_listed() -> None:
    pbx = AmiStory()
    client, phone = ringing(pbx)
    pbx.cut(20)
    pbx.event("FullyBooted", Uptime=90000)
    client.bridge = phone.bridge = "11111111-0000-4000-8000-000000000000"
    pbx.wait(4)
    pbx.hangs_up(client, phone)
    call = told(pbx)
    assert (call["outcome"], call["answered_by"], call["talk_s"]) == ("answered", "205", 4.0)


def test_a_call_found_in_the_list_is_taken_over() -> None:
    pbx = AmiStory()
    pbx.event("FullyBooted", Uptime=90000)
    pbx.cut(9)
    client = Line("PJSIP/4951112233-00000001", "1795279999.1", "1795279999.1", CLIENT, "78001234567", "Up")
    phone = Line("PJSIP/205-00000002", "1795280000.2", client.linkedid, "205", "", "Up")
    client.bridge = phone.bridge = "11111111-0000-4000-8000-000000000000"
    listed(pbx, client, phone, bridge=client.bridge)
    pbx.wait(3)
    pbx.hangs_up(client, phone)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["did"]) == ("in", CLIENT, "78001234567")
    assert (call["outcome"], call["answered_by"], call["rang"]) == ("answered", "205", ["205"])


@pytest.mark.parametrize("order", [1, -1])
def test_an_outgoing_call_found_in_the_list_is_taken_over(order: int) -> None:
    pbx = AmiStory()
    pbx.event("FullyBooted", Uptime=90000)
    seller = Line("PJSIP/205-00000001", "1795279999.1", "1795279999.1", "205", "9" + CLIENT, "Up")
    leg = Line("PJSIP/4951112233-00000002", "1795280000.2", seller.linkedid, CLIENT, "", "Up")
    seller.bridge = leg.bridge = "11111111-0000-4000-8000-000000000000"
    listed(pbx, *[seller, leg][::order], bridge=leg.bridge)
    pbx.wait(3)
    pbx.hangs_up(leg, seller)
    call = told(pbx)
    assert (call["direction"], call["external_number"], call["seller"]) == ("out", CLIENT, "205")
    assert (call["outcome"], call["answered_by"], call["talk_s"]) == ("answered", "205", 3.0)


def test_a_killed_pbx_ends_every_call_of_before() -> None:
    pbx = AmiStory()
    answered_by_phone(pbx)
    pbx.wait(3)
    pbx.event("Newexten", pbx.comes_in("79160000000"), Application="NoOp")
    pbx.cut(30)
    pbx.event("FullyBooted", Uptime=4)
    pbx.wait(1)
    client, phone = answered_by_phone(pbx)
    pbx.wait(2)
    pbx.hangs_up(client, phone)
    calls = pbx.calls()
    assert [call["ended_by"] for call in calls] == ["pbx_restart", "pbx_restart", "hangup"]
    assert [call["outcome"] for call in calls] == ["answered", None, "answered"]
    assert [call["talk_s"] for call in calls] == [3.0, 0.0, 2.0]


def test_a_loser_of_the_ring_all_whose_end_was_not_heard_does_not_keep_the_call_open() -> None:
    pbx = AmiStory()
    client, phone = ringing(pbx)
    pbx.rings(pbx.dials(client, "PJSIP/207"), client)
    pbx.wait(1)
    pbx.answers(phone, client)
    pbx.cut(5)
    pbx.event("Newstate", client)
    pbx.event("Newstate", phone)
    pbx.wait(3)
    pbx.hangs_up(client, phone)
    pbx.wait(9)
    pbx.comes_in("79160000000")
    first = pbx.calls()[0]
    assert (first["open"], first["ended_in_gap"], first["talk_s"]) == (False, False, 8.0)


def test_a_recording_that_stops_in_the_talk_leaves_the_call_open() -> None:
    pbx = AmiStory()
    answered_by_phone(pbx)
    pbx.wait(2)
    pbx.event("FullyBooted", Uptime=90000)
    call = told(pbx)
    assert (call["open"], call["outcome"], call["ended_in_gap"]) == (True, None, False)
    assert (call["answered_by"], call["talk_s"]) == ("205", 2.0)
