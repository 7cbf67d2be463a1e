"""The recorder makes tapes that tell the truth of what was just played."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import tests.e2e.record_tapes.scenarios  # noqa: F401 - registers the scenarios
from pbx_crm.asterisk.replay import call_as_json, calls_of
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.domain.endpoint import PbxShape
from tests.e2e.record_tapes.recorder import record_world
from tests.e2e.record_tapes.world import WORLDS
from tests.truth import faults

pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize("world", ["hq", "farm"])
def test_what_is_played_now_is_told_from_its_tape(world: str, tmp_path: Path) -> None:
    names = ["ring_group_through_local_channels", "two_clients_joined"]
    assert asyncio.run(record_world(WORLDS[world], names, tmp_path)) == {}
    tapes = sorted(tmp_path.iterdir())
    assert len(tapes) == len(names)
    for folder in tapes:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        told = [call_as_json(call) for call in calls_of(read_tape(folder), PbxShape())]
        assert faults(truth, told) == [], folder.name
