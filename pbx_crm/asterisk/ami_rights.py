"""Which classes the AMI user lacks, as far as Asterisk lets it be seen.

The log-in answer says nothing about rights. Write classes: `ListCommands` lists only what this user may
send. Read class `system`: FullyBooted comes right after the log-in, or never. The other read classes are
missing when the lists show something for which no event ever came. `user` cannot be seen from outside:
no event without it looks like nobody dialling a feature code.
"""

from __future__ import annotations

from collections.abc import Iterable

from panoramisk.message import Message

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_link import AmiLink
from pbx_crm.domain.errors import RightMissing
from pbx_crm.domain.sentence import N_, Sentence

ACTION_OF_WRITE_CLASS = {"reporting": "CoreShowChannels", "originate": "Originate", "call": "Redirect"}
"""An action only this class allows; `Hangup` itself would do with `system`, too."""

ADVICE = {
    ("write", "reporting"): N_(
        "Add reporting to write= in manager.conf [%(user)s]: without it calls under way are unknown "
        "after a reconnect."
    ),
    ("write", "originate"): N_(
        "Add originate to write= in manager.conf [%(user)s]: without it click-to-call does not work."
    ),
    ("write", "call"): N_(
        "Add call to write= in manager.conf [%(user)s]: without it calls cannot be hung up from the card."
    ),
    ("read", "system"): N_(
        "Add system to read= in manager.conf [%(user)s]: without it a restart of the PBX is noticed late."
    ),
    ("read", "call"): N_("Add call to read= in manager.conf [%(user)s]: without it no call is seen at all."),
    ("read", "agent"): N_(
        "Add agent to read= in manager.conf [%(user)s]: without it queue calls look like direct ones."
    ),
    ("read", "cdr"): N_(
        "Add cdr to read= in manager.conf [%(user)s] and enable cdr_manager: without them voicemail cannot "
        "be told from a missed call."
    ),
}
"""What to change and what is lost meanwhile, by access and class."""

FRESH_SECONDS = 5.0
"""What began so shortly before the log-in, or after the list was made, proves nothing."""
CALLS_FOR_CDR = 3
"""Callers that hung up, after which a Cdr event must have come."""


class RightsCheck:
    """Looks for missing classes on one connection."""

    def __init__(self, link: AmiLink, user: str, writes: frozenset[str]) -> None:
        self._link = link
        self._user = user
        self._writes = writes

    async def at_log_in(self) -> tuple[Sentence, ...]:
        """Write classes the account lacks, and read `system`; for a moment some seconds after the log-in."""
        missing = [("write", name) for name in await self._missing_writes()]
        if not self._heard("FullyBooted"):
            missing.append(("read", "system"))
        return self._named(missing)

    async def later(self, online_seconds: float) -> tuple[Sentence, ...]:
        """Read classes whose events should have come by now; asks for lists, which reach nobody else."""
        missing = []
        if not self._heard("Newchannel") and await self._unheard_channel(online_seconds):
            missing.append(("read", "call"))
        if not self._heard("QueueCallerJoin") and await self._unheard_waiting(online_seconds):
            missing.append(("read", "agent"))
        if self._link.protocol.callers_gone >= CALLS_FOR_CDR and not self._heard("Cdr"):
            missing.append(("read", "cdr"))
        return self._named(missing)

    def _named(self, missing: Iterable[tuple[str, str]]) -> tuple[Sentence, ...]:
        return tuple(Sentence.of(ADVICE[right], user=self._user) for right in missing)

    def _heard(self, event: str) -> bool:
        return event in self._link.protocol.heard

    async def _missing_writes(self) -> list[str]:
        try:
            answer = (await self._link.ask(ami_actions.list_commands()))[0]
        except RightMissing:
            return []
        if "Ping" not in answer:
            return []  # Ping needs no class: an answer without it is no list of commands.
        return [name for name in sorted(self._writes) if ACTION_OF_WRITE_CLASS[name] not in answer]

    async def _unheard_channel(self, online_seconds: float) -> bool:
        """Whether a channel lives that was born while we listened."""
        return any(
            FRESH_SECONDS < _clock_seconds(message.duration) < online_seconds - FRESH_SECONDS
            for message in await self._list(ami_actions.core_show_channels(), "CoreShowChannel")
        )

    async def _unheard_waiting(self, online_seconds: float) -> bool:
        """Whether a caller waits in a queue who came while we listened."""
        return any(
            message.wait.isdigit() and FRESH_SECONDS < int(message.wait) < online_seconds - FRESH_SECONDS
            for message in await self._list(ami_actions.queue_status(), "QueueEntry")
        )

    async def _list(self, action: ami_actions.AmiAction, event: str) -> list[Message]:
        try:
            answer = await self._link.ask(action, quiet=True)
        except RightMissing:
            return []
        return [message for message in answer if message.event == event]


def _clock_seconds(text: str) -> float:
    """Seconds of `HH:MM:SS`; -1 for anything else."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return -1.0
    hours, minutes, seconds = map(int, parts)
    return hours * 3600.0 + minutes * 60 + seconds
