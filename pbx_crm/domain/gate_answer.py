"""What somebody puts down at a gate so that the card may pass: fields, a note, a link, a task done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind

LINK = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
LONGEST_LINK = 2000


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Only what was filled in; everything else stays as it is."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Fields of the deal that are plain text, by their names."""
    amount: Decimal | None = None
    expected_close: date | None = None
    note: str = ""
    link: str = ""
    task_ids: tuple[int, ...] = ()
    """Open tasks of the card that are done."""
    did: tuple[TaskKind, ...] = ()
    """What was done and nobody had planned."""

    @property
    def changes_fields(self) -> bool:
        """Whether the deal itself changes."""
        return bool(self.texts) or self.amount is not None or self.expected_close is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was filled in."""
        return not (self.changes_fields or self.note or self.link or self.task_ids or self.did)


def check_link(link: str) -> None:
    """BadInput for what leads nowhere."""
    if link and (len(link) > LONGEST_LINK or not LINK.fullmatch(link)):
        raise BadInput(reasons={"link": N_("A link begins with http:// or https://.")})
