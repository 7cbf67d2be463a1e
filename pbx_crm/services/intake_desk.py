"""The intake's desk: the calls, clients and deals that a batch of facts concerns.

Everything is looked up for the whole batch at once and changed here in memory, fact by fact, so that a
batch of three hundred facts costs as many statements as a batch of three. `services/intake_work.py`
does the work on it, `services/intake_filing.py` writes the result away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from pbx_crm.db import calendars, callbacks, callers, calls, extensions, funnels, lines, people, rotas
from pbx_crm.db.call_rows import extensions_in
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.calendar import WorkingTimes
from pbx_crm.domain.call import Call, Fact
from pbx_crm.domain.call_knowledge import known, takes_back_answer
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.intake_case import Client, OpenDeal
from pbx_crm.domain.line import Line, SkipRule, line_of
from pbx_crm.domain.owner_rule import Rule
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.roster import Roster
from pbx_crm.domain.task import TaskKind

LONGEST_CALL = timedelta(hours=12)


@dataclass(slots=True, eq=False)
class ClientFile:
    """A client with their deals; no id yet for one whose first card is made in this batch."""

    number: str
    id: int | None = None
    name: str = ""
    responsible_id: int | None = None
    last_closed_id: int | None = None
    deals: list[DealFile] = field(default_factory=list)

    def known(self) -> Client:
        """The client as the rules see them."""
        opened = (deal for deal in self.deals if deal.is_open)
        return Client(
            self.responsible_id,
            tuple(OpenDeal(deal.key, deal.funnel_id, deal.owner_id, deal.active_at) for deal in opened),
        )


@dataclass(slots=True, eq=False)
class DealFile:
    """A deal; one made in this batch has no id and a negative key."""

    key: int
    stage: int
    funnel_id: int
    owner_id: int
    active_at: datetime
    client: ClientFile | None
    born_of: str | None
    is_open: bool = True
    id: int | None = None
    birth: Birth | None = None
    handed: list[HandedOver] = field(default_factory=list)
    touched_at: datetime | None = None
    reborn: bool = False
    left: set[int] = field(default_factory=set)
    """Stages it lay in before, in this batch."""
    first_owner_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.first_owner_id = self.owner_id

    @property
    def stored_id(self) -> int:
        """Its id; LookupError before it is filed away."""
        return _of_a_row(self.id)


@dataclass(frozen=True, slots=True)
class Birth:
    """What a deal made in this batch starts with."""

    stage: Stage
    currency: str
    owner_id: int
    at: datetime
    line: Line
    previous_id: int | None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The card went to another owner, and why."""

    owner_id: int
    at: datetime
    rule: Rule


@dataclass(slots=True, eq=False)
class CallFile:
    """A call: what is stored of it, and what it is now."""

    pbx: str
    linkedid: str
    line: Line
    row: Mapping[str, Any] | None = None
    id: int | None = None
    known: int = -1
    call: Call | None = None
    """None while nothing new was heard of it."""
    number: str | None = None
    client: ClientFile | None = None
    deal: DealFile | None = None
    rule: Rule = field(default_factory=dict)
    skipped_by: str | None = None
    answered_at: datetime | None = None
    """When it was answered, as far as was heard before the news at hand."""
    concerned: frozenset[int] = frozenset()
    """Whom the call concerns, once it is filed away."""
    merged_into: CallFile | None = None

    @property
    def key(self) -> str:
        """What `born_of` and the causes of tasks call it."""
        return f"{self.pbx}/{self.linkedid}"

    @property
    def heard_call(self) -> Call:
        """What was heard of it; LookupError if nothing was."""
        if self.call is None:
            raise LookupError("nothing was heard of this call")
        return self.call

    @property
    def stored_id(self) -> int:
        """Its id, or that of the call it became one with; LookupError before that is filed away."""
        return self.merged_into.stored_id if self.merged_into is not None else _of_a_row(self.id)

    @property
    def takes_back_answer(self) -> bool:
        """Whether it turned out that there was no talk after all."""
        return self.call is not None and takes_back_answer(self.call, self.answered_at)

    @property
    def is_birthplace(self) -> bool:
        """Whether the deal was made by this call."""
        return self.deal is not None and self.deal.born_of == self.key


def _of_a_row(row_id: int | None) -> int:
    if row_id is None:
        raise LookupError("this has not been written yet")
    return row_id


@dataclass(frozen=True, slots=True)
class Notice:
    """A line of a deal's history about a call."""

    deal: DealFile
    file: CallFile
    kind: str
    at: datetime
    details: Rule


@dataclass(frozen=True, slots=True)
class Wish:
    """A task that a call leads to."""

    kind: TaskKind
    cause: str
    deal: DealFile
    file: CallFile
    at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """A fact, how much its call knows then, and every extension that has a part in it by then."""

    fact: Fact
    known: int
    extensions: set[str]


class Desk:
    """Everything a batch concerns, found by the names the facts use."""

    def __init__(self, tx: Transaction, pbx: str, facts: Sequence[Fact], plan: NumberPlan) -> None:
        self._tx = tx
        self.pbx = pbx
        self.plan = plan
        self.files: dict[str, CallFile] = {}
        self.clients: dict[str, ClientFile] = {}
        self.deals: dict[int, DealFile] = {}
        self.notices: list[Notice] = []
        self.wishes: list[Wish] = []
        self.talks: dict[ClientFile, list[datetime]] = {}
        self.gone: list[tuple[CallFile, int]] = []
        self.seen: dict[str, datetime] = {}
        self.unlinked: dict[str, datetime] = {}
        self.turns: dict[str, int] = {}
        self.turned: dict[str, int] = {}
        self.makes_cards = True
        """Whether calls make cards and join them; of the past they may be logged only."""
        self.lines: list[Line] = []
        self._line_by_entrance: dict[tuple[str | None, ...], Line] = {}
        self.skip_rules: list[SkipRule] = []
        self._find_calls(facts)
        self.news = [News(fact, known(fact.call), extensions_in(fact.call)) for fact in facts]
        self.news = [news for news in self.news if self._is_news(news)]
        self.roster = Roster()
        if self.news:
            self._find_the_rest()

    def _find_calls(self, facts: Sequence[Fact]) -> None:
        # One batch of a PBX at a time: its facts have an order.
        callers.hold(self._tx, [f"pbx {self.pbx}"])
        names = {fact.call.linkedid for fact in facts}.union(*(fact.call.aliases for fact in facts))
        by_id: dict[int, CallFile] = {}
        for name, row in calls.stored(self._tx, self.pbx, sorted(names)).items():
            self.files[name] = by_id.setdefault(row["id"], self._stored_file(row))

    def _stored_file(self, row: Mapping[str, Any]) -> CallFile:
        return CallFile(
            self.pbx,
            row["linkedid"],
            Line(row["line_id"], self.pbx),
            row,
            row["id"],
            row["known"],
            number=row["e164"],
            rule=row["owner_rule"],
            skipped_by=row["skipped_by"],
            answered_at=row["answered_at"],
        )

    def _is_news(self, news: News) -> bool:
        linkedid = news.fact.call.linkedid
        file = self.files.get(linkedid)
        return file is None or (file.linkedid == linkedid and news.known > file.known)

    def _find_the_rest(self) -> None:
        named = set[str]().union(*(news.extensions for news in self.news))
        self.roster = Roster(extensions.spans(self._tx, self.pbx, sorted(named)))
        self.lines = lines.load(self._tx)
        self.skip_rules = lines.load_skip_rules(self._tx)
        self._find_clients()

    def _find_clients(self) -> None:
        numbers = {self.plan.e164(news.fact.call.external_number) for news in self.news}
        wanted = sorted(number for number in numbers if number is not None)
        callers.hold(self._tx, wanted)
        by_id: dict[int, ClientFile] = {}
        for found in callers.by_numbers(self._tx, wanted):
            client = ClientFile(found.number, found.contact_id, found.name, found.responsible_id)
            self.clients[found.number] = by_id.setdefault(found.contact_id, client)
        belonging = {file.row["deal_id"] for file in self.files.values() if file.row is not None}
        for deal in callers.deals_of(self._tx, sorted(by_id), sorted(belonging - {None})):
            self._lay_out(deal, by_id)
        for file in self.files.values():
            if file.row is not None and file.row["deal_id"] is not None:
                file.deal = self.deals.get(file.row["deal_id"])
                # Who calls may stand on the deal beside its first client.
                caller = by_id.get(file.row["contact_id"])
                file.client = caller or (file.deal.client if file.deal else None)

    def _lay_out(self, deal: callers.CallerDeal, by_id: Mapping[int, ClientFile]) -> None:
        client = by_id.get(deal.contact_id or 0)
        is_open = deal.closed_at is None
        if client is None and deal.contact_id is not None:
            # The call shows another number than the client's, or none: it is theirs all the same.
            client = ClientFile("", deal.contact_id)
        self.deals[deal.id] = DealFile(
            deal.id,
            deal.stage_id,
            deal.funnel_id,
            deal.owner_id,
            deal.active_at,
            client,
            deal.born_of,
            is_open,
            deal.id,
        )
        for other in (by_id[contact_id] for contact_id in deal.beside):
            if other is not client:
                other.deals.append(self.deals[deal.id])
        if client is None:
            return
        client.deals.append(self.deals[deal.id])
        if not is_open:
            client.last_closed_id = deal.id
            client.responsible_id = client.responsible_id or deal.owner_id

    def file_of(self, call: Call) -> CallFile:
        """The call's file, a new one at first sight."""
        if call.linkedid not in self.files:
            self.files[call.linkedid] = CallFile(self.pbx, call.linkedid, Line(None, self.pbx))
        return self.files[call.linkedid]

    def line_of(self, call: Call) -> Line:
        """The line the call entered by; calls that entered by the same way are looked at once."""
        entrance = (call.did, call.trunk, call.queue)
        if entrance not in self._line_by_entrance:
            self._line_by_entrance[entrance] = line_of(call, self.lines, self.pbx)
        return self._line_by_entrance[entrance]

    def funnel_of(self, line: Line) -> Funnel | None:
        """The funnel the line's cards go into: its own, else the first."""
        of_line = next((funnel for funnel in self.funnels if funnel.id == line.funnel_id), None)
        return of_line or (self.funnels[0] if self.funnels else None)

    @cached_property
    def funnels(self) -> list[Funnel]:
        """Funnels in use, looked up when the first card is about to be made."""
        return funnels.in_use(self._tx)

    @cached_property
    def working_times(self) -> WorkingTimes:
        """When the sellers of each line work, looked up when the first task is about to be set."""
        return calendars.working_times(self._tx)

    def due(self, line: Line, at: datetime, within: timedelta) -> datetime:
        """When something that came up by this line is due if it is to be done within so long."""
        return self.working_times.of_line(line.id).due(at, within)

    @cached_property
    def owners(self) -> Roster:
        """The roster with everybody who may own cards and the rotas' turns."""
        sellers, heads = people.card_owners(self._tx)
        self.turns = rotas.load(self._tx)
        return replace(self.roster, sellers=sellers, heads=heads, turns=self.turns)

    @cached_property
    def waiting(self) -> set[int]:
        """Keys of the deals whose client is to be called back already."""
        return callbacks.open_on(self._tx, [deal.id for deal in self.deals.values() if deal.id is not None])

    def talked_since(self, client: ClientFile, moment: datetime) -> bool:
        """Whether anybody has got to talk with the client after this moment."""
        if any(at > moment for at in self.talks.get(client, ())):
            return True
        stored = self._last_talks.get(client.id or 0)
        return stored is not None and stored > moment

    @cached_property
    def _last_talks(self) -> dict[int, datetime]:
        known_ids = sorted({client.id for client in self.clients.values() if client.id is not None})
        since = min(news.fact.call.started_at for news in self.news) - LONGEST_CALL
        none = [file.id for file in self.heard if file.id is not None and file.takes_back_answer]
        return callbacks.last_talks(self._tx, known_ids, since, besides=none)

    @property
    def heard(self) -> list[CallFile]:
        """Calls of which something new was heard, each once."""
        unique = {id(file): file for file in self.files.values() if file.call is not None}
        return list(unique.values())
