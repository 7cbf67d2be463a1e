"""Everything may come twice, late, together with other calls or at one moment: the rows stay the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import call_people, calls, contacts, deals, open_deals, stage_totals, tasks
from pbx_crm.domain.call import Fact
from pbx_crm.domain.line import CreateAt, OwnerPolicy
from tests.company import BRANCH, PBX, Company, fresh_company, later
from tests.stories import Story, told_together

CLIENT = "+79161234567"


def a_busy_minute() -> list[Story]:
    """Calls that touch each other: one client twice at once, a transfer, a call back, a merge, a stranger."""
    consultation = Story.internal("101", "103", at=later(seconds=20)).rings("103")
    return [
        Story.incoming(CLIENT, at=later()).rings("101", "102").answers("101").goes_to("102").ends(),
        Story.incoming("89161234567", at=later(seconds=3)).rings("102", "103").answers("103").ends(),
        Story.incoming("+79035550101", at=later(seconds=4)).rings("101", "214").ends(after=20),
        Story.outgoing("89035550101", "102", at=later(seconds=50)).answers("102").ends(),
        consultation,
        Story.incoming(None, at=later(seconds=9))
        .rings("101")
        .answers("101")
        .merges(consultation.call.linkedid)
        .goes_to("103")
        .ends(),
        Story.internal("102", "101", at=later(seconds=30)).rings("101").answers("101").ends(),
    ]


STORIES = a_busy_minute()
FACTS = told_together(*STORIES)
# A write that meets a row takes a number from PostgreSQL's sequence all the same: such ids may skip.
NAMELESS = {"legs", "talks", "transfers", "contact_numbers", "stage_moves", "deal_events", "tasks", "alerts"}


Rows = dict[str, list[str]]


async def everything(company: Company) -> Rows:
    found = await company.everything()
    return {table: sorted(_shown(table, row) for row in rows) for table, rows in found.items()}


def _shown(table: str, row: dict[str, Any]) -> str:
    return repr({name: row[name] for name in row if name != "id" or table not in NAMELESS})


async def test_a_busy_minute_told_twice_is_told_once(database: Database) -> None:
    company = Company(database)
    await company.line(create_at=CreateAt.RING, owner_policy=OwnerPolicy.LAST_ANSWERED)
    await company.play(*STORIES)
    once = await everything(company)
    await company.play(*STORIES)
    await company.play_at_once(*STORIES)
    assert await everything(company) == once
    assert len(once["deals"]) == 3


async def test_a_busy_database_comes_to_the_same_rows(database: Database) -> None:
    company = Company(database)
    await company.play_at_once(*STORIES)
    together = await everything(company)
    assert len(together["calls"]) == 6
    assert len(together["deals"]) == 3
    assert len(together["open_deals"]) == 2, "a withheld caller has no client to have an open deal"


def repeats() -> st.SearchStrategy[list[tuple[int, int]]]:
    """Batches of facts, each from anywhere up to a new end: what was told is told again, and then some."""
    cuts = st.lists(st.integers(1, len(FACTS) - 1), max_size=6, unique=True).map(sorted)
    return cuts.flatmap(
        lambda ends: st.tuples(*(st.integers(0, end) for end in [0, *ends])).map(
            lambda starts: [
                (min(start, begin), end)
                for start, begin, end in zip(starts, [0, *ends], [*ends, len(FACTS)], strict=True)
            ]
        )
    )


async def told(company: Company, batches: Sequence[Sequence[Fact]], create_at: CreateAt) -> Rows:
    await company.line(create_at=create_at, owner_policy=OwnerPolicy.LAST_ANSWERED)
    for batch in batches:
        await company.tell(batch)
    return await everything(company)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=repeats(), create_at=st.sampled_from([CreateAt.RING, CreateAt.ANSWER, CreateAt.END]))
def test_any_batches_with_any_repeats_come_to_the_same_rows(
    migrated_file: Path, batches: list[tuple[int, int]], create_at: CreateAt
) -> None:
    with fresh_company(migrated_file) as company:
        seen = asyncio.run(told(company, [FACTS[begin:end] for begin, end in batches], create_at))
    assert seen == told_plainly(migrated_file, create_at)


@cache
def told_plainly(migrated_file: Path, create_at: CreateAt) -> Rows:
    """Every fact once, alone, in order."""
    with fresh_company(migrated_file) as company:
        return asyncio.run(told(company, [[fact] for fact in FACTS], create_at))


async def test_two_calls_of_a_client_at_once_make_one_deal(database: Database) -> None:
    company = Company(database)
    for number in range(12):
        client = f"+791600000{number:02}"
        main = Story.incoming(client).rings("101").answers("101")
        branch = Story.incoming(client).rings("102").answers("102")
        await asyncio.gather(company.intake.take(PBX, main.facts), company.intake.take(BRANCH, branch.facts))
    assert len(await company.rows(contacts)) == 12
    assert len(await company.rows(deals)) == 12
    assert len(await company.rows(open_deals)) == 12
    assert len({row["deal_id"] for row in await company.rows(calls)}) == 12


async def test_the_same_call_told_by_two_programs_at_once_is_one_call(database: Database) -> None:
    company = Company(database)
    story = Story.incoming(CLIENT).rings("101").answers("101").ends()
    await asyncio.gather(*(company.intake.take(PBX, story.facts) for _ in range(4)))
    assert len(await company.rows(calls)) == 1
    assert len(await company.rows(deals)) == 1
    assert [row["deals"] for row in await company.rows(stage_totals)] == [1]


async def test_a_late_fact_does_not_open_an_ended_call_again(database: Database) -> None:
    company = Company(database)
    story = Story.incoming(CLIENT).rings("101").answers("101").ends()
    await company.tell(story.facts)
    before = await everything(company)
    for fact in reversed(story.facts):
        await company.tell([fact])
    assert await everything(company) == before


async def test_a_program_that_restarted_in_mid_call_forgets_nothing(database: Database) -> None:
    company = Company(database)
    whole = Story.incoming(CLIENT, queue="600").rings("101", "102").answers("102")
    await company.play(whole)
    # After its restart the tracker has only seen the bridge: no queue, no ringing phones.
    adopted = Story.incoming(CLIENT, did=None, linkedid=whole.call.linkedid).answers("102", after=8).ends()
    await company.tell(adopted.facts)
    call = (await company.rows(calls))[0]
    assert (call["outcome"], call["queue"], call["did"]) == ("answered", "600", "74951230001")
    rang = {row["person_id"] for row in await company.rows(call_people, rang=True)}
    assert rang == {company.anna.id, company.boris.id}


async def test_calls_that_ended_while_the_program_was_away_are_settled(database: Database) -> None:
    company = Company(database)
    gone = Story.incoming(CLIENT).rings("101").answers("101")
    alive = Story.incoming("+79035550101").rings("102").answers("102")
    await company.play(gone, alive)
    at = later(minutes=30)
    assert await company.intake.settle_unheard(PBX, [alive.call.linkedid], at) == 1
    assert await company.intake.settle_unheard(PBX, [alive.call.linkedid], later(minutes=40)) == 0

    first, second = await company.rows(calls)
    assert (first["ended_at"], first["ended_by"], first["outcome"]) == (at, "gap", None)
    assert second["ended_at"] is None
    await company.play(gone.ends(after=300))
    assert (await company.rows(calls))[0]["ended_at"] == later(seconds=308)


async def test_a_branch_with_the_same_linkedids_is_another_pbx(database: Database) -> None:
    company = Company(database)
    story = Story.incoming(CLIENT).rings("101").ends()
    await company.intake.take(PBX, story.facts)
    await company.intake.take(BRANCH, story.facts)
    assert len(await company.rows(calls)) == 2
    assert len(await company.rows(deals)) == 1
    assert len(await company.rows(tasks)) == 1


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "BEGIN")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def many(calls_at_once: int) -> list[Story]:
    return [
        Story.incoming(f"+7916000{number:04}").rings("101", "102", "103").answers("101").ends()
        for number in range(calls_at_once)
    ]


async def test_a_batch_of_forty_calls_takes_the_statements_of_one(sqlite: Database) -> None:
    company = Company(sqlite)
    await company.line()
    with counted(sqlite.engine) as for_one:
        await company.play_at_once(*many(1))
    with counted(sqlite.engine) as for_forty:
        await company.play_at_once(*[*many(41)][1:])
    assert len(for_forty) <= len(for_one) <= 32


@pytest.mark.parametrize(("facts", "most"), [(1, 7), (2, 11), (3, 11), (4, 23), (5, 20)])
async def test_every_step_of_a_call_takes_few_statements(sqlite: Database, facts: int, most: int) -> None:
    """The steps: it enters, 101 rings, 102 rings, 101 answers, it ends."""
    company = Company(sqlite)
    await company.line()
    story = Story.incoming(CLIENT).rings("101", "102").answers("101").ends()
    for fact in story.facts[: facts - 1]:
        await company.tell([fact])
    with counted(sqlite.engine) as statements:
        await company.tell([story.facts[facts - 1]])
    assert len(statements) <= most, "\n".join(statements)


async def test_a_fact_told_again_costs_one_look(sqlite: Database) -> None:
    company = Company(sqlite)
    story = Story.incoming(CLIENT).rings("101").answers("101").ends()
    await company.tell(story.facts)
    with counted(sqlite.engine) as statements:
        await company.tell(story.facts)
    assert len(statements) == 1
