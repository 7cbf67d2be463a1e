"""Robots at work: what has come due is done, card by card, each act on the card's history.

A sweep is one transaction of at most `MOST` acts. What it does is decided by the locked card and written
together with the key of the act, so a sweep that dies leaves nothing half done, and two at once do
nothing twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pbx_crm.db import calendars, deals, funnels, robot_runs, robots
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.calendar import WorkingTimes
from pbx_crm.domain.person import THE_PROGRAM
from pbx_crm.domain.robot import MOST_AN_HOUR, DueCard, Watch, asked_from, watches
from pbx_crm.services.robot_acts import Acting, carry_out

MOST = 50


@dataclass
class Swept:
    """What a sweep has done so far."""

    times: WorkingTimes
    brought: Counter[int]
    """How many cards robots brought to each person in the last hour."""
    acts: int = 0
    topics: set[str] = field(default_factory=set)
    people: set[int] = field(default_factory=set)

    @property
    def is_full(self) -> bool:
        """Whether the rest waits for the next sweep."""
        return self.acts >= MOST


def sweep(tx: Transaction, now: datetime) -> Swept:
    """Lets every robot act on what is due; says whom to tell of which topics once that is committed."""
    in_force = robots.in_force(tx)
    lately = robot_runs.brought_since(tx, now - timedelta(hours=1)) if in_force else {}
    swept = Swept(calendars.working_times(tx), Counter(lately))
    known = {funnel.id: funnel for funnel in funnels.in_use(tx)} if in_force else {}
    for robot in in_force:
        funnel = known.get(robot.funnel_id)
        if funnel is None:
            continue
        for watch in watches(robot, funnel, swept.times, now, asked_from(robot, now)):
            if not (robot.disturbs and watch.time.is_quiet(now)):
                _look(tx, swept, watch, now)
    return swept


def _look(tx: Transaction, swept: Swept, watch: Watch, now: datetime) -> None:
    # Twice as many as may be done: some belong to people who have had enough for this hour.
    for card in robot_runs.due(tx, watch, 2 * MOST):
        if swept.is_full:
            return
        _act(tx, swept, watch, card, now)


def _act(tx: Transaction, swept: Swept, watch: Watch, card: DueCard, now: datetime) -> None:
    deal = deals.lock(tx, card.deal_id, THE_PROGRAM)
    # Whoever changed the card since it was found has the say: it is asked for again, now that it is held.
    if card not in robot_runs.due(tx, watch, 2 * MOST, deal.id):
        return
    if watch.robot.disturbs and swept.brought[deal.owner_id] >= MOST_AN_HOUR:
        return
    run_id = robot_runs.add(tx, watch, card, deal.owner_id, now)
    if run_id is None:
        return
    acting = Acting(watch, card, run_id, now, swept.times.of_line(deal.line_id))
    done = carry_out(tx, acting, deal)
    swept.acts += 1
    swept.brought[deal.owner_id] += watch.robot.disturbs
    swept.topics |= {f"deal-{deal.id}", f"stage-{deal.stage_id}", "tasks"}
    swept.people |= {deal.owner_id, done.owner_id}
