"""The second factor: a password alone lets nobody in, and a lost phone shuts nobody out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from pbx_crm.db import login_tries
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import audit, recovery_codes
from pbx_crm.domain.entry_rules import EntryRules
from pbx_crm.domain.errors import BadInput, Conflict, NotAllowed, NotLoggedIn, WrongLogin
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.second_factor import RECOVERY_CODES, STEP_SECONDS
from pbx_crm.domain.session import Origin, SessionKind
from pbx_crm.services.accounts import STEP_LIFE, Accounts, LoggedIn
from pbx_crm.services.entry_settings import EntrySettings
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.own_password import TOO_MANY_TRIES
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.second_factors import WRONG_CODE, Proof, SecondFactors
from pbx_crm.services.staff import PersonForm, Staff
from tests.turned_clock import TurnedClock

HOME = Origin("192.0.2.7", "Firefox")
OFFICE = Origin("192.0.2.8", "Chromium")
PASSWORD = "correct horse"
NEXT_CODE = timedelta(seconds=STEP_SECONDS)


@dataclass
class House:
    """The log-in of a company, and Anna, whose phone shows codes."""

    database: Database
    clock: TurnedClock
    accounts: Accounts
    staff: Staff
    factors: SecondFactors
    settings: EntrySettings
    anna: Person
    secret: str = ""

    def code(self, *, late_by: timedelta = timedelta(0)) -> str:
        """What Anna's phone shows now, or showed some time ago."""
        return pyotp.TOTP(self.secret).at(self.clock() - late_by)

    async def session(self, token: str) -> LoggedIn | None:
        """Whose browser this is."""
        return await self.accounts.who_is(token, SessionKind.WEB)

    async def whole(self) -> str:
        """A session of Anna's without a second factor."""
        found = await self.accounts.log_in("anna", PASSWORD, OFFICE)
        assert not found.wants_code
        return found.token

    async def half(self, origin: Origin = HOME) -> str:
        """Half a log-in: the password was right."""
        found = await self.accounts.log_in("anna", PASSWORD, origin)
        assert found.wants_code
        return found.token

    async def refused(self, half: str, typed: str, origin: Origin = HOME) -> WrongLogin:
        """How this code is refused."""
        with pytest.raises(WrongLogin) as refused:
            await self.factors.enter(half, typed, origin)
        return refused.value

    async def switch_on(self) -> tuple[str, ...]:
        """Anna sets her second factor up; her recovery codes. The code she confirmed with is used."""
        here = await self.session(await self.whole())
        assert here
        await self.factors.begin(self.anna)
        found = await self.factors.enrolment(self.anna)
        assert found
        self.secret = found.secret
        codes = await self.factors.confirm(
            self.anna, Proof(PASSWORD, self.code()), keep=here.session, origin=OFFICE
        )
        self.clock.go_on(NEXT_CODE)
        return codes

    async def noted(self) -> list[tuple[str, int | None]]:
        """What the audit says, and of whose doing, oldest first."""
        query = select(audit.c.act, audit.c.person_id).order_by(audit.c.id)
        return await self.database.read(lambda tx: [(row.act, row.person_id) for row in tx.execute(query)])


@pytest.fixture
async def house(database: Database, passwords: Passwords) -> House:
    clock, live = TurnedClock(), LiveFeed()
    staff = Staff(database, live, clock, passwords)
    anna = await staff.get(await staff.add(None, PersonForm("anna", "Anna", Role.SELLER), PASSWORD))
    accounts = Accounts(database, live, clock, passwords)
    factors = SecondFactors(database, live, clock, passwords)
    return House(database, clock, accounts, staff, factors, EntrySettings(database, clock), anna)


async def test_after_the_password_anna_types_the_code_of_her_phone(house: House) -> None:
    await house.switch_on()
    token = await house.factors.enter(await house.half(), house.code(), HOME)
    here = await house.session(token)
    assert here
    assert here.person == house.anna


async def test_half_a_log_in_opens_nothing(house: House) -> None:
    await house.switch_on()
    half = await house.half()
    assert await house.session(half) is None
    assert await house.accounts.who_is(half, SessionKind.API) is None


async def test_half_a_log_in_is_good_for_one_whole_one(house: House) -> None:
    await house.switch_on()
    half = await house.half()
    await house.factors.enter(half, house.code(), HOME)
    house.clock.go_on(NEXT_CODE)
    with pytest.raises(NotLoggedIn):
        await house.factors.enter(half, house.code(), HOME)


async def test_the_code_does_not_wait_for_ever(house: House) -> None:
    await house.switch_on()
    half = await house.half()
    house.clock.go_on(STEP_LIFE)
    with pytest.raises(NotLoggedIn):
        await house.factors.enter(half, house.code(), HOME)


@pytest.mark.parametrize("typed", ["", "000000", "ABCD-EFGH-JKLM-NPQR", "no code", "\udcff" * 6, "1" * 5000])
async def test_a_wrong_code_lets_nobody_in(house: House, typed: str) -> None:
    await house.switch_on()
    await house.refused(await house.half(), typed)


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_the_phones_clock_may_be_half_a_minute_off_and_no_more(
    house: House, steps: int, works: bool
) -> None:
    await house.switch_on()
    house.clock.go_on(5 * NEXT_CODE)
    half, code = await house.half(), house.code(late_by=steps * NEXT_CODE)
    if works:
        assert await house.factors.enter(half, code, HOME)
    else:
        await house.refused(half, code)


async def test_who_looks_over_annas_shoulder_cannot_use_her_code_again(house: House) -> None:
    await house.switch_on()
    code = house.code()
    await house.factors.enter(await house.half(), code, HOME)
    await house.refused(await house.half(OFFICE), code, OFFICE)


async def test_the_code_that_switched_it_on_is_used(house: House) -> None:
    await house.switch_on()
    await house.refused(await house.half(), house.code(late_by=NEXT_CODE))


async def test_a_code_sent_twice_at_once_lets_in_once(house: House) -> None:
    await house.switch_on()
    half, code = await house.half(), house.code()
    tries = [house.factors.enter(half, code, HOME) for _ in range(2)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, str) for answer in answers) == 1


async def test_each_recovery_code_works_once_without_the_phone(house: House) -> None:
    codes = await house.switch_on()
    assert len(set(codes)) == RECOVERY_CODES
    assert await house.factors.enter(await house.half(), codes[0].lower(), HOME)
    await house.refused(await house.half(), codes[0])
    assert (await house.factors.state(house.anna)).codes_left == RECOVERY_CODES - 1
    assert await house.factors.enter(await house.half(), codes[1], HOME)


async def test_recovery_codes_are_not_stored_readable(house: House) -> None:
    codes = await house.switch_on()
    rows = await house.database.read(lambda tx: tx.execute(recovery_codes.select()).all())
    assert len(rows) == RECOVERY_CODES
    assert not any(code.replace("-", "") in repr(rows) for code in codes)


@pytest.mark.thorough
async def test_who_knows_the_password_guesses_a_dozen_codes_in_a_quarter_of_an_hour(
    house: House,
) -> None:
    await house.switch_on()
    looked_at, half = 0, ""
    for number in range(200):
        # The right password wins no new tries.
        with suppress(WrongLogin):
            half = await house.half()
        with suppress(NotLoggedIn):
            looked_at += (await house.refused(half, f"{number:06}")).wait_seconds == 0
        house.clock.go_on(timedelta(seconds=5))
    assert login_tries.FREE_TRIES <= looked_at <= 12


async def test_codes_are_not_guessed_from_a_thousand_addresses_either(house: House) -> None:
    await house.switch_on()
    looked_at = 0
    for number in range(40):
        origin = Origin(f"198.51.100.{number}")
        try:
            half = await house.half(origin)
        except WrongLogin:
            continue
        looked_at += (await house.refused(half, "000000", origin)).wait_seconds == 0
    assert looked_at == login_tries.FREE_TRIES_EVERYWHERE


async def test_typing_the_password_right_costs_no_try(house: House) -> None:
    await house.switch_on()
    for _ in range(login_tries.FREE_TRIES + 2):
        half = await house.half()
    assert await house.factors.enter(half, house.code(), HOME)


async def test_a_refused_code_is_in_the_audit_with_whose_it_was(house: House) -> None:
    await house.switch_on()
    await house.refused(await house.half(), "000000")
    assert (await house.noted())[-1] == ("code refused", house.anna.id)


async def test_switching_on_logs_the_other_browsers_out_and_leaves_scripts_alone(house: House) -> None:
    elsewhere = await house.whole()
    script = await house.accounts.make_token(house.anna, "dialler")
    await house.switch_on()
    assert await house.session(elsewhere) is None
    assert await house.accounts.who_is(script, SessionKind.API)


async def test_what_was_begun_and_not_confirmed_asks_for_nothing(house: House) -> None:
    await house.factors.begin(house.anna)
    first = await house.factors.enrolment(house.anna)
    await house.factors.begin(house.anna)
    second = await house.factors.enrolment(house.anna)
    assert first != second, "who begins anew scans anew"
    assert await house.whole()
    assert (await house.factors.state(house.anna)).since is None


async def test_what_is_on_is_not_begun_over(house: House) -> None:
    await house.switch_on()
    with pytest.raises(Conflict):
        await house.factors.begin(house.anna)
    assert await house.factors.enrolment(house.anna) is None, "the key is not shown again"
    assert await house.factors.enter(await house.half(), house.code(), HOME)


async def test_a_code_typed_wrong_at_the_first_time_leaves_it_off(house: House) -> None:
    here = await house.session(await house.whole())
    assert here
    await house.factors.begin(house.anna)
    with pytest.raises(BadInput) as refused:
        await house.factors.confirm(house.anna, Proof(PASSWORD, "000000"), keep=here.session, origin=OFFICE)
    assert refused.value.reasons == {"code": WRONG_CODE}
    assert await house.whole()


async def test_switching_off_takes_the_password_and_a_code(house: House) -> None:
    await house.switch_on()
    for proof, field in ((Proof("guess", house.code()), "password"), (Proof(PASSWORD, "000000"), "code")):
        with pytest.raises(BadInput) as refused:
            await house.factors.switch_off(house.anna, proof, HOME)
        assert set(refused.value.reasons) == {field}
    await house.factors.switch_off(house.anna, Proof(PASSWORD, house.code()), HOME)
    assert await house.whole()
    assert (await house.noted())[-2][0] == "second factor off"


async def test_who_finds_the_browser_open_does_not_guess_codes_there(house: House) -> None:
    await house.switch_on()

    async def guess(code: str) -> dict[str, str]:
        with pytest.raises(BadInput) as refused:
            await house.factors.switch_off(house.anna, Proof(PASSWORD, code), HOME)
        return refused.value.reasons

    assert [await guess(f"00000{n}") for n in range(3)] == [{"code": WRONG_CODE}] * 3
    assert await guess(house.code()) == {"password": TOO_MANY_TRIES}


async def test_new_recovery_codes_make_the_old_ones_worthless(house: House) -> None:
    old = await house.switch_on()
    new = await house.factors.renew_codes(house.anna, Proof(PASSWORD, house.code()), HOME)
    await house.refused(await house.half(), old[0])
    assert await house.factors.enter(await house.half(), new[0], HOME)
    with pytest.raises(BadInput):
        await house.factors.renew_codes(house.anna, Proof(PASSWORD, "000000"), HOME)


async def test_a_head_resets_what_a_seller_lost_and_it_is_written_down(house: House) -> None:
    olga = await house.staff.get(await house.staff.add(None, PersonForm("olga", "Olga", Role.HEAD), PASSWORD))
    await house.switch_on()
    inside = await house.factors.enter(await house.half(), house.code(), HOME)
    half = await house.half(OFFICE)
    await house.staff.reset_second_factor(olga, house.anna.id)
    assert (await house.noted())[-1] == ("second factor reset", olga.id)
    assert await house.session(inside) is None
    with pytest.raises(NotLoggedIn):
        await house.factors.enter(half, house.code(), OFFICE)
    assert await house.whole()


async def test_nobody_resets_above_their_rights_or_their_own(house: House) -> None:
    def form(login: str, role: Role, is_admin: bool = False) -> PersonForm:
        return PersonForm(login, login.title(), role, is_admin)

    added = [form("olga", Role.HEAD), form("peter", Role.NONE, True)]
    olga, peter = [await house.staff.get(await house.staff.add(None, one, PASSWORD)) for one in added]
    for actor, whose in ((olga, peter), (peter, olga), (olga, olga)):
        with pytest.raises(NotAllowed):
            await house.staff.reset_second_factor(actor, whose.id)


async def test_a_new_password_ends_a_log_in_that_waits_for_its_code(house: House) -> None:
    await house.switch_on()
    here = await house.session(await house.factors.enter(await house.half(), house.code(), HOME))
    waiting = await house.half(OFFICE)
    assert here
    await house.accounts.change_password(
        house.anna, PASSWORD, "battery staple", keep=here.session, origin=HOME
    )
    house.clock.go_on(NEXT_CODE)
    with pytest.raises(NotLoggedIn):
        await house.factors.enter(waiting, house.code(), OFFICE)


async def test_refused_log_ins_are_kept_as_long_as_the_rules_say_and_the_rest_for_ever(house: House) -> None:
    await house.switch_on()
    await house.refused(await house.half(), "000000")
    with pytest.raises(WrongLogin):
        await house.accounts.log_in("anna", "guess", HOME)
    before = await house.noted()
    await house.settings.change(house.anna, EntryRules(refused_kept_days=30))
    house.clock.go_on(timedelta(days=30))
    assert await house.settings.forget_refused() == 0
    house.clock.go_on(timedelta(microseconds=1))
    assert await house.settings.forget_refused() == 2
    kept = [one for one in before if one[0] not in ("code refused", "login refused")]
    assert await house.noted() == [*kept, ("log-in rules changed", house.anna.id)]
