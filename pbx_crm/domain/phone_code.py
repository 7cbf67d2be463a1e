"""Codes dialled on a phone: what each digit does to the card of the seller's last call.

A seller without a browser runs the funnel with them: `*551` as shipped is the first open stage, and so on.
A code does what the same person could do on the card, under the same rules: Won wants an amount on the
card, and a step back is said to come from a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pbx_crm.domain.deal import Deal, MoveRequest, is_amount
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind

DIGITS = "0123456789"
LAST_CALL_LASTS = timedelta(minutes=10)
"""A code dialled later than this after the call is a slip: it would move the wrong card."""
USUAL_STAGES = 6
MEETING_DIGIT, CALL_DIGIT, JUNK_DIGIT = "7", "8", "9"


class CodeAct(StrEnum):
    """What a code does."""

    NONE = "none"
    STAGE = "stage"
    MEETING = "meeting"
    CALL_AGAIN = "call_again"
    JUNK = "junk"


class CodeAnswer(StrEnum):
    """What the phone is told; the dialplan has a sound for each."""

    DONE = "done"
    NO_CODE = "code"
    """This digit does nothing in the funnel of that card."""
    NO_CARD = "card"
    """No call in the last ten minutes has a card of this seller's, or the card refuses."""

    def line(self) -> str:
        """The answer as it goes over the wire."""
        return f"crm:{self.value}"


TASKS = {CodeAct.MEETING: TaskKind.MEETING, CodeAct.CALL_AGAIN: TaskKind.CALL}


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """One digit."""

    digit: str
    act: CodeAct = CodeAct.NONE
    stage_id: int | None = None
    loss_reason_id: int | None = None

    @property
    def choice(self) -> str:
        """As a form names it: `stage-12`, `meeting`, `junk-3`."""
        match self.act:
            case CodeAct.STAGE:
                return f"{self.act.value}-{self.stage_id}"
            case CodeAct.JUNK:
                return f"{self.act.value}-{self.loss_reason_id}"
            case _:
                return self.act.value


def usual_codes(funnel: Funnel) -> tuple[PhoneCode, ...]:
    """Codes of a funnel whose head has set none: its first open stages, then meeting, call again, junk."""
    opened = [stage for stage in funnel.stages_in_use if stage.kind is StageKind.OPEN][:USUAL_STAGES]
    known = {
        DIGITS[place]: PhoneCode(DIGITS[place], CodeAct.STAGE, stage.id)
        for place, stage in enumerate(opened, start=1)
    }
    known[MEETING_DIGIT] = PhoneCode(MEETING_DIGIT, CodeAct.MEETING)
    known[CALL_DIGIT] = PhoneCode(CALL_DIGIT, CodeAct.CALL_AGAIN)
    if funnel.loss_reasons:
        known[JUNK_DIGIT] = PhoneCode(JUNK_DIGIT, CodeAct.JUNK, loss_reason_id=funnel.loss_reasons[-1].id)
    return tuple(known.get(digit, PhoneCode(digit)) for digit in DIGITS)


def codes_of(funnel: Funnel, stored: Iterable[PhoneCode]) -> tuple[PhoneCode, ...]:
    """The codes as they work now: those stored, or the usual ones; a retired stage's code does nothing."""
    kept = {code.digit: code for code in stored}
    if not kept:
        return usual_codes(funnel)
    return tuple(_working(funnel, kept.get(digit, PhoneCode(digit))) for digit in DIGITS)


def chosen(funnel: Funnel, choices: Mapping[str, str]) -> tuple[PhoneCode, ...]:
    """The codes of a form, digit to choice; BadInput names each digit whose choice is none of this funnel."""
    offered = {code.choice: code for code in offers(funnel)}
    wrong = {
        f"code-{digit}": N_("Choose one from the list.")
        for digit in DIGITS
        if choices.get(digit, CodeAct.NONE) not in offered
    }
    if wrong:
        raise BadInput(reasons=wrong)
    made = [(digit, offered[choices.get(digit, CodeAct.NONE)]) for digit in DIGITS]
    return tuple(PhoneCode(digit, code.act, code.stage_id, code.loss_reason_id) for digit, code in made)


def offers(funnel: Funnel) -> tuple[PhoneCode, ...]:
    """Everything a digit can be made to do in this funnel."""
    stages = [stage for stage in funnel.stages_in_use if stage.kind is not StageKind.LOST]
    return (
        PhoneCode(""),
        *(PhoneCode("", CodeAct.STAGE, stage.id) for stage in stages),
        PhoneCode("", CodeAct.MEETING),
        PhoneCode("", CodeAct.CALL_AGAIN),
        *(PhoneCode("", CodeAct.JUNK, loss_reason_id=reason.id) for reason in funnel.loss_reasons),
    )


def wish_of(code: PhoneCode, deal: Deal, funnel: Funnel, reason: str) -> MoveRequest | None:
    """The move a code asks for; None if it asks for none, or if the card lacks what the stage wants."""
    target = _target(code, funnel)
    if target is None or (target.kind is StageKind.WON and not is_amount(deal.amount)):
        return None
    return MoveRequest(
        target.id,
        deal.version,
        request_key="",
        reason=reason,
        amount=deal.amount,
        loss_reason_id=code.loss_reason_id,
    )


def _target(code: PhoneCode, funnel: Funnel) -> Stage | None:
    if code.act is CodeAct.STAGE and code.stage_id is not None:
        return funnel.stage(code.stage_id)
    if code.act is CodeAct.JUNK:
        return next((stage for stage in funnel.stages_in_use if stage.kind is StageKind.LOST), None)
    return None


def _working(funnel: Funnel, code: PhoneCode) -> PhoneCode:
    is_offered = any(code.choice == offer.choice for offer in offers(funnel))
    return code if is_offered else PhoneCode(code.digit)
