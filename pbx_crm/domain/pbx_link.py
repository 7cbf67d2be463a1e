"""How the link to a PBX stands, and what each person is told about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import Sentence


class LinkStatus(StrEnum):
    """Whether calls are seen."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    REFUSED = "refused"
    WAITING = "waiting"
    """Another instance of the program listens; this one takes over when that ends."""

    @property
    def is_trouble(self) -> bool:
        """Whether calls are missed just now, for as long as nobody mends it."""
        return self in (LinkStatus.DOWN, LinkStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class LinkState:
    """One PBX's link as its listener reports it."""

    status: LinkStatus
    since: datetime
    """Of this state; for DOWN and REFUSED the moment from which calls are not seen."""
    sentence: Sentence
    """What happened and what to change, for whoever looks after the telephony."""
    advice: tuple[Sentence, ...] = ()
    """A sentence per right the AMI user lacks: the link is up and does not hear everything."""


class NoticeKind(StrEnum):
    """What a banner line is about; the order is worst first."""

    DOWN = "down"
    PARTIAL = "partial"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the banner."""

    pbx: str
    kind: NoticeKind
    since: datetime
    details: tuple[Sentence, ...] = ()
    """What to change; empty for people who cannot change it."""


def looks_after_telephony(viewer: Person) -> bool:
    """Whether this person is told what to change on the PBX, not only that something is wrong."""
    return viewer.is_admin or viewer.role is Role.HEAD
