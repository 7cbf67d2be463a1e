"""Recorded messages on the disk: as a PBX plays them, or refused in words."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.errors import BadInput, StoreUnavailable
from pbx_crm.domain.voice_message import MOST_BYTES
from pbx_crm.outside.file_store import copy_files
from pbx_crm.outside.voice_sounds import YOUNG_SECONDS, VoiceSounds
from tests.sounds import wav

NOT_THE_PLAINEST = (wav(2, rate=44100), wav(2, channels=2), b"ID3" + bytes(5000))


async def parts(*contents: bytes) -> AsyncIterator[bytes]:
    """What a browser sends, part by part."""
    for content in contents:
        yield content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "voice"


@pytest.fixture
def without_sox(folder: Path) -> VoiceSounds:
    return VoiceSounds(folder, sox="")


def lying_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


async def reason_for(sounds: VoiceSounds, content: bytes, filename: str = "hello.wav") -> str:
    """Why this is not taken."""
    with pytest.raises(BadInput) as refusal:
        await sounds.keep(parts(content), filename)
    return refusal.value.reasons["file"]


async def test_a_wav_that_a_pbx_plays_is_taken_as_it_is(without_sox: VoiceSounds, folder: Path) -> None:
    content = wav(2.5, sample=1234)
    kept = await without_sox.keep(parts(content[:1000], content[1000:]), "Hello.WAV")
    assert kept.seconds == 2.5
    assert without_sox.path_of(kept.digest).read_bytes() == content
    assert kept.size == len(content)
    assert lying_in(folder) == [f"{kept.digest}.wav"]


async def test_nothing_of_a_sent_file_but_its_sound_is_kept(without_sox: VoiceSounds) -> None:
    plain = wav(1)
    smuggled = plain + b"LIST\x14\x00\x00\x00<script>alert(1)</scr"
    kept = await without_sox.keep(parts(smuggled), "hello.wav")
    assert without_sox.path_of(kept.digest).read_bytes() == plain


@pytest.mark.parametrize("content", NOT_THE_PLAINEST, ids=["44 kHz", "stereo", "MP3"])
async def test_without_sox_other_sounds_are_refused_with_what_to_do(
    without_sox: VoiceSounds, folder: Path, content: bytes
) -> None:
    assert "install sox" in await reason_for(without_sox, content, "hello.wav")
    assert lying_in(folder) == [], "and nothing is left behind"


async def test_a_file_that_is_no_sound_by_its_name_is_not_even_read(without_sox: VoiceSounds) -> None:
    for name in ("offer.pdf", "wav", "hello.wav.exe", ""):
        assert "WAV, MP3" in await reason_for(without_sox, wav(), name)


@pytest.mark.parametrize("seconds", [0.5, 121, 400])
async def test_nobody_is_called_with_a_click_or_with_a_lecture(
    without_sox: VoiceSounds, seconds: float
) -> None:
    assert "1 to 120 seconds" in await reason_for(without_sox, wav(seconds))


async def test_a_file_too_large_is_given_up_before_it_fills_the_disk(
    without_sox: VoiceSounds, folder: Path
) -> None:
    block = bytes(1_000_000)
    with pytest.raises(BadInput):
        await without_sox.keep(parts(*[block] * (MOST_BYTES // len(block) + 1)), "a.wav")
    assert lying_in(folder) == []


@given(garbage=st.binary(max_size=200), is_cut=st.booleans())
async def test_whatever_is_sent_it_is_a_message_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, is_cut: bool
) -> None:
    sounds = VoiceSounds(tmp_path_factory.mktemp("voice"), sox="")
    content = wav(1)[: 44 + len(garbage)] if is_cut else garbage
    assert await reason_for(sounds, content)


@pytest.fixture
def sox(tmp_path: Path) -> Path:
    """Stands in for sox: writes down how it was called and makes a WAV as it is asked to."""
    (tmp_path / "made.wav").write_bytes(wav(3))
    program = tmp_path / "sox"
    program.write_text(
        f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/log\n'
        f'for word; do case "$word" in */converted.wav) cp {tmp_path}/made.wav "$word";; esac; done\n'
    )
    program.chmod(0o755)
    return program


async def test_sox_makes_it_8_khz_mono_16_bit(folder: Path, sox: Path, tmp_path: Path) -> None:
    sounds = VoiceSounds(folder, sox=str(sox))
    assert sounds.converts
    kept = await sounds.keep(parts(b"ID3 and music"), "--help.mp3")
    assert kept.seconds == 3
    words = (tmp_path / "log").read_text().split("|")
    assert words[:2] == ["-t", "mp3"]
    assert all(word.startswith("/") for word in (words[2], words[13])), "no name is an option"
    assert words[3:13] == ["-t", "wav", "-r", "8000", "-c", "1", "-e", "signed-integer", "-b", "16"]
    assert not any("help" in word for word in words)


async def test_what_sox_cannot_read_is_said(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "sox"
    program.write_text("#!/bin/sh\nexit 2\n")
    program.chmod(0o755)
    assert "libsox-fmt-mp3" in await reason_for(VoiceSounds(folder, sox=str(program)), b"ID3", "a.mp3")


async def test_old_sounds_without_a_message_are_swept_and_young_ones_stay(
    without_sox: VoiceSounds, folder: Path
) -> None:
    used, old, young = [await without_sox.keep(parts(wav(1, sample=n)), "a.wav") for n in range(3)]
    long_ago = time.time() - YOUNG_SECONDS - 60
    for kept in (used, old):
        os.utime(without_sox.path_of(kept.digest), (long_ago, long_ago))
    assert await without_sox.sweep({used.digest}) == 1
    assert lying_in(folder) == sorted(f"{kept.digest}.wav" for kept in (used, young))


async def test_a_backup_takes_the_messages_along(without_sox: VoiceSounds, folder: Path) -> None:
    kept = await without_sox.keep(parts(wav()), "a.wav")
    (folder / "unfinished").write_bytes(b"half")
    elsewhere = folder.parent / "restored"
    assert copy_files(folder, elsewhere) == 1
    assert VoiceSounds(elsewhere, sox="").path_of(kept.digest).read_bytes() == wav()


def test_only_a_digest_is_a_place(without_sox: VoiceSounds) -> None:
    for name in ("../../etc/passwd", "a" * 63, "A" * 64, ""):
        with pytest.raises(ValueError, match="digest"):
            without_sox.path_of(name)


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "voice").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable):
        await VoiceSounds(tmp_path / "voice", sox="").keep(parts(wav()), "a.wav")
