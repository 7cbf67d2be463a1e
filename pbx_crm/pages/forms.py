"""Reading forms: every field as text, in whatever digits a person types, with nothing trusted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.typed_day import day_in, moment_in

Choice = TypeVar("Choice", bound=StrEnum)
FIRST_YEAR, LAST_YEAR = 1970, 2200


class Form:
    """The fields of a posted form; what is wrong with them is gathered, so that all is told at once."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields
        self.reasons: dict[str, str] = {}

    @property
    def values(self) -> dict[str, str]:
        """Every field as it was typed, to be shown again; passwords are typed anew."""
        return {name: found[0] for name, found in self._fields.items() if "password" not in name}

    def text(self, name: str) -> str:
        """The field without spaces around it and without control characters; empty if absent."""
        values = self._fields.get(name)
        return _cleaned(values[0]).strip() if values else ""

    def text_block(self, name: str) -> str:
        """The same with its line breaks kept, for notes."""
        values = self._fields.get(name, [""])
        return "\n".join(_cleaned(line).rstrip() for line in values[0].splitlines()).strip()

    def all(self, name: str) -> list[str]:
        """Every value that was sent under this name."""
        return [_cleaned(value).strip() for value in self._fields.get(name, [])]

    def typed(self) -> dict[str, str]:
        """What was typed into the form, to be shown again beside the reasons."""
        return {name: values[0] for name, values in self._fields.items()}

    def secret(self, name: str) -> str:
        """The field exactly as typed: a password may begin with a space."""
        return self._fields.get(name, [""])[0]

    def is_on(self, name: str) -> bool:
        """Whether a check box is ticked."""
        return bool(self._fields.get(name))

    def has(self, name: str) -> bool:
        """Whether the form has the field at all, be it empty."""
        return name in self._fields

    def whole(self, name: str, *, least: int = 0, most: int = 2**31 - 1) -> int:
        """A whole number in any script's digits; a wrong one is gathered as a reason."""
        try:
            number = int(self.text(name))
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            self.reasons[name] = N_("This is not a number within its limits.")
            return least
        return number

    def wholes(self, name: str) -> list[int]:
        """The ids of ticked boxes that share a name; what is no id is left out."""
        # Eighteen digits fit the database's 64 bits.
        return [int(value) for value in self._fields.get(name, []) if value.isdecimal() and len(value) < 19]

    def amount(self, name: str) -> Decimal:
        """Money as a person writes it: `48 000,50`, `48,000.50`, any script's digits; 0 if left empty."""
        try:
            found = amount_in(self.text(name))
        except ValueError:
            found = None
        if found is None or found > LARGEST_AMOUNT:
            self.reasons[name] = N_("This is not an amount.")
            return Decimal(0)
        return found

    def day(self, name: str) -> date | None:
        """A day as date fields send it or a Persian reader types it; None if left empty."""
        text = self.text(name)
        try:
            return day_in(text) if text else None
        except ValueError:
            self.reasons[name] = N_("This is not a date.")
            return None

    def choice(self, name: str, choices: type[Choice], default: Choice) -> Choice:
        """One of a closed set; anything else is gathered as a reason."""
        try:
            return choices(self.text(name))
        except ValueError:
            self.reasons[name] = N_("This is none of the choices.")
            return default

    def one_of(self, name: str, choices: Container[str]) -> str:
        """One of these; anything else is gathered as a reason."""
        chosen = self.text(name)
        if chosen not in choices:
            self.reasons[name] = N_("This is none of the choices.")
        return chosen

    def moment(self, name: str, zone: tzinfo) -> datetime | None:
        """A date and time as the viewer's clock shows it, in UTC; None if left empty."""
        text = self.text(name)
        if not text:
            return None
        try:
            moment = moment_in(text).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        # A slip of the keyboard (0026 for 2026) is no plan of anybody's.
        if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.reasons[name] = N_("This is not a date and time.")
            return None
        return moment

    def require_good(self) -> None:
        """BadInput with all reasons gathered so far, if there are any."""
        if self.reasons:
            raise BadInput(reasons=self.reasons)


def _cleaned(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cc")


async def form_of(request: web.Request) -> Form:
    """The posted form; uploaded files are no fields and are left out."""
    posted = await request.post()
    fields: dict[str, list[str]] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return Form(fields)


# Groups of three behind one kind of separator; a comma or point with one or two digits is the decimal one.
GROUPED = re.compile(r"\d{1,3}(?:([.,'\u2019\u066c ])\d{3})(?:\1\d{3})*")
DECIMALS = re.compile(r"(.*?)[.,\u066b](\d{1,2})")
LONGEST_AMOUNT = 24
LARGEST_AMOUNT = Decimal(10) ** 14
"""What a database holds to four places; nobody has more."""


def amount_in(text: str) -> Decimal:
    """The amount somebody wrote; ValueError for what is none. Spaces of every width only group digits."""
    written = " ".join(text.split())
    if not written:
        return Decimal(0)
    if len(written) > LONGEST_AMOUNT:
        raise ValueError("too long for an amount")
    whole, cents = written, ""
    if split := DECIMALS.fullmatch(written):
        whole, cents = split.group(1), split.group(2)
    if GROUPED.fullmatch(whole):
        whole = re.sub(r"\D", "", whole)
    if not re.fullmatch(r"\d+", whole):
        raise ValueError("not an amount")
    return Decimal(f"{int(whole)}.{int(cents):0{len(cents)}}") if cents else Decimal(int(whole))
