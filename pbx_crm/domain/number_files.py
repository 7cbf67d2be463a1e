"""Files of number ranges: Russia's public register as it can be downloaded, and a list of one's own.

A broken file is refused with its line, and nothing of it is used: half a numbering plan would put numbers
into wrong regions without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import phonenumbers

from pbx_crm.domain.contact_import import SheetRow
from pbx_crm.domain.errors import Broken
from pbx_crm.domain.region import LONGEST_NUMBER, NumberRange, Place
from pbx_crm.domain.russian_regions import place_named
from pbx_crm.domain.time_zones import time_zones

REGISTER = ("от", "до", "регион")
"""Columns of the register's files, behind the first one, which is the area or network code."""
OWN = ("from", "to", "country", "region", "local_region", "zones")
"""Columns of one's own list, which `pbx-crm regions list --csv` prints."""
RUSSIAN_PREFIX = "7"
CODE_DIGITS, SUBSCRIBER_DIGITS = 3, 7
LONGEST_NAME = 200
Cells = Mapping[str, str]


class BrokenNumberFile(Broken):
    """This file of numbers cannot be used."""


def ranges_in(rows: Iterable[SheetRow], file: str) -> list[NumberRange]:
    """The ranges of a file, which of the two kinds it may be; BrokenNumberFile names file and line."""
    numbered = iter(rows)
    head = next(numbered, None)
    if head is None:
        raise BrokenNumberFile(f"{file}: the file is empty")
    names = [cell.strip().casefold() for cell in head.cells]
    # The register's first column is `АВС/ DEF`, in whichever alphabet.
    is_register = set(REGISTER) <= set(names)
    if not is_register and not set(OWN[:4]) <= set(names):
        raise BrokenNumberFile(
            f"{file}, line {head.number}: neither the columns of the register ({', '.join(REGISTER)}) "
            f"nor those of a list of one's own ({', '.join(OWN)})"
        )
    read = _of_register if is_register else _of_own_list
    if is_register:
        names[0] = "code"
    found = list(_read(numbered, names, read, file))
    if not found:
        raise BrokenNumberFile(f"{file}: no numbers in it")
    return _apart(found, file)


def _read(
    rows: Iterable[SheetRow], names: Sequence[str], read: Callable[[Cells], NumberRange], file: str
) -> Iterator[tuple[int, NumberRange]]:
    for row in rows:
        try:
            if row.broken:
                raise ValueError(row.broken)
            if len(row.cells) < len(names):
                raise ValueError(f"{len(row.cells)} cells where there are {len(names)} columns")
            yield row.number, read(dict(zip(names, row.cells, strict=False)))
        except ValueError as error:
            raise BrokenNumberFile(f"{file}, line {row.number}: {error}") from error


def _of_register(cells: Cells) -> NumberRange:
    code = _digits(cells["code"], "code", CODE_DIGITS)
    if len(code) != CODE_DIGITS:
        raise ValueError(f"a code has {CODE_DIGITS} digits, not {code!r}")
    # The files leave out noughts at the beginning: 61999 is 0061999.
    first, last = (
        code + _digits(cells[name], name, SUBSCRIBER_DIGITS).zfill(SUBSCRIBER_DIGITS) for name in REGISTER[:2]
    )
    region = cells["регион"].strip()
    if not region:
        raise ValueError("no region")
    return _range(RUSSIAN_PREFIX + first, RUSSIAN_PREFIX + last, place_named(region))


def _of_own_list(cells: Cells) -> NumberRange:
    first = _digits(cells["from"].removeprefix("+"), "from", LONGEST_NUMBER)
    written = cells["to"].removeprefix("+")
    last = _digits(written, "to", LONGEST_NUMBER) if written else first
    country = cells["country"].upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"there is no country {cells['country']!r}")
    zones = tuple(cells.get("zones", "").split())
    if unknown := [zone for zone in zones if zone not in time_zones()]:
        raise ValueError(f"there is no time zone {unknown[0]!r}")
    name = cells["region"].strip()
    local_name = cells.get("local_region", "").strip() or name
    if max(len(name), len(local_name)) > LONGEST_NAME:
        raise ValueError(f"a region's name has at most {LONGEST_NAME} characters")
    return _range(first, last, Place(country, name, local_name, zones))


def _digits(text: str, column: str, most: int) -> str:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= most):
        raise ValueError(f"{column}: {text[:40]!r} is not up to {most} digits")
    return text


def _range(first: str, last: str, place: Place) -> NumberRange:
    found = NumberRange.between(first, last, place)
    if found.last < found.first:
        raise ValueError(f"it ends at {last}, before it begins at {first}")
    return found


def _apart(found: Sequence[tuple[int, NumberRange]], file: str) -> list[NumberRange]:
    """The ranges in order; one number in two regions of one file is a fault of the file."""
    ordered = sorted(found, key=lambda numbered: (numbered[1].first, numbered[1].last))
    furthest = ordered[0]
    for line, one in ordered[1:]:
        other_line, other = furthest
        if one.first <= other.last and one.place.key != other.place.key:
            raise BrokenNumberFile(
                f"{file}, lines {other_line} and {line}: the same numbers in "
                f"{other.place.name or 'no region'} and in {one.place.name or 'no region'}"
            )
        furthest = max(furthest, (line, one), key=lambda numbered: numbered[1].last)
    return [one for _, one in ordered]
