"""What a move asks of the seller, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pbx_crm.domain.deal import (
    Deal,
    DealChanged,
    MoveQuestions,
    MoveRequest,
    Priority,
    StageNotInFunnel,
    judge_move,
)
from pbx_crm.domain.funnel import PRESETS, Funnel, LossReason, Stage

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAGES = tuple(
    Stage(number + 1, 1, name, kind, number, 0, probability)
    for number, (name, kind, probability) in enumerate(PRESETS[0].stages())
)
UNSORTED, NEW, PRESENTATION, OFFER, WON, LOST = (stage.id for stage in STAGES)
FUNNEL = Funnel(1, "Telephony", "EUR", STAGES, (LossReason(7, "Too expensive"),))


def deal(stage_id: int, version: int = 3) -> Deal:
    nobody = {"contact_id": None, "company_id": None, "line_id": None, "previous_id": None}
    return Deal(
        **nobody,
        id=1,
        funnel_id=1,
        stage_id=stage_id,
        owner_id=1,
        loss_reason_id=None,
        born_of=None,
        title="",
        source="",
        amount=Decimal(0),
        currency="EUR",
        priority=Priority.NORMAL,
        expected_close=None,
        created_at=NOW,
        stage_since=NOW,
        active_at=NOW,
        closed_at=None,
        version=version,
    )


def wish(to_stage_id: int, **more: object) -> MoveRequest:
    return replace(MoveRequest(to_stage_id, 3, "k"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("target", [NEW, PRESENTATION, OFFER])
def test_forward_and_skipping_ask_nothing(target: int) -> None:
    assert judge_move(deal(UNSORTED), FUNNEL, wish(target)).id == target


def test_a_step_back_asks_why() -> None:
    with pytest.raises(MoveQuestions) as refusal:
        judge_move(deal(OFFER), FUNNEL, wish(NEW, reason="  "))
    assert set(refusal.value.reasons) == {"reason"}
    assert judge_move(deal(OFFER), FUNNEL, wish(NEW, reason="wrong person")).id == NEW


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal(-5), Decimal("NaN"), Decimal("1e30")])
def test_won_asks_for_a_real_amount(amount: Decimal | None) -> None:
    with pytest.raises(MoveQuestions) as refusal:
        judge_move(deal(OFFER), FUNNEL, wish(WON, amount=amount))
    assert set(refusal.value.reasons) == {"amount"}
    assert judge_move(deal(OFFER), FUNNEL, wish(WON, amount=Decimal("0.5"))).id == WON


@pytest.mark.parametrize("reason_id", [None, 8])
def test_lost_asks_for_a_reason_of_this_funnel(reason_id: int | None) -> None:
    with pytest.raises(MoveQuestions) as refusal:
        judge_move(deal(NEW), FUNNEL, wish(LOST, loss_reason_id=reason_id))
    assert set(refusal.value.reasons) == {"loss_reason_id"}
    assert judge_move(deal(NEW), FUNNEL, wish(LOST, loss_reason_id=7)).id == LOST


def test_from_lost_to_won_asks_both_questions_at_once() -> None:
    with pytest.raises(MoveQuestions) as refusal:
        judge_move(deal(LOST), FUNNEL, wish(WON))
    assert set(refusal.value.reasons) == {"reason", "amount"}


def test_staying_where_it_is_asks_nothing() -> None:
    assert judge_move(deal(WON), FUNNEL, wish(WON)).id == WON


def test_who_saw_an_older_card_is_told() -> None:
    with pytest.raises(DealChanged):
        judge_move(deal(NEW, version=4), FUNNEL, wish(OFFER))


def test_a_stage_of_another_funnel_or_a_retired_one_is_refused() -> None:
    retired = replace(FUNNEL, stages=(*STAGES[:-1], replace(STAGES[-1], is_retired=True)))
    with pytest.raises(StageNotInFunnel):
        judge_move(deal(NEW), FUNNEL, wish(99))
    with pytest.raises(StageNotInFunnel):
        judge_move(deal(NEW), retired, wish(LOST, loss_reason_id=7))


def test_leaving_a_retired_stage_is_never_a_step_back() -> None:
    without = replace(FUNNEL, stages=STAGES[:2] + STAGES[3:])
    assert judge_move(deal(PRESENTATION), without, wish(NEW)).id == NEW
