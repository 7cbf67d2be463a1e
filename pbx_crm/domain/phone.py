"""Telephone numbers: which client a string from a PBX means, and how a number may stand in a log.

A client is found by E.164 and nothing less: two cities share their last seven digits. What the PBX
shows is national, international, with a trunk prefix (8 905…, 00…) or behind the digit that fetches an
outside line; `NumberPlan` makes one number of all of these, or none where there is no client: short
numbers (extensions, service codes), withheld callers, feature codes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

# SIP lets anything stand in the user part; a telephone number is digits and what people put between.
WRITTEN_AS_NUMBER = re.compile(r"\+?[0-9 ().\-/]+")
# Extensions have two to five digits by default, service numbers three to six; no subscriber is called
# by so few without a plus anywhere a PBX of this kind stands.
SHORTEST_CLIENT = 7
# Country code and four last digits of a shorter one would be the whole of it.
LONG_ENOUGH_FOR_COUNTRY = 10
WITHHELD = frozenset({"", "anonymous", "<unknown>", "unknown", "restricted", "private", "unavailable"})


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How one PBX writes numbers: the country national ones belong to, and what it puts before them."""

    region: str
    """ISO 3166 code of the country, `DE`."""
    strip_prefixes: tuple[str, ...] = ()
    """What may stand before a number and is no part of it: the digit for an outside line, a trunk's code."""

    def e164(self, raw: str | None) -> str | None:
        """`+79051112233` for whatever way the PBX wrote it; None where it names no client."""
        return None if raw is None else _e164(latin_digits(raw.strip()), self.region, self.strip_prefixes)


def is_withheld(raw: str | None) -> bool:
    """Whether the caller did not say who calls; all of them are different people."""
    return raw is None or raw.strip().lower() in WITHHELD


def digits(raw: str | None) -> str:
    """The ASCII digits of a number, to compare what two systems wrote differently."""
    return "".join(character for character in raw or "" if "0" <= character <= "9")


def latin_digits(text: str) -> str:
    """The text with the digits of any script as ours: `۰۹۱۲` is 0912."""
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def trunk_prefix(region: str) -> str:
    """What people of this country dial before a number of another city, `8` or `0`; empty where nothing."""
    return phonenumbers.ndd_prefix_for_region(region, True) or ""


def masked(number: str | None) -> str:
    """`+7…4521`: enough to find the call again in a log, too little to ring the client up."""
    if number is None or is_withheld(number):
        return "withheld"
    figures = digits(number)
    if len(figures) < SHORTEST_CLIENT:
        # An extension or a service number: nobody's secret, and the admin needs it whole.
        return figures
    country = _country(number) if len(figures) >= LONG_ENOUGH_FOR_COUNTRY else ""
    return f"{country}…{figures[-4:]}"


def _country(number: str) -> str:
    try:
        return f"+{phonenumbers.parse(number).country_code}" if number.startswith("+") else ""
    except NumberParseException:
        return ""


@lru_cache(maxsize=4_000)
def _e164(raw: str, region: str, strip_prefixes: tuple[str, ...]) -> str | None:
    # A number that is right as it stands is not shortened: 9161234567 begins with a 9 for an outside line.
    readings = [number for text in _stripped(raw, strip_prefixes) if (number := _parsed(text, region))]
    if len(readings) > 1:
        # New number ranges are possible long before our library knows them as valid.
        readings.sort(key=phonenumbers.is_valid_number, reverse=True)
    good = next((number for number in readings if phonenumbers.is_possible_number(number)), None)
    return None if good is None else phonenumbers.format_number(good, PhoneNumberFormat.E164)


def _stripped(raw: str, prefixes: tuple[str, ...]) -> list[str]:
    longest_first = sorted(prefixes, key=len, reverse=True)
    return [raw, *(raw[len(prefix) :] for prefix in longest_first if prefix and raw.startswith(prefix))]


def _parsed(text: str, region: str) -> PhoneNumber | None:
    if not WRITTEN_AS_NUMBER.fullmatch(text) or len(digits(text)) < SHORTEST_CLIENT:
        return None
    try:
        return _with_bare_country_code(text, region) or phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _with_bare_country_code(text: str, region: str) -> PhoneNumber | None:
    """`4915112345678` as a trunk in Germany sends it; None if the digits do not begin with the own code.

    Where national numbers begin with a 0, one that begins with the country's code instead is taken for
    international if that makes a number: 0491 is Leer's code, too, but calls from there come with the 0.
    """
    figures = digits(text)
    has_prefix = trunk_prefix(region)
    own = str(phonenumbers.country_code_for_region(region))
    if not has_prefix or "+" in text or not figures.startswith(own):
        return None
    number = phonenumbers.parse(f"+{figures}")
    return number if phonenumbers.is_valid_number(number) else None
