"""What the doctor sees on this machine: who can read the secrets, and how much room is left."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from pbx_crm.domain.finding import Finding, fault, good, warning
from pbx_crm.domain.sentence import N_, Sentence

OTHERS = stat.S_IRWXG | stat.S_IRWXO
MIB = 1024 * 1024
LITTLE_ROOM, NO_ROOM = 2048 * MIB, 200 * MIB


def secret_file(path: Path) -> Finding:
    """Whether the secret is there, and for our eyes only."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        empty = not path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return fault(
            "secret_file",
            Sentence.of(N_("the secret in %(path)s cannot be read: %(why)s"), path=path, why=error),
            Sentence.of(N_("put the AMI secret there:  chmod 600 %(path)s"), path=path),
        )
    if empty:
        return fault(
            "secret_file",
            Sentence.of(N_("the secret in %(path)s is empty"), path=path),
            Sentence.of(N_("put the text of secret= in manager.conf there")),
        )
    if mode & OTHERS:
        return warning(
            "secret_file",
            Sentence.of(N_("others here can read %(path)s (%(mode)s)"), path=path, mode=f"{mode:o}"),
            Sentence.of(N_("chmod 600 %(path)s"), path=path),
        )
    return good("secret_file", N_("the secret is for the CRM's eyes only"))


def config_file(path: Path, *, holds_password: bool) -> list[Finding]:
    """Whether a password in the configuration is for our eyes only; nothing if it has none."""
    if not holds_password:
        return []
    if stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
        return [
            warning(
                "config_file",
                Sentence.of(N_("others here can read the database password in %(path)s"), path=path),
                Sentence.of(N_("chmod 640 %(path)s"), path=path),
            )
        ]
    return [good("config_file", N_("the database password is for the CRM's eyes only"))]


def room(folder: Path) -> Finding:
    """How much is left on the disk that the database lies on."""
    free = shutil.disk_usage(folder).free
    values = {"free": f"{free // MIB:,}", "folder": folder}
    if free >= LITTLE_ROOM:
        return good("disk", N_("%(free)s MiB are free in %(folder)s"), **values)
    says = Sentence.of(N_("only %(free)s MiB are free in %(folder)s"), **values)
    mend = Sentence.of(N_("make room there: a full disk stops every write"))
    return (fault if free < NO_ROOM else warning)("disk", says, mend)


def database_file(path: Path) -> list[Finding]:
    """What forbids writing to a SQLite file; nothing if all is well."""
    if not path.exists():
        return [
            fault(
                "database",
                Sentence.of(N_("there is no database at %(path)s yet"), path=path),
                Sentence.of(N_("pbx-crm migrate  makes it")),
            )
        ]
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return [
            fault(
                "database",
                Sentence.of(N_("%(path)s or its folder cannot be written by this user"), path=path),
                Sentence.of(N_("chown the folder to the user that runs the CRM")),
            )
        ]
    return []
