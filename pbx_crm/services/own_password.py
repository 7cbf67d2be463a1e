"""Asking somebody who is logged in for their password once more, before what a found browser must not do."""

from __future__ import annotations

from pbx_crm.db import login_tries, people
from pbx_crm.db.engine import Database
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.session import Origin
from pbx_crm.services.clock import Clock
from pbx_crm.services.passwords import Passwords

TOO_MANY_TRIES = N_("Too many wrong passwords. Please wait some minutes and try again.")


class OwnPassword:
    """Who found the browser open guesses the password no faster here than at the log-in."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords

    async def require(self, viewer: Person, typed: str, origin: Origin, *, field: str) -> None:
        """BadInput under this field's name if it is wrong, or was guessed at too often.

        The try counts as failed until `login_tries.forget`, which is the caller's once all went well.
        """
        wait = await self._database.write(login_tries.take_try, viewer.login, origin.address, self._clock())
        if wait.total_seconds() > 0:
            raise BadInput(reasons={field: TOO_MANY_TRIES})
        _, stored = await self._database.read(people.with_hash, viewer.id)
        if not await self._passwords.matches(stored, typed):
            raise BadInput(reasons={field: N_("This is not your password.")})
