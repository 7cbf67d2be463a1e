"""A list of clients as a company keeps it: names, numbers, companies, and every fiftieth line broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

BROKEN_EACH = 50
BROKEN = (
    "Boris {n},call me,Vector,Kazan",
    '"Open {n},8905{n:07},,',
    "Too many {n},8905{n:07},,Kazan,and,more",
    ",,Nobody {n},",
    "A city without end {n},8905{n:07},," + "x" * 101,
)
"""A number that is none, a quotation mark never closed, too many cells, nobody, a cell too long."""


def lines_of(rows: int) -> Iterator[str]:
    """The header, and so many lines behind it."""
    yield "Name,Phone,Company,City\n"
    for n in range(rows):
        if n % BROKEN_EACH == 0:
            yield BROKEN[n // BROKEN_EACH % len(BROKEN)].format(n=n) + "\n"
        else:
            yield f"Client {n},8 905 {n:07},Company {n % 5000},Kazan\n"


def write_list(path: Path, rows: int) -> Path:
    """The same as a file."""
    with path.open("w") as file:
        file.writelines(lines_of(rows))
    return path
