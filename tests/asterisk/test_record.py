"""Recording a PBX: the tape replays to the same calls, and may be shared without giving clients away."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.practice_pbx import PracticePbx, Rhythm
from pbx_crm.asterisk.pseudonyms import Pseudonyms
from pbx_crm.asterisk.record import Recorder, record
from pbx_crm.asterisk.replay import calls_of
from pbx_crm.asterisk.tape import TapeWriter, read_tape
from pbx_crm.domain.endpoint import PbxShape
from tests.asterisk.quick import QUICK
from tests.parts.scripted_ami import SECRET, ScriptedAmi, until

TAPES = Path(__file__).parents[1] / "tapes"
SALT = b"a salt of the tests"
CLIENT = "79166940171"
DID = "74951230001"


async def recorded(folder: Path, pseudonyms: Pseudonyms | None = None) -> None:
    """A tape of a PBX that says a queue call and is cut once."""
    raw = read_tape(TAPES / "in_queue_ringall__22-pjsip-A").segments[0].raw
    seen = 0

    def note(written: int) -> None:
        nonlocal seen
        seen = written

    async with ScriptedAmi() as pbx:
        account = AmiAccount("127.0.0.1", pbx.port, secret=SECRET)
        task = asyncio.create_task(
            record(account, folder, pseudonyms=pseudonyms, on_bytes=note, timing=QUICK)
        )
        await until(lambda: pbx.named("queuestatus"))
        pbx.send(raw)
        await until(lambda: seen > len(raw))
        await pbx.cut()
        await until(lambda: len(pbx.named("queuestatus")) == 2)
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])


async def test_a_recording_gives_the_calls_that_were_on_the_pbx(tmp_path: Path) -> None:
    await recorded(tmp_path / "tape")
    tape = read_tape(tmp_path / "tape")
    assert len(tape.segments) == 2
    assert not tape.segments[0].raw.startswith(b"Asterisk Call Manager")
    (call,) = calls_of(tape, PbxShape())
    assert (call.external_number, call.did) == (CLIENT, DID)


async def test_a_shared_recording_names_no_client_and_tells_the_same_call(tmp_path: Path) -> None:
    hidden = Pseudonyms(SALT, "RU", frozenset({DID}))
    await recorded(tmp_path / "tape", hidden)
    tape = read_tape(tmp_path / "tape")
    assert all(CLIENT[1:].encode() not in segment.raw for segment in tape.segments)
    (call,) = calls_of(tape, PbxShape())
    assert call.external_number == hidden.of(CLIENT)
    assert call.did == DID
    assert set(call.rang) == {"101", "102", "103", "104"}


async def test_the_command_records_and_says_how_much(tmp_path: Path) -> None:
    async with PracticePbx(SECRET, rhythm=Rhythm(first_call=0.1, speed=20), seed=3) as pbx:
        (tmp_path / "secret").write_text(SECRET)
        (tmp_path / "salt").write_text("salt")
        config = tmp_path / "pbx_crm.toml"
        config.write_text(
            '[database]\nurl = "sqlite://"\n[crm]\nregion = "RU"\ntime_zone = "Europe/Moscow"\n'
            f'currency = "RUB"\n[[pbx]]\nname = "main"\nhost = "127.0.0.1"\nport = {pbx.port}\n'
            'username = "pbx-crm"\nsecret_file = "secret"\n'
        )
        options = ["--config", str(config), "--seconds", "1", "--pseudonyms", str(tmp_path / "salt")]
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pbx_crm", "record", str(tmp_path / "tape"), *options, stderr=PIPE
        )
        _, said = await command.communicate()
    assert command.returncode == 0, said.decode()
    assert b"Connected to the PBX" in said
    assert calls_of(read_tape(tmp_path / "tape"), PbxShape())


def test_one_subscriber_stays_one_however_the_number_is_written() -> None:
    names = Pseudonyms(SALT, "RU")
    assert names.of("79166940171")[1:] == names.of("89166940171")[1:] == names.of("9166940171")
    assert names.of("79166940171").startswith("79")
    assert names.of("89166940171").startswith("89")


def test_another_salt_gives_another_name() -> None:
    assert Pseudonyms(SALT, "RU").of(CLIENT) != Pseudonyms(b"another", "RU").of(CLIENT)


@given(number=st.from_regex(r"[1-9]\d{6,14}", fullmatch=True))
def test_any_number_keeps_its_length_and_its_first_digits(number: str) -> None:
    invented = Pseudonyms(SALT, "DE").of(number)
    assert len(invented) == len(number)
    assert invented.isdigit()
    assert invented[0] == number[0]


def test_what_is_no_clients_number_stays_as_it_is() -> None:
    names = Pseudonyms(SALT, "RU", frozenset({DID}))
    for line in (
        "Uniqueid: 1795280282.791",
        "Timestamp: 1795280282.791234",
        "Channel: PJSIP/101-00000012",
        "BridgeUniqueid: 36084911-1111-4222-8333-123456789012",
        f"Exten: {DID}",
        "CallerIDNum: 101",
    ):
        assert names.hide(line.encode()) == line.encode(), line


def test_a_number_inside_a_dial_string_or_a_local_channel_is_hidden_too() -> None:
    names = Pseudonyms(SALT, "RU")
    for line in (
        "DialString: %s@trunk-main",
        "Channel: Local/FMGL-205-%s#@from-internal-0000001f;1",
        "CallerIDNum: +%s",
    ):
        assert names.hide((line % CLIENT).encode()).decode() == line % names.of(CLIENT)


def test_a_number_split_between_two_reads_is_hidden(tmp_path: Path) -> None:
    stream = (
        b"Asterisk Call Manager/9\r\nResponse: Success\r\n\r\nEvent: X\r\nCallerIDNum: 79166940171\r\n\r\n"
    )
    for at in range(1, len(stream)):
        folder = tmp_path / str(at)
        with TapeWriter(folder) as writer:
            recorder = Recorder(writer, Pseudonyms(SALT, "RU"))
            recorder.hear(stream[:at])
            recorder.hear(stream[at:])
        assert CLIENT.encode() not in (folder / "ami.log").read_bytes()


def test_a_refused_log_in_makes_no_tape(tmp_path: Path) -> None:
    with TapeWriter(tmp_path) as writer:
        Recorder(writer).hear(
            b"Asterisk Call Manager/9\r\nResponse: Error\r\nMessage: Authentication failed\r\n\r\n"
        )
    assert list(tmp_path.iterdir()) == []
