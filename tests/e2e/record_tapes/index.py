"""The list of tapes in a folder: what happens in each one, where, and how its calls ended."""

from __future__ import annotations

import json
from pathlib import Path

COLUMNS = ("tape", "asterisk", "driver", "world", "calls", "what happens")


def write_index(folder: Path) -> None:
    """Writes index.tsv over every tape that lies there now."""
    files = sorted(folder.glob("*/truth.json"))
    rows = [_row(file.parent.name, json.loads(file.read_text(encoding="utf-8"))) for file in files]
    text = "".join("\t".join(row) + "\n" for row in [COLUMNS, *rows])
    (folder / "index.tsv").write_text(text, encoding="utf-8")


def _row(name: str, truth: dict[str, object]) -> tuple[str, ...]:
    calls = truth["calls"]
    assert isinstance(calls, list)
    ends = ",".join(f"{call['direction']}:{call['outcome']}" for call in calls) or "none"
    where = (str(truth["asterisk"]), str(truth["tech"]), str(truth.get("world", "company")))
    return (name, *where, ends, str(truth["notes"]))
