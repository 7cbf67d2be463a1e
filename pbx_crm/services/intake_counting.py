"""Keeps the sums of calls right: a call is out of them before the intake changes it, and in once over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pbx_crm.db import call_days
from pbx_crm.db.engine import Transaction
from pbx_crm.services.intake_desk import CallFile, Desk


@contextmanager
def kept_counted(tx: Transaction, desk: Desk, *, new_ones: bool = True) -> Iterator[None]:
    """Whatever is written of the desk's calls within, the sums are of what is on record after it.

    Without `new_ones` calls that were not in the sums stay out of them, and reports count them themselves.
    """
    changed = [file.id for file in desk.heard if file.id is not None and _is_counted(file)]
    changed += _made_cold_or_not(tx, desk)
    call_days.take_out(tx, changed)
    yield
    over = [file.id for file in desk.heard if file.call is not None and file.call.ended_at is not None]
    counted = (*changed, *over) if new_ones else changed
    call_days.put_in(tx, [call_id for call_id in counted if call_id is not None])


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
