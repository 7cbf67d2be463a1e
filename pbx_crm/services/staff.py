"""People of the company as a head or an admin keeps them: who works here, with which rights and phones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pbx_crm.db import alerts, audit, extensions, people, second_factors, sessions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.extensions import Link, SeenExtension
from pbx_crm.db.people import NewPerson
from pbx_crm.domain.errors import BadInput, NotAllowed
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.passwords import Passwords, require_good

LOGIN = re.compile(r"[^\s/@]{2,64}")
EXTENSION = re.compile(r"[0-9A-Za-z._*+-]{1,32}")


@dataclass(frozen=True, slots=True)
class PersonForm:
    """Somebody as a form or a command describes them."""

    login: str
    name: str
    role: Role
    is_admin: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ExtensionsView:
    """What the extensions page shows: those nobody answers for first, then who had which when."""

    unlinked: list[SeenExtension]
    links: list[Link]


class Staff:
    """Changes people and their extensions. `actor` None is the command line, which may do everything."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._passwords = passwords

    async def everybody(self) -> list[Person]:
        """All people by name, the active ones first."""
        return await self._database.read(people.everybody)

    async def get(self, person_id: int) -> Person:
        """The person with this id; NotFound otherwise."""
        return await self._database.read(people.get, person_id)

    async def by_login(self, login: str) -> Person | None:
        """The person with this log-in name."""
        found = await self._database.read(people.by_login, login.strip().casefold())
        return found[0] if found else None

    async def add(self, actor: Person | None, form: PersonForm, password: str) -> int:
        """The new person's id; BadInput names each wrong value."""
        form = _checked(form)
        require_good(password, form.login)
        _may_give(actor, form.is_admin)
        _may_lead(actor, form.role)
        hashed = await self._passwords.hash(password)
        new = NewPerson(form.login, form.name, form.role, form.is_admin, hashed, form.language)
        return await self._database.write(_add, actor, new, self._clock())

    async def change(self, actor: Person | None, person_id: int, form: PersonForm) -> None:
        """Renames or gives other rights; other rights end the sessions that hold the old ones."""
        form = _checked(form)
        before = await self.get(person_id)
        _may_touch(actor, before)
        rights = {"role": form.role.value, "is_admin": form.is_admin}
        rights_change = (before.role, before.is_admin) != (form.role, form.is_admin)
        if rights_change:
            _not_oneself(actor, person_id)
            _may_lead(actor, form.role)
        if before.is_admin != form.is_admin:
            _may_give(actor, True)
        values = {"login": form.login, "name": form.name, **rights}
        await self._database.write(
            _change, actor, person_id, values, self._clock(), end_sessions=rights_change
        )
        self._live.look_again(person_id)

    async def set_password(self, actor: Person | None, person_id: int, password: str) -> None:
        """Gives the person a new password and ends their sessions."""
        person = await self.get(person_id)
        _may_touch(actor, person)
        require_good(password, person.login)
        hashed = await self._passwords.hash(password)
        await self._change(actor, person_id, {"password_hash": hashed}, "password reset")

    async def set_active(self, actor: Person | None, person_id: int, *, active: bool) -> None:
        """Lets the person in again, or shuts them out at once; their cards and calls stay theirs."""
        _not_oneself(actor, person_id)
        _may_touch(actor, await self.get(person_id))
        await self._change(actor, person_id, {"is_active": active}, "enabled" if active else "disabled")

    async def sign_out(self, actor: Person | None, person_id: int) -> None:
        """Ends every session and token of the person."""
        _may_touch(actor, await self.get(person_id))
        await self._change(actor, person_id, {}, "signed out everywhere")

    async def who_has_second_factor(self) -> frozenset[int]:
        """Ids of everybody whose log-in asks for a code."""
        return await self._database.read(second_factors.who_has_one)

    async def reset_second_factor(self, actor: Person | None, person_id: int) -> None:
        """The person logs in by the password alone, until they set up another; ends their sessions.

        One's own is switched off with the password and a code, and in no other way.
        """
        if actor is not None and actor.id == person_id:
            raise NotAllowed(N_("Switch your own second factor off in your own settings."))
        _may_touch(actor, await self.get(person_id))
        await self._database.write(_reset_second_factor, actor, person_id, self._clock())
        self._live.look_again(person_id)

    async def _change(
        self, actor: Person | None, person_id: int, values: Mapping[str, Any], act: str
    ) -> None:
        await self._database.write(
            _change, actor, person_id, values, self._clock(), act=act, end_sessions=True
        )
        self._live.look_again(person_id)

    async def extensions(self) -> ExtensionsView:
        """Seen but unlinked extensions, and every link there is or was."""
        return await self._database.read(_extensions, self._clock())

    async def link(
        self, actor: Person | None, pbx: str, number: str, person_id: int, since: datetime | None = None
    ) -> None:
        """Gives an extension to a person from `since` on (now, if not said)."""
        number = number.strip()
        if not EXTENSION.fullmatch(number):
            raise BadInput(reasons={"number": N_("An extension is digits, letters and . _ * + - only.")})
        await self._database.write(
            _link, actor, pbx, number, person_id, since or self._clock(), self._clock()
        )

    async def unlink(
        self, actor: Person | None, pbx: str, number: str, since: datetime | None = None
    ) -> None:
        """Nobody has the extension from `since` on (now, if not said)."""
        await self._database.write(_unlink, actor, pbx, number, since or self._clock(), self._clock())


def _checked(form: PersonForm) -> PersonForm:
    login, name = form.login.strip().casefold(), form.name.strip()
    reasons = {}
    if not LOGIN.fullmatch(login):
        reasons["login"] = N_("A log-in name is 2 to 64 characters without spaces, / and @.")
    if not 1 <= len(name) <= 200:
        reasons["name"] = N_("A name is 1 to 200 characters.")
    if form.role is Role.NONE and not form.is_admin:
        reasons["role"] = N_("Somebody without a role must at least set up telephony.")
    if reasons:
        raise BadInput(reasons=reasons)
    return replace(form, login=login, name=name)


def _may_give(actor: Person | None, is_admin: bool) -> None:
    # A head who could give this right to anybody would have it.
    if is_admin and actor is not None and not actor.is_admin:
        raise NotAllowed(N_("Only an admin gives or takes the right to set up telephony."))


def _may_lead(actor: Person | None, role: Role) -> None:
    # An admin who could make a head would see every client.
    if role is Role.HEAD and actor is not None and actor.role is not Role.HEAD:
        raise NotAllowed(N_("Only the head makes others heads."))


def _may_touch(actor: Person | None, person: Person) -> None:
    # Whoever sets somebody's password can log in as them.
    if actor is None or actor.id == person.id:
        return
    if person.is_admin and not actor.is_admin:
        raise NotAllowed(N_("Only an admin changes the account of an admin."))
    if person.role is Role.HEAD and actor.role is not Role.HEAD:
        raise NotAllowed(N_("Only the head changes the account of a head."))


def _not_oneself(actor: Person | None, person_id: int) -> None:
    if actor is not None and actor.id == person_id:
        raise NotAllowed(N_("Nobody changes their own rights."))


def _actor_id(actor: Person | None) -> int | None:
    return actor.id if actor else None


def _add(tx: Transaction, actor: Person | None, new: NewPerson, now: datetime) -> int:
    person_id = people.add(tx, new, now)
    details = {"login": new.login, "role": new.role.value, "is_admin": new.is_admin}
    audit.note(tx, now, _actor_id(actor), "person added", f"person-{person_id}", details=details)
    return person_id


def _change(
    tx: Transaction,
    actor: Person | None,
    person_id: int,
    values: Mapping[str, Any],
    now: datetime,
    *,
    act: str = "person changed",
    end_sessions: bool,
) -> None:
    if values:
        people.change(tx, person_id, values)
    if end_sessions:
        sessions.end_all(tx, person_id)
    details = {key: value for key, value in values.items() if key != "password_hash"}
    audit.note(tx, now, _actor_id(actor), act, f"person-{person_id}", details=details)


def _reset_second_factor(tx: Transaction, actor: Person | None, person_id: int, now: datetime) -> None:
    second_factors.drop(tx, person_id)
    _change(tx, actor, person_id, {}, now, act="second factor reset", end_sessions=True)


def _extensions(tx: Transaction, now: datetime) -> ExtensionsView:
    return ExtensionsView(extensions.unlinked(tx, now), extensions.history(tx))


def _link(
    tx: Transaction,
    actor: Person | None,
    pbx: str,
    number: str,
    person_id: int,
    since: datetime,
    now: datetime,
) -> None:
    people.get(tx, person_id)
    extensions.link(tx, pbx, number, person_id, since)
    alerts.clear(tx, alerts.LINK_EXTENSION, f"{pbx}/{number}", now)
    details = {"person": person_id, "since": since.isoformat()}
    audit.note(tx, now, _actor_id(actor), "extension linked", f"{pbx}/{number}", details=details)


def _unlink(
    tx: Transaction, actor: Person | None, pbx: str, number: str, since: datetime, now: datetime
) -> None:
    extensions.unlink(tx, pbx, number, since)
    details = {"since": since.isoformat()}
    audit.note(tx, now, _actor_id(actor), "extension unlinked", f"{pbx}/{number}", details=details)
