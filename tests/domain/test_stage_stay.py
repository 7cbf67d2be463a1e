"""How long deals usually stay in a stage, and when nothing may be said of it."""

from __future__ import annotations

from pbx_crm.domain.stage_stay import FEWEST_STAYS, usual_seconds


def test_a_handful_of_deals_is_no_habit() -> None:
    assert usual_seconds([60.0] * (FEWEST_STAYS - 1)) is None


def test_one_deal_forgotten_for_a_year_does_not_move_the_usual() -> None:
    assert usual_seconds([60.0] * FEWEST_STAYS + [31_536_000.0]) == 60.0
