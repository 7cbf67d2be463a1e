"""Records tapes: every scenario in every world it fits, or those named."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import tests.e2e.record_tapes.scenarios  # noqa: F401 - registers the scenarios
from tests.e2e.record_tapes.index import write_index
from tests.e2e.record_tapes.recorder import fitting, record_world
from tests.e2e.record_tapes.world import WORLDS


def main() -> int:
    """Records, and prints what could not be played."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.record_tapes", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the tapes go, a folder each")
    parser.add_argument("--world", action="append", choices=WORLDS, help="only this world (repeatable)")
    parser.add_argument("--only", action="append", help="only scenarios whose name holds this (repeatable)")
    asked = parser.parse_args()
    failures: dict[str, str] = {}
    for world in [WORLDS[name] for name in asked.world or WORLDS]:
        names = [n for n in fitting(world) if not asked.only or any(word in n for word in asked.only)]
        failures |= asyncio.run(record_world(world, names, asked.folder))
    write_index(asked.folder)
    for tape, why in failures.items():
        print(f"not recorded: {tape}: {why}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
