"""Recorded messages as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db.tables import voice_messages
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.voice_message import KeptSound, VoiceMessage

TAKEN = N_("There is a message of this name already.")
ALL = select(voice_messages).order_by(voice_messages.c.name)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that is sent by somebody."""

    name: str
    sound: KeptSound
    by_id: int
    at: datetime


def everything(tx: Connection) -> list[VoiceMessage]:
    """All messages by name. One statement."""
    return [_message(dict(row)) for row in tx.execute(ALL).mappings()]


def get(tx: Connection, message_id: int) -> VoiceMessage:
    """The message; NotFound."""
    row = tx.execute(ALL.where(voice_messages.c.id == message_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(message_id=message_id)
    return _message(dict(row))


def _message(row: Mapping[str, Any]) -> VoiceMessage:
    sound = KeptSound(row["digest"], row["size"], row["seconds"])
    return VoiceMessage(row["id"], row["name"], sound, row["offers_talk"], row["offers_opt_out"])


def count(tx: Connection) -> int:
    """How many there are."""
    return tx.execute(select(func.count()).select_from(voice_messages)).scalar_one()


def add(tx: Connection, new: NewMessage) -> int | None:
    """The new message's id; None for a name that is taken."""
    sound = {"digest": new.sound.digest, "size": new.sound.size, "seconds": new.sound.seconds}
    return insert_new(tx, voice_messages, {"name": new.name, **sound, "by_id": new.by_id, "at": new.at})


def change(tx: Connection, message_id: int, values: Mapping[str, Any]) -> None:
    """Writes these values; NotFound, BadInput for a name that is taken."""
    wanted = update(voice_messages).where(voice_messages.c.id == message_id).values(**values)
    try:
        with tx.begin_nested():
            changed = tx.execute(wanted)
    except IntegrityError as error:
        raise BadInput(reasons={"name": TAKEN}) from error
    if changed.rowcount != 1:
        raise NotFound(message_id=message_id)


def drop(tx: Connection, message_id: int) -> None:
    """The message is gone; NotFound."""
    if tx.execute(delete(voice_messages).where(voice_messages.c.id == message_id)).rowcount != 1:
        raise NotFound(message_id=message_id)


def digests(tx: Connection) -> set[str]:
    """The digest of every sound that a message has. One statement."""
    return set(tx.execute(select(voice_messages.c.digest)).scalars())
