"""What became of a voice message, in short words."""

from __future__ import annotations

from pbx_crm.domain.sentence import N_
from pbx_crm.domain.voice_call import VoiceResult

RESULTS = {
    VoiceResult.CONFIRMED: N_("confirmed"),
    VoiceResult.DECLINED: N_("asks for a call"),
    VoiceResult.OPTED_OUT: N_("wants no more calls"),
    VoiceResult.HEARD: N_("picked up, nothing pressed"),
    VoiceResult.MACHINE: N_("an answering machine"),
    VoiceResult.NO_ANSWER: N_("nobody picked up"),
    VoiceResult.BUSY: N_("busy"),
    VoiceResult.FAILED: N_("the call could not be made"),
    VoiceResult.UNKNOWN: N_("nobody knows"),
    VoiceResult.NOT_CALLED: N_("not called"),
}
