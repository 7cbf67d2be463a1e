"""Where a scenario is played, and how the phones' side of it becomes the truth of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from tests.e2e.record_tapes.running import RunningWorld
from tests.e2e.record_tapes.world import World
from tests.e2e.truth import Transfer, Truth, first_ring, seconds, who_rang
from tests.parts.ami_tap import AmiTap
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import Party

TRUTH_FIELDS = frozenset(field.name for field in fields(Truth))
RING_SECONDS = 0.7
TALK_SECONDS = 1.3


@dataclass
class Stage:
    """One scenario's hands on a running world."""

    running: RunningWorld
    tap: AmiTap
    number: int
    """Of the scenario; makes its clients' numbers its own."""
    since: float
    _clients: int = field(default=0)

    @property
    def world(self) -> World:
        """The numbers and names here."""
        return self.running.world

    @property
    def provider(self) -> Party:
        """The first trunk."""
        return self.running.provider

    @property
    def spare(self) -> Party:
        """The second trunk."""
        return self.running.spare

    def phone(self, seller: int) -> Party:
        """The phone of seller 1 to 6."""
        return self.running.phones[seller - 1]

    def new_client(self) -> str:
        """A client's number that no other scenario has."""
        self._clients += 1
        return self.world.client.format(f"{self.number:02}{self._clients:02}")

    def calls_in(
        self, service: str, caller: str | None = None, name: str = "", extra: tuple[tuple[str, str], ...] = ()
    ) -> Dialog:
        """A client calls one of the public numbers."""
        return self._calls_in(self.world.public(service), "", caller, name, extra)

    def calls_the_account(self, service: str) -> Dialog:
        """A client's call as some providers send it: to the account, the public number in To alone."""
        return self._calls_in("account", self.world.public(service), None, "", ())

    def _calls_in(
        self, number: str, to: str, caller: str | None, name: str, extra: tuple[tuple[str, str], ...]
    ) -> Dialog:
        caller = self.new_client() if caller is None else caller
        return self.provider.dial(number, caller=caller, caller_name=name, to=to, extra=extra)

    async def picks_up(self, seller: int, ring: float = RING_SECONDS) -> Dialog:
        """The seller's phone rings for a moment and is picked up."""
        return await answers(await self.phone(seller).next_call(), ring)

    async def outside_picks_up(self, number: str, ring: float = RING_SECONDS) -> Dialog:
        """The phone of an outside number, as the trunk calls it, rings for a moment and is picked up."""
        return await answers(await self.provider.next_call(number), ring)

    def on_trunk(self, number: str) -> str:
        """How the first trunk is asked for this outside number."""
        digits = number.lstrip("+")
        return f"7{digits[1:]}" if self.world.shape == "exchange" else digits

    def on_spare(self, number: str) -> str:
        """How the second trunk is asked for it."""
        return f"8{number.lstrip('+')[1:]}"

    def was_asked(self, trunk: Party, number: str) -> bool:
        """Whether this trunk got a call to the number in this scenario."""
        return any(
            d.invite is not None and d.invite.to_user == number and d.started_at >= self.since
            for d in trunk.dialogs.values()
        )

    async def channel_of(self, party: Party) -> str:
        """The name of the one channel this party has."""
        listed = await asyncio.to_thread(self.running.asterisk.cli, "core show channels concise")
        names = [line.partition("!")[0] for line in listed.splitlines()]
        return next(name for name in names if name.startswith(f"{self.world.driver}/{party.name}-"))

    async def next_to_ring(self) -> Dialog:
        """Whichever seller's phone rings now, waiting for it if need be."""
        for _ in range(300):
            for leg in self.rung():
                if leg.rang_at is not None and leg.answered_at is None and not leg.is_over:
                    return leg
            await asyncio.sleep(0.05)
        raise AssertionError("no seller's phone rings")

    def rung(self) -> list[Dialog]:
        """Every call the sellers' phones got in this scenario, in order."""
        phones = [*self.running.phones, self.running.second_phone]
        got = [d for phone in phones for d in phone.dialogs.values() if d.invite is not None]
        return sorted((d for d in got if d.started_at >= self.since), key=lambda d: d.started_at)


Scenario = Callable[[Stage], Awaitable[list[Truth]]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario and where it can be played."""

    play: Scenario
    shapes: frozenset[str]
    drivers: frozenset[str]


SCENARIOS: dict[str, Entry] = {}


def scenario(
    *, shapes: Iterable[str] = ("office", "exchange"), drivers: Iterable[str] = ("PJSIP", "SIP")
) -> Callable[[Scenario], Scenario]:
    """Registers a scenario under its own name."""

    def register(play: Scenario) -> Scenario:
        SCENARIOS[play.__name__] = Entry(play, frozenset(shapes), frozenset(drivers))
        return play

    return register


async def answers(leg: Dialog, ring: float = RING_SECONDS) -> Dialog:
    """This ringing phone is picked up after a moment."""
    await asyncio.sleep(ring)
    leg.answer()
    return leg


async def talk(seconds_long: float = TALK_SECONDS) -> None:
    """Time passes."""
    await asyncio.sleep(seconds_long)


async def ends(leaving: Dialog, *others: Dialog) -> None:
    """One hangs up and the others find their legs over."""
    await leaving.hang_up()
    await asyncio.gather(*(other.until_ended() for other in others))


def came_in(stage: Stage, client: Dialog, service: str, **plan: Any) -> Truth:
    """A call from outside. `answered`: the leg that first talked; `legs`: the phones of this call alone
    (all of the scenario's by default); the rest of the plan overrides what follows from these."""
    answered: Dialog | None = plan.pop("answered", None)
    legs: Sequence[Dialog] = plan.pop("legs", None) or stage.rung()
    more: Sequence[Dialog] = plan.pop("outside_legs", ())
    at = answered.answered_at if answered else None
    first = answered.party.name if answered else None
    values: dict[str, Any] = {
        "external_number": client.caller,
        "outcome": "answered" if answered else "missed",
        "did": stage.world.public(service),
        "rang": who_rang(legs),
        "answered_by": first,
        "final_agent": first,
        "ring_s": seconds(first_ring([*legs, *more]), at or client.ended_at),
        "talk_s": seconds(at, client.ended_at),
        "started_at": client.started_at,
        "ended_at": client.ended_at or 0.0,
    }
    return _told("in", values | plan)


def went_out(stage: Stage, seller: Dialog, number: str, *tries: Dialog, **plan: Any) -> Truth:
    """A call a seller made to an outside number; the last try is the leg that counts."""
    last = tries[-1] if tries else None
    over = last.ended_at if last else seller.ended_at
    at = last.answered_at if last else None
    values: dict[str, Any] = {
        "external_number": number,
        "outcome": "answered" if at else "no_answer",
        "seller": seller.party.name,
        "rang": who_rang(stage.rung()),
        "answered_by": seller.party.name if at else None,
        "final_agent": seller.party.name if at else None,
        "ring_s": seconds(first_ring(list(tries)), at or over),
        "talk_s": seconds(at, over),
        "started_at": seller.started_at,
        "ended_at": over or 0.0,
    }
    return _told("out", values | plan)


def stayed_inside(stage: Stage, seller: Dialog, answered: Dialog | None, **plan: Any) -> Truth:
    """A call between colleagues; `answered` is the callee's leg if it talked."""
    at = answered.answered_at if answered else None
    first = answered.party.name if answered else None
    legs: Sequence[Dialog] = plan.pop("legs", None) or stage.rung()
    values: dict[str, Any] = {
        "external_number": None,
        "outcome": "answered" if at else "no_answer",
        "seller": seller.party.name,
        "rang": who_rang(legs),
        "answered_by": first,
        "final_agent": first,
        "ring_s": seconds(first_ring(legs), at or seller.ended_at),
        "talk_s": seconds(at, seller.ended_at),
        "started_at": seller.started_at,
        "ended_at": seller.ended_at or 0.0,
    }
    return _told("internal", values | plan)


def _told(direction: str, values: dict[str, Any]) -> Truth:
    """What Truth has no field for (a reason, say) is a further key of it."""
    known = {name: value for name, value in values.items() if name in TRUTH_FIELDS}
    further = {name: value for name, value in values.items() if name not in TRUTH_FIELDS}
    return Truth(direction=direction, **(known | {"more": known.get("more", {}) | further}))


def handed(kind: str, source: Dialog, target: str, *, completed: bool = True) -> Transfer:
    """A transfer by the seller of this leg."""
    return Transfer(kind, source.party.name, target, completed)
