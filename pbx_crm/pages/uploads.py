"""Files that browsers send, read part by part: how large they are costs no memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_

PART = 256 * 1024
"""Bytes read at once."""


async def sent_file(request: web.Request) -> BodyPartReader:
    """The file of the form's field `file`; BadInput if there is none."""
    if request.content_type == "multipart/form-data":
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == "file" and part.filename:
                return part
    raise BadInput(reasons={"file": N_("Choose a file.")})


async def parts_of(sent: BodyPartReader) -> AsyncIterator[bytes]:
    """The file's content."""
    while part := await sent.read_chunk(PART):
        yield part
