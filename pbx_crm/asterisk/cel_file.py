"""CEL from the CSV file of cel_custom, which grows and is rotated."""

from __future__ import annotations

import re
from datetime import tzinfo
from pathlib import Path

from pbx_crm.asterisk.cel_row import CelRow, columns_without_header, is_header, row_of
from pbx_crm.asterisk.record_file import RecordFile, RowShape

CEL_SHAPE: RowShape[CelRow] = RowShape(
    is_header=is_header,
    columns=columns_without_header,
    row=row_of,
    begins=re.compile(rb'"?[A-Z_]{4,40}"?,"?'),
)


class CelFile(RecordFile[CelRow]):
    """`Master.csv` of cel_custom."""

    __slots__ = ()

    def __init__(self, path: Path, zone: tzinfo) -> None:
        super().__init__(path, zone, CEL_SHAPE)
