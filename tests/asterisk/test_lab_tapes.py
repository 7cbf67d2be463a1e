"""Recordings of rarer dialplans and deeds must come out as the phones saw them, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pbx_crm.asterisk.replay import call_as_json, calls_of
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.domain.endpoint import PbxShape
from tests.truth import faults

TAPES = Path(__file__).parents[1] / "tapes_lab"
NAMES = sorted(folder.name for folder in TAPES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_a_rare_call_is_told_as_the_phones_saw_it(name: str) -> None:
    told = [call_as_json(call) for call in calls_of(read_tape(TAPES / name), PbxShape())]
    assert faults(json.loads((TAPES / name / "truth.json").read_text()), told) == []
