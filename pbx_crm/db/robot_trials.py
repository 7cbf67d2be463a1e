"""What the dry run of a robot reads: the days of every card of a funnel that lay in it open then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from pbx_crm.db.tables import (
    calls,
    contacts,
    deal_events,
    deal_files,
    deal_notes,
    deals,
    people,
    robot_runs,
    stage_moves,
    tasks,
)
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.robot import CAUSE
from pbx_crm.domain.robot_days import CardDays, Expected, Lay, Owned, Ranked, Step
from pbx_crm.domain.task import TaskKind

LONG_AGO = datetime.min.replace(tzinfo=UTC)
TOLD = ("owner", "fields", "wrap_up", "trigger", "robot")
SET_BY_HAND = "bulk:"


@dataclass
class _Heard:
    """What was gathered of one card so far."""

    signs: list[datetime] = field(default_factory=list)
    lays: list[Lay] = field(default_factory=list)
    owned: list[Owned] = field(default_factory=list)
    ranked: list[Ranked] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    talks: list[datetime] = field(default_factory=list)
    taken_back: set[tuple[datetime, str]] = field(default_factory=set)

    def begin(self, name: str, was: Any) -> None:
        """How this was before it was first changed."""
        series: dict[str, Sequence[object]] = {
            "owner": self.owned,
            "priority": self.ranked,
            "expected_close": self.expected,
        }
        if not series.get(name, (was,)):
            self.note(name, LONG_AGO, was, by_person=False)

    def note(self, name: str, at: datetime, now: Any, by_person: bool) -> None:
        """This is so from then on; of other fields nothing follows."""
        match name:
            case "owner":
                self.owned.append(Owned(at, now, by_person))
            case "priority":
                self.ranked.append(Ranked(at, Priority(now), by_person))
            case "expected_close":
                self.expected.append(Expected(at, now))


def cards(tx: Connection, funnel_id: int, robot_id: int | None, since: datetime) -> list[CardDays]:
    """Every card of the funnel that was not closed before then, with its days. Eight statements.

    What this robot really did is left out. A card that has changed funnels since is the new funnel's.
    """
    # A card closed in these days may have entered its last stage in them, which is an occasion too.
    wanted = select(deals.c.id).where(
        deals.c.funnel_id == funnel_id, or_(deals.c.closed_at.is_(None), deals.c.closed_at >= since)
    )
    heard: defaultdict[int, _Heard] = defaultdict(_Heard)
    _hear_moves(tx, wanted, heard)
    _hear_calls(tx, wanted, heard)
    _hear_signs(tx, wanted, heard)
    runs = _runs(tx, robot_id)
    _hear_tasks(tx, wanted, heard, {f"{CAUSE}{run_id}" for run_id in runs})
    _hear_events(tx, wanted, heard, robot_id, runs)
    return [_card(row, heard[row.id]) for row in tx.execute(_deals(wanted))]


def _deals(wanted: Select[Any]) -> Select[Any]:
    of_deal = ("id", "line_id", "owner_id", "priority", "expected_close", "created_at")
    return (
        select(*(deals.c[name] for name in of_deal), contacts.c.do_not_call, people.c.id.label("responsible"))
        .join_from(deals, contacts, contacts.c.id == deals.c.contact_id, isouter=True)
        .join(people, (people.c.id == contacts.c.responsible_id) & people.c.is_active, isouter=True)
        .where(deals.c.id.in_(wanted))
        .order_by(deals.c.id)
    )


def _card(row: Row[Any], heard: _Heard) -> CardDays:
    at = attrgetter("at")
    owned = sorted(heard.owned, key=at) or [Owned(row.created_at, row.owner_id)]
    ranked = sorted(heard.ranked, key=at) or [Ranked(row.created_at, Priority(row.priority))]
    expected = sorted(heard.expected, key=at) or [Expected(row.created_at, row.expected_close or "")]
    return CardDays(
        row.id,
        row.line_id,
        row.responsible,
        not row.do_not_call,
        row.created_at,
        tuple(heard.lays),
        tuple(sorted({row.created_at, *heard.signs})),
        tuple(owned),
        tuple(ranked),
        tuple(expected),
        tuple(heard.steps),
        tuple(sorted(heard.talks)),
        frozenset(heard.taken_back),
    )


def _hear_moves(tx: Connection, wanted: Select[Any], heard: Mapping[int, _Heard]) -> None:
    table = stage_moves.c
    query = select(table.deal_id, table.id, table.at, table.to_stage_id, table.undoes_id)
    since_before: dict[int, datetime] = {}
    for deal_id, move_id, at, to_stage_id, undoes_id in tx.execute(
        query.where(table.deal_id.in_(wanted)).order_by(table.id)
    ):
        card = heard[deal_id]
        since_before[move_id] = card.lays[-1].since if card.lays else at
        # What is taken back leaves the card where and as long as it had lain, and is no sign of life.
        card.lays.append(Lay(at, to_stage_id, since_before.get(undoes_id, at)))
        if undoes_id is None:
            card.signs.append(at)


def _hear_calls(tx: Connection, wanted: Select[Any], heard: Mapping[int, _Heard]) -> None:
    table = calls.c
    query = select(table.deal_id, table.started_at, table.answered_at, table.ended_at)
    for deal_id, started_at, answered_at, ended_at in tx.execute(query.where(table.deal_id.in_(wanted))):
        heard[deal_id].signs += [at for at in (started_at, ended_at) if at is not None]
        if answered_at is not None:
            heard[deal_id].talks.append(answered_at)


def _hear_signs(tx: Connection, wanted: Select[Any], heard: Mapping[int, _Heard]) -> None:
    for table in (deal_notes, deal_files):
        query = select(table.c.deal_id, table.c.at).where(table.c.deal_id.in_(wanted))
        for deal_id, at in tx.execute(query):
            heard[deal_id].signs.append(at)


def _runs(tx: Connection, robot_id: int | None) -> dict[int, tuple[datetime, str]]:
    """By id what this robot has really acted upon."""
    query = select(robot_runs.c.id, robot_runs.c.since, robot_runs.c.key)
    rows = tx.execute(query.where(robot_runs.c.robot_id == robot_id)) if robot_id is not None else ()
    return {run_id: (since, key) for run_id, since, key in rows}


def _hear_tasks(
    tx: Connection, wanted: Select[Any], heard: Mapping[int, _Heard], own: Collection[str]
) -> None:
    table = tasks.c
    query = select(table.deal_id, table.created_at, table.due_at, table.done_at, table.cause, table.kind)
    for deal_id, made_at, due_at, done_at, cause, kind in tx.execute(query.where(table.deal_id.in_(wanted))):
        if cause in own:
            continue
        by_robot = bool(cause and cause.startswith(CAUSE))
        heard[deal_id].steps.append(Step(made_at, due_at, done_at, by_robot, kind == TaskKind.MEETING))
        if cause is None or cause.startswith(SET_BY_HAND):
            heard[deal_id].signs.append(made_at)


def _hear_events(
    tx: Connection,
    wanted: Select[Any],
    heard: Mapping[int, _Heard],
    robot_id: int | None,
    runs: Mapping[int, tuple[datetime, str]],
) -> None:
    table = deal_events.c
    query = select(table.deal_id, table.at, table.kind, table.actor_id, table.details)
    query = query.where(table.deal_id.in_(wanted), table.kind.in_(TOLD)).order_by(table.id)
    for deal_id, at, kind, actor_id, details in tx.execute(query):
        card, is_own = heard[deal_id], robot_id is not None and details.get("robot") == robot_id
        for name, was, now in _changes(kind, details):
            card.begin(name, was)
            if not is_own:
                card.note(name, at, now, actor_id is not None)
        if is_own and details.get("taken_back") and details.get("run") in runs:
            card.taken_back.add(runs[details["run"]])
        # A robot's advice or task is no sign of life, a card it hands over begins anew with its owner.
        if kind != "robot" and not is_own:
            card.signs.append(at)


def _changes(kind: str, details: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """Field, what it was and what it became; rules change one at a time, people several."""
    if kind == "owner":
        yield "owner", details["from"], details["to"]
    elif "was" in details:
        yield "priority", details["was"], details["is"]
    yield from details.get("changes", ())


def brought(tx: Connection, robot_id: int | None, since: datetime) -> dict[int, list[datetime]]:
    """When other robots brought a card to each person from then on, the oldest first. One statement."""
    table = robot_runs.c
    query = select(table.owner_id, table.at).where(table.at > since).order_by(table.at)
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    for owner_id, at in tx.execute(query if robot_id is None else query.where(table.robot_id != robot_id)):
        found[owner_id].append(at)
    return dict(found)
