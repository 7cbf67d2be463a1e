"""Has a client called and a recording played to them, through the listener's own connection.

The dialplan (`pbx-crm-voice.conf`) does the rest. Nothing is sent twice, as in `dialler.py`. The channel's
id is ours, so the PBX itself refuses a second call of that name while the first one lives.
"""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_listener import AmiListener
from pbx_crm.asterisk.ami_rights import ADVICE
from pbx_crm.asterisk.dialler import ANSWER_SECONDS, DialShape
from pbx_crm.domain.pbx_link import LinkStatus
from pbx_crm.domain.voice_call import AtMachine, VoiceWish

OUT, PLAYS = "pbx-crm-voice-out", "pbx-crm-voice"
MORE_SECONDS = 20
"""Beyond ringing: fetching the recording, and telling how it ended."""


@dataclass(frozen=True, slots=True)
class VoiceShape:
    """How clients are called there."""

    context: str
    """Where numbers are dialled."""
    ring_seconds: int = 30
    at_machine: AtMachine = AtMachine.AS_PERSON


class VoiceDialler:
    """Voice messages on one PBX."""

    def __init__(self, listener: AmiListener, dial: DialShape, voice: VoiceShape) -> None:
        self._listener = listener
        self._dial = dial
        self._voice = voice

    @property
    def is_there(self) -> bool:
        """Whether the link stands and the AMI user is not known to lack write `originate`."""
        state = self._listener.state
        lacks = any(sentence.template == ADVICE["write", "originate"] for sentence in state.advice)
        return state.status is LinkStatus.UP and not lacks

    async def call(self, wish: VoiceWish) -> None:
        """Call the client and play it to them; returns when the PBX has said it will."""
        rings = self._voice.ring_seconds
        more = {
            "PBX_CRM_VOICE": wish.channel_id,
            "PBX_CRM_VOICE_CONTEXT": self._voice.context,
            "PBX_CRM_VOICE_CALLER": wish.caller_id,
            "PBX_CRM_VOICE_RINGS": str(rings),
        }
        if self._voice.at_machine is not AtMachine.AS_PERSON:
            more["PBX_CRM_VOICE_MACHINE"] = self._voice.at_machine
        endpoint = f"Local/{self._dial.dialled(wish.number)}@{OUT}/n"
        await self._ask(endpoint, wish, rings + MORE_SECONDS, more, wish.caller_id)

    async def try_out(self, extension: str, wish: VoiceWish) -> None:
        """Ring a phone of the house and play it there; nothing is told about it."""
        await self._ask(self._dial.endpoint(extension), wish, self._voice.ring_seconds, {}, "pbx-crm")

    async def _ask(
        self, endpoint: str, wish: VoiceWish, seconds: int, more: dict[str, str], caller_id: str
    ) -> None:
        sound = {
            "PBX_CRM_SOUND": wish.digest,
            "PBX_CRM_SOUND_SIZE": str(wish.size),
            "PBX_CRM_VOICE_KEYS": wish.keys,
        }
        await self._listener.ask(
            ami_actions.originate(
                endpoint=endpoint,
                number="s",
                context=PLAYS,
                channel_id=wish.channel_id,
                caller_id=caller_id,
                ring_seconds=seconds,
                variables={**sound, **more},
            ),
            seconds=ANSWER_SECONDS,
            first=True,
        )
