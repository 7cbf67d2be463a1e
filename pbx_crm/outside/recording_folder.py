"""The folder in which a PBX keeps its recordings: a call's file is found in it, and nothing outside of it.

A name the PBX told may hold text of the caller's choosing. So every path is resolved, links included, and
must lie under the root; what a name cannot find, the Uniqueid at the end of the file's name does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path, PurePosixPath

from pbx_crm.domain.recording import RecordedCall
from pbx_crm.domain.recording_checkup import RootSeen
from pbx_crm.outside.sox import Player

SUFFIXES = (".wav", ".WAV", ".mp3", ".ogg", ".gsm", ".ulaw", ".alaw", ".sln")
UNPLAYED = frozenset({".g722", ".g723", ".g726", ".g729", ".ilbc", ".siren7", ".siren14", ".sln16", ".wav16"})
"""What Asterisk can record into, and what is not played here."""
DEEPEST = 6
"""Parts of a told path that may lie under our root: FreePBX has year, month, day and the name."""


@dataclass(frozen=True, slots=True)
class RecordingFolder:
    """A root as this machine sees it, and the zone of the PBX, which names its folders by day."""

    root: Path
    zone: tzinfo

    def find(self, call: RecordedCall) -> Path | None:
        """The call's file, resolved; None if there is none under the root. Blocks."""
        folders = list(self._folders(call))
        named = (self._safe(path) for path in self._named(call.file, folders)) if call.file else iter(())
        return next((path for path in named if path is not None), None) or self._by_id(call, folders)

    def files(self, call: RecordedCall) -> list[Path]:
        """Every file of the call, resolved: what `find` gives, in any format, and each leg's. Blocks."""
        first = self.find(call)
        beside = [first.with_suffix(suffix) for suffix in SUFFIXES] if first is not None else []
        ours = [path for one in beside if (path := self._safe(one)) is not None]
        by_id = self._with_ids(call, list(self._folders(call)))
        return sorted({*ours, *(path for paths in by_id.values() for path in paths)})

    def is_there(self) -> bool:
        """Whether there is anything in the root: a mount that is away must not look like deleted files."""
        return bool(_names_in(self.root))

    def delete(self, path: Path) -> None:
        """Deletes one of `files`; PermissionError and the like are the caller's, one that is gone is not."""
        if self._safe(path) == path:
            path.unlink(missing_ok=True)

    def seen(self, now: datetime, days: int) -> RootSeen:
        """The root, and the endings of files of the last so many days. Blocks."""
        try:
            os.listdir(self.root)
        except OSError as error:
            return RootSeen(str(self.root), error.strerror or str(error))
        lately = [now.astimezone(self.zone) - timedelta(days=number) for number in range(days)]
        folders = [self.root, *(folder for day in lately if (folder := self._of_day(day)).is_dir())]
        endings = {
            ending
            for folder in folders
            for name in _names_in(folder)
            if (ending := PurePosixPath(name).suffix) and (folder / name).is_file()
        }
        return RootSeen(
            folder=str(self.root),
            may_delete=all(os.access(folder, os.W_OK | os.X_OK) for folder in folders),
            foreign=tuple(sorted(endings & UNPLAYED)),
            convertible=tuple(sorted(endings & Player.RAW.keys())),
            has_sox=Player.has_sox(),
        )

    def _of_day(self, day: datetime) -> Path:
        return self.root / f"{day:%Y}" / f"{day:%m}" / f"{day:%d}"

    def _folders(self, call: RecordedCall) -> Iterator[Path]:
        """Where a recording of that day may lie: a call after midnight may be kept with the day before."""
        began = call.started_at.astimezone(self.zone)
        for day in (began, began - timedelta(days=1), began + timedelta(days=1)):
            yield self._of_day(day)
        yield self.root

    def _named(self, told: str, folders: list[Path]) -> Iterator[Path]:
        parts = [part for part in PurePosixPath(told.replace("\\", "/")).parts if part != "/"]
        if not parts or ".." in parts or "\0" in told:
            return
        names = [parts[-1], *(PurePosixPath(parts[-1]).stem + suffix for suffix in SUFFIXES)]
        for depth in range(min(len(parts), DEEPEST), 1, -1):
            yield self.root.joinpath(*parts[-depth:])
        for folder in folders:
            yield from (folder / name for name in names)

    def _by_id(self, call: RecordedCall, folders: list[Path]) -> Path | None:
        found = self._with_ids(call, folders)
        return next((found[id_][0] for id_ in call.ids if id_ in found), None)

    def _with_ids(self, call: RecordedCall, folders: list[Path]) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for folder in folders:
            for name in _names_in(folder):
                stem = name.rpartition(".")[0]
                fits = next((id_ for id_ in call.ids if stem == id_ or stem.endswith(f"-{id_}")), None)
                if fits is not None and (path := self._safe(folder / name)) is not None:
                    found.setdefault(fits, []).append(path)
        return found

    def _safe(self, path: Path) -> Path | None:
        try:
            root, real = self.root.resolve(strict=True), path.resolve(strict=True)
            is_ours = real.is_relative_to(root) and real.is_file() and real.suffix in SUFFIXES
        except (OSError, ValueError, RuntimeError):
            return None
        return real if is_ours else None


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
