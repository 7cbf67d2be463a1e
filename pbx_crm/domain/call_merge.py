"""Two groups of channels turn out to be one call: pickup, attended transfer, a parked call fetched.

Asterisk gives all of them the oldest Linkedid. The call that survives here is the client's, whichever
Linkedid is older: a consultation belongs to it, not the other way round.
"""

from __future__ import annotations

from pbx_crm.domain.call import Direction
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel

_RANK = {Direction.IN: 3, Direction.OUT: 2, Direction.INTERNAL: 1, None: 0}


def merge(one: LiveCall, other: LiveCall) -> tuple[LiveCall, LiveCall] | None:
    """(kept, gone) after moving everything into the call kept; of equals `other` is kept.

    None if both are calls of outside parties who came in: joined by a transfer, they stay two calls.
    """
    if one is other or (one.direction is Direction.IN and other.direction is Direction.IN):
        return None
    kept, gone = (one, other) if _RANK[one.direction] > _RANK[other.direction] else (other, one)
    kept.aliases += [gone.linkedid, *gone.aliases]
    for channel in gone.channels:
        channel.call = kept
    kept.channels += gone.channels
    _move_knowledge(kept, gone)
    gone.channels = []
    return kept, gone


def move_leg(leg: Channel, call: LiveCall) -> None:
    """A dialled leg belongs to the call of who dials it, whatever Linkedid it was born with.

    Two clients whose calls share a Linkedid since a transfer need this.
    """
    for channel in (leg, leg.pair):
        if channel is not None and channel.call is not call:
            channel.call.channels.remove(channel)
            channel.call = call
            call.channels.append(channel)


def _move_knowledge(kept: LiveCall, gone: LiveCall) -> None:
    for extension, at in gone.rang.items():
        kept.rang[extension] = min(at, kept.rang.get(extension, at))
    kept.queue = gone.queue or kept.queue
    kept.recorded = kept.recorded or gone.recorded
    kept.recording_file = kept.recording_file or gone.recording_file
    kept.hand_overs = sorted(kept.hand_overs + gone.hand_overs, key=lambda h: h.at)
    kept.held_since.update(gone.held_since)
    kept.held_seconds += gone.held_seconds
    kept.holds += gone.holds
