"""A list of clients from a file: what its columns mean, and what is made of each row.

A row is used whole or returned whole with the reason: a client without the number somebody typed beside
them would look complete and not be found when they call.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.contact import plain_name
from pbx_crm.domain.errors import BadInput, Conflict
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import Region
from pbx_crm.domain.report_table import as_meant
from pbx_crm.domain.sentence import N_

LONGEST = {"name": 200, "company": 200, "city": 100}
MOST_CELL = 2000
MOST_NUMBERS = 20


class ImportField(StrEnum):
    """What a column may mean."""

    NAME = "name"
    NUMBER = "number"
    COMPANY = "company"
    CITY = "city"
    REGION = "region"
    RESPONSIBLE = "responsible"
    DO_NOT_CALL = "do_not_call"
    UNUSED = ""


FIELD_NAMES = {
    ImportField.UNUSED: N_("not used"),
    ImportField.NAME: N_("Name"),
    ImportField.NUMBER: N_("Numbers"),
    ImportField.COMPANY: N_("Company"),
    ImportField.CITY: N_("City"),
    ImportField.REGION: N_("Region"),
    ImportField.RESPONSIBLE: N_("Responsible"),
    ImportField.DO_NOT_CALL: N_("Wants no calls"),
}

# How such columns are headed in the lists people keep.
USUAL_HEADS: Mapping[ImportField, tuple[str, ...]] = {
    ImportField.DO_NOT_CALL: (
        *("do not call", "do_not_call", "dnc", "no calls", "не звонить", "без звонков"),
        *("تماس نگیرید", "请勿致电", "전화 금지"),
    ),
    ImportField.NUMBER: (
        *("phone", "number", "tel", "mobile", "телефон", "номер", "моб", "тел"),
        *("شماره", "تلفن", "电话", "手机", "号码", "전화", "휴대폰"),
    ),
    ImportField.COMPANY: (
        *("company", "organisation", "organization", "компания", "организация", "фирма"),
        *("شرکت", "公司", "회사"),
    ),
    ImportField.CITY: ("city", "town", "город", "شهر", "城市", "도시"),
    ImportField.REGION: (
        *("region", "province", "регион", "область"),
        *("استان", "منطقه", "地区", "省", "지역"),
    ),
    ImportField.RESPONSIBLE: (
        "responsible",
        "owner",
        "seller",
        "ответственный",
        "продавец",
        "مسئول",
        "负责人",
        "담당자",
    ),
    ImportField.NAME: (
        *("name", "client", "contact", "имя", "фио", "клиент", "контакт", "наименование"),
        *("نام", "姓名", "客户", "联系人", "이름", "고객"),
    ),
}


YES = frozenset({"yes", "y", "true", "1", "x", "+", "да", "д", "بله", "是", "예", "네"})
NO = frozenset({"", "no", "n", "false", "0", "-", "нет", "н", "نه", "خیر", "否", "아니요"})


class ImportState(StrEnum):
    """Where an import stands."""

    COUNTING = "counting"
    COUNTED = "counted"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    TAKING_BACK = "taking_back"
    TAKEN_BACK = "taken_back"
    FAILED = "failed"

    @property
    def is_at_work(self) -> bool:
        """Whether something goes on by itself."""
        return self in (ImportState.COUNTING, ImportState.RUNNING, ImportState.TAKING_BACK)


class NotNow(Conflict):
    """This import is not at the point where that can be done."""


class BadTable(BadInput):
    """This file cannot be read as a table."""

    def __init__(self, reason: str) -> None:
        super().__init__(reasons={"file": reason})


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it stands."""

    id: int
    name: str
    digest: str
    by_id: int | None
    at: datetime
    state: ImportState
    header: tuple[str, ...]
    mapping: tuple[ImportField, ...]
    responsible_id: int | None
    rows_total: int
    rows_done: int
    counts: Mapping[str, int]
    """`made`, `filled`, `known`, `refused`; after taking back also `gone` and `kept`."""

    def count(self, name: str) -> int:
        """How many rows came to this."""
        return self.counts.get(name, 0)

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 * self.rows_done // self.rows_total if self.rows_total else 0


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a file: its number as a person counts them (the header is 1), and its cells."""

    number: int
    cells: tuple[str, ...]
    broken: str = ""
    """Why the row itself cannot be read; a message id."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """What a good row says of a client."""

    row: SheetRow
    name: str
    numbers: tuple[str, ...]
    company: str
    city: str
    responsible_id: int | None
    region: Region | None = None
    do_not_call: bool = False


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be used, and why; a message id."""

    row: SheetRow
    reason: str


@dataclass(frozen=True, slots=True)
class RowRules:
    """What rows are read by."""

    mapping: tuple[ImportField, ...]
    plan: NumberPlan
    sellers: Mapping[str, int]
    """Ids by names and log-ins in small letters."""
    responsible_id: int | None
    """Whose clients they are where the row names nobody."""
    regions: Mapping[str, Region | None] = field(default_factory=dict)
    """By their words in small letters; None where several are called so."""


def guessed(header: Sequence[str]) -> tuple[ImportField, ...]:
    """What the columns seem to mean, by their heads; every kind but numbers once."""
    found: list[ImportField] = []
    for head in header:
        words = plain_name(head)
        kinds = (kind for kind, heads in USUAL_HEADS.items() if any(one in words for one in heads))
        kind = next(kinds, ImportField.UNUSED)
        taken = kind in found and kind is not ImportField.NUMBER
        found.append(ImportField.UNUSED if taken else kind)
    return tuple(found)


def check_mapping(mapping: Sequence[ImportField], columns: int) -> None:
    """BadInput unless every column is told of, and a name or a number is among them once."""
    named = [field for field in mapping if field not in (ImportField.UNUSED, ImportField.NUMBER)]
    if len(mapping) != columns or len(set(named)) != len(named):
        raise BadInput(reasons={"mapping": N_("Each meaning but numbers is for one column.")})
    if not {ImportField.NAME, ImportField.NUMBER} & set(mapping):
        raise BadInput(reasons={"mapping": N_("Say which column is the name or the number.")})


def judge(row: SheetRow, rules: RowRules) -> ClientRow | RefusedRow:
    """What the row says of a client, or why it cannot be used."""
    if row.broken:
        return RefusedRow(row, row.broken)
    if any(row.cells[len(rules.mapping) :]):
        return RefusedRow(row, N_("This row has more cells than the header."))
    found: dict[ImportField, str] = {}
    for meant, cell in zip(rules.mapping, map(as_meant, row.cells), strict=False):
        if meant is not ImportField.UNUSED and cell:
            found[meant] = f"{found[meant]};{cell}" if meant in found else cell
    return _client(row, found, rules)


def _client(row: SheetRow, found: Mapping[ImportField, str], rules: RowRules) -> ClientRow | RefusedRow:
    numbers = _numbers(found.get(ImportField.NUMBER, ""), rules.plan)
    if numbers is None:
        return RefusedRow(row, N_("A number in this row is no telephone number."))
    if fault := _fault(found, numbers, rules):
        return RefusedRow(row, fault)
    responsible, place = (
        found.get(one, "").casefold() for one in (ImportField.RESPONSIBLE, ImportField.REGION)
    )
    texts = (found.get(ImportField.COMPANY, ""), found.get(ImportField.CITY, ""))
    whose = rules.sellers[responsible] if responsible else rules.responsible_id
    region = rules.regions[place] if place else None
    spared = found.get(ImportField.DO_NOT_CALL, "").casefold() in YES
    return ClientRow(row, found.get(ImportField.NAME, ""), numbers, *texts, whose, region, spared)


def _fault(found: Mapping[ImportField, str], numbers: Sequence[str], rules: RowRules) -> str:
    """Why the row cannot be used, a message id; empty if it can."""
    if not found.get(ImportField.NAME) and not numbers:
        return N_("This row has neither a name nor a number.")
    if any(len(found.get(ImportField(name), "")) > most for name, most in LONGEST.items()):
        return N_("A cell in this row is too long.")
    responsible = found.get(ImportField.RESPONSIBLE, "").casefold()
    if responsible and responsible not in rules.sellers:
        return N_("Nobody here is called like the responsible of this row.")
    if found.get(ImportField.DO_NOT_CALL, "").casefold() not in YES | NO:
        return N_("Whether the client of this row wants no calls is yes or no.")
    place = found.get(ImportField.REGION, "").casefold()
    if place and place not in rules.regions:
        return N_("There is no such region.")
    if place and rules.regions[place] is None:
        return N_("Several regions are called so: write the country before it, as RU: Omsk Oblast.")
    return ""


def _numbers(written: str, plan: NumberPlan) -> tuple[str, ...] | None:
    """The numbers of a cell, each once; None if one of them is none."""
    parts = [part.strip() for part in re.split(r"[,;|\n]", written) if part.strip()]
    if len(parts) > MOST_NUMBERS:
        return None
    numbers = [plan.e164(_latin(part)) for part in parts]
    return None if None in numbers else tuple(dict.fromkeys(number for number in numbers if number))


def _latin(number: str) -> str:
    """The same in Latin digits, whatever script it was typed in."""
    if number.isascii():
        return number
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in number)


def cleaned(value: object) -> str:
    """A cell as text on one line: whole numbers without a point, no control characters."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else ", ".join(str(value)[:MOST_CELL].strip().splitlines())
    if text.isprintable():  # nearly every cell: nothing in it is to be taken out letter by letter
        return " ".join(text.split())
    kept = (letter if unicodedata.category(letter) not in ("Cc", "Cs") else " " for letter in text)
    return " ".join("".join(kept).split())
