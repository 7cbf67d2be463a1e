"""Lines and skip rules as a head or an admin keeps them: what becomes of a call, by where it enters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from pbx_crm.db import audit, calendars, funnels, lines, people
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.calendar import Calendar
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.line import Line, MatchKind, SkipRule
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

LONGEST_NAME = 100
LONGEST_RECORDING_DAYS = 3660
LONGEST_CALLBACK_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class LinesView:
    """What the settings of lines show."""

    lines: list[Line]
    skip_rules: list[tuple[int, SkipRule]]
    funnels: list[Funnel]
    sellers: list[Person]
    calendars: list[Calendar]

    def line(self, line_id: int) -> Line:
        """The line with this id; NotFound."""
        found = next((line for line in self.lines if line.id == line_id), None)
        if found is None:
            raise NotFound(line_id=line_id)
        return found

    def reasons_against(self, line: Line, pbxes: Collection[str]) -> dict[str, str]:
        """By field what the line names and is not there, or not any more."""
        reasons = {}
        if line.pbx not in pbxes:
            reasons["pbx"] = N_("There is no such PBX.")
        if line.funnel_id not in {funnel.id for funnel in self.funnels}:
            reasons["funnel_id"] = N_("There is no such funnel.")
        if not set(line.seller_ids) <= {person.id for person in self.sellers}:
            reasons["sellers"] = N_("This is none of the choices.")
        if line.calendar_id is not None and line.calendar_id not in {one.id for one in self.calendars}:
            reasons["calendar_id"] = N_("There is no such calendar.")
        return reasons


class Lines:
    """A changed line holds for calls from then on; what it decided before stays."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def view(self) -> LinesView:
        """Every line and skip rule, and what a form may choose from."""
        return await self._database.read(_view)

    async def save(self, actor: Person, line: Line) -> int:
        """Its id, of a new line or of the one that is changed; BadInput names each wrong value."""
        return await self._database.write(_save, actor, checked(line), self._clock())

    async def drop(self, actor: Person, line_id: int) -> None:
        """Calls that enter so are treated by the line for everything else from now on."""
        await self._database.write(_drop, actor, line_id, self._clock())

    async def add_skip_rule(self, actor: Person, rule: SkipRule) -> None:
        """From now on these calls are logged and make no deal."""
        await self._database.write(_add_rule, actor, checked_rule(rule), self._clock())

    async def drop_skip_rule(self, actor: Person, rule_id: int) -> None:
        """From now on these calls are calls like any other."""
        await self._database.write(_drop_rule, actor, rule_id, self._clock())


def checked(line: Line) -> Line:
    """The line as it is stored; BadInput names each wrong value."""
    reasons = {}
    if not 1 <= len(line.name) <= LONGEST_NAME:
        reasons["name"] = N_("A name is 1 to 100 characters.")
    if len(line.source) > LONGEST_NAME:
        reasons["source"] = N_("At most 100 characters.")
    needs_value = line.match_kind is not MatchKind.ANY
    if needs_value and not 1 <= len(line.match_value) <= LONGEST_NAME:
        reasons["match_value"] = N_("Say which: a called number, a trunk or a queue.")
    if not 1 <= line.callback_minutes <= LONGEST_CALLBACK_MINUTES:
        reasons["callback_minutes"] = N_("1 minute to a week.")
    if line.recording_days is not None and not 1 <= line.recording_days <= LONGEST_RECORDING_DAYS:
        reasons["recording_days"] = N_("1 day to ten years, or empty.")
    if reasons:
        raise BadInput(reasons=reasons)
    return line if needs_value else replace(line, match_value="")


def checked_rule(rule: SkipRule) -> SkipRule:
    """The same for a skip rule."""
    reasons = {}
    if not 1 <= len(rule.name) <= LONGEST_NAME:
        reasons["rule_name"] = N_("A name is 1 to 100 characters.")
    if not 1 <= len(rule.value) <= 64:
        reasons["value"] = N_("Say which number, prefix or trunk.")
    if reasons:
        raise BadInput(reasons=reasons)
    return rule


def _view(tx: Transaction) -> LinesView:
    sellers = [person for person in people.everybody(tx, active_only=True) if person.role is not Role.NONE]
    rules = lines.skip_rules_by_id(tx)
    return LinesView(lines.load(tx), rules, funnels.in_use(tx), sellers, calendars.load(tx))


def _save(tx: Transaction, actor: Person, line: Line, now: datetime) -> int:
    if line.id is None:
        line_id = lines.add(tx, line)
    else:
        lines.change(tx, line)
        line_id = line.id
    act = "line added" if line.id is None else "line changed"
    audit.note(tx, now, actor.id, act, f"line-{line_id}", details={"name": line.name})
    return line_id


def _drop(tx: Transaction, actor: Person, line_id: int, now: datetime) -> None:
    _view(tx).line(line_id)
    lines.drop(tx, line_id)
    audit.note(tx, now, actor.id, "line dropped", f"line-{line_id}")


def _add_rule(tx: Transaction, actor: Person, rule: SkipRule, now: datetime) -> None:
    rule_id = lines.add_skip_rule(tx, rule)
    audit.note(tx, now, actor.id, "skip rule added", f"skip-{rule_id}", details={"name": rule.name})


def _drop_rule(tx: Transaction, actor: Person, rule_id: int, now: datetime) -> None:
    lines.drop_skip_rule(tx, rule_id)
    audit.note(tx, now, actor.id, "skip rule dropped", f"skip-{rule_id}")
