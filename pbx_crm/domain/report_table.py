"""A report as a plain table: what CSV, JSON and the command line print, cell by cell as on the page."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO

Cell = str | int | float | None
# A spreadsheet runs a cell that begins so, whoever wrote it: a caller's name may be one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows under named columns; names are for programs and stay the same in every language."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[Mapping[str, Cell]]:
        """Each row as a mapping, for JSON."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def csv(self) -> str:
        """RFC 4180 text in which no cell is a formula: a suspicious one begins with an apostrophe."""
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows([harmless(cell) for cell in row] for row in self.rows)
        return text.getvalue()

    def text(self) -> str:
        """Aligned columns for a terminal."""
        lines = [self.columns, *(tuple(_shown(cell) for cell in row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )


def harmless(cell: Cell) -> Cell:
    """The cell so that no spreadsheet runs it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def as_meant(cell: str) -> str:
    """The cell of a file as it was before `harmless`, should it have come out of one."""
    is_guarded = cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS)
    return cell[1:] if is_guarded else cell


def _shown(cell: Cell) -> str:
    return "-" if cell is None else str(cell)
