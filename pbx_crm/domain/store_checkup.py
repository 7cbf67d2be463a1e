"""What is in the way of what is written down: by the CRM in its database, by the PBX in its CEL."""

from __future__ import annotations

from pbx_crm.domain.finding import Finding, fault
from pbx_crm.domain.sentence import N_, Sentence


def kept_locked(pid: int, command: str) -> Finding:
    """This process was stopped in the middle of a commit."""
    told = {"pid": pid, "command": command}
    says = N_("process %(pid)s (%(command)s) was stopped while it wrote: nobody else can write")
    mend = N_("kill -CONT %(pid)s  lets it go on,  kill -KILL %(pid)s  ends it")
    return fault("database_locked", Sentence.of(says, **told), Sentence.of(mend, **told))


def cel_unwritten(path: str, folder: str) -> Finding:
    """Asterisk makes the file, but not the folder, and loads no cel_custom without a mapping."""
    says = N_("the PBX has written no CEL yet: there is no %(path)s")
    mend = N_(
        "on the PBX:  install -d -o asterisk -g asterisk %(folder)s;  asterisk -rx 'module load "
        "cel_custom.so';  make a call. If it is there: pbx_crm.toml [pbx.cel]: check path, and that this "
        "user may read it"
    )
    return fault("cel_unreadable", Sentence.of(says, path=path), Sentence.of(mend, folder=folder))
