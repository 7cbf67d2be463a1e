"""What is wrong with the folder of recordings: not there, not readable, the wrong one, or nothing to play."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.finding import Finding, fault, good, warning
from pbx_crm.domain.sentence import N_, Sentence


@dataclass(frozen=True, slots=True)
class RootSeen:
    """The folder as this machine sees it."""

    folder: str
    trouble: str = ""
    """Why it cannot be read, in the system's words; empty: it can."""
    may_delete: bool = True
    foreign: tuple[str, ...] = ()
    """Endings of recent files that nobody plays."""
    convertible: tuple[str, ...] = ()
    """Endings of recent files that sox must make playable."""
    has_sox: bool = True


@dataclass(frozen=True, slots=True)
class RecordedLately:
    """Calls of the last days that the PBX said it recorded."""

    calls: int
    found: int
    """So many of them have a file in the folder."""
    deletes: bool = False
    """Whether a line has its recordings deleted after some days."""


def judge_unset(lately: RecordedLately) -> list[Finding]:
    """The findings where no folder is configured."""
    if not lately.calls:
        return []
    return [
        warning(
            "recordings_unset",
            Sentence.of(N_("calls are recorded, and nobody can listen to them here")),
            Sentence.of(N_("pbx_crm.toml: name the folder in [pbx.recordings], and let this user read it")),
        )
    ]


def judge_root(root: RootSeen, lately: RecordedLately) -> list[Finding]:
    """The findings about a configured folder; one good one if nothing is wrong."""
    if root.trouble:
        return [
            fault(
                "recordings_unreadable",
                Sentence.of(
                    N_("the recordings in %(folder)s cannot be read: %(why)s"),
                    folder=root.folder,
                    why=root.trouble,
                ),
                Sentence.of(
                    N_("pbx_crm.toml [pbx.recordings]: check folder; is it mounted, may this user read it?")
                ),
            )
        ]
    found = [*_lost(root, lately), *_formats(root), *_rights(root, lately)]
    return found or [good("recordings_folder", N_("recordings are found in %(folder)s"), folder=root.folder)]


def _lost(root: RootSeen, lately: RecordedLately) -> list[Finding]:
    lost = lately.calls - lately.found
    if not lost:
        return []
    told = N_("of %(calls)s calls recorded lately %(lost)s have no file in %(folder)s")
    says = Sentence.of(told, calls=lately.calls, lost=lost, folder=root.folder)
    mend = N_("pbx_crm.toml [pbx.recordings]: check folder, and time_zone, which names the days")
    return [(warning if lately.found else fault)("recordings_lost", says, Sentence.of(mend))]


def _formats(root: RootSeen) -> list[Finding]:
    found = []
    if root.foreign:
        told = N_("recordings end in %(endings)s, which nothing here plays")
        mend = Sentence.of(N_("have the PBX record .wav: in MixMonitor, or as its recording format"))
        found.append(fault("recordings_format", Sentence.of(told, endings=", ".join(root.foreign)), mend))
    if root.convertible and not root.has_sox:
        told = N_("recordings end in %(endings)s, which browsers do not play")
        mend = Sentence.of(N_("here:  apt install sox"))
        found.append(warning("recordings_sox", Sentence.of(told, endings=", ".join(root.convertible)), mend))
    return found


def _rights(root: RootSeen, lately: RecordedLately) -> list[Finding]:
    if root.may_delete or not lately.deletes:
        return []
    told = N_("a line has recordings deleted, and this user may not do so in %(folder)s")
    mend = Sentence.of(N_("let this user write into the folder and those of its days"))
    return [warning("recordings_kept", Sentence.of(told, folder=root.folder), mend)]
