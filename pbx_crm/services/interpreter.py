"""Python itself, set for a server that must answer within milliseconds."""

from __future__ import annotations

import gc
import sys

YOUNG_OBJECTS = 10_000
"""How many new ones make a collection worth while. A call makes a hundred that last to its end; at the
default of 700 every batch of calls was gone over several times, which took a tenth of its time."""
TURN_SECONDS = 0.0005
"""How long a thread may run while another waits for its turn. SQLite's writer gives its turn away at every
statement, and got it back only after the default of 5 ms when the loop was busy: from event to browser at
50 calls a second the slowest hundredth took 70 and 101 ms, with this 50 and 18 ms, in one run by turns."""


def prepare_interpreter() -> None:
    """Short turns for threads, and a collector that from now on looks only at what was made since.

    Modules, tables, compiled statements and routes stay until the end. A full collection goes over all of
    it and holds every thread meanwhile: measured 60 ms with the pages loaded, against the 100 ms after
    which Asterisk closes a link that is not read; and it took a third of the time of a large intake.
    """
    sys.setswitchinterval(TURN_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
