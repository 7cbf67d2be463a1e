"""Recorded messages to clients: the messages, and the calls that play them."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.ground import Ground
from pbx_crm.services.voice_calls import VoiceCalls
from pbx_crm.services.voice_messages import VoiceMessages


@dataclass(frozen=True, slots=True)
class Voice:
    """One field a service."""

    messages: VoiceMessages
    calls: VoiceCalls

    @classmethod
    def on(cls, ground: Ground) -> Voice:
        """The services of this area, standing on this."""
        return cls(messages=VoiceMessages(ground), calls=VoiceCalls(ground))
