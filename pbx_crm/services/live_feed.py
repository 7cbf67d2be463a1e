"""Who hears of what: after a commit a signal goes to the browsers whose scope covers it.

A signal names topics only ("stage-3", "deal-17", "call", "calls", "pbx", "tasks"), never a client;
the page then fetches what it shows with its own rights and language. Heads hear of everything, save
what is personal: a head's popup is no less their own than a seller's.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pbx_crm.domain.person import Person, Reach

Topics = frozenset[str]
Deliver = Callable[[Topics], None]
Relay = Callable[[Topics, frozenset[int] | None], None]

PERSONAL: Topics = frozenset({"call"})


def _ignore() -> None:
    """Nobody asked to be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    """One browser tab's ear."""

    viewer: Person
    deliver: Deliver
    look_again: Callable[[], None] = _ignore
    """Called when the viewer's session or rights may have changed."""


class LiveFeed:
    """Addresses signals by person; delivery itself must not block."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._relay: Relay | None = None
        # Of this run of the program: a page of an earlier run must not find its mark again by chance.
        self._run = secrets.token_hex(4)
        self._told: Counter[int] = Counter()
        self._shared = 0
        self._public = 0

    @property
    def listeners(self) -> int:
        """Tabs that listen just now."""
        return len(self._subscriptions)

    def subscribe(
        self, viewer: Person, deliver: Deliver, look_again: Callable[[], None] = _ignore
    ) -> Subscription:
        """Starts delivering what this viewer may hear."""
        subscription = Subscription(viewer, deliver, look_again)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stops delivering; a second time does nothing."""
        self._subscriptions.discard(subscription)

    def relay_to(self, relay: Relay | None) -> None:
        """Also hands every signal of this process to `relay`, for the browsers of other processes."""
        self._relay = relay

    def tell(self, topics: Iterable[str], people: Iterable[int]) -> None:
        """Signals the topics to these people, and those that are not personal to every head."""
        told, ids = frozenset(topics), frozenset(people)
        self.deliver(told, ids)
        if self._relay:
            self._relay(told, ids)

    def tell_everybody(self, topics: Iterable[str]) -> None:
        """Signals what carries no client data: the state of the PBX link, a changed funnel."""
        told = frozenset(topics)
        self.deliver(told, None)
        if self._relay:
            self._relay(told, None)

    def mark(self, viewer: Person) -> str:
        """A text that changes with every signal for this viewer.

        A page takes it before it reads anything and shows it when its tab begins to listen: if it is
        another one by then, something was told in between and the page is to be brought up to date.
        """
        shared = self._shared if viewer.scope.reach is Reach.ALL else 0
        return f"{self._run}-{self._told[viewer.id]}-{shared}-{self._public}"

    def deliver(self, topics: Topics, people: frozenset[int] | None) -> None:
        """Signals the browsers of this process alone; None stands for everybody."""
        shared = topics - PERSONAL
        self._count(people, bool(shared))
        for subscription in tuple(self._subscriptions):
            viewer = subscription.viewer
            if people is None or viewer.id in people:
                subscription.deliver(topics)
            elif shared and viewer.scope.reach is Reach.ALL:
                subscription.deliver(shared)

    def _count(self, people: frozenset[int] | None, for_heads: bool) -> None:
        if people is None:
            self._public += 1
        else:
            self._told.update(people)
            self._shared += for_heads

    def look_again(self, person_id: int) -> None:
        """Has this person's tabs ask anew who they are: a session ended, or rights changed."""
        for subscription in tuple(self._subscriptions):
            if subscription.viewer.id == person_id:
                subscription.look_again()
