"""From one PBX to the services: the call stream's news, each to whom it concerns."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.call_stream import CallStream, Facts, GapSeen, PictureWhole, StreamNews
from pbx_crm.asterisk.dialler import Dialler, DialShape
from pbx_crm.asterisk.voice_dialler import VoiceDialler, VoiceShape
from pbx_crm.call_records import shape_of
from pbx_crm.config import PbxSettings
from pbx_crm.config_voice import VoiceSettings
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.dialling import DialRules
from pbx_crm.domain.errors import LeaseLost, StoreUnavailable
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.presence import PresenceEvent
from pbx_crm.domain.voice_call import VoiceRules
from pbx_crm.services.dialling import Outlet
from pbx_crm.services.metrics import LinkFigures
from pbx_crm.services.reconcile import Records
from pbx_crm.services.registry import Services
from pbx_crm.services.voice_calls import VoiceOutlet

log = logging.getLogger(__name__)

HEARD_EVERY_SECONDS = 15
PHONES_EVERY_SECONDS = 0.5
RECONCILED_EVERY_SECONDS = 60
SETTLED_AFTER_SECONDS = 35
"""After a reconnect the last calls of the gap are read once their rows are ripe (RIPE_AFTER)."""
NOT_STORED = (StoreUnavailable, LeaseLost)
INSTANCE = f"{platform.node()[:20]}:{os.getpid()}"
"""This process, as the doctor tells it from another one that listens too."""


def account_of(pbx: PbxSettings, secret: str) -> AmiAccount:
    """The AMI user we are there."""
    return AmiAccount(pbx.host, pbx.port, pbx.username, secret, tls=pbx.tls, tls_ca=pbx.tls_ca)


def dial_shape_of(pbx: PbxSettings) -> DialShape:
    """How calls are started there."""
    return DialShape(
        context=pbx.dial_context,
        phone=pbx.dial_phone,
        devices=pbx.devices,
        prefix=pbx.dial_prefix,
        plus=pbx.dial_plus,
        hang_up=pbx.hang_up,
    )


def started_writes_of(pbx: PbxSettings) -> frozenset[str]:
    """The write classes that starting and ending calls there needs."""
    return dial_shape_of(pbx).writes | (frozenset({"originate"}) if pbx.voice else frozenset())


def dial_rules_of(pbx: PbxSettings) -> DialRules:
    """Who may be called from the CRM, how often and when."""
    return DialRules(
        numbers=pbx.dial_numbers,
        hours=pbx.dial_hours,
        per_minute=pbx.dials_per_minute,
        per_day=pbx.dials_per_day,
    )


def voice_shape_of(voice: VoiceSettings) -> VoiceShape:
    """How clients are called there and a recording is played."""
    return VoiceShape(voice.context, voice.ring_seconds, voice.answering_machine)


def voice_rules_of(voice: VoiceSettings, region: str) -> VoiceRules:
    """Which clients robots may call there, how often and when."""
    return VoiceRules(
        region=region,
        numbers=voice.numbers,
        hours=voice.hours,
        at_once=voice.at_once,
        per_hour=voice.per_hour,
        per_client_and_day=voice.per_client_and_day,
    )


class CallLoop:
    """Runs one PBX's stream until it is stopped; what it concludes goes to the intake."""

    def __init__(
        self,
        pbx: PbxSettings,
        secret: str,
        services: Services,
        plan: NumberPlan,
        records: Records | None = None,
    ) -> None:
        """`records` are what the PBX writes down; None where the configuration names none."""
        self._name = pbx.name
        self._services = services
        self._records = records
        self._wants_records = asyncio.Event()
        self._unread = ""
        self._listened = False
        self._shape = shape_of(pbx)
        shape = dial_shape_of(pbx)
        writes = frozenset({"reporting"}) | started_writes_of(pbx)
        account = replace(account_of(pbx, secret), writes=writes)
        self._stream = CallStream(
            account,
            CallTracker(self._shape),
            self._take,
            on_state=self._link_changed,
            on_presence=self._phone_changed,
            clock=services.clock,
        )
        phones = Dialler(self._stream.listener, shape)
        services.dialling.offer(pbx.name, Outlet(phones, plan, dial_rules_of(pbx)))
        if pbx.voice is not None:
            caller = VoiceDialler(self._stream.listener, shape, voice_shape_of(pbx.voice))
            rules = voice_rules_of(pbx.voice, services.installation.region)
            services.voice.calls.offer(pbx.name, VoiceOutlet(caller, plan, rules, pbx.voice.caller_id))
        services.metrics.watch(pbx.name, self.figures)

    async def run(self) -> None:
        """Listens until `stop()`; never ends by itself while the PBX is away."""
        self._phone_changed(None)
        beside = [asyncio.create_task(self._remember()), asyncio.create_task(self._show_phones())]
        if self._records is not None:
            beside.append(asyncio.create_task(self._reconcile(self._records)))
        try:
            await self._stream.run()
        finally:
            for task in beside:
                task.cancel()

    async def _remember(self) -> None:
        """Writes down until when this PBX was heard: after a crash the gap begins there."""
        while True:
            await asyncio.sleep(HEARD_EVERY_SECONDS)
            if self._listened and self._is_up():
                try:
                    await self._sign_in()
                except NOT_STORED:
                    log.debug("That %s is heard cannot be written down just now", self._name)

    def _phone_changed(self, event: PresenceEvent | None) -> None:
        presence = self._services.telephony.presence
        if event is None:
            presence.lost(self._name, self._shape)
        else:
            presence.heard(self._name, event)

    async def _show_phones(self) -> None:
        """Stores what phones are doing, twice a second at most; what fails is stored the next time."""
        while True:
            try:
                await self._services.telephony.presence.store(self._name)
            except NOT_STORED:
                log.debug("What the phones of %s are doing cannot be stored just now", self._name)
            await asyncio.sleep(PHONES_EVERY_SECONDS)

    async def _sign_in(self) -> None:
        await self._services.gaps.heard(self._name)
        await self._services.checkup.listening(self._name, INSTANCE)

    async def _reconcile(self, records: Records) -> None:
        """Reads what the PBX wrote down: at the start, soon after every reconnect, and every minute.

        CDR not before AMI has told what lives: it has rows of calls that go on.
        """
        if not records.tells_what_lives:
            await self._wants_records.wait()
        while True:
            await self._read_records(records)
            self._wants_records.clear()
            try:
                async with asyncio.timeout(RECONCILED_EVERY_SECONDS):
                    await self._wants_records.wait()
                await asyncio.sleep(SETTLED_AFTER_SECONDS)
            except TimeoutError:
                continue

    async def _read_records(self, records: Records) -> None:
        """One reading; that it fails is said once, and once that it works again."""
        try:
            await self._services.reconcile.run(self._name, records)
        except Exception as error:  # the next reading begins at the same place
            if str(error) != self._unread:
                log.exception("The records of %s could not be read; trying again", self._name)
            self._unread = str(error)
            return
        if self._unread:
            log.info("The records of %s can be read again", self._name)
        self._unread = ""

    async def stop(self) -> None:
        """Ends the link; `run` returns once everything heard is stored."""
        await self._stream.close()
        if self._listened:
            with suppress(*NOT_STORED):
                await self._services.gaps.heard(self._name)
                await self._services.checkup.leaving(self._name, INSTANCE)

    def figures(self) -> LinkFigures:
        """The link's counters now."""
        link, stream = self._stream.listener.figures, self._stream.figures
        return LinkFigures(
            is_up=self._is_up(),
            events=link.events,
            broken=link.broken + stream.broken_events,
            connections=link.connections,
            refusals=link.refusals,
            inbox_depth=stream.inbox_depth,
            undelivered=stream.undelivered,
            dropped=stream.dropped,
        )

    def _is_up(self) -> bool:
        state = self._services.pbx_link.states.get(self._name)
        return state is not None and state.status is LinkStatus.UP

    def _link_changed(self, state: LinkState) -> None:
        self._services.pbx_link.changed(self._name, state)

    async def _take(self, news: StreamNews) -> None:
        match news:
            case Facts():
                await self._take_facts(news)
            case GapSeen():
                await self._services.gaps.note(
                    self._name, news.began, news.ended, pbx_restarted=news.pbx_restarted
                )
            case PictureWhole():
                await self._settle(news)
            case _:
                assert_never(news)

    async def _take_facts(self, news: Facts) -> None:
        await self._services.intake.take(self._name, news.facts)
        if news.heard_at is not None:
            waited = self._services.clock() - news.heard_at
            self._services.metrics.stored(waited.total_seconds(), len(news.facts))

    async def _settle(self, news: PictureWhole) -> None:
        living = {linkedid for call in news.open_calls for linkedid in (call.linkedid, *call.aliases)}
        await self._services.intake.settle_unheard(self._name, living, news.at)
        if not self._listened:
            self._listened = True
            await self._services.gaps.began_listening(self._name)
            await self._services.checkup.listening(self._name, INSTANCE)
        self._wants_records.set()
