"""Goal 6: what the whole program costs at 20 calls/s, against stock panoramisk that only reads the stream.

A second process plays the PBX, at ours with two hundred browsers beside it: a client calls a queue, four
phones ring, one answers, 200 events a call. In turns the same stream goes to stock panoramisk with a callback
that does nothing, and to the program with everything on: tracker, intake, commits, sums, signals. Counted is
the CPU of this process, all its threads.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from panoramisk.manager import Manager

from bench.callers_and_browsers import Hired, Tab, open_tab
from bench.goal_03_event_to_browser import config_of, hire
from bench.result import Result
from pbx_crm.app import running
from pbx_crm.asterisk.ami_wire import BLANK_LINE
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.asterisk.tape_rewrite import Retelling
from pbx_crm.config import load
from pbx_crm.services.interpreter import prepare_interpreter
from tests.parts.scripted_ami import SECRET, ScriptedAmi

MOST_TIMES, MOST_OF_A_CORE = 2.0, 0.40
CALLS_A_SECOND = 20
ROUNDS, SECONDS, SETTLES_SECONDS = 5, 5.0, 4.0
RINGS_SECONDS = TALKS_SECONDS = 0.6
TAPE = Path(__file__).parents[1] / "tests/tapes/in_queue_ringall__22-pjsip-A"
CLIENT = "79166940171"
RECORDED = ("101", "102", "103", "104")
EVERYBODY = [str(1001 + number) for number in range(200)]


def measure() -> Result:
    """How many times the CPU of stock panoramisk; the remark has the share of a core."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    driver = context.Process(target=drive, args=(there,))
    driver.start()
    try:
        ours, stock = asyncio.run(_compare(here))
    finally:
        here.send(None)
        driver.join(timeout=10)
        driver.kill()
    times = median(mine / theirs for mine, theirs in zip(ours, stock, strict=True))
    share = median(ours)
    return Result(
        f"CPU at {CALLS_A_SECOND} calls/s, 200 browsers, against stock panoramisk",
        f"{times:.2f} x",
        f"<= {MOST_TIMES:g} x",
        times <= MOST_TIMES and share <= MOST_OF_A_CORE,
        f"{share:.0%} of a core (wanted <= {MOST_OF_A_CORE:.0%}); stock {median(stock):.0%}",
    )


async def _compare(pipe: Connection) -> tuple[list[float], list[float]]:
    """Shares of a core, a pair for each round."""
    port = await asyncio.to_thread(pipe.recv)
    ours, stock = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        async with _stock(port):
            stock.append(await _share(pipe, "", {}))
        stock.clear()
        for turn in range(ROUNDS):
            place = Path(folder) / str(turn)
            place.mkdir()
            async with running(load(config_of(place, port, SECRET))) as app:
                hired = await app.database.write(hire)
                prepare_interpreter()
                ours.append(await _share(pipe, app.url, hired))
            async with _stock(port):
                stock.append(await _share(pipe, "", {}))
    return ours, stock


@asynccontextmanager
async def _stock(port: int) -> AsyncIterator[None]:
    reader = Manager(
        loop=asyncio.get_running_loop(), host="127.0.0.1", port=port, username="pbx-crm", secret=SECRET
    )
    reader.register_event("*", lambda _manager, _message: None)
    await reader.connect()
    await asyncio.sleep(0.5)
    yield
    reader.close()


async def _share(pipe: Connection, url: str, hired: Hired) -> float:
    """CPU seconds a second while the calls are told."""
    pipe.send((url, hired))
    await asyncio.to_thread(pipe.recv)
    spent, began = time.process_time(), time.monotonic()
    pipe.send("go")
    await asyncio.to_thread(pipe.recv)
    return (time.process_time() - spent) / (time.monotonic() - began)


class QueueTeller:
    """Tells a recorded call to a queue again and again, each time as another call to four other phones."""

    def __init__(self) -> None:
        messages = [raw for segment in read_tape(TAPE).segments for _, raw in segment.messages()]
        messages = [raw for raw in messages if b"Event: FullyBooted" not in raw]
        rang = max(n for n, raw in enumerate(messages) if b"ChannelStateDesc: Ringing" in raw)
        joined = max(n for n, raw in enumerate(messages) if b"Event: BridgeEnter" in raw)
        self._parts = messages[: rang + 1], messages[rang + 1 : joined + 1], messages[joined + 1 :]
        recorded = re.search(rb"\r\nUniqueid: (\d+)\.", b"".join(messages))
        assert recorded is not None, "the tape has channels"
        self._later = int(time.time()) - int(recorded[1])
        self._told = 0

    def call_to(self, extensions: Sequence[str]) -> list[bytes]:
        """The bytes of a call that rings these: until they ring, until one answers, until it ends."""
        self._told += 1
        words = dict(zip(RECORDED, extensions, strict=True)) | {CLIENT: f"7916{self._told:07d}"}
        again = Retelling(self._later, self._told, words)
        return [b"".join(again.tell(raw) + BLANK_LINE for raw in part) for part in self._parts]


def drive(pipe: Connection) -> None:
    """The other process: a PBX, and on demand browsers."""
    asyncio.run(_drive(pipe))


async def _drive(pipe: Connection) -> None:
    teller = QueueTeller()
    async with ScriptedAmi() as ami:
        pipe.send(ami.port)
        while (asked := await asyncio.to_thread(pipe.recv)) is not None:
            url, hired = asked
            async with AsyncExitStack() as stack:
                tabs = [await open_tab(stack, url, person, *about) for person, about in hired.items()]
                listening = [asyncio.create_task(tab.listen()) for tab in tabs]
                pipe.send("ready")
                await asyncio.to_thread(pipe.recv)
                await _tell(ami, teller, tabs)
                pipe.send("over")
                for task in listening:
                    task.cancel()


async def _tell(ami: ScriptedAmi, teller: QueueTeller, tabs: list[Tab]) -> None:
    extensions = [tab.extension for tab in tabs] or EVERYBODY
    began, calls = time.monotonic(), set[asyncio.Task[None]]()
    for number in range(int(SECONDS * CALLS_A_SECOND)):
        await asyncio.sleep(max(0.0, began + number / CALLS_A_SECOND - time.monotonic()))
        first = 4 * number % len(extensions)
        told = teller.call_to(extensions[first : first + 4])
        calls.add(asyncio.create_task(_call(ami, *told)))
    await asyncio.gather(*calls)
    await asyncio.sleep(SETTLES_SECONDS)


async def _call(ami: ScriptedAmi, ring: bytes, answer: bytes, rest: bytes) -> None:
    ami.send(ring)
    await asyncio.sleep(RINGS_SECONDS)
    ami.send(answer)
    await asyncio.sleep(TALKS_SECONDS)
    ami.send(rest)
