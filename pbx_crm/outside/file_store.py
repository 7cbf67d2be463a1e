"""Files on the disk: content under its SHA-256, so that the same file lies there once and no name of
anybody's choosing ever becomes a path."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from pathlib import Path

from pbx_crm.domain.deal_file import too_large
from pbx_crm.domain.errors import StoreUnavailable

DIGEST = re.compile(r"[0-9a-f]{64}")
# A file that is being sent has no row yet: nothing younger than this is swept away.
YOUNG_SECONDS = 86_400


class FileStore:
    """One folder; `most_bytes` is how large a file may be."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self.most_bytes = most_bytes

    async def keep(self, content: AsyncIterator[bytes]) -> tuple[str, int]:
        """Digest and size of what was sent, now on the disk; BadInput if it is too large.

        StoreUnavailable where the folder cannot be written.
        """
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            unfinished = await asyncio.to_thread(_new_file, self._folder)
        except OSError as error:
            raise StoreUnavailable from error
        try:
            return await self._written(content, unfinished)
        except OSError as error:
            raise StoreUnavailable from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    async def _written(self, content: AsyncIterator[bytes], unfinished: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with unfinished.open("wb") as target:
            async for part in content:
                size += len(part)
                if size > self.most_bytes:
                    raise too_large(self.most_bytes)
                digest.update(part)
                await asyncio.to_thread(target.write, part)
            target.flush()
            # The name must not outlive a loss of power that the content did not.
            await asyncio.to_thread(os.fsync, target.fileno())
        path = self.path_of(digest.hexdigest())
        await asyncio.to_thread(_put, unfinished, path)
        return digest.hexdigest(), size

    def path_of(self, digest: str) -> Path:
        """Where the content lies; ValueError for what is no digest."""
        if not DIGEST.fullmatch(digest):
            raise ValueError("not a digest")
        return self._folder / digest[:2] / digest

    async def sweep(self, used: Collection[str]) -> int:
        """Removes what no row names any more; how many files that was."""
        return await asyncio.to_thread(self._sweep, frozenset(used))

    def _sweep(self, used: frozenset[str]) -> int:
        old = time.time() - YOUNG_SECONDS
        unused = [
            path
            for path in self._folder.glob("*/*")
            if DIGEST.fullmatch(path.name) and path.name not in used and path.stat().st_mtime < old
        ]
        for path in unused:
            path.unlink(missing_ok=True)
        return len(unused)


def _new_file(folder: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, prefix="unfinished-", delete=False) as made:
        return Path(made.name)


def _put(unfinished: Path, path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished.replace(path)
    path.touch()


def copy_files(source: Path, target: Path) -> int:
    """Puts every whole file of one store's folder into another's; how many. Files that are there stay.

    Recorded messages lie under their digest too, with `.wav` after it.
    """
    copied = 0
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if not DIGEST.fullmatch(path.stem) or place.exists():
            continue
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # swept away just now
            shutil.copyfile(path, place)
            copied += 1
    return copied
