"""What only the PBX's own files tell: how long it waits for a slow reader, read rights, what CEL writes."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.finding import Finding, fault, good, warning
from pbx_crm.domain.sentence import N_, Sentence

ENOUGH_MS = 5000
DEFAULT_MS = "100"
READS = ("system", "call", "agent", "user", "cdr")
EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class PbxFiles:
    """The lines of manager.conf and cel.conf that matter; None where a line is missing."""

    user: str
    has_user: bool
    writetimeout: str | None = None
    read: str | None = None
    cel_enabled: str | None = None
    cel_events: str | None = None


def judge_files(files: PbxFiles, *, wants_cel: bool) -> list[Finding]:
    """The findings; `wants_cel` is whether the configuration reads CEL."""
    if not files.has_user:
        says = Sentence.of(N_("manager.conf has no user %(user)s"), user=files.user)
        return [fault("manager_conf", says, Sentence.of(N_("copy the AMI user of dialplan/ there")))]
    return [_writetimeout(files), *_reads(files), *(_cel(files) if wants_cel else [])]


def _writetimeout(files: PbxFiles) -> Finding:
    told = files.writetimeout or DEFAULT_MS
    if told.isdecimal() and int(told) >= ENOUGH_MS:
        return good("writetimeout", N_("the PBX waits %(told)s ms for a slow reader"), told=told)
    return warning(
        "writetimeout",
        Sentence.of(N_("the PBX cuts the CRM off when it reads nothing for %(told)s ms"), told=told),
        Sentence.of(N_("manager.conf [%(user)s]: writetimeout = 10000"), user=files.user),
    )


def _reads(files: PbxFiles) -> list[Finding]:
    held = {name.strip() for name in (files.read or "").split(",")}
    missing = [] if EVERYTHING in held else [name for name in READS if name not in held]
    if not missing:
        return [good("read", N_("read= has what is needed"))]
    return [
        fault(
            f"read_{name}",
            Sentence.of(N_("read class %(name)s is missing"), name=name),
            Sentence.of(N_("manager.conf [%(user)s]: add %(name)s to read="), user=files.user, name=name),
        )
        for name in missing
    ]


def _cel(files: PbxFiles) -> list[Finding]:
    if (files.cel_enabled or "no").lower() not in ("yes", "true", "1", "on"):
        says = Sentence.of(N_("CEL is switched off: after an outage nothing tells what was missed"))
        return [fault("cel_off", says, Sentence.of(N_("cel.conf [general]: enable = yes")))]
    events = {name.strip().upper() for name in (files.cel_events or "").split(",")}
    if "ALL" not in events:
        says = Sentence.of(N_("CEL does not write every event: calls read from it are not whole"))
        return [fault("cel_events", says, Sentence.of(N_("cel.conf [general]: events = ALL")))]
    return [good("cel_events", N_("CEL writes every event"))]
