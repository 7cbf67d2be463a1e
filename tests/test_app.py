"""The program as a whole: from the bytes of a PBX to what a person is told, and back to silence in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import update

from pbx_crm.app import App, running
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.asterisk.tape_rewrite import Retelling, retell
from pbx_crm.config import Settings
from pbx_crm.db import deals, funnels, people, robots
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import deals as deal_rows
from pbx_crm.db.tables import gaps, jobs
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.listing import DealFilter
from pbx_crm.domain.pbx_link import LinkStatus
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.robot import Occasion, Robot
from pbx_crm.services.demo_company import found_company
from tests import builders
from tests.parts.scripted_ami import SECRET, ScriptedAmi, until

TAPES = Path(__file__).parent / "tapes"


def settings_for(folder: Path, port: int, *, secret: str = SECRET) -> Settings:
    """A configuration with everything on loopback."""
    (folder / "ami.secret").write_text(secret, encoding="utf-8")
    return Settings.model_validate(
        {
            "web": {"port": 0},
            "database": {"url": f"sqlite:///{folder}/crm.db"},
            "crm": {"region": "RU", "time_zone": "Europe/Moscow", "currency": "RUB"},
            "pbx": [
                {
                    "name": "office",
                    "host": "127.0.0.1",
                    "port": port,
                    "username": "pbx-crm",
                    "secret_file": folder / "ami.secret",
                }
            ],
        }
    )


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    """A PBX on loopback."""
    async with ScriptedAmi() as scripted:
        yield scripted


@asynccontextmanager
async def company(folder: Path, pbx: ScriptedAmi) -> AsyncIterator[App]:
    """The program with the made-up company in it, its link up."""
    async with running(settings_for(folder, pbx.port)) as app:
        await found_company(app.database, app.services.staff, app.services.clock, "office", "RUB")
        await until(lambda: link(app) is LinkStatus.UP)
        yield app


def link(app: App) -> LinkStatus | None:
    """How the link stands."""
    state = app.services.pbx_link.states.get("office")
    return state.status if state else None


def told_now(name: str, number: int = 1) -> bytes:
    """A recording's bytes as if it happened just now."""
    tape = read_tape(TAPES / name)
    later = int(time.time() - tape.started_at - tape.segments[0].ends_at) - 5
    return b"".join(segment.raw for segment in retell(tape, Retelling(later, number)).segments)


async def person(app: App, login: str) -> Person:
    """Somebody of the company."""
    found = await app.services.staff.by_login(login)
    assert found is not None
    return found


async def deals_of(app: App, login: str) -> int:
    """How many deals this person sees."""
    return len(await app.services.listings.deals(await person(app, login), DealFilter(), None, 50))


async def test_a_call_answered_at_a_phone_is_a_card_of_its_seller_and_the_head_sees_it(
    tmp_path: Path, pbx: ScriptedAmi
) -> None:
    async with company(tmp_path, pbx) as app:
        pbx.send(told_now("in_direct_answered__22-pjsip-A"))
        await eventually(app, "anna", 1)
        assert await deals_of(app, "olga") == 1
        assert await deals_of(app, "boris") == 0


async def eventually(app: App, login: str, deals: int) -> None:
    """Waits until this person sees so many deals."""
    deadline = time.monotonic() + 10
    while await deals_of(app, login) != deals:
        assert time.monotonic() < deadline, f"{login} sees {await deals_of(app, login)} deals"
        await asyncio.sleep(0.02)


async def test_the_pages_are_there_and_the_health_tells_the_link(tmp_path: Path, pbx: ScriptedAmi) -> None:
    async with company(tmp_path, pbx) as app, ClientSession() as browser:
        async with browser.get(f"{app.url}/health/ready") as answer:
            assert (await answer.json())["pbx"] == {"office": "up"}
        async with browser.get(app.url) as answer:
            assert answer.url.path == "/login"


async def test_everything_stops_and_the_time_in_between_is_a_gap(tmp_path: Path, pbx: ScriptedAmi) -> None:
    async with company(tmp_path, pbx):
        pass
    assert pbx.log_ins == 1
    async with company(tmp_path, pbx) as app:
        deadline = time.monotonic() + 10
        while not (rows := await app.database.read(lambda tx: tx.execute(gaps.select()).all())):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert [row.cause for row in rows] == ["crm_stopped"]


async def test_a_wrong_password_is_said_in_words_and_people_still_work(
    tmp_path: Path, pbx: ScriptedAmi, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings_for(tmp_path, pbx.port, secret="wrong")) as app, ClientSession() as browser:
        await until(lambda: link(app) is LinkStatus.REFUSED, 10)
        async with browser.get(f"{app.url}/login") as answer:
            assert answer.status == 200
    (said,) = [record.getMessage() for record in caplog.records if "refuses" in record.getMessage()]
    assert "check secret" in said
    assert "manager.conf" in said


async def test_a_pbx_that_is_down_is_said_once_and_found_again(
    tmp_path: Path, pbx: ScriptedAmi, caplog: pytest.LogCaptureFixture
) -> None:
    await pbx.stop()
    async with running(settings_for(tmp_path, pbx.port)) as app:
        await until(lambda: link(app) is LinkStatus.DOWN, 10)
        await pbx.start()
        await until(lambda: link(app) is LinkStatus.UP, 10)
    assert sum("cannot be reached" in record.getMessage() for record in caplog.records) == 1


async def test_a_port_that_is_taken_is_named(tmp_path: Path, pbx: ScriptedAmi) -> None:
    settings = settings_for(tmp_path, pbx.port)
    taken = settings.model_copy(update={"web": settings.web.model_copy(update={"port": pbx.port})})
    with pytest.raises(BadConfig, match=rf"web: cannot listen on 127\.0\.0\.1:{pbx.port}"):
        async with running(taken):
            pass


async def test_a_secret_that_is_missing_stops_the_start_before_anything_else(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, 1)
    (tmp_path / "ami.secret").unlink()
    with pytest.raises(BadConfig, match="secret_file cannot be read"):
        async with running(settings):
            pass
    assert not (tmp_path / "crm.db").exists()


async def test_a_robot_acts_though_nobody_is_there(
    tmp_path: Path, pbx: ScriptedAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx_crm.services.job_loop.PAUSE_SECONDS", 0.05)
    async with company(tmp_path, pbx) as app:
        funnel = (await app.database.read(funnels.in_use))[0]
        robot = Robot(None, funnel.id, "Night shift", Occasion.CLOSE_DATE, 3, priority=Priority.HIGH)
        robot_id = await app.database.write(robots.add, robot)
        head = await app.database.read(_head)
        await app.services.automation.robots.switch(head, robot_id, True)
        told = asyncio.Event()
        app.services.live.subscribe(head, lambda _topics: told.set())
        deal_id = await app.database.write(_closing_soon, funnel, head)
        async with asyncio.timeout(40):
            await told.wait()
        assert (await app.database.read(deals.get, deal_id, head.scope)).priority is Priority.HIGH


def _head(tx: Transaction) -> Person:
    return next(person for person in people.everybody(tx) if person.role is Role.HEAD)


def _closing_soon(tx: Transaction, funnel: Funnel, owner: Person) -> int:
    """A deal that is expected to close in a day; the robots' next look is due now."""
    now = datetime.now(UTC)
    deal_id = builders.deal(tx, funnel, owner, stage=1, at=now)
    day = (now + timedelta(days=1)).date().isoformat()
    tx.execute(update(deal_rows).values(expected_close=day))
    tx.execute(update(jobs).where(jobs.c.taken_until.is_(None)).values(due_at=now))
    return deal_id
