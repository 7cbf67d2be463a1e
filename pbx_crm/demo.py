"""`pbx-crm demo`: the whole program beside a practice PBX, with a small company to look at."""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from pbx_crm.app import App, serve
from pbx_crm.asterisk.practice_pbx import USERNAME, PracticePbx
from pbx_crm.config import Settings
from pbx_crm.services.demo_company import COMPANY, PASSWORD, found_company
from pbx_crm.services.demo_past import live_through

HOST = "127.0.0.1"
PBX = "practice"
CURRENCY = "RUB"
REGION = "RU"


async def run(port: int, data: Path | None) -> None:
    """Serves until it is stopped; without `data` everything is forgotten at the end."""
    secret = secrets.token_urlsafe(24)
    with _folder(data) as folder:
        async with PracticePbx(secret) as pbx:
            settings = _settings(folder, free_port(port), pbx.port, secret)
            await serve(settings, before=_found, announce=_announce)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="pbx-crm-demo-") as made:
        yield Path(made)


def _settings(folder: Path, port: int, pbx_port: int, secret: str) -> Settings:
    pbx = {"name": PBX, "host": HOST, "port": pbx_port, "username": USERNAME}
    return Settings.model_validate(
        {
            "web": {"host": HOST, "port": port},
            "database": {"url": f"sqlite:///{folder.absolute()}/crm.db"},
            "crm": {"region": REGION, "time_zone": _own_zone(), "currency": CURRENCY},
            "pbx": [pbx],
            "pbx_secrets": {PBX: secret},
        }
    )


def _own_zone() -> str:
    """The time zone of this machine as far as it can be told; wrong hours would confuse who tries it."""
    try:
        name = str(Path("/etc/localtime").resolve()).rpartition("/zoneinfo/")[2]
    except OSError:
        name = ""
    return name or "UTC"


def free_port(wanted: int) -> int:
    """The wanted port, or one the system chooses if that is taken."""
    with socket.socket() as probe:
        # As the web server itself does, so that a port just left by another run counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            click.echo(f"Port {wanted} is taken; another one is used.")
            return 0
        return wanted


async def _found(app: App) -> None:
    services = app.services
    if await found_company(app.database, services.staff, services.clock, PBX, CURRENCY):
        await live_through(app.database, PBX, REGION, ZoneInfo(_own_zone()), services.clock())


def _announce(app: App) -> None:
    click.echo(f"\npbx_crm is at {app.url} with a practice PBX; calls begin at once. Stop it with Ctrl+C.")
    click.echo(f"\n  log-in    password   who\n  {'-' * 44}")
    for person in COMPANY:
        phone = f", extension {person.extension}" if person.extension else ""
        rights = "sets up telephony, sees no client data" if person.is_admin else person.role.value
        click.echo(f"  {person.login:<9} {PASSWORD:<10} {person.name}: {rights}{phone}")
    click.echo("")
