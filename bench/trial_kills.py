"""`python -m bench.trial_kills [KILLS]`: killed at random among 500 open calls, R2 of docs/threats.md.

A process takes in the facts of 500 calls that all go on at once, while a seller moves cards and is told of
each move once it is stored. Again and again it is killed (SIGKILL) at a random moment, and the next one
is told everything from the beginning, as CEL would. Every sixth lives to the end. Then the database must
hold what an undisturbed one holds: no call lost, none doubled, no other owner, the sums of reports right,
and every move that the seller was told of. Not part of `make test`: two hundred kills take minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text

from bench.goal_02_intake_durable import LONG_AGO
from bench.goal_06_cpu import EVERYBODY, QueueTeller
from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_wire import BLANK_LINE, headers_of
from pbx_crm.db import call_days, deals, extensions, funnels, migrate
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, stage_moves
from pbx_crm.db.tables import deals as deal_rows
from pbx_crm.domain.call import Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.deal import MoveRequest
from pbx_crm.domain.errors import Refused
from pbx_crm.domain.funnel import PRESETS, Funnel, StageKind
from pbx_crm.domain.person import THE_PROGRAM, Person, Role
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.clock import utc_now
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.moves import Moves
from pbx_crm.services.rollups import Rollups
from tests import builders

KILLS, KILLS_A_ROUND, CALLS, BATCH = 200, 5, 500, 100
PBX = "main"
PLANS = {PBX: NumberPlan("RU")}
SELLERS = EVERYBODY[:20]


@dataclass(frozen=True)
class Outcome:
    """What a database holds of the calls, without the numbers it gave its rows."""

    calls: list[Any]
    deals: list[Any]
    wrong_sums: int
    doubled_cards: int


def told() -> list[list[Fact]]:
    """The facts of calls that all ring, then are all answered, then all end, in batches."""
    teller, reader, tracker = QueueTeller(), AmiEventReader(), CallTracker()
    parts = [teller.call_to([SELLERS[(n + turn) % len(SELLERS)] for turn in range(4)]) for n in range(CALLS)]
    facts: list[Fact] = []
    began = time.time()
    for stage in range(3):
        for number, part in enumerate(parts):
            for raw in part[stage].split(BLANK_LINE):
                event = (
                    reader.read(headers_of(raw), began + stage * 60 + number / 100)
                    if is_needed(raw)
                    else None
                )
                facts += tracker.feed(event) if event is not None else ()
    facts += tracker.finish(began + 1000)
    return [facts[start : start + BATCH] for start in range(0, len(facts), BATCH)]


def founded(file: Path) -> str:
    """The URL of a fresh database with a head, twenty sellers and a funnel."""
    database = Database.open(f"sqlite:///{file}")
    migrate.upgrade(database.engine)
    with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
        funnels.create(tx, PRESETS[0], "RUB")
        call_days.choose_zone(tx, "Europe/Moscow")
        builders.person(tx, "Olga", Role.HEAD)
        for number in SELLERS:
            seller = builders.person(tx, f"Seller {number}")
            extensions.link(tx, PBX, number, seller.id, LONG_AGO)
    database.close()
    return f"sqlite:///{file}"


def live(url: str, batches: Sequence[Sequence[Fact]], life: int, told_to: int) -> None:
    """One life of the program: takes everything in from the beginning, and moves cards beside it."""
    asyncio.run(_live(url, batches, life, told_to))


async def _live(url: str, batches: Sequence[Sequence[Fact]], life: int, told_to: int) -> None:
    database = Database.open(url)
    moving = asyncio.create_task(_move_cards(database, life, told_to))
    intake = CallIntake(database, LiveFeed(), utc_now, PLANS)
    for facts in batches:
        await intake.take(PBX, facts)
    moving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await moving
    database.close()


async def _move_cards(database: Database, life: int, told_to: int) -> None:
    """Moves one card after another, and says which moves are stored."""
    moves, chance = Moves(database, LiveFeed(), utc_now), random.Random(life)
    head = Person(1, "olga", "Olga", Role.HEAD)
    (funnel,) = await database.read(funnels.in_use)
    for number in range(100_000):
        ids = await database.read(_card_ids)
        if not ids:
            await asyncio.sleep(0.01)
            continue
        key = f"{life}-{number}"
        with contextlib.suppress(Refused):
            await _move(database, moves, head, funnel, chance.choice(ids), key, chance)
            os.write(told_to, f"{key}\n".encode())


async def _move(
    database: Database,
    moves: Moves,
    head: Person,
    funnel: Funnel,
    deal_id: int,
    key: str,
    chance: random.Random,
) -> None:
    deal = await database.read(deals.get, deal_id, THE_PROGRAM)
    others = [one for one in funnel.stages if one.kind is StageKind.OPEN and one.id != deal.stage_id]
    wish = MoveRequest(chance.choice(others).id, deal.version, key, reason="because")
    await moves.move(head, deal_id, wish)


def _card_ids(tx: Connection) -> list[int]:
    return list(tx.execute(select(deal_rows.c.id)).scalars())


def lived_through(
    url: str, batches: Sequence[Sequence[Fact]], life: int, kill_after: float | None
) -> list[str]:
    """Runs one life in a process of its own, killed after that many seconds; the moves it told of."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        live(url, batches, life, write_end)
        os._exit(0)
    os.close(write_end)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(read_end) as said:
        keys = said.read().split("\n")[:-1]
    _, status = os.waitpid(child, 0)
    assert kill_after is not None or status == 0, "the last life failed"
    return keys


def outcome(url: str) -> tuple[Outcome, set[str]]:
    """What the database holds, and the keys of its moves."""
    database = Database.open(url)
    with database.engine.connect() as tx:
        assert tx.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        columns = ("linkedid", "outcome", "ended_by", "talk_seconds", "ring_seconds", "answered_extension")
        stored = tx.execute(select(*(calls.c[name] for name in columns)).order_by(calls.c.linkedid)).all()
        born = select(deal_rows.c.born_of, deal_rows.c.owner_id, deal_rows.c.contact_id)
        cards = tx.execute(born.order_by(deal_rows.c.born_of)).all()
        keys = set(tx.execute(select(stage_moves.c.request_key)).scalars())
        clients = {card.contact_id for card in cards}
    wrong = asyncio.run(_wrong_sums(database))
    database.close()
    return Outcome(list(stored), [card[:2] for card in cards], wrong, len(cards) - len(clients)), keys


async def _wrong_sums(database: Database) -> int:
    return sum([step.wrong_rows async for step in Rollups(database).check()])


@dataclass
class Tally:
    """What all rounds came to."""

    calls: int = 0
    cards: int = 0
    days: int = 0
    moves: int = 0
    lost_moves: int = 0

    def add(self, wanted: Outcome, found: Outcome, told_of: set[str], kept: set[str]) -> None:
        """Counts what one round lost, doubled or made otherwise."""
        self.calls += len(set(wanted.calls) ^ set(found.calls)) + len(found.calls) - len(set(found.calls))
        self.cards += len(set(wanted.deals) ^ set(found.deals)) + found.doubled_cards
        self.days += found.wrong_sums
        self.moves += len(told_of)
        self.lost_moves += len(told_of - kept)

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.calls or self.cards or self.days or self.lost_moves)


def main(kills: int, seed: int = 2) -> int:
    """Exit code 1 if anything differs from the undisturbed run."""
    chance, batches, tally = random.Random(seed), told(), Tally()
    with tempfile.TemporaryDirectory() as folder:
        fresh, calm, killed = (Path(folder) / name for name in ("fresh.db", "calm.db", "killed.db"))
        founded(fresh)
        began = time.monotonic()
        lived_through(_copied(fresh, calm), batches, 0, None)
        took = time.monotonic() - began
        wanted, _ = outcome(f"sqlite:///{calm}")
        for first in range(0, kills, KILLS_A_ROUND):
            url = _copied(fresh, killed)
            moments = sorted(chance.uniform(0.02, took) for _ in range(min(KILLS_A_ROUND, kills - first)))
            lives = [lived_through(url, batches, first + n, at) for n, at in enumerate(moments, 1)]
            lives.append(lived_through(url, batches, kills + first + 1, None))
            found, kept = outcome(url)
            tally.add(wanted, found, {key for keys in lives for key in keys}, kept)
    print(f"{kills} kills, five a database, each of {len(wanted.calls)} calls and {len(wanted.deals)} cards")
    print(f"lost, doubled or otherwise: {tally.calls} calls, {tally.cards} cards, sums of {tally.days} days")
    print(f"moves told as stored: {tally.moves}, lost of them: {tally.lost_moves}")
    return 0 if tally.is_clean else 1


def _copied(file: Path, to: Path) -> str:
    for leftover in to.parent.glob(f"{to.name}-*"):
        leftover.unlink()
    shutil.copy(file, to)
    return f"sqlite:///{to}"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS))
