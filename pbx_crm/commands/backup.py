"""`pbx-crm backup` and `restore`: everything the CRM keeps, in one file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine

from pbx_crm import __version__
from pbx_crm.app import file_folder_of
from pbx_crm.config import Settings
from pbx_crm.db import migrate
from pbx_crm.db.engine import make_engine
from pbx_crm.db.leases import lease_of
from pbx_crm.db.snapshots import Snapshot, load, save
from pbx_crm.domain.errors import Broken
from pbx_crm.outside.archive import BadBackup, pack, unpack
from pbx_crm.outside.file_store import copy_files

DATABASE, FILES = "database", "files"


class InUse(Broken):
    """The program is running on this database; stop it first."""


def write_backup(settings: Settings, file: Path) -> None:
    """Writes the backup of this moment; the program may go on working."""
    # Beside the file: /tmp may be a small disk in memory.
    beside = tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".backup-")
    with _engine(settings) as engine, beside as place:
        folder = Path(place)
        (folder / DATABASE).mkdir()
        snapshot = save(engine, folder / DATABASE, _tell)
        # After the database: what it names is there by now, and a file too many does no harm.
        if (files := file_folder_of(settings)) is not None:
            copy_files(files, folder / FILES)
        about = {
            "program": __version__,
            "kind": snapshot.kind,
            "revision": snapshot.revision,
            "tables": snapshot.tables,
        }
        size = pack(file, folder, about)
    click.echo(f"{file}: {size / 1e6:.1f} MB")


def read_backup(settings: Settings, file: Path, *, replace: bool) -> None:
    """Puts the backup into the configured database; BadBackup, NotEmpty and InUse say why not."""
    with _engine(settings) as engine, tempfile.TemporaryDirectory(prefix="pbx-crm-restore-") as place:
        folder = Path(place)
        about = unpack(file, folder)
        snapshot = Snapshot(
            str(about["kind"]),
            str(about["revision"]),
            {name: tuple(columns) for name, columns in about["tables"].items()},
        )
        _refuse_strange(snapshot, engine, file)
        with _alone(engine, [pbx.name for pbx in settings.pbx]):
            load(engine, folder / DATABASE, snapshot, _tell, replace=replace)
        if (files := file_folder_of(settings)) is not None:
            copy_files(folder / FILES, files)
        elif (folder / FILES).exists():
            click.echo("files of deals are left out: [files] folder is not configured", err=True)
    click.echo("restored; calls since then are read from the PBX's records at the next start")


def _refuse_strange(snapshot: Snapshot, engine: Engine, file: Path) -> None:
    if snapshot.kind != engine.dialect.name:
        raise BadBackup(f"{file} is of a {snapshot.kind} database, and {engine.dialect.name} is configured")
    if snapshot.revision not in migrate.revisions():
        raise BadBackup(f"{file} is of a newer version of this program")


@contextmanager
def _alone(engine: Engine, pbxes: list[str]) -> Iterator[None]:
    """Sees to it that no program listens to a PBX, and that none begins to."""
    leases = [lease_of(engine, f"pbx-{name}") for name in pbxes]
    try:
        if not all([lease.take() for lease in leases]):
            raise InUse
        yield
    finally:
        for lease in leases:
            lease.release()


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings.database.url.get_secret_value())
    try:
        yield engine
    finally:
        engine.dispose()


def _tell(table: str, rows: int) -> None:
    if rows:
        click.echo(f"  {table:16} {rows:>10}", err=True)
