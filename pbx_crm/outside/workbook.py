"""Reads a workbook in a process of its own: `python -m pbx_crm.outside.workbook FILE` prints its rows.

The reader makes the whole rectangle of a sheet before it gives the first row, and ends its process where
the memory does not suffice. A single cell far down and to the right, five kilobytes in the file, stands for
more memory than any machine has; it must not end the program that listens to the PBX.
"""

from __future__ import annotations

import json
import resource
import sys

from python_calamine import CalamineError, CalamineWorkbook

from pbx_crm.domain.contact_import import cleaned
from pbx_crm.outside.sheets import MOST_COLUMNS, NO_TABLE

MOST_MEMORY = 2 * 1024**3
"""Bytes; two hundred thousand clients take a tenth of it."""
MOST_SECONDS = 600


def main(path: str) -> int:
    """Prints every row that is not empty as its number and its cells, one JSON list a line."""
    _limit(resource.RLIMIT_AS, MOST_MEMORY)
    _limit(resource.RLIMIT_CPU, MOST_SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except (CalamineError, OSError, ValueError, IndexError):
        return NO_TABLE
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [cleaned(value) for value in values[:MOST_COLUMNS]]
        if any(cells):
            print(json.dumps([number, cells]))
    return 0


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (least, least))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
