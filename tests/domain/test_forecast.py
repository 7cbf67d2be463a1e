"""Forecasts: what the past tells, what it cannot, and that the bounds hold as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pbx_crm.domain.deal_stays import STAYS, Stays, day_number
from pbx_crm.domain.deal_stays import stays_of as stays_in
from pbx_crm.domain.deal_ways import Floats
from pbx_crm.domain.forecast import outlook
from pbx_crm.domain.forecast_report import COMING_MONTHS, PAST_MONTHS, ForecastReport, Pile
from pbx_crm.domain.forecast_report import forecast as forecast_of
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.stage_chances import Chances, chances_of
from tests.domain.one_by_one import Step, ToldDeal, history_of
from tests.domain.synthetic_firms import Firm

TODAY = 400
KINDS = (StageKind.UNSORTED, StageKind.OPEN, StageKind.WON, StageKind.LOST)
STAGES = tuple(
    Stage(number, 1, f"Stage {number}", kind, number, 0, 0) for number, kind in enumerate(KINDS, start=1)
)
FUNNEL = Funnel(1, "Telephony", "EUR", STAGES)
UNSORTED, OPEN, WON, LOST = (stage.id for stage in STAGES)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FIRMS = 300


@pytest.mark.recordings
@pytest.mark.timeout(400)
def test_the_truth_lies_within_the_bounds_four_times_out_of_five() -> None:
    """Three hundred companies of known rates, a year old; then what their next thirty days really brought."""
    wins = sums = 0
    off: list[float] = []
    for seed in range(FIRMS):
        stays, amounts = Firm.of(seed).years(seed + 10**6, TODAY + 30)
        found = outlook(stays, amounts, TODAY, [TODAY + 30])
        assert found is not None
        (stretch,), won = found.stretches, stays.wins(TODAY, TODAY + 30)
        wins += stretch.wins.low <= len(won) <= stretch.wins.high
        sums += stretch.amount.low <= amounts[won].sum() <= stretch.amount.high
        off.append(len(won) / max(stretch.wins.expected, 1) - 1)
    print(f"\n80 % bounds held in {100 * wins / FIRMS:.1f} % (wins), {100 * sums / FIRMS:.1f} % (sums)")
    print(f"of {FIRMS} companies; what was expected was off by {100 * float(np.mean(off)):+.1f} %")
    assert 0.74 <= wins / FIRMS <= 0.86
    assert 0.74 <= sums / FIRMS <= 0.86
    assert abs(float(np.mean(off))) < 0.05


def plain(count: int, share_won: float, days: float, *, first: float = 0.0) -> Stays:
    """One stage of work: a deal a day, each staying so long, every so-manieth won."""
    made = first + np.arange(count, dtype=np.float64)
    won = np.floor(np.arange(1, count + 1) * share_won) > np.floor(np.arange(count) * share_won)
    number = np.arange(count)
    return Stays(
        1, number, np.zeros_like(number), made, made + days, np.where(won, 1, 2), made, np.zeros_like(number)
    )


def test_half_of_those_that_come_and_stay_ten_days_are_won_ten_days_later() -> None:
    found = outlook(plain(400, 0.5, 10), np.full(400, 100.0), 300.5, [330.5])
    assert found is not None
    (month,) = found.stretches
    # Ten lie open and will be over in time, twenty come that will be.
    assert month.wins.expected == pytest.approx(15, abs=0.6)
    assert month.amount.expected == pytest.approx(1500, abs=60)
    assert month.wins.low <= 15 <= month.wins.high
    assert found.made_a_week == pytest.approx(7, abs=0.1)


@pytest.mark.parametrize("days", [2, 3, 5, 8])
def test_of_deals_that_lie_there_those_are_won_soon_that_have_lain_there_long(days: int) -> None:
    found = outlook(plain(400, 0.5, 10), np.full(400, 100.0), 300.5, [300.5 + days])
    assert found is not None
    assert found.stretches[0].wins.expected == pytest.approx(days / 2, abs=0.1)


def test_deals_that_still_lie_there_are_not_taken_for_lost() -> None:
    """Ten of them lie there, as yet undecided; half will be won, as half always were."""
    found = outlook(plain(400, 0.5, 10), np.zeros(400), 300.5, [330.5])
    assert found is not None
    assert found.chance.tolist() == pytest.approx([0.5] * 10, abs=0.03)
    assert not found.is_stale.any()


@pytest.mark.parametrize("missing", ["wins", "settled"])
def test_of_too_few_deals_no_forecast_is_made(missing: str) -> None:
    stays = plain(400, 0.02 if missing == "wins" else 1, 10)
    known = 300 if missing == "wins" else 25
    assert outlook(stays, np.zeros(400), known, [known + 30]) is None


def test_a_forecast_uses_nothing_that_was_learned_later() -> None:
    stays, amounts = Firm.of(5).years(5, 500)
    cut = stays.made <= TODAY
    early = stays.as_of(TODAY)
    seen = outlook(replace(early, made=np.where(cut, stays.made, np.inf)), amounts, TODAY, [TODAY + 30])
    full = outlook(stays, amounts, TODAY, [TODAY + 30])
    assert seen is not None
    assert full is not None
    assert seen.stretches == full.stretches


def test_two_months_are_the_sum_of_each() -> None:
    stays, amounts = Firm.of(3).years(3, 400)
    apart = outlook(stays, amounts, TODAY, [TODAY + 30, TODAY + 60])
    whole = outlook(stays, amounts, TODAY, [TODAY + 60])
    assert apart is not None
    assert whole is not None
    assert sum(stretch.wins.expected for stretch in apart.stretches) == pytest.approx(
        whole.stretches[0].wins.expected
    )


def two_stages(chance: float, rounds: int) -> Chances:
    """Deals go to and fro on the same day until they are sold; so many a day of each stage are sold."""
    leaving = np.zeros((1, 2, 4, rounds))
    leaving[0, 0, 1, 0] = 1 - chance
    leaving[0, 0, 2, 0] = chance
    leaving[0, 1, 0, 0] = 1.0
    staying = np.zeros((1, 2, rounds))
    staying[:, :, 0] = 1
    return Chances(leaving, staying)


def test_stages_passed_to_and_fro_on_one_day_come_to_an_end() -> None:
    assert two_stages(0.25, 5).winning(4)[0, :2, 0] == pytest.approx([1, 1], abs=1e-6)


def test_the_chances_are_those_of_counting_by_hand() -> None:
    """Of four that entered, one was lost on day 2, one won on day 4, one still lies there since day 3."""
    deals = np.arange(4)
    left = np.array([2.0, 4.0, np.inf, 6.0])
    entered = np.array([0.0, 0.0, 4.0, 0.0])
    to = np.array([2, 1, STAYS, 1])
    stays = Stays(1, deals, np.zeros(4, np.int64), entered, left, to, entered, np.zeros(4, np.int64))
    chances = chances_of(stays, 7.0, -1.0)
    assert chances.leaving[0, 0, 2, 2] == pytest.approx(1 / 4)
    # Three were left on day 3, one of them is known no longer; two came to day 4.
    assert chances.leaving[0, 0, 1, 4] == pytest.approx(3 / 4 / 2)
    assert chances.winning(10)[0, 0] == pytest.approx([0] * 4 + [0.375] * 2 + [0.75] * 5)


def test_every_chance_is_one_and_grows_with_the_days() -> None:
    stays, _ = Firm.of(9).years(9, TODAY)
    winning = chances_of(stays.as_of(TODAY), TODAY, 0).winning(90)
    assert winning.min() >= 0
    assert winning.max() <= 1
    assert (np.diff(winning, axis=2) >= -1e-9).all()


def test_a_chance_within_some_days_is_the_same_whichever_others_are_asked_for() -> None:
    stays, _ = Firm.of(9).years(9, TODAY)
    chances = chances_of(stays.as_of(TODAY), TODAY, 0)
    winning = chances.winning(90)
    every = chances.from_age(0, 1, winning, range(91))
    assert (np.diff(every, axis=1) >= -1e-9).all()
    assert chances.from_age(0, 1, winning, [30, 0, 90]).tolist() == every[:, [30, 0, 90]].tolist()


def deal(number: int, *steps: tuple[int, float], close: date | None = None, undone: int = 0) -> ToldDeal:
    """A deal of a hundred euros with moves as (stage, days ago); the last one undoes the n-th if told."""
    made = [Step(number * 100 + n, stage, NOW - timedelta(days=ago)) for n, (stage, ago) in enumerate(steps)]
    if undone:
        made[-1] = replace(made[-1], undoes_id=number * 100 + undone)
    return ToldDeal(number, Decimal(100), "EUR", tuple(made), close)


def stays_of(*deals: ToldDeal) -> Stays:
    """Where these deals stayed."""
    history = history_of(deals, FUNNEL)
    return stays_in(history.ways, len(deals), FUNNEL)


def forecast(deals: Sequence[ToldDeal], zone: str = "UTC") -> ForecastReport:
    """What is told of these deals now."""
    return forecast_of(FUNNEL, history_of(deals, FUNNEL), NOW, ZoneInfo(zone))


def test_a_sale_taken_back_is_a_stay_that_went_on() -> None:
    stays = stays_of(deal(1, (UNSORTED, 9), (OPEN, 8), (WON, 7), (OPEN, 6), (LOST, 5)))
    assert stays.stage.tolist() == [0, 1]
    assert stays.to.tolist() == [1, stays.lost]
    assert (stays.left - stays.entered).tolist() == pytest.approx([1, 3])


def test_undone_moves_and_other_funnels_stages_never_were() -> None:
    undone = deal(1, (UNSORTED, 9), (OPEN, 8), (UNSORTED, 7), undone=1)
    moved_in = deal(2, (77, 9), (OPEN, 4))
    made_won = deal(3, (WON, 2))
    stays = stays_of(undone, moved_in, made_won)
    assert stays.deal.tolist() == [0, 1]
    assert stays.to.tolist() == [STAYS, STAYS]
    assert stays.first.tolist() == [0, 1, stays.won]
    assert stays.made[1] == pytest.approx(day_number(NOW) - 4)


def two_years() -> list[ToldDeal]:
    """Two deals a day, won and lost in turn after a week; the last week's lie open."""
    found = []
    for number in range(2 * 500):
        made = 500 - number // 2 + 0.3
        end = (WON if number % 2 else LOST, made - 7)
        closes = made > 7
        close = date(2026, 12, 15) if number % 3 else None
        found.append(deal(number, (UNSORTED, made), *([end] if closes else []), close=close))
    return found


def test_months_are_those_of_the_calendar_and_the_past_stands_beside_them() -> None:
    found = forecast(two_years(), "Asia/Tokyo")
    assert [month.month.key for month in found.months] == ["2026-11", "2026-12", "2027-01"]
    assert [month.month.key for month in found.past] == [f"2026-{n:02}" for n in (5, 6, 7, 8, 9, 10)]
    assert len(found.months) == COMING_MONTHS
    assert found.months[0].month.since == datetime(2026, 10, 31, 15, tzinfo=UTC)
    december = found.months[1]
    assert december.wins.expected == pytest.approx(31, abs=1)
    assert found.hits == PAST_MONTHS
    assert found.months[0].won == sum(
        1
        for d in two_years()
        if d.steps[-1].to_stage_id == WON and d.steps[-1].at >= found.months[0].month.since
    )


def test_open_deals_are_told_apart_by_what_is_known_of_their_end() -> None:
    passed = deal(5000, (UNSORTED, 2), close=date(2026, 11, 20))
    stale = deal(5001, (UNSORTED, 300))
    foreign = replace(deal(5002, (UNSORTED, 2)), currency="USD")
    found = forecast([*two_years(), passed, stale, foreign])
    assert found.piles[Pile.PASSED].ids.tolist() == [5000]
    assert found.piles[Pile.STALE].ids.tolist() == [5001]
    assert 5002 in found.piles[Pile.NO_DATE].ids
    undated = found.piles[Pile.NO_DATE]
    assert undated.amount == 100 * (len(undated.ids) - 1)
    assert 0 < undated.weighted < undated.amount
    dated = found.heap("2026-12")
    assert dated is not None
    assert not set(dated.ids.tolist()) & {5000, 5001, 5002}
    rows = found.table().records()
    assert [row["row"] for row in rows] == ["past"] * 6 + ["month"] * 3 + ["no_date", "passed", "stale"]


def test_without_history_the_report_is_empty() -> None:
    found = forecast([])
    assert (found.months, found.past, found.piles) == ((), (), {})
    assert found.table().rows == ()


def test_deals_without_an_amount_are_taken_at_what_is_usual() -> None:
    stays = plain(400, 0.5, 10)
    amounts: Floats = np.where(np.arange(400) % 4 < 2, 0.0, 100.0)
    assert set(amounts[stays.wins(0, 300)]) == {0.0, 100.0}, "of those that were sold too"
    found = outlook(stays, amounts, 300.5, [310.5])
    assert found is not None
    assert found.stretches[0].amount.expected == pytest.approx(
        100 * found.stretches[0].wins.expected, rel=0.01
    )
