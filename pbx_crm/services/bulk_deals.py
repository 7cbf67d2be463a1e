"""Doing one thing to many cards: moving, handing over, setting a step; and taking all of it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from pbx_crm.db import bulk_acts, deal_names, deals, people, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.bulk import MOST, BulkAct, BulkDone, BulkKind, BulkWish, Stayed
from pbx_crm.domain.deal import MoveQuestions, MoveRequest, NothingToUndo, check_version, seller
from pbx_crm.domain.errors import BadInput, Refused
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import NewTask
from pbx_crm.domain.wrap_up import planned
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.moves import carry, put_back


@dataclass(slots=True)
class _News:
    """Which regions change, and for whom."""

    topics: set[str] = field(default_factory=lambda: {"tasks"})
    people: set[int] = field(default_factory=set)

    def note(self, deal_id: int, owner_ids: set[int], stage_ids: set[int]) -> None:
        """This card is drawn anew."""
        self.topics |= {f"deal-{deal_id}", *(f"stage-{stage}" for stage in stage_ids)}
        self.people |= owner_ids


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who acts on which wish, when."""

    viewer: Person
    wish: BulkWish
    act_id: int
    now: datetime
    zone: tzinfo
    news: _News


class BulkDeals:
    """One transaction a wish; a card that refuses stays as it is, and the others do not wait for it."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def act(self, viewer: Person, wish: BulkWish, zone: tzinfo) -> BulkDone:
        """How many cards took it and why others did not; BadInput for no cards, too many, or a bad wish."""
        if not 0 < len(wish.versions) <= MOST:
            raise BadInput(reasons={"deals": N_("Tick 1 to 200 cards.")})
        news = _News()
        done = await self._database.write(_act, viewer, wish, self._clock(), zone, news)
        self._live.tell(news.topics, news.people | {viewer.id})
        return done

    async def take_back(self, viewer: Person, act_id: int) -> BulkDone:
        """The cards as they were before; those that went on since stay. NothingToTakeBack."""
        news = _News()
        done = await self._database.write(_take_back, viewer, act_id, self._clock(), news)
        self._live.tell(news.topics, news.people | {viewer.id})
        return done

    async def history(self, viewer: Person) -> list[BulkAct]:
        """What the viewer did to many cards in the last 30 days."""
        return await self._database.read(bulk_acts.of_person, viewer.id, self._clock())


def _act(
    tx: Transaction, viewer: Person, wish: BulkWish, now: datetime, zone: tzinfo, news: _News
) -> BulkDone:
    _check(tx, wish)
    act_id = bulk_acts.add(tx, viewer.id, wish.kind, now)
    hand = _Hand(viewer, wish, act_id, now, zone, news)
    doing = {BulkKind.MOVE: _move, BulkKind.ASSIGN: _assign, BulkKind.TASK: _set_step}[wish.kind]
    done, refused = _each(tx, sorted(wish.versions), lambda deal_id: doing(tx, hand, deal_id))
    bulk_acts.keep(tx, act_id, done)
    if not done:
        bulk_acts.mark_taken_back(tx, act_id, now)
    return BulkDone(act_id if done else None, len(done), _named(tx, refused, viewer))


def _check(tx: Transaction, wish: BulkWish) -> None:
    match wish.kind:
        case BulkKind.MOVE if wish.to_stage_id is None:
            raise BadInput(reasons={"to": N_("Choose a stage of this funnel.")})
        case BulkKind.ASSIGN:
            person = people.get(tx, wish.owner_id) if wish.owner_id is not None else None
            if person is None or not person.is_active or person.role is Role.NONE:
                raise BadInput(reasons={"owner_id": N_("This person does not work with clients.")})
        case BulkKind.MOVE | BulkKind.TASK:
            pass


def _each(
    tx: Transaction, deal_ids: list[int], doing: Callable[[int], Mapping[str, Any] | None]
) -> tuple[list[Mapping[str, Any]], dict[int, str]]:
    """What was done, and by deal id why the others refused; each card in a savepoint of its own."""
    done: list[Mapping[str, Any]] = []
    refused: dict[int, str] = {}
    for deal_id in deal_ids:
        try:
            with tx.begin_nested():
                if (left := doing(deal_id)) is not None:
                    done.append({"deal": deal_id, **left})
        except MoveQuestions as questions:
            refused[deal_id] = next(iter(questions.reasons.values()))
        except Refused as refusal:
            refused[deal_id] = str(refusal)
    return done, refused


def _named(tx: Transaction, refused: Mapping[int, str], viewer: Person) -> tuple[Stayed, ...]:
    names = deal_names.called(tx, refused, viewer.scope) if refused else {}
    return tuple(Stayed(deal_id, why, names.get(deal_id, "")) for deal_id, why in refused.items())


def _move(tx: Transaction, hand: _Hand, deal_id: int) -> Mapping[str, Any] | None:
    wish = hand.wish
    # A sum is no matter of many cards at once: each is won for what stands on it, or asks for how much.
    amount = deals.get(tx, deal_id, hand.viewer.scope).amount
    request = MoveRequest(
        wish.to_stage_id or 0,
        wish.versions[deal_id],
        f"bulk:{hand.act_id}:{deal_id}",
        wish.reason,
        amount=amount or None,
        loss_reason_id=wish.loss_reason_id,
    )
    moved = carry(tx, hand.viewer, deal_id, request, hand.now)
    if moved.move is None:
        return None
    hand.news.note(deal_id, {moved.deal.owner_id}, {moved.from_stage_id, moved.deal.stage_id})
    return {"move": moved.move.id}


def _assign(tx: Transaction, hand: _Hand, deal_id: int) -> Mapping[str, Any] | None:
    deal = deals.lock(tx, deal_id, hand.viewer.scope)
    check_version(deal, hand.wish.versions[deal_id])
    owner_id = hand.wish.owner_id
    if owner_id is None or owner_id == deal.owner_id:
        return None
    deals.set_owner(tx, deal, owner_id, hand.now, seller(hand.viewer.id), {})
    hand.news.note(deal_id, {deal.owner_id, owner_id}, {deal.stage_id})
    return {"from": deal.owner_id, "to": owner_id}


def _set_step(tx: Transaction, hand: _Hand, deal_id: int) -> Mapping[str, Any] | None:
    deal = deals.lock(tx, deal_id, hand.viewer.scope)
    plan = planned(hand.wish.step, hand.now, hand.zone)
    if plan is None:
        return None
    kind, due_at = plan
    cause = f"bulk:{hand.act_id}:{deal_id}"
    new = NewTask(kind, deal.owner_id, due_at, hand.now, deal.id, deal.contact_id, cause=cause)
    tasks.add(tx, new)
    deals.touch(tx, deal.id, hand.now)
    hand.news.note(deal_id, {deal.owner_id}, {deal.stage_id})
    return {"cause": cause}


def _take_back(tx: Transaction, viewer: Person, act_id: int, now: datetime, news: _News) -> BulkDone:
    kind, cards = bulk_acts.lock(tx, act_id, viewer.id, now)
    undoing = {BulkKind.MOVE: _unmove, BulkKind.ASSIGN: _give_back, BulkKind.TASK: _drop_step}[kind]
    by_deal = {card["deal"]: card for card in cards}
    done, refused = _each(
        tx, sorted(by_deal), lambda deal_id: undoing(tx, viewer, act_id, by_deal[deal_id], now, news)
    )
    bulk_acts.mark_taken_back(tx, act_id, now)
    return BulkDone(None, len(done), _named(tx, refused, viewer))


def _unmove(
    tx: Transaction, viewer: Person, act_id: int, card: Mapping[str, Any], now: datetime, news: _News
) -> Mapping[str, Any]:
    key = f"bulk-undo:{act_id}:{card['deal']}"
    moved = put_back(tx, viewer, card["deal"], card["move"], key, now)
    news.note(moved.deal.id, {moved.deal.owner_id}, {moved.from_stage_id, moved.deal.stage_id})
    return {}


def _give_back(
    tx: Transaction, viewer: Person, act_id: int, card: Mapping[str, Any], now: datetime, news: _News
) -> Mapping[str, Any]:
    # A seller who gave own cards away sees them no more; what they gave they may take back.
    deal = deals.lock(tx, card["deal"], replace(viewer.scope, person_id=card["to"]))
    if deal.owner_id != card["to"]:
        raise NothingToUndo(deal_id=deal.id)
    deals.set_owner(tx, deal, card["from"], now, seller(viewer.id), {})
    news.note(deal.id, {card["from"], card["to"]}, {deal.stage_id})
    return {}


def _drop_step(
    tx: Transaction, viewer: Person, act_id: int, card: Mapping[str, Any], now: datetime, news: _News
) -> Mapping[str, Any]:
    deal = deals.get(tx, card["deal"], viewer.scope)
    if not tasks.drop_caused(tx, card["cause"]):
        raise NothingToUndo(deal_id=deal.id)
    news.note(deal.id, {deal.owner_id}, {deal.stage_id})
    return {}
