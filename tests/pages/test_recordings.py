"""Listening to a call: found by what the PBX told, sought in, written down, and never anything but it."""

from __future__ import annotations

import asyncio
import math
import os
import struct
import wave
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select, update
from structlog.testing import capture_logs

from pbx_crm.db import lines
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import audit, calls
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.line import Line
from pbx_crm.domain.person import Person
from pbx_crm.domain.recording import RecordedCall
from pbx_crm.domain.session import SessionKind
from pbx_crm.outside.recording_folder import RecordingFolder
from pbx_crm.outside.sox import Player
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.parts.scripted_ami import until
from tests.site import Crm

MOSCOW = ZoneInfo("Europe/Moscow")
LINKEDID = "1795284613.77"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the PBX keeps of the day, and beside it a file that is nobody's business."""
    day = tmp_path / "monitor" / "2026" / "11" / "21"
    day.mkdir(parents=True)
    (tmp_path / "secret.wav").write_bytes(b"RIFF of somebody else")
    return day


@pytest.fixture
def office(crm: Crm, tmp_path: Path, folder: Path) -> Iterator[Crm]:
    """The site of a company whose PBX records."""
    shelf, player = RecordingFolder(tmp_path / "monitor", MOSCOW), Player(sox="")
    crm.services.office.recordings.offer({"main": shelf}, player)
    yield crm
    player.close()


def tone(path: Path, seconds: float = 0.5) -> bytes:
    """A tone as Asterisk records it: 8 kHz, 16 bits."""
    samples = (int(9000 * math.sin(n / 5)) for n in range(int(8000 * seconds)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path.read_bytes()


def gsm_in_wav(path: Path) -> None:
    """The head of what Asterisk calls wav49."""
    head = b"RIFF" + (100).to_bytes(4, "little") + b"WAVEfmt " + (20).to_bytes(4, "little")
    path.write_bytes(head + (0x31).to_bytes(2, "little") + bytes(78))


async def talk(crm: Crm, seller: Person, file: str | None = None, linkedid: str = LINKEDID) -> int:
    """A recorded call of this seller's own client."""

    def make(tx: Transaction) -> int:
        funnel = builders.funnel(tx)
        client = builders.contact(tx, "Vector", "+79051234567")
        deal = builders.deal(tx, funnel, seller, contact_id=client)
        row = CallRows(tx, NOW, linkedid=linkedid, recorded=True, recording_file=file, deal_id=deal)
        return row.ring(seller).answer(seller).end(60, Outcome.ANSWERED).id

    return await crm.database.write(make)


async def ask(crm: Crm, who: Person, path: str, **headers: str) -> ClientResponse:
    browser = await crm.browser(who)
    return await browser.get(path, headers=headers)


async def heard(crm: Crm) -> list[tuple[int | None, str, str]]:
    query = select(audit.c.person_id, audit.c.act, audit.c.target).where(audit.c.act.like("recording%"))
    return [tuple(row) for row in await crm.database.read(lambda tx: tx.execute(query).all())]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("/var/spool/asterisk/monitor/2026/11/21/in-600-7905.wav", "in-600-7905.wav"),
        ("in-600-7905.wav", "in-600-7905.wav"),
        ("in-600-7905.wav", "in-600-7905.WAV"),
        (None, f"in-600-79051234567-20261121-120000-{LINKEDID}.wav"),
        ("gone-to-another-name.wav", f"{LINKEDID}.wav"),
    ],
)
async def test_a_seller_listens_to_a_call_of_their_own_client(
    office: Crm, folder: Path, told: str | None, kept: str
) -> None:
    sound = tone(folder / kept)
    call = await talk(office, office.cast.anna, told)
    answer = await ask(office, office.cast.anna, f"/calls/{call}/recording")
    assert (answer.status, answer.content_type) == (200, "audio/wav")
    assert await answer.read() == sound
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=0-", slice(0, None)), ("bytes=100-199", slice(100, 200)), ("bytes=-50", slice(-50, None))],
)
async def test_a_browser_seeks_in_it(office: Crm, folder: Path, wanted: str, part: slice) -> None:
    sound = tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    answer = await ask(office, office.cast.anna, f"/calls/{call}/recording", Range=wanted)
    assert answer.status == 206
    assert await answer.read() == sound[part]
    begins, ends, _ = part.indices(len(sound))
    assert answer.headers["Content-Range"] == f"bytes {begins}-{ends - 1}/{len(sound)}"


@pytest.mark.parametrize("wanted", ["bytes=999999999-", "bytes=9-1", "pages=1-2", "bytes=a-b"])
async def test_a_part_that_is_not_there_is_refused(office: Crm, folder: Path, wanted: str) -> None:
    tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    assert (await ask(office, office.cast.anna, f"/calls/{call}/recording", Range=wanted)).status == 416


async def test_who_hangs_up_to_seek_elsewhere_leaves_no_fault_behind(office: Crm, folder: Path) -> None:
    file, name = folder / f"{LINKEDID}.wav", b"pbx_crm_session="
    tone(file)
    os.truncate(file, 64_000_000)
    call = await talk(office, office.cast.anna)
    session = name + (await office.token(office.cast.anna, SessionKind.WEB)).encode()
    reader, writer = await asyncio.open_connection(office.server.host, office.server.port)
    with capture_logs() as told:
        writer.write(b"GET /calls/%d/recording HTTP/1.1\r\nHost: crm\r\nCookie: %b\r\n\r\n" % (call, session))
        assert b"200" in await reader.readline()
        assert is_open(file)
        writer.transport.abort()
        await until(lambda: not is_open(file))
        assert (await ask(office, office.cast.anna, "/me")).status == 200
    assert told == []


def is_open(file: Path) -> bool:
    """Whether this process holds the file."""
    return any(os.path.realpath(held) == str(file) for held in Path("/proc/self/fd").iterdir())


async def test_every_listening_is_written_down_once(office: Crm, folder: Path) -> None:
    tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    anna, olga, path = office.cast.anna, office.cast.olga, f"/calls/{call}/recording"
    await ask(office, anna, path, Range="bytes=500-")
    await ask(office, anna, path, Range="bytes=0-99")
    await ask(office, olga, path)
    played = "recording played"
    assert await heard(office) == [(anna.id, played, f"call {call}"), (olga.id, played, f"call {call}")]
    office.clock.go_on(timedelta(minutes=11))
    await ask(office, anna, path)
    assert len(await heard(office)) == 3


async def test_another_seller_does_not_hear_it_nor_learns_that_it_is_there(office: Crm, folder: Path) -> None:
    tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    foreign = await ask(office, office.cast.boris, f"/calls/{call}/recording")
    absent = await ask(office, office.cast.boris, "/calls/999999/recording")
    assert foreign.status == absent.status == 404
    assert await foreign.text() == await absent.text()
    assert await heard(office) == []


async def test_the_file_itself_is_for_heads(office: Crm, folder: Path) -> None:
    sound = tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    path = f"/calls/{call}/recording/file"
    assert (await ask(office, office.cast.anna, path)).status == 403
    answer = await ask(office, office.cast.olga, path)
    assert await answer.read() == sound
    assert answer.headers["Content-Disposition"] == f'attachment; filename="call-{call}.wav"'
    assert await heard(office) == [(office.cast.olga.id, "recording downloaded", f"call {call}")]


HOSTILE = [
    "../../secret.wav",
    "/etc/passwd",
    "..\\..\\secret.wav",
    "2026/11/21/../../../../secret.wav",
    "%2e%2e%2fsecret.wav",
    "secret.wav\0.wav",
    "a" * 300,
    "~/secret.wav",
    "file:///etc/passwd",
    ".",
    "/",
    "link.wav",
    "folder/secret.wav",
    "pipe.wav",
]


@pytest.mark.parametrize("told", HOSTILE)
async def test_no_name_leads_out_of_the_folder(office: Crm, folder: Path, tmp_path: Path, told: str) -> None:
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "folder").symlink_to(tmp_path)
    (folder / f"x-{LINKEDID}.wav").symlink_to(tmp_path / "secret.wav")
    call = await talk(office, office.cast.anna, told)
    answer = await ask(office, office.cast.olga, f"/calls/{call}/recording")
    assert answer.status in (400, 404, 409)
    assert b"somebody else" not in await answer.read()
    assert await heard(office) == []


async def test_what_only_sox_plays_is_said_where_there_is_none(office: Crm, folder: Path) -> None:
    gsm_in_wav(folder / f"{LINKEDID}.WAV")
    call = await talk(office, office.cast.anna)
    answer = await ask(office, office.cast.anna, f"/calls/{call}/recording")
    assert answer.status == 400
    assert "install sox" in await answer.text()
    assert "install sox" in await (await ask(office, office.cast.anna, f"/calls/{call}")).text()
    whole = await ask(office, office.cast.olga, f"/calls/{call}/recording/file")
    assert await whole.read() == (folder / f"{LINKEDID}.WAV").read_bytes()


async def test_sox_makes_it_playable_once(tmp_path: Path, folder: Path) -> None:
    """The program stands in for sox and writes down how it was called: no shell, no option out of a name."""
    sox, log = tmp_path / "sox", tmp_path / "log"
    sox.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {log}\nfor last; do :; done\necho sound > "$last"\n')
    sox.chmod(0o755)
    player = Player(sox=str(sox))
    file = folder / "-e; rm -rf $HOME.gsm"
    file.write_bytes(b"gsm")
    for _ in range(2):
        sound = player.sound(file)
        assert (sound.path.read_text(), sound.content_type) == ("sound\n", "audio/wav")
    assert log.read_text().count("-t|gsm|") == 1
    assert f"|{file}|" in log.read_text()
    player.close()
    assert not sound.path.exists()


async def test_the_call_says_whether_it_can_be_listened_to(office: Crm, folder: Path) -> None:
    call = await talk(office, office.cast.anna)
    anna = office.cast.anna
    assert "is not in the folder" in await (await ask(office, anna, f"/calls/{call}")).text()
    tone(folder / f"{LINKEDID}.wav")
    page = await (await ask(office, anna, f"/calls/{call}")).text()
    assert f'<audio controls preload="none" src="/calls/{call}/recording"' in page
    assert f"/calls/{call}/recording/file" not in page
    assert (
        f"/calls/{call}/recording/file"
        in await (await ask(office, office.cast.olga, f"/calls/{call}")).text()
    )


async def test_the_card_plays_its_calls(office: Crm, folder: Path) -> None:
    tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    card = await (await ask(office, office.cast.anna, "/deals/1")).text()
    assert f'src="/calls/{call}/recording"' in card


async def test_where_no_folder_is_configured_nothing_is_offered(crm: Crm) -> None:
    call = await talk(crm, crm.cast.anna)
    assert "recording" not in await (await ask(crm, crm.cast.anna, f"/calls/{call}")).text()
    assert "/recording" not in await (await ask(crm, crm.cast.anna, "/deals/1")).text()
    assert (await ask(crm, crm.cast.anna, f"/calls/{call}/recording")).status == 400


def test_a_leg_s_uniqueid_finds_it_too_and_no_longer_number_does(tmp_path: Path, folder: Path) -> None:
    shelf = RecordingFolder(tmp_path / "monitor", MOSCOW)
    call = RecordedCall(1, "main", NOW, ("17.1", "17.2"), None)
    (folder / "q-117.1.wav").write_bytes(b"")
    (folder / "q-17.11.wav").write_bytes(b"")
    assert shelf.find(call) is None
    (folder / "q-17.2.wav").write_bytes(b"")
    assert shelf.find(call) == folder / "q-17.2.wav"
    (folder / "q-17.1.wav").write_bytes(b"")
    assert shelf.find(call) == folder / "q-17.1.wav"


async def on_a_line(crm: Crm, call: int, days: int | None) -> None:
    def put(tx: Transaction) -> None:
        line = Line(None, "main", "Main", funnel_id=1, recording_days=days)
        tx.execute(update(calls).where(calls.c.id == call).values(line_id=lines.add(tx, line)))

    await crm.database.write(put)


async def test_a_line_keeps_its_recordings_as_long_as_it_says(office: Crm, folder: Path) -> None:
    tone(folder / f"{LINKEDID}.wav")
    other = tone(folder / "1795284613.78.wav")
    call = await talk(office, office.cast.anna)
    await on_a_line(office, call, days=30)
    recordings = office.services.office.recordings
    office.clock.go_on(timedelta(days=29))
    assert await recordings.sweep() == 0
    office.clock.go_on(timedelta(days=2))
    assert await recordings.sweep() == 1
    assert os.listdir(folder) == ["1795284613.78.wav"]
    assert (folder / "1795284613.78.wav").read_bytes() == other
    assert (None, "recording deleted", f"call {call}") in await heard(office)
    assert "recording" not in await (await ask(office, office.cast.anna, f"/calls/{call}")).text()
    assert await recordings.sweep() == 0


async def test_without_a_limit_nothing_is_deleted(office: Crm, folder: Path) -> None:
    tone(folder / f"{LINKEDID}.wav")
    await on_a_line(office, await talk(office, office.cast.anna), days=None)
    office.clock.go_on(timedelta(days=4000))
    assert await office.services.office.recordings.sweep() == 0
    assert os.listdir(folder)


async def test_a_mount_that_is_away_is_no_deleted_recording(
    office: Crm, folder: Path, tmp_path: Path
) -> None:
    tone(folder / f"{LINKEDID}.wav")
    call = await talk(office, office.cast.anna)
    await on_a_line(office, call, days=1)
    office.clock.go_on(timedelta(days=9))
    (tmp_path / "monitor").rename(tmp_path / "away")
    assert await office.services.office.recordings.sweep() == 0
    (tmp_path / "away").rename(tmp_path / "monitor")
    assert await office.services.office.recordings.sweep() == 1
