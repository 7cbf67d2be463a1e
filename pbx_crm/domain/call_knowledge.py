"""How much a state of a call knows: the order in which states of one call may replace each other."""

from __future__ import annotations

from pbx_crm.domain.call import Call, EndedBy


def known(call: Call) -> int:
    """How much this state of the call knows; of two states the later one knows more.

    Whoever stores a call keeps this number and passes over a state that knows no more: that is how a
    fact delivered again, or late, changes nothing. An end heard outweighs an end lost in a gap, and any
    end outweighs an open call, however many details a restarted program has forgotten.
    """
    details = sum(value is not None for value in (call.external_number, call.did, call.queue, call.trunk))
    details += sum(
        value is not None for value in (call.answered_at, call.answered_by, call.caller_name, call.seller)
    )
    details += len(call.rang) + len(call.aliases) + call.recorded + (call.recording_file is not None)
    for leg in call.legs:
        details += 1 + sum(moment is not None for moment in (leg.rang_at, leg.answered_at, leg.ended_at))
    details += sum(1 + (talk.ended_at is not None) for talk in call.talks)
    details += sum(1 + transfer.completed for transfer in call.transfers)
    return details + END_WEIGHT * _end(call)


END_WEIGHT = 1_000_000


def _end(call: Call) -> int:
    if call.is_open:
        return 0
    return 2 if call.ended_by is EndedBy.HANGUP else 1
