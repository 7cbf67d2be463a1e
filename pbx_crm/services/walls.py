"""Wallboards: links that show them without a log-in, and what they show."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from pbx_crm.db import audit, wall_links, wallboard
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person, require_head
from pbx_crm.domain.report_period import start_of
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wallboard import Wall, WallLink, WallRules
from pbx_crm.services.accounts import hash_of
from pbx_crm.services.ground import Ground

LONGEST_NAME = 100


class Walls:
    """Heads make links and take them back; whoever has one sees the board, and nothing else."""

    def __init__(self, ground: Ground) -> None:
        self._database = ground.database
        self._live = ground.live
        self._clock = ground.clock
        self._zone = ground.installation.zone

    async def links(self, viewer: Person) -> list[WallLink]:
        """The links that work."""
        require_head(viewer)
        return await self._database.read(wall_links.everything)

    async def make(self, viewer: Person, name: str, rules: WallRules) -> str:
        """The token of a new link; it can be read this once only."""
        require_head(viewer)
        if not name.strip():
            raise BadInput(reasons={"name": N_("Say where this board hangs.")})
        token = secrets.token_urlsafe(32)
        await self._database.write(
            _make, viewer, name.strip()[:LONGEST_NAME], hash_of(token), rules, self._clock()
        )
        return token

    async def revoke(self, viewer: Person, link_id: int) -> None:
        """Takes a link back: boards that show it go dark."""
        require_head(viewer)
        maker_id = await self._database.write(_revoke, viewer, link_id, self._clock())
        self._live.look_again(maker_id)

    async def link(self, token: str) -> WallLink:
        """The link of this token; NotFound unless it works."""
        return await self._database.read(wall_links.of_token, hash_of(token))

    async def wall(self, token: str) -> Wall:
        """The board of this link as it stands; NotFound unless it works."""
        return await self._database.read(_wall, hash_of(token), self._zone, self._clock())


def _wall(tx: Transaction, token_hash: str, zone: ZoneInfo, now: datetime) -> Wall:
    rules = wall_links.of_token(tx, token_hash).rules
    return wallboard.wall(tx, rules, start_of(now.astimezone(zone).date(), zone), now)


def _make(
    tx: Transaction, viewer: Person, name: str, token_hash: str, rules: WallRules, now: datetime
) -> None:
    wall_links.add(tx, name, token_hash, viewer.id, now, rules)
    audit.note(tx, now, viewer.id, "wall_link_made", name)


def _revoke(tx: Transaction, viewer: Person, link_id: int, now: datetime) -> int:
    maker_id = wall_links.revoke(tx, link_id, now)
    audit.note(tx, now, viewer.id, "wall_link_revoked", str(link_id))
    return maker_id
