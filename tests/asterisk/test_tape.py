"""A recording is kept byte by byte and read back as it came."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from pbx_crm.asterisk.replay import call_as_json, calls_of
from pbx_crm.asterisk.tape import TapeWriter, read_tape
from pbx_crm.asterisk.tape_rewrite import Retelling, chosen_ids, retell
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import BadTape
from tests.truth import TAPES, faults, tape, truth

NAME = "brk_ami_cut_mid_talk__22-pjsip-A"


def test_what_a_writer_keeps_a_reader_gives_back(tmp_path: Path) -> None:
    with TapeWriter(tmp_path / "mine") as writer:
        for segment in tape(NAME).segments:
            writer.connected()
            for start, end, second in zip(
                segment.offsets, (*segment.offsets[1:], len(segment.raw)), segment.seconds, strict=True
            ):
                writer.write(segment.raw[start:end], 1000.0 + second)
    mine = read_tape(tmp_path / "mine")
    assert [s.raw for s in mine.segments] == [s.raw for s in tape(NAME).segments]
    assert faults(truth(NAME), [call_as_json(call) for call in calls_of(mine, PbxShape())]) == []


def test_a_tape_may_be_compressed_or_not_or_a_single_file(tmp_path: Path) -> None:
    folder = tmp_path / "in_missed"
    shutil.copytree(TAPES / "in_missed__22-pjsip-A", folder)
    for file in list(folder.glob("*.gz")):
        (folder / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    expected = calls_of(tape("in_missed__22-pjsip-A"), PbxShape())
    assert calls_of(read_tape(folder), PbxShape()) == expected
    assert calls_of(read_tape(folder / "ami.log"), PbxShape()) == expected


def test_a_tape_without_timing_still_tells_who_called(tmp_path: Path) -> None:
    shutil.copy(TAPES / "in_missed__22-pjsip-A" / "ami.log.gz", tmp_path / "ami.log.gz")
    call = calls_of(read_tape(tmp_path), PbxShape())[0]
    assert (call.outcome, call.rang) == ("missed", ("101",))


def test_the_clock_of_a_tape_is_asterisks() -> None:
    for name in ("in_direct_answered__22-pjsip-A", "out_answered__16-sip-A", NAME):
        assert tape(name).started_at == pytest.approx(truth(name)["t0"], abs=0.2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such recording"),
        (lambda path: path.mkdir(), "no ami.log"),
        (lambda path: (path.mkdir(), (path / "ami.log.gz").write_bytes(b"not gzip")), "cannot be read"),
        (
            lambda path: (
                path.mkdir(),
                (path / "ami.log").write_bytes(b""),
                (path / "timing.tsv").write_text("a\tb"),
            ),
            "cannot be read",
        ),
    ],
)
def test_a_broken_tape_says_what_is_wrong(tmp_path: Path, make: object, words: str) -> None:
    assert callable(make)
    make(tmp_path / "tape")
    with pytest.raises(BadTape, match=words):
        read_tape(tmp_path / "tape")


def test_a_retelling_shares_no_id_with_the_tape_and_keeps_broken_letters() -> None:
    original = tape("name_long__16-sip-A")
    again = retell(original, Retelling(seconds=3600, number=4, words={"101": "4101"}))
    old, new = original.segments[0].raw, again.segments[0].raw
    for number in ("1795", "PJSIP/101-", "SIP/101-"):
        assert number.encode() not in new or number == "1795"
    assert b"SIP/4101-0004" in new
    with pytest.raises(UnicodeDecodeError):
        old.decode()
    with pytest.raises(UnicodeDecodeError):
        new.decode()
    first, second = calls_of(original, PbxShape())[0], calls_of(again, PbxShape())[0]
    assert (second.started_at - first.started_at).total_seconds() == pytest.approx(3600)
    assert first.linkedid != second.linkedid
    assert (second.answered_by, second.caller_name) == ("4101", first.caller_name)


def test_ids_chosen_by_an_originate_are_found_to_be_replaced() -> None:
    raw = b"Event: Hangup\r\nUniqueid: crm-7f3a\r\n\r\nEvent: Hangup\r\nUniqueid: a-b.2-1795285775.12\r\n\r\n"
    original = read_tape(TAPES / "in_missed__22-pjsip-A")
    chosen = type(original)("t", (type(original.segments[0])(raw, (0,), (0.0,)),))
    assert chosen_ids(chosen) == {"crm-7f3a"}
    assert chosen_ids(original) == set()
