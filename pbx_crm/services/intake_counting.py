"""Keeps the sums of calls right: a call is out of them before the intake changes it, and in once over."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from pbx_crm.db import call_days, client_days
from pbx_crm.db.engine import Transaction
from pbx_crm.services.intake_desk import CallFile, Desk


def leave_sums(tx: Transaction, desk: Desk, now: datetime | None = None) -> list[int]:
    """Takes out of the sums every call that filing this desk away changes; which calls that may be.

    `now` spares calls of just now the look whether their day is kept.
    """
    client_days.forget(tx, _moments(desk), now)
    client_days.forget_calls(tx, [gone_id for _, gone_id in desk.gone])
    changed = [file.id for file in desk.heard if file.id is not None and _is_counted(file)]
    changed += _made_cold_or_not(tx, desk)
    call_days.take_out(tx, changed)
    return changed


def enter_sums(tx: Transaction, desk: Desk, changed: Collection[int]) -> None:
    """Puts into the sums what left them for a change, and every call of this desk that is over now."""
    over = [file.id for file in desk.heard if file.call is not None and file.call.ended_at is not None]
    call_days.put_in(tx, [call_id for call_id in (*changed, *over) if call_id is not None])


def _moments(desk: Desk) -> Iterator[datetime]:
    """When the desk's calls began, by what is on record and by what was heard."""
    for file in desk.heard:
        if file.call is not None:
            yield file.call.started_at
        if file.row is not None:
            yield file.row["started_at"]


def _is_counted(file: CallFile) -> bool:
    return file.row is not None and file.row["counted_day"] is not None


def _made_cold_or_not(tx: Transaction, desk: Desk) -> list[int]:
    """Calls in the sums that a conversation learned of, or taken back, makes cold or no longer so."""
    gone = [gone_id for _, gone_id in desk.gone]
    told = [({number}, {at}) for number, at in call_days.conversations(tx, gone)] if gone else []
    told += [_numbers_and_moments(file) for file in desk.heard if _tells_of_conversation(file)]
    numbers = {number for some, _ in told for number in some}
    moments = [at for _, some in told for at in some]
    return call_days.dialled_later(tx, numbers, min(moments)) if moments else []


def _tells_of_conversation(file: CallFile) -> bool:
    answered_at = file.call.answered_at if file.call is not None else None
    if file.row is None:
        return answered_at is not None
    return (file.number, answered_at) != (file.row["e164"], file.row["answered_at"])


def _numbers_and_moments(file: CallFile) -> tuple[set[str], set[datetime]]:
    """Both of before and after: which of them stays on record is the filing's business."""
    row = file.row or {"e164": None, "answered_at": None}
    moments = {row["answered_at"], file.call.answered_at if file.call is not None else None}
    return {file.number, row["e164"]} - {None}, moments - {None}
