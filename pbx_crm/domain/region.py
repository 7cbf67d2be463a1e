"""Regions of numbers: ranges of the numbering plan, put over one another until each number has one region.

Mobile numbers tell their region in some countries only; where they do not, the country alone is told, and
that is a region of its own rather than a guess. A region is known by its country and its name in English
(or as the country's register writes it), never by a translated name: one place reads differently in each
language (docs/regions.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from zoneinfo import ZoneInfo

LONGEST_NUMBER = 15
"""Digits of an E.164 number, at most."""
NOWHERE = 0
"""Stands for the region of those of whom nothing is known: a withheld number, no number."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region as the numbering plan names it."""

    country: str
    """ISO 3166 code."""
    name: str = ""
    """In English where there is such a name, else the country's own; empty: the country as a whole."""
    local_name: str = ""
    """In the country's language."""
    zones: tuple[str, ...] = ()
    """IANA zones its clocks may show; none where it is not known."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same region as another."""
        return self.country, self.name

    @property
    def written(self) -> str:
        """`RU: Omsk Oblast`, or `RU` for the country, in every language: for files that come back."""
        return f"{self.country}: {self.name}" if self.name else self.country

    @property
    def is_country(self) -> bool:
        """Whether nothing finer than the country is known."""
        return not self.name


@dataclass(frozen=True, slots=True)
class Region:
    """A stored region."""

    id: int
    place: Place


def by_words(known: Iterable[Region]) -> dict[str, Region | None]:
    """Regions by whatever a file may call them, in small letters; None where several are called so.

    That is how `Place.written` writes them, and their names alone, in English or in the country's language.
    """
    found: dict[str, Region | None] = {}
    written = {}
    for region in known:
        place = region.place
        written[place.written.casefold()] = region
        for words in {place.name.casefold(), place.local_name.casefold()} - {""}:
            found[words] = None if words in found else region
    return {**found, **written}


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers of one place, by their position in the order of all numbers; both ends are in."""

    first: int
    last: int
    place: Place

    @classmethod
    def between(cls, first: str, last: str, place: Place) -> NumberRange:
        """All numbers that begin with these digits or with any between them."""
        return cls(int(first.ljust(LONGEST_NUMBER, "0")), int(last.ljust(LONGEST_NUMBER, "9")), place)

    @property
    def ends(self) -> tuple[str, str]:
        """The digits `between` makes this range of again, as few as will do."""
        first, last = f"{self.first:0{LONGEST_NUMBER}}", f"{self.last:0{LONGEST_NUMBER}}"
        kept = LONGEST_NUMBER
        while kept > 1 and first[kept - 1] == "0" and last[kept - 1] == "9":
            kept -= 1
        return first[:kept], last[:kept]


def position(number: str) -> int | None:
    """Where an E.164 number stands in the order of all numbers; None for what is none."""
    figures = number.removeprefix("+")[:LONGEST_NUMBER]
    if not (figures.isascii() and figures.isdigit()):
        return None
    return int(figures.ljust(LONGEST_NUMBER, "0"))


def painted(layers: Iterable[Sequence[NumberRange]]) -> list[NumberRange]:
    """Ranges of which no two share a number, in order, neighbours of one place as one.

    Where several cover a number, the one of the last layer counts, and within a layer the shortest.
    """
    ranked = sorted(
        (one.first, -layer, one.last - one.first, place, one)
        for layer, ranges in enumerate(layers)
        for place, one in enumerate(ranges)
    )
    cuts = sorted({one.first for *_, one in ranked} | {one.last + 1 for *_, one in ranked})
    return list(_joined(_pieces(ranked, cuts)))


def _pieces(
    ranked: Sequence[tuple[int, int, int, int, NumberRange]], cuts: Sequence[int]
) -> Iterator[NumberRange]:
    covering: list[tuple[int, int, int, NumberRange]] = []
    following = 0
    for begin, end in pairwise(cuts):
        while following < len(ranked) and ranked[following][0] <= begin:
            heappush(covering, ranked[following][1:])
            following += 1
        while covering and covering[0][-1].last < begin:
            heappop(covering)
        if covering:
            yield NumberRange(begin, end - 1, covering[0][-1].place)


def _joined(pieces: Iterable[NumberRange]) -> Iterator[NumberRange]:
    before: NumberRange | None = None
    for piece in pieces:
        if before is not None and before.last + 1 == piece.first and before.place.key == piece.place.key:
            before = NumberRange(before.first, piece.last, before.place)
            continue
        if before is not None:
            yield before
        before = piece
    if before is not None:
        yield before


def clocks_at(zones: Sequence[str], now: datetime) -> tuple[str, str] | None:
    """Of these zones the one whose clocks are furthest behind now and the one furthest ahead.

    Twice the same where all clocks show one time at this moment, however many zones there are; None
    without zones.
    """
    if not zones:
        return None
    ordered = sorted(zones, key=lambda name: (_offset(name, now), name))
    behind, ahead = ordered[0], ordered[-1]
    is_one = _offset(behind, now) == _offset(ahead, now)
    return behind, behind if is_one else ahead


def _offset(zone: str, now: datetime) -> timedelta:
    return now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
