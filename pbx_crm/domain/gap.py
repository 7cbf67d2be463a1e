"""What can be said about calls when the connection to the PBX was lost for a while.

AMI has no replay. After a reconnect a list of live channels tells who is gone; when they went, nobody
knows, so such a call ends with the last moment heard of, marked as ended in the gap.
"""

from __future__ import annotations

from collections.abc import Iterable

from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel


class Gap:
    """The last gap of one connection, and the list that is being read after it."""

    def __init__(self) -> None:
        self._lost_at: float | None = None
        self._restored_at: float | None = None
        self._listed: set[str] = set()
        self._boot_told = True

    def lost(self, at: float) -> None:
        """From `at` on we are deaf."""
        self._lost_at = at

    def restored(self, at: float) -> None:
        """We hear again; no list has come yet."""
        self._restored_at = at
        self._listed.clear()
        self._boot_told = False

    def takes_boot(self) -> bool:
        """Whether news of the PBX's start concerns calls from before: once, right after a gap.

        Every log-in brings it; one without a gap before tells nothing about calls that go on.
        """
        first, self._boot_told = not self._boot_told, True
        return first

    def listed(self, uniqueid: str) -> None:
        """This channel lives."""
        self._listed.add(uniqueid)

    def last_heard(self, now: float) -> float:
        """The moment up to which we surely know what happened before this connection."""
        return now if self._lost_at is None else self._lost_at

    def gone(self, channels: Iterable[Channel]) -> list[Channel]:
        """After a whole list: channels from before the gap that are not in it; none if there was no gap."""
        missing = [c for c in self.silent(channels) if c.uniqueid not in self._listed]
        self._listed.clear()
        return missing

    def silent(self, channels: Iterable[Channel]) -> list[Channel]:
        """Live channels nothing was heard of since the gap."""
        restored = self._restored_at
        if restored is None:
            return []
        return [c for c in channels if c.gone_at is None and c.heard_at < restored]


def learn_answer(call: LiveCall, at: float, talked_seconds: float) -> None:
    """The queue or the CDR tells how long was talked: take the answer's moment from it if a gap hid it."""
    if not call.answer_guessed or talked_seconds <= 0:
        return
    call.answer_guessed = False
    call.answered_at = at - talked_seconds
    first = min(call.stretches, key=lambda stretch: stretch.began, default=None)
    if first is not None:
        first.began = min(first.began, call.answered_at)
