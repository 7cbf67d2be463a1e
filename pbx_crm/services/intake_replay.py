"""Past calls come in again under other rules: the intake's own work on a desk that is never filed away."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from pbx_crm.db import extensions, people
from pbx_crm.db.call_rows import extensions_in
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Call, Fact, Leg
from pbx_crm.domain.intake_trial import (
    CalledBack,
    CallFate,
    Fate,
    Given,
    Laid,
    PastClient,
    PastDays,
    PastDeal,
)
from pbx_crm.domain.line import CreateAt, Line, SkipRule
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.roster import Roster
from pbx_crm.services.intake_desk import CallFile, ClientFile, DealFile, Desk, News
from pbx_crm.services.intake_work import hear


@dataclass(frozen=True, slots=True)
class TrialRules:
    """The lines and skip rules of a trial; `line` or `skip` is the one that is tried."""

    lines: list[Line]
    skip_rules: list[SkipRule]
    line: Line | None = None
    skip: SkipRule | None = None


@dataclass(slots=True)
class _World:
    """What the desks of several PBXes share."""

    clients: dict[str, ClientFile] = field(default_factory=dict)
    deals: dict[int, DealFile] = field(default_factory=dict)
    talks: dict[ClientFile, list[datetime]] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)


class TrialDesk(Desk):
    """A desk to which everything is handed, so that nothing is looked up by what is stored today."""

    def __init__(
        self, tx: Transaction, pbx: str, plan: NumberPlan, rules: TrialRules, world: _World, roster: Roster
    ) -> None:
        # Not the desk's own way: that one finds its calls on record, which here are yet to come.
        self._tx, self.pbx, self.plan, self.roster = tx, pbx, plan, roster
        self.lines, self.skip_rules = rules.lines, rules.skip_rules
        self.clients, self.deals, self.talks, self.turns = (
            world.clients,
            world.deals,
            world.talks,
            world.turns,
        )
        self.waiting = world.waiting
        self.files, self.notices, self.wishes, self.gone, self.news = {}, [], [], [], []
        self.seen, self.unlinked, self.turned, self._line_by_entrance = {}, {}, {}, {}
        self.makes_cards = True

    @cached_property
    def owners(self) -> Roster:
        """Who may own cards today, and the turns of the trial."""
        sellers, heads = people.card_owners(self._tx)
        return replace(self.roster, sellers=sellers, heads=heads, turns=self.turns)

    @cached_property
    def _last_talks(self) -> dict[int, datetime]:
        return {}


def fates(
    tx: Transaction, past: PastDays, rules: TrialRules, plans: Mapping[str, NumberPlan]
) -> dict[int, CallFate]:
    """What each call led to under these rules, by its id."""
    replay = _Replay(tx, past, rules, plans)
    replay.run()
    return replay.fates()


class _Replay:
    def __init__(
        self, tx: Transaction, past: PastDays, rules: TrialRules, plans: Mapping[str, NumberPlan]
    ) -> None:
        self._past, self._rules = past, rules
        self._world = _World()
        self._contacts: dict[int, ClientFile] = {}
        self._desks: dict[str, TrialDesk] = {}
        self._real: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        self._keys = {f"{one.pbx}/{one.call.linkedid}" for one in past.calls}
        named: defaultdict[str, set[str]] = defaultdict(set)
        for one in past.calls:
            named[one.pbx] |= extensions_in(one.call)
            self._real[one.deal_id or 0].append((one.pbx, one.call.linkedid))
        for pbx, numbers in named.items():
            roster = Roster(extensions.spans(tx, pbx, sorted(numbers)))
            self._desks[pbx] = TrialDesk(tx, pbx, plans[pbx], rules, self._world, roster)

    def run(self) -> None:
        """Everything comes again in its order."""
        for at, event in self._in_order():
            match event:
                case (str(pbx), Call() as call, int(number)):
                    self._hear(self._desks[pbx], News(Fact(call, at), number, set()))
                case PastClient():
                    self._know(event)
                case PastDeal():
                    self._lay_out(event)
                case Laid() | Given() | CalledBack():
                    self._act(event)

    def _in_order(self) -> Iterator[tuple[datetime, object]]:
        past, rings = self._past, any(line.create_at is CreateAt.RING for line in self._rules.lines)
        ranked: list[tuple[tuple[datetime, int, int], object]] = []
        for order, one in enumerate(past.calls):
            for number, (at, call) in enumerate(_states(one.call, rings), 1):
                ranked.append(((at, 2, order), (one.pbx, call, number)))
        for client in past.clients:
            if not client.by_call:
                ranked.append(((max(client.known_at, past.since), 0, client.id), client))
        for deal in past.deals:
            if self._is_given(deal):
                ranked.append(((max(deal.made_at, past.since), 1, deal.id), deal))
        ranked += [((act.at, 3, order), act) for order, act in enumerate(past.acts)]
        for key, event in sorted(ranked, key=lambda pair: pair[0]):
            yield key[0], event

    def _is_given(self, deal: PastDeal) -> bool:
        """Whether the card was there already, or made by hand: no call of these days makes it."""
        return deal.made_at < self._past.since or deal.born_of not in self._keys

    def _know(self, client: PastClient) -> None:
        # The trial may have met them before somebody wrote them down.
        met = next((found for number in client.numbers if (found := self._world.clients.get(number))), None)
        file = met or ClientFile(client.numbers[0], client.id, client.name, client.responsible_id)
        self._contacts[client.id] = file
        for number in client.numbers:
            self._world.clients.setdefault(number, file)

    def _lay_out(self, deal: PastDeal) -> None:
        client = self._contacts.get(deal.contact_id)
        place = (deal.stage_id, deal.funnel_id, deal.owner_id, deal.active_at, client, deal.born_of)
        file = self._world.deals[deal.id] = DealFile(deal.id, *place, deal.is_open, deal.id)
        if client is not None:
            client.deals.append(file)
        if not deal.is_open:
            _close(file)
        if deal.waits:
            self._world.waiting.add(file.key)

    def _hear(self, desk: TrialDesk, news: News) -> None:
        hear(desk, news)
        file = desk.files[news.fact.call.linkedid]
        if file.deal is not None and file.deal.touched_at is not None:
            file.deal.active_at = max(file.deal.active_at, file.deal.touched_at)
        if file.client is not None and news.fact.call.answered_at == news.fact.at:
            # Whoever waited to be called back has been talked with.
            self._world.waiting -= {deal.key for deal in file.client.deals}

    def _act(self, act: Laid | Given | CalledBack) -> None:
        deal = self._stand_in(act.deal_id)
        if deal is None:
            return
        match act:
            case Laid():
                deal.stage, deal.funnel_id, deal.is_open = act.stage_id, act.funnel_id, act.is_open
                deal.active_at = max(deal.active_at, act.at)
                if not act.is_open:
                    _close(deal)
            case Given():
                deal.owner_id = act.owner_id
            case CalledBack():
                self._world.waiting.discard(deal.key)

    def _stand_in(self, deal_id: int) -> DealFile | None:
        """The card that stands for the real one in the trial: where the first of its calls came to lie."""
        if deal_id in self._world.deals:
            return self._world.deals[deal_id]
        files = (self._desks[pbx].files.get(name) for pbx, name in self._real[deal_id])
        return next((file.deal for file in files if file is not None and file.deal is not None), None)

    def fates(self) -> dict[int, CallFate]:
        """What each call led to."""
        found = {}
        tasks = {pbx: Counter(wish.file.key for wish in desk.wishes) for pbx, desk in self._desks.items()}
        for one in self._past.calls:
            file = self._desks[one.pbx].files[one.call.linkedid]
            fate, owner_id, funnel_id = _fate(file)
            is_own = self._decided(self._desks[one.pbx], file, one.call)
            found[one.id] = CallFate(fate, owner_id, funnel_id, tasks[one.pbx][file.key], is_own)
        return found

    def _decided(self, desk: TrialDesk, file: CallFile, call: Call) -> bool:
        if self._rules.skip is not None:
            return file.skipped_by == self._rules.skip.name
        return self._rules.line is not None and desk.line_of(call) is self._rules.line


def _close(deal: DealFile) -> None:
    client = deal.client
    if client is not None:
        client.last_closed_id = deal.key
        client.responsible_id = client.responsible_id or deal.owner_id


def _fate(file: CallFile) -> tuple[Fate, int | None, int | None]:
    if file.skipped_by is not None:
        return Fate.SKIPPED, None, None
    if file.deal is None:
        return Fate.LOGGED, None, None
    if file.is_birthplace:
        return Fate.MADE, file.rule.get("owner"), file.deal.funnel_id
    return Fate.JOINED, None, None


def _states(call: Call, rings: bool) -> Iterator[tuple[datetime, Call]]:
    """The call whenever something had happened in it that a rule may ask about, in order."""
    yield call.started_at, _as_of(call, call.started_at, ())
    moments = {talk.started_at for talk in call.talks} | {call.answered_at or call.started_at}
    later: list[tuple[datetime, Sequence[Leg]]] = [
        (at, [leg for leg in call.legs if _rang(leg) <= at]) for at in moments if at > call.started_at
    ]
    if rings:
        # Phones that ring at once are told one by one, and whose turn it is may be asked at the first.
        later += [(_rang(leg), call.legs[:number]) for number, leg in enumerate(call.legs, 1)]
    for at, legs in sorted(later, key=lambda one: (one[0], len(one[1]))):
        yield at, _as_of(call, at, legs)
    if call.ended_at is not None:
        yield call.ended_at, call


def _rang(leg: Leg) -> datetime:
    return leg.rang_at or leg.started_at


def _as_of(call: Call, at: datetime, legs: Sequence[Leg]) -> Call:
    """The call as it stood at that moment, when these phones had rung."""
    talks = tuple(replace(talk, ended_at=None) for talk in call.talks if talk.started_at <= at)
    is_answered = call.answered_at is not None and call.answered_at <= at
    return replace(
        call,
        legs=tuple(legs),
        rang=tuple(dict.fromkeys(leg.extension for leg in legs if leg.extension)),
        talks=talks,
        answered_at=call.answered_at if is_answered else None,
        answered_by=call.answered_by if is_answered else None,
        final_agent=(talks[-1].extension if talks else call.answered_by) if is_answered else None,
        outcome=None,
        reason=None,
        ended_at=None,
        ended_by=None,
    )
