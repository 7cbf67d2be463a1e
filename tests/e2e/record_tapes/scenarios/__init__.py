"""What people do in the recordings: each scenario plays its calls and tells the truth about them.

Importing a module of this package puts its scenarios into SCENARIOS.
"""

from tests.e2e.record_tapes.scenarios import (
    forwarding,
    incoming,
    inside,
    outgoing,
    queues,
    rooms,
    transfers,
    unusual_transfers,
)

__all__ = [
    "forwarding",
    "incoming",
    "inside",
    "outgoing",
    "queues",
    "rooms",
    "transfers",
    "unusual_transfers",
]
