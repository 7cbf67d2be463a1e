"""The doctor put together from a configuration: PBX, files, database, web."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.ami_events import NEEDED_EVENTS
from pbx_crm.asterisk.conf_files import last_of, read_sections
from pbx_crm.asterisk.examination import Examination
from pbx_crm.asterisk.presence_events import HEARD
from pbx_crm.asterisk.record_place import CdrSource, CelSource, Place
from pbx_crm.asterisk.trial_call import Onward, TrialCall
from pbx_crm.asterisk.voice_dialler import OUT, PLAYS
from pbx_crm.call_loop import account_of, dial_shape_of, started_writes_of
from pbx_crm.call_records import cdr_source_of, cel_source_of, recording_folders_of, shape_of
from pbx_crm.config import CdrSettings, PbxSettings, RecordSettings, Settings, WebSettings
from pbx_crm.db import calls, checkup, migrate, sqlite_locks
from pbx_crm.db.engine import Database, make_engine
from pbx_crm.domain.errors import BadConfig, CrmError, LoginRefused, PbxUnreachable, RecordsUnreadable
from pbx_crm.domain.files_checkup import PbxFiles, judge_files
from pbx_crm.domain.finding import Finding, fault, good, unseen, warning
from pbx_crm.domain.pbx_checkup import judge
from pbx_crm.domain.sentence import N_, Sentence
from pbx_crm.domain.store_checkup import cel_unwritten, kept_locked
from pbx_crm.domain.trial_checkup import judge_trial
from pbx_crm.domain.voice_checkup import judge_voice
from pbx_crm.domain.wiring_checkup import LEADS_TO, Wiring, judge_dialling, judge_lookup, judge_zone
from pbx_crm.outside import machine
from pbx_crm.services.checkup import HEARTBEAT_LASTS, Checkup, Look, PbxNames
from pbx_crm.services.clock import Clock, utc_now
from pbx_crm.services.recording_rounds import RecordingRounds

LISTEN_SECONDS = 3.0
MANY_ROWS = 10_000
STORED_TRIES, STORED_PAUSE_SECONDS = 20, 0.5


def prepare(
    rounds: Checkup,
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    path: Path | None,
    listen: float = LISTEN_SECONDS,
) -> None:
    """Gives the rounds of this configuration to the service."""
    names = settings.installation.pbxes
    of_recordings = RecordingRounds(database, clock, names, recording_folders_of(settings))

    async def machine_look() -> list[Finding]:
        return await asyncio.to_thread(_of_machine, settings, path)

    looks: list[Look] = [machine_look, *(_look_at(settings, pbx, clock, listen) for pbx in settings.pbx)]
    looks.append(of_recordings.look)
    pbxes = [PbxNames(pbx.name, pbx.trunks, calls_clients=pbx.voice is not None) for pbx in settings.pbx]
    rounds.examine(pbxes, *looks)


async def try_call(settings: Settings, pbx: PbxSettings, extension: str, second: str = "") -> list[Finding]:
    """What a call to this extension shows; it may last a minute.

    With a second extension the first is put through to it: only such a call between two does the CRM keep.
    """
    onward = Onward(extension, second, pbx.dial_context) if second else None
    account = account_of(pbx, settings.secret_of(pbx))
    records = None
    if pbx.cel is not None:
        records = cel_source_of(pbx.cel, settings.crm.time_zone)
    try:
        place = await asyncio.to_thread(records.end) if records else {}
        calling = TrialCall(account, utc_now)
        trial = await calling.ring(dial_shape_of(pbx).endpoint(extension), onward)
        if trial.rang and records:
            in_records = await asyncio.to_thread(_is_written, records, place, calling.channel_id)
            trial = replace(trial, in_records=in_records)
        if trial.answered and onward:
            trial = replace(trial, in_crm=await _is_stored(settings, pbx.name, calling.channel_id))
    except LoginRefused as refusal:
        return [_refused(account, refusal)]
    except PbxUnreachable as trouble:
        return [_unreachable(account, trouble)]
    except RecordsUnreadable:
        return []  # the look at the records says it, with its reason
    return [replace(finding, where=pbx.name) for finding in judge_trial(trial)]


def _is_written(records: CelSource, place: Place, linkedid: str) -> bool:
    return any(row.linkedid == linkedid for row, _ in records.read(place, MANY_ROWS).rows)


async def _is_stored(settings: Settings, pbx: str, linkedid: str) -> bool | None:
    """Whether the running CRM has the call within ten seconds; None if none listens."""
    database = Database.open(settings.database.url.get_secret_value())
    try:
        if not await database.read(checkup.listeners, pbx, utc_now() - HEARTBEAT_LASTS):
            return None
        for _ in range(STORED_TRIES):
            if await database.read(calls.stored, pbx, [linkedid]):
                return True
            await asyncio.sleep(STORED_PAUSE_SECONDS)
        return False
    finally:
        database.close()


async def examine(settings: Settings, path: Path, *, listen: float, clock: Clock = utc_now) -> list[Finding]:
    """All findings, from the command line; the program itself may run or not."""
    broken = await asyncio.to_thread(_of_database, settings, clock())
    if broken and not _is_usable(broken):
        # Without its tables nothing more can be read; the rest is looked at all the same.
        looks = [_of_machine(settings, path), broken]
        looks += [await _look_at(settings, pbx, clock, listen)() for pbx in settings.pbx]
        return [finding for found in looks for finding in found]
    database = Database.open(settings.database.url.get_secret_value())
    try:
        rounds = Checkup(database, clock)
        prepare(rounds, database, settings, clock, path=path, listen=listen)
        return [*broken, *await rounds.run()]
    finally:
        database.close()


def _is_usable(findings: list[Finding]) -> bool:
    return all(finding.name == "database_ready" for finding in findings)


def _of_machine(settings: Settings, path: Path | None) -> list[Finding]:
    url = make_url(settings.database.url.get_secret_value())
    found = [*_of_web(settings.web)]
    if path is not None:
        found += machine.config_file(path, holds_password=bool(url.password))
    for pbx in settings.pbx:
        if pbx.secret_file is not None:
            found.append(replace(machine.secret_file(pbx.secret_file), where=pbx.name))
    if url.get_backend_name() == "sqlite" and url.database:
        folder = Path(url.database).absolute().parent
        found += [machine.room(folder)] if folder.is_dir() else []
    return found


def _of_web(web: WebSettings) -> list[Finding]:
    host = urlsplit(web.public_url).hostname or web.host
    if web.public_url.startswith("https://"):
        if web.trusted_proxies:
            return [good("web", N_("pages are encrypted: %(url)s"), url=web.public_url)]
        return [
            warning(
                "web_proxies",
                Sentence.of(N_("all log-ins seem to come from one address: the proxy is not trusted")),
                Sentence.of(N_('pbx_crm.toml [web]: trusted_proxies = ["127.0.0.1"]')),
            )
        ]
    if _is_loopback(host):
        return [good("web", N_("pages are served on this machine only: %(host)s"), host=host)]
    return [
        warning(
            "web_clear",
            Sentence.of(N_("passwords travel in the clear to %(host)s"), host=host),
            Sentence.of(N_('put a proxy with TLS before it; pbx_crm.toml [web]: public_url = "https://…"')),
        )
    ]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_database(settings: Settings, now: datetime) -> list[Finding]:
    """What stands in the way of using the database; the last line says that nothing does."""
    url = make_url(settings.database.url.get_secret_value())
    if url.get_backend_name() == "sqlite" and url.database:
        missing = machine.database_file(Path(url.database))
        if missing:
            return missing
    engine = make_engine(url)
    if (holder := sqlite_locks.stopped_holder(engine)) is not None:
        return [kept_locked(holder.pid, holder.command)]
    try:
        with engine.connect().execution_options(writes=True) as tx:
            revision = migrate.current(tx)
            if revision != migrate.newest():
                return [_not_migrated(revision)]
            checkup.try_to_write(tx, now)
            tx.rollback()
    except (DBAPIError, CrmError) as error:
        why = getattr(error, "orig", None) or error
        says = Sentence.of(N_("the database cannot be used: %(why)s"), why=str(why).strip())
        return [fault("database", says, Sentence.of(N_("check url in [database] and that the server runs")))]
    finally:
        engine.dispose()
    return [good("database_ready", N_("the database can be read and written, and is up to date"))]


def _not_migrated(revision: str | None) -> Finding:
    return fault(
        "migration",
        Sentence.of(
            N_("the database is at revision %(has)s, the program wants %(wants)s"),
            has=revision or "-",
            wants=migrate.newest(),
        ),
        Sentence.of(N_("pbx-crm migrate --config FILE")),
    )


def _look_at(settings: Settings, pbx: PbxSettings, clock: Callable[[], datetime], listen: float) -> Look:
    async def look() -> list[Finding]:
        found = await _examined(settings, pbx, clock, listen)
        found.append(await asyncio.to_thread(_of_records, pbx, settings.crm.time_zone))
        found += await asyncio.to_thread(_of_files, pbx)
        return [replace(finding, where=pbx.name) for finding in found]

    return look


async def _examined(
    settings: Settings, pbx: PbxSettings, clock: Callable[[], datetime], listen: float
) -> list[Finding]:
    try:
        secret = settings.secret_of(pbx)
    except BadConfig:
        return []  # said already, with the file
    account = account_of(pbx, secret)
    try:
        picture = await Examination(account, shape_of(pbx), clock, _contexts_of(pbx)).look(listen)
    except LoginRefused as refusal:
        return [_refused(account, refusal)]
    except PbxUnreachable as trouble:
        return [_unreachable(account, trouble)]
    wanted = account.writes | started_writes_of(pbx)
    found = judge(picture, wanted, NEEDED_EVENTS | HEARD | ANSWERS)
    return [*found, *_of_wiring(settings, pbx, picture.wiring, clock())]


def _contexts_of(pbx: PbxSettings) -> tuple[str, ...]:
    """The contexts that what is switched on needs in the dialplan."""
    calls = (OUT, PLAYS, pbx.voice.context) if pbx.voice else ()
    return (*calls, pbx.dial_context, LEADS_TO) if pbx.dial_context else calls


def _of_wiring(settings: Settings, pbx: PbxSettings, wiring: Wiring, now: datetime) -> list[Finding]:
    """Whether the dialplan is answered, and whether we read the PBX's records by its own zone."""
    try:
        found = judge_lookup(settings.door_of(pbx), wiring.asking)
    except BadConfig as trouble:
        mend = Sentence.of(N_("openssl rand -hex 32 > pbx.token, and the same text in PBX_CRM_TOKEN"))
        found = [fault("token_file", Sentence(str(trouble).replace("%", "%%")), mend)]
    if pbx.dial_context:
        found += judge_dialling(wiring.contexts, pbx.dial_context)
    if pbx.voice is not None:
        told, outside = wiring.contexts, pbx.voice.context
        found += judge_voice(told, (OUT, PLAYS), outside, writes_cel=pbx.cel is not None)
    for part, records in (("pbx.cel", pbx.cel), ("pbx.cdr", pbx.cdr)):
        if records is not None:
            zone = records.time_zone or settings.crm.time_zone
            found.append(judge_zone(wiring.zone, f"{now.astimezone(ZoneInfo(zone)):%z}", zone, part))
    return found


def _of_files(pbx: PbxSettings) -> list[Finding]:
    """What the PBX's own files tell, where they lie on this machine."""
    if pbx.files is None:
        return [
            unseen(
                "writetimeout",
                N_(
                    "writetimeout cannot be read over AMI: see that [%(user)s] has  writetimeout = 10000, or "
                    'name the folder:  files = "/etc/asterisk"'
                ),
                user=pbx.username,
            )
        ]
    try:
        manager = read_sections(pbx.files, "manager.conf")
        cel = read_sections(pbx.files, "cel.conf").get("general", []) if pbx.cel else []
    except OSError as trouble:
        says = Sentence.of(N_("the PBX's files cannot be read: %(why)s"), why=trouble)
        return [
            fault("files", says, Sentence.of(N_("pbx_crm.toml [[pbx]]: check files, and who may read it")))
        ]
    user = manager.get(pbx.username, [])
    files = PbxFiles(
        pbx.username,
        pbx.username in manager,
        last_of(user, "writetimeout"),
        last_of(user, "read"),
        last_of(cel, "enable"),
        last_of(cel, "events"),
    )
    return judge_files(files, wants_cel=pbx.cel is not None)


def _of_records(pbx: PbxSettings, time_zone: str) -> Finding:
    """Whether what the PBX writes down can be read."""
    if pbx.cel is None and pbx.cdr is not None:
        return _of_cdr(pbx.cdr, time_zone)
    if pbx.cel is None:
        return warning(
            "cel_unset",
            Sentence.of(N_("calls made while the CRM is away are lost: it does not read the PBX's CEL")),
            Sentence.of(
                N_("copy cel.conf and cel_custom.conf of dialplan/, and fill [pbx.cel] in pbx_crm.toml")
            ),
        )
    if pbx.cel.kind == "csv" and pbx.cel.path is not None and not pbx.cel.path.exists():
        return cel_unwritten(str(pbx.cel.path), str(pbx.cel.path.parent))
    try:
        _try_to_read(pbx.cel, cel_source_of(pbx.cel, time_zone))
    except RecordsUnreadable as trouble:
        return fault(
            "cel_unreadable",
            Sentence.of(N_("the PBX's CEL cannot be read: %(why)s"), why=trouble),
            Sentence.of(N_("pbx_crm.toml [pbx.cel]: check path or url, and that this user may read it")),
        )
    return good("cel", N_("the PBX's CEL can be read"))


def _of_cdr(cdr: CdrSettings, time_zone: str) -> Finding:
    """Whether its call detail records can be read, and that CEL would know more."""
    try:
        _try_to_read(cdr, cdr_source_of(cdr, time_zone))
    except RecordsUnreadable as trouble:
        return fault(
            "cdr_unreadable",
            Sentence.of(N_("the PBX's CDR cannot be read: %(why)s"), why=trouble),
            Sentence.of(N_("pbx_crm.toml [pbx.cdr]: check path or url, and that this user may read it")),
        )
    return warning(
        "cdr_only",
        Sentence.of(N_("the PBX's CDR can be read, and knows nothing of calls that a crash of it cut off")),
        Sentence.of(N_("copy cel.conf and cel_custom.conf of dialplan/, and fill [pbx.cel] in pbx_crm.toml")),
    )


def _try_to_read(records: RecordSettings, source: CelSource | CdrSource) -> None:
    """RecordsUnreadable says why they cannot be; to the reader a file that is not there is only empty yet."""
    if records.path is not None and not records.path.exists():
        raise RecordsUnreadable(f"{records.path}: no such file")
    source.end()


ANSWERS = frozenset({"CoreShowChannelsComplete", "FullyBooted"})


def _refused(account: AmiAccount, refusal: LoginRefused) -> Finding:
    return fault(
        "login",
        Sentence.of(
            N_("%(place)s refuses %(user)s: %(why)s"),
            place=account.place,
            user=account.username,
            why=refusal,
        ),
        Sentence.of(
            N_(
                "manager.conf [%(user)s]: secret= as in secret_file, permit= with this machine's address; "
                "then  asterisk -rx 'manager reload'"
            ),
            user=account.username,
        ),
    )


def _unreachable(account: AmiAccount, trouble: PbxUnreachable) -> Finding:
    return fault(
        "reachable",
        Sentence.of(N_("nothing answers at %(place)s: %(why)s"), place=account.place, why=trouble),
        Sentence.of(
            N_("manager.conf [general]: enabled = yes, bindaddr and port as here; check the firewall")
        ),
    )
