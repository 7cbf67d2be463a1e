"""`pbx-crm replay`: recordings in, calls out, as JSON for scripts or as a table for people."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from pbx_crm.asterisk.recorded import Recorded, read_recording
from pbx_crm.asterisk.replay import call_as_json
from pbx_crm.domain.endpoint import DEFAULT_EXTENSIONS, PbxShape
from pbx_crm.domain.errors import BadConfig, BadTape


class Found(IntEnum):
    """What replaying came to, as an exit code."""

    ALL_WELL = 0
    FAULTS = 1
    """Some events could not be read."""
    NO_TAPE = 2
    """Something named was no recording."""


def replay_tapes(tapes: Sequence[Path], *, as_json: bool, source: str, config: Path | None) -> Found:
    """Print the calls of every tape; one that cannot be read is named and does not stop the others."""
    shape = read_shape(config) if config else PbxShape()
    return max(_replay_tape(path, shape, source, as_json) for path in tapes)


def _replay_tape(path: Path, shape: PbxShape, source: str, as_json: bool) -> Found:
    try:
        recorded = read_recording(path, source, shape)
    except BadTape as error:
        click.echo(f"pbx-crm: {error}", err=True)
        return Found.NO_TAPE
    click.echo(_line(recorded) if as_json else _table(recorded))
    for (event, reason), times in recorded.broken.items():
        click.echo(f"{recorded.name}: {times} x {event} skipped: {reason}", err=True)
    return Found.FAULTS if recorded.broken else Found.ALL_WELL


def read_shape(path: Path) -> PbxShape:
    """`trunks`, `extensions` and `devices` of the first `[[pbx]]` in a configuration file."""
    try:
        with path.open("rb") as file:
            parts: Any = tomllib.load(file).get("pbx", [{}])
        part = parts[0] if isinstance(parts, list) else parts
        return PbxShape(
            trunks=frozenset(part.get("trunks", ())),
            extensions=re.compile(part.get("extensions", DEFAULT_EXTENSIONS)),
            devices=dict(part.get("devices", {})),
        )
    except FileNotFoundError as error:
        raise BadConfig(f"{path}: there is no such file") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{path}: {error}") from error
    except (re.error, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadConfig(f"{path}: [[pbx]]: trunks, extensions or devices: {error}") from error


def _line(tape: Recorded) -> str:
    return json.dumps(
        {"tape": tape.name, "calls": [call_as_json(call) for call in tape.calls]}, ensure_ascii=False
    )


def _table(tape: Recorded) -> str:
    lines = [f"{tape.name}: {len(tape.calls)} calls"]
    for call in tape.calls:
        number = call.external_number or "-"
        who = call.final_agent or ", ".join(call.rang) or "-"
        state = call.outcome or ("open" if call.is_open else "ended unheard")
        lines.append(
            f"  {call.started_at:%Y-%m-%d %H:%M:%S}  {call.direction:<8}  {number:<18}  {who:<12}"
            f"  {state:<12}  rang {call.ring_seconds:6.1f} s  talked {call.talk_seconds:6.1f} s"
        )
    return "\n".join(lines)
