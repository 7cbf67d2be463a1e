"""The answer to a dialplan that asks who calls: the client's seller, while the caller hears nothing yet.

The read has threads of its own, so that no report or import in the others makes a caller wait, and gives up
before the dialplan does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pbx_crm.db import caller_lookup
from pbx_crm.db.engine import Database
from pbx_crm.domain.caller_answer import EXTENSION, NOBODY, CallerAnswer, shown_name
from pbx_crm.domain.errors import StoreUnavailable
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.clock import Clock

PATIENCE_SECONDS = 0.6
"""The dialplan hangs up on us after 0.8 s."""


class CallerLookup:
    """Tells a dialplan whose client is calling."""

    def __init__(self, database: Database, clock: Clock, plans: Mapping[str, NumberPlan]) -> None:
        self._database = database
        self._clock = clock
        self._plans = plans

    async def answer(self, door: PbxDoor, caller: str) -> CallerAnswer:
        """Whose client has this number as that PBX shows it; StoreUnavailable if it takes too long."""
        number = self._plans[door.pbx].e164(caller)
        if number is None:
            return NOBODY
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._database.read_for_call(
                    caller_lookup.who_calls, door.pbx, number, self._clock()
                )
        except TimeoutError as error:
            raise StoreUnavailable from error
        return NOBODY if found is None else _told(door, found)


def _told(door: PbxDoor, known: caller_lookup.KnownCaller) -> CallerAnswer:
    name = shown_name(known.name) if door.tells_names else ""
    if known.extension is None or not EXTENSION.fullmatch(known.extension):
        return CallerAnswer(name=name)
    return CallerAnswer(known.extension, door.ring_seconds, name)
