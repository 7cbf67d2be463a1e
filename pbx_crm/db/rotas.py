"""Whose turn it was last, for cards that go round."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import rota_turns
from pbx_crm.db.upsert import put

TURNS = select(rota_turns.c.rota, rota_turns.c.person_id)


def load(tx: Connection) -> dict[str, int]:
    """Who was last, by rota; there are as many as lines. One statement."""
    return {rota: person_id for rota, person_id in fetch(tx, TURNS) if person_id is not None}


def store(tx: Connection, turns: Mapping[str, int]) -> None:
    """These people had their turn. One statement."""
    put(tx, rota_turns, [{"rota": rota, "person_id": person} for rota, person in turns.items()], ["rota"])
