"""Every service by its name: what `app.py` builds once and the pages are given."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class Services:
    """One field a service; pages take the whole and use what they need."""

    live: LiveFeed
