"""Writes away what the intake has on its desk: every kind of row in one statement, whatever the batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pbx_crm.db import alerts, callbacks, callers, calls, deals, extensions, rotas
from pbx_crm.db.alerts import LINK_EXTENSION, Alert
from pbx_crm.db.call_rows import Values, call_values, leg_rows, people_rows, talk_rows, transfer_rows
from pbx_crm.db.callers import NewCaller
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import INTAKE, NewDeal
from pbx_crm.domain.person import THE_PROGRAM
from pbx_crm.services.intake_desk import Birth, CallFile, DealFile, Desk, Notice, Wish

OF_THE_ANSWER = ("answered_at", "answered_id", "answered_extension", "final_id", "final_extension")


def file_away(tx: Transaction, desk: Desk) -> None:
    """Everything that changed on the desk becomes rows; afterwards every file has its id."""
    heard = desk.heard
    _file_clients(tx, desk)
    _file_deals(tx, desk)
    _file_calls(tx, desk, heard)
    _file_parts(tx, desk, heard)
    for file, gone_id in desk.gone:
        calls.absorb(tx, file.stored_id, gone_id)
    _file_aliases(tx, heard)
    _file_histories(tx, desk)
    _file_extensions(tx, desk)


def _file_clients(tx: Transaction, desk: Desk) -> None:
    made_now = (deal for deal in desk.deals.values() if deal.birth is not None)
    births = {
        deal.client.number: deal.birth.at
        for deal in made_now
        if deal.client is not None and deal.client.id is None and deal.birth is not None
    }
    new = [
        NewCaller(number, desk.clients[number].name, desk.clients[number].responsible_id, at)
        for number, at in births.items()
    ]
    for number, contact_id in callers.make(tx, new).items():
        desk.clients[number].id = contact_id


def _file_deals(tx: Transaction, desk: Desk) -> None:
    born = {deal.born_of: deal for deal in desk.deals.values() if deal.birth is not None}
    new = [_new_deal(deal, deal.birth) for deal in born.values() if deal.birth is not None]
    for born_of, deal_id in deals.create_all(tx, new).items():
        born[born_of].id = deal_id
    for deal in desk.deals.values():
        for handed in deal.handed:
            now = deals.lock(tx, deal.stored_id, THE_PROGRAM)
            deals.set_owner(tx, now, handed.owner_id, handed.at, INTAKE, handed.rule)
        if deal.reborn and deal.born_of is not None:
            calls.reborn(tx, deal.stored_id, deal.born_of)
    deals.touch_all(
        tx, {deal.stored_id: deal.touched_at for deal in desk.deals.values() if deal.touched_at is not None}
    )


def _new_deal(deal: DealFile, birth: Birth) -> NewDeal:
    return NewDeal(
        birth.stage,
        birth.owner_id,
        birth.currency,
        birth.at,
        INTAKE,
        contact_id=deal.client.id if deal.client else None,
        line_id=birth.line.id,
        previous_id=birth.previous_id,
        born_of=deal.born_of,
        source=birth.line.source,
    )


def _file_calls(tx: Transaction, desk: Desk, heard: Iterable[CallFile]) -> None:
    new: dict[str, CallFile] = {}
    rows, changes = [], {}
    for file in heard:
        values = _call_row(desk, file)
        if file.row is None or file.id is None:
            rows.append(values | {"pbx": file.pbx, "linkedid": file.linkedid})
            new[file.linkedid] = file
        else:
            gone = OF_THE_ANSWER if file.takes_back_answer else ()
            changes[file.id] = {
                name: value
                for name, value in values.items()
                # A restarted program may know less of a call's beginning than it did before.
                if value != file.row[name] and (value is not None or name in gone)
            }
    for linkedid, call_id in calls.add(tx, rows).items():
        new[linkedid].id = call_id
    calls.change(tx, changes)


def _call_row(desk: Desk, file: CallFile) -> dict[str, Any]:
    decided = {
        "e164": file.number,
        "line_id": file.line.id,
        "contact_id": file.client.id if file.client else None,
        "deal_id": file.deal.id if file.deal else None,
        "skipped_by": file.skipped_by,
        "owner_rule": dict(file.rule),
        "known": file.known,
    }
    return call_values(file.heard_call, desk.roster) | decided


def _file_parts(tx: Transaction, desk: Desk, heard: Iterable[CallFile]) -> None:
    legs: list[Values] = []
    talks: list[Values] = []
    transfers: list[Values] = []
    people: list[Values] = []
    for file in heard:
        call, call_id = file.heard_call, file.stored_id
        legs += leg_rows(call, call_id, desk.roster)
        talks += talk_rows(call, call_id, desk.roster)
        transfers += transfer_rows(call, call_id)
        concerned = list(people_rows(call, call_id, desk.roster))
        file.concerned = frozenset(row["person_id"] for row in concerned)
        people += concerned
    calls.forget_open_talks(tx, [file.stored_id for file in heard if _had_talk(file)])
    calls.forget_talks(tx, [file.stored_id for file in heard if file.takes_back_answer])
    calls.put_parts(tx, legs, talks, transfers)
    calls.put_people(tx, people)


def _had_talk(file: CallFile) -> bool:
    return file.row is not None and file.row["answered_at"] is not None


def _file_aliases(tx: Transaction, heard: Iterable[CallFile]) -> None:
    rows = [
        {"pbx": file.pbx, "linkedid": alias, "call_id": file.stored_id}
        for file in heard
        for alias in file.heard_call.aliases
    ]
    calls.put_aliases(tx, rows)


def _file_histories(tx: Transaction, desk: Desk) -> None:
    deals.add_events(tx, [_event(notice) for notice in desk.notices])
    callbacks.add_all(tx, [_task(wish) for wish in desk.wishes])
    conversations = _conversations(desk)
    callbacks.fulfil(tx, conversations)
    callbacks.fulfil_repeating(tx, conversations, lambda: desk.working_times.house.zone)
    rotas.store(tx, desk.turned)


def _conversations(desk: Desk) -> list[dict[str, Any]]:
    return [
        {"client": client.id, "answered_at": at}
        for client, moments in desk.talks.items()
        if client.id is not None
        for at in moments
    ]


def _event(notice: Notice) -> dict[str, Any]:
    return {
        "deal_id": notice.deal.stored_id,
        "at": notice.at,
        "kind": notice.kind,
        "actor_id": None,
        "details": {**notice.details, "call": notice.file.stored_id},
        "request_key": f"{notice.kind}:{notice.file.key}",
    }


def _task(wish: Wish) -> dict[str, Any]:
    client = wish.file.client or wish.deal.client
    return {
        "kind": wish.kind,
        "owner_id": wish.deal.owner_id,
        "deal_id": wish.deal.stored_id,
        "contact_id": client.id if client else None,
        "call_id": wish.file.stored_id,
        "title": "",
        "due_at": wish.due_at,
        "created_at": wish.at,
        "result": "",
        "cause": wish.cause,
    }


def _file_extensions(tx: Transaction, desk: Desk) -> None:
    extensions.note_all_seen(tx, desk.pbx, desk.seen)
    unlinked = [
        Alert(LINK_EXTENSION, f"{desk.pbx}/{number}", at, {"pbx": desk.pbx, "extension": number})
        for number, at in sorted(desk.unlinked.items())
    ]
    alerts.raise_all(tx, unlinked)
