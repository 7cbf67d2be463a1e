"""A head looks at the pages as a seller sees them: to help, or to know what the seller knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pbx_crm.db import audit, people
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.accounts import LoggedIn
from pbx_crm.services.clock import Clock
from pbx_crm.services.house_settings import places_on


class SeeAs:
    """Nobody is logged in as somebody else by it: the session stays the head's, and only looks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, head: Person, person_id: int) -> None:
        """Notes in the audit whose eyes the head looks through; NotFound for anybody but an active seller."""
        await self._database.write(_begin, head, person_id, self._clock())

    async def through(self, here: LoggedIn, person_id: int) -> LoggedIn:
        """What the seller sees, in the head's own language, zone and colours.

        As it was for whoever is no head, and where there is no such active seller any more.
        """
        if here.person.role is not Role.HEAD or here.must_enrol:
            return here
        return await self._database.read(_through, here, person_id)


def _begin(tx: Transaction, head: Person, person_id: int, now: datetime) -> None:
    if not is_to_be_seen_as(people.get(tx, person_id)):
        raise NotFound(person_id=person_id)
    audit.note(tx, now, head.id, "looked as", f"person-{person_id}")


def _through(tx: Transaction, here: LoggedIn, person_id: int) -> LoggedIn:
    head = here.person
    try:
        seller = people.get(tx, person_id)
    except NotFound:
        return here
    if not is_to_be_seen_as(seller):
        return here
    seen = replace(
        seller,
        language=head.language,
        time_zone=head.time_zone,
        theme=head.theme,
        letter_keys=head.letter_keys,
        board_ltr=head.board_ltr,
        is_admin=False,
    )
    return replace(here, person=seen, places=places_on(tx), seen_by=head)


def is_to_be_seen_as(person: Person) -> bool:
    """Whether a head may look through this person's eyes."""
    return person.is_active and person.role is Role.SELLER
