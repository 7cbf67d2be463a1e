"""The company with its CRM: who has which phone, and what the CRM tells of a call, in a truth's words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.e2e.company import SELLERS, TEAMS, Company
from tests.e2e.served_crm import Api, NewPerson, ServedCrm, until
from tests.e2e.truth import Truth
from tests.parts.ami_tap import PORT
from tests.parts.cut_cable import CutCable

HEAD = NewPerson("olga", "Ольга", rights=("--role", "head"))
LOGINS = ("anna", "boris", "vera", "gleb", "daria", "egor")
"""Seller n has phone n of every team: six people answer for all of them."""

Rows = list[dict[str, Any]]


@dataclass
class Office:
    """The running PBX, the cable to it, the CRM, and the head's view through the API."""

    company: Company
    cable: CutCable
    crm: ServedCrm
    head: Api
    browser: ClientSession
    people: dict[str, int] = field(default_factory=dict)
    """Person's id by extension."""

    async def calls(self) -> Rows:
        """Every call the CRM has, with its hand-overs, oldest first."""
        listed = await self.head.all("calls")
        return [await self.head.get(f"calls/{call['id']}") for call in reversed(listed)]

    async def head_page(self, path: str) -> str:
        """A page as the head gets it, without a screen."""
        async with self.browser.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def log_in_again(self) -> None:
        """The head logs in once more, after the CRM came back on another port."""
        await self.browser.close()
        self.browser = await self.crm.log_in(HEAD.login)
        self.head = await self.crm.api(self.browser)

    async def calls_when_over(self, count: int) -> Rows:
        """The calls once so many are known and none is open; fails on more, or if it lasts too long."""

        async def over() -> Rows | None:
            listed = await self.head.all("calls")
            return listed if len(listed) >= count and all(call["ended_at"] for call in listed) else None

        await until(over, what=f"{count} calls to be over")
        return await self.calls()


def as_told(call: dict[str, Any]) -> dict[str, Any]:
    """A call of the API with the keys of `pbx-crm replay`, so that the same truth judges both."""
    return {
        **{key: call[key] for key in SAME_KEYS},
        "rang": list(call["rang"]),
        "ring_s": call["ring_seconds"],
        "talk_s": call["talk_seconds"],
        "recording": call["recorded"],
        "open": call["ended_at"] is None,
        "ended_in_gap": call["ended_by"] == "gap",
        "transfers": [
            {"type": t["kind"], "from": t["source"], "to": t["target"], "completed": t["completed"]}
            for t in call["transfers"]
        ],
    }


SAME_KEYS = (
    *("direction", "external_number", "did", "queue", "answered_by", "final_agent", "outcome", "seller"),
)


def call_of(truth: Truth, calls: Rows) -> dict[str, Any]:
    """The one call that can be this one, by who called and whom."""
    keys = ("direction", "external_number", "did", "seller")
    found = [c for c in map(as_told, calls) if all(_plain(c[k]) == _plain(getattr(truth, k)) for k in keys)]
    assert len(found) == 1, f"{len(found)} calls for {truth}"
    return found[0]


def raw_call_of(truth: Truth, calls: Rows) -> dict[str, Any]:
    """The same, as the API gave it."""
    wanted = call_of(truth, calls)
    return next(call for call in calls if as_told(call) == wanted)


def _plain(value: str | None) -> str | None:
    return value.lstrip("+") if value else value


@asynccontextmanager
async def office(
    folder: Path,
    company: Company,
    *,
    sellers: int = len(LOGINS),
    database_url: str = "",
    pbx_settings: str = "",
) -> AsyncIterator[Office]:
    """The CRM beside the company's PBX, the first so many sellers hired (1.5 s each), the head logged in."""
    cable = CutCable(company.network.pbx, PORT)
    crm = ServedCrm(folder, await cable.open(), database_url, pbx_settings)
    try:
        await crm.add([HEAD, *_sellers()[:sellers]])
        await crm.start()
        browser = await crm.log_in(HEAD.login)
        head = await crm.api(browser)
        ids = {person["name"]: person["id"] for person in (await head.get("people"))["people"]}
        people = {f"{team}0{n}": ids[LOGINS[n - 1].title()] for team in TEAMS for n in SELLERS[:sellers]}
        running = Office(company, cable, crm, head, browser, people)
        try:
            yield running
        finally:
            await running.browser.close()
    finally:
        await asyncio.gather(crm.stop(), return_exceptions=True)
        await cable.close()


def _sellers() -> list[NewPerson]:
    return [
        NewPerson(login, login.title(), [f"{team}0{seller}" for team in TEAMS])
        for seller, login in zip(SELLERS, LOGINS, strict=True)
    ]
