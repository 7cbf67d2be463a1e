"""Gates: what must have happened before a stage counts as reached, as the head keeps it.

A gate stands before its stage and guards the way in: whoever moves a card onward past the boundary is asked
for it. It prompts; only the head can make it binding. A stage without needs has no gate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from pbx_crm.domain.deal_edit import FIELD_NAMES
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind

MOST_SECONDS = 3600


class NeedKind(StrEnum):
    """What confirms that a stage is reached."""

    FIELD = "field"
    """A field of the deal is filled in, whenever that was."""
    CALL = "call"
    """An answered call, of which so many seconds lie in the stage the card comes from."""
    TASK = "task"
    """A task finished in that stage, of any kind or of a certain one."""
    DOCUMENT = "document"
    """A file put on the deal there, or a note with a link."""
    NOTE = "note"
    """Something a colleague wrote on the deal there."""


class GateField(StrEnum):
    """Fields a gate may ask for; each is called as in the deal's form."""

    AMOUNT = "amount"
    EXPECTED_CLOSE = "expected_close"
    CLIENT = "client_name"
    COMPANY = "company"
    TITLE = "title"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing a gate asks for."""

    kind: NeedKind
    detail: str = ""
    """Of a field its name, of a task its kind; a task of no kind is any."""
    seconds: int = 0
    """Of a call: how long the talk must be."""

    @property
    def label(self) -> str:
        """What people call a field: a message id; empty for what is none."""
        return FIELD_NAMES.get(self.detail, "")

    @property
    def key(self) -> str:
        """The need as it is stored and as programs name it: `field:amount`, `call:60`, `task`, `note`."""
        detail = str(self.seconds) if self.kind is NeedKind.CALL else self.detail
        return f"{self.kind.value}:{detail}" if detail else self.kind.value


def need_of(key: str) -> Need:
    """The need that is stored so; ValueError for what is none."""
    name, _, detail = key.partition(":")
    kind = NeedKind(name)
    match kind:
        case NeedKind.FIELD:
            return Need(kind, GateField(detail).value)
        case NeedKind.TASK:
            return Need(kind, TaskKind(detail).value if detail else "")
        case NeedKind.CALL:
            return Need(kind, seconds=int(detail))
        case NeedKind.DOCUMENT | NeedKind.NOTE:
            return Need(kind)
        case _:
            assert_never(kind)


@dataclass(frozen=True, slots=True)
class Gate:
    """What stands before one stage."""

    needs: tuple[Need, ...]
    is_binding: bool = False
    """Whether nobody may pass without it; otherwise a reason will do."""

    @property
    def keys(self) -> list[str]:
        """The needs as they are stored."""
        return [need.key for need in self.needs]


def gate_of(keys: Iterable[str], *, is_binding: bool) -> Gate | None:
    """The gate with these needs, each once and in a settled order; None if there are none.

    BadInput for what is no need, and for a talk that no call lasts.
    """
    try:
        needs = {need_of(key) for key in keys}
    except ValueError:
        raise BadInput(reasons={"needs": N_("This is none of the choices.")}) from None
    if any(need.kind is NeedKind.CALL and not 1 <= need.seconds <= MOST_SECONDS for need in needs):
        raise BadInput(reasons={"call_seconds": N_("1 second to an hour, or nothing.")})
    if not needs:
        return None
    return Gate(tuple(sorted(needs, key=_order)), is_binding)


def _order(need: Need) -> tuple[int, int, str]:
    fields = [field.value for field in GateField]
    place = fields.index(need.detail) if need.kind is NeedKind.FIELD else need.seconds
    return list(NeedKind).index(need.kind), place, need.detail
