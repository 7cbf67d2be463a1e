"""What the doctor says: a mark, what is so, and the exact line that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from pbx_crm.domain.sentence import Sentence


class Mark(StrEnum):
    """How good it is."""

    GOOD = "good"
    UNSEEN = "unseen"
    """It cannot be told from here, or nothing happened that would tell."""
    WARNING = "warning"
    """It works, and something is lost or risked."""
    FAULT = "fault"
    """Something does not work."""

    @property
    def sign(self) -> str:
        """One letter for the terminal."""
        return {Mark.GOOD: "✓", Mark.UNSEEN: "·", Mark.WARNING: "!", Mark.FAULT: "✗"}[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    name: str
    """Stable, for scripts: `read_call`."""
    mark: Mark
    says: Sentence
    mend: Sentence | None = None
    """What to change and where; None where there is nothing to mend."""
    where: str = ""
    """The PBX it is about."""


def good(name: str, template: str, **values: object) -> Finding:
    """All is well here."""
    return Finding(name, Mark.GOOD, Sentence.of(template, **values))


def unseen(name: str, template: str, **values: object) -> Finding:
    """Nothing can be said about this."""
    return Finding(name, Mark.UNSEEN, Sentence.of(template, **values))


def warning(name: str, says: Sentence, mend: Sentence | None = None) -> Finding:
    """It works, yet."""
    return Finding(name, Mark.WARNING, says, mend)


def fault(name: str, says: Sentence, mend: Sentence | None = None) -> Finding:
    """It does not work."""
    return Finding(name, Mark.FAULT, says, mend)


def has_faults(findings: Iterable[Finding]) -> bool:
    """Whether somebody must be called."""
    return any(finding.mark is Mark.FAULT for finding in findings)


def as_row(finding: Finding, gettext: Callable[[str], str] = str) -> dict[str, str]:
    """The finding as a script reads it."""
    mend = finding.mend.in_language(gettext) if finding.mend else ""
    says = finding.says.in_language(gettext)
    return {
        "name": finding.name,
        "mark": finding.mark.value,
        "pbx": finding.where,
        "says": says,
        "mend": mend,
    }
