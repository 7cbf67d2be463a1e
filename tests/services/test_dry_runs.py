"""Dry runs say what a rule would have done: the same as it does when it really runs on a copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from pbx_crm.db import deals, triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deal_events, stage_moves, tasks
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import ActorKind, MoveRequest
from pbx_crm.domain.dry_run import DryRun
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.gate import gate_of
from pbx_crm.domain.gate_answer import GateAnswer
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, Trigger
from pbx_crm.services.dry_runs import DryRuns
from pbx_crm.services.gate_answers import GateAnswers
from pbx_crm.services.ground import Ground
from pbx_crm.services.moves import Moves
from pbx_crm.services.stage_settings import StageSettings
from tests.builders import NOW
from tests.company import Company, fresh_company, later
from tests.services.gatehouse import INSTALLATION
from tests.services.test_deals import counted
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


NEEDS = ("field:amount", "call:60", "task:meeting", "document", "note")
GATES = some.lists(
    some.tuples(some.sets(some.sampled_from(NEEDS), max_size=2), some.booleans()), min_size=2, max_size=2
)
WRITTEN = {
    "nothing": None,
    "note": GateAnswer(note="Wants fibre"),
    "link": GateAnswer(link="https://example.com/offer"),
    "amount": GateAnswer(amount=Decimal(100)),
    "no amount": GateAnswer(amount=Decimal(0)),
    "meeting": GateAnswer(did=(TaskKind.MEETING,)),
}
GATED_DAYS = some.lists(
    some.tuples(
        some.sampled_from(CLIENTS[:2]), some.sampled_from([0, 30, 90]), some.sampled_from(list(WRITTEN))
    ),
    min_size=4,
    max_size=12,
)


async def gate(company: Company, number: int, needs: Iterable[str], *, binding: bool) -> None:
    """Olga puts this gate before the n-th stage."""
    stages = StageSettings(company.database, company.live, lambda: NOW)
    await stages.set_gate(company.olga, stage(company, number), gate_of(needs, is_binding=binding))


async def write_down(company: Company, deal_id: int, answer: GateAnswer, minutes: float) -> None:
    """Olga writes this on the card."""
    ground = Ground(company.database, company.live, TurnedClock(later(minutes=minutes)), INSTALLATION, {})
    deal = await company.database.read(deals.get, deal_id, company.olga.scope)
    wish = MoveRequest(stage(company, 2), deal.version, f"written:{deal_id}:{minutes}")
    await GateAnswers(ground).give(company.olga, deal_id, wish, answer, UTC)


async def gated_days_of(company: Company, played: list[tuple[str, int, str]]) -> None:
    """The calls one after another, and what was written on the newest card after each."""
    for number, (client, seconds, written) in enumerate(played):
        await company.play(call(client, 10 * number, seconds, outgoing=number > 0))
        cards, answer = await company.rows(stage_moves), WRITTEN[written]
        if cards and answer is not None:
            await write_down(company, cards[-1]["deal_id"], answer, 10 * number + 8)


async def left_by(company: Company, trigger_id: int) -> int:
    """How often a gate kept a card from this rule."""
    rows = await company.rows(deal_events, kind="trigger")
    left = [row["details"] for row in rows if row["details"]["id"] == "trigger_gate"]
    return len([one for one in left if one["trigger"] == trigger_id])


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(GATED_DAYS, GATES, some.booleans())
async def test_gates_stop_in_it_what_they_stop_in_a_real_run_on_a_copy(
    migrated_file: Path,
    played: list[tuple[str, int, str]],
    gates: list[tuple[set[str], bool]],
    comes_back: bool,
) -> None:
    with fresh_company(migrated_file) as as_it_was, fresh_company(migrated_file) as copy:
        terms = {"least_talk_seconds": 0} if comes_back else {"count": Count.CONVERSATION, "nth": 2}
        for company in (as_it_was, copy):
            for number, (needs, binding) in enumerate(gates, start=1):
                await gate(company, number, needs, binding=binding)
        await gated_days_of(as_it_was, played)
        run = await tried(as_it_was, rule(as_it_was, **terms))
        made = await copy.database.write(triggers.add, rule(copy, **terms))
        await gated_days_of(copy, played)
        assert told(run) == await really(copy, made)
        assert len(run.stopped) == await left_by(copy, made)


async def only_the_trial(company: Company) -> None:
    """The rule of the house is switched off."""
    for default in await company.database.read(triggers.in_force):
        await company.database.write(triggers.change, replace(default, is_active=False))


async def test_a_binding_gate_is_named_with_what_it_asked_for(company: Company) -> None:
    await gate(company, 2, ["field:amount", "call:60"], binding=True)
    await company.play(call(CLIENTS[0], 0, 90, outgoing=False), call(CLIENTS[0], 30, 90, outgoing=True))
    await only_the_trial(company)
    run = await tried(company, rule(company))
    (stopped,) = run.stopped
    assert (run.moves, run.deals_moved, run.gained) == ((), 0, frozenset())
    assert [(one.stage.id, one.need.key) for one in stopped.missing] == [(stage(company, 2), "field:amount")]


async def test_a_gate_that_prompts_stops_nothing_and_is_told(company: Company) -> None:
    await gate(company, 2, ["note"], binding=False)
    await company.play(call(CLIENTS[0], 0, 90, outgoing=False), call(CLIENTS[0], 30, 90, outgoing=True))
    await only_the_trial(company)
    run = await tried(company, rule(company))
    (moved,) = run.moves
    assert ([one.need.key for one in moved.missing], run.stopped) == (["note"], ())


async def test_what_was_written_only_after_the_call_confirms_nothing(company: Company) -> None:
    await gate(company, 2, ["field:amount"], binding=True)
    await company.play(call(CLIENTS[0], 0, 90, outgoing=False), call(CLIENTS[0], 30, 90, outgoing=True))
    (card,) = {row["deal_id"] for row in await company.rows(stage_moves)}
    await only_the_trial(company)
    await write_down(company, card, GateAnswer(amount=Decimal(100)), 60)
    assert (await tried(company, rule(company))).deals_moved == 0
    await company.play(call(CLIENTS[0], 90, 90, outgoing=True))
    assert (await tried(company, rule(company))).deals_moved == 1


async def test_a_move_that_was_taken_back_takes_no_evidence_away(company: Company) -> None:
    await gate(company, 2, ["note"], binding=True)
    await only_the_trial(company)
    await company.play(call(CLIENTS[0], 0, 90, outgoing=False))
    (made,) = await company.rows(stage_moves)
    await write_down(company, made["deal_id"], GateAnswer(note="Wants fibre"), 10)
    await move(company, made["deal_id"], 1, 20)
    last = (await company.rows(stage_moves))[-1]
    moves = Moves(company.database, company.live, TurnedClock(later(minutes=30)))
    await moves.undo(company.olga, made["deal_id"], last["id"], "back")
    await company.play(call(CLIENTS[0], 40, 90, outgoing=True))
    assert (await tried(company, rule(company))).deals_moved == 1, "the note was written in this stage"


async def test_without_gates_nothing_more_is_read(company: Company) -> None:
    await company.play(call(CLIENTS[0], 0, 90, outgoing=False), call(CLIENTS[0], 30, 90, outgoing=True))
    with counted(company.database) as without:
        await tried(company, rule(company))
    await gate(company, 2, NEEDS, binding=False)
    with counted(company.database) as gated:
        await tried(company, rule(company))
    assert len(gated) == len(without) + 7, "cards, names, edits, amounts, tasks, documents, notes"


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
