"""Plays stories on a company's PBX, several at once, and keeps what every listener heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.e2e.company import Company
from tests.e2e.company_config import SECRET
from tests.e2e.stories import STORIES, Stage
from tests.e2e.truth import Truth
from tests.parts.ami_tap import AmiTap

SETTLE_SECONDS = 1.0
"""Cdr and AgentComplete come after the last hang-up."""


@asynccontextmanager
async def tapping(company: Company, username: str) -> AsyncIterator[AmiTap]:
    """A recording connection as this AMI user, closed at the end."""
    tap = AmiTap()
    await tap.open(company.network.pbx, username, SECRET)
    try:
        yield tap
    finally:
        await tap.close()


async def play_together(company: Company, names: Sequence[str], hands: AmiTap) -> dict[str, list[Truth]]:
    """The truth of each story, a team playing its share one after the other and all teams at once."""
    shares = [names[i :: len(company.teams)] for i in range(len(company.teams))]
    told: dict[str, list[Truth]] = {}

    async def play_share(digit: int, share: Sequence[str]) -> None:
        for number, name in enumerate(share):
            team = company.teams[digit]
            for phone in team.phones:
                phone.forget()
            stage = Stage(company, team, team.client(f"{number:02}"), hands)
            try:
                told[name] = await asyncio.wait_for(STORIES[name](stage), 60)
            except Exception as error:
                raise AssertionError(f"story {name} could not be played: {error}") from error

    await asyncio.gather(*(play_share(d, s) for d, s in zip(company.teams, shares, strict=True)))
    await asyncio.sleep(SETTLE_SECONDS)
    return told
