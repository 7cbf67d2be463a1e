"""One file out of a folder, and back: a tar with a list of what is in it, told apart from a damaged one."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pbx_crm.domain.errors import Broken

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 * 1024 * 1024
CHUNK = 1 << 20


class BadBackup(Broken):
    """This file is no backup, or it is damaged."""


def pack(file: Path, folder: Path, about: Mapping[str, Any]) -> int:
    """Writes everything in the folder into the file, readable by its owner alone; how many bytes it has.

    The file appears under its name only when it is whole.
    """
    parts = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {path.relative_to(folder).as_posix(): _sum(path) for path in parts}
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({**about, "files": sums}, ensure_ascii=False, indent=1), encoding="utf-8")
    unfinished = file.with_name(f"{file.name}.unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=3) as tar:
            for path in (manifest, *parts):
                tar.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
    return file.stat().st_size


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Puts what is in the file into the folder, checked against its list; what `pack` was told about it.

    BadBackup for anything `pack` did not write.
    """
    try:
        with tarfile.open(file, mode="r:gz") as tar:
            about = _manifest(tar)
            wanted: dict[str, str] = dict(about["files"])
            while (member := tar.next()) is not None:
                if member.name not in wanted or not member.isreg() or not _is_inside(member.name):
                    raise BadBackup(f"{file}: {member.name!r} does not belong into a backup")
                if _extract(tar, member, folder / member.name) != wanted.pop(member.name):
                    raise BadBackup(f"{file}: {member.name} is damaged")
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BadBackup(f"{file}: no backup, or a damaged one: {error}") from error
    if wanted:
        raise BadBackup(f"{file}: {min(wanted)} is missing")
    return about


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    first = tar.next()
    stream = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    if stream is None:
        raise BadBackup("its list of files is missing")
    read: dict[str, Any] = json.loads(stream.read(LARGEST_MANIFEST))
    return read


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> str:
    """The checksum of what was written there."""
    stream = tar.extractfile(member)
    assert stream is not None  # noqa: S101 - a regular file, as was checked
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        return _pour(stream, out)


def _sum(path: Path) -> str:
    with path.open("rb") as stream:
        return _pour(stream, None)


def _pour(source: Any, target: BinaryIO | None) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()
