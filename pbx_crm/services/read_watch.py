"""Tells the heads when somebody opens more clients than anybody needs: one about to leave, a stolen token."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from pbx_crm.db import alerts, audit, client_reads, entry_rules, people
from pbx_crm.db.alerts import MANY_CLIENTS, Alert
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.errors import StoreUnavailable
from pbx_crm.domain.person import Person, Reach, require_head
from pbx_crm.services.ground import Ground

log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=1)
SETTLE_SECONDS = 5
"""Nobody waits at a card for this: what was opened is written down a little later, all together."""


@dataclass(frozen=True, slots=True)
class ManyClients:
    """Somebody opened more clients within an hour than the rules say."""

    key: str
    person_id: int
    name: str
    clients: int
    at: datetime


class ReadWatch:
    """Counts different clients a person and an hour. Nothing is blocked: it may be a busy day."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._opened: defaultdict[int, dict[str, datetime]] = defaultdict(dict)

    def opened(self, viewer: Person, clients: Iterable[str]) -> None:
        """Notes that the viewer is shown these: `contact-5`, or `deal-17` where a card has no client yet."""
        now = self._ground.clock()
        self._opened[viewer.id].update(dict.fromkeys(clients, now))

    async def settle(self) -> None:
        """Writes down what was opened, and tells the heads, once a day, of each who opened too many."""
        if not self._opened:
            return
        # Kept until it is written: a disk that takes no changes now may take them in a minute.
        opened = {person_id: dict(clients) for person_id, clients in self._opened.items()}
        ground = self._ground
        raised = await ground.database.write(_settle, opened, ground.clock(), ground.today)
        for person_id, clients in opened.items():
            self._drop(person_id, clients)
        if raised:
            ground.live.tell({"tasks"}, ())

    def _drop(self, person_id: int, written: Mapping[str, datetime]) -> None:
        left = {client: at for client, at in self._opened[person_id].items() if written.get(client) != at}
        if left:
            self._opened[person_id] = left
        else:
            del self._opened[person_id]

    async def keep_up(self) -> None:
        """Settles every few seconds, for ever."""
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            try:
                await self.settle()
            except StoreUnavailable as error:
                log.error("who opened how many clients cannot be counted", why=str(error.__cause__))

    async def standing(self, viewer: Person) -> tuple[ManyClients, ...]:
        """What no head has seen yet, the newest first; nothing for anybody else."""
        if viewer.scope.reach is not Reach.ALL:
            return ()
        return await self._ground.database.read(_standing)

    async def seen(self, viewer: Person, key: str) -> None:
        """A head has taken notice."""
        require_head(viewer)
        await self._ground.database.write(alerts.clear, MANY_CLIENTS, key, self._ground.clock())
        self._ground.live.tell({"tasks"}, ())


def _settle(
    tx: Transaction, opened: Mapping[int, Mapping[str, datetime]], now: datetime, today: date
) -> bool:
    most = entry_rules.get(tx).clients_an_hour
    raised = False
    for person_id, clients in sorted(opened.items()):
        client_reads.note(tx, person_id, clients)
        found = client_reads.count(tx, person_id, now - WINDOW)
        if most and found > most:
            raised |= _raise(tx, person_id, found, now, today)
    client_reads.forget(tx, now - WINDOW)
    return raised


def _raise(tx: Transaction, person_id: int, clients: int, now: datetime, today: date) -> bool:
    key = f"{person_id}/{today.isoformat()}"
    details = {"person": person_id, "clients": clients}
    if not alerts.raise_new(tx, Alert(MANY_CLIENTS, key, now, details)):
        return False
    audit.note(tx, now, person_id, "many clients opened", f"person-{person_id}", details={"clients": clients})
    return True


def _standing(tx: Transaction) -> tuple[ManyClients, ...]:
    found = alerts.of_kind(tx, MANY_CLIENTS)
    names = {person.id: person.name for person in people.everybody(tx)} if found else {}
    return tuple(_many(one, names) for one in found)


def _many(alert: Alert, names: Mapping[int, str]) -> ManyClients:
    person_id, clients = alert.details["person"], alert.details["clients"]
    return ManyClients(alert.key, person_id, names[person_id], clients, alert.at)
