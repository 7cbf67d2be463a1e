"""Rows of Asterisk's call detail records: `Master.csv` of cdr_csv, FreePBX's `cdr` table, or named columns.

A row is one dial of one channel, in whole seconds. `calldate` stands for `start`; a table without `answer`
and `end` has them in `duration` and `billsec`, counted from the start and back from the end.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from pbx_crm.domain.errors import BadTape

MASTER_COLUMNS = [
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
    *("uniqueid", "userfield", "peeraccount", "linkedid", "sequence"),
]
"""What cdr_csv writes, in its order; the last ones only with loguniqueid, loguserfield and newcdrcolumns."""

_UNIQUEID = re.compile(r"(?:.*-)?(\d{9,11})\.\d+")
_WHERE_UNIQUEID_STANDS = MASTER_COLUMNS.index("uniqueid")


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One dial, or one application without a dial. Times are epoch seconds."""

    uniqueid: str
    linkedid: str
    """The Uniqueid where the back-end does not keep it: legs of one call then stand alone."""
    channel: str
    dst_channel: str
    src: str
    caller_name: str
    dst: str
    context: str
    app: str
    app_data: str
    start: float
    answered_at: float | None
    end: float
    disposition: str
    did: str = ""
    recording_file: str = ""

    @property
    def answered(self) -> bool:
        """What Asterisk calls answered: also by a menu, a queue, an announcement."""
        return self.disposition == "ANSWERED"


class BadCdr(ValueError):
    """This CDR row cannot be read."""


def cdr_of(values: Mapping[str, object], zone: tzinfo = UTC) -> CdrRow:
    """The row with these columns; `zone` is that of its times. `BadCdr` names what is wrong."""
    text = dict(zip(_plain(tuple(values)), map(_text, values.values()), strict=True))
    missing = [name for name in ("uniqueid", "channel", "disposition") if not text.get(name)]
    if missing:
        raise BadCdr(f"{missing[0]} is missing")
    start = _seconds(text.get("start") or text.get("calldate", ""), zone, epoch_of(text["uniqueid"]))
    end = _seconds(text["end"], zone, start) if text.get("end") else start + _number(text.get("duration", ""))
    return CdrRow(
        uniqueid=text["uniqueid"],
        linkedid=text.get("linkedid") or text["uniqueid"],
        channel=text["channel"],
        dst_channel=text.get("dstchannel", ""),
        src=text.get("src", ""),
        caller_name=text.get("cnam") or _name_in(text.get("clid", "")),
        dst=text.get("dst", ""),
        context=text.get("dcontext", ""),
        app=text.get("lastapp", ""),
        app_data=text.get("lastdata", ""),
        start=start,
        answered_at=_answer(text, start, end, zone),
        end=end,
        disposition=text["disposition"].upper(),
        did=text.get("did", ""),
        recording_file=text.get("recordingfile", ""),
    )


def cdrs_of_csv(lines: Iterable[str], zone: tzinfo = UTC) -> Iterator[CdrRow]:
    """Rows of a whole CSV, with a header line or as cdr_csv writes it; `BadTape` names what is wrong."""
    columns: Sequence[str] | None = None
    for number, values in enumerate(csv.reader(lines), start=1):
        if not values:
            continue
        if columns is None and is_cdr_header(values):
            columns = values
            continue
        try:
            names = columns or columns_of_csv(len(values))
            yield cdr_of(dict(zip(names, values, strict=False)), zone)
        except BadCdr as error:
            raise BadTape(f"CDR, row {number}: {error}") from error


def is_cdr_header(values: Sequence[str]) -> bool:
    """Whether these are names of columns."""
    # Asked of every row of a year: the first look is one that nearly no row gets past.
    return "uniqueid" in "\n".join(values).lower() and "uniqueid" in _plain(tuple(values))


def columns_of_csv(width: int) -> Sequence[str]:
    """What cdr_csv writes in so many columns."""
    if width <= _WHERE_UNIQUEID_STANDS:
        raise BadCdr("no uniqueid; set loguniqueid=yes in cdr.conf")
    return MASTER_COLUMNS


@lru_cache(maxsize=16)
def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in names)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def epoch_of(uniqueid: str) -> float:
    """When this channel was made, in epoch seconds; 0 if its Uniqueid does not tell."""
    counted = _UNIQUEID.fullmatch(uniqueid)
    return float(counted[1]) if counted else 0.0


def _answer(text: Mapping[str, str], start: float, end: float, zone: tzinfo) -> float | None:
    if text.get("answer"):
        return _seconds(text["answer"], zone, start)
    if "answer" in text or text["disposition"].upper() != "ANSWERED":
        return None
    return end - _number(text.get("billsec", ""))


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def _seconds(text: str, zone: tzinfo, not_before: float) -> float:
    """Epoch seconds; of an hour that the end of summer time repeats, the one that is not too early."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadCdr(f"a time is {text!r}") from error
    if moment.tzinfo is not None:
        return moment.timestamp()
    first = moment.replace(tzinfo=zone).timestamp()
    return first if first >= not_before - 1 else moment.replace(tzinfo=zone, fold=1).timestamp()


def _name_in(clid: str) -> str:
    """The name in `"Anna" <101>`."""
    return clid.rpartition("<")[0].strip().strip('"')
