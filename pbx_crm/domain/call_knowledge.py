"""How much a state of a call knows: the order in which states of one call may replace each other."""

from __future__ import annotations

from datetime import datetime, timedelta

from pbx_crm.domain.call import Call, EndedBy, Outcome

CROSSED_AT_MOST = timedelta(seconds=1)


def known(call: Call) -> int:
    """How much this state of the call knows; of two states the later one knows more.

    Whoever stores a call keeps this number and passes over a state that knows no more: that is how a
    fact delivered again, or late, changes nothing. An end heard outweighs an end lost in a gap, and any
    end outweighs an open call, however many details a restarted program has forgotten.
    """
    # Counted for every fact of a busy PBX, so in plain steps.
    details = len(call.rang) + len(call.aliases) + call.recorded
    for value in (
        call.external_number,
        call.did,
        call.queue,
        call.trunk,
        call.caller_name,
        call.seller,
        call.answered_at,
        call.answered_by,
        call.recording_file,
    ):
        details += value is not None
    for leg in call.legs:
        details += 1 + (leg.rang_at is not None) + (leg.answered_at is not None) + (leg.ended_at is not None)
    for talk in call.talks:
        details += 1 + (talk.ended_at is not None)
    for transfer in call.transfers:
        details += 1 + transfer.completed
    return details + END_WEIGHT * _end(call)


def takes_back_answer(call: Call, answered_at: datetime | None) -> bool:
    """Whether this end says that the answer known of before was none.

    A caller's CANCEL may cross a phone's 200: then Asterisk bridges the two for some milliseconds and the
    call ends unanswered (`domain/call_outcome.py`). Only a call that ended at once after that answer is
    such a one; a restarted program that missed a talk's beginning only knows less than before.
    """
    if answered_at is None or call.ended_at is None or call.ended_by is not EndedBy.HANGUP:
        return False
    unanswered = call.outcome not in (None, Outcome.ANSWERED)
    return unanswered and call.ended_at - answered_at < CROSSED_AT_MOST


END_WEIGHT = 1_000_000


def _end(call: Call) -> int:
    if call.is_open:
        return 0
    return 2 if call.ended_by is EndedBy.HANGUP else 1
