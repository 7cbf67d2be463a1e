"""Every call the PBX wrote down is accounted for, and one that is not is named."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.commands.ledger import Closed, print_ledger
from pbx_crm.config import Settings
from pbx_crm.db import gaps
from pbx_crm.db.engine import Database
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.ledger import DayLedger, Fate
from pbx_crm.domain.line import CreateAt, SkipKind, SkipRule
from pbx_crm.services.ledger import Ledger
from tests.company import PBX, Company
from tests.test_app import settings_for
from tests.truth import TAPES

MORNING, NIGHT = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
TWO_CALLS = "multi_same_caller_in_a_row__22-pjsip-A"


class Day:
    """A company and the CEL of its PBX."""

    def __init__(self, company: Company, master: Path) -> None:
        self.company = company
        self.master = master
        self.records = CelCalls(CelFile(master, UTC), PbxShape())

    async def happens(self, *names: str, taken: bool = True) -> None:
        """The PBX writes these recordings down, and the CRM takes them in unless it is down."""
        for name in names:
            text = gzip.decompress((TAPES / name / "cel.csv.gz").read_bytes()).decode()
            self.master.write_text((self.master.read_text() if self.master.exists() else "") + text)
        if taken:
            await self.company.intake.take_written(PBX, self.records.read({}, NIGHT).calls)

    async def closes(self, now: datetime = NIGHT) -> DayLedger:
        """The ledger of the day."""
        return await Ledger(self.company.database, lambda: now).close(PBX, self.records, MORNING, NIGHT)


@pytest.fixture
def day(database: Database, tmp_path: Path) -> Day:
    return Day(Company(database), tmp_path / "Master.csv")


async def test_two_calls_of_one_client_are_a_deal_and_one_that_joined(day: Day) -> None:
    await day.happens(TWO_CALLS)
    closed = await day.closes()
    assert [entry.fate for entry in closed.entries] == [Fate.DEAL, Fate.JOINED]
    assert closed.missing == []


@pytest.mark.parametrize(
    ("name", "fates"),
    [
        ("internal_answered__22-pjsip-A", {Fate.INTERNAL: 1}),
        ("out_answered__22-pjsip-A", {Fate.LOGGED: 1}),
        ("spy_supervisor__22-pjsip-A", {Fate.DEAL: 1, Fate.NO_CALL: 1}),
        ("xfer_att_refer__22-pjsip-A", {Fate.DEAL: 1, Fate.JOINED: 1}),
        ("pickup_directed__22-pjsip-A", {Fate.DEAL: 1, Fate.JOINED: 1}),
    ],
)
async def test_every_kind_of_channel_has_its_fate(day: Day, name: str, fates: dict[Fate, int]) -> None:
    await day.happens(name)
    assert (await day.closes()).counts == fates


async def test_a_call_the_crm_does_not_know_is_missing(day: Day) -> None:
    await day.happens("in_missed__22-pjsip-A")
    (known,) = (await day.closes()).entries
    await day.happens(TWO_CALLS, taken=False)
    closed = await day.closes()
    assert closed.counts == {Fate.DEAL: 1, Fate.MISSING: 2}
    assert known not in closed.missing


async def test_an_open_gap_explains_what_is_not_there_yet(day: Day) -> None:
    await day.happens("in_missed__22-pjsip-A", taken=False)
    began = (await day.closes()).entries[0].began
    await day.company.database.write(gaps.note, PBX, began, NIGHT, "crm_stopped")
    assert (await day.closes()).counts == {Fate.GAP: 1}


async def test_what_has_just_ended_may_still_be_on_its_way(day: Day) -> None:
    await day.happens("in_missed__22-pjsip-A", taken=False)
    began = (await day.closes()).entries[0].began
    assert (await day.closes(now=began)).counts == {Fate.GOES_ON: 1}


async def test_yesterday_s_calls_are_not_today_s(day: Day) -> None:
    await day.happens(TWO_CALLS)
    ledger = Ledger(day.company.database, lambda: NIGHT)
    assert (await ledger.close(PBX, day.records, NIGHT, datetime(2026, 11, 23, tzinfo=UTC))).entries == ()


async def test_a_skip_rule_is_named_as_the_reason(day: Day) -> None:
    await day.company.skip(SkipRule("Our mobiles", SkipKind.PREFIX, "79"))
    await day.happens("in_missed__22-pjsip-A")
    assert (await day.closes()).counts == {Fate.SKIPPED: 1}


async def test_a_line_without_cards_logs_its_calls(day: Day) -> None:
    await day.company.line(create_at=CreateAt.NEVER)
    await day.happens("in_missed__22-pjsip-A")
    assert (await day.closes()).counts == {Fate.LOGGED: 1}


def configured(folder: Path) -> Settings:
    settings = settings_for(folder, 5038)
    (pbx,) = settings.pbx
    cel = {"kind": "csv", "path": str(folder / "Master.csv"), "time_zone": "UTC"}
    return Settings.model_validate(
        {
            "web": settings.web.model_dump(),
            "database": {"url": settings.database.url.get_secret_value()},
            "crm": settings.crm.model_dump(),
            "pbx": [{**pbx.model_dump(), "cel": cel}],
        }
    )


def test_the_command_names_what_is_missing_and_says_so_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = gzip.decompress((TAPES / TWO_CALLS / "cel.csv.gz").read_bytes())
    (tmp_path / "Master.csv").write_bytes(text)
    assert print_ledger(configured(tmp_path), date(2026, 11, 21), lambda: NIGHT) is Closed.SOME_MISSING
    told = capsys.readouterr().out
    assert told.startswith("2026-11-21 office: 2 written down, 0 accounted\n")
    assert told.count("missing: 1795") == 2
    assert print_ledger(configured(tmp_path), date(2026, 11, 20), lambda: NIGHT) is Closed.ALL_ACCOUNTED
    assert "0 written down, 0 accounted" in capsys.readouterr().out


def test_without_records_the_command_says_what_to_configure(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no records to compare"):
        print_ledger(settings_for(tmp_path, 5038), None)
