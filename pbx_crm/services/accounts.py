"""Logging in and out, the sessions behind it, and what a person changes about their own account."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pbx_crm.db import audit, entry_rules, login_tries, people, second_factors, sessions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.sessions import NewSession
from pbx_crm.domain.errors import BadInput, StoreUnavailable, WrongLogin
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.seller_place import SellerPlace
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.session import Origin, Session, SessionKind
from pbx_crm.domain.time_zones import time_zones
from pbx_crm.services.clock import Clock
from pbx_crm.services.house_settings import places_on
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.own_password import OwnPassword
from pbx_crm.services.passwords import Passwords, require_good

# A browser left alone over a long weekend stays logged in, a forgotten one does not.
IDLE = timedelta(days=4)
LONGEST = timedelta(days=30)
TOKEN_LIFE = timedelta(days=365)
LONGEST_LOGIN = 64
# `seen_at` is worth a write once a minute, not once a request.
SEEN_EVERY = timedelta(minutes=1)
OWN_SETTINGS = ("language", "theme", "time_zone", "letter_keys", "board_ltr")
STEP_LIFE = timedelta(minutes=10)
"""How long the right password waits for its code."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is behind a request, and by which session."""

    person: Person
    session: Session
    places: frozenset[SellerPlace] = frozenset(SellerPlace)
    """What the menu has beside the three places of a fresh installation."""
    must_enrol: bool = False
    """Whether the company wants a second factor of them before anything else."""
    seen_by: Person | None = None
    """The head who looks through this person's eyes; None where people see for themselves."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The password was right."""

    token: str = field(repr=False)
    wants_code: bool = False
    """Whether this is half a log-in, which waits for the code of the second factor."""


class Accounts:
    """Sessions are rows on the server: ending one takes effect at the next request."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._passwords = passwords
        self._own = OwnPassword(database, clock, passwords)

    async def log_in(self, login: str, password: str, origin: Origin) -> Admitted:
        """A new session, or half of one; WrongLogin says the same for a wrong name and a wrong password."""
        login = login.strip().casefold()
        # No name is longer than what is kept of a try; the whole of it is still looked for below.
        tried = login[:LONGEST_LOGIN]
        wait = await self._database.write(login_tries.take_try, tried, origin.address, self._clock())
        if wait > timedelta(0):
            raise WrongLogin(wait_seconds=-(-wait // timedelta(seconds=1)))
        found = await self._database.read(people.by_login, login)
        person, stored = found or (None, None)
        right = await self._passwords.matches(stored, password)
        if person is None or not right or not person.is_active:
            await self._database.write(_note_refused, login, origin, self._clock())
            raise WrongLogin
        return await self._database.write(_admit, person, origin, self._clock())

    async def log_out(self, here: LoggedIn) -> None:
        """Ends this session; its live tabs close too."""
        await self.end_session(here.person, here.session.id)

    async def who_is(self, token: str, kind: SessionKind) -> LoggedIn | None:
        """Who holds this token; None once it was ended, has expired or its person was disabled."""
        now = self._clock()
        seen_after = now - (IDLE if kind is SessionKind.WEB else TOKEN_LIFE)
        found = await self._database.read(_find, hash_of(token), kind, now, seen_after)
        if found is not None and now - found.session.seen_at > SEEN_EVERY:
            # A disk that takes no changes still lets people read.
            with suppress(StoreUnavailable):
                await self._database.write(sessions.touch, found.session.id, now)
        return found

    async def sessions_of(self, viewer: Person, kind: SessionKind) -> list[Session]:
        """The viewer's own running sessions or tokens."""
        return await self._database.read(sessions.of_person, viewer.id, kind, now=self._clock())

    async def end_session(self, viewer: Person, session_id: int) -> None:
        """Ends one of the viewer's own sessions or tokens."""
        await self._database.write(sessions.end_one, viewer.id, session_id)
        self._live.look_again(viewer.id)

    async def make_token(self, viewer: Person, label: str) -> str:
        """A new API token with the viewer's rights; it can be read this once only."""
        label = label.strip()
        if not label:
            raise BadInput(reasons={"label": N_("Name the script that will use it.")})
        token = secrets.token_urlsafe(32)
        now = self._clock()
        await self._database.write(
            _make_token,
            NewSession(viewer.id, hash_of(token), SessionKind.API, now, now + TOKEN_LIFE, label=label[:100]),
        )
        return token

    async def change_password(
        self, viewer: Person, old: str, new: str, *, keep: Session, origin: Origin
    ) -> None:
        """Sets the viewer's password and ends their other browser sessions; BadInput says what is wrong."""
        require_good(new, viewer.login)
        await self._own.require(viewer, old, origin, field="old_password")
        hashed = await self._passwords.hash(new)
        await self._database.write(_set_password, viewer, hashed, keep.id, origin, self._clock())
        self._live.look_again(viewer.id)

    async def change_own(self, viewer: Person, values: Mapping[str, str | bool | None]) -> None:
        """Writes what of OWN_SETTINGS is named; BadInput if there is no such time zone."""
        allowed = {key: values[key] for key in OWN_SETTINGS if key in values}
        zone = allowed.get("time_zone")
        if zone is not None and zone not in time_zones():
            raise BadInput(reasons={"time_zone": N_("There is no such time zone.")})
        await self._database.write(people.change, viewer.id, allowed)

    async def clear_stale(self) -> None:
        """Throws away expired sessions and forgotten log-in tries."""
        await self._database.write(_clear_stale, self._clock())


def hash_of(token: str) -> str:
    """What is stored of a token: 256 random bits need no salt and no slow hash.

    Bytes that are no UTF-8 reach us as surrogates: they are a wrong token, not a fault of ours.
    """
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def _admit(tx: Transaction, person: Person, origin: Origin, now: datetime) -> Admitted:
    token = secrets.token_urlsafe(32)
    if not second_factors.is_on(tx, person.id):
        open_session(tx, person, token, origin, now)
        return Admitted(token)
    # Whoever knows the password must not win free guesses at the code by typing it again.
    login_tries.give_back(tx, person.login, origin.address, now)
    life = NewSession(person.id, hash_of(token), SessionKind.STEP, now, now + STEP_LIFE)
    sessions.start(tx, replace(life, address=origin.address))
    return Admitted(token, wants_code=True)


def open_session(
    tx: Transaction, person: Person, token: str, origin: Origin, now: datetime, by: str = "password"
) -> None:
    """Logs a browser in that showed all that is asked for; `by` is what the audit says it showed last."""
    login_tries.forget(tx, person.login, origin.address)
    sessions.start(
        tx,
        NewSession(
            person_id=person.id,
            token_hash=hash_of(token),
            kind=SessionKind.WEB,
            created_at=now,
            expires_at=now + LONGEST,
            address=origin.address,
            user_agent=origin.user_agent[:200],
        ),
    )
    audit.note(tx, now, person.id, "login", details={"by": by}, address=origin.address)


def _note_refused(tx: Transaction, login: str, origin: Origin, now: datetime) -> None:
    audit.note(tx, now, None, audit.LOGIN_REFUSED, login[:64], address=origin.address)


def _make_token(tx: Transaction, new: NewSession) -> None:
    sessions.start(tx, new)
    audit.note(tx, new.created_at, new.person_id, "token made", new.label or "")


def _set_password(
    tx: Transaction, person: Person, hashed: str, keep_session: int, origin: Origin, now: datetime
) -> None:
    people.change(tx, person.id, {"password_hash": hashed})
    sessions.end_others(tx, person.id, keep_session)
    login_tries.forget(tx, person.login, origin.address)
    audit.note(tx, now, person.id, "password changed", address=origin.address)


def _clear_stale(tx: Transaction, now: datetime) -> None:
    sessions.end_stale(tx, now)
    login_tries.end_stale(tx, now)


def _find(
    tx: Transaction, token_hash: str, kind: SessionKind, now: datetime, seen_after: datetime
) -> LoggedIn | None:
    found = sessions.find(tx, token_hash, kind, now=now, seen_after=seen_after)
    if found is None:
        return None
    person, session = found
    if kind is SessionKind.API:
        # Scripts see no menu, and have no phone to look at.
        return LoggedIn(person, session)
    # A head sees every place.
    places = places_on(tx) if person.role is Role.SELLER else frozenset(SellerPlace)
    return LoggedIn(person, session, places, _must_enrol(tx, person))


def _must_enrol(tx: Transaction, person: Person) -> bool:
    if person.role is Role.SELLER and not person.is_admin:
        return False
    return entry_rules.get(tx).wants_code_of(person) and not second_factors.is_on(tx, person.id)
