"""The practice PBX: what it says cannot be told from an Asterisk, and no two of its calls are the same."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.ami_wire import BLANK_LINE, headers_of
from pbx_crm.asterisk.call_stream import CallStream, Facts, StreamNews
from pbx_crm.asterisk.practice_numbers import Clients
from pbx_crm.asterisk.practice_pbx import PracticePbx, Rhythm
from pbx_crm.asterisk.practice_phones import Phones
from pbx_crm.asterisk.practice_state import LiveChannels
from pbx_crm.asterisk.practice_stories import SELLERS, WEIGHTS, Telling, cast, stories, tell
from pbx_crm.asterisk.replay import calls_of
from pbx_crm.asterisk.tape import Segment, Tape
from pbx_crm.domain.call import Call, CallAnswered, CallEnded, CallStarted, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import RightMissing
from pbx_crm.domain.pbx_link import LinkStatus
from tests.asterisk.quick import QUICK
from tests.parts.scripted_ami import until

CLIENT = "79031234567"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "made-up-secret-of-the-practice-pbx"
BRISK = Rhythm(first_call=0.5, shortest_talk=1, longest_talk=2, speed=25)


def told(
    name: str, *, number: int = 1, client: str = "79031234567", talk: float = 20.0, seed: int = 1
) -> Telling:
    """One telling of a story, with people as the dice have it."""
    roles = cast(stories()[name], list(SELLERS), random.Random(seed))
    assert roles is not None
    return tell(stories()[name], number=number, now=NOON, client=CLIENT, roles=roles, talk_seconds=talk)


def calls_in(telling: Telling) -> list[Call]:
    """What the tracker makes of it."""
    raw = b"".join(message + BLANK_LINE for _, message in telling.messages)
    offsets, at = [], 0
    for _, message in telling.messages:
        offsets.append(at)
        at += len(message) + len(BLANK_LINE)
    segment = Segment(raw, tuple(offsets), tuple(second for second, _ in telling.messages))
    return calls_of(Tape(telling.story, (segment,)), PbxShape())


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_story_told_anew_is_the_same_call_among_other_people(name: str) -> None:
    recorded = stories()[name].call
    for seed in range(3):
        roles = cast(stories()[name], list(SELLERS), random.Random(seed))
        assert roles is not None
        (call,) = calls_in(told(name, seed=seed))
        assert (call.direction, call.outcome, call.did) == (
            recorded.direction,
            recorded.outcome,
            recorded.did,
        )
        assert set(call.rang) == {roles[extension] for extension in recorded.rang}
        assert call.answered_by == roles.get(recorded.answered_by or "")
        assert call.final_agent == roles.get(recorded.final_agent or "")
        assert call.external_number == (recorded.external_number and CLIENT)


def test_a_seller_keeps_his_name_whoever_he_plays() -> None:
    for name in WEIGHTS:
        for _, message in told(name, seed=5).messages:
            headers = headers_of(message)
            for number, label in (("CallerIDNum", "CallerIDName"), ("ConnectedLineNum", "ConnectedLineName")):
                who = headers.get(number)
                if who in SELLERS and headers.get(label) in SELLERS.values():
                    assert headers[label] == SELLERS[str(who)]


def test_two_tellings_share_no_channel_and_no_bridge() -> None:
    def ids(telling: Telling) -> set[str]:
        found = [headers_of(message) for _, message in telling.messages]
        keys = ("Uniqueid", "Linkedid", "Channel", "BridgeUniqueid", "DestUniqueid")
        return {str(headers[key]) for headers in found for key in keys if key in headers}

    assert ids(told("in_queue_ringall", number=1)).isdisjoint(ids(told("in_queue_ringall", number=2)))


def test_a_call_happens_today_and_lasts_as_long_as_people_talk() -> None:
    (call,) = calls_in(told("in_direct_answered", talk=60))
    assert call.linkedid.startswith(str(int(NOON.timestamp()))[:9])
    recorded = stories()["in_direct_answered"].call
    assert call.talk_seconds == pytest.approx(recorded.talk_seconds + 60, abs=0.5)
    assert call.wait_seconds == pytest.approx(recorded.wait_seconds, abs=0.1)
    rows = [
        headers_of(m) for _, m in told("in_direct_answered", talk=60).messages if m.startswith(b"Event: Cdr")
    ]
    assert any(int(str(row["BillableSeconds"])) >= 60 for row in rows), "the CDR tells the old length"


def test_the_old_client_is_nowhere_in_a_new_telling() -> None:
    for name, story in stories().items():
        old = (story.call.external_number or "nobody").encode()
        assert not any(old in message for _, message in told(name).messages), name


def test_clients_have_real_looking_numbers_and_some_call_again() -> None:
    clients = Clients(random.Random(7))
    numbers = [clients.next(frozenset()) for _ in range(200)]
    assert all(len(number) == 11 and number.startswith("7") for number in numbers)
    again = Counter(numbers)
    assert 20 < sum(times - 1 for times in again.values()) < 100


def test_a_client_on_the_line_does_not_call_a_second_time() -> None:
    clients = Clients(random.Random(7))
    first = clients.next(frozenset())
    assert all(clients.next(frozenset({first})) != first for _ in range(100))


def test_the_lists_show_what_lives_and_nothing_that_is_gone() -> None:
    live = LiveChannels()
    telling = told("in_direct_answered")
    shown = []
    for _, message in telling.messages:
        live.note(message, NOON)
        shown.append(len(live.core_show_channels(NOON)))
    assert max(shown) == 2
    assert shown[-1] == 0


class Desk:
    """A CRM's eyes on the practice PBX."""

    def __init__(self, pbx: PracticePbx) -> None:
        self.facts: list[Fact] = []
        account = AmiAccount(pbx.host, pbx.port, secret=SECRET)
        self.stream = CallStream(account, CallTracker(PbxShape()), self.take, timing=QUICK, tick_seconds=0.02)

    async def take(self, news: StreamNews) -> None:
        if isinstance(news, Facts):
            self.facts += news.facts

    def calls(self, kind: type[Fact]) -> list[Call]:
        return [fact.call for fact in self.facts if isinstance(fact, kind)]


async def test_a_newcomer_sees_calls_begin_be_answered_and_end() -> None:
    async with PracticePbx(SECRET, rhythm=BRISK, seed=3) as pbx:
        desk = Desk(pbx)
        running = asyncio.create_task(desk.stream.run())
        try:
            await until(lambda: len(desk.calls(CallAnswered)) >= 2 and desk.calls(CallEnded), 10)
            assert desk.stream.listener.state.status is LinkStatus.UP
            assert desk.stream.figures.broken_events == 0
        finally:
            await desk.stream.close()
            await running
    started = desk.calls(CallStarted)
    assert len({call.linkedid for call in started}) == len(started)
    assert all(abs((call.started_at - datetime.now(UTC)).total_seconds()) < 20 for call in started)


async def test_who_connects_in_mid_call_is_told_what_lives() -> None:
    async with PracticePbx(SECRET, rhythm=Rhythm(first_call=0.0, speed=5), seed=3) as pbx:
        await until(lambda: pbx.calls_now)
        await asyncio.sleep(0.3)
        desk = Desk(pbx)
        running = asyncio.create_task(desk.stream.run())
        try:
            await until(lambda: desk.stream.open_calls())
        finally:
            await desk.stream.close()
            await running


async def test_it_refuses_a_wrong_secret_and_an_unknown_action() -> None:
    async with PracticePbx(SECRET, rhythm=Rhythm(first_call=60), seed=3) as pbx:
        reader, writer = await asyncio.open_connection(pbx.host, pbx.port)
        writer.write(b"Action: Login\r\nUsername: pbx-crm\r\nSecret: wrong\r\n\r\n")
        said = await reader.read()
        assert b"Authentication failed" in said
        writer.close()
        desk = Desk(pbx)
        running = asyncio.create_task(desk.stream.run())
        await until(lambda: desk.stream.listener.state.status is LinkStatus.UP)
        with pytest.raises(RightMissing, match="Invalid/unknown command"):
            await desk.stream.listener.ask(ami_actions.AmiAction("Reload"))
        await desk.stream.close()
        await running


def test_a_practice_phone_rings_talks_and_is_free_again() -> None:
    live = LiveChannels()
    phones = Phones(live, ["101", "102"])
    seen: dict[str, list[str]] = {"PJSIP/101": [], "PJSIP/102": []}
    telling = next(
        one for seed in range(50) if "101" in calls_in(one := told("in_direct_answered", seed=seed))[0].rang
    )
    for _, message in telling.messages:
        live.note(message, NOON)
        for change in phones.changes():
            seen[change["Device"]].append(change["State"])
    assert seen["PJSIP/101"][-2:] == ["INUSE", "NOT_INUSE"]
    assert "RINGING" in seen["PJSIP/101"]
    assert {item["State"] for item in phones.listed()} == {"NOT_INUSE"}
