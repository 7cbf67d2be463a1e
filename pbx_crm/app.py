"""The program put together: every object is built once here, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from pbx_crm import doctor
from pbx_crm.call_loop import CallLoop
from pbx_crm.call_records import all_records_of, recording_folders_of
from pbx_crm.config import PbxSettings, Settings
from pbx_crm.db import calendars, call_days, funnels, migrate, regions, sqlite_locks
from pbx_crm.db.engine import Database, beside_sqlite
from pbx_crm.db.leases import lease_of
from pbx_crm.db.notify import SignalRelay
from pbx_crm.domain.errors import BadConfig, StoreUnavailable
from pbx_crm.domain.funnel import PRESETS
from pbx_crm.domain.geocoded_places import countries
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_, Sentence
from pbx_crm.outside.file_store import FileStore
from pbx_crm.outside.sheets import rows_of
from pbx_crm.outside.sox import Player
from pbx_crm.outside.voice_sounds import VoiceSounds
from pbx_crm.outside.webhooks import WebhookSender
from pbx_crm.pages.request import SiteOptions
from pbx_crm.pages.site import make_site
from pbx_crm.services.accounts import Accounts
from pbx_crm.services.after_call import AfterCall
from pbx_crm.services.analysis import Analysis
from pbx_crm.services.automation import Automation
from pbx_crm.services.boards import Boards
from pbx_crm.services.bulk_deals import BulkDeals
from pbx_crm.services.call_archive import CallArchive
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.call_log import CallLog
from pbx_crm.services.checkup import Checkup
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.clock import Clock, utc_now
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.deals import Deals
from pbx_crm.services.dialling import Dialling
from pbx_crm.services.entry import Entry
from pbx_crm.services.gaps import Gaps
from pbx_crm.services.ground import Ground
from pbx_crm.services.health import Health
from pbx_crm.services.interpreter import prepare_interpreter
from pbx_crm.services.job_loop import JobLoop
from pbx_crm.services.listings import Listings
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.metrics import Metrics
from pbx_crm.services.moves import Moves
from pbx_crm.services.office import Office
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.pbx_link import PbxLink
from pbx_crm.services.popups import Popups
from pbx_crm.services.reconcile import Reconcile, Records
from pbx_crm.services.registry import Services
from pbx_crm.services.reports import Reports
from pbx_crm.services.robots import SWEEP
from pbx_crm.services.search import Search
from pbx_crm.services.setup import Setup
from pbx_crm.services.staff import Staff
from pbx_crm.services.tasks import Tasks
from pbx_crm.services.telephony import Telephony
from pbx_crm.services.turn import Turn
from pbx_crm.services.voice import Voice
from pbx_crm.services.voice_calls import SWEEP as VOICE_SWEEP

log = structlog.get_logger(__name__)

SWEEP_EVERY_SECONDS = 6 * 3600
STOP_SECONDS = 15
"""A turn that does not end in this time is left behind."""
MB = 1_000_000
LARGEST_LIST_MB = 200


def build_services(
    database: Database,
    installation: Installation,
    passwords: Passwords,
    clock: Clock = utc_now,
    plans: Mapping[str, NumberPlan] | None = None,
) -> Services:
    """Every service, each given what it needs and nothing else."""
    ground = Ground(database, LiveFeed(), clock, installation, plans or _national(installation))
    return _services_on(ground, passwords)


def _services_on(ground: Ground, passwords: Passwords) -> Services:
    database, live, clock, installation = ground.database, ground.live, ground.clock, ground.installation
    intake = CallIntake(database, live, clock, ground.plans)
    clients, voice = Clientele.on(ground), Voice.on(ground)
    return Services(
        installation=installation,
        clock=clock,
        live=live,
        pbx_link=PbxLink(live, clock),
        popups=Popups(database, live, clock),
        call_log=CallLog(database),
        accounts=Accounts(database, live, clock, passwords),
        staff=Staff(database, live, clock, passwords),
        entry=Entry.on(ground, passwords),
        health=Health(database),
        office=Office.on(ground, clients.files.sweep),
        boards=Boards(database, clock),
        bulk_deals=BulkDeals(database, live, clock),
        deals=Deals(database, live, clock, installation),
        moves=Moves(database, live, clock),
        deal_cards=DealCards(database, clock),
        tasks=Tasks(database, live, clock),
        call_archive=CallArchive(database),
        listings=Listings(database, installation),
        search=Search(database, installation),
        reports=Reports(database),
        intake=intake,
        gaps=Gaps(database, live, clock),
        reconcile=Reconcile(database, intake, live, clock, voice.calls),
        metrics=Metrics(database),
        dialling=Dialling(database, clock, installation.time_zone),
        checkup=Checkup(database, clock),
        setup=Setup.on(ground),
        automation=Automation.on(ground, voice),
        after_call=AfterCall.on(ground),
        analysis=Analysis.on(ground),
        telephony=Telephony.on(ground),
        clients=clients,
        voice=voice,
    )


def _national(installation: Installation) -> dict[str, NumberPlan]:
    """Numbers as the country writes them, on every PBX."""
    return {pbx: NumberPlan(installation.region) for pbx in installation.pbxes}


@dataclass(frozen=True, slots=True)
class App:
    """The running program as tests and commands see it."""

    settings: Settings
    database: Database
    services: Services
    url: str
    """Where the pages are."""


@asynccontextmanager
async def running(settings: Settings, clock: Clock = utc_now) -> AsyncIterator[App]:
    """The program, running until the block is left: database, services, call streams, web."""
    secrets = {pbx.name: settings.secret_of(pbx) for pbx in settings.pbx}
    doors = settings.doors()
    async with AsyncExitStack() as stack:
        database = await asyncio.to_thread(open_database, settings)
        stack.callback(database.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        plans = plans_of(settings)
        services = build_services(database, settings.installation, passwords, clock, plans)
        database.on_turn = lambda: _say_turn(database, services.live)
        doctor.prepare(services.checkup, database, settings, clock, path=None)
        for door in doors:
            services.telephony.doors.open(door)
        await stack.enter_async_context(_keeping_files(services.clients, settings))
        await _keep_sounds(services.voice, settings)
        await stack.enter_async_context(_sharing_signals(database, services.live))
        written = all_records_of(settings)
        services.office.day_books.offer(written)
        player = Player()
        stack.callback(player.close)
        services.office.recordings.offer(recording_folders_of(settings), player)
        services.automation.webhooks.send_by(WebhookSender(settings.webhooks.allow))
        await stack.enter_async_context(_beside(_work(services.automation.jobs), "jobs"))
        for pbx in settings.pbx:
            records = written.get(pbx.name)
            listening = _listening(pbx, secrets[pbx.name], services, plans[pbx.name], records, database)
            await stack.enter_async_context(listening)
        await stack.enter_async_context(_beside(services.analysis.rollups.keep_up(), "sums of calls"))
        await stack.enter_async_context(_beside(services.entry.watch.keep_up(), "who opens how many clients"))
        await stack.enter_async_context(_beside(_sweep(services), "what is too old"))
        url = await stack.enter_async_context(_served(services, settings))
        yield App(settings, database, services, url)


def _say_turn(database: Database, live: LiveFeed) -> None:
    """Tells browsers that the database takes no changes, or again, and the log who is in the way."""
    live.tell_everybody({"pbx"})
    if not database.takes_changes and (holder := sqlite_locks.stopped_holder(database.engine)):
        log.error("Nothing can be stored: %s", sqlite_locks.in_words(holder))


@asynccontextmanager
async def _keeping_files(clients: Clientele, settings: Settings) -> AsyncIterator[None]:
    """Files of deals and lists of clients have a folder while the block lasts, if there is one."""
    folder = file_folder_of(settings)
    if folder is None:
        yield
        return
    clients.files.use(FileStore(folder, settings.files.most_mb * MB))
    clients.imports.use(FileStore(folder / "imports", LARGEST_LIST_MB * MB), rows_of)
    await clients.files.sweep()
    await clients.imports.sweep()
    await clients.imports.resume()
    try:
        yield
    finally:
        await clients.imports.stop()


async def _keep_sounds(voice: Voice, settings: Settings) -> None:
    """Recorded messages have a folder, if files have one."""
    folder = file_folder_of(settings)
    if folder is not None:
        voice.messages.use(VoiceSounds(folder / "voice"))
        await voice.messages.sweep()


def file_folder_of(settings: Settings) -> Path | None:
    """Where files of deals lie: the configured folder, else one beside a SQLite; None without either."""
    return settings.files.folder or beside_sqlite(settings.database.url.get_secret_value(), "files")


def plans_of(settings: Settings) -> dict[str, NumberPlan]:
    """How each PBX writes numbers."""
    return {pbx.name: NumberPlan(settings.crm.region, pbx.strip_prefixes) for pbx in settings.pbx}


@asynccontextmanager
async def _listening(
    pbx: PbxSettings,
    secret: str,
    services: Services,
    plan: NumberPlan,
    records: Records | None,
    database: Database,
) -> AsyncIterator[None]:
    """Listens to this PBX whenever no other instance on this database does."""

    def elsewhere() -> None:
        listened = Sentence.of(N_("Another instance of the program listens to this PBX."))
        services.pbx_link.changed(pbx.name, LinkState(LinkStatus.WAITING, services.clock(), listened))

    turn = Turn(
        f"calls of {pbx.name}",
        database,
        lease_of(database.engine, f"pbx-{pbx.name}"),
        lambda: CallLoop(pbx, secret, services, plan, records),
        on_wait=elsewhere,
    )
    running_turn = asyncio.create_task(turn.run(), name=f"turn of {pbx.name}")
    running_turn.add_done_callback(_say_if_it_died)
    try:
        yield
    finally:
        await turn.stop()
        await asyncio.wait([running_turn], timeout=STOP_SECONDS)


@asynccontextmanager
async def _sharing_signals(database: Database, live: LiveFeed) -> AsyncIterator[None]:
    """Joins the browsers of all processes that share a PostgreSQL; a SQLite has one process."""
    if database.engine.dialect.name != "postgresql":
        yield
        return
    relay = SignalRelay(database, live.deliver)
    live.relay_to(relay.send)
    try:
        async with _beside(relay.run(), "signals between processes"):
            yield
    finally:
        live.relay_to(None)


async def _sweep(services: Services) -> None:
    """Deletes, every few hours, what is kept no longer: recordings, sessions, refused log-ins."""
    while True:
        try:
            await services.accounts.clear_stale()
            await services.entry.settings.forget_refused()
            if deleted := await services.office.recordings.sweep():
                log.info("recordings deleted that are too old", files=deleted)
        except (OSError, StoreUnavailable) as error:
            log.error("what is too old cannot be deleted", why=str(error))
        await asyncio.sleep(SWEEP_EVERY_SECONDS)


async def _work(jobs: JobLoop) -> None:
    """Does what waits for its time: robots, and the messages they send."""
    await jobs.ensure(SWEEP)
    await jobs.ensure(VOICE_SWEEP)
    await jobs.run()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Does this beside everything else until the block is left; says so if it dies before."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_say_if_it_died)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=STOP_SECONDS)


def _say_if_it_died(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a loop died and is not done any more", loop=task.get_name(), exc_info=error)


def open_database(settings: Settings) -> Database:
    """The configured database, brought to this version's tables, with a funnel for calls to land in."""
    database = Database.open(settings.database.url.get_secret_value())
    migrate.upgrade(database.engine)
    with database.engine.begin() as tx:
        funnels.first(tx, PRESETS[0], settings.crm.currency)
        calendars.first(tx, settings.installation)
        if not regions.are_stored(tx):
            regions.store(tx, countries())
        call_days.choose_zone(tx, settings.crm.time_zone)
    return database


@asynccontextmanager
async def _served(services: Services, settings: Settings) -> AsyncIterator[str]:
    web_part = settings.web
    proxies = frozenset(web_part.trusted_proxies)
    options = SiteOptions(web_part.public_url, proxies, settings.metrics_door())
    runner = web.AppRunner(make_site(services, options), access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, web_part.host, web_part.port)
        try:
            await listener.start()
        except OSError as error:
            place = f"{web_part.host}:{web_part.port}"
            raise BadConfig(f"web: cannot listen on {place}: {error.strerror}") from error
        yield web_part.public_url or _address_of(runner)
    finally:
        await runner.cleanup()


def _address_of(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def serve(
    settings: Settings,
    *,
    before: Callable[[App], Awaitable[None]] | None = None,
    announce: Callable[[App], None] = lambda _app: None,
) -> None:
    """Runs until SIGINT or SIGTERM, then stops in order.

    `before` is awaited once everything runs, `announce` is called after it.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as app:
        if before is not None:
            await before(app)
        prepare_interpreter()
        log.info("serving", url=app.url)
        announce(app)
        await stop.wait()
        log.info("stopping")
