"""What a call means for the cards, decided from the call as it stands and from what is known already.

Nothing is looked up here: the intake hands in the call's line, the client's open deals and who had
which phone, and stores what comes out. Decisions look at the whole call and not at the last fact, so a
fact that comes twice, or one that is lost, leads to the same cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain import owner_rule
from pbx_crm.domain.call import Call, Direction, Outcome
from pbx_crm.domain.line import CreateAt, Line, MissedStep, OwnerPolicy, SkipRule
from pbx_crm.domain.owner_rule import Rule


class Verdict(StrEnum):
    """What is to be done with a call that belongs to no deal yet."""

    WAIT = "wait"
    LOG = "log"
    SKIP = "skip"
    JOIN = "join"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal the client may mean."""

    key: int
    """However the asker tells its deals apart."""
    funnel_id: int
    owner_id: int
    active_at: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the outside party; a stranger and a withheld number have nothing."""

    responsible_id: int | None = None
    open_deals: tuple[OpenDeal, ...] = ()


STRANGER = Client()


@dataclass(frozen=True, slots=True)
class PhoneSpan:
    """An extension in one person's hands for a time."""

    extension: str
    person_id: int
    valid_from: datetime
    valid_to: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether it was theirs at that moment."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who had which phone when, and who may own cards."""

    spans: Mapping[str, tuple[PhoneSpan, ...]] = field(default_factory=dict)
    sellers: tuple[int, ...] = ()
    """Active people who work with client data, heads included, in a fixed order."""
    heads: tuple[int, ...] = ()
    turns: Mapping[str, int] = field(default_factory=dict)
    """Who was last in each rota."""

    def at(self, extension: str | None, moment: datetime) -> int | None:
        """Whose phone it was at that moment; None if it was linked to nobody."""
        spans = self.spans.get(extension, ()) if extension else ()
        return next((span.person_id for span in spans if span.covers(moment)), None)

    def owner_at(self, extension: str | None, moment: datetime) -> int | None:
        """The same, if that person may own cards."""
        person_id = self.at(extension, moment)
        return person_id if person_id in self.sellers else None

    def next_in(self, rota: str, people: Iterable[int]) -> int | None:
        """Whose turn it is among these; None if none of them may own cards."""
        able = sorted(person_id for person_id in set(people) if person_id in self.sellers)
        last = self.turns.get(rota, 0)
        return next((person_id for person_id in able if person_id > last), able[0] if able else None)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the card is and by which rule; `rota` names the rota whose turn this was."""

    person_id: int
    rule: Rule
    rota: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and the sentence that says why."""

    verdict: Verdict
    rule: Rule = field(default_factory=dict)
    deal: OpenDeal | None = None
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A call with everything a decision about it needs."""

    call: Call
    line: Line
    funnel_id: int
    client: Client
    staff: Staff
    skip: SkipRule | None = None


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
    if case.call.direction is Direction.INTERNAL:
        return Decision(Verdict.LOG, {"id": "internal"})
    if case.skip is not None:
        return Decision(Verdict.SKIP, {"id": "skipped", "rule": case.skip.name})
    if case.client.open_deals:
        return _join(case)
    if not _makes_cards(case):
        reason = "logged_never" if case.call.direction is Direction.IN else "logged_outgoing"
        return Decision(Verdict.LOG, {"id": reason})
    if not _is_due(case):
        return Decision(Verdict.WAIT)
    owner = owner_of(case)
    if owner is None:
        return Decision(Verdict.LOG, {"id": "nobody"})
    return Decision(Verdict.CREATE, owner.rule, owner=owner)


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


def owner_of(case: Case) -> Owner | None:
    """Who is to own the card of this call; None only where nobody may own cards at all."""
    return _by_talk(case) or _by_policy(case)


def _by_talk(case: Case) -> Owner | None:
    call = case.call
    if call.direction is Direction.OUT:
        caller = case.staff.owner_at(call.seller, call.started_at)
        return Owner(caller, {"id": "outgoing", "by": call.seller}) if caller else None
    if call.answered_at is None or call.answered_by is None:
        return None
    if case.line.owner_policy is OwnerPolicy.LAST_ANSWERED and call.final_agent != call.answered_by:
        last = case.staff.owner_at(call.final_agent, talk_began(call, call.final_agent))
        if last is not None:
            return Owner(last, _answer_rule(call, "handed_on") | {"by": call.final_agent})
    first = case.staff.owner_at(call.answered_by, call.answered_at)
    reason = "rang_answered" if rang_before_answer(call) else "answered"
    return Owner(first, _answer_rule(call, reason)) if first else None


def _answer_rule(call: Call, reason: str) -> dict[str, object]:
    answered_at = call.answered_at or call.started_at
    after = round((answered_at - call.started_at).total_seconds())
    rule: dict[str, object] = {"id": reason, "by": call.answered_by, "after": after}
    if reason == "rang_answered":
        rule["rang"] = rang_before_answer(call)
    if reason == "handed_on":
        rule["first"] = call.answered_by
    return rule


def rang_before_answer(call: Call) -> list[str]:
    """Extensions that rang for the first answer, in order; transfer targets ring later and do not count."""
    ringing = [leg for leg in call.legs if leg.extension is not None and leg.rang_at is not None]
    ringing.sort(key=lambda leg: leg.rang_at or leg.started_at)
    until = call.answered_at
    in_time = [leg.extension for leg in ringing if until is None or (leg.rang_at or until) <= until]
    return list(dict.fromkeys(extension for extension in in_time if extension is not None))


def talk_began(call: Call, extension: str | None) -> datetime:
    """When this extension was last connected with the client."""
    began = [talk.started_at for talk in call.talks if talk.extension == extension]
    return max(began, default=call.answered_at or call.started_at)


def _by_policy(case: Case) -> Owner | None:
    happened = _what_happened(case.call)
    for step in case.line.missed_policy:
        if (owner := _step(step, case)) is not None:
            return Owner(owner.person_id, {**happened, **owner.rule}, owner.rota)
    # A card is never ownerless: what no step could place goes to the head, or to whoever there is.
    for step_name, people in (("head", case.staff.heads), ("anybody", case.staff.sellers)):
        if people:
            return Owner(people[0], {**happened, "step": step_name})
    return None


def _what_happened(call: Call) -> dict[str, object]:
    if call.answered_by is not None:
        return {"id": "unlinked", "by": call.answered_by}
    if call.is_open:
        return {"id": "ringing", "rang": list(call.rang)}
    return {"id": "unheard" if call.outcome is None else "missed"}


def _step(step: MissedStep, case: Case) -> Owner | None:
    match step:
        case MissedStep.RESPONSIBLE:
            responsible = case.client.responsible_id
            found = responsible if responsible in case.staff.sellers else None
            return Owner(found, {"step": "responsible"}) if found else None
        case MissedStep.ROTA_RANG:
            rang = [leg for leg in case.call.legs if leg.extension and leg.rang_at]
            people = [case.staff.at(leg.extension, leg.rang_at or leg.started_at) for leg in rang]
            values = {"step": "rota_rang", "rang": list(case.call.rang)}
            return _in_turn(case, "rang", [person for person in people if person], values)
        case MissedStep.ROTA_LINE:
            return _in_turn(case, "line", case.line.seller_ids, {"step": "rota_line", "line": case.line.name})
        case MissedStep.HEAD:
            return Owner(case.staff.heads[0], {"step": "head"}) if case.staff.heads else None


def _in_turn(case: Case, kind: str, people: Iterable[int], rule: Rule) -> Owner | None:
    rota = f"{kind}:{case.line.id or case.line.pbx}"
    person_id = case.staff.next_in(rota, people)
    return Owner(person_id, rule, rota) if person_id else None


def new_owner(case: Case, given: Rule) -> Owner | None:
    """Who takes over a card born of this call, now that more is known; None while its owner stays.

    `given` is the rule that chose the owner so far. A card placed before anybody talked goes to who
    then did; under `last_answered` it follows every completed hand-over. A rota is never asked again.
    """
    owner = _by_talk(case)
    if owner is None or case.call.direction is not Direction.IN:
        return None
    follows = case.line.owner_policy is OwnerPolicy.LAST_ANSWERED
    return owner if follows or given.get("id") not in owner_rule.ANSWERED else None


def wants_callback(call: Call) -> bool:
    """Whether the client rang in vain and is to be called back; a message left is no conversation."""
    if call.direction is not Direction.IN or call.is_open or call.answered_at is not None:
        return False
    return call.outcome in (Outcome.MISSED, Outcome.VOICEMAIL, None)


def is_conversation(call: Call) -> bool:
    """Whether client and seller have talked, so that an earlier wish to call back is fulfilled."""
    return call.direction is not Direction.INTERNAL and call.answered_at is not None


def stranger_who_answered(call: Call, owner_id: int, staff: Staff) -> str | None:
    """The extension that answered another seller's client; None if it was the owner's."""
    if call.direction is not Direction.IN or call.answered_at is None or call.answered_by is None:
        return None
    by = staff.at(call.answered_by, call.answered_at)
    return call.answered_by if by != owner_id else None


def talked(call: Call, staff: Staff) -> set[int]:
    """Everybody who was connected with the client."""
    people = {staff.at(talk.extension, talk.started_at) for talk in call.talks}
    return {person_id for person_id in people if person_id is not None}


def known(call: Call) -> int:
    """How much this state of the call knows; of two states the later one knows more.

    Whoever stores a call keeps this number and passes over a state that knows no more: that is how a
    fact delivered again, or late, changes nothing. An end heard outweighs an end lost in a gap, and any
    end outweighs an open call, however many details a restarted program has forgotten.
    """
    details = sum(value is not None for value in (call.external_number, call.did, call.queue, call.trunk))
    details += sum(
        value is not None for value in (call.answered_at, call.answered_by, call.caller_name, call.seller)
    )
    details += len(call.rang) + len(call.aliases) + call.recorded + (call.recording_file is not None)
    for leg in call.legs:
        details += 1 + sum(moment is not None for moment in (leg.rang_at, leg.answered_at, leg.ended_at))
    details += sum(1 + (talk.ended_at is not None) for talk in call.talks)
    details += sum(1 + transfer.completed for transfer in call.transfers)
    return details + END_WEIGHT * _end(call)


END_WEIGHT = 1_000_000


def _end(call: Call) -> int:
    if call.is_open:
        return 0
    return 2 if call.outcome is not None else 1
