"""The call log as a page: rows, figures with their addresses, filters in the address, one call's story."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from pbx_crm.db import extensions
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import gaps, transfers
from pbx_crm.domain.call import Direction, MissedReason, Outcome
from pbx_crm.domain.call_log import Figure, Place
from pbx_crm.pages.call_query import CallQuery, Period
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
MOSCOW = ZoneInfo("Europe/Moscow")


async def page(crm: Crm, address: str = "/calls", name: str = "olga", *, part: bool = True) -> str:
    """The page, or its live part, as this person gets it."""
    browser = await crm.browser(getattr(crm.cast, name))
    answer = await browser.get(address, headers=FRAGMENT if part else {})
    text = await answer.text()
    assert answer.status == 200, text
    return text


def rows_in(text: str) -> int:
    """How many calls are listed."""
    return len(re.findall(r'id="call-row-\d+"', text))


def some_calls(tx: Transaction, crm: Crm) -> None:
    """One call of each kind that Anna may have had today, and one of Boris's a week and more ago."""
    anna, boris = crm.cast.anna, crm.cast.boris
    CallRows(tx).ring(anna, boris).answer(anna).end(68, Outcome.ANSWERED, talk_seconds=60, wait_seconds=8)
    CallRows(tx).ring(anna).end(20, Outcome.MISSED, reason=MissedReason.GAVE_UP, wait_seconds=20)
    CallRows(tx, direction=Direction.OUT).dial(anna).end(20, Outcome.NO_ANSWER)
    CallRows(tx, NOW - timedelta(days=9)).ring(boris).end(20, Outcome.MISSED)


async def test_the_page_stands_without_any_call_and_says_what_to_expect(crm: Crm) -> None:
    assert "No phone is linked to you" in await page(crm, name="anna", part=False)
    await crm.database.write(extensions.link, "main", "204", crm.cast.anna.id, NOW - timedelta(days=1))
    assert "Your phone is 204" in await page(crm, name="anna")


async def test_rows_say_direction_and_result_in_words(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm)
    assert rows_in(text) == 3
    for word in (
        "Incoming",
        "Outgoing",
        "answered",
        "missed",
        "the caller gave up",
        "no answer",
        "rang Anna",
    ):
        assert word in text, word


async def test_every_figure_on_the_page_leads_to_as_many_rows(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    links = re.findall(r'<a href="(/calls\?[^"]*figure=[^"]*)">', await page(crm))
    counted = set()
    for address in map(unescape, links):
        text = await page(crm, address)
        told = re.search(r'role="status">(\d+) call', text)
        assert told is not None
        assert rows_in(text) == int(told[1]) > 0, address
        counted.add(CallQuery.read(dict(pair.split("=") for pair in address[7:].split("&"))).figure)
    assert counted == {Figure.ANSWERED, Figure.MISSED, Figure.TAKEN, Figure.DIALLED, Figure.TALKED}


async def test_the_head_chooses_a_seller_and_a_seller_does_not(crm: Crm) -> None:
    assert 'name="who"' in await page(crm, part=False)
    assert 'name="who"' not in await page(crm, name="anna", part=False)


async def test_times_are_the_reader_s(crm: Crm) -> None:
    await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna))
    # Noon in Greenwich is three in Moscow, the installation's zone.
    assert "15:00" in await page(crm, name="anna")


async def test_a_gap_is_a_line_of_the_log(crm: Crm) -> None:
    def story(tx: Transaction) -> None:
        at = NOW - timedelta(minutes=5)
        tx.execute(insert(gaps).values(pbx="main", from_at=at, to_at=NOW, cause="lost"))
        CallRows(tx).ring(crm.cast.anna)

    await crm.database.write(story)
    assert "was not heard; calls in this time may be missing" in await page(crm, name="anna")


async def test_a_call_that_was_read_from_the_pbx_s_records_says_so(crm: Crm) -> None:
    def story(tx: Transaction) -> int:
        CallRows(tx).ring(crm.cast.anna).end(20, Outcome.MISSED)
        return CallRows(tx, late=True).ring(crm.cast.anna).end(20, Outcome.MISSED).id

    call_id = await crm.database.write(story)
    assert (await page(crm, name="anna")).count("entered later") == 1
    assert "Entered later, from the PBX" in await page(crm, f"/calls/{call_id}", "anna")


async def test_the_story_tells_legs_hand_overs_and_why(crm: Crm) -> None:
    def story(tx: Transaction) -> int:
        rule = {"id": "rang_answered", "rang": ["101", "102"], "by": "101", "after": 8}
        call = CallRows(tx, owner_rule=rule).ring(crm.cast.anna, crm.cast.boris)
        call.answer(crm.cast.anna).leave(crm.cast.anna, 38)
        step = {"kind": "blind", "source": "101", "target": "102", "completed": True}
        tx.execute(insert(transfers).values(call_id=call.id, at=NOW + timedelta(seconds=38), **step))
        return call.ring(crm.cast.boris, after=39).answer(crm.cast.boris, 41).end(101, Outcome.ANSWERED).id

    call_id = await crm.database.write(story)
    text = await page(crm, f"/calls/{call_id}")
    for words in (
        "rang 101, 102; 101 answered after 8 s",
        "another answered",
        "handed on by 101 to 102",
        "talked 0:30",
        "talked 1:00",
    ):
        assert words in text, words
    assert "<html" in await page(crm, f"/calls/{call_id}", part=False)


async def test_another_s_call_has_no_story_for_a_seller(crm: Crm) -> None:
    call = await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna))
    browser = await crm.browser(crm.cast.boris)
    for call_id in (call.id, 10**17):
        assert (await browser.get(f"/calls/{call_id}")).status == 404


async def test_hostile_names_are_only_text(crm: Crm) -> None:
    def story(tx: Transaction) -> int:
        client = builders.contact(tx, "<img src=x onerror=alert(1)>")
        return CallRows(tx, caller_name="<script>alert(1)</script>", contact_id=client).ring(crm.cast.anna).id

    call_id = await crm.database.write(story)
    for text in (await page(crm), await page(crm, f"/calls/{call_id}")):
        assert "<img" not in text
        assert "<script>alert" not in text


@pytest.mark.parametrize(
    "address",
    [
        "/calls?period=never&direction=up&outcome=x&who=x&figure=x&before=x&from=x&to=x",
        "/calls?who=99999999999999999999&from=0001-01-01&to=9999-12-31",
        "/calls?before=2026-11-21T12:00:00~1&who=²",
        "/calls?before=9999-12-31T23:59:59-14:00~1",
        "/calls?q=%00%25_'\"",
    ],
)
async def test_an_address_that_makes_no_sense_shows_the_log(crm: Crm, address: str) -> None:
    await page(crm, address)


@pytest.mark.parametrize(
    "query",
    [
        CallQuery(),
        CallQuery(period=Period.ALL, direction=Direction.IN, outcome=Outcome.BUSY, who=7, text="ООО & co"),
        CallQuery(from_day=date(2026, 3, 1), to_day=date(2026, 3, 31), waiting=True, figure=Figure.MISSED),
        CallQuery(unlinked=True, before=Place(NOW, 12)),
    ],
)
def test_an_address_says_again_what_it_said(query: CallQuery) -> None:
    assert CallQuery.read(dict(parse_qsl(urlsplit(query.url()).query))) == query


def test_a_day_has_the_hours_its_clock_gives_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = CallQuery(from_day=date(2026, 3, 29), to_day=date(2026, 3, 29)).filter(date(2026, 4, 1), berlin)
    assert spring.since is not None
    assert spring.until is not None
    assert spring.until - spring.since == timedelta(hours=23)


def test_seven_days_end_with_today() -> None:
    wanted = CallQuery().filter(date(2026, 11, 21), MOSCOW)
    assert wanted.since is not None
    assert wanted.since.astimezone(MOSCOW).date() == date(2026, 11, 15)
    assert wanted.until is None


@pytest.mark.parametrize("call_id", ["9" * 25, "-" + "9" * 25, "1e3", ""])
async def test_a_place_that_no_call_can_have_is_left_out(crm: Crm, call_id: str) -> None:
    await crm.database.write(some_calls, crm)
    assert rows_in(await page(crm, f"/calls?before=2020-01-01T00:00:00%2B00:00~{call_id}")) == 3
