"""What a source cost in any days: of a month the share of its days, so that the parts make the whole."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.origin_report import CallSums, DealSums, Origin, OriginKind, OriginRow, origin_report
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.source_cost import cost_of, months_of

NOVEMBER = {("site", "2026-11"): Decimal(300), ("radio", "2026-11"): Decimal(60)}


def test_a_whole_month_costs_what_was_entered() -> None:
    assert cost_of(Days(date(2026, 11, 1), date(2026, 11, 30)), NOVEMBER) == {"site": 300, "radio": 60}


def test_a_week_costs_its_days_of_the_month() -> None:
    assert cost_of(Days(date(2026, 11, 2), date(2026, 11, 8)), NOVEMBER)["site"] == Decimal(70)


def test_costs_entered_by_months_of_iran_are_told_for_any_days() -> None:
    aban = {("site", "1405-08"): Decimal(300)}
    assert cost_of(Days(date(2026, 10, 23), date(2026, 11, 21)), aban) == {"site": 300}
    assert cost_of(Days(date(2026, 11, 1), date(2026, 11, 30)), aban) == {"site": 210}


def test_another_month_costs_nothing_of_this_one() -> None:
    assert cost_of(Days(date(2026, 12, 1), date(2026, 12, 31)), NOVEMBER) == {}


def test_the_first_of_the_next_month_costs_its_day_too() -> None:
    costs = {**NOVEMBER, ("site", "2026-12"): Decimal(31)}
    assert cost_of(Days(date(2026, 11, 30), date(2026, 12, 1)), costs) == {"site": 10 + 1, "radio": 2}
    assert cost_of(Days(date(2026, 11, 30), date(2026, 11, 30)), costs)["site"] == 10


@given(st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.integers(0, 400), st.integers(0, 400))
def test_two_stretches_side_by_side_cost_as_much_as_both_in_one(first: date, one: int, more: int) -> None:
    middle = first + timedelta(days=one)
    whole = Days(first, middle + timedelta(days=more + 1))
    costs = {("site", month.key): Decimal(31) for month in months_of(whole) if month.calendar == "gregorian"}
    parts = [Days(first, middle), Days(middle + timedelta(days=1), whole.last)]
    assert abs(sum(cost_of(part, costs)["site"] for part in parts) - cost_of(whole, costs)["site"]) < Decimal(
        "0.0001"
    )


def test_a_lead_costs_its_share_and_without_leads_nothing_is_told() -> None:
    row = OriginRow(Origin("site", "site"), CallSums(), DealSums(open=3, lost=1, won=1), Decimal(300))
    assert [row.cost_per_deal, row.cost_per_won] == [Decimal(60), Decimal(300)]
    idle = OriginRow(Origin("radio", "radio"), CallSums(), DealSums(), Decimal(60))
    assert [idle.cost_per_deal, idle.cost_per_won] == [None, None]


def test_a_source_that_cost_and_brought_nobody_is_shown() -> None:
    found = origin_report(OriginKind.SOURCE, [], {}, {}, {"radio": Decimal(60)}, "EUR", is_company=True)
    assert [row.origin.name for row in found.rows if row.origin] == ["radio"]
    assert found.total.cost == 60
    assert not found.is_empty


def test_a_second_currency_of_a_row_adds_no_counts_to_the_file() -> None:
    won = DealSums(won=2, amounts=(("EUR", Decimal(10)), ("USD", Decimal(20))))
    found = origin_report(OriginKind.SOURCE, [], {}, {"site": won}, None, "EUR", is_company=True)
    records = found.table().records()
    assert [(row["source"], row["deals"], row["won_for"], row["currency"]) for row in records] == [
        ("site", 2, "10", "EUR"),
        ("site", None, "20", "USD"),
        ("all", 2, "10", "EUR"),
        ("all", None, "20", "USD"),
    ]
