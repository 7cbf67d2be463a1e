"""The board of a funnel, as far as its viewer sees: three statements, however many deals there are.

A funnel with gates takes one more and one for each kind of evidence its gates ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import NoReturn

from pbx_crm.db import boards, folds, funnels, saved_views, stage_totals
from pbx_crm.db.boards import CardRow
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.stage_totals import Sums, Total
from pbx_crm.domain.board import (
    CARDS_AT_FIRST,
    Board,
    BoardView,
    Card,
    CardFilter,
    Column,
    Order,
    Step,
    filter_of,
)
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel, LossReason, Stage
from pbx_crm.domain.funnel_shape import name_reasons
from pbx_crm.domain.person import Person, Reach, Scope
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import urgency
from pbx_crm.services.clock import Clock
from pbx_crm.services.gates import gates_ahead


class Boards:
    """Reads boards and single columns; the day that "due today" means is the viewer's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def show(self, viewer: Person, view: BoardView, zone: tzinfo) -> Board:
        """The whole board; NotFound for a funnel there is not."""
        return await self._database.read(_board, viewer, view, self._clock(), zone)

    async def outline(self, viewer: Person, view: BoardView, zone: tzinfo) -> Board:
        """The board without its cards: counts and sums alone; NotFound for a funnel there is not."""
        return await self._database.read(_outline, viewer, view, self._clock(), zone)

    async def columns(
        self, viewer: Person, shown: Mapping[int, int], view: BoardView, zone: tzinfo
    ) -> list[Column]:
        """Single columns by stage id with so many cards each, in board order; NotFound for an unknown one."""
        return await self._database.read(_columns, viewer, shown, view, self._clock(), zone)

    async def loss_reasons(self, funnel_id: int) -> tuple[LossReason, ...]:
        """Why deals of this funnel may be lost; NotFound."""
        return (await self._database.read(funnels.load, funnel_id)).loss_reasons

    async def views(self, viewer: Person) -> list[tuple[str, str]]:
        """The boards this viewer gave a name: (name, query string)."""
        return await self._database.read(saved_views.of, viewer.id)

    async def save_view(self, viewer: Person, name: str, query: str) -> None:
        """Keeps a board under this name; one of this name is replaced. BadInput for no or too long a name."""
        if reasons := name_reasons(name):
            raise BadInput(reasons=reasons)
        await self._database.write(saved_views.put, viewer.id, name, query)

    async def drop_view(self, viewer: Person, name: str) -> None:
        """The board of this name is kept no more."""
        await self._database.write(saved_views.drop, viewer.id, name)

    async def fold(self, viewer: Person, stage_id: int, *, is_folded: bool) -> None:
        """From now on this viewer sees the column folded, or with its cards again; NotFound."""
        await self._database.write(_fold, viewer, stage_id, is_folded)


def _fold(tx: Transaction, viewer: Person, stage_id: int, is_folded: bool) -> None:
    funnels.of_stage(tx, stage_id)
    folds.put(tx, viewer.id, stage_id, is_folded=is_folded)


def _board(tx: Transaction, viewer: Person, view: BoardView, now: datetime, zone: tzinfo) -> Board:
    known, folded = funnels.in_use_of(tx, viewer.id)
    empty = _empty(known, viewer, view)
    stages, wanted = empty.funnel.stages, filter_of(view, now, zone)
    totals, sources = boards.totals_and_sources(tx, _sums(stages, viewer.scope, wanted), viewer.scope)
    limits = {stage.id: CARDS_AT_FIRST for stage in stages}
    cards = _cards(tx, viewer, [empty.funnel], limits, folded, wanted, view.order, zone)
    offered = tuple(sorted({*sources, *([view.source] if view.source else [])}))
    columns = [
        _column(stage, cards[stage.id], totals, CARDS_AT_FIRST, is_folded=stage.id in folded)
        for stage in stages
    ]
    return replace(empty, columns=_standing(columns), sources=offered)


def _outline(tx: Transaction, viewer: Person, view: BoardView, now: datetime, zone: tzinfo) -> Board:
    empty = _empty(funnels.in_use(tx), viewer, view)
    stages = empty.funnel.stages
    totals = boards.totals(tx, _sums(stages, viewer.scope, filter_of(view, now, zone)))
    return replace(empty, columns=_standing([_column(stage, (), totals, shown=0) for stage in stages]))


def _sums(stages: Sequence[Stage], scope: Scope, wanted: CardFilter) -> Sums:
    ids = [stage.id for stage in stages]
    if wanted.is_counted:
        return stage_totals.summed_up(ids, scope, wanted.owner_id)
    return boards.counted_anew(ids, scope, wanted)


def _standing(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of a board; a card moved into a stage just as it was retired must not vanish with it."""
    return tuple(column for column in columns if column.deals or not column.stage.is_retired)


def _empty(known: Sequence[Funnel], viewer: Person, view: BoardView) -> Board:
    funnel = _chosen(known, view.funnel_id)
    return Board(view, funnel, tuple(known), (), viewer.scope.reach is Reach.ALL)


def _columns(
    tx: Transaction,
    viewer: Person,
    shown: Mapping[int, int],
    view: BoardView,
    now: datetime,
    zone: tzinfo,
) -> list[Column]:
    known, folded = funnels.in_use_of(tx, viewer.id)
    stages = [stage for funnel in known for stage in funnel.stages if stage.id in shown]
    if len(stages) != len(shown):
        raise NotFound
    wanted = filter_of(view, now, zone)
    totals = boards.totals(tx, _sums(stages, viewer.scope, wanted))
    cards = _cards(tx, viewer, known, shown, folded, wanted, view.order, zone)
    return [
        _column(stage, cards[stage.id], totals, shown[stage.id], is_folded=stage.id in folded)
        for stage in stages
    ]


def _chosen(known: Sequence[Funnel], funnel_id: int | None) -> Funnel:
    if not known:
        _no_funnel()
    if funnel_id is None:
        return known[0]
    for funnel in known:
        if funnel.id == funnel_id:
            return funnel
    _no_funnel()


def _no_funnel() -> NoReturn:
    raise NotFound(N_("There is no such funnel."))


def _cards(
    tx: Transaction,
    viewer: Person,
    known: Sequence[Funnel],
    shown: Mapping[int, int],
    folded: frozenset[int],
    wanted: CardFilter,
    order: Order,
    zone: tzinfo,
) -> dict[int, list[Card]]:
    """By stage its first cards, none of a folded one."""
    open_limits = {stage_id: most for stage_id, most in shown.items() if stage_id not in folded}
    rows = boards.cards(tx, open_limits, viewer.scope, wanted, order)
    places = {row.id: row.stage_id for found in rows.values() for row in found}
    gated = gates_ahead(tx, known, places, wanted.now)
    return {
        stage_id: [_card(row, gated.get(row.id, ()), wanted.now, zone) for row in rows.get(stage_id, ())]
        for stage_id in shown
    }


def _column(
    stage: Stage, cards: Sequence[Card], totals: Sequence[Total], shown: int, *, is_folded: bool = False
) -> Column:
    mine = [total for total in totals if total.stage_id == stage.id]
    sums = tuple((total.currency, total.amount) for total in mine if total.amount)
    return Column(stage, tuple(cards), sum(total.deals for total in mine), sums, shown, is_folded)


def _card(row: CardRow, gated: tuple[int, ...], now: datetime, zone: tzinfo) -> Card:
    return Card(
        id=row.id,
        stage_id=row.stage_id,
        version=row.version,
        client=row.client_name or row.company_name,
        number=row.number,
        title=row.title,
        source=row.source,
        amount=row.amount,
        currency=row.currency,
        priority=row.priority,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        stage_since=row.stage_since,
        step=Step(urgency(row.step_due_at, now, zone), row.step_kind, row.step_due_at),
        on_call_since=row.on_call_since,
        place=row.place,
        gated=gated,
    )
