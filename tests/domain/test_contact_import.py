"""What the columns of a list seem to mean, and what is made of each row of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.contact_import import (
    ClientRow,
    ImportField,
    RefusedRow,
    RowRules,
    SheetRow,
    check_mapping,
    cleaned,
    guessed,
    judge,
)
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import Place, Region, by_words

NAME, NUMBER, COMPANY = ImportField.NAME, ImportField.NUMBER, ImportField.COMPANY
CITY, RESPONSIBLE, UNUSED = ImportField.CITY, ImportField.RESPONSIBLE, ImportField.UNUSED
REGION = ImportField.REGION
OMSK, PUNJAB = Place("RU", "Omsk Oblast", "Омская область"), Place("IN", "Punjab")
REGIONS = [Region(1, Place("RU")), Region(2, OMSK), Region(3, PUNJAB), Region(4, Place("PK", "Punjab"))]
RULES = RowRules((NAME, NUMBER, NUMBER, COMPANY, RESPONSIBLE), NumberPlan("RU"), {"anna": 7}, 3)


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (("Name", "Phone", "Mobile phone", "Company", "Notes"), (NAME, NUMBER, NUMBER, COMPANY, UNUSED)),
        (("ФИО", "Телефон", "Организация", "Город"), (NAME, NUMBER, COMPANY, CITY)),
        (("نام", "تلفن", "شرکت"), (NAME, NUMBER, COMPANY)),
        (("客户姓名", "手机号码", "公司名称", "负责人"), (NAME, NUMBER, COMPANY, RESPONSIBLE)),
        (("고객 이름", "휴대폰", "회사", "담당자"), (NAME, NUMBER, COMPANY, RESPONSIBLE)),
        (("Company name", "Contact name", "Client"), (COMPANY, NAME, UNUSED)),
        (("Ответственный", ""), (RESPONSIBLE, UNUSED)),
        (("ФИО", "Город", "Область"), (NAME, CITY, REGION)),
        (("id", "name", "region", "numbers", "created_at"), (UNUSED, NAME, REGION, NUMBER, UNUSED)),
    ],
)
def test_columns_are_guessed_by_their_heads(header: tuple[str, ...], fields: tuple[ImportField, ...]) -> None:
    assert guessed(header) == fields


@pytest.mark.parametrize("mapping", [(NAME,), (NAME, NAME), (COMPANY, CITY), (NAME, NUMBER, NUMBER)])
def test_a_mapping_tells_of_every_column_once_and_of_a_name_or_a_number(
    mapping: tuple[ImportField, ...],
) -> None:
    with pytest.raises(BadInput):
        check_mapping(mapping, 2)
    check_mapping((NUMBER, NUMBER), 2)


def row(*cells: str, broken: str = "") -> SheetRow:
    """The second row of a file."""
    return SheetRow(2, cells, broken)


def test_a_row_gives_a_client_with_every_number_once() -> None:
    found = judge(row("Sara", "8 495 123-45-67; +74951234567", "۸۹۰۵۱۱۱۲۲۳۳", "Vector", "ANNA"), RULES)
    assert isinstance(found, ClientRow)
    assert (found.name, found.company, found.responsible_id) == ("Sara", "Vector", 7)
    assert found.numbers == ("+74951234567", "+79051112233")


def test_a_short_row_is_a_whole_one_and_nobody_named_is_the_one_chosen() -> None:
    found = judge(row("Sara"), RULES)
    assert isinstance(found, ClientRow)
    assert (found.numbers, found.company, found.responsible_id) == ((), "", 3)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("RU: Omsk Oblast", 2),
        ("omsk oblast", 2),
        ("Омская Область", 2),
        ("ru", 1),
        ("PK: Punjab", 4),
        ("", None),
        ("Punjab", "Several regions are called so"),
        ("Atlantis", "There is no such region"),
        ("RU: Punjab", "There is no such region"),
    ],
)
def test_a_region_is_known_by_any_of_its_names_unless_several_have_it(
    words: str, meant: int | str | None
) -> None:
    rules = RowRules((NAME, REGION), NumberPlan("RU"), {}, None, by_words(REGIONS))
    found = judge(row("Sara", words), rules)
    if isinstance(found, RefusedRow):
        assert isinstance(meant, str)
        assert found.reason.startswith(meant)
    else:
        assert (found.region.id if found.region else None) == meant


@pytest.mark.parametrize("region", REGIONS)
def test_what_a_file_writes_of_a_region_is_read_as_the_same_region(region: Region) -> None:
    assert by_words(REGIONS)[region.place.written.casefold()] == region


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("", "", "", "Vector"), "neither a name nor a number"),
        (("Sara", "call me"), "no telephone number"),
        (("Sara", "84951234567, 12"), "no telephone number"),
        (("Sara", "1;" * 30), "no telephone number"),
        (("x" * 201, ""), "too long"),
        (("Sara", "", "", "", "Nobody"), "Nobody here is called"),
        (("Sara", "", "", "", "", "more"), "more cells"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(cells: tuple[str, ...], reason: str) -> None:
    found = judge(row(*cells), RULES)
    assert isinstance(found, RefusedRow)
    assert reason in found.reason


def test_a_broken_row_keeps_its_reason() -> None:
    assert judge(row("Sara", broken="so"), RULES) == RefusedRow(row("Sara", broken="so"), "so")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (79051234567.0, "79051234567"),
        (1.5, "1.5"),
        (None, ""),
        (" a\x00\tb\n\nc ", "a b, , c"),
        (True, "True"),
    ],
)
def test_a_cell_becomes_one_line_of_text(value: object, text: str) -> None:
    assert cleaned(value) == text


@given(st.lists(st.text(max_size=40), max_size=7))
def test_any_row_is_judged_and_nothing_of_it_is_invented(cells: list[str]) -> None:
    given_row = row(*(cleaned(cell) for cell in cells))
    found = judge(given_row, RULES)
    assert found.row is given_row
    if isinstance(found, ClientRow):
        assert found.name in ("", *given_row.cells)
        assert all(number.startswith("+") for number in found.numbers)
