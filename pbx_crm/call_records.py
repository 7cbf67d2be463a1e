"""A PBX's shape, its records and its recordings, as its part of the configuration says."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.asterisk.cdr_table import CdrTable
from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.cel_reader import CelTable
from pbx_crm.asterisk.record_place import CdrSource, CelSource
from pbx_crm.config import CdrSettings, CelSettings, PbxSettings, RecordSettings, Settings
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.outside.recording_folder import RecordingFolder


def shape_of(pbx: PbxSettings) -> PbxShape:
    """What is a trunk and what a seller's phone there."""
    return pbx.shape


def records_of(pbx: PbxSettings, time_zone: str) -> CelCalls | CdrCalls | None:
    """The calls this PBX writes down, by CEL where there is one; None if it is not said where."""
    return records_named(pbx, "cel" if pbx.cel is not None else "cdr", time_zone)


def records_named(pbx: PbxSettings, source: str, time_zone: str) -> CelCalls | CdrCalls | None:
    """The calls by its `cel` or its `cdr`; None if it is not said where that is."""
    if source == "cel" and pbx.cel is not None:
        return CelCalls(cel_source_of(pbx.cel, time_zone), shape_of(pbx))
    if source == "cdr" and pbx.cdr is not None:
        return CdrCalls(cdr_source_of(pbx.cdr, time_zone), shape_of(pbx))
    return None


def all_records_of(settings: Settings) -> dict[str, CelCalls | CdrCalls]:
    """The calls each PBX writes down, by its name; those that write nothing are left out."""
    found = {pbx.name: records_of(pbx, settings.crm.time_zone) for pbx in settings.pbx}
    return {name: records for name, records in found.items() if records is not None}


def recording_folders_of(settings: Settings) -> dict[str, RecordingFolder]:
    """Where each PBX keeps its recordings, by its name; those that say nothing are left out."""
    return {
        pbx.name: RecordingFolder(
            pbx.recordings.folder, ZoneInfo(pbx.recordings.time_zone or settings.crm.time_zone)
        )
        for pbx in settings.pbx
        if pbx.recordings is not None
    }


def cel_source_of(cel: CelSettings, time_zone: str) -> CelSource:
    """The reader of a PBX's CEL; times without a zone are the PBX's own, or else this one's."""
    zone, table = ZoneInfo(cel.time_zone or time_zone), _table_of(cel)
    return CelFile(_path_of(cel), zone) if table is None else CelTable(table, cel.table, zone)


def cdr_source_of(cdr: CdrSettings, time_zone: str) -> CdrSource:
    """The reader of a PBX's CDR; times without a zone are the PBX's own, or else this one's."""
    zone, table = ZoneInfo(cdr.time_zone or time_zone), _table_of(cdr)
    return CdrFile(_path_of(cdr), zone) if table is None else CdrTable(table, cdr.table, zone)


def _table_of(records: RecordSettings) -> str | None:
    """URL of the database the records stand in; None for those in a text file."""
    if records.url is not None and records.kind == "sql":
        return records.url.get_secret_value()
    return f"sqlite:///{_path_of(records)}" if records.kind == "sqlite" else None


def _path_of(records: RecordSettings) -> Path:
    assert records.path is not None  # noqa: S101 - the settings refuse a csv or sqlite without one
    return records.path
