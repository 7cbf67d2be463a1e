"""The stories the practice PBX tells: recordings of a real Asterisk, each time with other people and times.

Every telling has its own Uniqueids, channel names and bridges (so several run at once), another client,
other sellers in the recorded roles, and a talk as long as people talk; the recordings' own last seconds.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from pbx_crm.asterisk.replay import calls_of
from pbx_crm.asterisk.tape import Tape, read_tape
from pbx_crm.asterisk.tape_rewrite import Retelling
from pbx_crm.domain.call import Call
from pbx_crm.domain.endpoint import PbxShape

TAPES = Path(__file__).parents[1] / "practice_tapes"

SELLERS = {
    "101": "Анна Смирнова",
    "102": "Борис Котов",
    "103": "Vera Lind",
    "104": "Григорий",
    "105": "مریم احمدی",
    "106": "Eduard",
}
"""Extension → name, as the recorded PBX has them."""

WEIGHTS = {
    "in_direct_answered": 3,
    "in_queue_ringall": 5,
    "in_queue_rrmemory_second": 2,
    "in_ringgroup": 2,
    "in_ivr_queue": 2,
    "in_missed": 2,
    "in_queue_abandoned": 1,
    "in_noanswer_voicemail": 1,
    "id_anonymous": 1,
    "name_cyrillic": 1,
    "hold_unhold": 1,
    "xfer_blind_refer": 1,
    "xfer_att_refer": 1,
    "out_answered": 3,
    "out_noanswer": 1,
    "out_busy": 1,
    "internal_answered": 1,
}
"""How often each is told, against the others: mostly incoming, most of it answered."""
FIRST = "in_queue_ringall"
"""What a newcomer sees first: everybody's popup, then one seller's card."""


@dataclass(frozen=True, slots=True)
class Story:
    """One recording and who is in it."""

    name: str
    tape: Tape
    call: Call

    @property
    def cast(self) -> frozenset[str]:
        """Extensions whose phones ring or call."""
        told = {*self.call.rang, self.call.seller, self.call.answered_by, self.call.final_agent}
        return frozenset(extension for extension in told if extension in SELLERS)

    @property
    def talkers(self) -> frozenset[str]:
        """Extensions on the line once it is answered, from then to the end."""
        told = {self.call.seller, self.call.answered_by, self.call.final_agent}
        return frozenset(extension for extension in told if extension in SELLERS)

    @property
    def messages(self) -> list[tuple[float, bytes]]:
        """(seconds since the first message, message), in order."""
        told = list(self.tape.segments[0].messages())
        return [(second - told[0][0], message) for second, message in told]


@dataclass(frozen=True, slots=True)
class Telling:
    """A story with everything decided: what is sent, and when."""

    story: str
    rings: frozenset[str]
    """Extensions that have a part in it."""
    talks: frozenset[str]
    """Those of them who are on the line once it is answered."""
    answered_after: float
    """Seconds until then; until the end if it is not answered."""
    client: str | None
    """The outside number; None where there is none, or it is withheld."""
    messages: tuple[tuple[float, bytes], ...]
    """(seconds since the beginning, message without its Timestamp)."""


@cache
def stories() -> dict[str, Story]:
    """The shipped stories by name."""
    found = {}
    for name in WEIGHTS:
        tape = read_tape(TAPES / name)
        found[name] = Story(name, tape, calls_of(tape, PbxShape())[0])
    return found


def tell(
    story: Story,
    *,
    number: int,
    now: datetime,
    client: str,
    roles: dict[str, str],
    talk_seconds: float,
) -> Telling:
    """The story as it happens from `now` on: playing `number`, this client, sellers by `roles`."""
    words = dict(roles) | {SELLERS[old]: SELLERS[new] for old, new in roles.items()}
    if story.call.external_number is not None:
        words[story.call.external_number] = client
    later = round(now.timestamp() - story.call.started_at.timestamp())
    retelling = Retelling(seconds=later, number=number, words=words)
    told = _lengthened(
        tuple((second, retelling.tell(message)) for second, message in story.messages), talk_seconds
    )
    answered = story.call.answered_by is not None
    return Telling(
        story.name,
        frozenset(roles[extension] for extension in story.cast),
        frozenset(roles[extension] for extension in story.talkers),
        story.call.wait_seconds if answered and not story.call.transfers else told[-1][0],
        client if story.call.external_number is not None else None,
        told,
    )


def cast(story: Story, free: Sequence[str], dice: random.Random) -> dict[str, str] | None:
    """Who plays whom: recorded extension → seller, all six; None if too few of them are free."""
    if len(free) < len(story.cast):
        return None
    return _permutation(sorted(story.cast), dice.sample(list(free), len(story.cast)))


def _permutation(recorded: Sequence[str], chosen: Sequence[str]) -> dict[str, str]:
    """Those who stay out of it swap as well, so that no extension stands for two sellers."""
    roles = dict(zip(recorded, chosen, strict=True))
    left_over = [extension for extension in SELLERS if extension not in roles.values()]
    for extension in SELLERS:
        if extension not in roles:
            roles[extension] = extension if extension in left_over else left_over[0]
            left_over.remove(roles[extension])
    return roles


def _lengthened(told: tuple[tuple[float, bytes], ...], more: float) -> tuple[tuple[float, bytes], ...]:
    """The same with a longer talk: the pause after two parties were joined is stretched."""
    at = _talk_begins(told)
    if at is None:
        return told
    return told[: at + 1] + tuple(
        (second + more, _longer(raw, round(more))) for second, raw in told[at + 1 :]
    )


def _talk_begins(told: tuple[tuple[float, bytes], ...]) -> int | None:
    """Index of the message before the longest silence while two are bridged; None if nobody talks."""
    joined = 0
    longest, found = 0.0, None
    for index, (second, raw) in enumerate(told[:-1]):
        joined += raw.startswith(b"Event: BridgeEnter\r\n") - raw.startswith(b"Event: BridgeLeave\r\n")
        silence = told[index + 1][0] - second
        if joined >= 2 and silence > longest:
            longest, found = silence, index
    return found


_LENGTH = re.compile(rb"(?<=\r\n)(BillableSeconds|Duration|TalkTime): (\d+)(?=\r\n|$)")
_END_TIME = re.compile(rb"(?<=\r\nEndTime: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def _longer(raw: bytes, more: int) -> bytes:
    """The lengths told at the end of a call, with the talk's stretch in them."""
    if not raw.startswith((b"Event: Cdr\r\n", b"Event: AgentComplete\r\n")):
        return raw
    raw = _LENGTH.sub(lambda found: b"%s: %d" % (found[1], int(found[2]) + more), raw)
    return _END_TIME.sub(lambda found: _moment_later(found[0], more), raw)


def _moment_later(text: bytes, seconds: int) -> bytes:
    return (datetime.fromisoformat(text.decode()) + timedelta(seconds=seconds)).isoformat(sep=" ").encode()
