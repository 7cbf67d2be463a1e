"""What the doctor says of recordings: each fault planted in a folder, and the line that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.db import lines
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.finding import Finding, Mark
from pbx_crm.domain.line import Line
from pbx_crm.domain.recording_checkup import RecordedLately, RootSeen, judge_root
from pbx_crm.outside.recording_folder import RecordingFolder
from pbx_crm.outside.sox import Player
from pbx_crm.services.recording_rounds import RecordingRounds, Root
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.turned_clock import TurnedClock

MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class House:
    """A PBX that records, and the folder the CRM was told of."""

    database: Database
    monitor: Path

    @property
    def day(self) -> Path:
        """Where it keeps the recordings of the day."""
        return self.monitor / "2026" / "11" / "21"

    async def record(self, *numbers: int, ending: str = ".wav", kept: bool = True) -> None:
        """These calls, recorded an hour ago."""

        def write(tx: Transaction) -> None:
            for number in numbers:
                row = CallRows(tx, NOW - timedelta(hours=1), linkedid=f"{number}.1", recorded=True)
                row.end(60, Outcome.ANSWERED)

        await self.database.write(write)
        self.day.mkdir(parents=True, exist_ok=True)
        for number in numbers if kept else ():
            (self.day / f"q-{number}.1{ending}").write_bytes(b"RIFF")

    async def look(self, roots: Mapping[str, Root] | None = None) -> dict[str, Finding]:
        """The findings by name."""
        folders = {"main": RecordingFolder(self.monitor, MOSCOW)} if roots is None else roots
        rounds = RecordingRounds(self.database, TurnedClock(), ["main"], folders)
        return {finding.name: finding for finding in await rounds.look()}

    async def the_one(self, roots: Mapping[str, Root] | None = None) -> Finding:
        """The only finding."""
        (finding,) = (await self.look(roots)).values()
        return finding


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """Nothing recorded yet."""
    (tmp_path / "monitor").mkdir()
    return House(database, tmp_path / "monitor")


async def test_recordings_that_are_found_are_in_order(house: House) -> None:
    await house.record(1, 2, 3)
    finding = await house.the_one()
    assert (finding.name, finding.mark, finding.where) == ("recordings_folder", Mark.GOOD, "main")


async def test_a_pbx_that_records_nothing_yet_is_in_order(house: House) -> None:
    assert (await house.the_one()).mark is Mark.GOOD
    assert await house.look({}) == {}


async def test_a_folder_that_is_not_there_is_named_with_the_reason(house: House) -> None:
    house.monitor.rmdir()
    finding = await house.the_one()
    assert (finding.name, finding.mark) == ("recordings_unreadable", Mark.FAULT)
    assert "No such file or directory" in str(finding.says)
    assert "[pbx.recordings]: check folder" in str(finding.mend)


async def test_a_file_in_its_place_is_no_folder(house: House) -> None:
    house.monitor.rmdir()
    house.monitor.write_text("")
    assert "Not a directory" in str((await house.the_one()).says)


async def test_calls_recorded_that_nobody_can_hear_are_a_reason_to_name_the_folder(house: House) -> None:
    await house.record(1)
    finding = await house.the_one({})
    assert (finding.name, finding.mark) == ("recordings_unset", Mark.WARNING)
    assert "[pbx.recordings]" in str(finding.mend)


@pytest.mark.parametrize(("kept", "mark"), [((), Mark.FAULT), ((1, 2), Mark.WARNING)])
async def test_the_wrong_folder_is_seen_by_calls_without_a_file(
    house: House, kept: tuple[int, ...], mark: Mark
) -> None:
    await house.record(*kept)
    await house.record(7, 8, 9, kept=False)
    finding = await house.the_one()
    assert (finding.name, finding.mark) == ("recordings_lost", mark)
    assert f"of {3 + len(kept)} calls recorded lately 3 have no file" in str(finding.says)
    assert "time_zone" in str(finding.mend)


async def test_a_call_that_has_only_just_ended_may_still_be_written(house: House) -> None:
    def just_now(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(minutes=2), recorded=True).end(60, Outcome.ANSWERED)
        CallRows(tx, NOW - timedelta(minutes=1), recorded=True)

    await house.database.write(just_now)
    assert (await house.the_one()).mark is Mark.GOOD


async def test_a_format_nobody_plays_is_named(house: House) -> None:
    await house.record(1)
    for ending in (".g729", ".txt", ".tmp"):
        (house.day / f"q-9.1{ending}").write_bytes(b"x")
    finding = await house.the_one()
    assert (finding.name, finding.mark) == ("recordings_format", Mark.FAULT)
    assert "end in .g729," in str(finding.says)
    assert ".wav" in str(finding.mend)


@pytest.mark.parametrize("has_sox", [True, False])
async def test_a_format_that_needs_sox_is_a_reason_to_install_it(
    house: House, monkeypatch: pytest.MonkeyPatch, has_sox: bool
) -> None:
    monkeypatch.setattr(Player, "has_sox", staticmethod(lambda: has_sox))
    await house.record(1, ending=".gsm")
    finding = await house.the_one()
    assert finding.name == ("recordings_folder" if has_sox else "recordings_sox")
    assert has_sox or "apt install sox" in str(finding.mend)


async def test_a_line_that_deletes_wants_a_folder_in_which_one_may(house: House) -> None:
    """Root may write anywhere, so what the system says of the folder is made up here."""

    def limited(tx: Transaction) -> None:
        builders.funnel(tx)
        lines.add(tx, Line(None, "main", "Main", funnel_id=1, recording_days=30))

    await house.database.write(limited)
    assert (await house.the_one()).mark is Mark.GOOD
    seen = RootSeen("/monitor", may_delete=False)
    (finding,) = judge_root(seen, RecordedLately(0, 0, deletes=True))
    assert (finding.name, finding.mark) == ("recordings_kept", Mark.WARNING)
    (finding,) = judge_root(seen, RecordedLately(0, 0, deletes=False))
    assert finding.mark is Mark.GOOD


def test_all_that_is_wrong_is_said_at_once() -> None:
    seen = RootSeen("/monitor", may_delete=False, foreign=(".g729",), convertible=(".gsm",), has_sox=False)
    found = judge_root(seen, RecordedLately(3, 1, deletes=True))
    assert [finding.name.removeprefix("recordings_") for finding in found] == [
        "lost",
        "format",
        "sox",
        "kept",
    ]
    (worst,) = judge_root(replace(seen, trouble="Permission denied"), RecordedLately(3, 1))
    assert "Permission denied" in str(worst.says)
