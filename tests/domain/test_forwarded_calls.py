"""Queues, chains of Local channels, forwards and mobiles: each call told event by event."""

from __future__ import annotations

from tests.ami_story import AmiStory, Line
from tests.domain.told_calls import CLIENT, MOBILE, answered_by_phone, told


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
