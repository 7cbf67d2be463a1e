"""What a fresh installation has already, as far as the database tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from pbx_crm.db import extensions, funnels
from pbx_crm.db.tables import calls, people
from pbx_crm.domain.person import Role


@dataclass(frozen=True, slots=True)
class Evidence:
    """Counts and names; no client is among them."""

    last_call_at: datetime | None
    sellers: int
    linked: int
    """Extensions that somebody has now."""
    unlinked: tuple[str, ...]
    """Extensions that were heard and belong to nobody."""
    funnels: tuple[str, ...]


def seen(tx: Connection, now: datetime) -> Evidence:
    """What there is now."""
    latest = select(calls.c.started_at).order_by(calls.c.id.desc()).limit(1)
    sells = people.c.is_active, people.c.role == Role.SELLER.value
    links = [link for link in extensions.history(tx) if link.valid_to is None]
    return Evidence(
        last_call_at=tx.execute(latest).scalar_one_or_none(),
        sellers=tx.execute(select(func.count()).select_from(people).where(*sells)).scalar_one(),
        linked=len(links),
        unlinked=tuple(one.number for one in extensions.unlinked(tx, now)),
        funnels=tuple(funnel.name for funnel in funnels.in_use(tx)),
    )
