"""Files on deals: which may be kept, how large, and under which name they are given back.

A file is never shown by the program itself: it is given back as a download of no particular type, so
that a page somebody uploads runs nowhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.errors import BadInput, Refused
from pbx_crm.domain.sentence import N_

# What offers, contracts, drawings, scans and recordings come as. No programs, and nothing a browser runs.
KNOWN_ENDINGS = frozenset(
    (
        *("pdf", "txt", "csv", "rtf", "doc", "docx", "odt", "xls", "xlsx", "ods", "ppt", "pptx", "odp"),
        *("png", "jpg", "jpeg", "gif", "webp", "heic", "tif", "tiff", "dwg", "dxf"),
        *("mp3", "wav", "ogg", "m4a", "zip", "eml", "msg", "vcf"),
    )
)
LONGEST_NAME = 150
MOST_FILES = 100
"""On one deal."""
# A name that Windows would take for a device, a path or a stream is no name there.
UNSAFE = re.compile(r'[\\/:*?"<>|]')


class FilesAreOff(Refused):
    """Files are switched off here."""


@dataclass(frozen=True, slots=True)
class DealFile:
    """A file of a deal; its content lies under its digest."""

    id: int
    deal_id: int
    name: str
    size: int
    """Bytes."""
    digest: str
    by_id: int | None
    at: datetime


def good_name(raw: str) -> str:
    """The name without folders and without letters that mean something to a system; BadInput by its end."""
    base = raw.replace("\\", "/").rpartition("/")[2]
    visible = "".join(letter for letter in base if unicodedata.category(letter) not in ("Cc", "Cf", "Cs"))
    name = UNSAFE.sub("_", " ".join(visible.split())).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if not stem or not dot or ending.lower() not in KNOWN_ENDINGS:
        raise BadInput(reasons={"file": N_("Files of this kind are not kept here.")})
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def too_large(most_bytes: int) -> BadInput:
    """The refusal of a file that is larger than this."""
    reasons = {"file": N_("A file has at most %(most)s MB.")}
    return BadInput(reasons=reasons, most=most_bytes // 1_000_000)
