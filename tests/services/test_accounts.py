"""Logging in: the right people get in, nobody else learns anything."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from pbx_crm.db import login_tries
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import audit, sessions
from pbx_crm.domain.errors import BadInput, NotAllowed, WrongLogin
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.session import Origin, SessionKind
from pbx_crm.services.accounts import IDLE, LONGEST, TOKEN_LIFE, Accounts
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.own_password import TOO_MANY_TRIES
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.staff import PersonForm, Staff
from tests.builders import person
from tests.turned_clock import TurnedClock

HOME = Origin("192.0.2.7", "Firefox")
OFFICE = Origin("192.0.2.8", "Chromium")
PASSWORD = "correct horse"


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def accounts(database: Database, clock: TurnedClock, passwords: Passwords) -> Accounts:
    return Accounts(database, LiveFeed(), clock, passwords)


@pytest.fixture
def staff(database: Database, clock: TurnedClock, passwords: Passwords) -> Staff:
    return Staff(database, LiveFeed(), clock, passwords)


@pytest.fixture
async def anna(staff: Staff) -> Person:
    return await staff.get(await staff.add(None, PersonForm("Anna", "Anna", Role.SELLER), PASSWORD))


async def logged_in(accounts: Accounts, login: str, password: str, origin: Origin) -> str:
    """The token of a new session."""
    return (await accounts.log_in(login, password, origin)).token


async def is_in(accounts: Accounts, token: str) -> bool:
    return await accounts.who_is(token, SessionKind.WEB) is not None


async def test_anna_logs_in_however_she_writes_her_name(accounts: Accounts, anna: Person) -> None:
    token = await logged_in(accounts, " ANNA ", PASSWORD, HOME)
    found = await accounts.who_is(token, SessionKind.WEB)
    assert found is not None
    assert found.person == anna


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    accounts: Accounts, anna: Person
) -> None:
    answers = []
    for login in ("anna", "nobody"):
        with pytest.raises(WrongLogin) as refused:
            await logged_in(accounts, login, "wrong", HOME)
        answers.append((str(refused.value), refused.value.details))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("login", ["anna", "nobody"])
async def test_an_unknown_name_costs_the_same_work_as_a_known_one(
    accounts: Accounts, anna: Person, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    checked: list[str] = []

    def check(_: Passwords, stored: str, __: str) -> bool:
        checked.append(stored.rpartition("$")[0].rpartition("$")[0])
        return False

    monkeypatch.setattr(Passwords, "_check", check)
    with pytest.raises(WrongLogin):
        await logged_in(accounts, login, "guess", HOME)
    assert checked == ["$argon2id$v=19$m=8,t=1,p=1"], "the cost of everybody's passwords here"


async def test_whoever_steals_the_hashes_pays_for_every_guess() -> None:
    passwords = Passwords()
    assert (await passwords.hash(PASSWORD)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords.close()


async def test_a_person_without_a_password_cannot_log_in(accounts: Accounts, database: Database) -> None:
    await database.write(person, "Clara")
    with pytest.raises(WrongLogin):
        await logged_in(accounts, "clara", "", HOME)


async def test_the_token_itself_is_not_stored(accounts: Accounts, anna: Person, database: Database) -> None:
    token = await logged_in(accounts, "anna", PASSWORD, HOME)
    rows = await database.read(lambda tx: tx.execute(sessions.select()).all())
    assert token not in repr(rows)


@pytest.mark.thorough
async def test_of_a_thousand_guesses_at_most_twenty_are_looked_at(
    accounts: Accounts, anna: Person, clock: TurnedClock, database: Database
) -> None:
    for _ in range(1000):
        with pytest.raises(WrongLogin):
            await logged_in(accounts, "anna", "guess", HOME)
        clock.go_on(timedelta(seconds=1))
    looked_at = await database.read(
        lambda tx: len(tx.execute(audit.select().where(audit.c.act == "login refused")).all())
    )
    assert 3 <= looked_at <= 20


async def test_guesses_sent_all_at_once_are_not_all_looked_at(
    accounts: Accounts, anna: Person, database: Database
) -> None:
    tries = [logged_in(accounts, "anna", "guess", HOME) for _ in range(30)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert all(isinstance(answer, WrongLogin) for answer in answers)
    assert sum(answer.wait_seconds == 0 for answer in answers if isinstance(answer, WrongLogin)) <= 3


async def test_the_wait_is_told_and_the_right_password_works_after_it(
    accounts: Accounts, anna: Person, clock: TurnedClock
) -> None:
    for _ in range(login_tries.FREE_TRIES):
        with pytest.raises(WrongLogin):
            await logged_in(accounts, "anna", "guess", HOME)
    with pytest.raises(WrongLogin) as refused:
        await logged_in(accounts, "anna", PASSWORD, HOME)
    assert refused.value.wait_seconds == 2
    assert await logged_in(accounts, "anna", PASSWORD, OFFICE), "another address does not wait"
    clock.go_on(timedelta(seconds=2))
    assert await logged_in(accounts, "anna", PASSWORD, HOME)


@pytest.mark.thorough
async def test_a_name_guessed_from_a_thousand_addresses_is_looked_at_twenty_times_at_most(
    accounts: Accounts, anna: Person
) -> None:
    looked_at = 0
    for number in range(300):
        with pytest.raises(WrongLogin) as refused:
            await logged_in(accounts, "anna", "guess", Origin(f"198.51.{number // 250}.{number % 250}"))
        looked_at += refused.value.wait_seconds == 0
    assert login_tries.FREE_TRIES < looked_at <= 20


async def test_who_guesses_from_elsewhere_does_not_shut_anna_out_where_she_is_logged_in(
    accounts: Accounts, anna: Person
) -> None:
    await logged_in(accounts, "anna", PASSWORD, HOME)
    for number in range(login_tries.FREE_TRIES_EVERYWHERE + 1):
        with pytest.raises(WrongLogin) as refused:
            await logged_in(accounts, "anna", "guess", Origin(f"198.51.100.{number}"))
    assert refused.value.wait_seconds > 0
    assert await logged_in(accounts, "anna", PASSWORD, HOME)


async def test_a_name_longer_than_any_is_a_wrong_name_on_every_database(accounts: Accounts) -> None:
    with pytest.raises(WrongLogin):
        await logged_in(accounts, "a" * 3000, "guess", HOME)


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    seconds = [login_tries.wait_after(failures).total_seconds() for failures in range(20)]
    assert seconds[:7] == [0, 0, 0, 2, 4, 8, 16]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 900


async def test_a_disabled_person_is_out_at_once_and_stays_out(
    accounts: Accounts, staff: Staff, anna: Person
) -> None:
    token = await logged_in(accounts, "anna", PASSWORD, HOME)
    script = await accounts.make_token(anna, "dialler")
    await staff.set_active(None, anna.id, active=False)
    assert not await is_in(accounts, token)
    assert await accounts.who_is(script, SessionKind.API) is None
    with pytest.raises(WrongLogin):
        await logged_in(accounts, "anna", PASSWORD, HOME)


async def test_other_rights_end_the_sessions_that_hold_the_old_ones(
    accounts: Accounts, staff: Staff, anna: Person
) -> None:
    token = await logged_in(accounts, "anna", PASSWORD, HOME)
    await staff.change(None, anna.id, PersonForm("anna", "Anna B.", Role.SELLER))
    assert await is_in(accounts, token), "a new name is no reason to log in again"
    await staff.change(None, anna.id, PersonForm("anna", "Anna B.", Role.HEAD))
    assert not await is_in(accounts, token)


async def test_a_new_password_logs_the_other_browsers_out(accounts: Accounts, anna: Person) -> None:
    at_home = await logged_in(accounts, "anna", PASSWORD, HOME)
    at_work = await logged_in(accounts, "anna", PASSWORD, OFFICE)
    here = await accounts.who_is(at_work, SessionKind.WEB)
    assert here is not None
    with pytest.raises(BadInput) as refused:
        await accounts.change_password(anna, "not it", "battery staple", keep=here.session, origin=OFFICE)
    assert set(refused.value.reasons) == {"old_password"}
    await accounts.change_password(anna, PASSWORD, "battery staple", keep=here.session, origin=OFFICE)
    assert not await is_in(accounts, at_home)
    assert await is_in(accounts, at_work)
    assert await logged_in(accounts, "anna", "battery staple", HOME)


async def test_who_finds_a_browser_open_guesses_the_password_no_faster_than_at_the_log_in(
    accounts: Accounts, anna: Person, clock: TurnedClock
) -> None:
    here = await accounts.who_is(await logged_in(accounts, "anna", PASSWORD, OFFICE), SessionKind.WEB)
    assert here is not None

    async def guess(password: str) -> str:
        with pytest.raises(BadInput) as refused:
            await accounts.change_password(anna, password, "battery staple", keep=here.session, origin=OFFICE)
        return refused.value.reasons["old_password"]

    assert {await guess(f"guess {n}") for n in range(3)} == {"This is not your password."}
    assert await guess(PASSWORD) == TOO_MANY_TRIES, "not even the right one is looked at"
    clock.go_on(timedelta(minutes=1))
    await accounts.change_password(anna, PASSWORD, "battery staple", keep=here.session, origin=OFFICE)
    assert await logged_in(accounts, "anna", "battery staple", OFFICE), "who knows it starts anew"


async def test_a_session_ends_when_left_alone_and_at_the_latest_after_a_month(
    accounts: Accounts, anna: Person, clock: TurnedClock
) -> None:
    left_alone = await logged_in(accounts, "anna", PASSWORD, HOME)
    used = await logged_in(accounts, "anna", PASSWORD, OFFICE)
    day = timedelta(days=1)
    for _ in range(LONGEST // day - 1):
        clock.go_on(day)
        assert await is_in(accounts, used)
    assert clock.now - IDLE > TurnedClock().now
    assert not await is_in(accounts, left_alone)
    clock.go_on(day)
    assert not await is_in(accounts, used)


@pytest.mark.parametrize("lasts", [IDLE, LONGEST])
async def test_a_session_is_over_at_the_moment_it_ends(
    accounts: Accounts, anna: Person, clock: TurnedClock, lasts: timedelta
) -> None:
    token = await logged_in(accounts, "anna", PASSWORD, HOME)
    ends, instant = clock.now + lasts, timedelta(microseconds=1)
    while clock.now + IDLE <= ends - instant:
        clock.go_on(IDLE - instant)
        assert await is_in(accounts, token)
    clock.now = ends
    assert not await is_in(accounts, token)


async def test_a_scripts_token_lives_a_year_used_or_not_and_is_listed_no_longer(
    accounts: Accounts, anna: Person, clock: TurnedClock
) -> None:
    token, idle = [await accounts.make_token(anna, name) for name in ("dialler", "left alone")]
    clock.go_on(TOKEN_LIFE - timedelta(microseconds=1))
    assert await accounts.who_is(token, SessionKind.API)
    assert await accounts.who_is(idle, SessionKind.API)
    assert len(await accounts.sessions_of(anna, SessionKind.API)) == 2
    clock.go_on(timedelta(microseconds=1))
    assert await accounts.who_is(token, SessionKind.API) is None
    assert await accounts.sessions_of(anna, SessionKind.API) == []


async def test_what_has_expired_is_thrown_away_and_what_lives_is_kept(
    accounts: Accounts, anna: Person, clock: TurnedClock, database: Database
) -> None:
    def kept(tx: Transaction) -> list[str]:
        return sorted(tx.execute(select(sessions.c.kind)).scalars())

    await logged_in(accounts, "anna", PASSWORD, HOME)
    await accounts.make_token(anna, "dialler")
    clock.go_on(LONGEST - timedelta(microseconds=1))
    await accounts.clear_stale()
    assert await database.read(kept) == ["api", "web"]
    clock.go_on(timedelta(microseconds=1))
    await accounts.clear_stale()
    assert await database.read(kept) == ["api"]


async def test_a_person_sets_what_is_theirs_to_set_and_nothing_else(
    accounts: Accounts, staff: Staff, anna: Person
) -> None:
    await accounts.change_own(anna, {"time_zone": "Asia/Omsk", "role": "head", "name": "Olga"})
    changed = await staff.get(anna.id)
    assert (changed.time_zone, changed.role, changed.name) == ("Asia/Omsk", Role.SELLER, "Anna")
    with pytest.raises(BadInput) as refused:
        await accounts.change_own(anna, {"time_zone": "Asia/Atlantis", "language": "ru"})
    assert set(refused.value.reasons) == {"time_zone"}
    assert (await staff.get(anna.id)).language is None
    await accounts.change_own(anna, {"time_zone": None})
    assert (await staff.get(anna.id)).time_zone is None


@pytest.mark.parametrize("label", ["", "  "])
async def test_a_token_without_a_name_is_not_made(accounts: Accounts, anna: Person, label: str) -> None:
    with pytest.raises(BadInput) as refused:
        await accounts.make_token(anna, label)
    assert set(refused.value.reasons) == {"label"}
    assert await accounts.sessions_of(anna, SessionKind.API) == []


async def test_a_browsers_token_is_no_api_token(accounts: Accounts, anna: Person) -> None:
    token = await logged_in(accounts, "anna", PASSWORD, HOME)
    assert await accounts.who_is(token, SessionKind.API) is None


async def test_a_token_can_be_taken_back_by_its_owner_only(
    accounts: Accounts, staff: Staff, anna: Person
) -> None:
    boris = await staff.get(await staff.add(None, PersonForm("boris", "Boris", Role.SELLER), PASSWORD))
    token = await accounts.make_token(anna, "dialler")
    (kept,) = await accounts.sessions_of(anna, SessionKind.API)
    await accounts.end_session(boris, kept.id)
    assert await accounts.who_is(token, SessionKind.API)
    await accounts.end_session(anna, kept.id)
    assert await accounts.who_is(token, SessionKind.API) is None


@pytest.mark.parametrize("password", ["short", "ANNA-anna", "x" * 201])
async def test_a_password_nobody_should_use_is_refused_with_the_reason(staff: Staff, password: str) -> None:
    with pytest.raises(BadInput) as refused:
        await staff.add(None, PersonForm("anna-anna", "Anna", Role.SELLER), password)
    assert set(refused.value.reasons) == {"password"}


async def test_a_taken_log_in_name_is_named(staff: Staff, anna: Person) -> None:
    with pytest.raises(BadInput) as refused:
        await staff.add(None, PersonForm("Anna", "Another", Role.SELLER), PASSWORD)
    assert set(refused.value.reasons) == {"login"}
    boris = await staff.add(None, PersonForm("boris", "Boris", Role.SELLER), PASSWORD)
    with pytest.raises(BadInput):
        await staff.change(None, boris, PersonForm("anna", "Boris", Role.SELLER))


async def test_a_head_does_not_become_admin_by_way_of_another_account(staff: Staff, anna: Person) -> None:
    head = await staff.get(await staff.add(None, PersonForm("olga", "Olga", Role.HEAD), PASSWORD))
    admin = await staff.add(None, PersonForm("root", "Root", Role.NONE, is_admin=True), PASSWORD)
    with pytest.raises(NotAllowed):
        await staff.change(head, anna.id, PersonForm("anna", "Anna", Role.SELLER, is_admin=True))
    with pytest.raises(NotAllowed):
        await staff.set_password(head, admin, "battery staple")
    with pytest.raises(NotAllowed):
        await staff.add(head, PersonForm("spare", "Spare", Role.SELLER, is_admin=True), PASSWORD)
    with pytest.raises(NotAllowed):
        await staff.change(head, head.id, PersonForm("olga", "Olga", Role.SELLER))


async def test_an_admin_does_not_come_to_see_clients_by_way_of_another_account(
    staff: Staff, anna: Person
) -> None:
    admin = await staff.get(
        await staff.add(None, PersonForm("root", "Root", Role.NONE, is_admin=True), PASSWORD)
    )
    head = await staff.add(None, PersonForm("olga", "Olga", Role.HEAD), PASSWORD)
    with pytest.raises(NotAllowed):
        await staff.add(admin, PersonForm("spare", "Spare", Role.HEAD), PASSWORD)
    with pytest.raises(NotAllowed):
        await staff.change(admin, anna.id, PersonForm("anna", "Anna", Role.HEAD))
    with pytest.raises(NotAllowed):
        await staff.change(admin, head, PersonForm("olga", "Olga", Role.SELLER))
    with pytest.raises(NotAllowed):
        await staff.set_password(admin, head, "battery staple")
    with pytest.raises(NotAllowed):
        await staff.set_active(admin, head, active=False)
    await staff.change(admin, anna.id, PersonForm("anna", "Anna B.", Role.SELLER))


async def test_a_head_does_not_rename_an_admin(staff: Staff) -> None:
    head = await staff.get(await staff.add(None, PersonForm("olga", "Olga", Role.HEAD), PASSWORD))
    form = PersonForm("root", "Root", Role.NONE, is_admin=True)
    admin = await staff.add(None, form, PASSWORD)
    with pytest.raises(NotAllowed):
        await staff.change(head, admin, PersonForm("somebody", "Root", Role.NONE, is_admin=True))
    await staff.change(head, head.id, PersonForm("olga", "Olga B.", Role.HEAD))


async def test_what_was_done_to_accounts_is_written_down_without_passwords(
    accounts: Accounts, staff: Staff, anna: Person, database: Database
) -> None:
    await logged_in(accounts, "anna", PASSWORD, HOME)
    await staff.set_password(None, anna.id, "battery staple")
    await staff.link(None, "office", "101", anna.id)
    rows = await database.read(lambda tx: tx.execute(audit.select().order_by(audit.c.id)).all())
    assert [row.act for row in rows] == ["person added", "login", "password reset", "extension linked"]
    assert "argon2" not in repr(rows)
    assert "battery" not in repr(rows)
