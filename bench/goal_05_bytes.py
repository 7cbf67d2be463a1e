"""Goal 5: with the shipped AMI user a queue call costs Asterisk a quarter of the bytes."""

from __future__ import annotations

import re
from pathlib import Path

from bench.result import Result
from pbx_crm.asterisk.tape import read_tape
from tests.dialplan.samples import is_heard

RECORDING = Path(__file__).parents[1] / "tests/tapes_lab/company_ring_all_queue__22-pjsip"
MOST_OF_ALL_BYTES = 0.26
PRESENCE = re.compile(rb"Event: (DeviceStateChange|ExtensionStatus|QueueMemberStatus|PresenceStateChange)\r")
"""Told to whoever watches lamps, whatever a call does."""


def measure() -> Result:
    """Bytes of a ring-all queue call the shipped user gets, of those a user of all classes gets."""
    events = [
        message
        for segment in read_tape(RECORDING).segments
        for _, message in segment.messages()
        if not PRESENCE.match(message)
    ]
    everything = sum(map(len, events))
    ours = sum(len(message) for message in events if is_heard(message))
    share = ours / everything
    return Result(
        "bytes of a queue call, of all classes",
        f"{share:.1%}",
        f"<= {MOST_OF_ALL_BYTES:.0%}",
        share <= MOST_OF_ALL_BYTES,
        f"{ours} of {everything} bytes; the recording is of a PBX with the shipped settings",
    )
