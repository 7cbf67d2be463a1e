"""Calls heard live and the same calls as the PBX wrote them down: one list with nothing missing.

What was heard live is better where it was heard whole: ringing, holds, recordings, the queue. What was
written down is better where we were deaf: a call wholly inside a gap, an end or a transfer inside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pbx_crm.domain.call import Call, EndedBy, Leg

CLOCKS_APART = timedelta(seconds=1)
"""AMI's arrival and the PBX's own clock may differ by this much where events carry no time of their own."""

SAME_ANSWER = timedelta(seconds=1.5)
"""Two sources tell one answer when they differ by no more than this."""


@dataclass(frozen=True, slots=True)
class DeafTime:
    """A stretch in which nothing was heard of the PBX."""

    began: datetime
    ended: datetime

    def touches(self, part: Call | Leg) -> bool:
        """Whether some of this call or leg lay in it, or so near that the sources' clocks cannot tell."""
        begins_before_its_end = part.started_at <= self.ended + CLOCKS_APART
        return begins_before_its_end and (part.ended_at is None or part.ended_at >= self.began - CLOCKS_APART)


def fill(heard: Sequence[Call], logged: Sequence[Call], deaf: Sequence[DeafTime]) -> list[Call]:
    """All calls, oldest first: `heard` with what `logged` adds to them and what only it knows."""
    by_id = {linkedid: call for call in heard for linkedid in (call.linkedid, *call.aliases)}
    kept = {id(call): call for call in heard}
    for written in logged:
        known = {id(c): c for i in (written.linkedid, *written.aliases) if (c := by_id.get(i)) is not None}
        if all(is_whole(call, deaf) for call in known.values()) and known:
            continue
        for one in known:
            kept.pop(one, None)
        kept[id(written)] = filled(list(known.values()), written, deaf)
    return sorted(kept.values(), key=lambda call: call.started_at)


def is_whole(heard: Call, deaf: Sequence[DeafTime]) -> bool:
    """Whether this call was heard from its first moment to its last."""
    if heard.ended_by is not EndedBy.HANGUP:
        return False
    return not any(stretch.touches(heard) for stretch in deaf)


def filled(heard: Sequence[Call], written: Call, deaf: Sequence[DeafTime]) -> Call:
    """The call as it was written down, with what only listening tells of the part that was heard."""
    if not heard or (written.is_open and heard[0].ended_by is EndedBy.HANGUP):
        return heard[0] if heard else written
    first = min(heard, key=lambda call: call.started_at)
    rang = tuple(dict.fromkeys([e for call in heard for e in call.rang] + _rang_in_gap(written, deaf)))
    same = _same_answer(first, written)
    return replace(
        written,
        external_number=written.external_number or first.external_number,
        did=written.did or first.did,
        queue=written.queue or first.queue,
        rang=rang,
        ring_seconds=first.ring_seconds if same else written.ring_seconds,
        hold_seconds=sum(call.hold_seconds for call in heard),
        holds=sum(call.holds for call in heard),
        recorded=written.recorded or any(call.recorded for call in heard),
        recording_file=next((c.recording_file for c in heard if c.recording_file), written.recording_file),
    )


def _rang_in_gap(written: Call, deaf: Sequence[DeafTime]) -> list[str]:
    """Extensions whose legs were partly unheard; of the others we know better whether they rang."""
    return [
        leg.extension
        for leg in written.legs
        if leg.extension in written.rang and any(stretch.touches(leg) for stretch in deaf)
    ]


def _same_answer(heard: Call, written: Call) -> bool:
    if heard.answered_at is None or written.answered_at is None:
        return False
    return abs(heard.answered_at - written.answered_at) <= SAME_ANSWER


def is_known_whole(written: Call, stored: Mapping[str, Mapping[str, Any]], deaf: Sequence[DeafTime]) -> bool:
    """Whether the call is on record (rows by Linkedid), heard to its end, or told by this source before."""
    row = next((r for i in (written.linkedid, *written.aliases) if (r := stored.get(i)) is not None), None)
    if row is None:
        return False
    told_before = row["late"] and not _is_longer(written, row)
    if row["ended_by"] != EndedBy.HANGUP:
        return told_before and row["ended_by"] == written.ended_by
    return told_before or not (row["late"] or any(stretch.touches(written) for stretch in deaf))


def goes_on(written: Call, stored: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the call is on record (rows by Linkedid) as one that has not ended."""
    rows = (stored.get(linkedid) for linkedid in (written.linkedid, *written.aliases))
    return any(row is not None and row["ended_by"] is None for row in rows)


def _is_longer(written: Call, row: Mapping[str, Any]) -> bool:
    """Whether more of the call was written down since it was told: CDR has a row for each dial."""
    if written.ended_at is None or row["ended_at"] is None:
        return False
    longer: bool = written.ended_at > row["ended_at"] + SAME_ANSWER
    return longer


def with_heard(written: Call, stored: Mapping[str, Mapping[str, Any]]) -> Call:
    """The call as it was written down, with what is on record and only listening can tell."""
    rows = [r for i in (written.linkedid, *written.aliases) if (r := stored.get(i)) is not None]
    if not rows:
        return written
    return replace(
        written,
        recorded=written.recorded or any(row["recorded"] for row in rows),
        recording_file=written.recording_file or next((f for r in rows if (f := r["recording_file"])), None),
        hold_seconds=max(written.hold_seconds, *(row["hold_seconds"] for row in rows)),
    )
