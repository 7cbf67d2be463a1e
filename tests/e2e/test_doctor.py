"""Faults planted in a real Asterisk 22, in files and in the records: the doctor names each, and the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from pbx_crm.config import Settings, load
from pbx_crm.doctor import examine
from pbx_crm.domain.finding import Finding, Mark, has_faults
from pbx_crm.domain.wiring_checkup import REFUSED
from pbx_crm.services.clock import utc_now
from tests.databases import prepare
from tests.e2e.company import Company
from tests.e2e.company_config import SECRET, our_files, shipped_samples
from tests.parts.ami_tap import PORT
from tests.parts.inventory import INVENTORY
from tests.parts.scripted_crm import says, scripted_crm
from tests.parts.sip.dialog import Dialog

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

USER = "manager.d/pbx-crm.conf"
CONFIG = """
[database]
url = "sqlite:///{folder}/crm.db"
[crm]
region = "RU"
time_zone = "Europe/Moscow"
currency = "RUB"
[[pbx]]
name = "office"
host = "{host}"
port = {port}
username = "pbx-crm"
secret_file = "secret"
files = "{etc}"
{more}[pbx.cel]
kind = "csv"
path = "{cel}"
time_zone = "UTC"
[pbx.dialplan]
token_file = "pbx.token"
"""
EXTENSIONS, SAMPLE = "extensions.conf", "extensions.d/pbx-crm.conf"
TOKEN = "0123456789abcdef" * 2
RELOADS = ("manager reload", "module reload cdr", "module reload cdr_manager", "dialplan reload")
CEL = "log/cel-custom/pbx-crm.csv"
LISTEN_SECONDS = 2.0
Change = Callable[[str], str]


def swap(old: str, new: str) -> Change:
    """Text with this in place of that; the test fails where there is no such text."""

    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new)

    return change


def without_filter(text: str) -> str:
    """The sample without its filters."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("eventfilter"))


def calls_clients(context: str = "from-internal") -> Change:
    """A configuration by which robots call clients."""
    return lambda text: f'{text}[pbx.voice]\ncontext = "{context}"\n'


def write(classes: str) -> Change:
    """Other write classes."""
    return swap("write = reporting", f"write = {classes}")


@dataclass(frozen=True)
class Planted:
    """A fault, where it is planted, and what the doctor must say."""

    name: str
    mark: Mark
    mend: str
    """Part of the line to change."""
    pbx: dict[str, Change] = field(default_factory=dict)
    """Files of the PBX, and how each is spoilt."""
    config: Change = str
    more: str = ""
    """More of the PBX's part of the configuration."""
    folder: Callable[[Path], object] = str
    """What is done in the CRM's folder."""
    globals: dict[str, str] = field(default_factory=dict)
    """Global variables of the dialplan."""
    answer: str = "crm::0:"
    """What the PBX is told where it looks for the CRM."""
    host: str = "127.0.0.1"
    clock: timedelta = timedelta(0)
    """How far the CRM's clock is ahead."""


FAULT, WARNING = Mark.FAULT, Mark.WARNING
NO_VOICE = {EXTENSIONS: swap('#include "extensions.d/pbx-crm-voice.conf"', "")}
FORGETS = {EXTENSIONS: swap("1,Gosub(pbx-crm-in", "1,NoOp(")}
CDR_OFF = {"cdr.conf": lambda _: "[general]\nenable = no\n"}
PLANTED = (
    Planted("reachable", FAULT, "bindaddr and port", config=swap("port = 5038", "port = 5037")),
    Planted("login", FAULT, "secret= as in secret_file", {USER: swap(SECRET, "other")}),
    Planted("login", FAULT, "permit=", {USER: swap("permit = 127.0.0.1/255.255.255.255", "")}),
    Planted("login", FAULT, "manager.conf [crm]", config=swap('"pbx-crm"', '"crm"')),
    Planted("write_reporting", FAULT, "add reporting to write=", {USER: write("user")}),
    Planted("write_originate", FAULT, "add originate", more='dial_context = "x"\n'),
    Planted("dial_context", FAULT, "dial outside numbers", more='dial_context = "x"\n'),
    Planted("write_call", FAULT, "add call to write=", more="hang_up = true\n"),
    Planted("surplus_system", WARNING, "take system out", {USER: write("reporting,system")}),
    Planted("surplus_command", WARNING, "take command out", {USER: write("reporting,command")}),
    Planted("surplus_config", WARNING, "take config out", {USER: write("reporting,config")}),
    Planted("surplus_originate", WARNING, "take originate out", {USER: write("reporting,originate")}),
    Planted("surplus_call", WARNING, "take call out", {USER: write("reporting,call")}),
    Planted("surplus_user", WARNING, "take user out", {USER: write("reporting,user")}),
    Planted("surplus_agent", WARNING, "take agent out", {USER: write("reporting,agent")}),
    Planted("read_system", FAULT, "add system", {USER: swap("read = system,call", "read = call")}),
    Planted("read_call", FAULT, "add call to read=", {USER: swap("read = system,call,", "read = system,")}),
    Planted("surplus_events", WARNING, "eventfilter", {USER: without_filter}),
    Planted("timestampevents", WARNING, "timestampevents = yes", {USER: swap("events = yes", "events = no")}),
    Planted("channelvars", WARNING, "channelvars = FROM_DID", {USER: swap("FROM_DID,", "")}),
    Planted("cdr_events", FAULT, "cdr_manager.conf", {"cdr_manager.conf": swap("= yes", "= no")}),
    Planted("cdr_events", FAULT, "add cdr to read=", {USER: swap(",cdr", "")}),
    Planted("cdr_off", FAULT, "enable = yes", CDR_OFF),
    Planted("clock", WARNING, "NTP", clock=timedelta(seconds=8)),
    Planted("clock", FAULT, "NTP", clock=timedelta(hours=-3)),
    Planted("secret_file", WARNING, "chmod 600", folder=lambda f: (f / "secret").chmod(0o644)),
    Planted("secret_file", FAULT, "chmod 600", folder=lambda f: (f / "secret").unlink()),
    Planted("secret_file", FAULT, "secret= in manager.conf", folder=lambda f: (f / "secret").write_text("")),
    Planted("database", FAULT, "pbx-crm migrate", folder=lambda f: (f / "crm.db").unlink()),
    Planted("database", FAULT, "check url", folder=lambda f: (f / "crm.db").write_text("no database" * 99)),
    Planted(
        "web_clear",
        WARNING,
        "public_url",
        config=lambda c: '[web]\nhost = "192.0.2.1"\n' + c,
    ),
    Planted(
        "web_proxies",
        WARNING,
        "trusted_proxies",
        config=lambda c: '[web]\npublic_url = "https://crm.example"\n' + c,
    ),
    Planted("cel_unset", WARNING, "[pbx.cel]", config=lambda c: c.split("[pbx.cel]")[0]),
    Planted("cel_unreadable", FAULT, "load cel_custom.so", config=swap("pbx-crm.csv", "absent.csv")),
    Planted("writetimeout", WARNING, "writetimeout = 10000", {USER: swap("writetimeout = 10000", "")}),
    Planted("writetimeout", WARNING, "writetimeout = 10000", {USER: swap("= 10000", "= 100")}),
    Planted("read_user", FAULT, "add user to read=", {USER: swap("agent,user", "agent")}),
    Planted("read_agent", FAULT, "add agent to read=", {USER: swap("agent,user", "user")}),
    Planted("cel_events", FAULT, "events = ALL", {"cel.conf": swap("events = ALL", "events = HANGUP")}),
    Planted("cel_off", FAULT, "enable = yes", {"cel.conf": swap("enable = yes", "enable = no")}),
    Planted("files", FAULT, "check files", config=swap('files = "', 'files = "/absent')),
    Planted("zone", WARNING, 'time_zone = "UTC"', config=swap('time_zone = "UTC"', "")),
    Planted(
        "unmapped_context",
        WARNING,
        "[from-trunk], first",
        FORGETS,
    ),
    Planted("recording_format", WARNING, ".wav,b", {SAMPLE: swap("linkedid)}.wav", "linkedid)}.gsm")}),
    Planted("recording_format", FAULT, ".wav,b", {SAMPLE: swap("linkedid)}.wav", "linkedid)}.ulaw")}),
    Planted(
        "recordings_unreadable",
        FAULT,
        "check folder",
        config=lambda c: f'{c}[pbx.recordings]\nfolder = "absent"\n',
    ),
    Planted("lookup_unset", FAULT, "[pbx.dialplan]", config=lambda c: c.split("[pbx.dialplan]")[0]),
    Planted("lookup_unasked", WARNING, "PBX_CRM_URL", globals={"PBX_CRM_URL": '""'}),
    Planted("lookup_token", FAULT, "PBX_CRM_TOKEN", globals={"PBX_CRM_TOKEN": "another"}),
    Planted("lookup_unreachable", FAULT, "curl -d", globals={"PBX_CRM_URL": "http://127.0.0.1:9/pbx"}),
    Planted("lookup_refused", FAULT, "addresses", answer=REFUSED),
    Planted("lookup_strange", FAULT, "PBX_CRM_URL", answer="<html>It works!</html>"),
    Planted("lookup_name", WARNING, "with an address", host="localhost"),
    Planted("lookup_rests", WARNING, "RESTS_UNTIL 0", globals={"PBX_CRM_RESTS_UNTIL": "4000000000"}),
    Planted("token_file", FAULT, "openssl", folder=lambda f: (f / "pbx.token").write_text("short")),
    Planted("voice_contexts", FAULT, "pbx-crm-voice.conf", NO_VOICE, calls_clients()),
    Planted("voice_context", FAULT, "[pbx.voice]", config=calls_clients("outside")),
    Planted(
        "voice_cel",
        WARNING,
        "[pbx.cel]",
        config=lambda c: calls_clients()(c.split("[pbx.cel]")[0] + c[c.index("[pbx.dialplan]") :]),
    ),
    Planted("no_listener", WARNING, "pbx-crm serve"),
)


@dataclass
class Clinic:
    """A PBX that can be spoilt, and a CRM's folder."""

    company: Company
    files: dict[str, str]

    async def look(self, folder: Path, planted: Planted) -> list[Finding]:
        """What the doctor says with this fault planted, while a call is made and ends."""
        prepare(f"sqlite:///{folder}/crm.db")
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o600)
        (folder / "pbx.token").write_text(TOKEN)
        path = folder / "pbx_crm.toml"
        text = CONFIG.format(
            folder=folder,
            host=self.company.network.pbx,
            port=PORT,
            more=planted.more,
            cel=self.company.asterisk.home / CEL,
            etc=self.company.asterisk.home / "etc",
        )
        path.write_text(planted.config(text))
        planted.folder(folder)
        self.set_up({name: change(self.files.get(name, "")) for name, change in planted.pbx.items()})
        try:
            async with scripted_crm(says(planted.answer)) as crm:
                self.set_globals(crm.url.replace("127.0.0.1", planted.host), planted)
                return await self._examined(load(path), path, planted)
        finally:
            self.set_up({name: self.files.get(name, "") for name in planted.pbx})

    def set_globals(self, url: str, planted: Planted) -> None:
        """As lines in [globals] would."""
        usual = {"PBX_CRM_URL": url, "PBX_CRM_TOKEN": TOKEN, "PBX_CRM_RESTS_UNTIL": "0"}
        for name, value in {**usual, **planted.globals}.items():
            self.company.asterisk.cli(f"dialplan set global {name} {value}")

    def set_up(self, files: dict[str, str]) -> None:
        """Gives the PBX these files."""
        if not files:
            return
        self.company.asterisk.write(files)
        for command in (
            "manager reload",
            "module reload cdr",
            "module reload cdr_manager",
            "dialplan reload",
        ):
            self.company.asterisk.cli(command, check=False)

    async def _examined(self, settings: Settings, path: Path, planted: Planted) -> list[Finding]:
        def clock() -> datetime:
            return utc_now() + planted.clock

        calling = asyncio.create_task(self._calls())
        try:
            return await examine(settings, path, listen=LISTEN_SECONDS, clock=clock)
        finally:
            await calling

    async def _calls(self) -> None:
        """One call that is answered and ends while the doctor listens, and one that goes on."""
        team = self.company.teams[2]
        await asyncio.sleep(0.4)
        first, _ = await self._answered("50")
        await first.hang_up()
        second, phone = await self._answered("01")
        await asyncio.sleep(LISTEN_SECONDS)
        await second.hang_up()
        await phone.until_ended()
        for party in team.phones:
            party.forget()

    async def _answered(self, kind: str) -> tuple[Dialog, Dialog]:
        calling = self.company.teams[2].calls_in(kind, "79160001122")
        phone = await self.company.teams[2].phone(1).next_call()
        phone.answer()
        await calling.until_answered()
        return calling, phone


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def clinic(company: Company) -> AsyncIterator[Clinic]:
    """The company, the AMI user open to its address."""
    files = our_files() | shipped_samples()
    yield Clinic(company, files)


async def test_a_pbx_set_up_as_shipped_has_no_fault(clinic: Clinic, tmp_path: Path) -> None:
    found = await clinic.look(tmp_path, Planted("none", FAULT, ""))
    assert not has_faults(found), [str(finding.says) for finding in found]
    assert {f.name for f in found if f.mark is WARNING} == {"no_listener"}
    assert {"read_call", "timestampevents", "channelvars", "cdr_events", "clock", "version"} <= {
        finding.name for finding in found if finding.mark is Mark.GOOD
    }


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.name}: {planted.mend}")
async def test_each_planted_fault_is_named_with_the_line_to_change(
    clinic: Clinic, tmp_path: Path, planted: Planted
) -> None:
    found = await clinic.look(tmp_path, planted)
    named = [finding for finding in found if finding.name == planted.name]
    assert named, [str(finding.says) for finding in found]
    assert named[0].mark is planted.mark
    assert planted.mend in str(named[0].mend)
    row = f"{planted.mark.sign} {planted.name:<18} {named[0].says} → {named[0].mend}"
    INVENTORY.tables.setdefault("faults planted, and what the doctor says", []).append(row)
