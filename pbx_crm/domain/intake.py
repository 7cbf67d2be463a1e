"""What a call means for the cards, decided from the call as it stands and from what is known already.

Nothing is looked up here: the intake hands in the call's line, the client's open deals and who had
which phone, and stores what comes out. Decisions look at the whole call and not at the last fact, so a
fact that comes twice, or one that is lost, leads to the same cards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pbx_crm.domain.call import Call, Direction, Outcome
from pbx_crm.domain.card_owner import Owner, owner_of
from pbx_crm.domain.intake_case import Case, OpenDeal
from pbx_crm.domain.line import CreateAt
from pbx_crm.domain.owner_rule import Rule


class Verdict(StrEnum):
    """What is to be done with a call that belongs to no deal yet."""

    WAIT = "wait"
    LOG = "log"
    SKIP = "skip"
    JOIN = "join"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and the sentence that says why."""

    verdict: Verdict
    rule: Rule = field(default_factory=dict)
    deal: OpenDeal | None = None
    owner: Owner | None = None


class Phase(StrEnum):
    """How far a call has come."""

    ENTERED = "entered"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


# By when a line's calls have made their card. A call nobody answered makes it at its end.
DUE = {
    CreateAt.RING: {Phase.RINGING, Phase.ANSWERED, Phase.ENDED},
    CreateAt.ANSWER: {Phase.ANSWERED, Phase.ENDED},
    CreateAt.END: {Phase.ENDED},
    CreateAt.NEVER: set[Phase](),
}


def phase_of(call: Call) -> Phase:
    """How far the call has come."""
    if not call.is_open:
        return Phase.ENDED
    if call.answered_at is not None:
        return Phase.ANSWERED
    return Phase.RINGING if call.rang else Phase.ENTERED


def decide(case: Case) -> Decision:
    """What to do with a call that belongs to no deal yet."""
    passed = passed_over(case)
    if passed is not None:
        return passed
    if case.client.open_deals:
        return _join(case)
    if not _is_due(case):
        return Decision(Verdict.WAIT)
    owner = owner_of(case)
    if owner is None:
        return Decision(Verdict.LOG, {"id": "nobody"})
    return Decision(Verdict.CREATE, owner.rule, owner=owner)


def passed_over(case: Case) -> Decision | None:
    """Why this call is no business of any card, whoever might own one; None if it may make or join one."""
    if case.call.direction is Direction.INTERNAL:
        return Decision(Verdict.LOG, {"id": "internal"})
    if case.skip is not None:
        return Decision(Verdict.SKIP, {"id": "skipped", "rule": case.skip.name})
    if case.client.open_deals or _makes_cards(case):
        return None
    reason = "logged_never" if case.call.direction is Direction.IN else "logged_outgoing"
    return Decision(Verdict.LOG, {"id": reason})


def _join(case: Case) -> Decision:
    deals = case.client.open_deals
    here = [deal for deal in deals if deal.funnel_id == case.funnel_id]
    chosen = max(here or deals, key=lambda deal: (deal.active_at, deal.key))
    if len(deals) == 1:
        return Decision(Verdict.JOIN, {"id": "joined"}, chosen)
    reason = "joined_in_funnel" if here else "joined_one_of"
    return Decision(Verdict.JOIN, {"id": reason, "deals": len(deals)}, chosen)


def _makes_cards(case: Case) -> bool:
    if case.call.direction is Direction.OUT and not case.line.create_outgoing:
        return False
    return case.line.create_at is not CreateAt.NEVER


def _is_due(case: Case) -> bool:
    phase = phase_of(case.call)
    if case.call.direction is Direction.IN:
        return phase in DUE[case.line.create_at]
    # A number dialled in vain is no client yet, unless the line wants a card for every attempt.
    if case.line.create_at is CreateAt.RING:
        return True
    return phase in DUE[case.line.create_at] and case.call.answered_at is not None


def wants_callback(call: Call) -> bool:
    """Whether the client rang in vain and is to be called back; a message left is no conversation."""
    if call.direction is not Direction.IN or call.is_open or call.answered_at is not None:
        return False
    return call.outcome in (Outcome.MISSED, Outcome.VOICEMAIL, None)


def is_conversation(call: Call) -> bool:
    """Whether client and seller have talked, so that an earlier wish to call back is fulfilled."""
    return call.direction is not Direction.INTERNAL and call.answered_at is not None
