"""Every story told by the phones comes out of AMI the same, as the shipped user hears it.

All stories of a module are played at once on one PBX, so each must also be kept apart from the others.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.company import Company
from tests.e2e.playing import play_together, tapping
from tests.e2e.stories import STORIES
from tests.e2e.truth import Truth
from tests.truth import faults

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

Calls = list[dict[str, Any]]


class Heard:
    """What the phones told, and what `pbx-crm replay` makes of what an AMI user heard meanwhile."""

    def __init__(self, told: dict[str, list[Truth]], calls: Calls) -> None:
        self.told = told
        self.calls = calls

    def same_as(self, truth: Truth) -> Calls:
        """The calls that could be this one, by who called and whom."""
        wanted = (truth.direction, truth.external_number, truth.did, truth.seller)
        keys = ("direction", "external_number", "did", "seller")
        return [call for call in self.calls if tuple(call[key] for key in keys) == wanted]


async def _hear(company: Company, folder: Path, username: str = "pbx-crm") -> Heard:
    async with tapping(company, username) as tap, tapping(company, "everything") as hands:
        told = await play_together(company, list(STORIES), hands)
    tap.save(folder)
    command = [sys.executable, "-m", "pbx_crm", "replay", str(folder), "--json"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout  # noqa: ASYNC221 - nothing else runs now
    return Heard(told, json.loads(printed)["calls"])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def heard(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Heard]:
    """All stories as the shipped user of Asterisk 22 heard them (about 10 s)."""
    yield await _hear(company, tmp_path_factory.mktemp("tape22"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def heard_by_16(old_company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Heard]:
    """The same on Asterisk 16 (about 10 s)."""
    yield await _hear(old_company, tmp_path_factory.mktemp("tape16"))


def _faults(heard: Heard, story: str) -> list[str]:
    truths = heard.told[story]
    return [fault for truth in truths for fault in faults({"calls": [truth.as_json()]}, heard.same_as(truth))]


@pytest.mark.parametrize("story", sorted(STORIES))
async def test_a_call_is_what_the_phones_say_it_was(heard: Heard, story: str) -> None:
    assert _faults(heard, story) == []


@pytest.mark.parametrize("story", sorted(STORIES))
async def test_asterisk_16_says_the_same(heard_by_16: Heard, story: str) -> None:
    assert _faults(heard_by_16, story) == []


async def test_nothing_is_invented(heard: Heard, heard_by_16: Heard) -> None:
    for listener in (heard, heard_by_16):
        assert len(listener.calls) == sum(len(truths) for truths in listener.told.values())


async def test_the_caller_s_name_arrives_in_his_own_letters(heard: Heard) -> None:
    (truth,) = heard.told["cyrillic_name"]
    (call,) = heard.same_as(truth)
    assert call["caller_name"] == truth.more["caller_name"]
