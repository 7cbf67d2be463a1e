"""Contents on the disk: under their digests, never larger than allowed, swept when nobody names them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pbx_crm.domain.errors import BadInput, StoreUnavailable
from pbx_crm.outside.file_store import YOUNG_SECONDS, FileStore


async def parts(*contents: bytes) -> AsyncIterator[bytes]:
    """What a browser sends, part by part."""
    for content in contents:
        yield content


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", 1000)


def lying_in(folder: Path) -> list[str]:
    """Names of the files under the folder."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_the_same_content_lies_there_once_under_its_digest(store: FileStore, tmp_path: Path) -> None:
    first, second = await store.keep(parts(b"of", b"fer")), await store.keep(parts(b"offer"))
    assert first == second == (hashlib.sha256(b"offer").hexdigest(), 5)
    assert store.path_of(first[0]).read_bytes() == b"offer"
    assert lying_in(tmp_path / "files") == [first[0]]


async def test_a_file_too_large_leaves_nothing_behind(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        await store.keep(parts(b"x" * 600, b"x" * 600))
    assert set(refusal.value.reasons) == {"file"}
    assert lying_in(tmp_path / "files") == []


async def test_a_sender_who_hangs_up_leaves_nothing_behind(store: FileStore, tmp_path: Path) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield b"of"
        raise ConnectionResetError

    with pytest.raises(StoreUnavailable):
        await store.keep(cut())
    assert lying_in(tmp_path / "files") == []


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        await FileStore(tmp_path / "files", 1000).keep(parts(b"offer"))


@pytest.mark.parametrize("digest", ["../crm.db", "A" * 64, "ab", ""])
def test_only_a_digest_is_a_place(store: FileStore, digest: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        store.path_of(digest)


async def test_what_nobody_names_is_swept_once_it_is_old(store: FileStore) -> None:
    (used, _), (unused, _), (young, _) = [await store.keep(parts(text)) for text in (b"a", b"b", b"c")]
    for digest in (used, unused):
        path = store.path_of(digest)
        old = path.stat().st_mtime - YOUNG_SECONDS - 1
        os.utime(path, (old, old))
    assert await store.sweep({used}) == 1
    assert [store.path_of(digest).exists() for digest in (used, unused, young)] == [True, False, True]
