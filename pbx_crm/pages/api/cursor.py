"""Where a list goes on: an opaque text, so that nobody's script learns to build it."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_


def written(at: datetime, record_id: int) -> str:
    """The cursor that stands behind this record."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{record_id}".encode()).decode()


def read(cursor: str) -> tuple[datetime, int]:
    """The moment and the id in a cursor; BadInput for one that is not ours."""
    try:
        at, _, record_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not record_id.isdecimal():
            raise ValueError
        return moment, min(int(record_id), 2**63 - 1)
    except (ValueError, binascii.Error):
        raise BadInput(reasons={"cursor": N_("This is not a cursor of this list.")}) from None
