"""A client erased for good, on both databases: no word or file of theirs is left, and figures stay."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from pbx_crm.app import build_services
from pbx_crm.db import call_days, deal_contacts, deal_files, deal_notes, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import (
    alerts,
    audit,
    calls,
    contacts,
    deal_events,
    deals,
    dials,
    import_refusals,
    imports,
    jobs,
    legs,
    metadata,
    note_drafts,
    stage_moves,
    stage_totals,
)
from pbx_crm.domain.call import LegKind, Outcome
from pbx_crm.domain.deal_file import DealFile
from pbx_crm.domain.erasure import Erased, OnThePhone, RecordingsLeft
from pbx_crm.domain.errors import NotAllowed, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.outside.file_store import FileStore
from pbx_crm.outside.recording_folder import RecordingFolder
from pbx_crm.outside.sox import Player
from pbx_crm.services.passwords import Passwords
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.turned_clock import TurnedClock

INSTALLATION = Installation("RU", "en", "Europe/Moscow", "EUR", ("main",))
NAME, NUMBER, OTHER_NUMBER = "Завулон Q", "+79051234567", "+79051230000"
FIGURES = NUMBER[1:]
DAY = Path("2026/11/21")
MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class Office:
    """A head, a seller, and a folder of recordings."""

    database: Database
    passwords: Passwords
    folder: Path
    anna: Person
    olga: Person
    funnel: Funnel
    player: Player = field(default_factory=lambda: Player(sox=""))

    def __post_init__(self) -> None:
        self.services = build_services(self.database, INSTALLATION, self.passwords, TurnedClock())
        self.services.clients.files.use(FileStore(self.folder / "files", 1_000_000))
        shelf = RecordingFolder(self.folder / "monitor", MOSCOW)
        self.services.office.recordings.offer({"main": shelf}, self.player)
        self.day.mkdir(parents=True)

    @property
    def day(self) -> Path:
        """Where the PBX keeps the recordings of the day."""
        return self.folder / "monitor" / DAY

    async def erase(self, contact_id: int, *, even_if_left: bool = False) -> Erased:
        """The head does it."""
        return await self.services.office.erasure.erase(self.olga, contact_id, even_if_left=even_if_left)

    async def call(self, contact_id: int | None, linkedid: str, **columns: Any) -> int:
        """A recorded call, its file on the disk."""

        def write(tx: Transaction) -> int:
            known = {
                "contact_id": contact_id,
                "e164": NUMBER,
                "external_number": FIGURES,
                "caller_name": NAME,
            }
            row = CallRows(tx, NOW, linkedid=linkedid, recorded=True, **{**known, **columns})
            made = row.ring(self.anna).answer(self.anna).end(60, Outcome.ANSWERED)
            outside = {"call_id": made.id, "uniqueid": linkedid, "endpoint": "PJSIP/trunk", "number": FIGURES}
            tx.execute(insert(legs).values(**outside, kind=LegKind.OUTSIDE, started_at=NOW))
            call_days.put_in(tx, [made.id])
            return made.id

        (self.day / f"in-600-{FIGURES}-20261121-120000-{linkedid}.wav").write_bytes(b"RIFF")
        return await self.database.write(write)

    async def everything(self) -> str:
        """Every row of every table as text, JSON as people read it."""

        def read(tx: Transaction) -> str:
            rows = (row for table in metadata.sorted_tables for row in tx.execute(table.select()))
            return json.dumps([list(row) for row in rows], ensure_ascii=False, default=str)

        return await self.database.read(read)


@pytest.fixture
async def office(database: Database, passwords: Passwords, tmp_path: Path) -> AsyncIterator[Office]:
    """On this database."""

    def people(tx: Transaction) -> tuple[Person, Person, Funnel]:
        call_days.choose_zone(tx, "Europe/Moscow")
        return builders.person(tx, "Anna"), builders.person(tx, "Olga", Role.HEAD), builders.funnel(tx)

    made = Office(database, passwords, tmp_path, *await database.write(people))
    yield made
    made.player.close()


@dataclass(frozen=True)
class Known:
    """A client of whom the program knows a lot."""

    contact_id: int
    deal_id: int
    call_id: int


@pytest.fixture
async def known(office: Office) -> Known:
    """Named in every place where a client can be."""
    contact_id, deal_id = await office.database.write(_a_client_with_a_deal, office)
    call_id = await office.call(contact_id, "17.1", deal_id=deal_id)
    await office.database.write(_named_everywhere, office, contact_id, deal_id)
    thrown = await office.database.write(_deal, office, contact_id)
    await office.services.clients.bin.throw_deal(office.olga, thrown, 1)
    assert NAME in await office.everything()
    return Known(contact_id, deal_id, call_id)


def _a_client_with_a_deal(tx: Transaction, office: Office) -> tuple[int, int]:
    contact_id = builders.contact(tx, NAME, NUMBER, OTHER_NUMBER)
    return contact_id, _deal(tx, office, contact_id)


def _deal(tx: Transaction, office: Office, contact_id: int) -> int:
    title = f"for {NAME}"
    deal_id = builders.deal(tx, office.funnel, office.anna, contact_id=contact_id, title=title, amount=500)
    deal_notes.add(tx, deal_id, office.anna.id, f"{NAME} has a dog", NOW)
    return deal_id


def _named_everywhere(tx: Transaction, office: Office, contact_id: int, deal_id: int) -> None:
    anna = office.anna.id
    draft = {"person_id": anna, "deal_id": deal_id, "text": f"{NAME} called", "saved_at": NOW}
    tx.execute(insert(note_drafts).values(**draft))
    deal_files.add(tx, DealFile(0, deal_id, f"{NAME}.pdf", 3, "a" * 64, anna, NOW))
    due = NOW + timedelta(days=1)
    tasks.add(tx, NewTask(TaskKind.CALL, anna, due, NOW, title=f"call {NAME}", deal_id=deal_id))
    tasks.add(tx, NewTask(TaskKind.CALL, anna, due, NOW, title=f"call {NAME}", contact_id=contact_id))
    details = {"name": NAME, "numbers": [NUMBER]}
    tx.execute(insert(deal_events).values(deal_id=deal_id, at=NOW, kind="x", details=details))
    skipped = {**details, "gate": {"found": [], "missing": [["New", "note"]], "skipped": "beware of a dog"}}
    tx.execute(update(stage_moves).values(reason=f"{NAME} said so", evidence=skipped))
    job = {"kind": "webhook", "key": "k", "due_at": NOW, "payload": {"said": f"{NUMBER} called"}}
    tx.execute(insert(jobs).values(**job))
    tx.execute(insert(alerts).values(kind="x", key="x", details=details, at=NOW))
    tx.execute(insert(alerts).values(kind="skip_number", key=NUMBER, details={}, at=NOW))
    import_id = tx.execute(
        insert(imports).values(name="list.csv", digest="b" * 64, at=NOW, state="done").returning(imports.c.id)
    ).scalar_one()
    refused = {"import_id": import_id, "row": 1, "cells": [NAME, NUMBER], "reason": "x"}
    tx.execute(insert(import_refusals).values(**refused))
    dial = {"person_id": anna, "request_key": "k", "pbx": "main", "extension": "101", "channel_id": "c"}
    tx.execute(insert(dials).values(**dial, number=NUMBER, at=NOW, state="done"))


async def test_no_word_and_no_file_is_left(office: Office, known: Known) -> None:
    done = await office.erase(known.contact_id)
    assert (done.calls, done.deals, done.recordings, done.left) == (1, 1, 1, ())
    left = await office.everything()
    for word in (NAME, FIGURES, OTHER_NUMBER[1:], "a dog"):
        assert word not in left
    assert os.listdir(office.day) == []


async def test_figures_stay_and_still_come_out(office: Office, known: Known) -> None:
    await office.erase(known.contact_id)

    def read(tx: Transaction) -> tuple[Any, ...]:
        deal = tx.execute(select(deals.c.amount, deals.c.contact_id).where(deals.c.id == known.deal_id)).one()
        call = tx.execute(select(calls.c.talk_seconds, calls.c.answered_id, calls.c.outcome)).one()
        totals = tx.execute(select(stage_totals.c.deals, stage_totals.c.amount)).all()
        return tuple(deal), call.answered_id, call.outcome, [tuple(row) for row in totals]

    deal, answered_by, outcome, totals = await office.database.read(read)
    assert deal == (500, None)
    assert (answered_by, outcome) == (office.anna.id, "answered")
    assert totals == [(1, 500)]
    assert await office.database.read(call_days.wrong_rows, NOW.astimezone(MOSCOW).date(), MOSCOW) == 0


async def test_it_is_written_down_who_did_it_and_of_nobody_who_it_was(office: Office, known: Known) -> None:
    await office.erase(known.contact_id)
    query = select(audit.c.person_id, audit.c.act, audit.c.target).order_by(audit.c.id)
    told = [tuple(row) for row in await office.database.read(lambda tx: tx.execute(query).all())]
    assert told[-2:] == [
        (office.olga.id, "recording deleted", f"call {known.call_id}"),
        (office.olga.id, "client erased", f"contact {known.contact_id}"),
    ]


async def test_a_deal_with_another_client_keeps_its_notes_and_that_client(office: Office) -> None:
    def make(tx: Transaction) -> tuple[int, int, int]:
        contact_id, deal_id = _a_client_with_a_deal(tx, office)
        other = builders.contact(tx, "Vector", "+79057777777")
        deal_contacts.add(tx, deal_id, other, "pays")
        return contact_id, deal_id, other

    contact_id, deal_id, other = await office.database.write(make)
    assert (await office.services.office.erasure.look(office.olga, contact_id)).shared_deals == (deal_id,)
    await office.erase(contact_id)
    notes = await office.database.read(deal_notes.of_deal, deal_id)
    assert [note.text for note in notes] == [f"{NAME} has a dog"]
    assert (await office.services.clients.contacts.view(office.olga, other)).card.name == "Vector"


async def test_a_recording_of_two_joined_clients_goes_with_either(office: Office) -> None:
    def two(tx: Transaction) -> tuple[int, int]:
        return builders.contact(tx, NAME, NUMBER), builders.contact(tx, "Vector", "+79057777777")

    first, second = await office.database.write(two)
    shared = f"in-600-{FIGURES}-20261121-120000-17.1.wav"
    await office.call(first, "17.1", recording_file=shared)
    other = await office.call(second, "18.1", e164="+79057777777", recording_file=shared)
    (office.day / f"in-600-{FIGURES}-20261121-120000-18.1.wav").unlink()
    await office.erase(first)
    assert os.listdir(office.day) == []
    query = select(calls.c.recorded, calls.c.contact_id).where(calls.c.id == other)
    assert tuple(await office.database.read(lambda tx: tx.execute(query).one())) == (False, second)


async def test_calls_of_the_number_before_it_was_a_client_go_too_and_others_stay(office: Office) -> None:
    contact_id = await office.database.write(builders.contact, NAME, NUMBER)
    await office.call(None, "17.1")
    await office.call(None, "18.1", e164="+79058888888", external_number="79058888888", caller_name="Orbita")
    assert (await office.erase(contact_id)).calls == 1
    assert "79058888888" in await office.everything()
    assert [name.endswith("-18.1.wav") for name in os.listdir(office.day)] == [True]


async def test_every_file_of_a_call_goes_in_every_format_and_of_every_leg(office: Office) -> None:
    contact_id = await office.database.write(builders.contact, NAME, NUMBER)
    await office.call(contact_id, "17.1")
    for name in ("q-17.1.mp3", "17.1.gsm"):
        (office.day / name).write_bytes(b"sound")
    (office.day / "q-117.1.mp3").write_bytes(b"of another call")
    assert (await office.erase(contact_id)).recordings == 3
    assert os.listdir(office.day) == ["q-117.1.mp3"]


async def test_what_was_made_playable_of_it_goes_too(office: Office, tmp_path: Path) -> None:
    sox = tmp_path / "sox"
    sox.write_text('#!/bin/sh\nfor last; do :; done\necho sound > "$last"\n')
    sox.chmod(0o755)
    player = Player(sox=str(sox))
    office.services.office.recordings.offer({}, player)
    contact_id = await office.database.write(builders.contact, NAME, NUMBER)
    call = await office.call(contact_id, "17.1")
    (file,) = office.day.iterdir()
    file.rename(file.with_suffix(".gsm"))
    made = await office.services.office.recordings.play(office.olga, call, "127.0.0.1")
    assert made.path.exists()
    await office.erase(contact_id)
    assert not made.path.exists()
    player.close()


async def test_no_name_leads_out_of_the_folder(office: Office, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"of somebody else")
    contact_id = await office.database.write(builders.contact, NAME, NUMBER)
    for number, told in enumerate(("../../../../secret.wav", "/etc/passwd", "link.wav")):
        linkedid = f"{number}.5"
        await office.call(contact_id, linkedid, recording_file=told)
        (office.day / f"in-600-{FIGURES}-20261121-120000-{linkedid}.wav").unlink()
        (office.day / f"{linkedid}.wav").symlink_to(secret)
    (office.day / "link.wav").symlink_to(secret)
    assert (await office.erase(contact_id)).recordings == 0
    assert secret.read_bytes() == b"of somebody else"


async def test_a_file_that_cannot_be_deleted_is_named_and_the_client_stays(
    office: Office, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "unlink", _read_only)
    with pytest.raises(RecordingsLeft) as refused:
        await office.erase(known.contact_id)
    (left,) = refused.value.left
    assert (left.call_id, Path(left.place).parent) == (known.call_id, office.day)
    assert str(left.why) == "the system refuses: Read-only file system"
    assert NAME in await office.everything()
    done = await office.erase(known.contact_id, even_if_left=True)
    assert done.left == (left,)
    assert FIGURES not in await office.everything(), "the file's name is told once and kept nowhere"


_unlink = Path.unlink


def _read_only(self: Path, missing_ok: bool = False) -> None:
    if "monitor" in self.parts:
        raise OSError(30, "Read-only file system")
    _unlink(self, missing_ok=missing_ok)


async def test_a_folder_that_is_away_is_not_taken_for_deleted_files(office: Office, known: Known) -> None:
    (office.folder / "monitor").rename(office.folder / "away")
    with pytest.raises(RecordingsLeft) as refused:
        await office.erase(known.contact_id)
    assert [str(one.why) for one in refused.value.left] == ["the folder of recordings of main cannot be seen"]


async def test_recordings_out_of_our_reach_are_said(office: Office) -> None:
    contact_id = await office.database.write(builders.contact, NAME, NUMBER)
    await office.call(contact_id, "17.1", pbx="branch")
    with pytest.raises(RecordingsLeft) as refused:
        await office.erase(contact_id)
    assert "no folder of recordings of branch" in str(refused.value.left[0].why)


async def test_nobody_is_erased_while_they_talk(office: Office) -> None:
    def ringing(tx: Transaction) -> int:
        contact_id = builders.contact(tx, NAME, NUMBER)
        CallRows(tx, NOW, contact_id=contact_id).ring(office.anna)
        return contact_id

    contact_id = await office.database.write(ringing)
    with pytest.raises(OnThePhone):
        await office.erase(contact_id)


async def test_only_a_head_erases_and_only_whoever_is_there(office: Office, known: Known) -> None:
    with pytest.raises(NotAllowed):
        await office.services.office.erasure.erase(office.anna, known.contact_id, even_if_left=True)
    assert os.listdir(office.day) != []
    with pytest.raises(NotFound):
        await office.erase(999_999)
    await office.erase(known.contact_id)
    with pytest.raises(NotFound):
        await office.erase(known.contact_id)


async def test_who_calls_again_is_a_new_client(office: Office, known: Known) -> None:
    await office.erase(known.contact_id)
    again = await office.database.write(builders.contact, "", NUMBER)
    assert again != known.contact_id


def test_whatever_points_at_a_client_lets_go_or_goes_along() -> None:
    """A new table that did neither would keep a client from being erased."""
    pointing = [
        key for table in metadata.sorted_tables for key in table.foreign_keys if key.column.table is contacts
    ]
    assert pointing
    assert all(key.parent.nullable or key.ondelete == "CASCADE" for key in pointing)
