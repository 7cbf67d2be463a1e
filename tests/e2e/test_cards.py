"""From the phones to the cards: the CRM beside a real PBX, as the user we ship, and what its API tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.company import Company
from tests.e2e.office import Office, Rows, call_of, office, raw_call_of
from tests.e2e.playing import play_together, tapping
from tests.e2e.stories import STORIES
from tests.e2e.truth import Truth
from tests.parts.inventory import INVENTORY
from tests.parts.postgres import PostgresCluster
from tests.truth import faults

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.postgresql,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]


class Day:
    """What the phones told of a day, and what the CRM has of it."""

    def __init__(self, told: dict[str, list[Truth]], calls: Rows, deals: Rows, tasks: Rows) -> None:
        self.told = told
        self.calls = calls
        self.deals = {deal["id"]: deal for deal in deals}
        self.tasks = tasks

    @property
    def truths(self) -> list[Truth]:
        """Every call that happened."""
        return [truth for truths in self.told.values() for truth in truths]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(
    company: Company, postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    """The company with its CRM on PostgreSQL; the other modules have theirs on SQLite."""
    folder, url = tmp_path_factory.mktemp("crm"), postgres.create()
    async with office(folder, company, database_url=url) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def day(here: Office) -> Day:
    """Every story played at once, and the CRM's view once the last call is over."""
    async with tapping(here.company, "everything") as hands:
        told = await play_together(here.company, list(STORIES), hands)
    calls = await here.calls_when_over(sum(len(truths) for truths in told.values()))
    INVENTORY.tells("calls on a real Asterisk, as the CRM has them", _table(told, calls))
    return Day(told, calls, await here.head.all("deals"), await here.head.all("tasks"))


def _table(told: dict[str, list[Truth]], calls: Rows) -> list[str]:
    lines = []
    for story, truths in sorted(told.items()):
        for call in (call_of(truth, calls) for truth in truths):
            who = f"{call['external_number'] or '–':<13} {call['direction']:<8} {call['outcome']:<9}"
            rang, by = ",".join(call["rang"]) or "–", _by(call)
            seconds = f"ring {call['ring_s']:4.1f} s  talk {call['talk_s']:4.1f} s"
            lines.append(f"{story:<18} {who} {seconds}  rang {rang:<12} answered {by}")
    return lines


def _by(call: dict[str, Any]) -> str:
    first, last = call["answered_by"], call["final_agent"]
    return "–" if first is None else first if first == last else f"{first}, then {last}"


@pytest.mark.parametrize("story", sorted(STORIES))
async def test_the_crm_tells_a_call_as_the_phones_do(day: Day, story: str) -> None:
    for truth in day.told[story]:
        assert faults({"calls": [truth.as_json()]}, [call_of(truth, day.calls)]) == []


async def test_no_call_is_doubled_or_invented(day: Day) -> None:
    assert len(day.calls) == len(day.truths)


async def test_every_client_who_called_has_one_card(day: Day) -> None:
    came_in = [truth for truth in day.truths if truth.direction == "in"]
    deals = [raw_call_of(truth, day.calls)["deal_id"] for truth in came_in]
    assert None not in deals
    assert len(set(deals)) == len(came_in) == len(day.deals)


async def test_a_card_belongs_to_who_answered_first(day: Day, here: Office) -> None:
    for truth in day.truths:
        if truth.direction == "in" and truth.answered_by:
            deal = day.deals[raw_call_of(truth, day.calls)["deal_id"]]
            assert deal["owner_id"] == here.people[truth.answered_by]


async def test_a_missed_call_has_a_task_for_somebody_it_rang(day: Day, here: Office) -> None:
    tasks = {task["call_id"]: task for task in day.tasks}
    for truth in day.truths:
        if truth.outcome in ("missed", "voicemail"):
            call = raw_call_of(truth, day.calls)
            owner = tasks[call["id"]]["owner_id"]
            assert owner == day.deals[call["deal_id"]]["owner_id"]
            assert not truth.rang or owner in {here.people[extension] for extension in truth.rang}


async def test_cards_lie_in_unsorted(day: Day, here: Office) -> None:
    (funnel,) = (await here.head.get("funnels"))["funnels"]
    unsorted = next(stage["id"] for stage in funnel["stages"] if stage["kind"] == "unsorted")
    assert {deal["stage_id"] for deal in day.deals.values()} == {unsorted}


async def test_outgoing_and_internal_calls_make_no_card(day: Day) -> None:
    for truth in day.truths:
        if truth.direction != "in":
            assert raw_call_of(truth, day.calls)["deal_id"] is None


async def test_a_withheld_number_is_nobody_s_contact(day: Day) -> None:
    (truth,) = day.told["anonymous"]
    call = raw_call_of(truth, day.calls)
    assert day.deals[call["deal_id"]]["contact_id"] is None
