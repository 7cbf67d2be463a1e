"""What comes next after a talk, and when that is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.funnel import PRESETS, Funnel, Stage, StageKind
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import CallFact, Standing, Trigger, acts_of, may_act
from pbx_crm.domain.wrap_up import NextStep, answers_of, planned
from tests.domain.test_trigger import CARD, FIRST, FUNNEL, SECOND, rule, talk

MOSCOW = ZoneInfo("Europe/Moscow")
LATE = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
AGREED = 7


def test_no_step_is_no_task() -> None:
    assert planned(NextStep.NONE, LATE, MOSCOW) is None


def test_tomorrow_is_that_of_the_seller_and_at_ten() -> None:
    """In Moscow it is past midnight already: their tomorrow is the 23rd."""
    assert planned(NextStep.CALL_TOMORROW, LATE, MOSCOW) == (
        TaskKind.CALL,
        datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
    )


def test_ten_o_clock_stays_ten_across_a_change_of_summer_time() -> None:
    berlin, friday = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
    plan = planned(NextStep.CALL_NEXT_WEEK, friday, berlin)
    assert plan is not None
    assert plan[1].astimezone(berlin).hour == 10


@given(
    step=st.sampled_from([step for step in NextStep if step is not NextStep.NONE]),
    minutes=st.integers(0, 60 * 24 * 400),
    zone=st.sampled_from(["UTC", "Europe/Moscow", "Asia/Tehran", "America/St_Johns", "Pacific/Apia"]),
)
def test_a_step_is_never_due_in_the_past_nor_much_later_than_said(
    step: NextStep, minutes: int, zone: str
) -> None:
    now = LATE + timedelta(minutes=minutes)
    plan = planned(step, now, ZoneInfo(zone))
    assert plan is not None
    assert timedelta(0) < plan[1] - now < timedelta(days=8)


@pytest.mark.parametrize("preset", [preset.key for preset in PRESETS])
def test_every_funnel_starts_with_a_handful_of_answers_of_different_names(preset: str) -> None:
    names = [name for name, _ in answers_of(preset)]
    assert 3 <= len(names) <= 8
    assert len(set(names)) == len(names)


def said(outcome: int = AGREED, **more: object) -> CallFact:
    values = {"line_id": None, "made_the_card": False, "talker_id": 1, "wrap_up_id": outcome, **more}
    return CallFact(Direction.IN, Outcome.ANSWERED, 60, **values)  # type: ignore[arg-type]


def moves(rules: list[Trigger], fact: CallFact) -> list[int]:
    return [act.to_stage.id for act in acts_of(rules, fact, CARD, FUNNEL) if act.to_stage is not None]


def test_an_answer_sets_off_the_rules_about_it_and_no_others() -> None:
    rules = [rule(id=1, to_stage_id=FIRST), rule(id=2, to_stage_id=SECOND, wrap_up_id=AGREED)]
    assert moves(rules, said()) == [SECOND]
    assert moves(rules, said(AGREED + 1)) == []


def test_the_end_of_a_call_sets_off_no_rule_that_waits_for_an_answer() -> None:
    waiting = rule(wrap_up_id=AGREED)
    assert moves([waiting], talk()) == []
    assert not may_act(waiting, talk())


def test_an_answer_may_move_the_card_that_the_call_itself_made() -> None:
    """The end of the first call leaves it in Unsorted; a person who says how it went knows better."""
    waiting = rule(to_stage_id=FIRST, wrap_up_id=AGREED)
    assert moves([waiting], said(made_the_card=True)) == [FIRST]
    assert may_act(waiting, said(made_the_card=True))


def test_a_closed_card_is_left_alone_whatever_is_said() -> None:
    closed = Standing(CARD.stage_id, CARD.owner_id, CARD.priority, is_open=False)
    assert acts_of([rule(wrap_up_id=AGREED)], said(), closed, FUNNEL) == []


def test_one_click_leads_onward_and_never_past_the_purchase() -> None:
    kinds = (StageKind.UNSORTED, StageKind.OPEN, StageKind.OPEN, StageKind.WON, StageKind.LOST)
    stages = tuple(
        Stage(place, 1, str(place), kind, place, 0, 0, is_retired=place == 1)
        for place, kind in enumerate(kinds)
    )
    funnel = Funnel(1, "f", "EUR", stages)
    ways = {place: after.id if (after := funnel.stage_after(place)) else None for place in range(5)}
    assert ways == {0: 2, 1: None, 2: 3, 3: None, 4: None}
