"""Signals reach whom they concern, and nobody else."""

from __future__ import annotations

import pytest

from pbx_crm.domain.person import Person, Role
from pbx_crm.services.live_feed import LiveFeed

ANNA = Person(1, "anna", "Anna", Role.SELLER)
BORIS = Person(2, "boris", "Boris", Role.SELLER)
OLGA = Person(3, "olga", "Olga", Role.HEAD)
PETER = Person(4, "peter", "Peter", Role.NONE, is_admin=True)
GONE = Person(5, "gone", "Gone", Role.HEAD, is_active=False)


class Ears:
    """What each person's tab heard."""

    def __init__(self, live: LiveFeed, *people: Person) -> None:
        self.heard: dict[str, list[frozenset[str]]] = {person.name: [] for person in people}
        for person in people:
            live.subscribe(person, self.heard[person.name].append)

    def topics(self, name: str) -> set[str]:
        """Every topic the person heard."""
        return set().union(*self.heard[name])


@pytest.fixture
def live() -> LiveFeed:
    """A feed nobody listens to yet."""
    return LiveFeed()


def test_a_seller_hears_of_own_cards_and_the_head_of_all(live: LiveFeed) -> None:
    ears = Ears(live, ANNA, BORIS, OLGA)
    live.tell({"stage-3", "deal-17"}, {ANNA.id})
    assert ears.topics("Anna") == ears.topics("Olga") == {"stage-3", "deal-17"}
    assert ears.topics("Boris") == set()


def test_a_seller_s_popup_does_not_wake_the_head(live: LiveFeed) -> None:
    ears = Ears(live, ANNA, OLGA)
    live.tell({"call", "calls"}, {ANNA.id})
    assert ears.topics("Anna") == {"call", "calls"}
    assert ears.topics("Olga") == {"calls"}


def test_a_head_s_own_phone_opens_the_head_s_popup(live: LiveFeed) -> None:
    ears = Ears(live, OLGA)
    live.tell({"call"}, {OLGA.id})
    assert ears.topics("Olga") == {"call"}


def test_a_purely_personal_signal_sends_heads_nothing_at_all(live: LiveFeed) -> None:
    ears = Ears(live, OLGA)
    live.tell({"call"}, {ANNA.id})
    assert ears.heard["Olga"] == []


def test_somebody_without_client_data_hears_only_of_the_pbx(live: LiveFeed) -> None:
    ears = Ears(live, PETER, GONE)
    live.tell({"stage-3", "calls"}, {ANNA.id})
    live.tell_everybody({"pbx"})
    assert ears.topics("Peter") == ears.topics("Gone") == {"pbx"}


def test_a_closed_tab_is_not_told(live: LiveFeed) -> None:
    heard: list[frozenset[str]] = []
    subscription = live.subscribe(ANNA, heard.append)
    live.unsubscribe(subscription)
    live.unsubscribe(subscription)
    live.tell({"call"}, {ANNA.id})
    assert heard == []
    assert live.listeners == 0


def test_a_tab_that_closes_while_being_told_does_not_disturb_the_others(live: LiveFeed) -> None:
    heard: list[frozenset[str]] = []
    first = live.subscribe(ANNA, lambda _: live.unsubscribe(first))
    live.subscribe(ANNA, heard.append)
    live.tell({"call"}, {ANNA.id})
    assert heard == [frozenset({"call"})]


def test_only_the_tabs_of_the_person_whose_rights_changed_look_again(live: LiveFeed) -> None:
    asked: list[str] = []
    live.subscribe(ANNA, lambda _: None, lambda: asked.append("Anna"))
    live.subscribe(BORIS, lambda _: None, lambda: asked.append("Boris"))
    live.look_again(ANNA.id)
    assert asked == ["Anna"]


def test_other_processes_hear_what_was_told_here_and_do_not_echo_it(live: LiveFeed) -> None:
    other, echoed = LiveFeed(), []
    ears = Ears(other, ANNA)
    live.relay_to(other.deliver)
    other.relay_to(lambda topics, _: echoed.append(topics))
    live.tell({"call"}, {ANNA.id})
    live.tell_everybody({"pbx"})
    assert ears.topics("Anna") == {"call", "pbx"}
    assert echoed == []


@pytest.mark.parametrize(
    ("viewer", "topics", "people", "stale"),
    [
        (ANNA, {"stage-3"}, {ANNA.id}, True),
        (ANNA, {"stage-3"}, {BORIS.id}, False),
        (OLGA, {"stage-3"}, {BORIS.id}, True),
        (OLGA, {"call"}, {BORIS.id}, False),
        (PETER, {"stage-3"}, {BORIS.id}, False),
        (PETER, {"pbx"}, None, True),
    ],
)
def test_a_page_notices_what_was_told_before_its_tab_listened(
    live: LiveFeed, viewer: Person, topics: set[str], people: set[int] | None, stale: bool
) -> None:
    mark = live.mark(viewer)
    live.deliver(frozenset(topics), None if people is None else frozenset(people))
    assert (live.mark(viewer) != mark) is stale


def test_a_page_of_an_earlier_run_is_brought_up_to_date(live: LiveFeed) -> None:
    assert live.mark(ANNA) != LiveFeed().mark(ANNA)
