"""How a call is put into words and signs: one word, one icon and one tone for each way it can end."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.call import Direction, LegResult, MissedReason, Outcome, TransferKind
from pbx_crm.domain.call_log import CallRow
from pbx_crm.domain.sentence import N_

DIRECTIONS = {
    Direction.IN: N_("Incoming"),
    Direction.OUT: N_("Outgoing"),
    Direction.INTERNAL: N_("Internal"),
}
OUTCOMES = {
    Outcome.ANSWERED: N_("answered"),
    Outcome.MISSED: N_("missed"),
    Outcome.VOICEMAIL: N_("left a message"),
    Outcome.BUSY: N_("busy"),
    Outcome.NO_ANSWER: N_("no answer"),
    Outcome.FAILED: N_("failed"),
}
REASONS = {
    MissedReason.GAVE_UP: N_("the caller gave up"),
    MissedReason.ABANDONED: N_("left while waiting"),
    MissedReason.BUSY: N_("all were busy"),
    MissedReason.CLOSED: N_("outside working hours"),
    MissedReason.IVR: N_("left in the menu"),
    MissedReason.FAILED: N_("could not be put through"),
}
LEG_RESULTS = {
    LegResult.ANSWERED: N_("answered"),
    LegResult.TAKEN_BY_OTHER: N_("another answered"),
    LegResult.NO_ANSWER: N_("did not answer"),
    LegResult.BUSY: N_("busy"),
    LegResult.UNREACHABLE: N_("could not be reached"),
}
TRANSFERS = {
    TransferKind.BLIND: N_("handed on by %(source)s to %(target)s"),
    TransferKind.ATTENDED: N_("handed on by %(source)s to %(target)s after asking"),
    TransferKind.PARK: N_("parked by %(source)s at %(target)s"),
    TransferKind.THREEWAY: N_("%(source)s brought %(target)s into the talk"),
}
ICONS = {
    Direction.IN: "phone-incoming",
    Direction.OUT: "phone-outgoing",
    Direction.INTERNAL: "users",
}


@dataclass(frozen=True, slots=True)
class CallSigns:
    """What stands for a call's result."""

    icon: str
    tone: str
    """Class of the chip: ok, danger, warn or empty."""
    result: str
    """Message id."""
    reason: str
    """Message id, or empty."""


def signs_of(row: CallRow) -> CallSigns:
    """Icon, tone and words for a row of the log."""
    reason = REASONS[row.reason] if row.reason else ""
    if row.is_open:
        return CallSigns("phone-call", "info", N_("on the phone") if row.answered_by else N_("ringing"), "")
    if row.outcome is None:
        return CallSigns(ICONS[row.direction], "warn", N_("end not heard"), "")
    if row.outcome is Outcome.ANSWERED:
        return CallSigns(ICONS[row.direction], "ok", OUTCOMES[row.outcome], "")
    if row.direction is Direction.IN:
        icon = "voicemail" if row.outcome is Outcome.VOICEMAIL else "phone-missed"
        return CallSigns(icon, "danger", OUTCOMES[row.outcome], reason)
    return CallSigns(ICONS[row.direction], "", OUTCOMES[row.outcome], reason)
