"""Two writers of one form: what stands together, what clashes, and that nobody's words are lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.deal_edit import (
    FIELD_NAMES,
    FieldChange,
    FieldsClash,
    differences,
    merged,
    tags_in,
    tags_written,
)

EMPTY = dict.fromkeys(FIELD_NAMES, "")


def test_what_only_one_of_them_touched_stands_beside_the_others_change() -> None:
    seen = {**EMPTY, "title": "Fibre", "source": "site"}
    stored = {**seen, "source": "radio"}
    typed = {**seen, "title": "Fibre for office"}
    assert merged(seen, typed, stored) == (FieldChange("title", "Fibre", "Fibre for office"),)


def test_a_field_both_changed_differently_is_asked_about_with_both_values() -> None:
    seen = {**EMPTY, "amount": "100"}
    with pytest.raises(FieldsClash) as refusal:
        merged(seen, {**seen, "amount": "300"}, {**seen, "amount": "200"})
    assert refusal.value.changes == (FieldChange("amount", "100", "200"),)
    assert refusal.value.changes[0].label == "Amount"


def test_both_typing_the_same_is_no_clash_and_no_second_change() -> None:
    seen = {**EMPTY, "title": "Fibre"}
    both = {**seen, "title": "Radio"}
    assert merged(seen, both, both) == ()


def test_a_field_the_form_does_not_have_is_left_alone() -> None:
    assert differences({**EMPTY, "tags": "vip"}, {"title": "Fibre"}) == (FieldChange("title", "", "Fibre"),)


TEXTS = st.sampled_from(["", "a", "b", "c"])
FORMS = st.fixed_dictionaries({name: TEXTS for name in ("title", "source", "amount")})


def whole(form: dict[str, str]) -> dict[str, str]:
    """The form with every field."""
    return {**EMPTY, **form}


@given(seen=FORMS, typed=FORMS, stored=FORMS)
def test_nothing_anybody_changed_is_lost_silently(
    seen: dict[str, str], typed: dict[str, str], stored: dict[str, str]
) -> None:
    try:
        changes = merged(whole(seen), whole(typed), whole(stored))
    except FieldsClash as clash:
        for one in clash.changes:
            assert stored[one.name] != seen[one.name] != typed[one.name]
        return
    result = {**stored, **{one.name: one.now for one in changes}}
    for name in seen:
        if typed[name] != seen[name]:
            assert result[name] == typed[name]
        else:
            assert result[name] == stored[name]


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("vip, fibre", ("vip", "fibre")),
        ("vip; VIP ,, ", ("VIP",)),
        ("два слова،فارسی", ("два слова", "فارسی")),
        ("  ", ()),
    ],
)
def test_tags_are_read_as_people_separate_them(typed: str, tags: tuple[str, ...]) -> None:
    assert tags_in(typed) == tags
    assert tags_in(tags_written(tags)) == tags
