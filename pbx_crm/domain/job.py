"""Jobs: work that waits for its time, survives a restart, and is tried again if it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pbx_crm.domain.errors import Refused

LEASE = timedelta(minutes=5)
"""How long a job belongs to who took it; whoever died with it loses it after that."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
"""What is waited after each try that failed; after the last nobody tries again."""
LONGEST_MESSAGE, LONGEST_DETAIL = 300, 200
STANDING_PAUSES = PAUSES[:2]
"""The same for a standing job, which goes on at the last of them."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be done; one key makes one job."""

    kind: str
    key: str
    due_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """Work that somebody has taken."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    tries: int
    """How often it was tried before."""
    taken_until: datetime

    @property
    def is_standing(self) -> bool:
        """Whether the program does this for ever: the only job of its kind, whose key is the kind."""
        return self.key == self.kind


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a message id and its values, so that everybody reads it in their language."""

    message: str
    details: Mapping[str, str]

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """What a refusal says; of anything else its class and words."""
        if isinstance(error, Refused):
            return cls(
                str(error), {name: str(value)[:LONGEST_DETAIL] for name, value in error.details.items()}
            )
        return cls(f"{type(error).__name__}: {error}".replace("%", "%%"), {})

    @classmethod
    def read(cls, written: str) -> Failure:
        """What was written; older versions wrote the sentence alone."""
        try:
            message, details = json.loads(written)
        except ValueError:
            return cls(written.replace("%", "%%"), {})
        return cls(message, details)

    def written(self) -> str:
        """As the job keeps it."""
        return json.dumps([self.message[:LONGEST_MESSAGE], self.details], ensure_ascii=False)

    def __str__(self) -> str:
        return self.message % self.details


@dataclass(frozen=True, slots=True)
class Trouble:
    """A job that has failed, and waits for another try or for nothing any more."""

    payload: Mapping[str, Any]
    failure: Failure
    tries: int
    again_at: datetime | None
    """None: it was given up."""


def next_try(job: Job, now: datetime) -> datetime | None:
    """When a job that has failed once more is tried again; None if it is given up."""
    if job.is_standing:
        return now + STANDING_PAUSES[min(job.tries, len(STANDING_PAUSES) - 1)]
    return now + PAUSES[job.tries] if job.tries < len(PAUSES) else None
