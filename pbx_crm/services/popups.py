"""The call popup of one person: what it shows now, and closing it in every tab."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pbx_crm.db import clients, funnels, popups, tasks, wrap_up_outcomes
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.person import Person, Reach
from pbx_crm.domain.popup import NearCall, Phase, Popup, pick
from pbx_crm.domain.wrap_up import WrapUp
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.owners_told import cause_of
from pbx_crm.services.regions import place_of_number, places_of_clients


class Popups:
    """The popup's state lives in rows: it survives a reload, and closed once is closed everywhere."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def current(self, viewer: Person) -> Popup | None:
        """What this person's popup shows; None while no call wants them, or they may see no client data."""
        if viewer.scope.reach is Reach.NOTHING:
            return None
        return await self._database.read(_current, viewer, self._clock())

    async def close(self, viewer: Person, call_id: int) -> None:
        """Closes this call's popup in all of the viewer's tabs, also for when the call ends."""
        await self._database.write(popups.close, call_id, viewer.id, self._clock())
        self._live.tell({"call"}, {viewer.id})


def _current(tx: Transaction, viewer: Person, now: datetime) -> Popup | None:
    picked = pick(popups.around(tx, viewer.id, now), now)
    if picked is None:
        return None
    call, phase, more = picked
    seconds = _seconds(call, phase, now)
    if call.contact_id is None:
        deal = popups.open_deal(tx, call, viewer.scope) if call.deal_id is not None else None
        place = place_of_number(tx, call.number)
        return _with_steps(tx, Popup(call, phase, more, seconds, deal=deal, place=place))
    client = clients.behind(tx, [call.contact_id], viewer.scope).get(call.contact_id)
    if client is None or client.is_foreign:
        told = client is not None and tasks.is_caused(tx, cause_of(call.call_id))
        return Popup(call, phase, more, seconds, client, owner_told=told)
    deal = popups.open_deal(tx, call, viewer.scope)
    last_call = popups.last_call(tx, call, viewer.scope)
    places = places_of_clients(tx, {client.contact_id: [call.number] if call.number else []})
    known = Popup(call, phase, more, seconds, client, deal, last_call, place=places[client.contact_id])
    return _with_steps(tx, known)


def _with_steps(tx: Transaction, popup: Popup) -> Popup:
    """The same with what one click does to its deal, once there is somebody to talk about."""
    deal, call = popup.deal, popup.call
    if deal is not None and popup.phase.is_live:
        popup = replace(popup, standing=popups.standing(tx, deal.id))
    if deal is None or popup.phase not in (Phase.TALKING, Phase.WRAP_UP):
        return popup
    funnel = funnels.load(tx, deal.funnel_id)
    wrap_up = None
    if call.to_wrap_up and call.deal_id == deal.id:
        wrap_up = WrapUp(call.call_id, deal.id, wrap_up_outcomes.of_funnel(tx, deal.funnel_id))
    return replace(popup, next_stage=funnel.stage_after(deal.stage_id), wrap_up=wrap_up)


def _seconds(call: NearCall, phase: Phase, now: datetime) -> int:
    since = call.talking_since if phase is Phase.TALKING else call.started_at
    # The PBX's clock may run ahead of ours: a wait never shows as negative.
    return max(0, int(((call.ended_at or now) - (since or now)).total_seconds()))
