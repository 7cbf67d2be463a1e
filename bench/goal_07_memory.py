"""Goal 7: what an open call and a browser tab hold, and that a server does not grow with the calls it saw."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

from bench.callers_and_browsers import BROWSERS, Storyteller
from bench.goal_03_event_to_browser import config_of, hire
from bench.goal_06_cpu import EVERYBODY, QueueTeller, drive
from bench.result import Result
from pbx_crm.app import running
from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_protocol import EventMessage
from pbx_crm.config import load
from pbx_crm.db import extensions, funnels, migrate
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.funnel import PRESETS
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.clock import utc_now
from pbx_crm.services.interpreter import prepare_interpreter
from pbx_crm.services.live_feed import LiveFeed
from tests import builders
from tests.parts.scripted_ami import SECRET

MOST_A_CALL, MOST_A_TAB, MOST_GROWTH = 4096, 16 * 1024, 0.05
OPEN_CALLS = 500
FEW, MANY, TOGETHER = 2_000, 20_000, 100
PBX = "main"


def measure() -> Result:
    """Growth of the resident memory as the figure; the remark has the rest."""
    call, tab, growth = a_call(), a_tab(), asyncio.run(_growth())
    return Result(
        f"resident memory after {MANY} calls, against after {FEW}",
        f"{growth:+.1%}",
        f"<= {MOST_GROWTH:.0%}",
        growth <= MOST_GROWTH and call <= MOST_A_CALL and tab <= MOST_A_TAB,
        f"an open call of five legs {call} bytes (wanted <= {MOST_A_CALL}), "
        f"a tab {tab / 1024:.1f} KiB (wanted <= {MOST_A_TAB // 1024})",
    )


def a_call() -> int:
    """Bytes that the tracker keeps of a client in a queue with four phones ringing."""
    teller, reader, tracker = QueueTeller(), AmiEventReader(), CallTracker()
    told = [teller.call_to(EVERYBODY[:4])[0] for _ in range(OPEN_CALLS)]
    gc.collect()
    tracemalloc.start()
    for number, ring in enumerate(told):
        _feed(reader, tracker, ring, 1000.0 + number)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tracker.open_calls(2000.0)) == OPEN_CALLS
    return held // OPEN_CALLS


def a_tab() -> int:
    """Bytes that the server keeps of a browser tab that listens."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    driver = context.Process(target=drive, args=(there,))
    driver.start()
    try:
        return asyncio.run(_tabs(here))
    finally:
        here.send(None)
        driver.join(timeout=10)
        driver.kill()


async def _tabs(pipe: Any) -> int:
    port = await asyncio.to_thread(pipe.recv)
    with tempfile.TemporaryDirectory() as folder:
        async with running(load(config_of(Path(folder), port, SECRET))) as app:
            hired = await app.database.write(hire)
            first = dict(list(hired.items())[:8])
            await _opened(pipe, app.url, first)
            tracemalloc.start()
            before = await _opened(pipe, app.url, first)
            after = await _opened(pipe, app.url, hired)
            tracemalloc.stop()
    return (after - before) // (BROWSERS - len(first))


async def _opened(pipe: Any, url: str, hired: dict[int, tuple[str, str]]) -> int:
    """Bytes held while these people's tabs listen."""
    pipe.send((url, hired))
    await asyncio.to_thread(pipe.recv)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
    pipe.send("go")
    await asyncio.to_thread(pipe.recv)
    return held


async def _growth() -> float:
    """How much the process has grown between the first calls and the last."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/crm.db")
        migrate.upgrade(database.engine)
        await database.write(_found)
        prepare_interpreter()
        intake = CallIntake(database, LiveFeed(), utc_now, {PBX: NumberPlan("RU")})
        teller, reader, tracker = Storyteller(), AmiEventReader(), CallTracker()
        sizes = {}
        for count in range(TOGETHER, MANY + 1, TOGETHER):
            facts = []
            for number in range(count - TOGETHER, count):
                for part in teller.call_to(EVERYBODY[number % 6]):
                    facts += _feed(reader, tracker, part, utc_now().timestamp())
            facts += tracker.tick(utc_now().timestamp() + 60)
            await intake.take(PBX, facts)
            if count in (FEW, MANY):
                sizes[count] = _resident()
        database.close()
    return sizes[MANY] / sizes[FEW] - 1


def _feed(reader: AmiEventReader, tracker: CallTracker, told: bytes, at: float) -> list[Any]:
    facts = []
    for raw in told.split(b"\r\n\r\n"):
        if raw and is_needed(raw) and (event := reader.read(EventMessage(raw), at)) is not None:
            facts += tracker.feed(event)
    return facts


def _found(tx: Transaction) -> None:
    funnels.create(tx, PRESETS[0], "RUB")
    for extension in EVERYBODY[:6]:
        extensions.link(tx, PBX, extension, builders.person(tx, f"Seller {extension}").id, builders.NOW)


def _resident() -> int:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
