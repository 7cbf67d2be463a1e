"""A PBX's shape, its records and its recordings, as its part of the configuration says."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.asterisk.cdr_table import CdrTable
from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.cel_reader import CelTable
from pbx_crm.asterisk.record_place import CdrSource, CelSource
from pbx_crm.config import CdrSettings, CelSettings, PbxSettings, Settings
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
        return CelCalls(source_of(pbx.cel, ZoneInfo(pbx.cel.time_zone or time_zone)), shape_of(pbx))
    if source == "cdr" and pbx.cdr is not None:
        return CdrCalls(cdr_source_of(pbx.cdr, ZoneInfo(pbx.cdr.time_zone or time_zone)), shape_of(pbx))
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


def source_of(cel: CelSettings, zone: tzinfo) -> CelSource:
    """The reader of this kind of record."""
    if cel.url is not None and cel.kind == "sql":
        return CelTable(cel.url.get_secret_value(), cel.table, zone)
    assert cel.path is not None  # noqa: S101 - the settings refuse a csv or sqlite without one
    if cel.kind == "sqlite":
        return CelTable(f"sqlite:///{cel.path}", cel.table, zone)
    return CelFile(cel.path, zone)


def cdr_source_of(cdr: CdrSettings, zone: tzinfo) -> CdrSource:
    """The reader of this kind of call detail records."""
    if cdr.url is not None and cdr.kind == "sql":
        return CdrTable(cdr.url.get_secret_value(), cdr.table, zone)
    assert cdr.path is not None  # noqa: S101 - the settings refuse a csv or sqlite without one
    if cdr.kind == "sqlite":
        return CdrTable(f"sqlite:///{cdr.path}", cdr.table, zone)
    return CdrFile(cdr.path, zone)
