"""Files of number ranges: Russia's register as it is published, one's own list, and broken ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.contact_import import SheetRow
from pbx_crm.domain.number_files import OWN, BrokenNumberFile, ranges_in
from pbx_crm.domain.region import NumberRange, Place, painted
from pbx_crm.domain.russian_regions import SUBJECTS, place_named

HEAD = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН"
OWN_HEAD = ",".join(OWN)


def sheet(*lines: str, separator: str = ";") -> list[SheetRow]:
    """The lines as the reader of tables hands them over."""
    return [SheetRow(number, tuple(line.split(separator))) for number, line in enumerate(lines, start=1)]


def read(*lines: str) -> list[tuple[tuple[str, str], str]]:
    """(ends, region) of the ranges in a file of the register."""
    return [(one.ends, one.place.name) for one in ranges_in(sheet(HEAD, *lines), "DEF-9xx.csv")]


def test_a_mobile_range_of_the_register_has_its_region() -> None:
    """The register leaves out noughts at the beginning: 61999 is 0061999."""
    assert read("900;0;61999;62000;ООО «Т2»;Краснодарский край;77") == [
        (("79000000", "79000061"), "Krasnodar Krai")
    ]


def test_a_town_is_put_into_its_region() -> None:
    assert read("383;2000000;2099999;100000;АО;г. Новосибирск|Новосибирская обл.;1") == [
        (("738320", "738320"), "Novosibirsk Oblast")
    ]


def test_neighbours_of_one_region_become_one_range() -> None:
    rows = ("495;0;999999;1;A;г. Москва;1", "495;1000000;9999999;1;B;г. Москва;1")
    found = painted([ranges_in(sheet(HEAD, *rows), "ABC-4xx.csv")])
    assert [one.ends for one in found] == [("7495", "7495")]


@pytest.mark.parametrize(
    ("written", "name", "zones"),
    [
        ("г. Омск|Омская обл.", "Omsk Oblast", ("Asia/Omsk",)),
        ("Томская область", "Tomsk Oblast", ("Asia/Tomsk",)),
        ("г. Москва и Московская область", "Moscow and Moscow Oblast", ("Europe/Moscow",)),
        (
            "Республика Саха /Якутия/",
            "Sakha (Yakutia)",
            ("Asia/Yakutsk", "Asia/Vladivostok", "Asia/Srednekolymsk"),
        ),
        ("Сахалинская область", "Sakhalin Oblast", ("Asia/Sakhalin",)),
        ("Ямало-Ненецкий АО", "Yamalo-Nenets Okrug", ("Asia/Yekaterinburg",)),
        ("Ненецкий АО", "Nenets Okrug", ("Europe/Moscow",)),
        ("Нижегородская область", "Nizhny Novgorod Oblast", ("Europe/Moscow",)),
        ("Республика Алтай", "Altai", ("Asia/Barnaul",)),
        ("Алтайский край", "Altai Krai", ("Asia/Barnaul",)),
        ("р-н Курский|Ставропольский край", "Stavropol Krai", ("Europe/Moscow",)),
        ("Новая область", "Новая область", ()),
    ],
)
def test_a_region_is_told_by_its_name_however_it_is_written(
    written: str, name: str, zones: tuple[str, ...]
) -> None:
    place = place_named(written)
    assert (place.name, place.zones) == (name, zones)


def test_numbers_of_the_whole_country_tell_the_country_alone() -> None:
    assert place_named("Российская Федерация") == Place("RU")


def test_no_region_is_taken_for_another() -> None:
    for _, place in SUBJECTS:
        assert place_named(place.local_name) == place


def test_a_list_of_ones_own_names_prefixes_and_zones() -> None:
    rows = sheet(OWN_HEAD, "+7495,,ru,Moscow,Москва,Europe/Moscow", "8210,8211,KR,Capital,,", separator=",")
    assert ranges_in(rows, "own.csv") == [
        NumberRange.between("7495", "7495", Place("RU", "Moscow", "Москва", ("Europe/Moscow",))),
        NumberRange.between("8210", "8211", Place("KR", "Capital", "Capital")),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("90;0;1;1;A;Москва;1", "a code has 3 digits"),
        ("9OO;0;1;1;A;Москва;1", "code: '9OO' is not up to 3 digits"),
        ("900;;1;1;A;Москва;1", "от: '' is not up to 7 digits"),
        ("900;0;12345678;1;A;Москва;1", "до: '12345678' is not up to 7 digits"),
        ("900;5;4;1;A;Москва;1", "before it begins"),
        ("900;0;1;1;A; ;1", "no region"),
        ("900;0;1", "3 cells where there are 7 columns"),
        ("۹۰۰;0;1;1;A;Москва;1", "is not up to 3 digits"),
    ],
)
def test_a_broken_line_of_the_register_is_named_with_its_fault(line: str, fault: str) -> None:
    with pytest.raises(BrokenNumberFile, match=rf"DEF-9xx\.csv, line 3: .*{fault}"):
        read("900;100;199;100;A;Москва;1", line)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("7495,,XX,Moscow,,", "no country 'XX'"),
        ("7495,,RU,Moscow,,Europe/Moskva", "no time zone 'Europe/Moskva'"),
        ("74 95,,RU,Moscow,,", "from: '74 95'"),
        ("7495,7400,RU,Moscow,,", "before it begins"),
        (f"7495,,RU,{'x' * 201},,", "at most 200 characters"),
    ],
)
def test_a_broken_line_of_ones_own_list_is_named_with_its_fault(line: str, fault: str) -> None:
    with pytest.raises(BrokenNumberFile, match=f"line 2: .*{fault}"):
        ranges_in(sheet(OWN_HEAD, line, separator=","), "own.csv")


def test_one_number_in_two_regions_is_a_fault_of_the_file_wherever_the_lines_stand() -> None:
    rows = ("900;0;999;1;A;Москва;1", "900;100;199;1;A;Москва;1", "900;500;599;1;A;Омская область;1")
    with pytest.raises(BrokenNumberFile, match="lines 2 and 4: the same numbers in Moscow and in Omsk"):
        read(*rows)


@pytest.mark.parametrize("rows", [[], sheet("name;phone", "Anna;1"), sheet(HEAD)])
def test_what_is_no_such_file_is_refused_whole(rows: list[SheetRow]) -> None:
    with pytest.raises(BrokenNumberFile, match=r"^clients\.csv"):
        ranges_in(rows, "clients.csv")


def test_a_row_that_cannot_be_read_stops_the_file() -> None:
    rows = [*sheet(HEAD), SheetRow(2, ("900", "0"), "A quotation mark in this row is not closed.")]
    with pytest.raises(BrokenNumberFile, match="line 2: A quotation mark"):
        ranges_in(rows, "DEF-9xx.csv")


@given(st.lists(st.text(max_size=12), min_size=7, max_size=7))
def test_no_line_whatever_ends_in_anything_but_ranges_or_its_name(cells: list[str]) -> None:
    rows = [*sheet(HEAD), SheetRow(2, tuple(cells))]
    try:
        found = len(ranges_in(rows, "any.csv"))
    except BrokenNumberFile as error:
        found = str(error).startswith("any.csv, line 2:")
    assert found == 1
