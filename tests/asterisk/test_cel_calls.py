"""Whole calls from a CEL that is read in stretches while it grows."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.record_place import Place
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.domain.call import Call
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.voice_call import VoiceWord
from tests.truth import TAPES

LATER = datetime(2026, 11, 21, 18, tzinfo=UTC)
"""After the last recording."""
TEN_AT_ONCE = "multi_ten_concurrent__22-pjsip-A"


def whole(name: str) -> list[Call]:
    return [c for c in read_recording(TAPES / name, "cel", PbxShape()).calls if not c.is_open]


def text_of(name: str) -> str:
    return gzip.decompress((TAPES / name / "cel.csv.gz").read_bytes()).decode()


def take(calls: CelCalls, place: Place, before: datetime = LATER) -> tuple[dict[str, Call], Place]:
    """Everything there is, and where the reading stopped."""
    found: dict[str, Call] = {}
    while True:
        written = calls.read(place, before)
        found |= {call.linkedid: call for call in written.calls}
        if written.whole or written.following == place:
            return found, written.following
        place = written.following


@pytest.mark.parametrize("name", [TEN_AT_ONCE, "xfer_att_refer__16-sip-A", "park_retrieve__22-pjsip-A"])
def test_wherever_the_reading_stops_in_mid_call_the_next_one_tells_it_whole(
    tmp_path: Path, name: str
) -> None:
    lines = text_of(name).splitlines(keepends=True)
    path = tmp_path / "Master.csv"
    for stop in range(1, len(lines), 3):
        path.write_text("".join(lines[:stop]))
        calls = CelCalls(CelFile(path, UTC), PbxShape())
        first, place = take(calls, {})
        path.write_text("".join(lines))
        rest, _ = take(calls, place)
        assert (first | rest) == {call.linkedid: call for call in whole(name)}


@pytest.mark.parametrize("largest", [40, 75, 400])
def test_small_stretches_tell_the_same_calls(tmp_path: Path, largest: int) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(text_of("load-small"))
    found, _ = take(CelCalls(CelFile(path, UTC), PbxShape(), largest), {})
    assert found == {call.linkedid: call for call in whole("load-small")}


def test_rows_that_are_not_ripe_yet_wait(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(text_of(TEN_AT_ONCE))
    calls = CelCalls(CelFile(path, UTC), PbxShape())
    ends = sorted(call.ended_at for call in whole(TEN_AT_ONCE) if call.ended_at is not None)
    early, place = take(calls, {}, ends[3] + timedelta(seconds=0.01))
    assert 0 < len(early) < len(ends)
    late, _ = take(calls, place)
    assert early.keys() | late.keys() == {call.linkedid for call in whole(TEN_AT_ONCE)}


def test_as_long_as_a_call_goes_on_nothing_after_its_beginning_counts_as_told(tmp_path: Path) -> None:
    lines = text_of("in_direct_answered__22-pjsip-A").splitlines(keepends=True)
    path = tmp_path / "Master.csv"
    path.write_text("".join(lines[:4]))
    written = CelCalls(CelFile(path, UTC), PbxShape()).read({}, LATER)
    assert written.calls == ()
    began = whole("in_direct_answered__22-pjsip-A")[0].started_at
    assert written.going_on_since == began
    path.write_text("".join(lines))
    assert CelCalls(CelFile(path, UTC), PbxShape()).read({}, LATER).going_on_since is None


def test_the_rest_of_a_call_whose_beginning_was_not_read_makes_no_call(tmp_path: Path) -> None:
    header, *lines = text_of("xfer_blind_refer__22-pjsip-A").splitlines(keepends=True)
    for begins in range(1, len(lines)):
        path = tmp_path / "Master.csv"
        path.write_text("".join([header, *lines[begins:]]))
        assert CelCalls(CelFile(path, UTC), PbxShape()).read({}, LATER).calls == ()


@pytest.mark.parametrize("named", [("PBX_CRM_VOICE", ""), ("USER_DEFINED", "PBX_CRM_VOICE")])
def test_what_the_dialplan_wrote_of_a_robots_call_is_told_whatever_writes_cel(
    tmp_path: Path, named: tuple[str, str]
) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(
        "eventtype,userdeftype,eventtime,channame,uniqueid,linkedid,extra\n"
        f'{",".join(named)},2026-11-21 12:00:00,Local/1,a.1,a.1,"{{""extra"":""crm-voice-1 9""}}"\n'
        'USER_DEFINED,OTHER,2026-11-21 12:00:01,Local/1,a.1,a.1,"{""extra"":""crm-voice-1 1""}"\n'
    )
    written = CelCalls(CelFile(path, UTC), PbxShape()).read({}, LATER)
    assert written.voice_words == (VoiceWord("crm-voice-1", "9"),)
