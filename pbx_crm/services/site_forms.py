"""Requests from the company's site: taken in like a call that nobody answered, and the forms they come by."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pbx_crm.db import (
    audit,
    calendars,
    callbacks,
    callers,
    deals,
    funnels,
    lines,
    people,
    rotas,
    site_forms,
    tasks,
)
from pbx_crm.db.callers import NewCaller
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import INTAKE, NewDeal
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.intake import Decision, Verdict
from pbx_crm.domain.intake_case import Client, OpenDeal
from pbx_crm.domain.line import Line
from pbx_crm.domain.person import Person
from pbx_crm.domain.roster import Roster
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.site_request import (
    LONGEST_NAME,
    MOST_FROM_ALL,
    MOST_FROM_ONE,
    RATE_MINUTES,
    ForeignSite,
    SiteForm,
    SiteRequest,
    TooManyRequests,
    decide_request,
)
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

KIND = "site_request"


@dataclass(frozen=True, slots=True)
class FormsView:
    """All forms, and the lines they may belong to."""

    forms: list[SiteForm]
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with the form, line and funnel it came by."""

    id: int
    form: SiteForm
    line: Line
    funnel: Funnel
    request: SiteRequest
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a request went."""

    deal_id: int
    stage_id: int
    owner_id: int
    contact_id: int | None


class SiteForms:
    """A request is one transaction: client, card, owner, task and history, or nothing."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def view(self) -> FormsView:
        """All forms, and the lines they may belong to."""
        return await self._database.read(_view)

    async def save(self, actor: Person, form: SiteForm) -> int:
        """Its id; a new form has a token of its own. BadInput, NotFound."""
        return await self._database.write(_save, actor, form, self._clock())

    async def drop(self, actor: Person, form_id: int) -> None:
        """Nothing comes by this form any more; NotFound."""
        await self._database.write(_drop, actor, form_id, self._clock())

    async def find(self, token: str) -> SiteForm:
        """The form with this token, if it is switched on; NotFound."""
        return await self._database.read(site_forms.by_token, token)

    async def take(self, token: str, origin: str | None, request: SiteRequest) -> None:
        """Takes the request in; the same one again changes nothing.

        NotFound for a token of no form, ForeignSite, TooManyRequests.
        """
        taken = await self._database.write(_take, token, origin, request, self._clock())
        if taken is not None:
            topics = {f"deal-{taken.deal_id}", f"stage-{taken.stage_id}", "tasks"}
            self._live.tell(topics, {taken.owner_id})


def _view(tx: Transaction) -> FormsView:
    return FormsView(site_forms.everything(tx), lines.load(tx))


def _save(tx: Transaction, actor: Person, form: SiteForm, now: datetime) -> int:
    reasons = {}
    if not 1 <= len(form.name) <= LONGEST_NAME:
        reasons["name"] = N_("A name is 1 to 100 characters.")
    if form.line_id is not None and form.line_id not in {line.id for line in lines.load(tx)}:
        reasons["line_id"] = N_("There is no such line.")
    if reasons:
        raise BadInput(reasons=reasons)
    if form.id is None:
        form_id = site_forms.add(tx, replace(form, token=secrets.token_urlsafe(24)), now)
    else:
        site_forms.change(tx, form)
        form_id = form.id
    act = "site form added" if form.id is None else "site form changed"
    audit.note(tx, now, actor.id, act, f"site-form-{form_id}", details={"name": form.name})
    return form_id


def _drop(tx: Transaction, actor: Person, form_id: int, now: datetime) -> None:
    form = site_forms.get(tx, form_id)
    site_forms.drop(tx, form_id)
    audit.note(tx, now, actor.id, "site form dropped", f"site-form-{form_id}", details={"name": form.name})


def _take(
    tx: Transaction, token: str, origin: str | None, request: SiteRequest, now: datetime
) -> Taken | None:
    form = site_forms.by_token(tx, token)
    if form.id is None or not form.admits(origin):
        raise ForeignSite
    mine, all_of_them = site_forms.count_since(tx, form.id, now - RATE_MINUTES, request.address)
    if mine >= MOST_FROM_ONE or all_of_them >= MOST_FROM_ALL:
        raise TooManyRequests
    request_id = site_forms.add_request(tx, form.id, request, now)
    if request_id is None:
        return None
    asked = _asked(tx, request_id, form, request, now)
    taken = _place(tx, asked)
    site_forms.link(tx, request_id, taken.deal_id)
    _want_call(tx, asked, taken)
    return taken


def _asked(tx: Transaction, request_id: int, form: SiteForm, request: SiteRequest, now: datetime) -> _Asked:
    line = next((line for line in lines.load(tx) if line.id == form.line_id), Line(None, ""))
    in_use = funnels.in_use(tx)
    if not in_use:
        raise NotFound("There is no funnel to put a card into.")
    funnel = next((one for one in in_use if one.id == line.funnel_id), in_use[0])
    return _Asked(request_id, form, line, funnel, request, now)


def _place(tx: Transaction, asked: _Asked) -> Taken:
    number = asked.request.number
    callers.hold(tx, [number])
    known = callers.by_numbers(tx, [number])
    theirs = callers.deals_of(tx, [known[0].contact_id]) if known else []
    client = Client(known[0].responsible_id if known else None, _open(theirs))
    decision = decide_request(asked.line, asked.funnel.id, client, _roster(tx), asked.at)
    if decision.verdict is Verdict.JOIN and decision.deal is not None:
        deals.touch(tx, decision.deal.key, asked.at)
        joined = next(deal for deal in theirs if deal.id == decision.deal.key)
        taken = Taken(joined.id, joined.stage_id, joined.owner_id, known[0].contact_id)
    else:
        closed = [deal.id for deal in theirs if deal.closed_at is not None]
        contact_id = known[0].contact_id if known else _new_client(tx, asked)
        taken = _create(tx, asked, decision, contact_id, closed[-1] if closed else None)
    _note(tx, asked, decision, taken)
    return taken


def _open(theirs: Sequence[callers.CallerDeal]) -> tuple[OpenDeal, ...]:
    return tuple(
        OpenDeal(deal.id, deal.funnel_id, deal.owner_id, deal.active_at)
        for deal in theirs
        if deal.closed_at is None
    )


def _roster(tx: Transaction) -> Roster:
    sellers, heads = people.card_owners(tx)
    return Roster(sellers=sellers, heads=heads, turns=rotas.load(tx))


def _new_client(tx: Transaction, asked: _Asked) -> int:
    new = NewCaller(asked.request.number, asked.request.name, None, asked.at)
    return callers.make(tx, [new])[new.number]


def _create(
    tx: Transaction, asked: _Asked, decision: Decision, contact_id: int, previous_id: int | None
) -> Taken:
    owner, request, funnel = decision.owner, asked.request, asked.funnel
    if owner is None:
        raise NotFound("There is nobody who could own a card.")
    if owner.rota is not None:
        rotas.store(tx, {owner.rota: owner.person_id})
    new = NewDeal(
        funnel.unsorted,
        owner.person_id,
        funnel.currency,
        asked.at,
        INTAKE,
        contact_id=contact_id,
        line_id=asked.line.id,
        previous_id=previous_id,
        born_of=f"site/{asked.id}",
        title=request.question.partition("\n")[0][:100],
        source=(request.source or asked.line.source or asked.form.name)[:100],
    )
    deal_id = deals.create(tx, new)
    if deal_id is None:
        raise NotFound
    return Taken(deal_id, funnel.unsorted.id, owner.person_id, contact_id)


def _note(tx: Transaction, asked: _Asked, decision: Decision, taken: Taken) -> None:
    request = asked.request
    told = {
        "id": KIND,
        "form": asked.form.name,
        "name": request.name,
        "question": request.question,
        "page": request.page,
        "marks": ", ".join(f"{name}={value}" for name, value in request.marks.items()),
        "line": asked.line.name,
    }
    if "step" in decision.rule:
        told["step"] = decision.rule["step"]
    deals.add_event_once(tx, taken.deal_id, KIND, asked.at, told, f"{KIND}:{asked.id}")


def _want_call(tx: Transaction, asked: _Asked, taken: Taken) -> None:
    """Somebody is to call; where a call back is wanted already, one will do."""
    if callbacks.open_on(tx, [taken.deal_id]):
        return
    hours = calendars.working_times(tx).of_line(asked.line.id)
    new = NewTask(
        TaskKind.CALL,
        taken.owner_id,
        hours.due(asked.at, asked.line.callback_within),
        asked.at,
        deal_id=taken.deal_id,
        contact_id=taken.contact_id,
        cause=f"{callbacks.CAUSE}site:{asked.id}",
    )
    tasks.add(tx, new)
