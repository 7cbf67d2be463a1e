"""Recordings of rarer dialplans and deeds must come out as the phones saw them, too."""

from __future__ import annotations

import pytest

from pbx_crm.asterisk.replay import call_as_json, calls_of
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.domain.endpoint import PbxShape
from tests.truth import LAB_NAMES, LAB_TAPES, faults, truth_in

pytestmark = pytest.mark.recordings


@pytest.mark.parametrize("name", LAB_NAMES)
def test_a_rare_call_is_told_as_the_phones_saw_it(name: str) -> None:
    told = [call_as_json(call) for call in calls_of(read_tape(LAB_TAPES / name), PbxShape())]
    assert faults(truth_in(LAB_TAPES / name), told) == []
