"""Plays scenarios one after the other in a running world and leaves a tape of each."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from tests.e2e.record_tapes.configuration import CDR_COLUMNS, CEL_COLUMNS, SECRET, USER
from tests.e2e.record_tapes.running import RunningWorld
from tests.e2e.record_tapes.stage import SCENARIOS, Entry, Stage
from tests.e2e.record_tapes.world import World
from tests.e2e.truth import Truth
from tests.parts.ami_tap import AmiTap

PLAY_SECONDS = 60.0
LEAD_SECONDS = 0.2
SETTLE_SECONDS = 1.2
"""Cdr events, AgentComplete and the CEL of the end come after the last hang-up."""
IDLE_SECONDS = 25.0
LOGS = {
    "cdr.csv": ("log/cdr-custom/cdr.csv", CDR_COLUMNS),
    "cel.csv": ("log/cel-custom/cel.csv", CEL_COLUMNS),
}


def tape_name(scenario: str, world: World) -> str:
    """`scenario__world-version-driver`."""
    return f"{scenario}__{world.name}-{world.major}-{world.driver.lower()}"


def fitting(world: World, entries: dict[str, Entry] = SCENARIOS) -> list[str]:
    """The scenarios that this world's dialplan and driver can play."""
    return [n for n, e in entries.items() if world.shape in e.shapes and world.driver in e.drivers]


async def record_world(world: World, names: Iterable[str], folder: Path) -> dict[str, str]:
    """Records these scenarios in this world; what went wrong, by scenario."""
    failures: dict[str, str] = {}
    async with RunningWorld(world) as running:
        for name in names:
            try:
                await _record(running, name, folder / tape_name(name, world))
            except Exception:
                failures[tape_name(name, world)] = traceback.format_exc()
                await _clear(running)
    return failures


async def _record(running: RunningWorld, name: str, folder: Path) -> None:
    for party in running.parties:
        party.forget()
    tap = AmiTap()
    await tap.open(running.network.pbx, USER, SECRET)
    before = {file: _length(running, path) for file, (path, _) in LOGS.items()}
    since = time.time()
    number = list(SCENARIOS).index(name) + 1
    try:
        await asyncio.sleep(LEAD_SECONDS)
        stage = Stage(running, tap, number, since)
        truths = await asyncio.wait_for(SCENARIOS[name].play(stage), PLAY_SECONDS)
        await _until_idle(running)
        await asyncio.sleep(SETTLE_SECONDS)
    finally:
        await tap.close()
    shutil.rmtree(folder, ignore_errors=True)
    tap.save(folder)
    for file, (path, columns) in LOGS.items():
        _save_rows(running, path, before[file], columns, folder / file)
    _save_truth(running, name, tap, truths, folder)
    _compress(folder)


def _length(running: RunningWorld, path: str) -> int:
    file = running.asterisk.home / path
    return file.stat().st_size if file.exists() else 0


def _save_rows(running: RunningWorld, path: str, start: int, columns: str, target: Path) -> None:
    source = running.asterisk.home / path
    rows = source.read_bytes()[start:] if source.exists() else b""
    target.write_bytes(columns.encode() + b"\n" + rows)


def _save_truth(running: RunningWorld, name: str, tap: AmiTap, truths: list[Truth], folder: Path) -> None:
    world = running.world
    calls = [truth.as_json() for truth in sorted(truths, key=lambda truth: truth.started_at)]
    for call in calls:
        call["wait_s"] = round(call["ended_at"] - call["started_at"] - call["talk_s"], 2)
    story = SCENARIOS[name].play.__doc__ or ""
    told = {
        "scenario": tape_name(name, world),
        "asterisk": running.asterisk.version(),
        "tech": world.driver,
        "world": world.name,
        "t0": tap.chunks[0][0],
        "segments": 1,
        "idle_at_end": True,
        "sellers": list(world.sellers),
        "calls": calls,
        "notes": " ".join(story.split()),
    }
    text = json.dumps(told, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")


def _compress(folder: Path) -> None:
    for file in [*folder.glob("*.log"), *folder.glob("*.csv"), *folder.glob("*.tsv")]:
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
        file.unlink()


async def _until_idle(running: RunningWorld) -> None:
    deadline = time.monotonic() + IDLE_SECONDS
    while (await _cli(running, "core show channels concise")).strip():
        if time.monotonic() > deadline:
            raise AssertionError("a channel stays: " + await _cli(running, "core show channels concise"))
        await asyncio.sleep(0.2)


async def _clear(running: RunningWorld) -> None:
    """After a scenario that broke off: no call of it may run into the next one's tape."""
    await _cli(running, "channel request hangup all")
    await asyncio.sleep(2.5)


async def _cli(running: RunningWorld, command: str) -> str:
    return await asyncio.to_thread(running.asterisk.cli, command, check=False)
