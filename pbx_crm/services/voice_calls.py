"""Calls that play a message: planned ones are dialled when they may be, reported ones end, lost ones too.

The row turns from planned to dialling in a transaction of its own, and only then the PBX is asked, once,
by whoever turned it. If the program dies in between, or nobody answers, the row stays as it is: the PBX's
report ends it, or the call log does, or it is over with an unknown end. Nothing dials it again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from pbx_crm.db import callers, dials, house, lines, voice_calls, voice_messages
from pbx_crm.db.calendars import working_times
from pbx_crm.db.engine import Transaction
from pbx_crm.db.voice_calls import VoiceCall
from pbx_crm.domain.calendar import WorkingTimes
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.dialling import EXTENSION, MINUTE, DialState, NoPhone, NotByClick, TooManyDials
from pbx_crm.domain.errors import PbxUnreachable, RightMissing
from pbx_crm.domain.job import Job
from pbx_crm.domain.line import Line, MatchKind
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan, digits
from pbx_crm.domain.voice_call import (
    CHANNEL_PREFIX,
    SAID,
    Facts,
    VoiceResult,
    VoiceRules,
    VoiceWish,
    decide,
    looked_up,
)
from pbx_crm.domain.voice_message import VoiceMessage
from pbx_crm.services import voice_ends
from pbx_crm.services.ground import Ground
from pbx_crm.services.regions import place_of_deal
from pbx_crm.services.voice_messages import SWITCH

SWEEP = "voice"
PAUSE, LATER = timedelta(seconds=10), timedelta(minutes=5)
MOST = 50
TRIALS_A_MINUTE = 3
log = structlog.get_logger(__name__)


class Caller(Protocol):
    """A PBX that has clients called."""

    @property
    def is_there(self) -> bool:
        """Whether it can be asked now; if not, nothing would be sent."""

    async def call(self, wish: VoiceWish) -> None:
        """Ask once; RightMissing if it refuses, PbxUnreachable if nobody knows."""

    async def try_out(self, extension: str, wish: VoiceWish) -> None:
        """The same for a phone of the house."""


@dataclass(frozen=True, slots=True)
class VoiceOutlet:
    """A PBX over which robots may call."""

    caller: Caller
    plan: NumberPlan
    rules: VoiceRules
    caller_id: str = ""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A call that is ours to dial: its row says so already."""

    call_id: int
    pbx: str
    wish: VoiceWish


@dataclass(frozen=True, slots=True)
class _Round:
    """What a look at the planned calls came to."""

    chosen: list[_Chosen]
    cards: list[Deal]


class VoiceCalls:
    """A planned call is dialled at most once, whatever dies and whoever else looks."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._outlets: dict[str, VoiceOutlet] = {}

    def offer(self, pbx: str, outlet: VoiceOutlet) -> None:
        """Clients can be called over this PBX from now on."""
        self._outlets[pbx] = outlet

    @property
    def is_offered(self) -> bool:
        """Whether any PBX is set up for it."""
        return bool(self._outlets)

    @property
    def is_ready(self) -> bool:
        """Whether a PBX could be asked at this moment."""
        return any(outlet.caller.is_there for outlet in self._outlets.values())

    async def run_job(self, _job: Job) -> datetime:
        """Looks as a standing job."""
        await self.sweep()
        return self._ground.clock() + PAUSE

    async def sweep(self) -> int:
        """Ends what must be over, and dials what may be dialled now; how many calls that were."""
        self._tell(await self._ground.database.write(_settle, self._ground.clock()))
        there = {name: outlet for name, outlet in self._outlets.items() if outlet.caller.is_there}
        if not there:
            return 0
        found = await self._ground.database.write(_choose, there, self._ground.clock())
        self._tell(found.cards)
        for chosen in found.chosen:
            await self._dial(there[chosen.pbx].caller, chosen)
        return len(found.chosen)

    async def _dial(self, caller: Caller, chosen: _Chosen) -> None:
        try:
            await caller.call(chosen.wish)
        except RightMissing as refusal:
            log.warning("the PBX does not make a voice call", why=str(refusal))
            await self._end(chosen.pbx, chosen.wish.channel_id, VoiceResult.FAILED)
        except PbxUnreachable:
            # It may ring: the PBX's report, or the call log, tells.
            log.warning("nobody knows whether a voice call was begun", call=chosen.wish.channel_id)

    async def reported(self, pbx: str, channel_id: str, said: str) -> bool:
        """Takes in what this PBX's dialplan says of a call; whether it has that call and knows the word."""
        result = SAID.get(said)
        return result is not None and await self._end(pbx, channel_id, result)

    async def _end(self, pbx: str, channel_id: str, result: VoiceResult) -> bool:
        now = self._ground.clock()
        is_known, card = await self._ground.database.write(_end, pbx, channel_id, result, now)
        self._tell([card] if card is not None else [])
        return is_known

    async def try_out(self, viewer: Person, message_id: int, request_key: str) -> None:
        """Rings the viewer's own phone and plays it there; once for one key, and three times a minute.

        NotFound, NoPhone, NotByClick where no PBX can do it now, TooManyDials, PbxUnreachable.
        """
        there = {name: outlet for name, outlet in self._outlets.items() if outlet.caller.is_there}
        if not there:
            raise NotByClick
        now = self._ground.clock()
        stored = await self._ground.database.write(_trial, viewer, message_id, request_key, there, now)
        if stored is None:
            return
        dial_id, pbx, extension, wish = stored
        state = DialState.UNKNOWN
        try:
            await there[pbx].caller.try_out(extension, wish)
            state = DialState.TAKEN
        except RightMissing as refusal:
            state = DialState.REFUSED
            raise NotByClick from refusal
        finally:
            await self._ground.database.write(dials.settle, dial_id, state)

    async def latest(self) -> list[tuple[VoiceCall, str]]:
        """The last fifty calls with their cards' titles, the latest first."""
        return await self._ground.database.read(voice_calls.latest, MOST)

    def _tell(self, cards: Iterable[Deal]) -> None:
        for deal in cards:
            self._ground.live.tell({f"deal-{deal.id}", f"stage-{deal.stage_id}", "tasks"}, {deal.owner_id})


def _settle(tx: Transaction, now: datetime) -> list[Deal]:
    """Ends the calls that must be over and were not reported; their cards."""
    cards = []
    for call, outcome, is_open in voice_calls.unheard(tx, now):
        result = looked_up(outcome, is_open)
        card = voice_ends.end(tx, call, result, now) if result is not None else None
        cards += [card] if card is not None else []
    return cards


def _end(
    tx: Transaction, pbx: str, channel_id: str, result: VoiceResult, now: datetime
) -> tuple[bool, Deal | None]:
    call = voice_calls.by_channel(tx, pbx, channel_id)
    return call is not None, voice_ends.end(tx, call, result, now) if call is not None else None


def _choose(tx: Transaction, there: Mapping[str, VoiceOutlet], now: datetime) -> _Round:
    """Which planned calls are ours to dial now; what can never be called is left, with the reason."""
    waiting = voice_calls.waiting(tx, now, MOST)
    found = _Round([], [])
    if not waiting:
        return found
    # Two processes that choose at once would both find room for one more call.
    callers.hold(tx, [f"voice {pbx}" for pbx in there])
    house_rules = _House.of(tx)
    for call in waiting:
        chosen = _one(tx, call, there, house_rules, now, found.cards)
        found.chosen.extend([chosen] if chosen is not None else [])
    return found


@dataclass(frozen=True, slots=True)
class _House:
    is_on: bool
    times: WorkingTimes
    lines: dict[int | None, Line]
    messages: dict[int, VoiceMessage]

    @classmethod
    def of(cls, tx: Transaction) -> _House:
        """What holds for every call of a round."""
        known = {line.id: line for line in lines.load(tx)}
        messages = {message.id: message for message in voice_messages.everything(tx)}
        return cls(house.is_on(tx, SWITCH), working_times(tx), known, messages)


def _one(
    tx: Transaction,
    call: VoiceCall,
    there: Mapping[str, VoiceOutlet],
    known: _House,
    now: datetime,
    cards: list[Deal],
) -> _Chosen | None:
    ground = voice_calls.ground_of(tx, call)
    line = known.lines.get(ground.line_id, Line(None, ""))
    pbx = line.pbx if line.pbx in there else next(iter(there))
    outlet, message = there[pbx], known.messages.get(call.message_id)
    facts = _facts(tx, call, ground, known, pbx, outlet.plan.e164(ground.number), now)
    decision = decide(facts, outlet.plan, outlet.rules)
    if decision.why_not is not None:
        card = voice_ends.leave(tx, call.id, decision.why_not, now)
        cards += [card] if card is not None else []
        return None
    if decision.number is None or message is None:
        again = PAUSE if outlet.rules.admits(now, facts.hours, facts.place) else LATER
        voice_calls.put_off(tx, call, min(call.expires_at, now + again))
        return None
    wish = _wish(decision.number, message, _caller_id(line, outlet))
    is_ours = voice_calls.begin(tx, call, pbx, wish.number, wish.channel_id, now)
    return _Chosen(call.id, pbx, wish) if is_ours else None


def _facts(
    tx: Transaction,
    call: VoiceCall,
    ground: voice_calls.Ground,
    known: _House,
    pbx: str,
    number: str | None,
    now: datetime,
) -> Facts:
    return Facts(
        at=now,
        expires_at=call.expires_at,
        is_switched_on=known.is_on and ground.robot_is_active,
        card_stands=_stands(call, ground),
        has_message=call.message_id in known.messages,
        number=ground.number,
        do_not_call=ground.do_not_call,
        hours=known.times.of_line(ground.line_id),
        lately=voice_calls.lately(tx, pbx, number, now),
        place=place_of_deal(tx, call.deal_id, number),
    )


def _stands(call: VoiceCall, ground: voice_calls.Ground) -> bool:
    return ground.stage_id == call.stage_id and (
        call.meeting_at is None or ground.meeting_at == call.meeting_at
    )


def _caller_id(line: Line, outlet: VoiceOutlet) -> str:
    """The number that the client called us on, where the card's line has one of its own."""
    is_number = line.match_kind is MatchKind.DID and digits(line.match_value) == line.match_value.lstrip("+")
    return line.match_value if is_number and line.match_value else outlet.caller_id


def _wish(number: str, message: VoiceMessage, caller_id: str = "") -> VoiceWish:
    channel_id = f"{CHANNEL_PREFIX}{secrets.token_hex(16)}"
    sound = message.sound
    return VoiceWish(number, channel_id, sound.digest, sound.size, message.keys, caller_id)


def _trial(
    tx: Transaction,
    viewer: Person,
    message_id: int,
    request_key: str,
    there: Mapping[str, VoiceOutlet],
    now: datetime,
) -> tuple[int, str, str, VoiceWish] | None:
    dials.begin(tx, viewer.id)
    wish = _wish("", voice_messages.get(tx, message_id))
    phones = [(pbx, number) for pbx, number in dials.phones_of(tx, viewer.id, now) if pbx in there]
    found = next(((pbx, number) for pbx, number in phones if EXTENSION.fullmatch(number)), None)
    if found is None:
        raise NoPhone
    if dials.number_of(tx, viewer.id, request_key) is not None:
        return None
    if dials.count_since(tx, viewer.id, now - MINUTE) >= TRIALS_A_MINUTE:
        raise TooManyDials
    pbx, extension = found
    new = dials.NewDial(
        viewer.id, request_key, pbx, extension, f"voice-{message_id}", channel_id=wish.channel_id, at=now
    )
    dial_id = dials.add(tx, new)
    return (dial_id, pbx, extension, wish) if dial_id is not None else None
