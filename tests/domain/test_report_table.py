"""Tables for programs: nothing in them runs, and nothing in them is lost."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.report_table import FORMULA_STARTS, ReportTable


@pytest.mark.parametrize("name", ["=1+1", "+7905", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_name_that_looks_like_a_formula_does_not_run(name: str) -> None:
    text = ReportTable(("name",), ((name,),)).csv()
    assert list(csv.reader(StringIO(text, newline="")))[1] == [f"'{name}"]


def test_a_figure_below_nought_stays_a_figure() -> None:
    assert ReportTable(("change",), ((-2,),)).csv().splitlines()[1] == "-2"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_every_cell_comes_back_as_it_was_or_with_an_apostrophe(cells: list[str]) -> None:
    table = ReportTable(("cell",), tuple((cell,) for cell in cells))
    read = list(csv.reader(StringIO(table.csv(), newline="")))[1:]
    expected = [f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in cells]
    assert [row[0] if row else "" for row in read] == expected


def test_json_has_the_same_cells_by_name() -> None:
    table = ReportTable(("name", "calls"), (("Anna", 2), ("Boris", None)))
    assert table.records() == [{"name": "Anna", "calls": 2}, {"name": "Boris", "calls": None}]


def test_a_terminal_shows_aligned_columns() -> None:
    table = ReportTable(("name", "calls"), (("Anna", 2), ("Boris", None)))
    assert table.text().splitlines() == ["name   calls", "Anna   2", "Boris  -"]
