"""Calls per seller over any stretch: whole days from the kept sums, everything else from the calls.

The conditions of `db/call_figures.py` pick the rows behind each figure, whichever way it was counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from pbx_crm.db import call_days, call_sums, client_counts, meetings
from pbx_crm.db.call_figures import people_in
from pbx_crm.db.call_sums import EVERYBODY, NOBODY, SUMS, Keys
from pbx_crm.db.client_counts import Clients
from pbx_crm.db.report_slices import calls_sliced, sums_sliced, within
from pbx_crm.db.tables import call_days as kept
from pbx_crm.db.tables import calls, people, talks
from pbx_crm.domain.call_report import SECONDS, CallReport, Counts, Moment, SellerCounts, Whole
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days, parts_of

Condition = ColumnElement[bool]
Sums = dict[int, dict[str, int]]
MILLISECONDS = 1000
NOT_COUNTED = calls.c.counted_day.is_(None)
COUNTS = frozenset(field.name for field in fields(Counts))


def report(tx: Connection, wanted: ReportFilter, scope: Scope) -> CallReport:
    """Every seller's row, by name; nobody's and the whole for who sees everybody. At most 12 statements."""
    sums = added_up(tx, wanted, scope)
    whose = None if is_company(wanted, scope) else mine(wanted, scope, talks.c.person_id)
    clients = client_counts.count(tx, wanted, whose)
    held = meetings.per_seller(tx, wanted, scope, Moment.HELD)
    counted = sorted((sums.keys() | clients.per_person.keys() | held.keys()) - {NOBODY, EVERYBODY})
    rows = tuple(
        SellerCounts(
            person_id,
            name,
            replace(
                counts_of(sums.get(person_id, {})),
                clients=clients.per_person.get(person_id, 0),
                meetings=held.get(person_id, 0),
            ),
        )
        for person_id, name in sellers(tx, wanted, scope, counted)
    )
    return CallReport(rows, _whole(rows, sums, clients) if whose is None else None)


def added_up(tx: Connection, wanted: ReportFilter, scope: Scope) -> Sums:
    """The sums by person, by NOBODY and EVERYBODY where the viewer sees all. At most five statements."""
    found = _everything(tx, wanted, scope)
    return {who: dict(zip(SUMS, values, strict=True)) for (who,), values in call_sums.added(found, 1).items()}


def by_line(tx: Connection, wanted: ReportFilter, scope: Scope) -> Sums:
    """The sums of each line, every call once; of one person's calls if it is about one. At most five
    statements.
    """
    rows = _everything(tx, wanted, scope, (call_sums.LINE,), (kept.c.line,))
    sums = call_sums.added(rows, 2)
    one = EVERYBODY if is_company(wanted, scope) else None
    found: Sums = {}
    for (line, who), values in sums.items():
        if one in (None, who):
            known = found.setdefault(line, dict.fromkeys(SUMS, 0))
            found[line] = {name: known[name] + more for name, more in zip(SUMS, values, strict=True)}
    return found


def _everything(
    tx: Connection, wanted: ReportFilter, scope: Scope, of_calls: Keys = (), of_days: Keys = ()
) -> list[Sequence[Any]]:
    """Rows (*keys, who, *SUMS), several of each; the keys are named for calls and for kept sums."""
    loose, days = portions(tx, wanted)
    found: list[Sequence[Any]] = []
    for where in loose:
        found += tx.execute(summed(wanted, scope, [*where, *calls_sliced(wanted)], of_calls)).all()
    if days is not None:
        found += tx.execute(kept_sums(wanted, scope, days, of_days)).all()
    return found


def counts_of(sums: dict[str, int]) -> Counts:
    """The sums as the report's columns, lengths in seconds."""
    values: dict[str, Any] = {name: value for name, value in sums.items() if name in COUNTS}
    for name in SECONDS:
        values[name] = sums.get(name.replace("_seconds", "_ms"), 0) / MILLISECONDS
    return Counts(**values)


def portions(tx: Connection, wanted: ReportFilter) -> tuple[list[list[Condition]], Days | None]:
    """Which calls are to be counted themselves, and of which days the sums are kept."""
    span, zone = wanted.span, call_days.zone(tx)
    # The sums are kept by line: which region a call is of may change with its client.
    if zone is None or wanted.region_id is not None:
        return [within(span)], None
    parts = parts_of(span, zone)
    loose = [within(edge) for edge in parts.edges]
    if parts.days is not None:
        loose.append([*within(parts.days.span(zone)), NOT_COUNTED])
    return loose, parts.days


def mine(wanted: ReportFilter, scope: Scope, person_id: ColumnElement[int]) -> list[Condition]:
    """Conditions on a person: one the viewer sees, and the one it is about."""
    found = [people_in(scope, person_id)]
    if wanted.person_id is not None:
        found.append(person_id == wanted.person_id)
    return found


def is_company(wanted: ReportFilter, scope: Scope) -> bool:
    """Whether it is about everybody, so that nobody and the whole can be told."""
    return wanted.person_id is None and scope.reach is Reach.ALL


def summed(wanted: ReportFilter, scope: Scope, where: Sequence[Condition], keys: Keys = ()) -> Any:
    """SELECT of (*keys, who, *SUMS) from the calls themselves, in several rows each."""
    if is_company(wanted, scope):
        return call_sums.per_company(keys, where)
    return call_sums.per_person(keys, where, partial(mine, wanted, scope))


def kept_sums(wanted: ReportFilter, scope: Scope, days: Days, keys: Keys = ()) -> Select[Any]:
    """The same of whole days, from the kept sums; `keys` are columns of theirs."""
    names = [func.sum(kept.c[name]).label(name) for name in SUMS]
    query = select(*keys, kept.c.who, *names).where(kept.c.day >= days.first, kept.c.day <= days.last)
    query = query.where(*sums_sliced(kept.c.line, wanted))
    if not is_company(wanted, scope):
        query = query.where(*mine(wanted, scope, kept.c.who))
    return query.group_by(*keys, kept.c.who)


def sellers(
    tx: Connection, wanted: ReportFilter, scope: Scope, counted: Sequence[int]
) -> list[tuple[int, str]]:
    """Sellers of today by name; and whoever has figures, be it a head or somebody who left."""
    sells = (people.c.role == Role.SELLER) & people.c.is_active
    known = sells | people.c.id.in_(counted)
    query = select(people.c.id, people.c.name).where(known, *mine(wanted, scope, people.c.id))
    found = tx.execute(query.order_by(people.c.name, people.c.id))
    return [(person_id, name) for person_id, name in found]


def _whole(rows: tuple[SellerCounts, ...], sums: Sums, clients: Clients) -> Whole:
    nobody = replace(counts_of(sums.get(NOBODY, {})), clients=clients.per_person.get(NOBODY, 0))
    every = sums.get(EVERYBODY, {})
    added: dict[str, Any] = {
        name: sum(getattr(row.counts, name) for row in rows) + getattr(nobody, name) for name in SECONDS
    }
    total = replace(counts_of(every), clients=clients.in_all, **added)
    return Whole(nobody, total, every.get("incoming", 0), every.get("repeated", 0))
