"""The doctor's rounds: what the database tells, and what others were asked to look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pbx_crm.db import checkup
from pbx_crm.db.checkup import Seen
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.finding import Finding, fault, good, warning
from pbx_crm.domain.phone import masked
from pbx_crm.domain.sentence import N_, Sentence
from pbx_crm.domain.voice_checkup import robots_without_pbx
from pbx_crm.services.clock import Clock

HEARTBEAT_LASTS = timedelta(seconds=45)
"""A listener signs in every 15 s."""

Look = Callable[[], Awaitable[list[Finding]]]
"""Examines something outside of the database: a PBX, files, the web's settings."""


@dataclass(frozen=True, slots=True)
class PbxNames:
    """What the configuration says of one PBX."""

    name: str
    trunks: tuple[str, ...] | None
    """None: every endpoint that is no extension."""
    calls_clients: bool = False
    """Whether robots may have clients called over it."""


class Checkup:
    """Runs all the looks; a person with the right to set up telephony reads the findings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._pbxes: tuple[PbxNames, ...] = ()
        self._looks: list[Look] = []

    def examine(self, pbxes: Iterable[PbxNames], *looks: Look) -> None:
        """These PBXes are asked about, and these looks belong to every run."""
        self._pbxes = tuple(pbxes)
        self._looks += looks

    async def run(self) -> list[Finding]:
        """Every finding: what others look at first, then what the calls on record tell."""
        found = [finding for look in self._looks for finding in await look()]
        return [*found, *await self._database.read(_of_records, self._pbxes, self._clock())]

    async def listening(self, pbx: str, instance: str) -> None:
        """Signs in: this process listens to this PBX."""
        await self._database.write(checkup.note_listener, pbx, instance, self._clock())

    async def leaving(self, pbx: str, instance: str) -> None:
        """Signs out, so that nobody takes this process and the next one for two that listen at once."""
        await self._database.write(checkup.forget_listener, pbx, instance)


def _of_records(tx: Transaction, pbxes: tuple[PbxNames, ...], now: datetime) -> list[Finding]:
    found = [finding for pbx in pbxes for finding in (_listeners(tx, pbx.name, now), *_trunks(tx, pbx, now))]
    if not any(pbx.calls_clients for pbx in pbxes) and (calling := checkup.calling_robots(tx)):
        found.append(robots_without_pbx(calling))
    found += _said_of(checkup.unlined(tx, now), _unlined)
    found += _said_of(checkup.unread_numbers(tx, now), _unread)
    found += [replace(_unlinked(seen.number), where=seen.pbx) for seen in checkup.unlinked_phones(tx, now)]
    return found or [good("records", N_("the calls on record raise no question"))]


def _listeners(tx: Transaction, pbx: str, now: datetime) -> Finding:
    found = checkup.listeners(tx, pbx, now - HEARTBEAT_LASTS)
    if len(found) > 1:
        finding = fault(
            "two_listeners",
            Sentence.of(N_("several programs listen at once: %(names)s"), names=", ".join(found)),
            Sentence.of(N_("stop all but one of them: two would do everything twice")),
        )
    elif found:
        finding = good("listener", N_("the CRM listens: %(program)s"), program=found[0])
    else:
        finding = warning(
            "no_listener",
            Sentence.of(N_("no CRM listens to this PBX just now")),
            Sentence.of(N_("start it: pbx-crm serve --config FILE")),
        )
    return replace(finding, where=pbx)


def _trunks(tx: Transaction, pbx: PbxNames, now: datetime) -> list[Finding]:
    if pbx.trunks is None:
        return []
    known = {name.rpartition("/")[2] for name in pbx.trunks}
    strange = [
        seen
        for seen in checkup.trunks(tx, now)
        if seen.pbx == pbx.name and seen.value.rpartition("/")[2] not in known
    ]
    return _said_of(strange, _strange_trunk)


def _said_of(seen: Iterable[Seen], says: Callable[[Mapping[str, object]], Finding]) -> list[Finding]:
    return [replace(says({"value": one.value, "count": one.count}), where=one.pbx) for one in seen]


def _strange_trunk(seen: Mapping[str, object]) -> Finding:
    return warning(
        "unmapped_trunk",
        Sentence.of(N_("%(count)s recent calls came over %(value)s, which is not among trunks"), **seen),
        Sentence.of(N_('pbx_crm.toml [[pbx]]: add "%(value)s" to trunks'), **seen),
    )


def _unlined(seen: Mapping[str, object]) -> Finding:
    return warning(
        "unmapped_line",
        Sentence.of(N_("%(count)s recent calls to %(value)s belong to no line"), **seen),
        Sentence.of(N_("Settings → Lines: add a line for the number %(value)s"), **seen),
    )


def _unread(seen: Mapping[str, object]) -> Finding:
    shown = {**seen, "value": masked(str(seen["value"]))}
    return warning(
        "unread_number",
        Sentence.of(N_("a number of %(count)s recent calls (%(value)s) is read as nobody's"), **shown),
        Sentence.of(N_("pbx_crm.toml: check region, and strip_prefixes of this PBX")),
    )


def _unlinked(number: str) -> Finding:
    return warning(
        "unlinked_extension",
        Sentence.of(N_("extension %(number)s takes part in calls and is linked to nobody"), number=number),
        Sentence.of(N_("Settings → Extensions: link %(number)s, or  pbx-crm user link"), number=number),
    )
