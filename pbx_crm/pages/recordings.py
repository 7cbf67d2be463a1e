"""A call's recording: listened to with seeking, or fetched as a file; asked for by the call's id alone."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass

from aiohttp import web

from pbx_crm.domain.recording import RecordingMissing, Sound
from pbx_crm.pages.request import origin_of, services_of, viewer_of

CHUNK = 64 * 1024


async def play(request: web.Request) -> web.StreamResponse:
    """GET /calls/{call_id}/recording: the sound, or the part of it that the Range header names."""
    call_id = int(request.match_info["call_id"])
    recordings = services_of(request).office.recordings
    sound = await recordings.play(viewer_of(request), call_id, origin_of(request).address)
    return await _send(request, sound, f'inline; filename="call-{call_id}{sound.suffix}"')


async def download(request: web.Request) -> web.StreamResponse:
    """GET /calls/{call_id}/recording/file: the file as the PBX wrote it, for heads."""
    call_id = int(request.match_info["call_id"])
    recordings = services_of(request).office.recordings
    sound = await recordings.download(viewer_of(request), call_id, origin_of(request).address)
    return await _send(request, sound, f'attachment; filename="call-{call_id}{sound.suffix}"')


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    stop: int
    size: int

    @property
    def headers(self) -> dict[str, str]:
        """What tells the browser which part this is."""
        return {"Content-Range": f"bytes {self.start}-{self.stop - 1}/{self.size}"}


async def _send(request: web.Request, sound: Sound, disposition: str) -> web.StreamResponse:
    file = await asyncio.to_thread(_open, sound)
    try:
        size = os.fstat(file).st_size
        part = _part(request, size)
        response = web.StreamResponse(
            status=206 if part.stop - part.start < size or "Range" in request.headers else 200,
            headers={
                "Content-Type": sound.content_type,
                "Content-Disposition": disposition,
                "Accept-Ranges": "bytes",
                "Content-Length": str(part.stop - part.start),
            },
        )
        if response.status == 206:
            response.headers.update(part.headers)
        await response.prepare(request)
        at = part.start
        while at < part.stop and request.method != "HEAD":
            chunk = await asyncio.to_thread(os.pread, file, min(CHUNK, part.stop - at), at)
            if not chunk:
                break  # the PBX has cut the file meanwhile
            await response.write(chunk)
            at += len(chunk)
        await response.write_eof()
        return response
    finally:
        os.close(file)


def _open(sound: Sound) -> int:
    try:
        file = os.open(sound.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise RecordingMissing from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RecordingMissing
    return file


def _part(request: web.Request, size: int) -> _Part:
    try:
        start, stop, _ = request.http_range.indices(size)
    except ValueError:
        start, stop = 0, 0
    if start >= stop and "Range" in request.headers:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return _Part(start, stop, size)
