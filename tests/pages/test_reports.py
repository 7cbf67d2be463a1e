"""The reports as pages: the head they share, figures that lead to their rows, files, and a seller's view."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from io import StringIO
from urllib.parse import parse_qsl, urlsplit

import pytest

from pbx_crm.db import lines
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.line import Line, MatchKind
from pbx_crm.domain.report_period import Preset
from pbx_crm.pages.report_query import ReportQuery
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

TODAY = "?period=today"


async def page(crm: Crm, address: str, name: str = "olga") -> str:
    """The page as this person gets it."""
    browser = await crm.browser(getattr(crm.cast, name))
    answer = await browser.get(address)
    text = await answer.text()
    assert answer.status == 200, text
    return text


def some_calls(tx: Transaction, crm: Crm) -> None:
    """A call handed on, one nobody answered, one that Anna tried, and one of yesterday morning."""
    anna, boris = crm.cast.anna, crm.cast.boris
    handed_on = CallRows(tx).ring(anna, boris).answer(anna, 8).leave(anna, 38)
    handed_on.answer(boris, 40).end(100, Outcome.ANSWERED, hold_seconds=5)
    CallRows(tx).ring(boris).end(20, Outcome.MISSED)
    CallRows(tx, direction=Direction.OUT, e164="+79990001122").dial(anna).end(20, Outcome.NO_ANSWER)
    CallRows(tx, NOW - timedelta(hours=26)).ring(anna).answer(anna).end(60, Outcome.ANSWERED)


async def test_a_head_sees_every_seller_nobody_and_both_sums(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm, f"/reports/calls{TODAY}")
    for word in ("Anna", "Boris", "Nobody", "All calls, each once"):
        assert word in text
    assert "1 + 1 = 2" in text
    assert "2 − 1 + 1 = 2" in text
    assert "does not come out" not in text


async def test_a_seller_sees_the_same_page_with_their_own_figures(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm, f"/reports/calls{TODAY}&who={crm.cast.boris.id}", "anna")
    assert "Your calls" in text
    assert "Boris" not in text
    assert "Nobody" not in text


async def test_every_figure_of_the_page_leads_to_as_many_calls(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm, f"/reports/calls{TODAY}")
    figures = re.findall(r'<td class="end[^"]*"><a href="(/calls[^"]+)">(\d+)</a>', text)
    assert len(figures) > 15
    for url, count in figures:
        if "figure=talked" not in url:
            listed = await page(crm, unescape(url))
            assert len(re.findall(r'id="call-row-\d+"', listed)) == int(count), url


async def test_comparing_shows_the_same_part_of_the_day_before(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm, f"/reports/calls{TODAY}&compare=1&who={crm.cast.anna.id}")
    assert re.findall(r"was (\S+?)</small>", text)[:2] == ["1", "1"]
    plain = await page(crm, f"/reports/calls{TODAY}&who={crm.cast.anna.id}")
    assert "was 1" not in plain


async def test_days_take_the_place_of_a_period_until_a_period_is_chosen(crm: Crm) -> None:
    text = unescape(await page(crm, "/reports/calls?period=today&from=2026-11-01&to=2026-11-05&compare=1"))
    assert 'name="period"' not in text
    assert 'href="/reports/calls?period=today&compare=1"' in text
    assert '<input type="hidden" name="period" value="today">' in await page(crm, f"/reports/calls{TODAY}")


async def test_paper_says_what_the_report_was_narrowed_to(crm: Crm) -> None:
    text = await page(crm, f"/reports/calls{TODAY}&who={crm.cast.boris.id}")
    assert '<span class="print-only muted">· <bdi>Boris</bdi></span>' in text


async def test_a_reader_elsewhere_may_ask_for_the_companys_days(crm: Crm) -> None:
    """Twenty to midnight in Moscow is half past five the next morning in Tokyo."""

    def story(tx: Transaction) -> None:
        at = datetime(2026, 11, 20, 20, 40, tzinfo=UTC)
        CallRows(tx, at).ring(crm.cast.anna).answer(crm.cast.anna).end(60, Outcome.ANSWERED)

    await crm.database.write(story)
    await crm.services.accounts.change_own(crm.cast.olga, {"time_zone": "Asia/Tokyo"})
    for days, answered in (("2026-11-20", False), ("2026-11-21", True)):
        asked = f"?from={days}&to={days}"
        own = await page(crm, f"/reports/calls{asked}")
        assert ("figure=answered" in own) is answered
        assert "the company (Europe/Moscow)" in own
        firms = unescape(await page(crm, f"/reports/calls{asked}&zone=firm"))
        found = re.findall(r'"(/calls\?[^"]*figure=answered[^"]*)"', firms)
        assert bool(found) is not answered
        for url in found:
            assert len(re.findall(r'id="call-row-\d+"', await page(crm, url))) == 1


async def test_who_lives_by_the_companys_clock_is_not_asked_whose_days(crm: Crm) -> None:
    assert 'name="zone"' not in await page(crm, "/reports/calls")


async def test_slices_of_a_figure_go_along_to_its_calls(crm: Crm) -> None:
    def story(tx: Transaction) -> None:
        for source in ("site", "a flyer"):
            line = Line(None, "main", source, match_kind=MatchKind.DID, match_value=source, source=source)
            CallRows(tx, line_id=lines.add(tx, line)).ring(crm.cast.anna).end(9, Outcome.MISSED)

    await crm.database.write(story)
    text = unescape(await page(crm, f"/reports/calls{TODAY}&source=a+flyer"))
    (url, *_) = re.findall(r'"(/calls\?[^"]*figure=missed[^"]*)"', text)
    listed = await page(crm, url)
    assert len(re.findall(r'id="call-row-\d+"', listed)) == 1
    assert '<input type="hidden" name="source" value="a flyer">' in listed


async def test_a_time_without_a_call_says_so(crm: Crm) -> None:
    assert "No call in this time." in await page(crm, "/reports/calls?from=2020-01-01&to=2020-01-31")


async def test_the_file_holds_the_rows_of_the_page(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.get(f"/reports/calls.csv{TODAY}")
    assert answer.headers["Content-Disposition"] == ('attachment; filename="calls-2026-11-21-2026-11-21.csv"')
    rows = list(csv.DictReader(StringIO((await answer.text()).removeprefix("\ufeff"))))
    assert [row["name"] or row["row"] for row in rows][-2:] == ["nobody", "all calls, each once"]
    assert [(row["answered"], row["handled"]) for row in rows if row["name"] in ("Anna", "Boris")] == [
        ("1", "1"),
        ("0", "1"),
    ]


async def test_the_menu_leads_to_the_reports_and_keeps_what_was_asked(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.get("/reports?period=today", allow_redirects=False)
    assert answer.headers["Location"] == "/reports/overview?period=today"
    assert 'href="/reports"' in await page(crm, "/calls")


def some_waits(tx: Transaction, crm: Crm) -> None:
    """One number waits, one was called back at once, one got through; one hid."""
    anna = crm.cast.anna
    for number in ("+79161110001", "+79161110002", "+79161110003", None):
        at = NOW - timedelta(minutes=10)
        CallRows(tx, at, e164=number, external_number=None).ring(anna).end(20, Outcome.MISSED)
    soon = NOW - timedelta(minutes=5)
    back = CallRows(tx, soon, Direction.OUT, e164="+79161110002").dial(anna).answer(anna)
    back.end(60, Outcome.ANSWERED)
    CallRows(tx, soon, e164="+79161110003").ring(anna).answer(anna).end(60, Outcome.ANSWERED)


async def test_who_waits_is_listed_with_a_button_to_call(crm: Crm) -> None:
    await crm.database.write(some_waits, crm)
    text = await page(crm, f"/reports/missed{TODAY}", "anna")
    assert re.findall(r'href="tel:([^"]+)"', text) == ["+79161110001"]
    assert "1 missed call hid its number." in text
    assert "too few" in text


async def test_every_way_of_ending_leads_to_as_many_numbers(crm: Crm) -> None:
    await crm.database.write(some_waits, crm)
    text = await page(crm, f"/reports/missed{TODAY}")
    figures = re.findall(r'<td class="end"><a href="(/reports/missed[^"]+)#waits"[^>]*>(\d+)</a>', text)
    assert [count for _, count in figures] == ["1", "1", "1", "3"]
    for url, count in figures:
        listed = await page(crm, unescape(url))
        assert len(re.findall(r'id="wait-\d+"', listed)) == int(count), url


@pytest.mark.parametrize("view", ["answered", "missed"])
async def test_each_hour_leads_to_its_calls_and_the_log_says_which_hour(crm: Crm, view: str) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm, f"/reports/hours?period=this_week&by={view}")
    figures = re.findall(r'<td class="end h[1-5]"><a href="(/calls[^"]+)">(\d+)</a>', text)
    assert figures
    for url, count in figures:
        listed = await page(crm, unescape(url))
        assert len(re.findall(r'id="call-row-\d+"', listed)) == int(count), url
        assert re.search(r'name="hour" value="[0-6]-\d+"><span class="chip">\w{3} \d+:00', listed)


@pytest.mark.parametrize("hour", ["7-1", "x", "1-24", "1", "-1--1", "1-1-1"])
async def test_an_hour_that_no_week_has_narrows_nothing(crm: Crm, hour: str) -> None:
    await crm.database.write(some_calls, crm)
    listed = await page(crm, f"/calls?hour={hour}")
    assert 'id="call-row-' in listed
    assert 'name="hour"' not in listed


async def test_the_trend_shows_each_day_and_each_figure_leads_to_its_calls(crm: Crm) -> None:
    await crm.database.write(some_calls, crm)
    text = await page(crm, "/reports/trend?period=this_week")
    assert text.count('class="bar-answered"') == 7
    figures = re.findall(r'<td class="end[^"]*"><a href="(/calls[^"]+)">(\d+)</a>', text)
    assert len(figures) == 4
    for url, count in figures:
        listed = await page(crm, unescape(url))
        assert len(re.findall(r'id="call-row-\d+"', listed)) == int(count), url
    by_month = await page(crm, "/reports/trend?period=this_year&by=month")
    assert by_month.count('class="bar-missed"') == 12
    assert "No call in this time" in await page(
        crm, "/reports/trend?from=2020-01-01&to=2020-01-05&by=nonsense"
    )


async def test_long_lists_of_waits_come_a_page_at_a_time(crm: Crm) -> None:
    def many(tx: Transaction) -> None:
        for number in range(203):
            CallRows(tx, NOW - timedelta(hours=1), e164=f"+7916{number:07}").end(20, Outcome.MISSED)

    await crm.database.write(many)
    seen: list[str] = []
    for number in (1, 2, 3, 99):
        text = await page(crm, f"/reports/missed{TODAY}&part=all&page={number}")
        assert f'page={number + 1}#waits"' in text or number >= 3
        ids = re.findall(r'<tr id="wait-(\d+)">', text)
        seen += ids if number < 99 else []
        assert len(ids) <= 100
    assert len(seen) == len(set(seen)) >= 203


async def test_a_time_in_which_nobody_was_missed_says_so(crm: Crm) -> None:
    assert "every caller with a number was answered" in await page(crm, "/reports/missed")


async def test_a_callers_name_is_shown_as_it_is_and_does_not_run_in_a_spreadsheet(crm: Crm) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "=HYPERLINK(1)", "+79161110001")
        CallRows(tx, e164="+79161110001", contact_id=client).ring(crm.cast.anna).end(20, Outcome.MISSED)

    await crm.database.write(story)
    browser = await crm.browser(crm.cast.olga)
    text = (await (await browser.get(f"/reports/missed.csv{TODAY}")).text()).removeprefix("\ufeff")
    (row,) = csv.DictReader(StringIO(text))
    assert (row["name"], row["number"]) == ("'=HYPERLINK(1)", "'+79161110001")


def some_deals(tx: Transaction, crm: Crm) -> None:
    """Twelve deals of Anna in the second stage, three of them lost, and one of Boris."""
    funnel = builders.funnel(tx)
    for number in range(12):
        deal_id = builders.deal(tx, funnel, crm.cast.anna, stage=1, amount=100, title=f"Deal {number}")
        if number < 3:
            builders.move(tx, deal_id, funnel.stages[5])
    builders.deal(tx, funnel, crm.cast.boris, title="Deal of Boris")


async def test_the_funnel_names_what_is_lost_only_where_enough_deals_tell(crm: Crm) -> None:
    await crm.database.write(some_deals, crm)
    text = await page(crm, f"/reports/funnel{TODAY}")
    assert "13 deals" in text
    assert "too few" in text
    assert "Most is lost" not in text


async def test_every_figure_of_the_funnel_opens_exactly_its_deals(crm: Crm) -> None:
    await crm.database.write(some_deals, crm)
    text = await page(crm, f"/reports/funnel{TODAY}")
    figures = re.findall(r'<td class="end"><a href="(/reports/funnel/deals[^"]+)">(\d+)</a>', text)
    assert [count for _, count in figures][:3] == ["13", "12", "1"]
    for url, count in figures:
        listed = await page(crm, unescape(url))
        assert len(re.findall(r'id="deal-row-\d+"', listed)) == int(count), url
        browser = await crm.browser(crm.cast.olga)
        file = await (await browser.get(unescape(url).replace("/deals?", "/deals.csv?"))).text()
        assert len(list(csv.DictReader(StringIO(file)))) == int(count), url


async def test_a_seller_finds_their_own_deals_only_behind_the_figures(crm: Crm) -> None:
    await crm.database.write(some_deals, crm)
    listed = await page(crm, f"/reports/funnel/deals{TODAY}&part=entered", "anna")
    assert len(re.findall(r'id="deal-row-\d+"', listed)) == 12
    assert "Boris" not in listed


async def test_a_time_in_which_no_deal_was_made_says_so(crm: Crm) -> None:
    await crm.database.write(builders.funnel)
    assert "No deal was made in Telephony in this time." in await page(crm, "/reports/funnel")


async def test_the_drawing_needs_no_inline_style(crm: Crm) -> None:
    await crm.database.write(some_deals, crm)
    text = await page(crm, f"/reports/funnel{TODAY}")
    assert '<polygon points="0.0,0 100.0,0' in text
    assert "style=" not in text


@pytest.mark.parametrize("report", ["calls", "missed", "funnel", "funnel/deals"])
@pytest.mark.parametrize(
    "asked",
    [
        "?period=never&from=x&to=x&who=x&line=x&funnel=x&stage=x&part=x",
        "?from=9000-12-31&to=1980-01-01&who=99999999999999999999",
        "?who=999999&line=999999&funnel=999999&stage=999999&part=late",
    ],
)
async def test_an_address_that_makes_no_sense_shows_the_report(crm: Crm, report: str, asked: str) -> None:
    await crm.database.write(builders.funnel)
    await page(crm, f"/reports/{report}{asked}")


@pytest.mark.parametrize(
    "query",
    [
        ReportQuery(),
        ReportQuery(Preset.LAST_MONTH, compares=True, who=7, line=8, funnel=9, stage=10, part="late"),
        ReportQuery(from_day=date(2026, 3, 1), to_day=date(2026, 3, 31)),
        ReportQuery(Preset.THIS_YEAR, source="a&b =", band=AmountBand.UNDER_1M, in_firm_zone=True),
    ],
)
def test_an_address_says_again_what_it_said(query: ReportQuery) -> None:
    assert ReportQuery.read(dict(parse_qsl(urlsplit(query.url("/reports/calls")).query))) == query
