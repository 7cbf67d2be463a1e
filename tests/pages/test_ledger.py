"""The ledger's page: every call of a day is accounted for, and one that is not is red."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from pbx_crm.asterisk.written_calls import WrittenDown
from pbx_crm.db import gaps
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Call, Direction, EndedBy, Outcome
from pbx_crm.domain.errors import RecordsUnreadable
from tests.call_rows import CallRows
from tests.site import Crm

LEDGER = "/settings/ledger"


@dataclass
class Book:
    """What a PBX wrote down."""

    written: list[WrittenDown] = field(default_factory=list)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    trouble: str = ""

    def between(self, since: datetime, until: datetime) -> Sequence[WrittenDown]:
        """Every Linkedid of this time."""
        if self.trouble:
            raise RecordsUnreadable(self.trouble)
        self.asked.append((since, until))
        return [one for one in self.written if since <= one.began < until]

    def add(self, linkedid: str, began: datetime) -> None:
        """A call of a minute."""
        ended = began + timedelta(minutes=1)
        call = Call(
            linkedid, Direction.IN, began, ended_at=ended, outcome=Outcome.MISSED, ended_by=EndedBy.HANGUP
        )
        self.written.append(WrittenDown(linkedid, began, call))


@pytest.fixture
def book(crm: Crm) -> Book:
    """The records of the office, with nothing in them yet."""
    found = Book()
    crm.services.office.day_books.offer({"office": found})
    return found


def an_hour_ago(crm: Crm) -> datetime:
    return crm.clock() - timedelta(hours=1)


async def page_of(crm: Crm, query: str = "", *, admin: bool = False) -> str:
    browser = await crm.browser(crm.cast.peter if admin else crm.cast.olga)
    answer = await browser.get(f"{LEDGER}{query}")
    assert answer.status == 200
    return await answer.text()


async def known_call(crm: Crm, at: datetime) -> tuple[int, str]:
    """A call on record: its id and its Linkedid."""

    def make(tx: Transaction) -> int:
        return CallRows(tx, at, Direction.OUT, pbx="office", linkedid="1.1").end(60, Outcome.ANSWERED).id

    return await crm.database.write(make), "1.1"


async def test_a_day_on_which_nothing_is_missing_is_green(crm: Crm, book: Book) -> None:
    call_id, linkedid = await known_call(crm, an_hour_ago(crm))
    book.add(linkedid, an_hour_ago(crm))
    page = await page_of(crm)
    assert "1 written down, 1 accounted for" in page
    assert "chip ok" in page
    assert "data-fate" not in page
    listed = await page_of(crm, "?fate=logged")
    assert f'<a href="/calls/{call_id}">{linkedid}</a>' in listed


async def test_a_call_that_is_not_there_is_red_and_named(crm: Crm, book: Book) -> None:
    await known_call(crm, an_hour_ago(crm))
    book.add("1.1", an_hour_ago(crm))
    book.add("1.2", an_hour_ago(crm))
    page = await page_of(crm)
    assert "2 written down, 1 accounted for" in page
    assert re.findall(r'data-fate="([^"]+)"', page) == ["missing"]
    assert "1.2" in page
    assert "chip danger" in page


async def test_a_call_in_an_open_gap_is_explained_and_no_fault(crm: Crm, book: Book) -> None:
    began = an_hour_ago(crm)
    book.add("1.3", began)
    await crm.database.write(gaps.note, "office", began, began + timedelta(minutes=5), "link_lost")
    page = await page_of(crm)
    assert 'data-fate="gap"' in page
    assert "1 written down, 1 accounted for" in page


async def test_records_that_cannot_be_read_prove_nothing(crm: Crm, book: Book) -> None:
    book.trouble = "/var/log/cel/<Master>.csv: permission denied"
    page = await page_of(crm)
    assert "cannot be read" in page
    assert "&lt;Master&gt;.csv: permission denied" in page
    assert "accounted for" not in page


async def test_without_records_the_page_says_what_to_configure(crm: Crm) -> None:
    assert "[pbx.cel]" in await page_of(crm)


async def test_a_day_is_the_company_s_day(crm: Crm, book: Book) -> None:
    await page_of(crm, "?day=2026-11-20")
    midnight = datetime(2026, 11, 19, 21, tzinfo=UTC)
    assert book.asked == [(midnight, midnight + timedelta(days=1))]


@pytest.mark.parametrize("day", ["", "tomorrow", "9999-12-31", "1601-01-01", "2026-02-30", "'; --"])
async def test_a_day_that_makes_no_sense_is_today(crm: Crm, book: Book, day: str) -> None:
    today = crm.services.office.day_books.today
    page = await page_of(crm, f"?day={day}")
    assert f'value="{today}"' in page
    assert "Day after" not in page


async def test_there_is_a_way_to_the_days_around(crm: Crm, book: Book) -> None:
    page = await page_of(crm, "?day=2026-01-01")
    assert f"day={date(2025, 12, 31)}" in page
    assert f"day={date(2026, 1, 2)}" in page


async def test_who_only_sets_up_telephony_sees_no_way_to_a_client(crm: Crm, book: Book) -> None:
    await known_call(crm, an_hour_ago(crm))
    book.add("1.1", an_hour_ago(crm))
    page = await page_of(crm, "?fate=logged", admin=True)
    assert "1.1" in page
    assert 'href="/calls/' not in page


async def test_a_very_long_day_is_shown_in_part_with_what_is_missing_first(crm: Crm, book: Book) -> None:
    for number in range(520):
        book.add(f"2.{number}", an_hour_ago(crm))
    page = await page_of(crm)
    assert page.count('data-fate="missing"') == 500
    assert "20 more are not shown" in page


async def test_a_seller_has_no_ledger(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    assert (await browser.get(LEDGER)).status == 403
