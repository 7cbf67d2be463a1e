"""Listening to calls: who may, which file it is, and a line in the audit for every time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pbx_crm.db import audit, call_log, recordings
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.erasure import LeftRecording
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Person, require_head
from pbx_crm.domain.recording import RecordedCall, RecordingMissing, Sound, SoundState
from pbx_crm.domain.sentence import N_, Sentence
from pbx_crm.services.ground import Ground

SWEPT_AT_ONCE = 200
ONE_LISTENING = timedelta(minutes=10)
"""A browser fetches a recording in parts; within this time they are one listening."""

NO_FOLDER = N_("the configuration names no folder of recordings of %(pbx)s")
AWAY = N_("the folder of recordings of %(pbx)s cannot be seen")
REFUSED = N_("the system refuses: %(why)s")


class Shelf(Protocol):
    """Where one PBX keeps its recordings."""

    def find(self, call: RecordedCall) -> Path | None:
        """The call's file; blocks."""

    def is_there(self) -> bool:
        """Whether the folder can be seen at all; blocks."""

    def files(self, call: RecordedCall) -> list[Path]:
        """Every file of the call; blocks."""

    def delete(self, path: Path) -> None:
        """Deletes one of them, OSError if it may not; blocks."""


class Sounds(Protocol):
    """What makes a sound of a file. Its methods block."""

    def plays(self, path: Path) -> bool:
        """Whether `sound` would give one."""

    def sound(self, path: Path) -> Sound:
        """What a browser plays; NeedsSox."""

    def original(self, path: Path) -> Sound:
        """The file as it is."""

    def forget(self, path: Path) -> None:
        """Deletes what was made of the file."""


@dataclass(frozen=True, slots=True)
class _Listening:
    person_id: int
    call_id: int
    act: str


class Recordings:
    """Finds and opens; a call that is none of the viewer's business is not found."""

    def __init__(self, ground: Ground) -> None:
        self._database = ground.database
        self._clock = ground.clock
        self._shelves: dict[str, Shelf] = {}
        self._sounds: Sounds | None = None
        self._listened: dict[_Listening, datetime] = {}

    def offer(self, shelves: Mapping[str, Shelf], sounds: Sounds) -> None:
        """These PBXes keep recordings that this machine can read."""
        self._shelves.update(shelves)
        self._sounds = sounds

    @property
    def is_offered(self) -> bool:
        """Whether there is anything to listen to at all."""
        return bool(self._shelves)

    async def state(self, viewer: Person, call_id: int) -> SoundState:
        """Whether the viewer can listen to this call."""
        try:
            call = await self._database.read(_recorded, viewer, call_id)
        except NotFound:
            return SoundState.NONE
        if call is None or call.pbx not in self._shelves or self._sounds is None:
            return SoundState.NONE
        path = await asyncio.to_thread(self._shelves[call.pbx].find, call)
        if path is None:
            return SoundState.MISSING
        plays = await asyncio.to_thread(self._sounds.plays, path)
        return SoundState.PLAYS if plays else SoundState.NEEDS_SOX

    async def play(self, viewer: Person, call_id: int, address: str) -> Sound:
        """What a browser plays; NotFound, RecordingMissing, NeedsSox."""
        path, sounds = await self._found(viewer, call_id)
        sound = await asyncio.to_thread(sounds.sound, path)
        await self._note(_Listening(viewer.id, call_id, "recording played"), address)
        return sound

    async def download(self, viewer: Person, call_id: int, address: str) -> Sound:
        """The file itself, for heads; NotAllowed for others, else as `play`."""
        require_head(viewer)
        path, sounds = await self._found(viewer, call_id)
        await self._note(_Listening(viewer.id, call_id, "recording downloaded"), address)
        return sounds.original(path)

    async def sweep(self) -> int:
        """Deletes what its line keeps no longer; how many files that was. OSError where it may not."""
        seen = [pbx for pbx, shelf in self._shelves.items() if await asyncio.to_thread(shelf.is_there)]
        deleted, now = 0, self._clock()
        while overdue := await self._database.read(recordings.overdue, now, seen, SWEPT_AT_ONCE):
            for call in overdue:
                count, left = await asyncio.to_thread(self._deleted, call)
                if left:
                    raise OSError(str(left[0].why))
                await self._database.write(_forget, call, None, count, now)
                deleted += count
        return deleted

    async def erase(self, actor: Person, call_ids: Sequence[int]) -> tuple[int, tuple[LeftRecording, ...]]:
        """Deletes every file of these calls; how many that were, and which could not be deleted.

        Whether the actor may is for the caller to ask before.
        """
        deleted, left = 0, list[LeftRecording]()
        for call in await self._database.read(recordings.some, call_ids):
            count, stays = await asyncio.to_thread(self._deleted, call)
            deleted += count
            left += stays
            if not stays:
                await self._database.write(_forget, call, actor.id, count, self._clock())
        return deleted, tuple(left)

    def _deleted(self, call: RecordedCall) -> tuple[int, list[LeftRecording]]:
        """How many files of the call are gone now, and which are still there. Blocks."""

        def stays(why: Sentence, place: str = "") -> LeftRecording:
            return LeftRecording(call.call_id, call.started_at, place, why)

        shelf = self._shelves.get(call.pbx)
        if shelf is None or self._sounds is None:
            return 0, [stays(Sentence.of(NO_FOLDER, pbx=call.pbx))]
        if not shelf.is_there():
            return 0, [stays(Sentence.of(AWAY, pbx=call.pbx))]
        deleted, left = 0, list[LeftRecording]()
        for path in shelf.files(call):
            try:
                self._sounds.forget(path)
                shelf.delete(path)
                deleted += 1
            except OSError as error:
                left.append(stays(Sentence.of(REFUSED, why=error.strerror), str(path)))
        return deleted, left

    async def _found(self, viewer: Person, call_id: int) -> tuple[Path, Sounds]:
        call = await self._database.read(_recorded, viewer, call_id)
        shelf = self._shelves.get(call.pbx) if call is not None else None
        path = await asyncio.to_thread(shelf.find, call) if call is not None and shelf is not None else None
        if path is None or self._sounds is None:
            raise RecordingMissing(call_id=call_id)
        return path, self._sounds

    async def _note(self, listening: _Listening, address: str) -> None:
        now = self._clock()
        before = self._listened.get(listening)
        if before is not None and now - before < ONE_LISTENING:
            return
        await self._database.write(
            audit.note,
            now,
            listening.person_id,
            listening.act,
            f"call {listening.call_id}",
            address=address,
        )
        self._listened = {one: at for one, at in self._listened.items() if now - at < ONE_LISTENING}
        self._listened[listening] = now


def _forget(tx: Transaction, call: RecordedCall, actor_id: int | None, files: int, now: datetime) -> None:
    recordings.forget(tx, call)
    if files:
        audit.note(tx, now, actor_id, "recording deleted", f"call {call.call_id}")


def _recorded(tx: Transaction, viewer: Person, call_id: int) -> RecordedCall | None:
    row = call_log.one(tx, call_id, viewer.scope)
    if row.client is not None and row.client.is_foreign:
        # A colleague's client: that the call was is known to who took part, not what was said.
        raise NotFound(call_id=call_id)
    return recordings.of_call(tx, call_id) if row.recorded else None
