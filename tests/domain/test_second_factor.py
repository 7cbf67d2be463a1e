"""Codes as people type them, and for how long one is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx_crm.domain.entry_rules import EntryRules
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.second_factor import STEP_SECONDS, in_groups, is_code, plain, steps_at

BEGINS = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("۱۲۳۴۵۶", "123456"),
        ("123\u00a0456", "123456"),
        ("abcd-efgh-jklm-npqr", "ABCDEFGHJKLMNPQR"),
        ("ABCD–EFGH–JKLM–NPQR", "ABCDEFGHJKLMNPQR"),
    ],
)
def test_a_code_is_the_same_however_it_is_typed(typed: str, meant: str) -> None:
    assert plain(typed) == meant


@pytest.mark.parametrize("written", ["", "12345", "1234567", "12345A", "²23456"])
def test_only_six_digits_are_a_code_of_the_app(written: str) -> None:
    assert is_code("123456")
    assert not is_code(written)


@pytest.mark.parametrize("seconds", [0, STEP_SECONDS - 1])
def test_a_phone_may_be_half_a_minute_ahead_or_behind(seconds: int) -> None:
    step = int(BEGINS.timestamp()) // STEP_SECONDS
    assert list(steps_at(BEGINS + timedelta(seconds=seconds))) == [step - 1, step, step + 1]


def test_a_recovery_code_can_be_read_from_paper() -> None:
    assert in_groups("ABCDEFGHJKLMNPQR") == "ABCD-EFGH-JKLM-NPQR"


@pytest.mark.parametrize(
    ("role", "is_admin", "wanted"),
    [
        (Role.HEAD, False, True),
        (Role.NONE, True, True),
        (Role.SELLER, True, True),
        (Role.SELLER, False, False),
    ],
)
def test_the_company_may_want_a_second_factor_of_heads_and_admins(
    role: Role, is_admin: bool, wanted: bool
) -> None:
    person = Person(1, "anna", "Anna", role, is_admin)
    assert EntryRules(demands_code=True).wants_code_of(person) is wanted
    assert not EntryRules().wants_code_of(person)
