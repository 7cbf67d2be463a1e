"""Dry runs of lines and skip rules tell what the same rules make of the same calls on a copy of the house."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from pbx_crm.db import deals as deal_store
from pbx_crm.db import lines
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deals, tasks
from pbx_crm.domain.deal import MoveRequest
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.intake_trial import Fate, IntakeTrial
from pbx_crm.domain.line import CreateAt, Line, MatchKind, MissedStep, OwnerPolicy, SkipKind, SkipRule
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.deals import Deals
from pbx_crm.services.dry_runs import DryRuns
from pbx_crm.services.moves import Moves
from pbx_crm.services.tasks import Tasks
from tests.builders import NOW
from tests.company import BRANCH, PBX, Company, fresh_company, later
from tests.stories import Story
from tests.turned_clock import TurnedClock

NUMBERS = ("+79161234501", "+79161234502", "+79161234503", None)
PHONES = ("101", "102", "103")
PLANS = {PBX: NumberPlan("RU"), BRANCH: NumberPlan("RU")}
EVENING = NOW + timedelta(hours=20)
BANK = SkipRule("The bank", SkipKind.NUMBER, "+79161234501")


def trial_line(**terms: Any) -> Line:
    """A line for every call, on trial."""
    return Line(None, PBX, **{"name": "Trial", "funnel_id": 1, **terms})


async def tried(company: Company, rule: Line | SkipRule, days: int = 1) -> IntakeTrial:
    """What the dry run says in the evening."""
    runs = DryRuns(company.database, lambda: EVENING, PLANS)
    trial = runs.of_line(rule, days) if isinstance(rule, Line) else runs.of_skip_rule(rule, days)
    return (await trial).run


async def lose(company: Company, number: str | None, minutes: float) -> int:
    """Olga closes the client's open cards; how many there were."""
    found = await _open_deals(company, number)
    for deal_id in found:
        deal = await company.database.read(deal_store.get, deal_id, company.olga.scope)
        stage, reason = company.funnel.stages[-1].id, company.funnel.loss_reasons[0].id
        request = MoveRequest(stage, deal.version, f"{deal_id}:{minutes}", "no", loss_reason_id=reason)
        clock = TurnedClock(later(minutes=minutes))
        await Moves(company.database, company.live, clock).move(company.olga, deal_id, request)
    return len(found)


async def _open_deals(company: Company, number: str | None) -> list[int]:
    of_client = {row["contact_id"] for row in await company.rows(calls, e164=number)} - {None}
    return [
        row["id"]
        for row in await company.rows(deals)
        if row["contact_id"] in of_client and row["closed_at"] is None
    ]


async def really(company: Company) -> dict[str, tuple[Fate, int | None]]:
    """What became of every call, and whose the card was that it made."""
    born = {row["born_of"] for row in await company.rows(deals)}
    return {row["linkedid"]: _fate(row, born) for row in await company.rows(calls)}


def _fate(row: dict[str, Any], born: set[str]) -> tuple[Fate, int | None]:
    if row["skipped_by"]:
        return Fate.SKIPPED, None
    if row["deal_id"] is None:
        return Fate.LOGGED, None
    if f"{row['pbx']}/{row['linkedid']}" in born:
        return Fate.MADE, row["owner_rule"]["owner"]
    return Fate.JOINED, None


async def told(company: Company, trial: IntakeTrial) -> dict[str, tuple[Fate, int | None]]:
    """The same of a dry run."""
    names = {row["id"]: row["linkedid"] for row in await company.rows(calls)}
    return {names[one.call_id]: (one.then.fate, one.then.owner_id) for one in trial.own}


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


def story(place: int, number: str | None, outgoing: bool, rung: list[str], talkers: list[str]) -> Story:
    """A call of the day; the second talker gets it handed over."""
    at = later(minutes=20 * (place // 2), seconds=7.3 * (place % 2))
    if outgoing:
        begun = Story.outgoing(number or NUMBERS[0], "101", at=at)
        return begun.answers("101").ends(after=60.1) if talkers else begun.ends(after=25.2)
    begun = Story.incoming(number, at=at).rings(*dict.fromkeys([*rung, *talkers[:1]]))
    if not talkers:
        return begun.ends(after=25.4)
    begun = begun.answers(talkers[0], after=7.7)
    for phone in talkers[1:]:
        begun = begun.goes_to(phone, after=20.9)
    return begun.ends(after=31.7)


CALLS = some.lists(
    some.tuples(
        some.sampled_from(NUMBERS),
        some.booleans(),
        some.lists(some.sampled_from(PHONES), min_size=1, max_size=3, unique=True),
        some.lists(some.sampled_from(PHONES), max_size=2, unique=True),
        some.sampled_from([None, None, *NUMBERS[:3]]),
    ),
    min_size=1,
    max_size=10,
)
TERMS = some.fixed_dictionaries(
    {
        "create_at": some.sampled_from(CreateAt),
        "create_outgoing": some.booleans(),
        "owner_policy": some.sampled_from(OwnerPolicy),
        "missed_policy": some.permutations(list(MissedStep)).map(tuple),
        "seller_ids": some.sampled_from([(), (2, 3), (4,)]),
    }
)


async def live(company: Company, stories: list[Story], closes: list[str | None]) -> list[str | None]:
    """The day goes by, two calls at a time; what people then really closed, for others to do the same."""
    done: list[str | None] = []
    for place in range(0, len(stories), 2):
        await company.play(*stories[place : place + 2])
        for number in closes[place : place + 2]:
            is_done = number is not None and await lose(company, number, 20 * (place // 2) + 15)
            done.append(number if is_done else None)
    return done


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is two companies: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(CALLS, TERMS)
async def test_a_line_leads_to_what_it_leads_to_on_a_copy_of_the_house(
    migrated_file: Path, played: list[Any], terms: dict[str, Any]
) -> None:
    with fresh_company(migrated_file) as as_it_was, fresh_company(migrated_file) as copy:
        stories = [story(place, *one[:4]) for place, one in enumerate(played)]
        await copy.line(**terms)
        closed = await live(as_it_was, stories, [closes for *_, closes in played])
        await live(copy, stories, closed)
        trial = await tried(as_it_was, trial_line(**terms))
        assert await told(as_it_was, trial) == await really(copy)
        assert trial.tasks == len(await copy.rows(tasks))
        assert trial.looked_at == len(stories)


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(CALLS)
async def test_a_skip_rule_skips_what_it_skips_on_a_copy_of_the_house(
    migrated_file: Path, played: list[Any]
) -> None:
    with fresh_company(migrated_file) as as_it_was, fresh_company(migrated_file) as copy:
        stories = [story(place, *one[:4]) for place, one in enumerate(played)]
        await copy.skip(BANK)
        closed = await live(as_it_was, stories, [closes for *_, closes in played])
        await live(copy, stories, closed)
        trial = await tried(as_it_was, BANK)
        skipped = {name for name, (fate, _) in (await really(copy)).items() if fate is Fate.SKIPPED}
        assert set(await told(as_it_was, trial)) == skipped
        assert {one.then.fate for one in trial.own} <= {Fate.SKIPPED}


async def test_nothing_is_written(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends())
    before = await company.everything()
    assert (await tried(company, trial_line(create_at=CreateAt.NEVER))).lost == 1
    assert (await tried(company, BANK)).lost == 1
    assert await company.everything() == before


async def test_the_difference_to_the_rules_in_force_is_told(company: Company) -> None:
    await company.line(seller_ids=(company.anna.id,), missed_policy=(MissedStep.ROTA_LINE, MissedStep.HEAD))
    (line,) = await company.database.read(lines.load)
    for place, number in enumerate(NUMBERS[:3]):
        await company.play(Story.incoming(number, at=later(minutes=place)).rings("102").ends(after=20))
    await company.play(Story.outgoing("+79161234509", "101", at=later(hours=1)).answers("101").ends())
    same = await tried(company, line)
    assert (same.own_of(Fate.MADE), same.own_of(Fate.LOGGED)) == (3, 1)
    assert not any(one.differs for one in same.changes)
    borises = await tried(company, replace(line, seller_ids=(company.boris.id,)))
    assert (borises.other_owner, borises.gained, borises.lost) == (3, 0, 0)
    assert (await tried(company, replace(line, create_outgoing=True))).gained == 1
    assert (await tried(company, replace(line, create_at=CreateAt.NEVER))).lost == 3


async def test_a_line_on_trial_decides_about_its_own_calls_alone(company: Company) -> None:
    await company.play(
        Story.incoming(NUMBERS[0], did="74951230001").rings("101").answers("101").ends(),
        Story.incoming(NUMBERS[1], did="74951230002").rings("101").answers("101").ends(),
    )
    new = trial_line(match_kind=MatchKind.DID, match_value="74951230002", create_at=CreateAt.NEVER)
    trial = await tried(company, new)
    assert (trial.looked_at, len(trial.own), trial.lost) == (2, 1, 1)


async def test_a_skip_rule_says_which_cards_there_would_not_be(company: Company) -> None:
    await company.play(*(Story.incoming(number).rings("101").answers("101").ends() for number in NUMBERS[:2]))
    (change,) = (await tried(company, BANK)).changes
    assert (change.now.fate, change.then.fate) == (Fate.MADE, Fate.SKIPPED)
    made = await company.one(deals, id=change.deal_id)
    assert made["owner_id"] == company.anna.id, "the card there is now is named"


async def test_a_card_that_was_there_before_the_days_is_joined(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends())
    again = Story.incoming(NUMBERS[0], at=NOW + timedelta(days=2)).rings("102").answers("102").ends()
    await company.play(again)
    runs = DryRuns(company.database, lambda: EVENING + timedelta(days=2), PLANS)
    trial = (await runs.of_line(trial_line(), 1)).run
    assert [one.then.fate for one in trial.own] == [Fate.JOINED]
    assert trial.tasks == 1, "somebody else talked with Anna's client: she is to look at it"


async def test_a_card_made_by_hand_is_there_for_the_calls_after_it(company: Company) -> None:
    client = await company.client("Vector", "+79161234501")
    await company.deal(company.clara, client, at=later(minutes=5))
    await company.play(Story.incoming(NUMBERS[0], at=later(minutes=9)).rings("101").answers("101").ends())
    trial = await tried(company, trial_line())
    assert [one.then.fate for one in trial.own] == [Fate.JOINED]


async def test_a_card_that_a_person_gave_to_somebody_else_is_counted(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends())
    made = await company.one(deals)
    clock = TurnedClock(later(hours=1))
    service = Deals(company.database, company.live, clock, Installation("RU", "en", "UTC", "EUR"))
    await service.hand_over(company.olga, made["id"], company.clara.id, made["version"])
    assert (await tried(company, trial_line())).undone == 1


async def test_a_wish_to_call_back_that_was_fulfilled_by_hand_lets_the_next_miss_ask_again(
    company: Company,
) -> None:
    missed = [Story.incoming(NUMBERS[0], at=later(hours=hour)).rings("101").ends() for hour in (0, 1, 2)]
    await company.play(*missed[:2])
    (task,) = await company.rows(tasks)
    clock = TurnedClock(later(minutes=90))
    await Tasks(company.database, company.live, clock).finish(company.olga, task["id"], UTC)
    await company.play(missed[2])
    assert len(await company.rows(tasks)) == 2
    assert (await tried(company, trial_line())).tasks == 2


async def test_calls_of_another_pbx_are_heard_beside_those_of_the_line(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends(), pbx=BRANCH)
    later_call = Story.incoming(NUMBERS[0], at=later(hours=1)).rings("102").answers("102").ends()
    await company.play(later_call)
    trial = await tried(company, trial_line())
    assert (trial.looked_at, [one.then.fate for one in trial.own]) == (2, [Fate.JOINED])


async def test_calls_of_a_pbx_that_is_gone_are_left_out(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends(), pbx=BRANCH)
    runs = DryRuns(company.database, lambda: EVENING, {PBX: NumberPlan("RU")})
    assert (await runs.of_line(trial_line(), 1)).run.looked_at == 0


async def test_what_could_not_be_saved_is_not_tried(company: Company) -> None:
    await company.line()
    await company.skip(BANK)
    for wrong in (trial_line(), trial_line(name=""), BANK, replace(BANK, name="")):
        with pytest.raises(BadInput):
            await tried(company, wrong)
    for days in (0, 366):
        with pytest.raises(BadInput):
            await tried(company, replace(BANK, name="Courier", value="1"), days)
