"""What a stretch of CEL tells of each channel from its first row to its last.

CEL has no events of dialling and ringing: who dialled whom, and whether a phone can have rung, shows only
when the whole life of a leg is known. So rows are read twice, first for this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pbx_crm.asterisk.cel_row import CelRow
from pbx_crm.domain.endpoint import endpoint_of

SHORTEST_RING_SECONDS = 0.3
"""A leg that was refused sooner did not ring before."""

REFUSALS = frozenset({1, 2, 3, 17, 18, 20, 21, 22, 23, 27, 28, 29, 31, 34, 38, 41, 42, 44, 58, 88, 95, 111})
"""Q.850 causes with which the called side says no (wrong number, busy, moved, unreachable, congestion);
not those with which a dial is given up: 0, 16, 19, 26 and 127 in Asterisk."""

ORIGINATED_APP = "AppDial2"
QUEUE_APP = "AppQueue"
_USER_BUSY = 17
_CONGESTION = frozenset({34, 38, 41, 42})
_NOWHERE = frozenset({"", "s"})


@dataclass(slots=True, eq=False)
class Life:
    """One channel. Times are epoch seconds."""

    uniqueid: str
    linkedid: str
    """The one it was born with."""
    name: str
    started_at: float
    caller_number: str
    ended_at: float | None = None
    answered_at: float | None = None
    left_bridge_at: float = 0.0
    """For the last time."""
    cause: int = 0
    hung_up_by: str = ""
    """Name of the channel whose party ended it."""
    extens: list[str] = field(default_factory=list)
    apps: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    """Caller numbers it wore, the first row's excepted: a dialled leg's are those of who is called."""

    @property
    def endpoint(self) -> str:
        """Technology and peer."""
        return endpoint_of(self.name)

    @property
    def is_root(self) -> bool:
        """Whether it began a Linkedid: nobody's call made it."""
        return self.uniqueid == self.linkedid

    @property
    def is_originated(self) -> bool:
        """Whether an originate dialled it."""
        return any(app == ORIGINATED_APP for app, _ in self.apps)

    @property
    def is_queue_leg(self) -> bool:
        """Whether a queue dialled it."""
        return any(app == QUEUE_APP for app, _ in self.apps)

    @property
    def dialled_from(self) -> str | None:
        """The extension of the dialplan that dialled it: a dialled leg takes it over from its dialler."""
        own = self.extens[:1] if self.name.startswith("Local/") else ()  # a Local half begins with its target
        return next((exten for exten in self.extens if exten not in _NOWHERE and exten not in own), None)

    @property
    def may_have_rung(self) -> bool:
        """Whether, for all that CEL tells, this dialled phone rang: it was not refused at once."""
        if self.answered_at is not None or self.ended_at is None:
            return True
        return self.ended_at - self.started_at >= SHORTEST_RING_SECONDS or self.cause not in REFUSALS

    @property
    def dial_status(self) -> str:
        """How the dial of this leg ended, in the words of DIALSTATUS."""
        if self.answered_at is not None:
            return "ANSWER"
        if self.cause == _USER_BUSY:
            return "BUSY"
        return "CONGESTION" if self.cause in _CONGESTION else "NOANSWER"

    def dialled_with(self, leg: Life) -> Iterator[str]:
        """The arguments of the Dials it was seen to run that name this leg."""
        return (data for app, data in self.apps if app == "Dial" and names_peer(data, leg))

    def dials(self, leg: Life) -> bool:
        """Whether a Dial it was seen to run names this leg."""
        return any(self.dialled_with(leg))

    def take(self, row: CelRow) -> None:
        """Learn what this row tells."""
        if row.exten and row.exten not in self.extens:
            self.extens.append(row.exten)
        if row.app and (row.app, row.app_data) not in self.apps:
            self.apps.append((row.app, row.app_data))
        if row.caller_number and row.kind != "CHAN_START":
            self.numbers.append(row.caller_number)
        if row.kind == "ANSWER" and self.answered_at is None:
            self.answered_at = row.at
        if row.kind == "BRIDGE_EXIT":
            self.left_bridge_at = row.at
        if row.kind in ("HANGUP", "CHAN_END") and self.ended_at is None:
            self.ended_at = row.at
            cause = row.told("hangupcause")
            self.cause = int(cause) if cause.isdigit() else 0
            self.hung_up_by = row.told("hangupsource")


def lives_of(rows: Iterable[CelRow]) -> dict[str, Life]:
    """Uniqueid → its channel's life, in the order they began."""
    lives: dict[str, Life] = {}
    for row in rows:
        life = lives.get(row.uniqueid)
        if life is None:
            life = Life(row.uniqueid, row.linkedid, row.channel, row.at, row.caller_number)
            lives[row.uniqueid] = life
        life.take(row)
    return lives


def names_peer(dial_data: str, leg: Life) -> bool:
    """Whether these arguments of Dial name this leg: `PJSIP/101&PJSIP/102,30`, `Local/104@ext/n,40`."""
    wanted = leg.endpoint.partition("/")[2]
    if leg.name.startswith("Local/"):
        wanted = leg.endpoint[len("Local/") :].rpartition("-")[0]
    return any(wanted in _peer_of(part) for part in dial_data.partition(",")[0].split("&"))


def _peer_of(part: str) -> tuple[str, ...]:
    """The pieces of one destination in which a peer can stand: `PJSIP/7905…@trunk` → `7905…`, `trunk`, …."""
    bare = part.partition("/")[2]
    return (bare.removesuffix("/n"), *bare.replace("@", "/").split("/"))


def latest(lives: Sequence[Life]) -> Life | None:
    """The one that began last."""
    return max(lives, key=lambda life: life.started_at, default=None)
