"""Dry runs say what a rule would have done: the same as it does when it really runs on a copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from pbx_crm.db import deals, triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, stage_moves, tasks
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import ActorKind, MoveRequest
from pbx_crm.domain.dry_run import DryRun
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, Trigger
from pbx_crm.services.dry_runs import DryRuns
from pbx_crm.services.moves import Moves
from tests.builders import NOW
from tests.company import Company, fresh_company, later
from tests.stories import Story
from tests.turned_clock import TurnedClock

CLIENTS = tuple(f"+7916123450{number}" for number in range(4))


def call(number: str, minutes: float, seconds: float, *, outgoing: bool) -> Story:
    """A call that begins then; of no seconds nobody answered it."""
    if outgoing:
        story = Story.outgoing(number, "101", at=later(minutes=minutes))
    else:
        story = Story.incoming(number, at=later(minutes=minutes)).rings("101")
    return story.answers("101").ends(after=seconds) if seconds else story.ends(after=25)


def rule(company: Company, **more: Any) -> Trigger:
    """A rule on trial: a talk of a minute leads to the second open stage."""
    values = {"outcome": Outcome.ANSWERED, "least_talk_seconds": 60, "to_stage_id": stage(company, 2)}
    return Trigger(None, company.funnel.id, "trial", position=99, **{**values, **more})


def stage(company: Company, number: int) -> int:
    return company.funnel.stages[number].id


async def move(company: Company, deal_id: int, to: int, minutes: float) -> None:
    """Olga moves the card by hand."""
    clock = TurnedClock(later(minutes=minutes))
    deal = await company.database.read(deals.get, deal_id, company.olga.scope)
    request = MoveRequest(stage(company, to), deal.version, f"{deal_id}:{minutes}", reason="by hand")
    await Moves(company.database, company.live, clock).move(company.olga, deal_id, request)


async def tried(company: Company, trial: Trigger, days: int = 1) -> DryRun:
    clock = TurnedClock(NOW + timedelta(hours=20))
    return (await DryRuns(company.database, clock, {}).of_trigger(trial, days)).run


async def really(company: Company, trigger_id: int) -> list[tuple[int, Any, int | None, int]]:
    """The moves this rule made: card, moment, from and to."""
    rows = await company.rows(stage_moves, actor_kind=ActorKind.TRIGGER)
    mine = [row for row in rows if row["evidence"]["trigger"] == trigger_id]
    return sorted((row["deal_id"], row["at"], row["from_stage_id"], row["to_stage_id"]) for row in mine)


def told(run: DryRun) -> list[tuple[int, Any, int | None, int | None]]:
    return sorted((act.deal_id, act.at, act.from_stage_id, act.to_stage_id) for act in run.moves)


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


CALLS = some.lists(
    some.tuples(
        some.sampled_from(CLIENTS), some.sampled_from([0, 10, 30, 90, 200]), some.booleans(), some.booleans()
    ),
    min_size=1,
    max_size=12,
)
TRIALS = some.fixed_dictionaries(
    {
        "direction": some.sampled_from([None, Direction.IN, Direction.OUT]),
        "least_talk_seconds": some.sampled_from([0, 20, 60]),
        "count": some.sampled_from(list(Count)),
        "nth": some.integers(1, 2),
        "may_go_back": some.booleans(),
        "stops": some.booleans(),
    }
)


async def days_of(company: Company, played: list[tuple[str, int, bool, bool]]) -> None:
    """The calls one after another, some followed by a person who moves the card."""
    for number, (client, seconds, outgoing, by_hand) in enumerate(played):
        await company.play(call(client, 10 * number, seconds, outgoing=outgoing))
        cards = await company.rows(stage_moves)
        if by_hand and cards:
            place = 1 + number % 3
            await move(company, cards[-1]["deal_id"], place, 10 * number + 8)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is a company of its own: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(CALLS, TRIALS)
async def test_its_counts_are_those_of_really_running_the_rule_on_a_copy(
    migrated_file: Path, played: list[tuple[str, int, bool, bool]], terms: dict[str, Any]
) -> None:
    with fresh_company(migrated_file) as as_it_was, fresh_company(migrated_file) as copy:
        await days_of(as_it_was, played)
        trial = rule(as_it_was, outcome=None, task_kind=TaskKind.OFFER, **terms)
        run = await tried(as_it_was, trial)
        made = await copy.database.write(
            triggers.add, rule(copy, outcome=None, task_kind=TaskKind.OFFER, **terms)
        )
        await days_of(copy, played)
        assert told(run) == await really(copy, made)
        assert run.tasks == len(await copy.rows(tasks, kind=TaskKind.OFFER))
        assert run.calls == len([row for row in await as_it_was.rows(calls) if row["deal_id"] is not None])


async def test_nothing_is_written(company: Company) -> None:
    await company.play(*(call(client, 0, 90, outgoing=False) for client in CLIENTS))
    await company.play(*(call(client, 30, 90, outgoing=True) for client in CLIENTS))
    before = await company.everything()
    (default,) = await company.database.read(triggers.in_force)
    run = await tried(company, replace(default, to_stage_id=stage(company, 2)))
    assert run.deals_moved == len(CLIENTS)
    assert await company.everything() == before


async def test_a_move_that_a_person_put_back_is_counted(company: Company) -> None:
    await company.play(*(call(client, 0, 90, outgoing=False) for client in CLIENTS[:2]))
    await company.play(*(call(client, 30, 90, outgoing=True) for client in CLIENTS[:2]))
    first = (await company.rows(stage_moves))[0]["deal_id"]
    await move(company, first, 0, 60)
    run = await tried(company, rule(company))
    assert run.deals_moved == 0, "the rule in force comes first, and a call moves a card once"
    for default in await company.database.read(triggers.in_force):
        await company.database.write(triggers.change, replace(default, is_active=False))
    run = await tried(company, rule(company))
    assert (run.deals_moved, run.put_back) == (2, 1)


async def test_the_difference_to_the_rules_in_force_is_told(company: Company) -> None:
    await company.play(*(call(client, 0, 0, outgoing=False) for client in CLIENTS))
    for client, seconds in zip(CLIENTS, (10, 30, 30, 100), strict=True):
        await company.play(call(client, 20, seconds, outgoing=True))
    (default,) = await company.database.read(triggers.in_force)
    stricter = await tried(company, replace(default, least_talk_seconds=60))
    assert (stricter.deals_moved, len(stricter.gained), len(stricter.lost)) == (1, 0, 2)
    laxer = await tried(company, replace(default, least_talk_seconds=5))
    assert (laxer.deals_moved, len(laxer.gained), len(laxer.lost)) == (4, 1, 0)
    same = await tried(company, default)
    assert (same.deals_moved, same.gained, same.lost) == (3, frozenset(), frozenset())


async def test_only_the_days_asked_for_are_looked_at_but_earlier_calls_count(company: Company) -> None:
    client = CLIENTS[0]
    await company.play(call(client, -3 * 24 * 60, 90, outgoing=False), call(client, 0, 90, outgoing=True))
    second = rule(company, count=Count.CONVERSATION, nth=2)
    for default in await company.database.read(triggers.in_force):
        await company.database.write(triggers.change, replace(default, is_active=False))
    run = await tried(company, second)
    assert (run.calls, run.deals_moved) == (1, 1), "it was the second talk, whenever the first was"
    assert (await tried(company, replace(second, nth=1))).deals_moved == 0
    assert (await tried(company, second, days=10)).calls == 2


async def test_a_wrong_rule_is_refused_as_when_it_is_saved(company: Company) -> None:
    with pytest.raises(BadInput) as refused:
        await tried(company, rule(company, to_stage_id=999))
    assert "to_stage_id" in refused.value.reasons
    for days in (0, 366):
        with pytest.raises(BadInput):
            await tried(company, rule(company), days)
