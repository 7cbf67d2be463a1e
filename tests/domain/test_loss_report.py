"""Losses counted: every deal in one cell, few are called few, and an undone loss is none."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.amount_band import band_of
from pbx_crm.domain.funnel import Funnel, LossReason, Stage, StageKind
from pbx_crm.domain.loss_report import Dimension, LossReport, stages_lost_in
from tests.builders import NOW
from tests.domain.one_by_one import Step, ToldDeal, ways_of
from tests.domain.told_losses import CallWork, LostDeal, columns_of, work_of, works_of

KINDS = (StageKind.UNSORTED, StageKind.OPEN, StageKind.OPEN, StageKind.WON, StageKind.LOST)
STAGES = tuple(
    Stage(number, 1, f"Stage {number}", kind, number, 0, 0) for number, kind in enumerate(KINDS, start=1)
)
FUNNEL = Funnel(1, "Telephony", "EUR", STAGES, (LossReason(1, "Price"), LossReason(2, "Rival")))
WORKS = st.builds(
    CallWork,
    tries=st.integers(0, 9),
    talks=st.integers(0, 9),
    was_missed=st.booleans(),
    callback_seconds=st.none() | st.floats(0, 1e6),
)
DEALS = st.builds(
    LostDeal,
    id=st.integers(1, 10**6),
    stage_id=st.sampled_from([1, 2, 3]),
    reason_id=st.sampled_from([None, 1, 2]),
    owner_id=st.sampled_from([7, 8]),
    source=st.sampled_from(["", "site", "flyer"]),
    amount=st.decimals(0, 10**7, places=2),
    currency=st.sampled_from(["EUR", "USD"]),
    work=WORKS,
)
NOBODY = work_of([])


def report_of(deals: list[LostDeal]) -> LossReport:
    """The report of these losses."""
    return LossReport(FUNNEL, columns_of(deals), NOBODY)


@given(st.lists(DEALS, max_size=40), st.sampled_from(Dimension), st.sampled_from(Dimension))
def test_every_loss_lies_in_one_row_and_one_cell(
    deals: list[LostDeal], rows: Dimension, columns: Dimension
) -> None:
    found = report_of(deals)
    groups = found.groups(rows)
    assert sum(len(group.ids) for group in groups) == len(deals)
    assert sum((group.amount for group in groups), Decimal(0)) == found.amount
    assert found.cells(rows, columns).total() == len(deals)


@given(st.lists(DEALS, max_size=40))
def test_the_rows_of_the_file_add_up_to_all_losses(deals: list[LostDeal]) -> None:
    rows = report_of(deals).table().records()
    assert sum(int(row["deals"] or 0) for row in rows) == len(deals)
    amount = sum((Decimal(str(row["amount"])) for row in rows), Decimal(0))
    assert amount == sum((deal.amount for deal in deals if deal.currency == "EUR"), Decimal(0))
    assert all((row["few"] == "few") == (int(row["deals"] or 0) < 10) for row in rows)


@given(st.lists(DEALS, max_size=40), st.sampled_from([None, 1, 2, 3]), st.sampled_from([None, 0, 1, 2]))
def test_the_deals_behind_a_cell_are_as_many_as_it_says(
    deals: list[LostDeal], stage: int | None, reason: int | None
) -> None:
    found = report_of(deals)
    cells = found.cells(Dimension.STAGE, Dimension.REASON)
    counted = sum(
        count
        for (row, column), count in cells.items()
        if stage in (None, int(row)) and reason in (None, int(column))
    )
    assert len(found.only(stage, reason)) == counted


def mark_of(deal: LostDeal, dimension: Dimension) -> str:
    """The key of the deal's value, as its address has it."""
    return {
        Dimension.STAGE: str(deal.stage_id),
        Dimension.REASON: str(deal.reason_id or 0),
        Dimension.SELLER: str(deal.owner_id),
        Dimension.SOURCE: deal.source,
        Dimension.REGION: "0",
        Dimension.BAND: band_of(deal.amount).value,
    }[dimension]


@given(st.lists(DEALS, max_size=40), st.sampled_from(Dimension))
def test_every_row_is_what_taking_its_deals_one_by_one_gives(
    deals: list[LostDeal], dimension: Dimension
) -> None:
    found = {group.mark.key: group for group in report_of(deals).groups(dimension)}
    alike: dict[str, list[LostDeal]] = {}
    for deal in deals:
        alike.setdefault(mark_of(deal, dimension), []).append(deal)
    assert found.keys() == alike.keys()
    for key, mine in alike.items():
        group, slow = found[key], work_of([deal.work for deal in mine])
        assert group.ids.tolist() == [deal.id for deal in mine]
        assert group.amount == sum((deal.amount for deal in mine if deal.currency == "EUR"), Decimal(0))
        assert (group.work.deals, group.work.never_called_back) == (slow.deals, slow.never_called_back)
        for name in ("tries", "talks", "callback_seconds"):
            assert getattr(group.work, name) == pytest.approx(getattr(slow, name)), name


def works(count: int, **values: float) -> list[CallWork]:
    """So many deals called alike."""
    return [CallWork(int(values.get("tries", 0)), 1, True, values.get("wait"))] * count


def test_of_nine_deals_no_mean_is_told_and_of_ten_it_is() -> None:
    assert works_of(works(9, tries=3, wait=60)).together.tries is None
    ten = works_of(works(10, tries=3, wait=60)).together
    assert (ten.tries, ten.talks, ten.callback_seconds, ten.never_called_back) == (3, 1, 60, 0)


def test_who_was_never_called_back_is_counted_and_does_not_make_the_others_look_quick() -> None:
    found = works_of([*works(4), *works(10, wait=120)]).together
    assert (found.never_called_back, found.callback_seconds) == (4, 120)


def steps(*stages: int, undo: int | None = None) -> list[Step]:
    """Moves through these stages, an hour apart; the last one undoes the n-th if told."""
    made = [Step(n, stage, NOW + timedelta(hours=n)) for n, stage in enumerate(stages, start=1)]
    if undo is not None:
        last = made[-1]
        made[-1] = Step(last.id, last.to_stage_id, last.at, undo)
    return made


@pytest.mark.parametrize(
    ("moves", "stage"),
    [
        (steps(1, 2, 5), 2),
        # A way back is where it lay, however far it had been.
        (steps(1, 3, 2, 5), 2),
        # Lost, taken up again, lost again.
        (steps(1, 2, 5, 3, 5), 3),
        # From won to lost: the sale fell through after the last stage of work.
        (steps(1, 3, 4, 5), 3),
        # Made as lost, from an old list.
        (steps(5), 1),
        # The move into stage 3 was undone before it was lost.
        ([*steps(1, 2, 3, 2, undo=3), Step(9, 5, NOW + timedelta(days=1))], 2),
    ],
)
def test_a_deal_was_lost_in_the_stage_it_lay_in(moves: list[Step], stage: int) -> None:
    lost = ToldDeal(1, Decimal(0), "EUR", tuple(moves))
    assert stages_lost_in(ways_of([lost]), 1, FUNNEL).tolist() == [stage]


def test_stages_stand_in_their_order_and_reasons_by_how_often() -> None:
    def deal(number: int, stage: int, reason: int) -> LostDeal:
        return LostDeal(number, stage, reason, 7, "", Decimal(0), "EUR", CallWork())

    reasons = {reason.id: reason.name for reason in FUNNEL.loss_reasons}
    deals = [deal(1, 3, 2), deal(2, 3, 2), deal(3, 1, 1)]
    found = LossReport(FUNNEL, columns_of(deals, reasons), NOBODY)
    assert [group.mark.name for group in found.groups(Dimension.STAGE)] == ["Stage 1", "Stage 3"]
    assert [group.mark.name for group in found.groups(Dimension.REASON)] == ["Rival", "Price"]
