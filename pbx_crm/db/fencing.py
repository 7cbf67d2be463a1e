"""A fence around the writes of work that one instance alone may do: who lost its turn writes nothing more.

A lease tells who lives; a process that was stopped in the middle of its work learns of another in its
place only after it goes on. So whoever begins such work claims it by a name of its own, and every
transaction of that work looks whether the claim still stands before it changes anything.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pbx_crm.db.tables import settings
from pbx_crm.db.upsert import put
from pbx_crm.domain.errors import LeaseLost


@dataclass(frozen=True, slots=True)
class Fence:
    """A claim to some work, good until another instance makes one."""

    work: str
    holder: str


_behind: ContextVar[Fence | None] = ContextVar("behind which fence this task writes", default=None)


def claim(tx: Connection, work: str) -> Fence:
    """The work is ours from now on, and nobody's else."""
    made = Fence(work, secrets.token_hex(8))
    put(tx, settings, [{"key": _key(work), "value": made.holder}], ["key"])
    return made


def stands(tx: Connection, fence: Fence) -> bool:
    """Whether nobody has claimed the work since."""
    asked = select(settings.c.value).where(settings.c.key == _key(fence.work))
    return bool(tx.execute(asked).scalar_one_or_none() == fence.holder)


def require(tx: Connection, fence: Fence) -> None:
    """LeaseLost if another instance has claimed the work."""
    if not stands(tx, fence):
        raise LeaseLost(work=fence.work)


def current() -> Fence | None:
    """The fence the running task writes behind; None for work that anybody may do."""
    return _behind.get()


@contextmanager
def behind(fence: Fence | None) -> Iterator[None]:
    """Whatever is written in this block, and by tasks started in it, is written behind this fence."""
    token = _behind.set(fence)
    try:
        yield
    finally:
        _behind.reset(token)


def _key(work: str) -> str:
    # A name of any length, in a column of 64 letters.
    return f"claim/{hashlib.sha256(work.encode()).hexdigest()[:32]}"
