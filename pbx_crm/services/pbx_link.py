"""The banner's knowledge: how the link to each PBX stands, told to every browser when it changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from pbx_crm.domain.pbx_link import LinkState, LinkStatus, Notice, NoticeKind, looks_after_telephony
from pbx_crm.domain.person import Person
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

GOOD_NEWS_LASTS = timedelta(seconds=5)


class PbxLink:
    """Takes the listeners' states, and words them for a viewer."""

    def __init__(self, live: LiveFeed, clock: Clock) -> None:
        self._live = live
        self._clock = clock
        self._states: dict[str, LinkState] = {}
        self._back_at: dict[str, datetime] = {}

    @property
    def states(self) -> dict[str, LinkState]:
        """The last known state of each PBX, by name."""
        return dict(self._states)

    def changed(self, pbx: str, state: LinkState) -> None:
        """Keeps the state and signals the banner; call it from the event loop."""
        before = self._states.get(pbx)
        if before is not None and before.status.is_trouble and state.status is LinkStatus.CONNECTING:
            # Another try is no news: the trouble and the moment it began stay on the screen.
            return
        if before is not None and before.status.is_trouble and state.status is LinkStatus.UP:
            self._back_at[pbx] = self._clock()
        if state != before:
            self._states[pbx] = state
            self._live.tell_everybody({"pbx"})

    def notices(self, viewer: Person) -> tuple[Notice, ...]:
        """The banner's lines for this viewer, worst first; empty when all is well."""
        found = [self._notice(pbx, state, viewer) for pbx, state in sorted(self._states.items())]
        order = list(NoticeKind)
        return tuple(sorted(filter(None, found), key=lambda notice: order.index(notice.kind)))

    def _notice(self, pbx: str, state: LinkState, viewer: Person) -> Notice | None:
        mends = looks_after_telephony(viewer)
        if state.status.is_trouble:
            return Notice(pbx, NoticeKind.DOWN, state.since, (state.sentence,) if mends else ())
        if state.advice and mends:
            return Notice(pbx, NoticeKind.PARTIAL, state.since, state.advice)
        back_at = self._back_at.get(pbx)
        if back_at is not None and self._clock() - back_at < GOOD_NEWS_LASTS:
            return Notice(pbx, NoticeKind.BACK, back_at)
        return None
