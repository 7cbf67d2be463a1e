"""Clients: found, looked at, changed, and merged where one was written down twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pbx_crm.db import (
    audit,
    bin,
    call_log,
    clients,
    companies,
    contact_edits,
    contact_merge,
    contact_pages,
    contacts,
    import_writes,
    people,
)
from pbx_crm.db.bin import Thrown
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.call_log import CallRow
from pbx_crm.domain.contact import ContactCard, ContactFields, ContactLine, plain_name
from pbx_crm.domain.deal_edit import Texts, merged
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.person import Person, Reach, Role
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import NOWHERE, Place
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.sought import Sought, sought
from pbx_crm.services.ground import Ground
from pbx_crm.services.regions import place_of_number, places_of_clients, require_region

PAGE = 50
CALLS_SHOWN = 20
LOOKED_THROUGH = 20_000
"""Names compared when duplicates are looked for."""
MOST_PROPOSED = 50
MERGED_FIELDS = frozenset({"name", "city", "company", "do_not_call", "region_id"})
"""What a merge settles, and undoing it puts back."""
LONGEST_TEXT, LONGEST_CITY, LONGEST_LABEL = 200, 100, 40


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """A page of clients."""

    lines: tuple[ContactLine, ...]
    next_before: int | None
    owner_name: str = ""
    """Of an exact number that is another seller's client: that seller, and nothing more."""


@dataclass(frozen=True, slots=True)
class ContactView:
    """A client's page."""

    card: ContactCard
    calls: tuple[CallRow, ...]
    """The latest, as far as the viewer sees them."""
    place: Place | None = None
    """Where they are, by hand or by their numbers."""
    places: Mapping[str, Place | None] = field(default_factory=dict)
    """What each number tells by itself."""


class Contacts:
    """A seller finds and changes the clients of own deals, the head all of them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._plan = NumberPlan(ground.installation.region)

    async def found(self, viewer: Person, text: str, before: int | None = None) -> FoundContacts:
        """Clients by a name, a company, a city or any part of a number; the newest first."""
        return await self._ground.database.read(_found, viewer, self._sought(text), before)

    async def others(self, viewer: Person, contact_id: int, text: str) -> FoundContacts:
        """The same but for this client: whom they may be merged with; nobody for an empty text.

        NotFound unless the viewer sees the client.
        """
        return await self._ground.database.read(_others, viewer, contact_id, self._sought(text))

    def _sought(self, text: str) -> Sought:
        return sought(text, self._plan, LONGEST_TEXT)

    async def view(self, viewer: Person, contact_id: int) -> ContactView:
        """The client's page; NotFound outside the viewer's scope."""
        return await self._ground.database.read(_view, viewer, contact_id)

    async def change(self, viewer: Person, contact_id: int, fields: ContactFields, seen: Texts) -> None:
        """Writes the fields; FieldsClash where somebody else changed the same since `seen`, BadInput."""
        _check(fields)
        now = self._ground.clock()
        await self._ground.database.write(_change, viewer, contact_id, fields, seen, now)

    async def add_number(self, viewer: Person, contact_id: int, text: str, label: str) -> None:
        """One more number; BadInput for what is none, or somebody else's."""
        number = self._plan.e164(text)
        if number is None:
            raise BadInput(reasons={"number": N_("This is not a telephone number.")})
        write = self._ground.database.write
        await write(_add_number, viewer, contact_id, number, label[:LONGEST_LABEL])

    async def drop_number(self, viewer: Person, contact_id: int, number_id: int) -> None:
        """The client has this number no more."""
        await self._ground.database.write(_drop_number, viewer, contact_id, number_id)

    async def perhaps_same(self, viewer: Person) -> list[tuple[ContactLine, ...]]:
        """Groups of clients with one name, however it is spelled; the newest first."""
        return await self._ground.database.read(_perhaps_same, viewer)

    async def note_export(self, actor: Person) -> None:
        """Notes in the audit who took all clients along."""
        await self._ground.database.write(audit.note, self._ground.clock(), actor.id, "contacts exported")

    async def merge(self, viewer: Person, keep_id: int, gone_id: int, fields: ContactFields) -> int:
        """The item in the bin that tells the two apart again; NotFound unless the viewer sees both."""
        _check(fields)
        now = self._ground.clock()
        return await self._ground.database.write(_merge, viewer, keep_id, gone_id, fields, now)


def _check(fields: ContactFields) -> None:
    reasons = {}
    if len(fields.name) > LONGEST_TEXT:
        reasons["name"] = N_("At most 200 characters.")
    if len(fields.company) > LONGEST_TEXT:
        reasons["company"] = N_("At most 200 characters.")
    if len(fields.city) > LONGEST_CITY:
        reasons["city"] = N_("At most 100 characters.")
    if reasons:
        raise BadInput(reasons=reasons)


def _found(tx: Transaction, viewer: Person, wanted: Sought, before: int | None) -> FoundContacts:
    lines = contact_pages.found(tx, wanted.text, wanted.figures, viewer.scope, before, PAGE + 1)
    goes_on = lines[PAGE - 1].id if len(lines) > PAGE else None
    owner = ""
    if wanted.number is not None and (contact_id := contacts.by_number(tx, wanted.number)) is not None:
        owner = clients.behind(tx, [contact_id], viewer.scope)[contact_id].owner_name or ""
    return FoundContacts(tuple(lines[:PAGE]), goes_on, owner)


def _others(tx: Transaction, viewer: Person, contact_id: int, wanted: Sought) -> FoundContacts:
    if not contact_pages.some(tx, [contact_id], viewer.scope):
        raise NotFound(contact_id=contact_id)
    if not wanted.text:
        return FoundContacts((), None)
    found = _found(tx, viewer, wanted, None)
    return replace(found, lines=tuple(line for line in found.lines if line.id != contact_id))


def _view(tx: Transaction, viewer: Person, contact_id: int) -> ContactView:
    card = contact_pages.card(tx, contact_id, viewer.scope)
    calls = call_log.of_contact(tx, contact_id, viewer.scope, CALLS_SHOWN)
    numbers = [one.number for one in card.numbers]
    place = places_of_clients(tx, {contact_id: numbers})[contact_id]
    places = {number: place_of_number(tx, number) for number in numbers}
    return ContactView(card, tuple(calls), place, places)


def texts_of(card: ContactCard) -> dict[str, str]:
    """The client's fields as the form shows them."""
    return {
        "name": card.name.strip(),
        "company": card.company.strip(),
        "city": card.city.strip(),
        "do_not_call": "yes" if card.do_not_call else "",
        "responsible_id": str(card.responsible_id or ""),
        "region_id": str(card.region_id or ""),
    }


def _change(
    tx: Transaction, viewer: Person, contact_id: int, fields: ContactFields, seen: Texts, now: datetime
) -> None:
    contact_edits.lock(tx, contact_id, viewer.scope)
    stored = texts_of(contact_pages.card(tx, contact_id, viewer.scope))
    typed = _typed(fields, viewer)
    names = {one.name for one in merged({**stored, **seen}, typed, stored)}
    values = _values(tx, fields, names, now)
    contact_edits.change(tx, contact_id, values)
    if values:
        import_writes.keep(tx, contact_id)
    if "do_not_call" in values:
        audit.note(tx, now, viewer.id, f"do not call: {fields.do_not_call}", f"contact {contact_id}")


def _typed(fields: ContactFields, viewer: Person) -> dict[str, str]:
    typed = {
        "name": fields.name,
        "company": fields.company,
        "city": fields.city,
        "do_not_call": "yes" if fields.do_not_call else "",
    }
    if fields.region_id is not None:
        typed["region_id"] = str(fields.region_id or "")
    if viewer.scope.reach is Reach.ALL and fields.responsible_id is not None:
        typed["responsible_id"] = str(fields.responsible_id)
    return typed


def _values(tx: Transaction, fields: ContactFields, names: Set[str], now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(fields, name) for name in ("name", "city", "do_not_call") if name in names
    }
    if "company" in names:
        values["company_id"] = companies.named(tx, fields.company, now) if fields.company else None
    if "region_id" in names and fields.region_id is not None:
        values["region_id"] = fields.region_id or None
        require_region(tx, values["region_id"])
    if "responsible_id" in names and fields.responsible_id is not None:
        person = people.get(tx, fields.responsible_id)
        if not person.is_active or person.role is Role.NONE:
            raise BadInput(reasons={"responsible_id": N_("This person does not work with clients.")})
        values["responsible_id"] = person.id
    return values


def _add_number(tx: Transaction, viewer: Person, contact_id: int, number: str, label: str) -> None:
    contact_edits.lock(tx, contact_id, viewer.scope)
    if contact_edits.add_number(tx, contact_id, number, label):
        import_writes.keep(tx, contact_id)
        return
    other_id = contacts.by_number(tx, number)
    if other_id is None or other_id == contact_id:
        return
    client = clients.behind(tx, [other_id], viewer.scope)[other_id]
    if client.is_foreign:
        raise BadInput(reasons={"number": N_("This is a client of %(owner)s.")}, owner=client.owner_name)
    said = N_("This is the number of %(name)s: merge the two if they are one.")
    raise BadInput(reasons={"number": said}, name=client.name or number, contact_id=other_id)


def _drop_number(tx: Transaction, viewer: Person, contact_id: int, number_id: int) -> None:
    contact_edits.lock(tx, contact_id, viewer.scope)
    contact_edits.drop_number(tx, contact_id, number_id)
    import_writes.keep(tx, contact_id)


def _perhaps_same(tx: Transaction, viewer: Person) -> list[tuple[ContactLine, ...]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for contact_id, name in contact_pages.names(tx, viewer.scope, LOOKED_THROUGH):
        groups[plain_name(name)].append(contact_id)
    several = [ids for name, ids in groups.items() if name and len(ids) > 1][:MOST_PROPOSED]
    wanted = [contact_id for ids in several for contact_id in ids]
    by_id = {line.id: line for line in contact_pages.some(tx, wanted, viewer.scope)}
    return [tuple(by_id[contact_id] for contact_id in sorted(ids)) for ids in several]


def _merge(
    tx: Transaction, viewer: Person, keep_id: int, gone_id: int, fields: ContactFields, now: datetime
) -> int:
    for contact_id in sorted((keep_id, gone_id)):
        contact_edits.lock(tx, contact_id, viewer.scope)
    if keep_id == gone_id:
        raise BadInput(reasons={"with": N_("These are one and the same.")})
    before, gone = (contact_pages.card(tx, one, viewer.scope) for one in (keep_id, gone_id))
    cutting = contact_merge.merge(tx, keep_id, gone_id)
    wish = replace(
        fields,
        do_not_call=before.do_not_call or gone.do_not_call,
        responsible_id=None,
        region_id=before.region_id or gone.region_id or NOWHERE,
    )
    contact_edits.change(tx, keep_id, _values(tx, wish, MERGED_FIELDS, now))
    cutting["kept"], cutting["merged"] = texts_of(before), _texts(tx, keep_id, viewer)
    thrown = Thrown(BinKind.MERGE, keep_id, gone.name or _number(gone), gone.responsible_id, viewer.id, now)
    audit.note(tx, now, viewer.id, "contacts merged", f"{gone_id} into {keep_id}")
    return bin.put(tx, thrown, cutting)


def _number(card: ContactCard) -> str:
    return card.numbers[0].number if card.numbers else ""


def tell_apart(tx: Transaction, viewer: Person, cutting: dict[str, Any], now: datetime) -> None:
    """Two clients again, the first as it was before but for what was written since.

    Whoever asked since not to be called may be either: nobody calls the two. NotFound if the viewer does not
    see the first any more.
    """
    keep_id, kept = cutting["keep"], cutting["kept"]
    contact_edits.lock(tx, keep_id, viewer.scope)
    stored = _texts(tx, keep_id, viewer)
    # What went into the bin before this was kept is put back whole.
    merged_texts = cutting.get("merged", stored)
    contact_merge.tell_apart(tx, cutting)
    fields = ContactFields(
        kept["name"],
        kept["company"],
        kept["city"],
        bool(kept["do_not_call"]),
        # What went into the bin before there were regions says nothing of one.
        region_id=int(kept.get("region_id") or NOWHERE),
    )
    untouched = {name for name in MERGED_FIELDS if stored[name] == merged_texts[name]}
    contact_edits.change(tx, keep_id, _values(tx, fields, untouched, now))
    if stored["do_not_call"] and "do_not_call" not in untouched:
        contact_edits.change(tx, cutting["gone"], {"do_not_call": True})


def _texts(tx: Transaction, contact_id: int, viewer: Person) -> dict[str, str]:
    return texts_of(contact_pages.card(tx, contact_id, viewer.scope))
