"""The site with its services on a SQLite of the test's own, and browsers for a small cast of people."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from jinja2 import FileSystemBytecodeCache

from pbx_crm.app import build_services
from pbx_crm.db import sessions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.sessions import NewSession
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.session import SessionKind
from pbx_crm.outside.file_store import FileStore
from pbx_crm.outside.sheets import rows_of
from pbx_crm.outside.voice_sounds import VoiceSounds
from pbx_crm.pages import render
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.request import SESSION_COOKIE
from pbx_crm.pages.site import make_site
from pbx_crm.services.accounts import hash_of
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.registry import Services
from tests.builders import person
from tests.turned_clock import TurnedClock

INSTALLATION = Installation(
    region="RU", language="en", time_zone="Europe/Moscow", currency="RUB", pbxes=("office",)
)
Browser = TestClient[Request, Application]


@dataclass(frozen=True, slots=True)
class Cast:
    """Two sellers, a head, an admin who sees no client data."""

    anna: Person
    boris: Person
    olga: Person
    peter: Person


@dataclass
class Crm:
    """The site under test: `browser(person)` is that person's, logged in; without a person a stranger's."""

    server: TestServer
    database: Database
    services: Services
    clock: TurnedClock
    cast: Cast
    _browsers: list[Browser] = field(default_factory=list)

    async def browser(self, who: Person | None = None) -> Browser:
        """A browser with cookies of its own."""
        made = Browser(self.server, cookie_jar=CookieJar(unsafe=True))
        await made.start_server()
        self._browsers.append(made)
        if who is not None:
            token = await self.token(who, SessionKind.WEB)
            made.session.cookie_jar.update_cookies({SESSION_COOKIE: token}, self.server.make_url("/"))
        return made

    async def token(self, who: Person, kind: SessionKind) -> str:
        """The token of a new session of this person."""
        token, now = secrets.token_urlsafe(8), self.clock()
        new = NewSession(who.id, hash_of(token), kind, now, now + timedelta(days=1))
        await self.database.write(sessions.start, new)
        return token

    async def close(self) -> None:
        """Closes every browser."""
        for browser in self._browsers:
            session: ClientSession = browser.session
            await session.close()


@pytest.fixture(scope="session")
def passwords() -> Iterator[Passwords]:
    """One hasher for all tests, cheap as what it guards; it keeps nothing between them."""
    made = Passwords(memory_kib=8, passes=1)
    yield made
    made.close()


@pytest.fixture(scope="session")
def compiled_templates(pytestconfig: pytest.Config) -> None:
    """Templates compiled once and kept for the next run: what every worker did again for each of them."""
    assert pytestconfig.cache is not None
    how = sha256(Path(render.__file__).read_bytes()).hexdigest()[:16]
    kept = FileSystemBytecodeCache(str(pytestconfig.cache.mkdir(f"templates-{how}")))
    for code in LANGUAGES:
        render.environment(code).bytecode_cache = kept


@pytest.fixture
def installation() -> Installation:
    """Where the company of the site is; a module of tests may name another place."""
    return INSTALLATION


@pytest.fixture
async def crm(
    sqlite: Database,
    passwords: Passwords,
    compiled_templates: None,
    installation: Installation,
    tmp_path: Path,
) -> AsyncIterator[Crm]:
    """The running site and its people."""
    clock = TurnedClock()
    services = build_services(sqlite, installation, passwords, clock)
    services.clients.files.use(FileStore(tmp_path / "files", 1_000_000))
    services.clients.imports.use(FileStore(tmp_path / "imports", 1_000_000), rows_of)
    services.voice.messages.use(VoiceSounds(tmp_path / "voice", sox=""))
    server = TestServer(make_site(services))
    await server.start_server()
    made = Crm(server, sqlite, services, clock, await sqlite.write(_cast))
    yield made
    await services.clients.imports.stop()
    await made.close()
    await server.close()


def _cast(tx: Transaction) -> Cast:
    return Cast(
        anna=person(tx, "Anna"),
        boris=person(tx, "Boris"),
        olga=person(tx, "Olga", Role.HEAD),
        peter=person(tx, "Peter", Role.NONE, is_admin=True),
    )
