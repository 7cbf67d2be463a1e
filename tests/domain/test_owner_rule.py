"""Why this seller: every rule is a sentence, in any language, and an unknown one breaks no page."""

from __future__ import annotations

import pytest

from pbx_crm.domain import owner_rule
from pbx_crm.domain.owner_rule import WHAT_HAPPENED, WHO_TAKES_IT, in_words

VALUES = {
    "rang": ["101", "102"],
    "by": "102",
    "first": "101",
    "after": 8,
    "deals": 3,
    "rule": "bank",
    "line": "Ads",
    "name": "After a real talk",
    "host": "hooks.example",
    "outcome": "Agreed",
    "form": "Front page",
    "question": "How much?",
    "page": "https://example.com",
    "marks": "utm_source=ads",
    "message": "Your appointment",
    "stage": "Offer",
    "hours": 9,
    "day": "2026-12-01",
}


@pytest.mark.parametrize("rule_id", WHAT_HAPPENED)
def test_every_rule_can_be_said(rule_id: str) -> None:
    words = in_words({"id": rule_id, **VALUES})
    assert words
    assert "%" not in words


@pytest.mark.parametrize("step", WHO_TAKES_IT)
def test_every_step_of_a_missed_policy_can_be_said(step: str) -> None:
    words = in_words({"id": "missed", "step": step, **VALUES})
    assert words.startswith("nobody answered; ")
    assert "%" not in words


def test_lists_are_read_as_lists() -> None:
    assert in_words({"id": "rang_answered", **VALUES}) == "rang 101, 102; 102 answered after 8 s"


def test_each_clause_is_translated_for_itself() -> None:
    words = in_words({"id": "missed", "step": "head"}, gettext=str.upper)
    assert words == "NOBODY ANSWERED; THE HEAD TAKES IT"


@pytest.mark.parametrize("rule", [{}, {"id": "of a later version"}, {"from": 1, "to": 2}])
def test_what_is_not_decided_yet_says_nothing(rule: dict[str, object]) -> None:
    assert in_words(rule) == ""
    assert owner_rule.sentence(rule) is None


def test_a_number_with_a_percent_sign_spoils_no_sentence() -> None:
    assert in_words({"id": "skipped", "rule": "100 %s"}) == "skipped by the rule 100 %s"
