"""`pbx-crm record`: from the configuration to a recording under way, with its progress on the terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from pathlib import Path

import click

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.pseudonyms import Pseudonyms
from pbx_crm.asterisk.record import record
from pbx_crm.call_loop import account_of
from pbx_crm.config import PbxSettings, Settings
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.pbx_link import LinkState

PROGRESS_SECONDS = 5.0


def record_into(
    folder: Path,
    settings: Settings,
    name: str | None,
    seconds: float | None,
    salt_file: Path | None,
    keep: Iterable[str],
) -> None:
    """Record until `seconds` are over or Ctrl-C; `BadConfig` if the PBX is not in the file or FOLDER is."""
    if folder.exists() and any(folder.iterdir()):
        raise BadConfig(f"{folder} holds something already; choose a new folder")
    pbx = _chosen(settings, name)
    account = account_of(pbx, settings.secret_of(pbx))
    hidden = None
    if salt_file is not None:
        kept = frozenset([*keep, *(pbx.trunks or ()), *pbx.devices])
        hidden = Pseudonyms(salt_file.read_bytes().strip(), settings.crm.region, kept)
    asyncio.run(_record(account, folder, hidden, seconds))


async def _record(
    account: AmiAccount, folder: Path, hidden: Pseudonyms | None, seconds: float | None
) -> None:
    written = 0

    def note(total: int) -> None:
        nonlocal written
        written = total

    recording = asyncio.create_task(record(account, folder, pseudonyms=hidden, on_state=_tell, on_bytes=note))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, recording.cancel)
    if seconds is not None:
        loop.call_later(seconds, recording.cancel)
    while not recording.done():
        await asyncio.wait([recording], timeout=PROGRESS_SECONDS)
        click.echo(f"{written} bytes in {folder}", err=True)
    if not recording.cancelled():
        recording.result()


def _chosen(settings: Settings, name: str | None) -> PbxSettings:
    found = [pbx for pbx in settings.pbx if name is None or pbx.name == name]
    if not found:
        raise BadConfig(f"there is no [[pbx]] named {name}" if name else "there is no [[pbx]]")
    return found[0]


def _tell(state: LinkState) -> None:
    click.echo(str(state.sentence), err=True)
