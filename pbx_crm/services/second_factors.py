"""The second factor of a person's log-in: switched on with a code, asked for, switched off, reset."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp

from pbx_crm.db import audit, entry_rules, login_tries, second_factors, sessions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput, Conflict, NotLoggedIn, WrongLogin
from pbx_crm.domain.person import Person
from pbx_crm.domain.second_factor import (
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    RECOVERY_LETTERS,
    FactorState,
    in_groups,
    is_code,
    plain,
    steps_at,
)
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.session import Origin, Session, SessionKind
from pbx_crm.services.accounts import STEP_LIFE, hash_of, open_session
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.own_password import OwnPassword
from pbx_crm.services.passwords import Passwords

ISSUER = "pbx_crm"
"""What the authenticator app writes over the code."""
WRONG_CODE = N_("This code is wrong, or was used already. Wait for the next one.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the authenticator app is given, until its first code comes back."""

    secret: str = field(repr=False)
    """Base32, for those who type it."""
    address: str = field(repr=False)
    """`otpauth://…`, for those who scan it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a person shows before their second factor is changed."""

    password: str = field(repr=False)
    code: str = field(repr=False)


class SecondFactors:
    """A person switches on and off their own; heads and admins only reset somebody else's."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._own = OwnPassword(database, clock, passwords)

    async def state(self, viewer: Person) -> FactorState:
        """Whether the viewer has one, and how many recovery codes are left."""
        return await self._database.read(_state, viewer)

    async def begin(self, viewer: Person) -> None:
        """Makes a new secret, which asks for nothing until it is confirmed; Conflict if one is on."""
        made = await self._database.write(
            second_factors.begin, viewer.id, pyotp.random_base32(), self._clock()
        )
        if not made:
            raise Conflict(N_("Your second factor is on already."))

    async def enrolment(self, viewer: Person) -> Enrolment | None:
        """What was begun and is not confirmed yet."""
        found = await self._database.read(second_factors.of_person, viewer.id)
        if found is None or found.confirmed_at is not None:
            return None
        address = pyotp.TOTP(found.secret).provisioning_uri(name=viewer.login, issuer_name=ISSUER)
        return Enrolment(found.secret, address)

    async def confirm(
        self, viewer: Person, proof: Proof, *, keep: Session, origin: Origin
    ) -> tuple[str, ...]:
        """Switches it on and ends the viewer's other browser sessions; recovery codes, readable this once.

        BadInput says whether the password or the code is wrong.
        """
        await self._own.require(viewer, proof.password, origin, field="password")
        codes = _new_codes()
        now = self._clock()
        if not await self._database.write(_confirm, viewer, proof.code, codes, keep.id, origin, now):
            raise BadInput(reasons={"code": WRONG_CODE})
        self._live.look_again(viewer.id)
        return tuple(map(in_groups, codes))

    async def renew_codes(self, viewer: Person, proof: Proof, origin: Origin) -> tuple[str, ...]:
        """New recovery codes, readable this once; those before are worth nothing. BadInput as `confirm`."""
        await self._own.require(viewer, proof.password, origin, field="password")
        codes = _new_codes()
        if not await self._database.write(_renew, viewer, proof.code, codes, origin, self._clock()):
            raise BadInput(reasons={"code": WRONG_CODE})
        return tuple(map(in_groups, codes))

    async def switch_off(self, viewer: Person, proof: Proof, origin: Origin) -> None:
        """The viewer's log-in asks for the password alone again; BadInput as `confirm`."""
        await self._own.require(viewer, proof.password, origin, field="password")
        if not await self._database.write(_switch_off, viewer, proof.code, origin, self._clock()):
            raise BadInput(reasons={"code": WRONG_CODE})

    async def enter(self, half: str, typed: str, origin: Origin) -> str:
        """The token of a whole session for that of half a log-in and a code; the tries are those of a log-in.

        NotLoggedIn where the half is not known or too old, WrongLogin for a wrong code.
        """
        now = self._clock()
        seen_after = now - STEP_LIFE
        kind = SessionKind.STEP
        found = await self._database.read(sessions.find, hash_of(half), kind, now=now, seen_after=seen_after)
        if found is None:
            raise NotLoggedIn
        person, step = found
        wait = await self._database.write(login_tries.take_try, person.login, origin.address, now)
        if wait > timedelta(0):
            raise WrongLogin(wait_seconds=-(-wait // timedelta(seconds=1)))
        token = secrets.token_urlsafe(32)
        if not await self._database.write(_enter, person, step, typed, token, origin, now):
            raise WrongLogin
        return token


def _new_codes() -> list[str]:
    # Eighty random bits each: as with tokens, a fast hash is enough.
    return [
        "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]


def _state(tx: Transaction, viewer: Person) -> FactorState:
    found = second_factors.of_person(tx, viewer.id)
    since = found.confirmed_at if found else None
    is_wanted = entry_rules.get(tx).wants_code_of(viewer)
    return FactorState(since, second_factors.codes_left(tx, viewer.id), is_wanted)


def _take(tx: Transaction, person_id: int, typed: str, now: datetime, *, confirmed: bool = True) -> str:
    """What the typed code was, in the audit's words, now used up; empty if it is worth nothing."""
    written = plain(typed)
    if not is_code(written):
        is_right = second_factors.take_code(tx, person_id, hash_of(written), now)
        return "recovery code" if is_right else ""
    found = second_factors.of_person(tx, person_id)
    if found is None or (found.confirmed_at is not None) is not confirmed:
        return ""
    made = pyotp.HOTP(found.secret)
    step = next((one for one in steps_at(now) if hmac.compare_digest(made.at(one), written)), None)
    return "code" if step is not None and second_factors.take_step(tx, person_id, step) else ""


def _confirm(
    tx: Transaction,
    viewer: Person,
    typed: str,
    codes: list[str],
    keep_session: int,
    origin: Origin,
    now: datetime,
) -> bool:
    if not _take(tx, viewer.id, typed, now, confirmed=False):
        return False
    second_factors.confirm(tx, viewer.id, now)
    second_factors.put_codes(tx, viewer.id, map(hash_of, codes))
    # They were logged in by the password alone.
    sessions.end_others(tx, viewer.id, keep_session)
    _note_own(tx, viewer, "second factor on", origin, now)
    return True


def _renew(
    tx: Transaction, viewer: Person, typed: str, codes: list[str], origin: Origin, now: datetime
) -> bool:
    if not _take(tx, viewer.id, typed, now):
        return False
    second_factors.put_codes(tx, viewer.id, map(hash_of, codes))
    _note_own(tx, viewer, "recovery codes made", origin, now)
    return True


def _switch_off(tx: Transaction, viewer: Person, typed: str, origin: Origin, now: datetime) -> bool:
    if not _take(tx, viewer.id, typed, now):
        return False
    second_factors.drop(tx, viewer.id)
    _note_own(tx, viewer, "second factor off", origin, now)
    return True


def _note_own(tx: Transaction, viewer: Person, act: str, origin: Origin, now: datetime) -> None:
    login_tries.forget(tx, viewer.login, origin.address)
    audit.note(tx, now, viewer.id, act, address=origin.address)


def _enter(
    tx: Transaction,
    person: Person,
    step: Session,
    typed: str,
    token: str,
    origin: Origin,
    now: datetime,
) -> bool:
    by = _take(tx, person.id, typed, now)
    if not by:
        audit.note(tx, now, person.id, audit.CODE_REFUSED, address=origin.address)
        return False
    sessions.end_one(tx, person.id, step.id)
    open_session(tx, person, token, origin, now, by)
    return True
