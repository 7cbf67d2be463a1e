"""Call detail records of a company as cdr_csv writes them: one row a call, a third of the numbers new."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGAN = datetime(2025, 11, 21, 6, tzinfo=UTC)
SELLERS = 30
OF_100_ANSWERED, OF_100_INCOMING = 70, 75
Values = list[str]


def write_cdr(path: Path, rows: int) -> Path:
    """A `Master.csv` with so many rows."""
    dice, at = random.Random(1), BEGAN
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        for number in range(rows):
            at += timedelta(seconds=dice.randint(5, 60))
            client, seller = f"7903{dice.randrange(rows // 3 + 1):07}", str(101 + dice.randrange(SELLERS))
            is_incoming = dice.randrange(100) < OF_100_INCOMING
            writer.writerow([*_who(number, client, seller, is_incoming), *_when(dice, number, at)])
    return path


def _who(number: int, client: str, seller: str, is_incoming: bool) -> Values:
    one, two = f"{number * 2:08x}", f"{number * 2 + 1:08x}"
    if is_incoming:
        legs = [f"PJSIP/trunk-{one}", f"PJSIP/{seller}-{two}", "Dial", f"PJSIP/{seller},30"]
        return ["", client, "74951230001", "from-trunk", f'"" <{client}>', *legs]
    legs = [f"PJSIP/{seller}-{one}", f"PJSIP/trunk-{two}", "Dial", f"PJSIP/{client}@trunk,30"]
    return ["", seller, client, "from-internal", f'"Anna" <{seller}>', *legs]


def _when(dice: random.Random, number: int, at: datetime) -> Values:
    is_answered = dice.randrange(100) < OF_100_ANSWERED
    rang, talked = dice.randint(2, 20), dice.randint(10, 400) if is_answered else 0
    answered, over = at + timedelta(seconds=rang), at + timedelta(seconds=rang + talked)
    uniqueid = f"{at.timestamp():.0f}.{number * 2}"
    times = [_text(at), _text(answered) if is_answered else "", _text(over), str(rang + talked), str(talked)]
    disposition = "ANSWERED" if is_answered else "NO ANSWER"
    return [*times, disposition, "DOCUMENTATION", uniqueid, "", "", uniqueid, str(number)]


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
