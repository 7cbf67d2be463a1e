"""Who hears of what: after a commit a signal goes to the browsers whose scope covers it.

A signal names topics only ("stage-3", "deal-17", "call", "calls", "pbx", "tasks"), never a client;
the page then fetches what it shows with its own rights and language. Heads hear of everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pbx_crm.domain.person import Person, Reach

Deliver = Callable[[frozenset[str]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    """One browser tab's ear."""

    viewer: Person
    deliver: Deliver


class LiveFeed:
    """Addresses signals by person; delivery itself must not block."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self, viewer: Person, deliver: Deliver) -> Subscription:
        """Starts delivering what this viewer may hear."""
        subscription = Subscription(viewer, deliver)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stops delivering; a second time does nothing."""
        self._subscriptions.discard(subscription)

    def tell(self, topics: Iterable[str], people: Iterable[int]) -> None:
        """Signals the topics to these people and to every head."""
        told, ids = frozenset(topics), frozenset(people)
        for subscription in tuple(self._subscriptions):
            viewer = subscription.viewer
            if viewer.id in ids or viewer.scope.reach is Reach.ALL:
                subscription.deliver(told)

    def tell_everybody(self, topics: Iterable[str]) -> None:
        """Signals what carries no client data: the state of the PBX link, a changed funnel."""
        told = frozenset(topics)
        for subscription in tuple(self._subscriptions):
            subscription.deliver(told)
