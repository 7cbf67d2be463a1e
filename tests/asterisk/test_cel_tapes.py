"""What the PBX wrote down tells the same calls as the phones saw, in all that it can know."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.asterisk.replay import call_as_json
from pbx_crm.domain.call import EndedBy
from pbx_crm.domain.endpoint import PbxShape
from tests.truth import SINGLE_NAMES, TAPES, Truth, faults, truth

UNKNOWN_TO_CEL = {
    "in_dead_phone": {"rang", "ring_s"},  # no ringing in CEL: a leg that nobody refuses looks the same
    "in_queue_timeout_voicemail": {"queue", "outcome"},  # applications show only in rows of other things
    "xfer_att_refer_aborted": {"rang"},  # no hold in CEL: a consultation that came to nothing stands alone
}
"""Kind of call → fields in which CEL, without rows of applications, can be wrong."""


UNKNOWN_TO_CDR = {"recording", "rang", "ring_s", "talk_s", "did", "transfers"}
"""Fields in which CDR can be wrong: it keeps whole seconds, last destinations and no ringing."""

NOT_IN_CDR = {"c2c_seller_busy", "c2c_seller_noanswer"}
"""Nobody was dialled and nothing answered: such a call has no row unless `unanswered=yes`."""

TWO_CALLS_IN_CDR = {"xfer_att_refer"}
"""The consultation keeps its own Linkedid there: it stands as an internal call beside the client's."""


def told_by(source: str, name: str) -> list[Truth]:
    return [call_as_json(call) for call in read_recording(TAPES / name, source, PbxShape()).calls]


def whole_truth(name: str) -> Truth:
    """The truth for a reader who was never cut off."""
    told = truth(name)
    for call in told["calls"]:
        call.pop("invisible_to_ami", None)
        call.pop("ended_while_disconnected", None)
    return told


@pytest.mark.parametrize("name", SINGLE_NAMES)
def test_cel_tells_what_the_phones_saw(name: str) -> None:
    unknown = {"recording", *UNKNOWN_TO_CEL.get(name.partition("__")[0], ())}
    wrong = faults(whole_truth(name), told_by("cel", name))
    assert [fault for fault in wrong if fault.partition(":")[0] not in unknown] == []


@pytest.mark.parametrize("name", SINGLE_NAMES)
def test_ami_and_cel_together_miss_nothing(name: str) -> None:
    assert faults(whole_truth(name), told_by("all", name)) == []


@pytest.mark.parametrize("name", SINGLE_NAMES)
def test_cdr_tells_who_called_and_who_answered(name: str) -> None:
    kind = name.partition("__")[0]
    told = told_by("cdr", name)
    if kind in TWO_CALLS_IN_CDR:
        assert [call["direction"] for call in told] == ["in", "internal"]
        told = told[:1]
    wrong = faults(whole_truth(name), told)
    if kind in NOT_IN_CDR:
        assert told == []
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
    for name in SINGLE_NAMES:
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
