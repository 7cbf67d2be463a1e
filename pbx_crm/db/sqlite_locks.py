"""Who keeps a SQLite locked: a process that was stopped in the middle of a commit does, until it goes on.

Linux tells in /proc/locks which process holds which file. A writer holds byte 120 of the file `-shm`
beside the database (SQLite's WAL_WRITE_LOCK). Elsewhere, and across containers, nothing is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

PROC = Path("/proc")
WRITER = re.compile(r"POSIX +ADVISORY +WRITE (?P<pid>\d+) [0-9a-f]+:[0-9a-f]+:(?P<inode>\d+) 120 ")
LONGEST_COMMAND = 80
STOPPED = re.compile(r"^State:\s+[Tt]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that writes just now, or is stopped while it does."""

    pid: int
    command: str
    is_stopped: bool


def holder_of(engine: Engine) -> Holder | None:
    """Who holds this database's writer lock; None for nobody, for PostgreSQL, and where it is not told."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path:
        return None
    try:
        inode = str(Path(f"{path}-shm").stat().st_ino)
        locks = (PROC / "locks").read_text(encoding="ascii")
        found = next((lock for lock in WRITER.finditer(locks) if lock["inode"] == inode), None)
        return _process(int(found["pid"])) if found is not None else None
    except OSError:
        return None


def stopped_holder(engine: Engine) -> Holder | None:
    """The same, if it is stopped: then waiting for it leads nowhere."""
    holder = holder_of(engine)
    return holder if holder is not None and holder.is_stopped else None


def _process(pid: int) -> Holder:
    words = (PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    status = (PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    command = " ".join(" ".join(words).split())[:LONGEST_COMMAND]
    return Holder(pid, command, STOPPED.search(status) is not None)


def in_words(holder: Holder) -> str:
    """What to do about one that is stopped, for a log and a terminal."""
    return (
        f"process {holder.pid} ({holder.command}) was stopped while it was writing and keeps the database "
        f"locked; kill -CONT {holder.pid} lets it go on, kill -KILL {holder.pid} ends it and loses nothing "
        "that was stored"
    )
