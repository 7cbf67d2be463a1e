"""A call in the shape of the tables: the values of its row, its legs, talks and hand-overs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pbx_crm.domain.call import Call
from pbx_crm.domain.card_owner import talk_began
from pbx_crm.domain.roster import Roster

Values = dict[str, Any]


def call_values(call: Call, roster: Roster) -> Values:
    """Columns of `calls` that the call itself decides; people by the mapping at their moment."""
    return {
        "direction": call.direction.value,
        "external_number": call.external_number,
        "caller_name": call.caller_name,
        "did": call.did,
        "queue": call.queue,
        "trunk": call.trunk,
        "seller_extension": call.seller,
        "answered_extension": call.answered_by,
        "final_extension": call.final_agent,
        "seller_id": roster.at(call.seller, call.started_at),
        "answered_id": roster.at(call.answered_by, call.answered_at or call.started_at),
        "final_id": roster.at(call.final_agent, talk_began(call, call.final_agent)),
        "outcome": call.outcome.value if call.outcome else None,
        "reason": call.reason.value if call.reason else None,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "ended_by": call.ended_by.value if call.ended_by else None,
        "wait_seconds": call.wait_seconds,
        "ring_seconds": call.ring_seconds,
        "talk_seconds": call.talk_seconds,
        "hold_seconds": call.hold_seconds,
        "recorded": call.recorded,
        "recording_file": call.recording_file,
    }


def leg_rows(call: Call, call_id: int, roster: Roster) -> Iterator[Values]:
    """Rows of `legs`."""
    for leg in call.legs:
        moment = leg.answered_at or leg.rang_at or leg.started_at
        yield {
            "call_id": call_id,
            "uniqueid": leg.uniqueid,
            "endpoint": leg.endpoint,
            "kind": leg.kind.value,
            "extension": leg.extension,
            "person_id": roster.at(leg.extension, moment),
            "number": leg.number,
            "started_at": leg.started_at,
            "rang_at": leg.rang_at,
            "answered_at": leg.answered_at,
            "ended_at": leg.ended_at,
            "result": leg.result.value if leg.result else None,
        }


def talk_rows(call: Call, call_id: int, roster: Roster) -> Iterator[Values]:
    """Rows of `talks`."""
    for talk in call.talks:
        yield {
            "call_id": call_id,
            "extension": talk.extension,
            "person_id": roster.at(talk.extension, talk.started_at),
            "started_at": talk.started_at,
            "ended_at": talk.ended_at,
        }


def transfer_rows(call: Call, call_id: int) -> Iterator[Values]:
    """Rows of `transfers`."""
    for transfer in call.transfers:
        yield {
            "call_id": call_id,
            "at": transfer.at,
            "kind": transfer.kind.value,
            "source": transfer.source,
            "target": transfer.target,
            "completed": transfer.completed,
        }


def people_rows(call: Call, call_id: int, roster: Roster) -> Iterator[Values]:
    """Rows of `call_people`: everybody whose phone rang, who dialled, or who talked."""
    rang: set[int | None] = set()
    for leg in call.legs:
        if leg.rang_at is not None:
            rang.add(roster.at(leg.extension, leg.rang_at))
    seconds: dict[int | None, float] = defaultdict(float)
    for talk in call.talks:
        length = (talk.ended_at - talk.started_at).total_seconds() if talk.ended_at else 0.0
        seconds[roster.at(talk.extension, talk.started_at)] += length
    concerned = rang | set(seconds) | {roster.at(call.seller, call.started_at)}
    for person_id in sorted(person_id for person_id in concerned if person_id is not None):
        yield {
            "call_id": call_id,
            "person_id": person_id,
            "started_at": call.started_at,
            "rang": person_id in rang,
            "talk_seconds": seconds.get(person_id, 0.0),
        }


def extensions_in(call: Call) -> set[str]:
    """Every extension that has a part in the call."""
    named = {call.seller, call.callee, call.answered_by, call.final_agent, *call.rang}
    named |= {leg.extension for leg in call.legs} | {talk.extension for talk in call.talks}
    return {extension for extension in named if extension}
