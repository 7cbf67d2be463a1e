"""The CRM as its users run it: a process of its own beside the PBX, set up from the command line."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import ClientSession, ClientTimeout, CookieJar

from tests.e2e.company_config import SECRET

T = TypeVar("T")

PASSWORD = "a long one for the lab"
START_SECONDS = 90.0
SETTLE_SECONDS = 45.0
PBX = "office"

CONFIG = """
[web]
port = 0

[database]
url = "{url}"

[crm]
region = "RU"
time_zone = "Europe/Moscow"
currency = "RUB"

[[pbx]]
name = "{pbx}"
host = "{host}"
port = {port}
username = "pbx-crm"
secret_file = "secret"
"""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to add with `pbx-crm user add`."""

    login: str
    name: str
    extensions: Sequence[str] = ()
    rights: Sequence[str] = ()


class ServedCrm:
    """A `pbx-crm serve` process; its folder holds configuration, database and log."""

    def __init__(
        self, folder: Path, ami: tuple[str, int], database_url: str = "", pbx_settings: str = ""
    ) -> None:
        self._folder = folder
        self.url = ""
        self._process: asyncio.subprocess.Process | None = None
        host, port = ami
        url = database_url or f"sqlite:///{folder / 'crm.db'}"
        (folder / "secret").write_text(SECRET)
        text = CONFIG.format(url=url, pbx=PBX, host=host, port=port) + pbx_settings
        (folder / "pbx_crm.toml").write_text(text)

    async def add(self, people: Sequence[NewPerson]) -> None:
        """Adds these people, each by the command an admin would type."""
        for person in people:
            links = [word for extension in person.extensions for word in ("--extension", extension)]
            command = ("user", "add", person.login, "--name", person.name, *links, *person.rights)
            process = await self._run(*command)
            said, _ = await process.communicate()
            assert process.returncode == 0, said.decode()

    async def start(self) -> None:
        """Starts serving; returns once the pages answer and the PBX is heard."""
        process = self._process = await self._run("serve")
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        found = re.search(r"http://\S+", line.decode())
        assert found, self.log()
        self.url = found.group()
        await until(self.hears_the_pbx, what="the CRM to hear the PBX")

    async def stop(self, *, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the process; SIGKILL is a power cut."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await asyncio.wait_for(self._process.communicate(), 15)

    def log(self) -> str:
        """What the process has written to its log so far."""
        return (self._folder / "log").read_text(errors="replace")

    async def hears_the_pbx(self) -> bool:
        """Whether the link to the PBX stands, as /health/ready tells."""
        async with ClientSession() as session, session.get(f"{self.url}/health/ready") as answer:
            told = await answer.json()
        return bool(told["pbx"] == {PBX: "up"})

    async def log_in(self, login: str) -> ClientSession:
        """A browser without a screen, logged in as this person."""
        session = ClientSession(
            self.url,
            cookie_jar=CookieJar(unsafe=True),
            timeout=ClientTimeout(10),
            headers={"Origin": self.url},
        )
        page = {"login": login, "password": PASSWORD, "next": "/"}
        async with session.post("/login", data=page) as answer:
            assert answer.status < 400, await answer.text()
        return session

    async def api(self, session: ClientSession) -> Api:
        """The JSON API with the rights of who is logged in there."""
        async with session.post("/me/tokens", data={"label": "lab"}) as answer:
            shown = await answer.text()
        found = re.search(r'<code dir="ltr">([^<]+)</code>', shown)
        assert found, shown
        return Api(self.url, found.group(1))

    async def _run(self, *words: str) -> asyncio.subprocess.Process:
        with (self._folder / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "pbx_crm", words[0], "--config", str(self._folder / "pbx_crm.toml"), *words[1:]),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PBX_CRM_PASSWORD": PASSWORD},
            )


class Api:
    """GET requests to /api/v1 with a token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def all(self, kind: str) -> list[dict[str, Any]]:
        """Every row of this list, newest first."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = await self.get(f"{kind}?limit=200&cursor={cursor}")
            rows += answer[kind]
            if not (cursor := answer["next_cursor"] or ""):
                return rows

    async def get(self, path: str) -> Any:
        """The JSON at this path below /api/v1/."""
        async with (
            ClientSession(headers=self._headers) as session,
            session.get(f"{self._url}/api/v1/{path}") as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.json()


async def until(
    holds: Callable[[], Awaitable[T | None]], *, seconds: float = SETTLE_SECONDS, what: str = "it"
) -> T:
    """The first true value of `holds()`; an assertion error after so many seconds of waiting."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        if value := await holds():
            return value
        assert loop.time() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.1)
