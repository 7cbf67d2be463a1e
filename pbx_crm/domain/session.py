"""A log-in that lasts: a browser's session or a script's token, as a person may see it listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SessionKind(StrEnum):
    """A browser that logged in, or a script with a token."""

    WEB = "web"
    API = "api"


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
