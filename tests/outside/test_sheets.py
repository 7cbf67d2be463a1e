"""Tables out of files: encodings, separators, broken lines, workbooks, and what is no table at all."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from pbx_crm.domain.contact_import import BadTable, SheetRow
from pbx_crm.outside import sheets
from pbx_crm.outside.sheets import rows_of


def read(tmp_path: Path, content: bytes, name: str = "list.csv") -> list[SheetRow]:
    """The rows of a file with this content."""
    path = tmp_path / "content"
    path.write_bytes(content)
    return list(rows_of(path, name))


def cells(rows: list[SheetRow]) -> list[tuple[str, ...]]:
    """What stands in the rows."""
    return [row.cells for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found_out(tmp_path: Path, encoding: str, separator: str) -> None:
    text = f"Имя{separator}Телефон\r\nСара Ахмади{separator}+7 905 111-22-33\r\n"
    assert cells(read(tmp_path, text.encode(encoding))) == [
        ("Имя", "Телефон"),
        ("Сара Ахмади", "+7 905 111-22-33"),
    ]


def test_quoted_cells_hold_separators_quotes_and_line_breaks(tmp_path: Path) -> None:
    text = 'Name,Phone\n"Vector, ""Ltd""","+7 495 123\n+7 495 124"\nSara,1\n'
    assert cells(read(tmp_path, text.encode())) == [
        ("Name", "Phone"),
        ('Vector, "Ltd"', "+7 495 123, +7 495 124"),
        ("Sara", "1"),
    ]


def test_an_open_quotation_mark_costs_its_own_line_and_no_other(tmp_path: Path) -> None:
    good = "".join(f"Client {number},8905111{number:04}\n" for number in range(50))
    rows = read(tmp_path, f'Name,Phone\n"Vector,1\n{good}'.encode())
    assert len(rows) == 52
    assert "not closed" in rows[1].broken
    assert rows[1].cells == ('"Vector', "1")
    assert not any(row.broken for row in rows[2:])
    assert [row.number for row in rows[:3]] == [1, 2, 3]


def test_empty_lines_are_no_rows_and_keep_the_count(tmp_path: Path) -> None:
    rows = read(tmp_path, b"Name,Phone\n\n,,\nSara,1\n")
    assert [(row.number, row.cells) for row in rows] == [(1, ("Name", "Phone")), (4, ("Sara", "1"))]


def test_letters_that_are_none_are_marked_and_nothing_stops(tmp_path: Path) -> None:
    rows = read(tmp_path, b"Name\nSara \x98\xff\nBoris\n")
    assert len(rows) == 3


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"PNG\0\0\0\x01", b"\0" * 100])
def test_what_is_no_table_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadTable):
        read(tmp_path, content)


def test_a_workbook_is_read_with_its_numbers_whole(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "content") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Имя", "Телефон", "Год"])
        sheet.write_row(1, 0, ["=1+1 Сара", 79051112233, 1.5])
        sheet.write_string(3, 0, "Boris")
    rows = list(rows_of(tmp_path / "content", "list.XLSX"))
    assert [row.number for row in rows] == [1, 2, 4]
    assert rows[1].cells[1:] == ("79051112233", "1.5")


@pytest.mark.parametrize("content", [b"Name\nSara\n", b"PK\x03\x04 broken", b""])
def test_a_workbook_that_is_none_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadTable):
        read(tmp_path, content, "list.xlsx")


def test_a_workbook_that_would_unpack_to_a_mountain_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_UNPACKED", 1000)
    with zipfile.ZipFile(tmp_path / "content", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 2000)
    with pytest.raises(BadTable) as refused:
        list(rows_of(tmp_path / "content", "list.xlsx"))
    assert refused.value.reasons == {"file": "This workbook is too large."}


def test_a_cell_at_the_far_end_of_a_workbook_does_not_end_the_program(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "content") as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "Name")
        sheet.write_string(1_048_575, 16_383, "x")
    with pytest.raises(BadTable) as refused:
        list(rows_of(tmp_path / "content", "list.xlsx"))
    assert refused.value.reasons == {"file": "This workbook is too large."}


def test_whoever_wants_the_first_row_only_leaves_nobody_at_work(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "content") as book:
        sheet = book.add_worksheet()
        for number in range(20_000):
            sheet.write_string(number, 0, f"Client {number}")
    rows = rows_of(tmp_path / "content", "list.xlsx")
    assert next(rows).cells == ("Client 0",)
    assert readers() == 1
    del rows
    assert readers() == 0


def readers() -> int:
    """How many processes of ours read a workbook."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return sum(b"pbx_crm.outside.workbook" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children)
