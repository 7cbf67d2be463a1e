"""What a card had to show to a gate at some moment of its past, for a dry run that judges it there again.

Talks, finished tasks, documents and notes carry their moments; fields are what they are now, taken back
through what the card's history says of their changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pbx_crm.domain.passage import Conversation, Evidence, Finished


@dataclass(frozen=True, slots=True)
class FieldWas:
    """A field was changed; what it was before."""

    at: datetime
    name: str
    was_filled: bool


@dataclass(frozen=True, slots=True)
class PastProof:
    """What a card has to show over all its days; of each kind only what gates ask for."""

    made_at: datetime | None = None
    filled: frozenset[str] = frozenset()
    """Names of the fields that are filled in now."""
    changes: Sequence[FieldWas] = ()
    """The oldest first."""
    tasks: Sequence[Finished] = ()
    documents: Sequence[datetime] = ()
    notes: Sequence[datetime] = ()

    def at(self, now: datetime, since: datetime, talks: Sequence[Conversation]) -> Evidence:
        """What it had to show then, lying in its stage since that moment; `talks` are all it ever had."""
        return Evidence(
            now,
            since,
            is_fresh=since == self.made_at,
            filled=self._filled_at(now),
            talks=[_as_known(talk, now) for talk in talks if talk.answered_at <= now],
            tasks=self.tasks,
            documents=self.documents,
            notes=self.notes,
        )

    def _filled_at(self, now: datetime) -> frozenset[str]:
        filled = set(self.filled)
        for change in reversed(self.changes):
            if change.at <= now:
                break
            (filled.add if change.was_filled else filled.discard)(change.name)
        return frozenset(filled)


NO_PROOF = PastProof()


def _as_known(talk: Conversation, now: datetime) -> Conversation:
    # While a call lasts nobody knows how long they will have talked.
    lasts = talk.ended_at is not None and talk.ended_at > now
    return replace(talk, ended_at=None) if lasts else talk
