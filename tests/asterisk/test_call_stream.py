"""From the socket to facts: the tracker's own recordings over TCP, with the faults of a link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.call_stream import CallStream, Facts, GapSeen, PictureWhole, StreamNews
from pbx_crm.asterisk.replay import calls_of
from pbx_crm.asterisk.tape import Tape, read_tape
from pbx_crm.domain.call import Call, CallEnded, EndedBy, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import StoreUnavailable
from tests.asterisk.quick import QUICK
from tests.call_book import CallBook
from tests.parts.scripted_ami import SECRET, ScriptedAmi, event, until

TAPES = Path(__file__).parents[1] / "tapes"


class Intake:
    """Takes the news; slow or failing where a test wants it."""

    def __init__(self) -> None:
        self.news: list[StreamNews] = []
        self.failures = 0
        self.fault: Exception = RuntimeError("a fault of ours")
        self.free = asyncio.Event()
        self.free.set()

    async def deliver(self, news: StreamNews) -> None:
        await self.free.wait()
        if self.failures:
            self.failures -= 1
            raise self.fault
        self.news.append(news)

    @property
    def facts(self) -> list[Fact]:
        return [fact for news in self.news if isinstance(news, Facts) for fact in news.facts]

    @property
    def ended(self) -> list[Call]:
        return [fact.call for fact in self.facts if isinstance(fact, CallEnded)]

    def of(self, kind: type[StreamNews]) -> list[Any]:
        return [news for news in self.news if isinstance(news, kind)]


class Watch:
    """A clock that runs, and can be put forward."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@asynccontextmanager
async def streaming(
    pbx: ScriptedAmi, intake: Intake, watch: Watch | None = None, **options: Any
) -> AsyncIterator[CallStream]:
    """A stream that runs against this PBX, its first picture whole."""
    stream = CallStream(
        AmiAccount("127.0.0.1", pbx.port, secret=SECRET),
        CallTracker(PbxShape()),
        intake.deliver,
        timing=QUICK,
        clock=watch or Watch(),
        tick_seconds=0.01,
        pauses=(0.01,),
        **options,
    )
    running = asyncio.create_task(stream.run())
    try:
        await until(lambda: intake.of(PictureWhole))
        yield stream
    finally:
        intake.free.set()
        await stream.close()
        await running


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    """A PBX on loopback."""
    async with ScriptedAmi() as server:
        yield server


@pytest.fixture
def intake() -> Intake:
    """Somebody who takes the news."""
    return Intake()


def tape(name: str) -> Tape:
    return read_tape(TAPES / name)


def stamped(recording: Tape, began: float) -> bytes:
    """The first connection's bytes with the times of its recording, as `timestampevents=yes` gives them."""
    return b"".join(
        raw + f"\r\nTimestamp: {began + second:.6f}\r\n\r\n".encode()
        for second, raw in recording.segments[0].messages()
    )


def in_short(call: Call) -> tuple[object, ...]:
    """What a seller would say of the call."""
    return call.linkedid, call.direction, call.external_number, call.did, call.rang, call.outcome


@pytest.mark.parametrize(
    "name",
    [
        "in_queue_ringall__22-pjsip-A",
        "xfer_att_refer__16-sip-A",
        "out_answered__22-pjsip-A",
        "in_missed__16-sip-A",
    ],
)
async def test_a_recording_over_tcp_gives_the_calls_it_gives_in_replay(
    pbx: ScriptedAmi, intake: Intake, name: str
) -> None:
    watch = Watch()
    async with streaming(pbx, intake, watch) as stream:
        pbx.send(stamped(tape(name), datetime.now(UTC).timestamp()) + event("Hangup"))
        await until(lambda: stream.figures.broken_events)
        watch.ahead = timedelta(seconds=30)
        await until(lambda: intake.ended)
    book = CallBook()
    book.take(intake.facts)
    assert [in_short(call) for call in book.with_open(())] == [
        in_short(call) for call in calls_of(tape(name), PbxShape())
    ]


async def test_a_call_ends_without_a_further_event(pbx: ScriptedAmi, intake: Intake) -> None:
    watch = Watch()
    async with streaming(pbx, intake, watch):
        pbx.send(tape("in_missed__22-pjsip-A").segments[0].raw)
        await until(lambda: intake.facts)
        assert intake.ended == []
        watch.ahead = timedelta(seconds=3)
        await until(lambda: intake.ended)


async def test_a_call_that_goes_on_over_a_cut_stays_one_call_and_the_gap_is_told(
    pbx: ScriptedAmi, intake: Intake
) -> None:
    cut = tape("brk_ami_cut_still_talking__22-pjsip-A")
    async with streaming(pbx, intake) as stream:
        pbx.send(cut.segments[0].raw)
        await until(lambda: stream.open_calls())
        linkedid = stream.open_calls()[0].linkedid
        pbx.lists["coreshowchannels"] = tuple(
            raw.replace(b"\r\nActionID: resync", b"") + b"\r\n\r\n"
            for _, raw in cut.segments[1].messages()
            if raw.startswith(b"Event: CoreShowChannel\r\n")
        )
        pbx.lists["status"] = pbx.lists["coreshowchannels"]
        await pbx.cut()
        await until(lambda: len(intake.of(PictureWhole)) == 2)
        (gap,) = intake.of(GapSeen)
        assert gap.began <= gap.ended
        assert not gap.pbx_restarted
        assert [call.linkedid for call in stream.open_calls()] == [linkedid]
        assert [call.linkedid for call in intake.of(PictureWhole)[1].open_calls] == [linkedid]
        assert intake.ended == []


@pytest.mark.parametrize("boots_in_words", [True, False], ids=["with read system", "without read system"])
async def test_a_restarted_pbx_ends_every_open_call_once(
    pbx: ScriptedAmi, intake: Intake, boots_in_words: bool
) -> None:
    watch = Watch()
    if not boots_in_words:
        pbx.after_log_in = b""
    async with streaming(pbx, intake, watch) as stream:
        pbx.send(tape("brk_ami_cut_still_talking__22-pjsip-A").segments[0].raw)
        await until(lambda: stream.open_calls())
        pbx.started = "2026-11-22"
        await pbx.cut()
        await until(lambda: len(intake.of(PictureWhole)) == 2)
        watch.ahead = timedelta(seconds=30)
        await until(lambda: intake.ended)
        assert [call.ended_by for call in intake.ended] == [EndedBy.PBX_RESTART]
        assert intake.of(GapSeen)[0].pbx_restarted


async def test_a_call_that_is_gone_after_a_cut_ended_in_the_gap(pbx: ScriptedAmi, intake: Intake) -> None:
    watch = Watch()
    async with streaming(pbx, intake, watch) as stream:
        pbx.send(tape("brk_ami_cut_still_talking__22-pjsip-A").segments[0].raw)
        await until(lambda: stream.open_calls())
        await pbx.cut()
        await until(lambda: len(intake.of(PictureWhole)) == 2)
        watch.ahead = timedelta(seconds=30)
        await until(lambda: intake.ended)
        assert [call.ended_by for call in intake.ended] == [EndedBy.GAP]


async def test_lists_that_are_refused_end_no_call(pbx: ScriptedAmi, intake: Intake) -> None:
    async with streaming(pbx, intake) as stream:
        pbx.send(tape("brk_ami_cut_still_talking__22-pjsip-A").segments[0].raw)
        await until(lambda: stream.open_calls())
        pbx.forbidden = {"coreshowchannels", "status"}
        await pbx.cut()
        await until(lambda: intake.of(GapSeen))
        await asyncio.sleep(0.05)
        assert len(intake.of(PictureWhole)) == 1
        assert len(stream.open_calls()) == 1


async def test_the_link_is_read_on_while_the_database_stalls(pbx: ScriptedAmi, intake: Intake) -> None:
    async with streaming(pbx, intake) as stream:
        pbx.send(tape("in_missed__22-pjsip-A").segments[0].raw)
        intake.free.clear()
        # 12,000 events are what a PBX says in a minute of 200 a second; ten pings fall into the stall.
        for number in range(120):
            pbx.send(event("Hangup", Uniqueid=f"9.{number}", Channel="PJSIP/101-00000001", Cause=16) * 100)
        await until(lambda: stream.figures.inbox_depth >= 12_000 or stream.listener.figures.events >= 12_000)
        await until(lambda: len(pbx.named("ping")) >= 10)
        intake.free.set()
        await until(lambda: stream.figures.inbox_depth == 0)
        assert pbx.connections == 1
        assert intake.of(GapSeen) == []


async def test_what_nobody_takes_is_dropped_and_told_as_a_gap(pbx: ScriptedAmi, intake: Intake) -> None:
    async with streaming(pbx, intake, most_waiting=50) as stream:
        pbx.send(tape("in_missed__22-pjsip-A").segments[0].raw)
        intake.free.clear()
        await until(lambda: stream.listener.figures.events > 5)
        pbx.send(event("Hangup", Uniqueid="9.1", Channel="PJSIP/101-00000001", Cause=16) * 500)
        await until(lambda: stream.figures.dropped > 300)
        intake.free.set()
        await until(lambda: len(intake.of(PictureWhole)) == 2)
        assert len(intake.of(GapSeen)) == 1


async def test_facts_that_could_not_be_stored_are_delivered_again(pbx: ScriptedAmi, intake: Intake) -> None:
    async with streaming(pbx, intake) as stream:
        intake.failures = 1
        pbx.send(tape("in_missed__22-pjsip-A").segments[0].raw)
        await until(lambda: intake.facts)
        assert stream.figures.undelivered == 0
        intake.failures = 2
        await pbx.cut()
        await until(lambda: stream.figures.undelivered == 1)


async def test_what_a_full_disk_does_not_take_waits_until_there_is_room(
    pbx: ScriptedAmi, intake: Intake
) -> None:
    async with streaming(pbx, intake) as stream:
        intake.failures, intake.fault = 20, StoreUnavailable()
        pbx.send(tape("in_missed__22-pjsip-A").segments[0].raw)
        await until(lambda: intake.facts)
        assert intake.failures == 0
        assert stream.figures.undelivered == 0


async def test_a_disk_that_stays_full_does_not_hold_up_the_end(pbx: ScriptedAmi, intake: Intake) -> None:
    async with streaming(pbx, intake):
        intake.failures, intake.fault = 1_000_000, StoreUnavailable()
        pbx.send(tape("in_missed__22-pjsip-A").segments[0].raw)
        await until(lambda: intake.failures < 1_000_000)


async def test_a_broken_event_is_counted_and_the_next_one_counts(pbx: ScriptedAmi, intake: Intake) -> None:
    async with streaming(pbx, intake) as stream:
        pbx.send(
            event("Newchannel", Channel="PJSIP/trunk-00000001")
            + tape("in_missed__22-pjsip-A").segments[0].raw
        )
        await until(lambda: intake.facts)
        assert stream.figures.broken_events == 1


async def test_a_pbx_whose_clock_is_ahead_ends_its_calls_in_time(pbx: ScriptedAmi, intake: Intake) -> None:
    hour = 3600
    watch = Watch()
    async with streaming(pbx, intake, watch) as stream:
        now = datetime.now(UTC).timestamp() + hour
        pbx.send(stamped(tape("in_missed__22-pjsip-A"), now))
        await until(lambda: stream.open_calls())
        watch.ahead = timedelta(seconds=3)
        await until(lambda: intake.ended)
        ended_at = intake.ended[0].ended_at
        assert ended_at is not None
        assert 0 < ended_at.timestamp() - now < 60
