"""A call belongs to the line that knows it most exactly; calls that are no business are recognised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbx_crm.domain.call import Call
from pbx_crm.domain.line import Line, MatchKind, SkipKind, SkipRule, line_of, skip_rule_of
from tests.stories import Story

CALL = Story.incoming("79161234567", did="74951230001", trunk="PJSIP/Trunk-Main", queue="600").call
ANY = Line(1, "main", "Everything")
BY_QUEUE = Line(2, "main", "Queue", MatchKind.QUEUE, "600")
BY_TRUNK = Line(3, "main", "Trunk", MatchKind.TRUNK, "trunk-main")
BY_DID = Line(4, "main", "Number", MatchKind.DID, "+7 (495) 123-00-01")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([ANY, BY_QUEUE, BY_TRUNK, BY_DID], BY_DID),
        ([BY_QUEUE, ANY, BY_TRUNK], BY_TRUNK),
        ([BY_QUEUE, ANY], BY_QUEUE),
        ([ANY], ANY),
    ],
)
def test_the_most_exact_line_takes_the_call(lines: list[Line], expected: Line) -> None:
    assert line_of(CALL, lines, "main") is expected


def test_a_call_no_line_is_made_for_is_treated_by_the_defaults() -> None:
    line = line_of(CALL, [replace(BY_DID, match_value="74951230002")], "main")
    assert (line.id, line.pbx) == (None, "main")


def test_a_line_of_another_pbx_takes_nothing() -> None:
    assert line_of(CALL, [BY_DID], "branch").id is None


@pytest.mark.parametrize(
    ("did", "value", "taken"),
    [
        ("74951230001", "74951230001", True),
        ("+74951230001", "7 495 123 00 01", True),
        ("company-account", "Company-Account", True),  # a provider that sends no number
        ("74951230002", "74951230001", False),
        ("s", "", False),
    ],
)
def test_a_number_is_the_same_however_it_is_written(did: str, value: str, taken: bool) -> None:
    line = replace(BY_DID, match_value=value)
    assert line.takes(replace(CALL, did=did)) is taken


def test_an_outgoing_call_has_no_number_it_came_in_by() -> None:
    call = Story.outgoing("79161234567").call
    assert not BY_DID.takes(call)
    assert BY_TRUNK.takes(call)


def skipped(rule: SkipRule, call: Call, e164: str | None = "+79161234567") -> bool:
    return skip_rule_of(call, [rule], e164) is not None


@pytest.mark.parametrize(
    ("kind", "value", "is_skipped"),
    [
        (SkipKind.NUMBER, "+79161234567", True),
        (SkipKind.NUMBER, "7 916 123 45 67", True),
        (SkipKind.NUMBER, "1234567", False),  # never by last digits alone
        (SkipKind.PREFIX, "+7916", True),
        (SkipKind.PREFIX, "916", False),
        (SkipKind.TRUNK, "trunk-main", True),
        (SkipKind.TRUNK, "trunk", False),
        (SkipKind.NUMBER, "", False),
        (SkipKind.PREFIX, "", False),
    ],
)
def test_a_rule_means_what_it_says(kind: SkipKind, value: str, is_skipped: bool) -> None:
    assert skipped(SkipRule("rule", kind, value), CALL) is is_skipped


def test_a_withheld_number_meets_no_rule_about_numbers() -> None:
    call = replace(CALL, external_number=None)
    assert not skipped(SkipRule("all of Moscow", SkipKind.PREFIX, "7"), call, None)


def test_the_number_is_known_also_as_the_pbx_wrote_it() -> None:
    call = replace(CALL, external_number="101")
    assert skipped(SkipRule("the other office", SkipKind.PREFIX, "1"), call, None)
