"""What heads and admins decide about log-ins, and how long refused ones are kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from pbx_crm.db import audit, entry_rules
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.entry_rules import EntryRules
from pbx_crm.domain.person import Person
from pbx_crm.services.clock import Clock


class EntrySettings:
    """A changed rule holds from the next request on."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def rules(self) -> EntryRules:
        """What holds now."""
        return await self._database.read(entry_rules.get)

    async def change(self, actor: Person, rules: EntryRules) -> None:
        """These hold from now on."""
        await self._database.write(_change, actor, rules, self._clock())

    async def forget_refused(self) -> int:
        """Deletes refused log-ins older than the rules keep them; how many there were."""
        return await self._database.write(_forget_refused, self._clock())


def _change(tx: Transaction, actor: Person, rules: EntryRules, now: datetime) -> None:
    before = asdict(entry_rules.get(tx))
    entry_rules.change(tx, rules)
    changed = {name: value for name, value in asdict(rules).items() if before[name] != value}
    audit.note(tx, now, actor.id, "log-in rules changed", "house", details=changed)


def _forget_refused(tx: Transaction, now: datetime) -> int:
    kept = timedelta(days=entry_rules.get(tx).refused_kept_days)
    return audit.forget(tx, audit.REFUSED, before=now - kept)
