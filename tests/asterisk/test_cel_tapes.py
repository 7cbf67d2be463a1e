"""What the PBX wrote down tells the same calls as the phones saw, in all that it can know."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.asterisk.replay import call_as_json, calls_in, events_of
from pbx_crm.domain.call import EndedBy
from pbx_crm.domain.call_fill import DeafTime, fill
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.pbx_event import ConnectionLost
from tests.truth import LAB_NAMES, LAB_TAPES, SINGLE_NAMES, TAPES, Truth, faults, tape, truth, truth_in

pytestmark = pytest.mark.recordings

FOLDERS = {name: TAPES / name for name in SINGLE_NAMES} | {name: LAB_TAPES / name for name in LAB_NAMES}

UNKNOWN_TO_CEL = {
    # No ringing in CEL: a leg that nobody refuses looks the same whether its phone rings or not.
    "in_dead_phone": {"rang", "ring_s"},
    "gives_up_before_any_phone_rings": {"rang"},
    # No hold in CEL: a consultation that came to nothing stands alone.
    "xfer_att_refer_aborted": {"rang"},
    "consultation_only": {"rang"},
    "gave_up_on_hold": {"rang"},
    # Applications show only in rows of other things, unless APP_START is asked for.
    "in_queue_timeout_voicemail": {"queue", "outcome"},
    "queue_overflows_to_the_machine": {"queue", "outcome"},
    "menu_to_queue_to_machine": {"outcome"},
    "queue_of_local_members_abandoned": {"queue"},
    # Nobody answered, so no row shows what Dial was told: the extension has the prefix for the outside line.
    "call_not_answered": {"external_number"},
    "click_and_client_does_not_answer": {"external_number"},
    "client_is_busy": {"external_number"},
    "no_such_number": {"external_number"},
    "two_calls_at_once": {"external_number"},
    # The provider puts the number called into the To header; only a channel variable tells it.
    "company_number_in_the_to_header": {"did"},
    "number_in_the_to_header_only": {"did"},
}
"""Kind of call → fields in which CEL, without rows of applications, can be wrong."""

UNKNOWN_TO_CDR = {"recording", "rang", "ring_s", "talk_s", "did", "transfers"}
"""Fields in which CDR can be wrong: it keeps whole seconds, last destinations and no ringing."""

NOT_IN_CDR = {
    "announcement_in_early_media",
    "c2c_seller_busy",
    "c2c_seller_noanswer",
    "click_declined_at_once",
    "click_declined_by_the_seller",
    "do_not_disturb",
    "nobody_there",
}
"""Nobody was dialled and nothing answered: such a call has no row unless `unanswered=yes`."""

OTHERWISE_IN_CDR = {
    *("xfer_att_refer", "attended_to_a_colleague", "attended_to_a_queue", "attended_to_outside"),
    *("company_attended_transfer_in_a_local_group", "outgoing_then_attended", "queue_call_handed_on"),
    *("client_waits_in_a_room", "sellers_wait_in_a_room", "company_two_clients_joined", "two_clients_joined"),
    *("engaged_without_call_waiting", "client_is_called_first"),
}
"""A consultation keeps its own Linkedid, two clients joined share one, an originate looks like a call in."""


@cache
def told_by(source: str, name: str) -> list[Truth]:
    return [call_as_json(call) for call in read_recording(FOLDERS[name], source, PbxShape()).calls]


def whole_truth(name: str) -> Truth:
    """The truth for a reader who was never cut off."""
    told = truth_in(FOLDERS[name])
    for call in told["calls"]:
        call.pop("invisible_to_ami", None)
        call.pop("ended_while_disconnected", None)
    return told


@pytest.mark.parametrize("name", FOLDERS)
def test_cel_tells_what_the_phones_saw(name: str) -> None:
    unknown = {"recording", *UNKNOWN_TO_CEL.get(name.partition("__")[0], ())}
    wrong = faults(whole_truth(name), told_by("cel", name))
    assert [fault for fault in wrong if fault.partition(":")[0] not in unknown] == []


@pytest.mark.parametrize("name", FOLDERS)
def test_ami_and_cel_together_miss_nothing(name: str) -> None:
    assert faults(whole_truth(name), told_by("all", name)) == []


@pytest.mark.parametrize("name", FOLDERS)
def test_cdr_tells_who_called_and_who_answered(name: str) -> None:
    kind = name.partition("__")[0]
    told = told_by("cdr", name)
    if kind in NOT_IN_CDR:
        assert told == []
        return
    wrong = faults(whole_truth(name), told)
    if kind in OTHERWISE_IN_CDR:
        assert wrong
        return
    assert [fault for fault in wrong if fault.partition(":")[0] not in UNKNOWN_TO_CDR] == []


def test_what_each_source_knows_is_written_down_as_measured() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cel-and-cdr.md").read_text()
    assert [line for line in table_of_sources() if line not in page] == []


def table_of_sources() -> list[str]:
    """A line of Markdown per field: of how many calls each source tells it right."""
    right = {source: fields_right(source) for source in ("ami", "cel", "cdr", "all")}
    return [
        "| " + " | ".join([field, *(f"{right[s][field]} of {right[s]['calls']}" for s in right)]) + " |"
        for field in FIELDS
    ]


def fields_right(source: str) -> Counter[str]:
    """Field → of how many calls this source tells it as it was; the calls it has at all under `found`."""
    counts: Counter[str] = Counter()
    for name in FOLDERS:
        told, was = told_by(source, name), whole_truth(name)
        wrong = [fault.partition(":")[0] for fault in faults(was, told)]
        counts["calls"] += len(was["calls"])
        if wrong and wrong[0] not in FIELDS:
            continue
        counts["found"] += len(was["calls"])
        for field in FIELDS[1:]:
            counts[field] += len(was["calls"]) - wrong.count(field)
    return counts


FIELDS = (
    "found",
    "direction",
    "external_number",
    "did",
    "queue",
    "rang",
    "answered_by",
    "final_agent",
    "seller",
    "outcome",
    "transfers",
    "ring_s",
    "talk_s",
    "recording",
    "ended_in_gap",
)


def test_a_busy_half_minute_comes_out_the_same_from_cel() -> None:
    heard = read_recording(TAPES / "load-small", "ami", PbxShape()).calls
    logged = read_recording(TAPES / "load-small", "cel", PbxShape()).calls
    assert len(logged) == truth("load-small")["calls"]
    assert {(c.linkedid, c.outcome, c.answered_by, c.did) for c in logged} == {
        (c.linkedid, c.outcome, c.answered_by, c.did) for c in heard
    }


@pytest.mark.parametrize(
    "name",
    [
        "in_direct_answered__22-pjsip-A",
        "in_missed__16-sip-A",
        "in_queue_local_members__16-pjsip-A",
        "in_noanswer_voicemail__22-pjsip-A",
        "in_short_ringing__16-sip-A",
        "out_busy__16-pjsip-A",
        "out_failover__22-pjsip-A",
        "c2c_answered__16-sip-A",
        "c2c_local__22-pjsip-A",
        "fwd_302_internal__22-pjsip-A",
        "fwd_followme__16-sip-A",
        "fwd_local_to_mobile__22-pjsip-A",
        "internal_answered__16-sip-A",
        "park_retrieve__22-pjsip-A",
        "pickup_directed__16-sip-A",
        "pickup_group__22-pjsip-A",
        "xfer_att_dtmf__22-pjsip-A",
        "xfer_att_refer__16-sip-A",
        "xfer_blind_chain__22-pjsip-A",
        "xfer_queue_local_blind__16-sip-A",
    ],
)
def test_wherever_ami_is_cut_cel_tells_the_rest(name: str) -> None:
    heard = list(events_of(tape(name), AmiEventReader()))
    logged = read_recording(FOLDERS[name], "cel", PbxShape()).calls
    for cut, event in enumerate(heard):
        calls = calls_in([*heard[:cut], ConnectionLost(event.at)], PbxShape())
        deaf = DeafTime(datetime.fromtimestamp(event.at, UTC), datetime.fromtimestamp(heard[-1].at + 60, UTC))
        told = [call_as_json(call) for call in fill(calls, logged, [deaf])]
        wrong = [f for f in faults(whole_truth(name), told) if not f.startswith("recording")]
        assert (cut, wrong) == (cut, [])


@pytest.mark.parametrize("tech", ["16-sip", "22-pjsip"])
def test_a_call_wholly_inside_a_gap_appears(tech: str) -> None:
    name = f"brk_ami_cut_whole_call__{tech}-A"
    assert told_by("ami", name) == []
    (call,) = told_by("all", name)
    assert (call["outcome"], call["answered_by"]) == ("answered", truth(name)["calls"][0]["answered_by"])


@pytest.mark.parametrize("tech", ["16-sip", "22-pjsip"])
def test_an_end_inside_a_gap_gets_its_true_moment(tech: str) -> None:
    name = f"brk_ami_cut_mid_talk__{tech}-A"
    cut = told_by("ami", name)[0]
    assert cut["ended_by"] == EndedBy.GAP
    whole = told_by("all", name)[0]
    assert whole["ended_by"] == EndedBy.HANGUP
    assert whole["ended_at"] == pytest.approx(truth(name)["calls"][0]["ended_at"], abs=0.5)
    assert whole["rang"] == cut["rang"]
