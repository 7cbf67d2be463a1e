"""Saying that a call is no client's: its card lost, a skip rule made or asked for, all of it undoable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pbx_crm.db import alerts, audit, calls, clients, deals, funnels, lines, popups
from pbx_crm.db.alerts import SKIP_NUMBER, Alert
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import Deal, NewMove, before_move, seller
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.not_client import Marked, NotClient, NotClientForm, SkipWish
from pbx_crm.domain.person import Person, Reach
from pbx_crm.domain.sentence import N_
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.moves import Moved, put_back

LONGEST_NAME = 100


class NotClients:
    """Every method is one transaction; browsers are told afterwards."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def form(self, viewer: Person, call_id: int) -> NotClientForm:
        """What to ask about this call; NotFound for a call or a client that is none of the viewer's."""
        return await self._database.read(_form, viewer, call_id)

    async def mark(self, viewer: Person, call_id: int, answer: NotClient) -> Marked:
        """The card is lost and the number skipped, or the head asked to; BadInput names what is missing."""
        if len(answer.name) > LONGEST_NAME:
            raise BadInput(reasons={"name": N_("A name is 1 to 100 characters.")})
        marked, moved = await self._database.write(_mark, viewer, call_id, answer, self._clock())
        self._tell(viewer, moved)
        return marked

    async def take_back(self, viewer: Person, marked: Marked, request_key: str) -> None:
        """The card where it lay, the rule or the wish gone; NothingToUndo if the card went on since."""
        self._tell(viewer, await self._database.write(_take_back, viewer, marked, request_key, self._clock()))

    async def wishes(self) -> list[SkipWish]:
        """The numbers that sellers ask the head to skip, the latest first."""
        return await self._database.read(_wishes)

    async def decide(self, actor: Person, number: str, *, skips: bool) -> None:
        """The head makes the rule that was asked for, or does not; NotFound if nobody asks any more."""
        await self._database.write(_decide, actor, number, skips, self._clock())
        self._live.tell({"tasks"}, {actor.id})

    def _tell(self, viewer: Person, moved: Moved | None) -> None:
        self._live.tell({"call", "tasks"}, {viewer.id})
        if moved is not None:
            stages = {f"stage-{moved.from_stage_id}", f"stage-{moved.deal.stage_id}"}
            self._live.tell({"tasks", f"deal-{moved.deal.id}", *stages}, {moved.deal.owner_id})


def _call(tx: Transaction, viewer: Person, call_id: int) -> Mapping[str, Any]:
    row = calls.get(tx, call_id, viewer.scope)
    contact_id = row["contact_id"]
    client = clients.behind(tx, [contact_id], viewer.scope).get(contact_id) if contact_id else None
    if client is not None and client.is_foreign:
        raise NotFound(call_id=call_id)
    name = (client.name if client else "") or row["caller_name"] or row["e164"] or row["external_number"]
    return {**row, "number": row["e164"] or row["external_number"], "name": name or ""}


def _open_deal(tx: Transaction, viewer: Person, call: Mapping[str, Any]) -> tuple[Deal, Funnel] | None:
    if call["deal_id"] is None:
        return None
    deal = deals.get_all(tx, [call["deal_id"]], viewer.scope).get(call["deal_id"])
    return (deal, funnels.load(tx, deal.funnel_id)) if deal is not None and deal.is_open else None


def _form(tx: Transaction, viewer: Person, call_id: int) -> NotClientForm:
    call = _call(tx, viewer, call_id)
    found = _open_deal(tx, viewer, call)
    reasons = found[1].loss_reasons if found else ()
    return NotClientForm(call_id, call["name"][:LONGEST_NAME], call["number"], reasons)


def _mark(
    tx: Transaction, viewer: Person, call_id: int, answer: NotClient, now: datetime
) -> tuple[Marked, Moved | None]:
    call = _call(tx, viewer, call_id)
    found = _open_deal(tx, viewer, call)
    moved = _lose(tx, viewer, *found, answer, now) if found else None
    rule_id = None
    if answer.skips and call["number"]:
        rule_id = _skip(tx, viewer, call, answer.name or call["name"], now)
    if popups.concerns(tx, call_id, viewer.id):
        popups.close(tx, call_id, viewer.id, now)
    move_id = moved.move.id if moved and moved.move else None
    is_asked = answer.skips and viewer.scope.reach is not Reach.ALL
    return Marked(call_id, move_id, rule_id, is_asked), moved


def _lose(
    tx: Transaction, viewer: Person, deal: Deal, funnel: Funnel, answer: NotClient, now: datetime
) -> Moved:
    if answer.loss_reason_id not in {reason.id for reason in funnel.loss_reasons}:
        raise BadInput(reasons={"loss_reason_id": N_("Lost: choose why.")})
    locked = deals.lock(tx, deal.id, viewer.scope)
    lost = next(stage for stage in funnel.stages_in_use if stage.kind is StageKind.LOST)
    wish = NewMove(
        lost,
        now,
        seller(viewer.id),
        evidence={"before": before_move(locked)},
        loss_reason_id=answer.loss_reason_id,
    )
    made = deals.set_stage(tx, locked, wish)
    return Moved(replace(locked, stage_id=lost.id), funnel, locked.stage_id, made)


def _skip(tx: Transaction, viewer: Person, call: Mapping[str, Any], name: str, now: datetime) -> int | None:
    """The id of the rule, if the viewer may make one; a seller's wish is left for the head."""
    if viewer.scope.reach is Reach.ALL:
        return _make_rule(tx, viewer, name, call["number"], now)
    details = {"name": name, "by": viewer.name, "by_id": viewer.id}
    alerts.raise_all(tx, [Alert(SKIP_NUMBER, call["number"], now, details)])
    return None


def _make_rule(tx: Transaction, actor: Person, name: str, number: str, now: datetime) -> int | None:
    rule_id = lines.skip_number(tx, name[:LONGEST_NAME], number)
    if rule_id is not None:
        audit.note(tx, now, actor.id, "skip rule added", f"skip-{rule_id}", details={"name": name})
    return rule_id


def _take_back(
    tx: Transaction, viewer: Person, marked: Marked, request_key: str, now: datetime
) -> Moved | None:
    call = _call(tx, viewer, marked.call_id)
    moved = None
    if marked.move_id is not None and call["deal_id"] is not None:
        moved = put_back(tx, viewer, call["deal_id"], marked.move_id, request_key, now)
    if call["number"]:
        _unskip(tx, viewer, call["number"], marked.rule_id, now)
    popups.open_again(tx, marked.call_id, viewer.id)
    return moved


def _unskip(tx: Transaction, viewer: Person, number: str, rule_id: int | None, now: datetime) -> None:
    is_head = viewer.scope.reach is Reach.ALL
    if is_head and rule_id is not None and lines.drop_skipped_number(tx, rule_id, number):
        audit.note(tx, now, viewer.id, "skip rule dropped", f"skip-{rule_id}")
    if _asked_by(tx, number) == viewer.id:
        alerts.clear(tx, SKIP_NUMBER, number, now)


def _asked_by(tx: Transaction, number: str) -> int | None:
    standing = (alert for alert in alerts.of_kind(tx, SKIP_NUMBER) if alert.key == number)
    return next((alert.details.get("by_id") for alert in standing), None)


def _wishes(tx: Transaction) -> list[SkipWish]:
    return [
        SkipWish(alert.key, str(alert.details["name"]), str(alert.details["by"]), alert.at)
        for alert in alerts.of_kind(tx, SKIP_NUMBER)
    ]


def _decide(tx: Transaction, actor: Person, number: str, skips: bool, now: datetime) -> None:
    wish = next((one for one in _wishes(tx) if one.number == number), None)
    if wish is None:
        raise NotFound
    if skips:
        _make_rule(tx, actor, wish.name or number, number, now)
    alerts.clear(tx, SKIP_NUMBER, number, now)
