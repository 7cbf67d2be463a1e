"""What Asterisk records beside plain WAV, made playable by the real sox."""

from __future__ import annotations

import math
import struct
import subprocess
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pbx_crm.domain.recording import NeedsSox, RecordingMissing
from pbx_crm.outside.sox import Player

SECONDS, RATE, PITCH = 1.0, 8000, 400
RAW = ("-r", "8000", "-c", "1")
RECORDED_AS: dict[str, tuple[str, ...]] = {
    ".gsm": ("-t", "gsm"),
    ".WAV": ("-t", "wav", "-e", "gsm-full-rate"),
    ".ulaw": ("-t", "ul", *RAW),
    ".alaw": ("-t", "al", *RAW),
    ".sln": ("-t", "raw", *RAW, "-e", "signed-integer", "-b", "16"),
}
"""How sox writes what Asterisk calls gsm, wav49, ulaw, alaw and slin."""


@pytest.fixture
def player(sox: str) -> Iterator[Player]:
    """With the real sox."""
    made = Player(sox=sox)
    yield made
    made.close()


def recorded(folder: Path, sox: str, ending: str) -> Path:
    """A tone as the PBX would have recorded it."""
    plain, file = folder / "plain.wav", folder / f"in-600{ending}"
    with wave.open(str(plain), "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(RATE)
        loud = (int(9000 * math.sin(2 * math.pi * PITCH * n / RATE)) for n in range(int(RATE * SECONDS)))
        tone.writeframes(b"".join(struct.pack("<h", sample) for sample in loud))
    subprocess.run([sox, str(plain), *RECORDED_AS[ending], str(file)], check=True)
    return file


def heard(path: Path) -> tuple[float, int]:
    """Seconds and pitch of a WAV that any browser plays: PCM of 16 bits."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        samples = struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))
    rises = sum(1 for before, now in pairwise(samples) if before < 0 <= now)
    seconds = len(samples) / RATE
    return seconds, round(rises / seconds)


@pytest.mark.parametrize("ending", RECORDED_AS)
def test_what_asterisk_records_is_heard_as_it_was(
    tmp_path: Path, player: Player, sox: str, ending: str
) -> None:
    file = recorded(tmp_path, sox, ending)
    before = file.read_bytes()
    assert player.plays(file)
    sound = player.sound(file)
    seconds, pitch = heard(sound.path)
    assert (sound.content_type, file.read_bytes() == before) == ("audio/wav", True)
    assert seconds == pytest.approx(SECONDS, abs=0.05)
    assert pitch == pytest.approx(PITCH, abs=5)


@pytest.mark.parametrize("ending", RECORDED_AS)
def test_without_sox_it_is_said(tmp_path: Path, sox: str, ending: str) -> None:
    file, bare = recorded(tmp_path, sox, ending), Player(sox="")
    assert not bare.plays(file)
    with pytest.raises(NeedsSox):
        bare.sound(file)
    bare.close()


def test_a_file_that_is_no_sound_is_refused_and_leaves_nothing(
    tmp_path: Path, player: Player, sox: str
) -> None:
    (tmp_path / "broken.WAV").write_bytes(b"RIFF" + bytes(16) + b"\x31\x00" + bytes(60))
    with pytest.raises(RecordingMissing):
        player.sound(tmp_path / "broken.WAV")
    place = player.sound(recorded(tmp_path, sox, ".gsm")).path.parent
    assert len(list(place.iterdir())) == 1


def test_a_name_that_looks_like_an_option_is_a_name(tmp_path: Path, player: Player, sox: str) -> None:
    file = recorded(tmp_path, sox, ".gsm")
    odd = file.rename(tmp_path / "-n; rm -rf $HOME --effects-file=x.gsm")
    assert heard(player.sound(odd).path)[0] == pytest.approx(SECONDS, abs=0.05)


def test_what_was_made_of_a_file_is_forgotten_with_it(tmp_path: Path, player: Player, sox: str) -> None:
    file = recorded(tmp_path, sox, ".gsm")
    made = player.sound(file).path
    player.forget(file)
    assert not made.exists()
    assert file.exists()
