"""The link to the PBX, against a PBX that misbehaves on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_listener import REFUSALS_BEFORE_SLOWING, AmiListener
from pbx_crm.asterisk.ami_news import Heard, InboxItem, LinkLost, LinkUp, SnapshotBegan, SnapshotEnded
from pbx_crm.domain.errors import PbxUnreachable, RightMissing
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from tests.asterisk.quick import QUICK
from tests.parts.scripted_ami import FULLY_BOOTED, SECRET, ScriptedAmi, event, until

NEEDED = frozenset(
    {"Newchannel", "Hangup", "CoreShowChannel", "CoreShowChannelsComplete", "QueueCallerJoin", "Cdr"}
    | {"OriginateResponse", "Shutdown", "FullyBooted"}
)


def wanted(raw: bytes) -> bool:
    """Whether the event's name is one of those these tests look for."""
    return raw[7:].partition(b"\r\n")[0].decode() in NEEDED


class Desk:
    """A listener at work, what it put into the inbox and the states it told."""

    def __init__(self, pbx: ScriptedAmi, *, secret: str = SECRET, timing: AmiTiming = QUICK) -> None:
        self.inbox: list[InboxItem] = []
        self.states: list[LinkState] = []
        account = AmiAccount(
            "127.0.0.1", pbx.port, "pbx-crm", secret, writes=frozenset({"reporting", "originate"})
        )
        self.listener = AmiListener(
            account, self.inbox.append, wanted, on_state=self.states.append, timing=timing
        )

    def heard(self, name: str) -> list[str]:
        """Uniqueids of the events of this name, in order."""
        return [
            item.message.uniqueid
            for item in self.inbox
            if isinstance(item, Heard) and item.message.event == name
        ]

    def news(self, kind: type[InboxItem]) -> list[InboxItem]:
        return [item for item in self.inbox if isinstance(item, kind)]


@asynccontextmanager
async def listening(
    pbx: ScriptedAmi, *, secret: str = SECRET, timing: AmiTiming = QUICK, up: bool = True
) -> AsyncIterator[Desk]:
    """A listener running against this PBX, by default already logged in with its lists read."""
    desk = Desk(pbx, secret=secret, timing=timing)
    running = asyncio.create_task(desk.listener.run())
    try:
        if up:
            await until(lambda: desk.news(SnapshotEnded))
        yield desk
    finally:
        await desk.listener.close()
        await running


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    """A PBX on loopback."""
    async with ScriptedAmi() as server:
        yield server


async def test_calls_are_heard_after_log_in_with_what_lives_listed_first(pbx: ScriptedAmi) -> None:
    pbx.lists["coreshowchannels"] = (event("CoreShowChannel", Uniqueid="1.1", Duration="00:00:07"),)
    async with listening(pbx) as desk:
        pbx.send(event("Newchannel", Uniqueid="1.2"))
        await until(lambda: desk.heard("Newchannel"))
    kinds = [type(item).__name__ for item in desk.inbox]
    fully_booted, listed = ["Heard"], ["SnapshotBegan", "Heard", "Heard", "SnapshotEnded"]
    assert kinds == ["LinkUp", *fully_booted, *listed, "Heard", "LinkLost"]
    assert desk.heard("CoreShowChannel") == ["1.1"]
    assert [state.status for state in desk.states][:1] == [LinkStatus.UP]


async def test_an_event_before_the_lists_is_not_lost(pbx: ScriptedAmi) -> None:
    pbx.after_log_in = FULLY_BOOTED + event("Newchannel", Uniqueid="1.1")
    async with listening(pbx) as desk:
        assert isinstance(desk.inbox[0], LinkUp)
        assert desk.heard("Newchannel") == ["1.1"]


async def test_a_cut_link_comes_back_by_itself_and_names_the_blind_time(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        await pbx.cut()
        await until(lambda: len(desk.news(SnapshotEnded)) == 2)
        lost = desk.news(LinkLost)[0]
        again = desk.news(LinkUp)[1]
        assert isinstance(lost, LinkLost)
        assert isinstance(again, LinkUp)
        assert again.blind_since == lost.heard_until
        assert not again.restarted
        assert desk.listener.figures.connections == 2


async def test_a_restarted_pbx_is_told_from_a_cut_link(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        pbx.started = "2026-11-22"
        await pbx.cut()
        await until(lambda: len(desk.news(LinkUp)) == 2)
        again = desk.news(LinkUp)[1]
        assert isinstance(again, LinkUp)
        assert again.restarted


async def test_a_shutdown_is_said_in_words(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        pbx.send(event("Shutdown", Shutdown="Cleanly", Restart="True"))
        await until(lambda: any(isinstance(i, Heard) and i.message.event == "Shutdown" for i in desk.inbox))
        await pbx.cut()
        await until(lambda: any("being stopped or restarted" in str(s.sentence) for s in desk.states))


async def test_a_half_open_link_is_found_and_left(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        pbx.deaf = True
        await until(lambda: any("fallen silent" in str(state.sentence) for state in desk.states))
        pbx.deaf = False
        await until(lambda: len(desk.news(LinkUp)) == 2)


async def test_pings_that_are_answered_keep_a_quiet_link(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        await until(lambda: len(pbx.named("ping")) >= 6)
        assert pbx.connections == 1
        assert desk.listener.state.status is LinkStatus.UP


async def test_a_wrong_password_is_said_and_tried_slowly_and_the_right_one_heals(pbx: ScriptedAmi) -> None:
    pbx.secret = "changed"
    async with listening(pbx, up=False) as desk:
        await until(lambda: pbx.log_ins >= REFUSALS_BEFORE_SLOWING + 2)
        slow = pbx.tried_at[REFUSALS_BEFORE_SLOWING - 1 :]
        # A timer of the loop may ring a clock tick early.
        assert all(later - one > QUICK.refused_pause * 0.99 for one, later in pairwise(slow))
        state = desk.listener.state
        assert state.status is LinkStatus.REFUSED
        assert "refuses user pbx-crm (Authentication failed)" in str(state.sentence)
        assert "manager.conf [pbx-crm]" in str(state.sentence)
        pbx.secret = SECRET
        await until(lambda: desk.listener.state.status is LinkStatus.UP)
    assert not any(SECRET in str(state) for state in desk.states), "the secret is in a state"


async def test_a_pbx_that_is_down_is_reached_once_it_starts(pbx: ScriptedAmi) -> None:
    await pbx.stop()
    async with listening(pbx, up=False) as desk:
        await until(lambda: any("cannot be reached" in str(state.sentence) for state in desk.states))
        since = desk.listener.state.since
        await asyncio.sleep(0.05)
        assert desk.listener.state.since == since, "the outage began once"
        await pbx.start()
        await until(lambda: desk.listener.state.status is LinkStatus.UP)


async def test_a_port_that_takes_the_connection_and_says_nothing_is_left(pbx: ScriptedAmi) -> None:
    pbx.deaf = True
    async with listening(pbx, up=False) as desk:
        await until(lambda: pbx.connections >= 2)
        assert "did not answer Login" in str(desk.listener.state.sentence)


async def test_nothing_unanswered_is_sent_again_after_a_reconnect(pbx: ScriptedAmi) -> None:
    async def cut_at_originate(action: dict[str, str]) -> None:
        if action["action"] == "Originate":
            await pbx.cut()

    async with listening(pbx) as desk:
        pbx.on_action = cut_at_originate
        call = ami_actions.originate(
            endpoint="PJSIP/101", number="74951230001", context="from-internal", channel_id="crm-1"
        )
        with pytest.raises(PbxUnreachable):
            await desk.listener.ask(call)
        await until(lambda: len(desk.news(SnapshotEnded)) == 2)
        assert len(pbx.named("originate")) == 1


async def test_the_answer_of_an_originate_reaches_the_asker_and_the_calls(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        call = ami_actions.originate(
            endpoint="PJSIP/101", number="74951230001", context="from-internal", channel_id="crm-1"
        )
        asking = asyncio.create_task(desk.listener.ask(call))
        await until(lambda: pbx.named("originate"))
        action_id = pbx.named("originate")[0]["actionid"]
        pbx.send(
            event("OriginateResponse", ActionID=action_id, Response="Success", Uniqueid="crm-1", Reason=4)
        )
        answer = await asking
        assert [message.response for message in answer] == ["Success", "Success"]
        assert desk.heard("OriginateResponse") == ["crm-1"]
        assert pbx.named("originate")[0]["async"] == "true"


async def test_an_action_without_an_answer_ends_in_time_and_leaves_nothing_behind(pbx: ScriptedAmi) -> None:
    async with listening(pbx, timing=AmiTiming(ping=60)) as desk:
        session = desk.listener._session
        assert session is not None
        waiting = session.link.protocol.responses
        await until(lambda: not waiting)  # what is asked at every log-in has been answered
        pbx.deaf = True
        with pytest.raises(PbxUnreachable, match="did not answer Status"):
            await desk.listener.ask(ami_actions.channel_status(), seconds=0.05)
        assert waiting == {}


async def test_asking_while_the_link_is_down_says_so(pbx: ScriptedAmi) -> None:
    await pbx.stop()
    async with listening(pbx, up=False) as desk:
        await until(lambda: desk.states)
        with pytest.raises(PbxUnreachable, match="cannot be reached"):
            await desk.listener.ask(ami_actions.core_status())


async def test_closing_during_the_pause_makes_no_further_connection(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        await pbx.stop()
        await until(lambda: desk.listener.state.status is not LinkStatus.UP)
        before = pbx.connections
        await desk.listener.close()
        await pbx.start()
        await asyncio.sleep(0.1)
        assert pbx.connections == before


async def test_closing_twice_or_before_the_start_is_harmless(pbx: ScriptedAmi) -> None:
    desk = Desk(pbx)
    await desk.listener.close()
    await desk.listener.close()
    await desk.listener.run()
    assert pbx.connections == 0


async def test_a_missing_write_right_is_named_with_its_line(pbx: ScriptedAmi) -> None:
    pbx.forbidden = {"coreshowchannels", "status", "corestatus"}
    async with listening(pbx) as desk:
        ended = desk.news(SnapshotEnded)[0]
        assert isinstance(ended, SnapshotEnded)
        assert not ended.complete
        await until(lambda: desk.listener.state.advice)
        words = str(desk.listener.state.advice[0])
        assert "Add reporting to write= in manager.conf [pbx-crm]" in words
        assert desk.listener.state.status is LinkStatus.UP


@pytest.mark.parametrize(("action", "right"), [("originate", "originate"), ("coreshowchannels", "reporting")])
async def test_each_write_class_is_seen_by_its_action(pbx: ScriptedAmi, action: str, right: str) -> None:
    pbx.forbidden = {action}
    async with listening(pbx) as desk:
        await until(lambda: desk.listener.state.advice)
        assert [f"Add {right} to write=" in str(words) for words in desk.listener.state.advice] == [True]


async def test_without_read_system_the_crm_works_and_says_what_is_missing(pbx: ScriptedAmi) -> None:
    pbx.after_log_in = b""
    async with listening(pbx) as desk:
        await until(lambda: desk.listener.state.advice)
        assert "Add system to read=" in str(desk.listener.state.advice[0])


async def test_calls_that_leave_no_cdr_are_told_with_the_line_to_change(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        for call in ("1.1", "1.2", "1.3"):
            pbx.send(event("Hangup", Uniqueid=call, Linkedid=call))
        await until(lambda: desk.listener.state.advice)
        assert "Add cdr to read=" in str(desk.listener.state.advice[0])


async def test_phones_of_a_queue_that_were_not_answered_are_no_reason_to_miss_a_cdr(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        for leg in ("1.2", "1.3", "1.4", "1.5"):
            pbx.send(event("Hangup", Uniqueid=leg, Linkedid="1.1"))
        await until(lambda: len(desk.heard("Hangup")) == 4)
        await asyncio.sleep(0.2)
        assert desk.listener.state.advice == ()


async def test_all_rights_there_means_no_complaint(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        await until(lambda: pbx.named("listcommands"))
        await asyncio.sleep(0.1)
        assert desk.listener.state.advice == ()


async def test_a_forbidden_action_raises_with_the_words_of_the_pbx(pbx: ScriptedAmi) -> None:
    pbx.forbidden = {"redirect"}
    async with listening(pbx) as desk:
        with pytest.raises(RightMissing, match="Permission denied"):
            await desk.listener.ask(ami_actions.AmiAction("Redirect"))


async def test_the_end_of_a_stream_in_mid_event_invents_nothing(pbx: ScriptedAmi) -> None:
    async with listening(pbx) as desk:
        pbx.send(event("Newchannel", Uniqueid="1.1") + b"Event: Newchannel\r\nUniqueid: 1.")
        await until(lambda: desk.heard("Newchannel"))
        await pbx.cut()
        await until(lambda: len(desk.news(SnapshotBegan)) == 2)
        pbx.send(event("Newchannel", Uniqueid="1.3"))
        await until(lambda: len(desk.heard("Newchannel")) == 2)
        assert desk.heard("Newchannel") == ["1.1", "1.3"]


async def test_an_observer_of_the_state_that_fails_does_not_cut_the_link(pbx: ScriptedAmi) -> None:
    async with listening(pbx, up=False) as desk:
        desk.listener._on_state = _fail
        await until(lambda: desk.listener.state.status is LinkStatus.UP)
        pbx.send(event("Newchannel", Uniqueid="1.1"))
        await until(lambda: desk.heard("Newchannel"))


def _fail(_: LinkState) -> None:
    raise RuntimeError("the banner is broken")
