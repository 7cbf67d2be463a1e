"""Goal 12: a silent link is noticed, and after a cut the picture is whole with nothing lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.result import Result
from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_events import is_needed
from pbx_crm.asterisk.call_stream import CallStream, Facts, PictureWhole, StreamNews
from pbx_crm.asterisk.practice_state import LiveChannels
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.domain.call import CallEnded, CallStarted
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.pbx_link import LinkStatus
from tests.parts.scripted_ami import SECRET, ScriptedAmi, event, until

RECORDING = Path(__file__).parents[1] / "tests" / "tapes" / "in_queue_ringall__22-pjsip-A"
SILENT_SECONDS = 15.0
WHOLE_SECONDS = 1.0
OPEN_CALLS = 200
QUICK = AmiTiming(shortest_pause=0.005, longest_pause=0.01, settled=0.0)


class Eyes:
    """What a stream told, and a clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.pictures: list[float] = []
        self.started: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def take(self, news: StreamNews) -> None:
        if isinstance(news, PictureWhole):
            self.pictures.append(time.monotonic())
        elif isinstance(news, Facts):
            self.started.update(fact.call.linkedid for fact in news.facts if isinstance(fact, CallStarted))
            self.ended.update(fact.call.linkedid for fact in news.facts if isinstance(fact, CallEnded))


def measure() -> Result:
    """Seconds until a silent link is noticed; the remark tells the rest."""
    return asyncio.run(_measure())


async def _measure() -> Result:
    silent = await _silent_seconds()
    whole = await _whole_seconds()
    cuts, wrong = await _cut_everywhere()
    reached = silent <= SILENT_SECONDS and whole <= WHOLE_SECONDS and wrong == 0
    return Result(
        "silent link noticed (and whole after a cut, none lost)",
        f"{silent:.1f} s",
        f"<= {SILENT_SECONDS:.0f} s",
        reached,
        f"{OPEN_CALLS} open calls whole {whole:.2f} s after the log-in (wanted <= {WHOLE_SECONDS:.0f} s); "
        f"cut at each of {cuts} events: {wrong} calls lost or doubled (wanted 0)",
    )


@asynccontextmanager
async def _streaming(pbx: ScriptedAmi, eyes: Eyes, timing: AmiTiming) -> AsyncIterator[CallStream]:
    account = AmiAccount("127.0.0.1", pbx.port, secret=SECRET)
    stream = CallStream(account, CallTracker(), eyes.take, timing=timing, clock=eyes.clock, tick_seconds=0.01)
    running = asyncio.create_task(stream.run())
    await until(lambda: eyes.pictures)
    yield stream
    await stream.close()
    await running


async def _silent_seconds() -> float:
    async with ScriptedAmi() as pbx, _streaming(pbx, Eyes(), AmiTiming()) as stream:
        # The worst moment: just after an answered ping.
        await until(lambda: pbx.named("ping"), 10)
        pbx.deaf = True
        began = time.monotonic()
        await until(lambda: stream.listener.state.status is not LinkStatus.UP, 30)
        return time.monotonic() - began


async def _whole_seconds() -> float:
    eyes = Eyes()
    async with ScriptedAmi() as pbx:
        listed = [_listed(call, leg) for call in range(OPEN_CALLS) for leg in (0, 1)]
        async with _streaming(pbx, eyes, QUICK) as stream:
            pbx.lists["coreshowchannels"] = pbx.lists["status"] = tuple(listed)
            await pbx.cut()
            await until(lambda: len(pbx.named("login")) == 2)
            logged_in = time.monotonic()
            await until(lambda: len(eyes.pictures) == 2, 10)
            assert len(stream.open_calls()) == OPEN_CALLS
            return eyes.pictures[1] - logged_in


def _listed(call: int, leg: int) -> bytes:
    endpoint = f"PJSIP/{'trunk' if leg == 0 else 101 + call}-{call * 2 + leg:08x}"
    ids = {"Uniqueid": f"1795280282.{call * 2 + leg}", "Linkedid": f"1795280282.{call * 2}"}
    number = "7903" + f"{call:07}" if leg == 0 else str(101 + call)
    state = {"ChannelState": 6, "ChannelStateDesc": "Up", "CallerIDNum": number, "Exten": "74951230001"}
    where = {"Duration": "00:01:00", "BridgeId": f"bridge-{call}"}
    return event("CoreShowChannel", Channel=endpoint, **state, **ids, **where)


async def _cut_everywhere() -> tuple[int, int]:
    """Cut the link after every event of a recording, go on, and count what became of its one call."""
    messages = [raw for _, raw in read_tape(RECORDING).segments[0].messages() if is_needed(raw)]
    wrong = 0
    for index in range(1, len(messages)):
        wrong += await _cut_at(messages, index)
    return len(messages) - 1, wrong


async def _cut_at(messages: list[bytes], index: int) -> bool:
    """Whether the call was lost or told twice."""
    eyes, live = Eyes(), LiveChannels()
    async with ScriptedAmi() as pbx, _streaming(pbx, eyes, QUICK) as stream:
        for raw in messages[:index]:
            live.note(raw, eyes.clock())
            pbx.send(raw + b"\r\n\r\n")
        listed = live.core_show_channels(eyes.clock())
        pbx.lists["coreshowchannels"] = tuple(event(item.pop("Event"), **item) for item in listed)
        await until(lambda: stream.listener.figures.events >= index)
        await pbx.cut()
        await until(lambda: len(eyes.pictures) == 2)
        pbx.send(b"".join(raw + b"\r\n\r\n" for raw in messages[index:]) + event("Hangup"))
        await until(lambda: stream.figures.broken_events)
        eyes.ahead = timedelta(seconds=30)
        await asyncio.sleep(0.03)
    had_begun = bool(listed) or bool(eyes.started)
    return had_begun and (list(eyes.started.values()) != [1] or list(eyes.ended.values()) != [1])
