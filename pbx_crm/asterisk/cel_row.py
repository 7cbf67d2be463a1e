"""Rows of Asterisk's channel event log (CEL), whatever wrote them: a CSV file, SQLite or a SQL table.

Columns are known by name, in the spellings of the back-ends: `cid_num` (ODBC, PostgreSQL, FreePBX),
`cidnum` (cel_sqlite3_custom, advanced mappings), `channame` or `channel`, `extra` or `eventextra`, `peer`
or `bridgepeer`. A CSV without a header line has the columns of the sample of cel_custom.conf.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from pbx_crm.domain.errors import BadTape

SAMPLE_COLUMNS = [
    *("eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid"),
    *("exten", "context", "channame", "appname", "appdata", "amaflags", "accountcode"),
    *("uniqueid", "linkedid", "peer", "userfield", "userdeftype", "eventextra"),
]
"""What `Master.csv` of the sample cel_custom.conf holds, in its order."""

SAMPLE_COLUMNS_WITH_LITERAL = [SAMPLE_COLUMNS[0], "literal", *SAMPLE_COLUMNS[1:]]
"""The same with the sample's "My Literal" left in after the type."""

SHORT_COLUMNS = [name for name in SAMPLE_COLUMNS if name not in ("amaflags", "accountcode")]

NEEDED_COLUMNS = ("eventtype", "eventtime", "channame", "uniqueid", "linkedid")
"""Without these rows say nothing; to the sample of cel_sqlite3_custom.conf `linkedid` must be added."""

_SPELLINGS = {
    "channel": "channame",
    "extra": "eventextra",
    "bridgepeer": "peer",
    "cidname": "cid_name",
    "cidnum": "cid_num",
    "cidani": "cid_ani",
    "cidrdnis": "cid_rdnis",
    "ciddnid": "cid_dnid",
    "acctcode": "accountcode",
}
_EPOCH = re.compile(r"\d{9,11}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class CelRow:
    """One thing that happened to one channel. `at` is epoch seconds."""

    kind: str
    """`CHAN_START`, `BRIDGE_ENTER`, …."""
    at: float
    uniqueid: str
    linkedid: str
    channel: str
    caller_number: str = ""
    caller_name: str = ""
    exten: str = ""
    context: str = ""
    app: str = ""
    """What the channel runs at this moment; `AppDial`, `AppQueue`, `AppDial2` on a leg that is dialled."""
    app_data: str = ""
    user_event: str = ""
    """What the dialplan named the event that it wrote itself (`USER_DEFINED`)."""
    extra: Mapping[str, object] = field(default_factory=dict)

    def told(self, name: str) -> str:
        """A value of the extra part as text; empty if it is not there."""
        value = self.extra.get(name)
        return "" if value is None or value == "N/A" else str(value)


class BadRow(ValueError):
    """This row of CEL cannot be read."""


def row_of(values: Mapping[str, object], zone: tzinfo = UTC) -> CelRow:
    """The row with these columns; `zone` is that of a time without one. `BadRow` names what is wrong."""
    by_name = {_name(name): value for name, value in values.items()}
    missing = [name for name in NEEDED_COLUMNS if not by_name.get(name)]
    if missing:
        raise BadRow(f"{missing[0]} is missing")
    text = {name: "" if value is None else str(value) for name, value in by_name.items()}
    return CelRow(
        kind=text["eventtype"],
        at=_seconds(by_name["eventtime"], zone),
        uniqueid=text["uniqueid"],
        linkedid=text["linkedid"],
        channel=text["channame"],
        caller_number=text.get("cid_num", ""),
        caller_name=text.get("cid_name", ""),
        exten=text.get("exten", ""),
        context=text.get("context", ""),
        app=text.get("appname", ""),
        app_data=text.get("appdata", ""),
        user_event=text.get("userdeftype", ""),
        extra=_extra(text.get("eventextra", "")),
    )


@lru_cache(maxsize=64)
def _name(column: str) -> str:
    name = column.strip().lower()
    return _SPELLINGS.get(name, name)


def _seconds(value: object, zone: tzinfo) -> float:
    """Epoch seconds (Asterisk's default), or a time as text or from a database; without a zone, in `zone`."""
    text = str(value).strip()
    if _EPOCH.fullmatch(text):
        return float(text)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRow(f"eventtime is {text!r}") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()


def _extra(text: str) -> Mapping[str, object]:
    """The extra part, an object of JSON; anything else a user event may have put there is nothing to us."""
    if not text.startswith("{"):
        return {}
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def rows_of_csv(lines: Iterable[str], zone: tzinfo = UTC) -> Iterator[CelRow]:
    """Rows of a whole CSV; `BadTape` names the line that cannot be read."""
    columns: Sequence[str] | None = None
    for number, values in enumerate(csv.reader(lines), start=1):
        if not values:
            continue
        if columns is None and is_header(values):
            columns = values
            continue
        try:
            columns = columns or columns_without_header(len(values))
            yield row_of(dict(zip(columns, values, strict=False)), zone)
        except BadRow as error:
            raise BadTape(f"CEL, row {number}: {error}") from error


def is_header(values: Sequence[str]) -> bool:
    """Whether these are names of columns."""
    return "eventtype" in {_name(value) for value in values}


def columns_without_header(width: int) -> Sequence[str]:
    """The columns of a CSV that does not name them, told by how many there are."""
    for known in (SAMPLE_COLUMNS, SHORT_COLUMNS, SAMPLE_COLUMNS_WITH_LITERAL):
        if len(known) == width:
            return known
    raise BadRow(f"{width} columns and no header line; the sample's Master.csv has {len(SAMPLE_COLUMNS)}")
