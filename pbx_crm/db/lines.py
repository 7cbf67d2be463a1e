"""Lines and skip rules: what the company wants done with calls, by where they enter."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db import call_days, client_days
from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import calls, deals, line_sellers, lines, site_forms, skip_rules
from pbx_crm.db.upsert import insert_missing, insert_new
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.line import CreateAt, Line, MatchKind, MissedStep, OwnerPolicy, SkipKind, SkipRule
from pbx_crm.domain.sentence import N_

TAKEN = N_("There is a line for these calls already.")
RULE_TAKEN = N_("There is a rule of this name or for these calls already.")


# Read at every call: put together once.
SELLERS = select(line_sellers.c.line_id, line_sellers.c.person_id).order_by(line_sellers.c.person_id)
LINES = select(lines).order_by(lines.c.id)
SKIP_RULES = (
    select(skip_rules.c.name, skip_rules.c.kind, skip_rules.c.value)
    .where(skip_rules.c.is_active)
    .order_by(skip_rules.c.id)
)


def load(tx: Connection) -> list[Line]:
    """Every line with its sellers, in the order they were made. Two statements."""
    sellers = defaultdict(list)
    for line_id, person_id in fetch(tx, SELLERS):
        sellers[line_id].append(person_id)
    rows = (dict(zip(lines.columns.keys(), row, strict=True)) for row in fetch(tx, LINES))
    return [_line(row, tuple(sellers[row["id"]])) for row in rows]


def _line(values: dict[str, Any], seller_ids: tuple[int, ...]) -> Line:
    values["match_kind"] = MatchKind(values["match_kind"])
    values["create_at"] = CreateAt(values["create_at"])
    values["owner_policy"] = OwnerPolicy(values["owner_policy"])
    values["missed_policy"] = tuple(map(MissedStep, values["missed_policy"])) or tuple(MissedStep)
    return Line(**values, seller_ids=seller_ids)


def add(tx: Connection, line: Line) -> int:
    """The new line's id; BadInput if calls that enter so have a line already."""
    line_id = insert_new(tx, lines, _values(line))
    if line_id is None:
        raise BadInput(reasons={"match_value": TAKEN})
    _set_sellers(tx, line_id, line.seller_ids)
    return line_id


def change(tx: Connection, line: Line) -> None:
    """Writes the line's settings; NotFound for one that is not stored, BadInput as in `add`."""
    try:
        with tx.begin_nested():
            changed = tx.execute(update(lines).where(lines.c.id == line.id).values(**_values(line)))
    except IntegrityError as error:
        raise BadInput(reasons={"match_value": TAKEN}) from error
    if line.id is None or changed.rowcount != 1:
        raise NotFound(line_id=line.id)
    tx.execute(delete(line_sellers).where(line_sellers.c.line_id == line.id))
    _set_sellers(tx, line.id, line.seller_ids)


def _set_sellers(tx: Connection, line_id: int, seller_ids: tuple[int, ...]) -> None:
    insert_missing(
        tx, line_sellers, [{"line_id": line_id, "person_id": person_id} for person_id in seller_ids]
    )


def _values(line: Line) -> dict[str, Any]:
    names = ("pbx", "name", "match_kind", "match_value", "source", "region_id", "funnel_id", "create_at")
    more = ("create_outgoing", "owner_policy", "callback_minutes", "recording_days", "calendar_id")
    values: dict[str, Any] = {name: getattr(line, name) for name in (*names, *more)}
    return values | {"missed_policy": [step.value for step in line.missed_policy]}


def load_skip_rules(tx: Connection) -> list[SkipRule]:
    """The rules in force, in the order they were made. One statement."""
    return [SkipRule(name, SkipKind(kind), value) for name, kind, value in fetch(tx, SKIP_RULES)]


def skip_rules_by_id(tx: Connection) -> list[tuple[int, SkipRule]]:
    """Every rule with its id, in the order they were made. One statement."""
    columns = (skip_rules.c.id, skip_rules.c.name, skip_rules.c.kind, skip_rules.c.value)
    rows = tx.execute(select(*columns).order_by(skip_rules.c.id))
    return [(rule_id, SkipRule(name, SkipKind(kind), value)) for rule_id, name, kind, value in rows]


def drop(tx: Connection, line_id: int) -> None:
    """The line is gone; its calls and deals stay, and no longer name a line."""
    call_days.leave_line(tx, line_id)
    client_days.forget_line(tx, line_id)
    for table in (calls, deals, site_forms):
        tx.execute(update(table).where(table.c.line_id == line_id).values(line_id=None))
    tx.execute(delete(lines).where(lines.c.id == line_id))


def add_skip_rule(tx: Connection, rule: SkipRule) -> int:
    """The new rule's id; BadInput if there is one of this name or for the same calls."""
    values = {"name": rule.name, "kind": rule.kind, "value": rule.value, "is_active": True}
    rule_id = insert_new(tx, skip_rules, values)
    if rule_id is None:
        raise BadInput(reasons={"value": RULE_TAKEN})
    return rule_id


def drop_skip_rule(tx: Connection, rule_id: int) -> None:
    """The rule is gone; calls it skipped keep its name."""
    tx.execute(delete(skip_rules).where(skip_rules.c.id == rule_id))


def skip_number(tx: Connection, name: str, number: str) -> int | None:
    """The id of a rule that skips this number; None if one does already.

    Where the name is another rule's, the number itself is the name.
    """
    here = (skip_rules.c.kind == SkipKind.NUMBER, skip_rules.c.value == number)
    if tx.execute(select(skip_rules.c.id).where(*here)).first() is not None:
        return None
    is_taken = tx.execute(select(skip_rules.c.id).where(skip_rules.c.name == name)).first() is not None
    values = {"kind": SkipKind.NUMBER, "value": number, "is_active": True}
    return insert_new(tx, skip_rules, {"name": number if is_taken else name, **values})


def drop_skipped_number(tx: Connection, rule_id: int, number: str) -> bool:
    """Whether this rule skipped exactly this number, and is gone now."""
    here = (skip_rules.c.id == rule_id, skip_rules.c.kind == SkipKind.NUMBER, skip_rules.c.value == number)
    return tx.execute(delete(skip_rules).where(*here)).rowcount == 1
