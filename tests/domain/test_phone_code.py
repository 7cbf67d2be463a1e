"""Which digit does what: sensible without settings, and never what a funnel has not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import PRESETS, Funnel, StageKind, drawn
from pbx_crm.domain.phone_code import DIGITS, CodeAct, PhoneCode, chosen, codes_of, offers, usual_codes


def funnel(preset: int = 0) -> Funnel:
    """A preset whose stages and reasons have ids."""
    made = drawn(PRESETS[preset], "EUR", str)
    stages = tuple(replace(stage, id=number) for number, stage in enumerate(made.stages, start=10))
    reasons = tuple(replace(reason, id=number) for number, reason in enumerate(made.loss_reasons, start=50))
    return replace(made, id=1, stages=stages, loss_reasons=reasons)


@pytest.mark.parametrize("preset", range(len(PRESETS)))
def test_every_preset_has_codes_without_settings(preset: int) -> None:
    sold = funnel(preset)
    known = {code.digit: code for code in usual_codes(sold)}
    first = next(stage for stage in sold.stages if stage.kind is StageKind.OPEN)
    assert list(known) == list(DIGITS)
    assert known["1"] == PhoneCode("1", CodeAct.STAGE, first.id)
    assert [known[digit].act for digit in "789"] == [CodeAct.MEETING, CodeAct.CALL_AGAIN, CodeAct.JUNK]
    assert known["0"].act is CodeAct.NONE


@given(st.dictionaries(st.sampled_from(DIGITS), st.sampled_from([code.choice for code in offers(funnel())])))
def test_what_a_form_chooses_is_what_is_kept(choices: dict[str, str]) -> None:
    kept = {code.digit: code.choice for code in codes_of(funnel(), chosen(funnel(), choices))}
    assert kept == {digit: choices.get(digit, "none") for digit in DIGITS}


@pytest.mark.parametrize("choice", ["stage-99", "junk-1", "stage-", "everything", "stage-14 OR 1"])
def test_a_choice_of_another_funnel_is_refused_by_its_digit(choice: str) -> None:
    with pytest.raises(BadInput) as refused:
        chosen(funnel(), {"1": "meeting", "4": choice})
    assert list(refused.value.reasons) == ["code-4"]


def test_a_retired_stage_leaves_its_digit_without_a_meaning() -> None:
    sold = funnel()
    kept = chosen(sold, {"1": f"stage-{sold.stages[1].id}", "2": f"stage-{sold.stages[2].id}"})
    retired = replace(
        sold, stages=(sold.stages[0], replace(sold.stages[1], is_retired=True), *sold.stages[2:])
    )
    assert [code.act for code in codes_of(retired, kept)[1:3]] == [CodeAct.NONE, CodeAct.STAGE]


def test_lost_is_offered_with_a_reason_only() -> None:
    lost = next(stage for stage in funnel().stages if stage.kind is StageKind.LOST)
    assert f"stage-{lost.id}" not in [code.choice for code in offers(funnel())]
