"""The missed-call clock: how long a number waited after nobody answered it, and how the wait ended.

A *wait* is of a number, not of a call: it begins with the first unanswered call since anybody last talked
with that number, and ends when somebody talks with it again, whoever dialled. A client who tries five
times before lunch waits once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from pbx_crm.domain.client import Client
from pbx_crm.domain.report_table import ReportTable
from pbx_crm.domain.working_time import WorkingTime

NEVER_AFTER = timedelta(days=7)
"""Without a word for so long after their last try, nobody expects a call any more."""
LEAST_WAITS = 10
"""Below this no median and no percentage is told."""


class WaitState(StrEnum):
    """How a wait stands or ended."""

    WAITING = "waiting"
    GOT_THROUGH = "got_through"
    """The client tried again and was answered, before anybody called back."""
    IN_TIME = "in_time"
    LATE = "late"
    """Called back, after the line's limit."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class NumberCall:
    """One call from or to a number, as far as the clock cares."""

    call_id: int
    is_incoming: bool
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    limit_minutes: int
    """Within which the line wants a call back."""
    working: WorkingTime
    """When those who answer the line are there to call back."""
    is_counted: bool = True
    """Whether the wait is this report's business if this call belongs to it: scope, seller, line."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait of a number."""

    call_id: int
    """The first unanswered call that the viewer may open."""
    began_at: datetime
    """The first unanswered call began; decides to which day the wait belongs."""
    waits_since: datetime
    """The caller hung up: from here the clock runs."""
    last_try_at: datetime
    tries: int
    """Unanswered calls of the client."""
    our_tries: int
    """Calls of ours that nobody picked up."""
    talked_at: datetime | None
    was_called_back: bool
    limit_minutes: int
    due_at: datetime
    """The moment by which the line wants them called back: its minutes are working ones."""
    is_counted: bool

    @property
    def seconds(self) -> float | None:
        """From hanging up to talking; None while nobody has talked with them."""
        return None if self.talked_at is None else (self.talked_at - self.waits_since).total_seconds()

    def state(self, now: datetime) -> WaitState:
        """How it stands."""
        if self.talked_at is None:
            is_over = now - self.last_try_at > NEVER_AFTER
            return WaitState.NEVER if is_over else WaitState.WAITING
        if not self.was_called_back:
            return WaitState.GOT_THROUGH
        return WaitState.IN_TIME if self.talked_at <= self.due_at else WaitState.LATE


def waits_of(calls: Iterable[NumberCall]) -> list[Wait]:
    """The waits of one number out of all its calls, oldest first; a call still open is no miss yet."""
    ordered = sorted(calls, key=lambda call: (call.started_at, call.call_id))
    talks = sorted(
        ((call.answered_at, call.is_incoming) for call in ordered if call.answered_at is not None),
    )
    missed = [call for call in ordered if _is_missed(call)]
    found: list[Wait] = []
    while missed:
        # Only what is answered after they tried ends the wait: a talk that went on meanwhile does not.
        talk = next((talk for talk in talks if talk[0] > missed[0].started_at), None)
        mine = [call for call in missed if talk is None or call.started_at < talk[0]]
        found.append(_wait(mine, ordered, talk))
        missed = missed[len(mine) :]
    return found


def _is_missed(call: NumberCall) -> bool:
    return call.is_incoming and call.answered_at is None and call.ended_at is not None


def _wait(
    missed: Sequence[NumberCall], calls: Sequence[NumberCall], talk: tuple[datetime, bool] | None
) -> Wait:
    first = missed[0]
    ours = [
        call
        for call in calls
        if not call.is_incoming
        and call.answered_at is None
        and call.started_at > first.started_at
        and (talk is None or call.started_at < talk[0])
    ]
    # Of two calls at once the clock may not run before the talk that ends it.
    waits_since = min(filter(None, (first.ended_at, talk[0] if talk else None)))
    return Wait(
        call_id=next((call for call in missed if call.is_counted), first).call_id,
        began_at=first.started_at,
        waits_since=waits_since,
        last_try_at=missed[-1].started_at,
        tries=len(missed),
        our_tries=len(ours),
        talked_at=talk[0] if talk else None,
        was_called_back=talk is not None and not talk[1],
        limit_minutes=first.limit_minutes,
        due_at=first.working.due(waits_since, timedelta(minutes=first.limit_minutes)),
        is_counted=any(call.is_counted for call in missed),
    )


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A wait with whom it is about, already within the viewer's rights."""

    wait: Wait
    state: WaitState
    client: Client | None
    number: str | None
    """None where the viewer may not know it."""
    line_name: str | None
    rang: str
    """Whose phones the first call rang."""


@dataclass(frozen=True, slots=True)
class MissedReport:
    """The waits that began in a stretch of time."""

    rows: tuple[WaitRow, ...]
    now: datetime
    withheld: int
    """Missed calls without a number: nobody can call them back, so they are counted apart."""

    def count(self, state: WaitState) -> int:
        """How many waits stand so."""
        return sum(row.state is state for row in self.rows)

    @property
    def settled(self) -> int:
        """Waits whose end is known: the percentages are of these."""
        return len(self.rows) - self.count(WaitState.WAITING)

    def percent(self, state: WaitState) -> int | None:
        """Of the settled waits; None below the sample floor."""
        if self.settled < LEAST_WAITS:
            return None
        return round(100 * self.count(state) / self.settled)

    @property
    def called_back(self) -> int:
        """Waits that a call of ours ended."""
        return self.count(WaitState.IN_TIME) + self.count(WaitState.LATE)

    @property
    def median_seconds(self) -> float | None:
        """Half of those called back waited no longer; None below the sample floor."""
        lengths = [
            row.wait.seconds
            for row in self.rows
            if row.state in (WaitState.IN_TIME, WaitState.LATE) and row.wait.seconds is not None
        ]
        return median(lengths) if len(lengths) >= LEAST_WAITS else None

    def listed(self, state: WaitState | None) -> tuple[WaitRow, ...]:
        """The waits that stand so; those still waiting in the order in which to call them."""
        if state is WaitState.WAITING:
            return self.to_call
        return tuple(row for row in self.rows if state is None or row.state is state)

    @property
    def to_call(self) -> tuple[WaitRow, ...]:
        """Who waits, next first: who can still be reached in time by their limit, then the latest try.

        A caller of five minutes ago still has the phone in hand; one of yesterday has called elsewhere.
        """
        waiting = [row for row in self.rows if row.state is WaitState.WAITING]
        in_time = [row for row in waiting if row.wait.due_at >= self.now]
        overdue = [row for row in waiting if row.wait.due_at < self.now]
        in_time.sort(key=lambda row: row.wait.due_at)
        overdue.sort(key=lambda row: row.wait.last_try_at, reverse=True)
        return (*in_time, *overdue)

    def table(self) -> ReportTable:
        """Each wait a row, oldest first."""
        columns = ("state", "number", "name", "line", "rang", "began_at", "tries", "our_tries")
        return ReportTable(
            (*columns, "limit_minutes", "due_at", "talked_at", "wait_seconds"),
            tuple(
                (
                    row.state.value,
                    row.number,
                    row.client.name if row.client else None,
                    row.line_name,
                    row.rang,
                    row.wait.began_at.isoformat(timespec="seconds"),
                    row.wait.tries,
                    row.wait.our_tries,
                    row.wait.limit_minutes,
                    row.wait.due_at.isoformat(timespec="seconds"),
                    row.wait.talked_at.isoformat(timespec="seconds") if row.wait.talked_at else None,
                    None if row.wait.seconds is None else round(row.wait.seconds, 1),
                )
                for row in self.rows
            ),
        )
