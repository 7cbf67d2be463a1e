"""Pairs of person and client: packed and unpacked they are the same, and counted they are each once."""

from __future__ import annotations

import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as some

from pbx_crm.domain.clients_met import ClientsMet, Pair

people = some.integers(0, 2**31 - 1)
numbers = some.integers(10**6, 10**15 - 1).map("+{}".format)
contacts = some.integers(1, 2**40)
pairs = some.one_of(
    some.tuples(people, contacts, numbers), some.tuples(people, some.none(), numbers)
) | some.tuples(some.integers(0, 2), some.integers(1, 3), some.none())


@given(some.lists(pairs))
def test_every_person_has_their_different_clients(told: list[Pair]) -> None:
    met: dict[int, set[object]] = defaultdict(set)
    for person, contact_id, number in told:
        met[person].add(contact_id if contact_id is not None else number)
    per_person, in_all = ClientsMet.of_rows(told).counted()
    assert per_person == {person: len(clients) for person, clients in met.items()}
    assert in_all == len(set().union(*met.values()))


@given(some.lists(pairs), some.randoms(use_true_random=False))
def test_the_same_conversations_in_any_order_are_packed_alike(
    told: list[Pair], chance: random.Random
) -> None:
    packed = ClientsMet.of_rows(told).packed
    chance.shuffle(told)
    assert ClientsMet.of_rows([*told, *told]).packed == packed


@given(some.lists(some.lists(pairs), max_size=4))
def test_days_together_count_as_all_their_conversations_do(days: list[list[Pair]]) -> None:
    kept = [ClientsMet.unpacked(ClientsMet.of_rows(day).packed) for day in days]
    told = [pair for day in days for pair in day]
    assert ClientsMet.together(kept).counted() == ClientsMet.of_rows(told).counted()


def test_a_client_and_a_number_are_never_taken_for_one_another() -> None:
    met = ClientsMet.of_rows([(1, 79161112233, None), (1, None, "+79161112233")])
    assert met.counted() == ({1: 2}, 2)
