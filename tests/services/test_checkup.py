"""What the doctor reads out of the calls on record: who is unmapped, and who else listens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db import checkup, extensions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Direction
from pbx_crm.domain.finding import Finding, Mark
from pbx_crm.services.checkup import Checkup, PbxNames
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.company import Company
from tests.turned_clock import TurnedClock
from tests.voice_house import VoiceHouse


@pytest.fixture
def rounds(database: Database) -> Checkup:
    """A doctor who knows one PBX with one trunk."""
    made = Checkup(database, TurnedClock())
    made.examine([PbxNames("main", ("PJSIP/trunk-main",))])
    return made


async def found(rounds: Checkup) -> dict[str, Finding]:
    """The findings by name."""
    return {finding.name: finding for finding in await rounds.run()}


async def test_a_number_called_that_has_no_line_is_named(database: Database, rounds: Checkup) -> None:
    def calls(tx: Transaction) -> None:
        for _ in range(3):
            CallRows(tx, did="74952230001", direction=Direction.IN)

    await database.write(calls)
    finding = (await found(rounds))["unmapped_line"]
    assert (finding.mark, finding.where) == (Mark.WARNING, "main")
    assert "3 recent calls to 74952230001" in str(finding.says)
    assert "74952230001" in str(finding.mend)


async def test_a_trunk_the_configuration_does_not_know_is_named(database: Database, rounds: Checkup) -> None:
    def calls(tx: Transaction) -> None:
        CallRows(tx, trunk="trunk-main")
        CallRows(tx, trunk="trunk-new")

    await database.write(calls)
    finding = (await found(rounds))["unmapped_trunk"]
    assert 'add "trunk-new" to trunks' in str(finding.mend)


@pytest.mark.parametrize("is_set_up", [False, True])
async def test_a_robot_that_calls_is_named_where_no_pbx_is_set_up_for_it(
    database: Database, is_set_up: bool
) -> None:
    company = Company(database)
    await VoiceHouse(database, company.funnel, company.olga, TurnedClock()).furnish()
    rounds = Checkup(database, TurnedClock())
    rounds.examine([PbxNames("main", None, calls_clients=is_set_up)])
    assert ("voice_unset" in await found(rounds)) != is_set_up


async def test_a_number_nobody_can_read_is_told_without_the_number(
    database: Database, rounds: Checkup
) -> None:
    await database.write(lambda tx: CallRows(tx, external_number="0009051234567", e164=None))
    finding = (await found(rounds))["unread_number"]
    assert "…4567" in str(finding.says)
    assert "0009051234567" not in str(finding.says)
    assert "strip_prefixes" in str(finding.mend)


async def test_a_phone_of_nobody_is_named(database: Database, rounds: Checkup) -> None:
    def phones(tx: Transaction) -> None:
        anna = builders.person(tx, "Anna")
        extensions.note_all_seen(tx, "main", {"101": NOW, "214": NOW, "7": NOW - timedelta(days=60)})
        extensions.link(tx, "main", "101", anna.id, NOW - timedelta(days=1))

    await database.write(phones)
    named = [str(finding.says) for finding in await rounds.run() if finding.name == "unlinked_extension"]
    assert named == ["extension 214 takes part in calls and is linked to nobody"]


async def test_two_programs_on_one_pbx_are_named(database: Database, rounds: Checkup) -> None:
    assert (await found(rounds))["no_listener"].mark is Mark.WARNING
    await rounds.listening("main", "crm:100")
    assert (await found(rounds))["listener"].mark is Mark.GOOD
    await rounds.listening("main", "crm:200")
    finding = (await found(rounds))["two_listeners"]
    assert finding.mark is Mark.FAULT
    assert "crm:100" in str(finding.says)


async def test_a_program_that_was_started_anew_is_not_two(rounds: Checkup) -> None:
    await rounds.listening("main", "crm:100")
    await rounds.leaving("main", "crm:100")
    await rounds.listening("main", "crm:200")
    assert "two_listeners" not in await found(rounds)


async def test_a_program_that_ended_is_forgotten(database: Database, rounds: Checkup) -> None:
    def long_ago(tx: Transaction) -> None:
        checkup.note_listener(tx, "main", "crm:1", NOW - timedelta(days=2))
        checkup.note_listener(tx, "main", "crm:2", NOW - timedelta(minutes=5))

    await database.write(long_ago)
    await rounds.listening("main", "crm:3")
    assert "crm:3" in str((await found(rounds))["listener"].says)
    kept = await database.read(checkup.listeners, "main", NOW - timedelta(days=9))
    assert sorted(kept) == ["crm:2", "crm:3"]
