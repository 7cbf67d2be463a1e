"""Whose an extension is, and was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pbx_crm.db import extensions
from pbx_crm.db.engine import Database, Transaction
from tests.builders import person

MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOON = MORNING + timedelta(hours=3)
EVENING = MORNING + timedelta(hours=9)


def owner(tx: Transaction, at_number: str, hours: float) -> int | None:
    return extensions.extension_owner(tx, "office", at_number, MORNING + timedelta(hours=hours))


async def test_a_call_is_credited_to_who_had_the_phone_at_that_moment(database: Database) -> None:
    def story(tx: Transaction) -> None:
        anna, boris = person(tx, "Anna").id, person(tx, "Boris").id
        extensions.link(tx, "office", "101", anna, MORNING)
        extensions.link(tx, "office", "101", boris, NOON)
        assert owner(tx, "101", -1) is None
        assert owner(tx, "101", 0) == anna
        assert owner(tx, "101", 2.9) == anna
        assert owner(tx, "101", 3) == boris
        assert owner(tx, "101", 1000) == boris

    await database.write(story)


async def test_the_same_number_on_two_pbxes_is_two_phones(database: Database) -> None:
    def story(tx: Transaction) -> None:
        extensions.link(tx, "office", "101", person(tx, "Anna").id, MORNING)
        assert extensions.extension_owner(tx, "branch", "101", NOON) is None

    await database.write(story)


async def test_an_unlinked_phone_is_nobodys_from_then_on_only(database: Database) -> None:
    def story(tx: Transaction) -> None:
        anna = person(tx, "Anna").id
        extensions.link(tx, "office", "101", anna, MORNING)
        extensions.unlink(tx, "office", "101", NOON)
        assert owner(tx, "101", 1) == anna
        assert owner(tx, "101", 3) is None

    await database.write(story)


async def test_a_link_corrected_for_the_past_replaces_what_came_after(database: Database) -> None:
    def story(tx: Transaction) -> None:
        anna, boris = person(tx, "Anna").id, person(tx, "Boris").id
        extensions.link(tx, "office", "101", anna, NOON)
        extensions.link(tx, "office", "101", boris, MORNING)
        assert owner(tx, "101", 5) == boris
        assert [link.person_name for link in extensions.history(tx)] == ["Boris"]

    await database.write(story)


async def test_linking_twice_leaves_one_link(database: Database) -> None:
    def story(tx: Transaction) -> None:
        anna = person(tx, "Anna").id
        extensions.link(tx, "office", "101", anna, MORNING)
        extensions.link(tx, "office", "101", anna, MORNING)
        assert len(extensions.history(tx)) == 1

    await database.write(story)


async def test_owners_of_many_phones_come_in_one_answer(database: Database) -> None:
    def story(tx: Transaction) -> None:
        anna = person(tx, "Anna").id
        extensions.link(tx, "office", "101", anna, MORNING)
        extensions.link(tx, "office", "102", anna, NOON)
        assert extensions.owners(tx, "office", ["101", "102", "103"], MORNING) == {"101": anna}
        assert extensions.owners(tx, "office", [], MORNING) == {}

    await database.write(story)


async def test_a_phone_that_rang_and_belongs_to_nobody_is_shown_until_it_is_linked(
    database: Database,
) -> None:
    def story(tx: Transaction) -> None:
        anna = person(tx, "Anna").id
        for number, at in (("101", MORNING), ("214", MORNING), ("214", EVENING), ("214", NOON)):
            extensions.note_all_seen(tx, "office", {number: at})
        extensions.link(tx, "office", "101", anna, MORNING)
        (seen,) = extensions.unlinked(tx, EVENING)
        assert (seen.number, seen.first_seen_at, seen.last_seen_at) == ("214", MORNING, EVENING)
        extensions.link(tx, "office", "214", anna, EVENING)
        assert extensions.unlinked(tx, EVENING) == []

    await database.write(story)
