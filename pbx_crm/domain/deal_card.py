"""A deal with everything around it, as its card shows it: client, next step, and what happened so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import ActorKind, Deal
from pbx_crm.domain.deal_edit import FieldChange
from pbx_crm.domain.deal_file import DealFile
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.owner_rule import Rule
from pbx_crm.domain.passage import PassageStory
from pbx_crm.domain.region import Place
from pbx_crm.domain.task import Task, TaskKind, Urgency


class EntryKind(StrEnum):
    """What a line of the timeline tells of."""

    CALL = "call"
    MOVE = "move"
    CREATED = "created"
    NOTE = "note"
    TASK = "task"
    OWNER = "owner"
    FIELDS = "fields"
    FILE = "file"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A call as the timeline tells it."""

    id: int
    direction: Direction
    outcome: Outcome | None
    """None while it lasts."""
    wait_seconds: float
    talk_seconds: float
    line: str
    why: Rule
    """Why this seller got the card."""
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline; which fields it has depends on its kind."""

    kind: EntryKind
    at: datetime
    who: str = ""
    """The person behind it; empty for the program itself."""
    actor: ActorKind | None = None
    text: str = ""
    from_stage: str = ""
    to_stage: str = ""
    to_person: str = ""
    is_undo: bool = False
    undo_id: int | None = None
    """The move that may still be taken back."""
    act_id: int | None = None
    """The trigger's act that may be taken back."""
    trigger: str = ""
    """The name of the trigger that made the move."""
    passage: PassageStory | None = None
    """What confirmed a move at its gates, and what was skipped."""
    call: CallFacts | None = None
    task_kind: TaskKind | None = None
    result: str = ""
    """What came of a task; of an automatic one a message id."""
    why: Rule = field(default_factory=dict)
    """What the program did, as a rule with its values."""
    changes: tuple[FieldChange, ...] = ()
    note_id: int | None = None
    """The note, where the viewer may change or delete it."""
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Something still to be done on this deal."""

    task: Task
    owner_name: str
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class OtherDeal:
    """Another deal of the same client."""

    deal: Deal
    stage_name: str


@dataclass(frozen=True, slots=True)
class CardContact:
    """Somebody the deal is talked about with."""

    id: int
    name: str
    role: str
    """What they have to do with it: "accountant"."""
    numbers: tuple[str, ...]
    is_first: bool
    do_not_call: bool = False
    place: Place | None = None
    """Where they are."""


@dataclass(frozen=True, slots=True)
class DealCard:
    """The whole card."""

    deal: Deal
    funnel: Funnel
    stage: Stage
    owner_name: str
    client_name: str
    numbers: tuple[str, ...]
    tasks: tuple[OpenTask, ...]
    others: tuple[OtherDeal, ...]
    entries: tuple[Entry, ...]
    """Newest first."""
    colleagues: tuple[tuple[int, str], ...]
    """Who may own it."""
    loss_reason: str
    other_funnels: tuple[Funnel, ...] = ()
    """Where else it may go; nothing for a closed deal."""
    people: tuple[CardContact, ...] = ()
    """Everybody it is talked about with, the first contact first."""
    company: str = ""
    tags: tuple[str, ...] = ()
    draft: str = ""
    """What the viewer has begun to write."""
    files: tuple[DealFile, ...] = ()
    takes_files: bool = False
    """Whether the head has switched files on."""

    @property
    def junk_call_id(self) -> int | None:
        """The call that may show this to be no client: the open deal's latest, if it has any."""
        calls = (entry.call.id for entry in self.entries if entry.call and entry.call.outcome is not None)
        return next(calls, None) if self.deal.is_open else None

    usual_seconds: float | None = None
    """How long deals usually stay in this stage; None where too few have left it."""

    @property
    def has_known_owner(self) -> bool:
        """Whether the owner is among those who may own it; somebody who left is not."""
        return any(person_id == self.deal.owner_id for person_id, _ in self.colleagues)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Where it may be moved, in board order; a retired stage only while the deal lies in it."""
        return tuple(
            stage for stage in self.funnel.stages if not stage.is_retired or stage.id == self.stage.id
        )
