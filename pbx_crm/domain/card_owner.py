"""Whose a card is: who talked with the client, or else whom the line's missed policy names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain import owner_rule
from pbx_crm.domain.call import Call, Direction
from pbx_crm.domain.intake_case import Case
from pbx_crm.domain.line import Line, MissedStep, OwnerPolicy
from pbx_crm.domain.owner_rule import Rule
from pbx_crm.domain.roster import Roster


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the card is and by which rule; `rota` names the rota whose turn this was."""

    person_id: int
    rule: Rule
    rota: str | None = None


def owner_of(case: Case) -> Owner | None:
    """Who is to own the card of this call; None only where nobody may own cards at all."""
    return _by_talk(case) or _by_policy(case)


def _by_talk(case: Case) -> Owner | None:
    call = case.call
    if call.direction is Direction.OUT:
        caller = case.roster.owner_at(call.seller, call.started_at)
        return Owner(caller, {"id": "outgoing", "by": call.seller}) if caller else None
    if call.answered_at is None or call.answered_by is None:
        return None
    if case.line.owner_policy is OwnerPolicy.LAST_ANSWERED and call.final_agent != call.answered_by:
        last = case.roster.owner_at(call.final_agent, talk_began(call, call.final_agent))
        if last is not None:
            return Owner(last, _answer_rule(call, "handed_on") | {"by": call.final_agent})
    first = case.roster.owner_at(call.answered_by, call.answered_at)
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
    for step_name, people in (("head", case.roster.heads), ("anybody", case.roster.sellers)):
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
            found = responsible if responsible in case.roster.sellers else None
            return Owner(found, {"step": "responsible"}) if found else None
        case MissedStep.ROTA_RANG:
            rang = [leg for leg in case.call.legs if leg.extension and leg.rang_at]
            people = [case.roster.at(leg.extension, leg.rang_at or leg.started_at) for leg in rang]
            values = {"step": "rota_rang", "rang": list(case.call.rang)}
            return _in_turn(case, "rang", [person for person in people if person], values)
        case MissedStep.ROTA_LINE:
            return _in_turn(case, "line", case.line.seller_ids, {"step": "rota_line", "line": case.line.name})
        case MissedStep.HEAD:
            return Owner(case.roster.heads[0], {"step": "head"}) if case.roster.heads else None


def _in_turn(case: Case, kind: str, people: Iterable[int], rule: Rule) -> Owner | None:
    rota = f"{kind}:{case.line.id or case.line.pbx}"
    person_id = case.roster.next_in(rota, people)
    return Owner(person_id, rule, rota) if person_id else None


def is_settled(line: Line, given: Rule) -> bool:
    """Whether the rule that chose a card's owner stands, whatever is still said in this call.

    A card placed before anybody talked goes to who then does; under `last_answered` it follows every
    completed hand-over. A card made by hand stays with who made it.
    """
    if given.get("id") == "by_hand":
        return True
    return given.get("id") in owner_rule.ANSWERED and line.owner_policy is OwnerPolicy.FIRST_ANSWERED


def new_owner(case: Case) -> Owner | None:
    """Who takes over a card born of this call now; None while nobody has talked. No rota is asked again."""
    return _by_talk(case) if case.call.direction is Direction.IN else None


def stranger_who_answered(call: Call, owner_id: int, roster: Roster) -> str | None:
    """The extension that answered another seller's client; None if it was the owner's."""
    if call.direction is not Direction.IN or call.answered_at is None or call.answered_by is None:
        return None
    by = roster.at(call.answered_by, call.answered_at)
    return call.answered_by if by != owner_id else None


def talked(call: Call, roster: Roster) -> set[int]:
    """Everybody who was connected with the client."""
    people = {roster.at(talk.extension, talk.started_at) for talk in call.talks}
    return {person_id for person_id in people if person_id is not None}
