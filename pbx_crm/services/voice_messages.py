"""Recorded messages as the head keeps them: sent, listened to, named, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pbx_crm.db import audit, house, voice_calls, voice_messages
from pbx_crm.db.engine import Transaction
from pbx_crm.db.voice_messages import NewMessage
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.voice_message import (
    LONGEST_NAME,
    MOST,
    KeptSound,
    MessageInUse,
    NoSoundFolder,
    VoiceMessage,
    good_name,
)
from pbx_crm.services.ground import Ground

SWITCH = "voice"
NAMES_TRIED = 20


class Sounds(Protocol):
    """Where sounds lie, under their digests."""

    @property
    def converts(self) -> bool:
        """Whether anything but the plainest WAV can be taken."""

    async def keep(self, content: AsyncIterator[bytes], filename: str) -> KeptSound:
        """The sound of what was sent; BadInput."""

    def path_of(self, digest: str) -> Path:
        """Where the sound lies; ValueError for what is no digest."""

    async def sweep(self, used: Collection[str]) -> int:
        """Removes what no message has any more."""


@dataclass(frozen=True, slots=True)
class VoiceShelf:
    """All messages, and what the page says about sending one."""

    messages: list[VoiceMessage]
    is_on: bool
    """Whether robots may call clients at all."""
    has_folder: bool
    converts: bool


@dataclass(frozen=True, slots=True)
class MessageWish:
    """How a message is to be called, and which keys it offers beside 1."""

    name: str
    offers_talk: bool
    offers_opt_out: bool


class VoiceMessages:
    """A sound is on the disk before its row is written."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._sounds: Sounds | None = None

    def use(self, sounds: Sounds) -> None:
        """Sounds lie there from now on; until then there are no messages."""
        self._sounds = sounds

    async def shelf(self) -> VoiceShelf:
        """All messages by name, and what may be sent."""
        sounds = self._sounds
        found, is_on = await self._ground.database.read(_shelf)
        return VoiceShelf(found, is_on, sounds is not None, sounds is not None and sounds.converts)

    async def switch(self, actor: Person, is_on: bool) -> None:
        """Robots may call clients from now on, or no more."""
        await self._ground.database.write(_switch, actor, is_on, self._ground.clock())

    async def add(self, actor: Person, filename: str, content: AsyncIterator[bytes]) -> int:
        """The new message's id, named after its file; BadInput, NoSoundFolder."""
        if self._sounds is None:
            raise NoSoundFolder
        await self._ground.database.read(_check_room)
        sound = await self._sounds.keep(content, filename)
        new = NewMessage(_name_of(filename), sound, actor.id, self._ground.clock())
        return await self._ground.database.write(_add, new)

    async def change(self, actor: Person, message_id: int, wish: MessageWish) -> None:
        """The message is named so and offers these keys; NotFound, BadInput."""
        await self._ground.database.write(_change, actor, message_id, wish, self._ground.clock())

    async def drop(self, actor: Person, message_id: int) -> None:
        """The message is gone; NotFound, MessageInUse while a robot calls with it."""
        await self._ground.database.write(_drop, actor, message_id, self._ground.clock())

    async def sound(self, message_id: int) -> Path:
        """The file of a message; NotFound."""
        found = await self._ground.database.read(voice_messages.get, message_id)
        return self.file_of(found.sound.digest)

    def file_of(self, digest: str) -> Path:
        """The file with this digest, which is the whole of what one must know to get it; NotFound."""
        try:
            path = self._sounds.path_of(digest) if self._sounds is not None else None
        except ValueError:
            path = None
        if path is None or not path.is_file():
            raise NotFound(N_("The sound of this message is lost: send it again."))
        return path

    async def sweep(self) -> int:
        """Removes sounds that no message has any more; how many files that was."""
        if self._sounds is None:
            return 0
        return await self._sounds.sweep(await self._ground.database.read(voice_messages.digests))


def _shelf(tx: Transaction) -> tuple[list[VoiceMessage], bool]:
    return voice_messages.everything(tx), house.is_on(tx, SWITCH)


def _switch(tx: Transaction, actor: Person, is_on: bool, now: datetime) -> None:
    house.switch(tx, SWITCH, is_on=is_on)
    audit.note(tx, now, actor.id, "voice messages on" if is_on else "voice messages off")


def _name_of(filename: str) -> str:
    base = filename.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    visible = "".join(letter for letter in base if letter.isprintable()).strip()
    return visible[: LONGEST_NAME - 5] or "message"


def _check_room(tx: Transaction) -> None:
    if voice_messages.count(tx) >= MOST:
        raise BadInput(reasons={"file": N_("At most 100 messages: remove one first.")})


def _add(tx: Transaction, new: NewMessage) -> int:
    _check_room(tx)
    for number in range(1, NAMES_TRIED):
        name = new.name if number == 1 else f"{new.name} {number}"
        made = voice_messages.add(tx, NewMessage(name, new.sound, new.by_id, new.at))
        if made is not None:
            audit.note(tx, new.at, new.by_id, "voice message added", f"voice-{made}", details={"name": name})
            return made
    raise BadInput(reasons={"file": voice_messages.TAKEN})


def _change(tx: Transaction, actor: Person, message_id: int, wish: MessageWish, now: datetime) -> None:
    values = {"name": good_name(wish.name), "offers_talk": wish.offers_talk}
    voice_messages.change(tx, message_id, {**values, "offers_opt_out": wish.offers_opt_out})
    audit.note(tx, now, actor.id, "voice message changed", f"voice-{message_id}", details=values)


def _drop(tx: Transaction, actor: Person, message_id: int, now: datetime) -> None:
    gone = voice_messages.get(tx, message_id)
    if voice_calls.uses(tx, message_id):
        raise MessageInUse
    voice_messages.drop(tx, message_id)
    audit.note(tx, now, actor.id, "voice message dropped", f"voice-{message_id}", details={"name": gone.name})
