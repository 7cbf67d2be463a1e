"""Style sheets, scripts, icons and fonts: read once, compressed once, kept by browsers for good.

The address holds a hash of all static files, so a new version has new addresses and nothing stale is
ever shown. A file is found by its name in a table, never by a path of the request.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import web

from pbx_crm.pages.web_files import STATIC

FOR_GOOD = "public, max-age=31536000, immutable"
COMPRESSED = ("text/", "image/svg", "application/javascript")
TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
HASH_LETTERS = 12
# Written for people who open the folder, of no use to a browser.
NOT_SERVED = (".md", ".LICENSE")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it goes over the wire."""

    body: bytes
    packed: bytes | None
    """The same, gzipped; None where that saves nothing."""
    content_type: str


@lru_cache
def files() -> dict[str, StaticFile]:
    """Every static file by its name under `web/static/`."""
    found = (path for path in sorted(STATIC.rglob("*")) if path.is_file())
    names = {path.relative_to(STATIC).as_posix(): path for path in found if path.suffix not in NOT_SERVED}
    return {name: _load(path.suffix, path.read_bytes(), name) for name, path in names.items()}


def _load(suffix: str, body: bytes, name: str) -> StaticFile:
    content_type = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if content_type.startswith(COMPRESSED) else None
    return StaticFile(body, packed, content_type)


@lru_cache
def version() -> str:
    """A hash over all static files."""
    total = hashlib.sha256()
    for name, file in files().items():
        total.update(name.encode() + b"\0" + file.body)
    return total.hexdigest()[:HASH_LETTERS]


def url(name: str) -> str:
    """The address of a static file; KeyError for one that does not exist, so a typing slip shows at once."""
    files()[name]
    return f"/static/{version()}/{name}"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /static/{version}/{name}: the file, to be kept for good if it is of this version."""
    file = files().get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    headers = {"Content-Type": file.content_type, "Vary": "Accept-Encoding"}
    is_current = request.match_info["version"] == version()
    headers["Cache-Control"] = FOR_GOOD if is_current else "no-cache"
    if file.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=file.packed, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=file.body, headers=headers)
