"""Day one: a year of the PBX's own records is there, asks nobody for anything, and is never there twice."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.commands.backfill import Asked, fill_past
from pbx_crm.db import call_days, record_places
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import alerts, calls, contact_numbers, contacts, deals, tasks
from pbx_crm.domain.call import Direction
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.line import SkipKind, SkipRule
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.backfill import Backfill, Progress, Wish
from pbx_crm.services.reconcile import Reconcile
from pbx_crm.services.rollups import Rollups
from tests.company import PBX, Company
from tests.services.test_ledger import configured
from tests.services.test_reconcile import heard
from tests.truth import TAPES

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
MORNING = datetime(2026, 11, 21, tzinfo=UTC)
LOAD, MISSED = "load-small", "in_missed__22-pjsip-A"
Tell = Callable[[Progress], None]
CALLS, DEALS = Wish(MORNING, "cel", with_deals=False), Wish(MORNING, "cel", with_deals=True)


class Past:
    """A company, and the CEL of its PBX."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company = company
        self.path = folder / "Master.csv"
        self.path.write_text("")
        self.history = CelCalls(CelFile(self.path, UTC), PbxShape(), largest=300)

    def happened(self, *names: str) -> None:
        """The PBX wrote these recordings down."""
        for name in names:
            header, rows = gzip.decompress((TAPES / name / "cel.csv.gz").read_bytes()).decode().split("\n", 1)
            with self.path.open("a") as file:
                file.write(rows if self.path.stat().st_size else f"{header}\n{rows}")

    @property
    def backfill(self) -> Backfill:
        """A program just started."""
        return Backfill(self.company.database, lambda: NOW, {PBX: NumberPlan("RU")})

    async def taken_in(self, wish: Wish = CALLS, tell: Tell = lambda _: None) -> Progress:
        """The past is taken in."""
        return await self.backfill.run(PBX, self.history, wish, tell)


@pytest.fixture
def past(database: Database, tmp_path: Path) -> Past:
    return Past(Company(database), tmp_path)


def whole(name: str) -> list[str]:
    return [c.linkedid for c in read_recording(TAPES / name, "cel", PbxShape()).calls if not c.is_open]


async def test_calls_and_clients_of_the_past_are_there_and_nobody_is_asked_for_anything(past: Past) -> None:
    past.happened(LOAD, MISSED)
    progress = await past.taken_in()
    stored = await past.company.rows(calls)
    assert {row["linkedid"] for row in stored} == {*whole(LOAD), *whole(MISSED)}
    assert progress.calls == len(stored)
    assert all(row["late"] for row in stored)
    outside = {row["e164"] for row in stored if row["direction"] != Direction.INTERNAL and row["e164"]}
    assert {row["number"] for row in await past.company.rows(contact_numbers)} == outside
    for nothing in (deals, tasks, alerts):
        assert await past.company.rows(nothing) == []


async def test_by_choice_every_client_has_the_deal_their_calls_would_have_made(past: Past) -> None:
    past.happened(LOAD, MISSED)
    await past.taken_in(DEALS)
    incoming = [row for row in await past.company.rows(calls) if row["direction"] == Direction.IN]
    made = await past.company.rows(deals)
    assert len(made) == len({row["e164"] or row["id"] for row in incoming})
    assert {row["deal_id"] for row in incoming} == {deal["id"] for deal in made}
    assert await past.company.rows(tasks) == [], "nobody calls back who called last year"


async def test_taking_in_again_changes_nothing(past: Past) -> None:
    past.happened(LOAD)
    await past.taken_in(DEALS)
    before = await past.company.everything()
    await past.taken_in(DEALS)
    await past.taken_in(CALLS)
    assert await past.company.everything() == before


class BrokenOff(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("stretches", [1, 2, 4])
async def test_broken_off_it_goes_on_where_it_was(past: Past, stretches: int) -> None:
    past.happened(LOAD, MISSED)
    told: list[Progress] = []

    def break_off(progress: Progress) -> None:
        told.append(progress)
        if len(told) == stretches:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        await past.taken_in(DEALS, break_off)
    again: list[Progress] = []
    progress = await past.taken_in(DEALS, again.append)
    assert again[0].calls >= told[-1].calls > 0
    assert progress.calls == len({*whole(LOAD), *whole(MISSED)}) == len(await past.company.rows(calls))


async def test_another_wish_begins_anew(past: Past) -> None:
    past.happened(LOAD)
    await past.taken_in(Wish(NOW, "cel", with_deals=False))
    assert await past.company.rows(calls) == []
    assert (await past.taken_in()).calls == len(whole(LOAD))


async def test_calls_before_the_day_are_left_alone(past: Past) -> None:
    past.happened(LOAD, MISSED)
    began = {c.linkedid: c.started_at for c in read_recording(TAPES / LOAD, "cel", PbxShape()).calls}
    middle = sorted(began.values())[len(began) // 2]
    await past.taken_in(Wish(middle, "cel", with_deals=False))
    assert min(row["started_at"] for row in await past.company.rows(calls)) >= middle


async def test_going_live_afterwards_doubles_nothing(past: Past) -> None:
    past.happened(LOAD)
    await past.taken_in(DEALS)
    await past.backfill.goes_live(PBX, DEALS)
    before = await past.company.everything()
    company = past.company
    await company.tell(heard(LOAD))
    live = Reconcile(company.database, company.intake, company.live, lambda: NOW)
    await live.run(PBX, past.history)
    assert await company.everything() == before
    past.happened(MISSED)
    assert (await live.run(PBX, past.history)).found == 1, "what came since is read on"


@pytest.mark.parametrize("wish", [CALLS, DEALS])
async def test_the_sums_of_days_hold_the_past_as_if_it_had_been_heard(past: Past, wish: Wish) -> None:
    past.happened(LOAD, MISSED)
    await past.taken_in(wish)
    assert all(row["counted_day"] is not None for row in await past.company.rows(calls))
    checked = [day.wrong_rows async for day in Rollups(past.company.database).check()]
    assert checked
    assert sum(checked) == 0


async def test_while_the_past_comes_in_the_sums_are_right_without_it(past: Past) -> None:
    past.happened(LOAD)
    wrong: list[int] = []

    def look(_: Progress) -> None:
        with past.company.database.engine.connect() as tx:
            wrong.append(call_days.wrong_rows(tx, MORNING.date(), ZoneInfo("Europe/Berlin")))

    await past.taken_in(CALLS, look)
    assert len(wrong) > 1
    assert sum(wrong) == 0


async def test_calls_that_make_no_card_say_why_in_the_past_too(past: Past) -> None:
    past.happened(LOAD, "internal_answered__22-pjsip-A", "out_answered__22-pjsip-A")
    await past.taken_in()
    said = {row["direction"]: row["owner_rule"].get("id") for row in await past.company.rows(calls)}
    assert said == {Direction.IN: None, Direction.INTERNAL: "internal", Direction.OUT: "logged_outgoing"}


async def test_a_place_the_program_reads_on_from_stays(past: Past) -> None:
    await past.company.database.write(record_places.keep, PBX, {"offset": 7}, NOW)
    past.happened(MISSED)
    await past.taken_in()
    await past.backfill.goes_live(PBX, CALLS)
    assert await past.company.database.read(record_places.get, PBX) == {"offset": 7}


async def test_what_was_heard_live_stays_as_it_was_heard(past: Past) -> None:
    await past.company.tell(heard(MISSED))
    before = await past.company.everything()
    past.happened(MISSED)
    assert (await past.taken_in(DEALS)).calls == 0
    assert await past.company.everything() == before


async def test_a_call_of_the_past_does_not_answer_a_client_who_waits_today(past: Past) -> None:
    await past.company.tell(heard(MISSED))
    waiting = await past.company.rows(tasks)
    client = (await past.company.one(calls))["e164"]
    text = gzip.decompress((TAPES / "in_direct_answered__22-pjsip-A" / "cel.csv.gz").read_bytes()).decode()
    past.path.write_text(text.replace("79168920157", client.removeprefix("+")))
    await past.taken_in()
    assert len(await past.company.rows(calls)) == 2
    assert await past.company.rows(tasks) == waiting


async def test_skipped_numbers_are_no_clients(past: Past) -> None:
    await past.company.skip(SkipRule("Our mobiles", SkipKind.PREFIX, "79"))
    past.happened(MISSED)
    await past.taken_in()
    assert (await past.company.one(calls))["skipped_by"] == "Our mobiles"
    assert await past.company.rows(contacts) == []


async def test_where_there_is_no_cel_the_call_detail_records_tell_the_past(
    past: Past, tmp_path: Path
) -> None:
    path = tmp_path / "cdr.csv"
    path.write_bytes(gzip.decompress((TAPES / LOAD / "cdr.csv.gz").read_bytes()))
    history = CdrCalls(CdrFile(path, UTC), PbxShape(), largest=50)
    progress = await past.backfill.run(PBX, history, Wish(MORNING, "cdr", with_deals=True), lambda _: None)
    told = {c.linkedid for c in read_recording(TAPES / LOAD, "cdr", PbxShape()).calls if not c.is_open}
    assert {row["linkedid"] for row in await past.company.rows(calls)} == told
    assert progress.calls == len(told)


def test_the_command_tells_how_far_it_is_and_goes_on_another_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Master.csv").write_bytes(gzip.decompress((TAPES / LOAD / "cel.csv.gz").read_bytes()))
    settings = configured(tmp_path)
    fill_past(settings, Asked(MORNING.date()), lambda: NOW)
    told = capsys.readouterr()
    assert f"{len(whole(LOAD))} calls taken in since 2026-11-21" in told.out
    assert "rows/s" in told.err
    with pytest.raises(BadConfig, match=r"no \[pbx.cdr\]"):
        fill_past(settings, Asked(MORNING.date(), source="cdr"), lambda: NOW)
    with pytest.raises(BadConfig, match="nowhere"):
        fill_past(settings, Asked(MORNING.date(), pbx="nowhere"), lambda: NOW)
