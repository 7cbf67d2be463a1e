"""Two people at one form: what each changed, what may stand together, and what somebody must decide.

A form names what it showed before anybody typed (`seen`). A field the writer left alone keeps what
somebody else has put there meanwhile; a field both changed differently is a clash, and the second writer
is told who made it what, with everything they typed still before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.sentence import N_

FIELD_NAMES = {
    "client_name": N_("Client"),
    "company": N_("Company"),
    "title": N_("What it is about"),
    "source": N_("Source"),
    "amount": N_("Amount"),
    "priority": N_("Priority"),
    "expected_close": N_("Expected to close"),
    "tags": N_("Tags"),
}
"""Every field of the form, in its order, and what people call it."""
LABELS = {
    **FIELD_NAMES,
    "name": N_("Name"),
    "city": N_("City"),
    "region_id": N_("Region"),
    "responsible_id": N_("Responsible"),
    "do_not_call": N_("Do not call"),
}
"""The same with a client's own fields."""
MOST_TAGS = 20
LONGEST_TAG = 40
Texts = Mapping[str, str]
"""Fields as text, so that any two can be compared."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a field was and what it is now."""

    name: str
    was: str
    now: str

    @property
    def label(self) -> str:
        """What people call the field: a message id."""
        return LABELS.get(self.name, self.name)


class FieldsClash(Conflict):
    """Somebody else changed the same a moment ago. What you typed is still here; save again to keep it."""

    def __init__(self, changes: tuple[FieldChange, ...], who: str = "", **details: object) -> None:
        super().__init__(None, **details)
        self.changes = changes
        """What somebody else made of the fields in question."""
        self.who = who


class NoteChanged(Conflict):
    """Somebody else changed this note a moment ago. What you typed is still here; save again to keep it."""


def merged(seen: Texts, typed: Texts, stored: Texts) -> tuple[FieldChange, ...]:
    """What this writer changes, beside what others changed meanwhile; FieldsClash if both meant one field."""
    mine = [name for name in LABELS if name in typed and typed[name] != seen.get(name, typed[name])]
    clash = [name for name in mine if stored[name] != seen[name] and stored[name] != typed[name]]
    if clash:
        raise FieldsClash(tuple(FieldChange(name, seen[name], stored[name]) for name in clash))
    return tuple(FieldChange(name, stored[name], typed[name]) for name in mine if typed[name] != stored[name])


def differences(stored: Texts, typed: Texts) -> tuple[FieldChange, ...]:
    """Every field that is to be another one."""
    return merged(stored, typed, stored)


def tags_in(text: str) -> tuple[str, ...]:
    """`fibre, vip` as somebody types it: each tag once, in its order; what is only spaces is none."""
    found = (" ".join(part.split()) for part in text.replace("،", ",").replace(";", ",").split(","))
    unique = {tag.casefold(): tag for tag in found if tag}
    return tuple(unique.values())


def tags_written(tags: tuple[str, ...]) -> str:
    """The tags as they stand in the form."""
    return ", ".join(tags)
