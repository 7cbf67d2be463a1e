"""Places out of the data of `phonenumbers`: every country, and the regions of a country's prefixes.

The countries are light; the regions of all countries together take a hundred megabytes to load, so they
are read by a process of their own (`pbx-crm regions build`) and never by the server.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException
from phonenumbers.tzdata import TIMEZONE_DATA

from pbx_crm.domain.errors import Broken
from pbx_crm.domain.region import NumberRange, Place, painted
from pbx_crm.domain.russian_regions import RUSSIA, place_named

SHARED = ("1", "7")
"""Calling codes in which another country has more than an island of its own: told by the area code."""
ZONES = {**TIMEZONE_DATA, "740": ("Europe/Kaliningrad",), "7401": ("Europe/Kaliningrad",)}
"""The library puts Kaliningrad into Bucharest's zone, whose clocks show something else all summer."""
NO_COUNTRY = "001"
UNKNOWN_ZONE = "Etc/Unknown"
LANGUAGES = {"BY": "be", "CN": "zh", "GE": "ka", "GR": "el", "IR": "fa", "KR": "ko", "KZ": "kk", "UA": "uk"}
"""Of the country's own names; elsewhere a language is called as the country is, or the name is in English."""

CITIES = {"Moscow": "Москва", "St Petersburg": "Санкт-Петербург"}
"""Russian cities that are regions of their own; in Russian the library names what lies around them."""


class NoRegionsKnown(Broken):
    """Nothing finer than the country is known of its numbers."""


@lru_cache(maxsize=1)
def countries() -> tuple[NumberRange, ...]:
    """Every number in the country it belongs to, in order."""
    areas = [area for code in SHARED for area in _areas(code)]
    zones = {area.place.country: area.place.zones for area in areas}
    whole = []
    for code, (main, *_) in COUNTRY_CODE_TO_REGION_CODE.items():
        if main != NO_COUNTRY:
            place = Place(main, zones=zones.get(main) or _zones_of_country(str(code)))
            whole.append(NumberRange.between(str(code), str(code), place))
    return tuple(painted([whole, areas]))


def _areas(code: str) -> list[NumberRange]:
    """The area codes of a calling code that countries share, each in its own country."""
    prefixes = [f"{code}{area:03}" for area in range(1000)]
    areas = {prefix: country for prefix in prefixes if (country := _country_of(prefix))}
    zones: dict[str, dict[str, None]] = defaultdict(dict)
    for prefix, country in areas.items():
        told = zones_of(prefix, at_least=len(code) + 1)
        # Areas of several zones are free-call numbers and the like: they lie nowhere.
        zones[country].update(dict.fromkeys(told if len(told) == 1 else ()))
    return [
        NumberRange.between(prefix, prefix, Place(country, zones=tuple(zones[country])))
        for prefix, country in areas.items()
    ]


def _country_of(prefix: str) -> str | None:
    try:
        # A number of that area as people have them; its last digits say nothing of the country.
        return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{prefix}2345678"))
    except NumberParseException:
        return None


def _zones_of_country(code: str) -> tuple[str, ...]:
    finer = [zones for prefix, zones in TIMEZONE_DATA.items() if prefix.startswith(code) and prefix != code]
    named = dict.fromkeys(zone for zones in finer for zone in zones)
    return tuple(zone for zone in named if zone != UNKNOWN_ZONE) or zones_of(code)


def zones_of(prefix: str, at_least: int = 1) -> tuple[str, ...]:
    """What the clocks of this prefix may show, by the longest part of it of which that is known.

    Parts shorter than `at_least` tell too little.
    """
    parts = (prefix[:length] for length in range(len(prefix), at_least - 1, -1))
    found = next((ZONES[part] for part in parts if part in ZONES), ())
    return tuple(zone for zone in found if zone != UNKNOWN_ZONE)


def regions_of(country: str) -> list[NumberRange]:
    """The regions of a country's prefixes; NoRegionsKnown where there are none, or no such country."""
    # Loading this costs the process a hundred megabytes.
    from phonenumbers.geodata import GEOCODE_DATA

    code = str(phonenumbers.country_code_for_region(country))
    language = LANGUAGES.get(country, country.lower())
    own = [one for one in countries() if one.place.country == country]
    found = []
    for prefix, names in GEOCODE_DATA.items():
        name = names.get("en")
        if not prefix.startswith(code) or prefix == code or not name:
            continue
        own_name = names.get(language, name)
        place = Place(country, name, own_name, zones_of(prefix))
        if country == RUSSIA:
            # As in the register, so that both sources of numbers agree on what a region is.
            place = place_named(CITIES.get(name, own_name))
        one = NumberRange.between(prefix, prefix, place)
        if any(mine.first <= one.first and one.last <= mine.last for mine in own):
            found.append(one)
    if not found:
        raise NoRegionsKnown(f"{country}: nothing finer than the country is known of its numbers")
    return found
