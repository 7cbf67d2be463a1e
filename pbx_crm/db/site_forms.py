"""Forms on the company's site, and their requests, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db.tables import site_forms, site_requests
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.site_request import SiteForm, SiteRequest

TAKEN = N_("There is a form of this name already.")
COLUMNS = ("id", "name", "token", "line_id", "origins", "is_active")
ALL = select(*(site_forms.c[name] for name in COLUMNS)).order_by(site_forms.c.name)


def everything(tx: Connection) -> list[SiteForm]:
    """All forms by name. One statement."""
    return [_form(dict(row)) for row in tx.execute(ALL).mappings()]


def get(tx: Connection, form_id: int) -> SiteForm:
    """The form; NotFound."""
    row = tx.execute(ALL.where(site_forms.c.id == form_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(form_id=form_id)
    return _form(dict(row))


def by_token(tx: Connection, token: str) -> SiteForm:
    """The form that is switched on and has this token; NotFound."""
    query = ALL.where(site_forms.c.token == token, site_forms.c.is_active)
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _form(dict(row))


def _form(row: Mapping[str, Any]) -> SiteForm:
    return SiteForm(**{**row, "origins": tuple(row["origins"])})


def add(tx: Connection, new: SiteForm, now: datetime) -> int:
    """The new form's id; BadInput for a name that is taken."""
    form_id = insert_new(tx, site_forms, {**_values(new), "token": new.token, "created_at": now})
    if form_id is None:
        raise BadInput(reasons={"name": TAKEN})
    return form_id


def change(tx: Connection, form: SiteForm) -> None:
    """Writes the form but for its token; NotFound, BadInput as in `add`."""
    try:
        with tx.begin_nested():
            changed = tx.execute(update(site_forms).where(site_forms.c.id == form.id).values(**_values(form)))
    except IntegrityError as error:
        raise BadInput(reasons={"name": TAKEN}) from error
    if changed.rowcount != 1:
        raise NotFound(form_id=form.id)


def _values(form: SiteForm) -> dict[str, Any]:
    origins = list(form.origins)
    return {"name": form.name, "line_id": form.line_id, "origins": origins, "is_active": form.is_active}


def drop(tx: Connection, form_id: int) -> None:
    """The form is gone; the cards its requests made stay."""
    tx.execute(delete(site_forms).where(site_forms.c.id == form_id))


def count_since(tx: Connection, form_id: int, moment: datetime, address: str) -> tuple[int, int]:
    """How many requests of the form came since then: of this address, and of all. One statement."""
    table = site_requests.c
    mine = func.count().filter(table.address == address)
    row = tx.execute(select(mine, func.count()).where(table.form_id == form_id, table.at > moment)).one()
    return row[0], row[1]


def add_request(tx: Connection, form_id: int, new: SiteRequest, at: datetime) -> int | None:
    """The new request's id; None if it was sent before."""
    row = {"form_id": form_id, "at": at, "address": new.address, "question": new.question, "page": new.page}
    return insert_new(
        tx, site_requests, {**row, "marks": dict(new.marks), "request_key": f"{form_id}:{new.key}"}
    )


def link(tx: Connection, request_id: int, deal_id: int) -> None:
    """The request belongs to this card."""
    tx.execute(update(site_requests).where(site_requests.c.id == request_id).values(deal_id=deal_id))
