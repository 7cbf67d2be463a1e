"""Recorded messages on the disk, each as a PBX plays it: 8 kHz, mono, 16 bit, under its SHA-256.

Such a WAV is taken as it is. Whatever else is sent is converted by sox, if it is installed. What lies in
the folder was written here sample by sample: nothing of a sent file but its sound is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import subprocess
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from pbx_crm.domain.deal_file import too_large
from pbx_crm.domain.errors import BadInput, StoreUnavailable
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.voice_message import LONGEST_SECONDS, MOST_BYTES, RATE, KeptSound, kind_of, require_length

CONVERSION_SECONDS = 30
SAMPLE_BYTES = 2
DIGEST = re.compile(r"[0-9a-f]{64}")
# A file that is being sent has no row yet: nothing younger than this is swept away.
YOUNG_SECONDS = 86_400

NEEDS_SOX = N_("Only WAV files with 8 kHz, mono, 16 bit are taken here; install sox on the CRM's machine.")
UNREADABLE = N_("sox cannot read this file; for MP3 it needs libsox-fmt-mp3.")


class VoiceSounds:
    """One folder, outside of everything that is served."""

    def __init__(self, folder: Path, sox: str | None = None) -> None:
        """`sox` is the program's path, empty for none; looked for if not told."""
        self._folder = folder
        self._sox = shutil.which("sox") if sox is None else sox or None

    @property
    def converts(self) -> bool:
        """Whether anything but the plainest WAV can be taken."""
        return self._sox is not None

    async def keep(self, content: AsyncIterator[bytes], filename: str) -> KeptSound:
        """The sound of what was sent, now on the disk; BadInput if it is none, too large or too long."""
        kind = kind_of(filename)
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder, prefix="unfinished-") as place:
                sent = Path(place) / "sent"
                await _write(content, sent)
                return await asyncio.to_thread(self._made, sent, kind)
        except OSError as error:
            raise StoreUnavailable from error

    def _made(self, sent: Path, kind: str) -> KeptSound:
        frames = _plain_frames(sent)
        if frames is None:
            frames = _plain_frames(self._converted(sent, kind)) or b""
        seconds = len(frames) / SAMPLE_BYTES / RATE
        require_length(seconds)
        made = sent.with_name("made.wav")
        with wave.open(str(made), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(SAMPLE_BYTES)
            target.setframerate(RATE)
            target.writeframes(frames)
        digest, size = hashlib.sha256(made.read_bytes()).hexdigest(), made.stat().st_size
        made.replace(self.path_of(digest))
        return KeptSound(digest, size, seconds)

    def _converted(self, sent: Path, kind: str) -> Path:
        if self._sox is None:
            raise BadInput(reasons={"file": NEEDS_SOX})
        made = sent.with_name("converted.wav")
        # No shell, and both paths begin with a slash. One second too many is kept to tell it is too long.
        command = [self._sox, "-t", kind, str(sent.absolute()), "-t", "wav", "-r", str(RATE), "-c", "1"]
        command += ["-e", "signed-integer", "-b", "16", str(made.absolute())]
        command += ["trim", "0", str(LONGEST_SECONDS + 1)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=CONVERSION_SECONDS)  # noqa: S603
        except subprocess.SubprocessError as error:
            raise BadInput(reasons={"file": UNREADABLE}) from error
        return made

    def path_of(self, digest: str) -> Path:
        """Where the sound lies; ValueError for what is no digest."""
        if not DIGEST.fullmatch(digest):
            raise ValueError("not a digest")
        return self._folder / f"{digest}.wav"

    async def sweep(self, used: Collection[str]) -> int:
        """Removes what no message has any more; how many files that was."""
        return await asyncio.to_thread(self._sweep, {self.path_of(digest) for digest in used})

    def _sweep(self, used: Collection[Path]) -> int:
        old = time.time() - YOUNG_SECONDS
        found = [path for path in self._folder.glob("*.wav") if path not in used]
        unused = [path for path in found if path.stat().st_mtime < old]
        for path in unused:
            path.unlink(missing_ok=True)
        return len(unused)


async def _write(content: AsyncIterator[bytes], target: Path) -> None:
    size = 0
    with target.open("wb") as file:
        async for part in content:
            size += len(part)
            if size > MOST_BYTES:
                raise too_large(MOST_BYTES)
            await asyncio.to_thread(file.write, part)


def _plain_frames(path: Path) -> bytes | None:
    """The samples of a WAV that needs no converting; None for every other file."""
    try:
        with wave.open(str(path), "rb") as source:
            form = (source.getnchannels(), source.getsampwidth(), source.getframerate())
            if form != (1, SAMPLE_BYTES, RATE):
                return None
            most = (LONGEST_SECONDS + 1) * RATE
            frames = source.readframes(min(source.getnframes(), most))
    except (wave.Error, EOFError, ValueError):
        return None
    return frames[: len(frames) - len(frames) % SAMPLE_BYTES]
