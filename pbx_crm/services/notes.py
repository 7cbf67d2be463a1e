"""Notes on deals: what somebody has begun to write, and what they change afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from pbx_crm.db import bin, deal_notes, deal_tags, deals, note_drafts
from pbx_crm.db.bin import Thrown
from pbx_crm.db.deal_notes import Note
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.deal_edit import NoteChanged
from pbx_crm.domain.errors import BadInput, NotAllowed
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.services.ground import Ground

LONGEST_NOTE = 5000
# A draft sent just before the note was added may arrive just after it.
STRAGGLER = timedelta(minutes=1)


def check_note(text: str) -> None:
    """BadInput if it is nothing or far too much."""
    if not 0 < len(text) <= LONGEST_NOTE:
        raise BadInput(reasons={"text": N_("A note is 1 to 5000 characters.")})


def may_change_note(viewer: Person, author_id: int | None) -> bool:
    """Whether this person may change or delete what that one wrote."""
    return viewer.role is Role.HEAD or viewer.id == author_id


class Notes:
    """Every method is one transaction; the deal's card is told afterwards."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def of_deal(self, viewer: Person, deal_id: int) -> list[Note]:
        """The deal's newest notes, newest first; NotFound outside the viewer's scope."""
        return await self._ground.database.read(_of_deal, viewer, deal_id)

    async def tags(self, viewer: Person, deal_id: int) -> tuple[str, ...]:
        """The deal's tags by the alphabet; NotFound outside the viewer's scope."""
        return await self._ground.database.read(_tags, viewer, deal_id)

    async def save_draft(self, viewer: Person, deal_id: int, text: str, seen: str) -> None:
        """Keeps what was begun, for this person on any device; an empty one forgets it.

        NoteChanged if the draft is neither `seen`, as it was when this writing began, nor part of the text.
        """
        now = self._ground.clock()
        await self._ground.database.write(_save_draft, viewer, deal_id, text[:LONGEST_NOTE], seen, now)

    async def change(self, viewer: Person, deal_id: int, note_id: int, text: str, seen: str) -> None:
        """The note says this now; NoteChanged unless `seen` is the text it had, BadInput, NotAllowed."""
        check_note(text)
        now = self._ground.clock()
        self._tell(await self._ground.database.write(_change, viewer, deal_id, note_id, text, seen, now))

    async def delete(self, viewer: Person, deal_id: int, note_id: int) -> int:
        """The item in the bin that brings the note back."""
        now = self._ground.clock()
        deal, item_id = await self._ground.database.write(_delete, viewer, deal_id, note_id, now)
        self._tell(deal)
        return item_id

    def _tell(self, deal: Deal) -> None:
        self._ground.live.tell({f"deal-{deal.id}"}, {deal.owner_id})


def _of_deal(tx: Transaction, viewer: Person, deal_id: int) -> list[Note]:
    deals.get(tx, deal_id, viewer.scope)
    return deal_notes.of_deal(tx, deal_id)


def _tags(tx: Transaction, viewer: Person, deal_id: int) -> tuple[str, ...]:
    deals.get(tx, deal_id, viewer.scope)
    return deal_tags.of_deal(tx, deal_id)


def _save_draft(tx: Transaction, viewer: Person, deal_id: int, text: str, seen: str, now: datetime) -> None:
    deals.get(tx, deal_id, viewer.scope)
    added = (note for note in deal_notes.of_deal(tx, deal_id) if note.author_id == viewer.id)
    last = next(added, None)
    if last is not None and last.text == text.strip() and now - last.at < STRAGGLER:
        return
    kept = note_drafts.of(tx, viewer.id, deal_id)
    if kept != _plain(seen) and not text.startswith(kept):
        raise NoteChanged(deal_id=deal_id)
    note_drafts.save(tx, viewer.id, deal_id, text, now)


def _change(
    tx: Transaction, viewer: Person, deal_id: int, note_id: int, text: str, seen: str, now: datetime
) -> Deal:
    deal, note = _own(tx, viewer, deal_id, note_id)
    if _plain(note.text) not in (_plain(seen), text):
        raise NoteChanged(note_id=note_id, text=note.text)
    if note.text != text:
        deal_notes.rewrite(tx, note, text, now)
    return deal


def _plain(text: str) -> str:
    # As a form sends it back: without the spaces a caller's popup or a script left at the ends of lines.
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _delete(tx: Transaction, viewer: Person, deal_id: int, note_id: int, now: datetime) -> tuple[Deal, int]:
    deal, note = _own(tx, viewer, deal_id, note_id)
    thrown = Thrown(BinKind.NOTE, deal_id, " ".join(note.text.split()), deal.owner_id, viewer.id, now)
    return deal, bin.put(tx, thrown, deal_notes.take_out(tx, note))


def _own(tx: Transaction, viewer: Person, deal_id: int, note_id: int) -> tuple[Deal, Note]:
    deal = deals.get(tx, deal_id, viewer.scope)
    note = deal_notes.lock(tx, deal_id, note_id)
    if not may_change_note(viewer, note.author_id):
        raise NotAllowed(N_("Only its author and the head change a note."))
    return deal, note
