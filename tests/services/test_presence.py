"""What phones are doing reaches those it concerns, and is forgotten when nobody hears it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db import extensions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.person import Person
from pbx_crm.domain.presence import DeviceSeen, PauseSeen, PhoneState
from pbx_crm.services.presence import Presence
from tests.builders import NOW
from tests.company import PBX, Company, topics
from tests.turned_clock import TurnedClock

SHAPE = PbxShape()


class Floor:
    """The sellers' room."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock()
        self.presence = Presence(database, self.company.live, self.clock)
        self.presence.lost(PBX, SHAPE)

    async def phones(self, **states: str) -> None:
        """Phones by number, `x101="INUSE"`, and what is heard is stored."""
        for number, state in states.items():
            self.presence.heard(PBX, DeviceSeen(f"PJSIP/{number[1:]}", state))
        await self.presence.store(PBX)

    async def seen_by(self, viewer: Person) -> dict[str, PhoneState | None]:
        """What this viewer is shown, by name."""
        return {person.name: person.state for person in await self.presence.people(viewer)}


@pytest.fixture
def floor(database: Database) -> Floor:
    return Floor(database)


async def test_a_head_sees_everybody_and_a_seller_themselves(floor: Floor) -> None:
    await floor.phones(x101="INUSE", x102="NOT_INUSE")
    everybody = {"Anna": PhoneState.TALKING, "Boris": PhoneState.FREE, "Clara": None}
    assert await floor.seen_by(floor.company.olga) == everybody
    assert await floor.seen_by(floor.company.anna) == {"Anna": PhoneState.TALKING}


async def test_only_those_it_concerns_are_told(floor: Floor) -> None:
    await floor.phones(x101="NOT_INUSE", x102="NOT_INUSE")
    company = floor.company
    anna, boris, olga = (company.listen(who) for who in (company.anna, company.boris, company.olga))
    await floor.phones(x101="RINGING")
    assert topics(anna) == topics(olga) == {"presence"}
    assert boris == []
    await floor.phones(x101="RINGING")
    assert len(anna) == 1, "nothing changed, nobody is told"


async def test_the_moment_is_that_of_the_change(floor: Floor) -> None:
    await floor.phones(x101="INUSE")
    floor.clock.go_on(timedelta(minutes=5))
    floor.presence.heard(PBX, PauseSeen("PJSIP/101", "290", True))
    await floor.phones(x101="ONHOLD")
    (anna,) = await floor.presence.people(floor.company.anna)
    assert anna.since == NOW


async def test_a_link_that_is_lost_takes_its_states_along(floor: Floor) -> None:
    await floor.phones(x101="INUSE")
    heard = floor.company.listen(floor.company.olga)
    floor.presence.lost(PBX, SHAPE)
    await floor.presence.store(PBX)
    assert set((await floor.seen_by(floor.company.olga)).values()) == {None}
    assert topics(heard) == {"presence"}
    await floor.phones(x101="NOT_INUSE")
    assert (await floor.seen_by(floor.company.anna))["Anna"] is PhoneState.FREE


async def test_what_could_not_be_stored_is_stored_the_next_time(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as disk:
        disk.setattr(floor.company.database, "write", full)
        with pytest.raises(OSError, match="disk full"):
            await floor.phones(x101="INUSE")
    await floor.presence.store(PBX)
    assert await floor.seen_by(floor.company.anna) == {"Anna": PhoneState.TALKING}


async def test_of_a_persons_phones_the_busiest_counts_and_a_former_one_does_not(floor: Floor) -> None:
    def links(tx: Transaction) -> None:
        extensions.link(tx, PBX, "201", floor.company.anna.id, NOW - timedelta(days=1))
        extensions.unlink(tx, PBX, "102", NOW - timedelta(hours=1))

    await floor.company.database.write(links)
    await floor.phones(x101="UNAVAILABLE", x201="RINGING", x102="INUSE")
    assert await floor.seen_by(floor.company.anna) == {"Anna": PhoneState.RINGING}
    assert (await floor.seen_by(floor.company.olga))["Boris"] is None
