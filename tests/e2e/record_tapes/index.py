"""The list of tapes in a folder: what happens in each one, where, and how its calls ended."""

from __future__ import annotations

import json
from pathlib import Path

COLUMNS = ("tape", "asterisk", "driver", "world", "calls", "what happens")


def write_index(folder: Path) -> None:
    """Writes index.tsv over every tape that lies there now."""
    truths = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*/truth.json"))]
    rows = [_row(truth) for truth in truths]
    text = "".join("\t".join(row) + "\n" for row in [COLUMNS, *rows])
    (folder / "index.tsv").write_text(text, encoding="utf-8")


def _row(truth: dict[str, object]) -> tuple[str, ...]:
    calls = truth["calls"]
    assert isinstance(calls, list)
    ends = ",".join(f"{call['direction']}:{call['outcome']}" for call in calls) or "none"
    keys = ("scenario", "asterisk", "tech", "world")
    return (*(str(truth[key]) for key in keys), ends, str(truth["notes"]))
