"""Chooses the recordings the practice PBX plays and keeps of each what a least-privilege AMI user hears.

    .venv/bin/python tools/practice_tapes.py

Reads tests/tapes, writes pbx_crm/practice_tapes; run again when the events we read change.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from pbx_crm.asterisk.ami_events import is_needed
from pbx_crm.asterisk.ami_wire import BLANK_LINE
from pbx_crm.asterisk.tape import read_tape

ROOT = Path(__file__).parents[1]
CHOSEN = (
    "in_direct_answered",
    "in_queue_ringall",
    "in_queue_rrmemory_second",
    "in_ringgroup",
    "in_ivr_queue",
    "in_missed",
    "in_queue_abandoned",
    "in_noanswer_voicemail",
    "id_anonymous",
    "name_cyrillic",
    "hold_unhold",
    "xfer_blind_refer",
    "xfer_att_refer",
    "out_answered",
    "out_noanswer",
    "out_busy",
    "internal_answered",
)
UNHEARD = (b"Event: VarSet\r\n", b"Event: Newexten\r\n", b"Event: FullyBooted\r\n")
"""Class dialplan is not asked for, and the practice PBX boots by itself."""


def main() -> None:
    """Write every chosen tape anew."""
    target = ROOT / "pbx_crm" / "practice_tapes"
    shutil.rmtree(target, ignore_errors=True)
    for name in CHOSEN:
        _keep(ROOT / "tests" / "tapes" / f"{name}__22-pjsip-A", target / name)


def _keep(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    raw, rows = b"", []
    for second, message in read_tape(source).segments[0].messages():
        if is_needed(message) and not message.startswith(UNHEARD):
            rows.append(f"{len(raw)}\t{second:.3f}\n")
            raw += message + BLANK_LINE
    # mtime 0: the same tapes give the same files.
    (folder / "ami.log.gz").write_bytes(gzip.compress(raw, mtime=0))
    (folder / "timing.tsv.gz").write_bytes(gzip.compress("".join(rows).encode(), mtime=0))


if __name__ == "__main__":
    main()
