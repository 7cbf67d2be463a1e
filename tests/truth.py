"""The recordings in tests/tapes and the truth beside each: what really happened, told by the phones."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pbx_crm.asterisk.tape import Tape, read_tape

TAPES = Path(__file__).parent / "tapes"
LAB_TAPES = Path(__file__).parent / "tapes_lab"
"""Rarer kinds of call, from PBXes of other shapes."""
NAMES = sorted(folder.name for folder in TAPES.iterdir() if (folder / "truth.json").exists())
SINGLE_NAMES = [name for name in NAMES if name != "load-small"]
LAB_NAMES = sorted(folder.name for folder in LAB_TAPES.iterdir() if (folder / "truth.json").exists())
TOLERANCE_SECONDS = 1.5

Truth = dict[str, Any]
Told = dict[str, Any]
"""A call as `replay --json` prints it."""


@cache
def tape(name: str) -> Tape:
    """A recording, read once a run."""
    return read_tape(_folder(name))


def truth(name: str) -> Truth:
    """What really happened in it."""
    return truth_in(_folder(name))


def _folder(name: str) -> Path:
    return next(folder for folder in (TAPES / name, LAB_TAPES / name) if folder.exists())


def truth_in(folder: Path) -> Truth:
    """What really happened in the recording of this folder."""
    read: Truth = json.loads((folder / "truth.json").read_text())
    return read


def faults(truth: Truth, told: Sequence[Told]) -> list[str]:
    """What `told` gets wrong, one sentence each."""
    wanted = [call for call in truth["calls"] if not call.get("invisible_to_ami")]
    calls = _without_consultations(truth, told, len(wanted))
    if len(calls) != len(wanted):
        kinds = [(call["direction"], call["external_number"], call["outcome"]) for call in calls]
        return [f"{len(wanted)} calls happened, told: {kinds}"]
    return [
        fault for want, call in zip(wanted, calls, strict=True) for fault in _call_faults(truth, want, call)
    ]


def _without_consultations(truth: Truth, told: Sequence[Told], wanted: int) -> list[Told]:
    """A consultation that never merged may stand as an internal call of its own."""
    consulted = [(c["from"], c["to"]) for call in truth["calls"] for c in call.get("also_internal", ())]
    calls = list(told)
    for call in told:
        if (
            len(calls) > wanted
            and call["direction"] == "internal"
            and (call["seller"], *call["rang"]) in consulted
        ):
            calls.remove(call)
    return calls


def _call_faults(truth: Truth, want: Truth, call: Told) -> list[str]:
    by = truth.get("accept_answered_by") or want.get("accept_answered_by") or [want["answered_by"]]
    final = [want["final_agent"], *(by if len(by) > 1 else ())]
    numbers = [_digits(want["external_number"]), _digits(want.get("sip_number"))]
    numbers += [_digits(number) for number in want.get("accept_external_number", ())]
    steps = [_completed(want), *map(_completed_of, want.get("accept_transfers", ()))]
    ends = truth.get("accept_outcome") or want.get("accept_outcome") or [want["outcome"]]
    checks: dict[str, bool] = {
        "direction": call["direction"] == want["direction"],
        "did": call["did"] == want["did"],
        "queue": call["queue"] == want["queue"],
        "external_number": _digits(call["external_number"]) in numbers,
        "rang": set(call["rang"]) == set(want["rang"]),
        "answered_by": call["answered_by"] in by,
        "final_agent": call["final_agent"] in final,
        "outcome": call["outcome"] in ends,
        "transfers": _completed(call) in steps,
        "ring_s": _near(call["ring_s"], want["ring_s"]),
        "talk_s": bool(want.get("ended_while_disconnected")) or _near(call["talk_s"], want["talk_s"]),
        "recording": want["outcome"] != "answered" or call["recording"] == want["recording"],
        "seller": "seller" not in want or call["seller"] == want["seller"],
        "open": not call["open"],
        "ended_in_gap": call["ended_in_gap"] == bool(want.get("ended_while_disconnected")),
    }
    return [f"{key}: told {call[key]!r}, was {want.get(key)!r}" for key, right in checks.items() if not right]


def _digits(number: str | None) -> str | None:
    return None if number is None else re.sub(r"[\s()+-]", "", number)


def _completed(call: Truth) -> list[tuple[str, str, str]]:
    return _completed_of(call["transfers"])


def _completed_of(transfers: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(t["type"], t["from"], t["to"]) for t in transfers if t["completed"]]


def _near(told: float, was: float) -> bool:
    return abs(told - was) <= TOLERANCE_SECONDS
