"""Sounds that browsers do not play, made playable by sox where it is installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from pbx_crm.domain.recording import NeedsSox, RecordingMissing, Sound

GSM_IN_WAV = 0x31
"""The format tag of what Asterisk calls wav49."""
CONVERSION_SECONDS = 120
KEPT = 30
"""Converted files kept, for seeking in them asks for the same one again and again."""


class Player:
    """Makes a sound of a file; keeps what it converted until it is closed."""

    PLAIN: ClassVar[dict[str, str]] = {
        ".wav": "audio/wav",
        ".WAV": "audio/wav",
        ".mp3": "audio/mpeg",
        ".ogg": "audio/ogg",
    }
    RAW: ClassVar[dict[str, tuple[str, ...]]] = {
        ".gsm": ("-t", "gsm"),
        ".ulaw": ("-t", "ul", "-r", "8000", "-c", "1"),
        ".alaw": ("-t", "al", "-r", "8000", "-c", "1"),
        ".sln": ("-t", "raw", "-r", "8000", "-e", "signed-integer", "-b", "16", "-c", "1"),
    }

    def __init__(self, sox: str | None = None) -> None:
        """`sox` is the program's path, empty for none; looked for if not told."""
        self._sox = shutil.which("sox") if sox is None else sox or None
        self._place = tempfile.TemporaryDirectory(prefix="pbx-crm-sound-", ignore_cleanup_errors=True)

    @staticmethod
    def has_sox() -> bool:
        """Whether sox is installed on this machine."""
        return shutil.which("sox") is not None

    def close(self) -> None:
        """Throws away what was converted."""
        self._place.cleanup()

    def plays(self, path: Path) -> bool:
        """Whether `sound` would give one."""
        return self._sox is not None or _is_plain(path)

    def original(self, path: Path) -> Sound:
        """The file as the PBX wrote it."""
        return Sound(path, self.PLAIN.get(path.suffix, "application/octet-stream"), path.suffix.lower())

    def sound(self, path: Path) -> Sound:
        """What a browser plays; NeedsSox if that is missing. Blocks."""
        if _is_plain(path):
            return self.original(path)
        if self._sox is None:
            raise NeedsSox
        made = self._made_of(path)
        if not made.exists():
            self._convert(path, made)
        return Sound(made, "audio/wav", ".wav")

    def forget(self, path: Path) -> None:
        """Deletes what was made of this file, before the file itself goes."""
        self._made_of(path).unlink(missing_ok=True)

    def _made_of(self, path: Path) -> Path:
        stat = path.stat()
        name = hashlib.sha256(f"{path}|{stat.st_mtime_ns}|{stat.st_size}".encode()).hexdigest()
        return Path(self._place.name) / f"{name}.wav"

    def _convert(self, path: Path, made: Path) -> None:
        unfinished = made.with_suffix(f".{os.getpid()}.part")
        command = [str(self._sox), *self.RAW.get(path.suffix, ("-t", "wav")), str(path)]
        command += ["-t", "wav", "-e", "signed-integer", "-b", "16", str(unfinished)]
        try:
            # No shell, and both paths begin with a slash: nothing in a name is an option.
            subprocess.run(command, check=True, capture_output=True, timeout=CONVERSION_SECONDS)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            unfinished.unlink(missing_ok=True)
            raise RecordingMissing from error
        unfinished.replace(made)
        kept = sorted(made.parent.glob("*.wav"), key=lambda file: file.stat().st_mtime)
        for old in kept[:-KEPT]:
            old.unlink(missing_ok=True)


def _is_plain(path: Path) -> bool:
    if path.suffix not in Player.PLAIN:
        return False
    if path.suffix.lower() != ".wav":
        return True
    try:
        with path.open("rb") as file:
            head = file.read(22)
    except OSError:
        return True
    return int.from_bytes(head[20:22], "little") != GSM_IN_WAV
