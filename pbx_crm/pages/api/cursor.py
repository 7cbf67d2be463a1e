"""The pages of a list: how much of it, and where it goes on: an opaque text, no script learns to build it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import Field

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.api.contract import Taken

Record = TypeVar("Record")


class PageQuery(Taken):
    """How much of a list, and where it goes on."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str = Field(default="", max_length=200)

    @property
    def place(self) -> tuple[datetime, int] | None:
        """Where to go on; None at the beginning. BadInput for a cursor that is not ours."""
        return read(self.cursor) if self.cursor else None

    def shown(
        self, found: Sequence[Record], place: Callable[[Record], tuple[datetime, int]]
    ) -> tuple[Sequence[Record], str | None]:
        """As many as are wanted, and the cursor behind them: `found` has one more if the list goes on."""
        page = found[: self.limit]
        return page, written(*place(page[-1])) if len(found) > self.limit else None


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
