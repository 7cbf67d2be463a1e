"""What lists of deals and contacts may be narrowed to, and what a contact is in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.region import Place


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What is left out narrows nothing."""

    funnel_id: int | None = None
    stage_id: int | None = None
    owner_id: int | None = None
    contact_id: int | None = None
    is_open: bool | None = None
    created_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A client with every number they are known by, in E.164."""

    id: int
    name: str
    company: str | None
    city: str
    responsible_id: int | None
    do_not_call: bool
    numbers: tuple[str, ...]
    created_at: datetime
    region: Place | None = None
    """Set by hand: what numbers tell is looked up nowhere for a list."""
