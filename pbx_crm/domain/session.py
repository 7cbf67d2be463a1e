"""A log-in that lasts: a browser's session or a script's token, as a person may see it listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SessionKind(StrEnum):
    """A browser that logged in, one that has still to show a code, or a script with a token."""

    WEB = "web"
    STEP = "step"
    """The password was right, the code of the second factor is wanted; opens nothing else."""
    API = "api"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A running session, without anything one could log in with."""

    id: int
    kind: SessionKind
    label: str | None
    address: str | None
    user_agent: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
