"""What the stories of the laboratory are made of: their list, and what several of them do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.e2e.company import Team
from tests.e2e.stories import (
    Stage,
    Story,
    came_in,
)
from tests.e2e.truth import Truth, seconds
from tests.parts.ami_tap import header
from tests.parts.sip.dialog import Dialog

LAB_STORIES: dict[str, Story] = {}


def lab_story(play: Story) -> Story:
    """Registers a story under its own name."""
    LAB_STORIES[play.__name__] = play
    return play


def mobile_of(team: Team) -> str:
    """The mobile that the long dialplan knows for seller 4."""
    return f"89{team.digit}55500204"


async def put_in_database(stage: Stage, family: str, key: str, value: str) -> None:
    """Puts a value where the dialplan looks it up."""
    await asyncio.to_thread(stage.company.asterisk.cli, f"database put {family} {key} {value}")


async def channel_of(stage: Stage, endpoint: str, last: bool = True) -> str:
    """The newest channel of an endpoint, from the events."""
    start = f"Channel: PJSIP/{endpoint}-"
    await stage.hands.until("Event: Newchannel\r\n", start)
    events = stage.hands.data.decode(errors="replace").split("\r\n\r\n")
    names = [header(e, "Channel") for e in events if e.startswith("Event: Newchannel") and start in e]
    return names[-1] if last else names[0]


async def mobile_rings(stage: Stage) -> Dialog:
    """The seller's mobile, reached over the trunk."""
    return await stage.team.provider.next_call(mobile_of(stage.team))


async def calls_within(stage: Stage, seller: int, waiting_seconds: float) -> list[Dialog]:
    """The call this seller's phone gets within so long; empty if none comes."""
    try:
        return [await stage.team.phone(seller).next_call(seconds=waiting_seconds)]
    except AssertionError:
        return []


def credited(stage: Stage, client: Dialog, kind: str, seller: str, talk_from: float | None) -> Truth:
    """The truth of a call a seller took on another device."""
    told = came_in(stage, client, kind, "answered")
    first = min(d.rang_at for d in stage.team.rung(client.started_at) if d.rang_at is not None)
    return replace(
        told,
        answered_by=seller,
        final_agent=seller,
        talk_s=seconds(talk_from, client.ended_at),
        ring_s=seconds(first, talk_from),
    )
