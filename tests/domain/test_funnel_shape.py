"""The shape of a funnel: onward stays onward, calls keep their place, and no card changes its fate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import EMPTY, PRESETS, Funnel, Stage, StageKind, drawn
from pbx_crm.domain.funnel_shape import (
    ORDER,
    Shift,
    StageForm,
    StillNeeded,
    check_funnel_may_retire,
    check_may_retire,
    check_new_kind,
    checked,
    heir,
    heirs,
    in_order,
    neighbour,
    shifted,
)

KINDS = [StageKind.UNSORTED, StageKind.OPEN, StageKind.OPEN, StageKind.OPEN, StageKind.WON, StageKind.LOST]
NAMES = ["Unsorted", "New", "Offer", "Deal", "Won", "Lost"]


def funnel(*retired: str) -> Funnel:
    """Unsorted, three open stages, Won and Lost; some of them retired."""
    stages = tuple(
        Stage(number, 1, name, kind, number, 0, 10, is_retired=name in retired)
        for number, (name, kind) in enumerate(zip(NAMES, KINDS, strict=True))
    )
    return Funnel(1, "Sales", "EUR", stages)


def named(whole: Funnel, name: str) -> Stage:
    return next(stage for stage in whole.stages if stage.name == name)


def test_a_stage_changes_its_place_among_its_own_kind_only() -> None:
    whole = funnel()
    assert [stage.name for stage in shifted(whole, named(whole, "Offer"), Shift.UP)][1:3] == ["Offer", "New"]
    assert neighbour(whole, named(whole, "New"), Shift.UP) is None, "Unsorted stays first"
    assert neighbour(whole, named(whole, "Deal"), Shift.DOWN) is None, "Won stays behind the open stages"
    assert neighbour(whole, named(whole, "Won"), Shift.DOWN) is None, "Lost stays last"


def test_a_stage_jumps_over_a_retired_one() -> None:
    whole = funnel("Offer")
    row = shifted(whole, named(whole, "Deal"), Shift.UP)
    assert [stage.name for stage in row if not stage.is_retired] == ["Unsorted", "Deal", "New", "Won", "Lost"]
    assert neighbour(whole, named(whole, "Offer"), Shift.UP) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Shift)), max_size=12))
def test_no_row_of_shifts_mixes_the_kinds_or_loses_a_stage(shifts: list[tuple[int, Shift]]) -> None:
    whole = funnel("Offer")
    for stage_id, by in shifts:
        stage = whole.stage(stage_id)
        assert stage is not None
        row = shifted(whole, stage, by)
        places = [ORDER.index(one.kind) for one in row]
        assert places == sorted(places)
        assert sorted(one.id for one in row) == list(range(6))


@pytest.mark.parametrize(
    ("left", "choices"),
    [
        ("Offer", ["Unsorted", "New", "Deal"]),
        ("Won", []),
        ("Lost", []),
    ],
)
def test_cards_of_a_retired_stage_stay_as_open_as_they_were(left: str, choices: list[str]) -> None:
    whole = funnel()
    assert [stage.name for stage in heirs(whole, named(whole, left))] == choices


def test_cards_go_to_a_chosen_stage_in_use_and_nowhere_else() -> None:
    whole = funnel("New")
    offer = named(whole, "Offer")
    assert heir(whole, offer, named(whole, "Deal").id).name == "Deal"
    for wrong in ("Offer", "New", "Won"):
        with pytest.raises(BadInput):
            heir(whole, offer, named(whole, wrong).id)
    with pytest.raises(BadInput):
        heir(whole, offer, 99)


@pytest.mark.parametrize("name", ["Unsorted", "Won", "Lost"])
def test_a_funnel_keeps_its_unsorted_and_its_two_ends(name: str) -> None:
    whole = funnel()
    with pytest.raises(StillNeeded):
        check_may_retire(whole, named(whole, name))


def test_every_open_stage_may_go_and_a_second_unsorted_may_not_come() -> None:
    whole = funnel()
    check_may_retire(whole, named(whole, "New"))
    with pytest.raises(BadInput):
        check_new_kind(StageKind.UNSORTED)
    check_new_kind(StageKind.LOST)


def test_what_a_kind_forces_is_not_asked() -> None:
    form = StageForm("Signed", probability=40)
    assert checked(form, StageKind.WON).probability == 100
    assert checked(form, StageKind.LOST).probability == 0
    assert checked(form, StageKind.OPEN).probability == 40


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (StageForm(""), "name"),
        (StageForm("x" * 101), "name"),
        (StageForm("Offer", hue=8), "hue"),
        (StageForm("Offer", hue=-1), "hue"),
        (StageForm("Offer", probability=101), "probability"),
        (StageForm("Offer", idle_hours=0), "idle_hours"),
        (StageForm("Offer", idle_hours=9000), "idle_hours"),
        (StageForm("Offer", what_to_do="x" * 1001), "what_to_do"),
    ],
)
def test_a_slip_in_a_stage_is_named_by_its_field(form: StageForm, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked(form, StageKind.OPEN)
    assert list(refused.value.reasons) == [field]


def test_a_funnel_that_calls_or_cards_still_need_is_not_retired() -> None:
    with pytest.raises(StillNeeded) as refused:
        check_funnel_may_retire(["Radio", "Shop"], 3, 1)
    assert refused.value.details["lines"] == "Radio, Shop"
    with pytest.raises(StillNeeded) as refused:
        check_funnel_may_retire([], 3, 1)
    assert refused.value.details["count"] == 3
    with pytest.raises(StillNeeded):
        check_funnel_may_retire([], 0, 0)
    check_funnel_may_retire([], 0, 1)


@pytest.mark.parametrize("preset", [*PRESETS, EMPTY], ids=lambda preset: preset.key)
def test_every_ready_made_funnel_has_what_no_funnel_can_do_without(preset: object) -> None:
    whole = drawn(preset, "EUR", str.upper)  # type: ignore[arg-type]
    kinds = [stage.kind for stage in whole.stages]
    assert [kinds.count(kind) for kind in (StageKind.UNSORTED, StageKind.WON, StageKind.LOST)] == [1, 1, 1]
    assert list(whole.stages) == in_order(whole.stages)
    assert whole.loss_reasons, "Lost asks for a reason"
    assert whole.name.isupper(), "its words have a language"
