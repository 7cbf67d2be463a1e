"""Numbers and their regions: layers of ranges painted over one another, and what clocks show there."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.geocoded_places import NoRegionsKnown, countries, regions_of
from pbx_crm.domain.region import LONGEST_NUMBER, NumberRange, Place, clocks_at, painted, position

ENDS = st.integers(0, 60)
PLACES = st.sampled_from([Place("RU", name) for name in "ABC"])
RANGE = st.builds(lambda a, b, place: NumberRange(min(a, b), max(a, b), place), ENDS, ENDS, PLACES)
LAYERS = st.lists(st.lists(RANGE, max_size=4), max_size=3)


def by_hand(layers: list[list[NumberRange]], number: int) -> set[str]:
    """The names that may stand at this number: of the last layer with any, those of its shortest ranges."""
    for layer in reversed(layers):
        covering = [one for one in layer if one.first <= number <= one.last]
        if covering:
            shortest = min(one.last - one.first for one in covering)
            return {one.place.name for one in covering if one.last - one.first == shortest}
    return set()


@given(LAYERS)
def test_each_number_gets_the_region_of_the_last_layer_and_the_shortest_range(
    layers: list[list[NumberRange]],
) -> None:
    found = painted(layers)
    for number in range(-1, 62):
        names = [one.place.name for one in found if one.first <= number <= one.last]
        assert len(names) <= 1
        assert set(names) <= by_hand(layers, number)
        assert bool(names) == bool(by_hand(layers, number))


@given(LAYERS)
def test_no_two_ranges_touch_that_are_of_one_region(layers: list[list[NumberRange]]) -> None:
    found = painted(layers)
    assert found == sorted(found, key=lambda one: one.first)
    for one, following in pairwise(found):
        assert one.last < following.first
        assert one.last + 1 < following.first or one.place.key != following.place.key


@given(st.text("0123456789", min_size=1, max_size=LONGEST_NUMBER), st.integers(0, 500))
def test_a_range_written_down_is_read_as_the_same_range(first: str, more: int) -> None:
    last = str(int(first) + more).zfill(len(first))
    if len(last) == len(first):
        one = NumberRange.between(first, last, Place("RU"))
        assert NumberRange.between(*one.ends, one.place) == one


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("+74951234567", 749512345670000),
        ("74951234567", 749512345670000),
        ("", None),
        ("+", None),
        ("+7495x", None),
        ("+۷۴۹۵", None),
        ("+" + "1" * 17, 111111111111111),
    ],
)
def test_only_digits_have_a_place_among_numbers(number: str, place: int | None) -> None:
    assert position(number) == place


def test_the_clocks_of_one_zone_show_one_time() -> None:
    assert clocks_at(("Asia/Omsk",), datetime(2026, 7, 1, tzinfo=UTC)) == ("Asia/Omsk", "Asia/Omsk")
    assert clocks_at((), datetime(2026, 7, 1, tzinfo=UTC)) is None


def test_in_several_zones_it_is_between_the_earliest_and_the_latest() -> None:
    yakutia = ("Asia/Yakutsk", "Asia/Vladivostok", "Asia/Srednekolymsk")
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert clocks_at(yakutia, now) == ("Asia/Yakutsk", "Asia/Srednekolymsk")


def test_zones_that_part_in_winter_may_show_one_time_in_summer() -> None:
    """Arizona keeps no summer time: for half the year its clocks show what California's do."""
    both = ("America/Phoenix", "America/Los_Angeles")
    summer = clocks_at(both, datetime(2026, 7, 1, tzinfo=UTC))
    assert summer is not None
    assert summer[0] == summer[1]
    assert clocks_at(both, datetime(2026, 12, 1, tzinfo=UTC)) == ("America/Los_Angeles", "America/Phoenix")


def test_the_hour_between_two_summer_times_is_told_right() -> None:
    """Late in October Europe's clocks go back a week before America's."""
    zones = ("Europe/Berlin", "America/New_York")
    berlin, new_york = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC)
    assert clocks_at(zones, berlin) == clocks_at(zones, new_york) == ("America/New_York", "Europe/Berlin")


def country_of(number: str) -> Place:
    """The country of a number."""
    at = position(number)
    assert at is not None
    return next(one.place for one in countries() if one.first <= at <= one.last)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+79051234567", "RU"),
        ("+77011234567", "KZ"),
        ("+12125550100", "US"),
        ("+14165550100", "CA"),
        ("+4930123456", "DE"),
        ("+821012345678", "KR"),
        ("+98211234567", "IR"),
    ],
)
def test_every_number_has_its_country_also_where_two_share_a_code(number: str, country: str) -> None:
    assert country_of(number).country == country


def test_a_country_of_many_zones_knows_its_own_and_no_neighbours() -> None:
    zones = set(country_of("+79051234567").zones)
    assert {"Europe/Kaliningrad", "Asia/Omsk", "Asia/Kamchatka"} <= zones
    assert not zones & {"Asia/Almaty", "Europe/Bucharest"}


@pytest.mark.parametrize(
    ("country", "number", "name", "local_name"),
    [
        ("RU", "+73832123456", "Novosibirsk Oblast", "Новосибирская область"),
        ("RU", "+74951234567", "Moscow", "Москва"),
        ("KR", "+8225551234", "Seoul", "서울"),
        ("IR", "+982112345678", "Tehran province", "استان تهران"),
    ],
)
def test_a_fixed_line_has_the_region_of_its_prefix_in_two_languages(
    country: str, number: str, name: str, local_name: str
) -> None:
    at = position(number)
    assert at is not None
    found = [one.place for one in painted([countries(), regions_of(country)]) if one.first <= at <= one.last]
    assert [(place.name, place.local_name) for place in found] == [(name, local_name)]


def test_a_country_without_finer_data_is_refused_by_name() -> None:
    with pytest.raises(NoRegionsKnown, match=r"^ZZ:"):
        regions_of("ZZ")
