"""What the shipped user does not hear is not missed: every recording of Asterisk 22 tells the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx_crm.asterisk.replay import call_as_json, calls_of
from pbx_crm.asterisk.tape import Tape, read_tape
from pbx_crm.domain.endpoint import PbxShape
from tests.dialplan.samples import heard
from tests.truth import LAB_NAMES, LAB_TAPES, SINGLE_NAMES, TAPES, faults, truth_in

pytestmark = pytest.mark.recordings

NO_CDR = "16"
"""Asterisk 16 was recorded as shipped, without Cdr events: there an IVR and a voicemail look alike."""


def _recordings() -> list[Path]:
    folders = [*(TAPES / name for name in SINGLE_NAMES), *(LAB_TAPES / name for name in LAB_NAMES)]
    return [folder for folder in folders if NO_CDR not in folder.name.partition("__")[2].split("-")]


@pytest.mark.parametrize("folder", _recordings(), ids=lambda folder: folder.name)
def test_a_recording_tells_the_same_to_the_shipped_user(folder: Path) -> None:
    tape = read_tape(folder)
    less = Tape(tape.name, tuple(heard(segment) for segment in tape.segments))
    told = [call_as_json(call) for call in calls_of(less, PbxShape())]
    assert faults(truth_in(folder), told) == []
