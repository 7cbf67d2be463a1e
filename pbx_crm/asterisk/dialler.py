"""Starts a call on a seller's phone and ends one, through the listener's own connection.

Nothing is sent twice: the listener carries no unanswered action over to its next connection, and this
module never tries again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_listener import AmiListener
from pbx_crm.asterisk.ami_rights import ADVICE
from pbx_crm.domain.dialling import RingWish
from pbx_crm.domain.pbx_link import LinkStatus

ANSWER_SECONDS = 5.0
"""That an Originate is queued is answered at once; somebody waits before a screen."""


@dataclass(frozen=True, slots=True)
class DialShape:
    """How this PBX is told to call somebody."""

    context: str = ""
    """Where the number is dialled once the seller has answered; empty: calls are not started from the CRM."""
    phone: str = "PJSIP/{extension}"
    """What rings for an extension; `{extension}` stands for its number."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """Endpoint → extension where they differ."""
    prefix: str = ""
    """Before the digits, where the dialplan wants one."""
    plus: bool = False
    """Whether the dialplan takes `+` numbers."""
    hang_up: bool = False

    def endpoint(self, extension: str) -> str:
        """What rings for this extension."""
        named = {number: device for device, number in self.devices.items()}
        return named.get(extension) or self.phone.replace("{extension}", extension)

    def dialled(self, number: str) -> str:
        """The extension of the dialplan that calls this E.164 number."""
        return self.prefix + (number if self.plus else number.removeprefix("+"))

    @property
    def writes(self) -> frozenset[str]:
        """The write classes that the AMI user needs for it."""
        wanted = {"originate": bool(self.context), "call": self.hang_up}
        return frozenset(name for name, is_wanted in wanted.items() if is_wanted)


class Dialler:
    """Click-to-call on one PBX."""

    def __init__(self, listener: AmiListener, shape: DialShape) -> None:
        self._listener = listener
        self._shape = shape

    @property
    def may_ring(self) -> bool:
        """Whether a context is configured and the AMI user is not known to lack write `originate`."""
        return bool(self._shape.context) and not self._lacks("originate")

    @property
    def may_hang_up(self) -> bool:
        """Whether it is configured and the AMI user is not known to lack write `call`."""
        return self._shape.hang_up and not self._lacks("call")

    @property
    def is_there(self) -> bool:
        """Whether the link stands; if not, nothing would be sent."""
        return self._listener.state.status is LinkStatus.UP

    async def ring(self, wish: RingWish) -> None:
        """Ring the phone, then dial the number for it; returns when the PBX has said it will.

        The phone shows the number it is rung for. The channel variables say whose phone it is: the
        shipped context and FreePBX make of it the caller's number that the client sees.
        """
        own = {"__REALCALLERIDNUM": wish.extension, "CRM_EXTENSION": wish.extension}
        await self._listener.ask(
            ami_actions.originate(
                endpoint=self._shape.endpoint(wish.extension),
                number=self._shape.dialled(wish.number),
                context=self._shape.context,
                channel_id=wish.channel_id,
                caller_id=f'"{wish.number}" <{wish.number.removeprefix("+")}>',
                variables=own,
            ),
            seconds=ANSWER_SECONDS,
            first=True,
        )

    async def hang_up(self, channel: str) -> None:
        """End this channel, named by its Uniqueid, which Asterisk takes for the name as well."""
        await self._listener.ask(ami_actions.hang_up(channel), seconds=ANSWER_SECONDS)

    def _lacks(self, write_class: str) -> bool:
        template = ADVICE["write", write_class]
        return any(sentence.template == template for sentence in self._listener.state.advice)
