"""A party on the network: one address, one SIP socket, any number of calls."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from tests.parts.sip.dialog import PATIENCE_SECONDS, SIP_PORT, Dialog
from tests.parts.sip.message import BrokenMessage, SipMessage, new_token
from tests.parts.sip.silence import SilentAudio

Manner = Callable[[Dialog], None]
"""How a phone meets a call before anybody touches it."""


def rings(dialog: Dialog) -> None:
    """An ordinary phone: it rings until somebody picks up."""
    dialog.ring()


def plays_tones(dialog: Dialog) -> None:
    """A mobile behind a network: 183 and no 180."""
    dialog.progress()


def is_busy(dialog: Dialog) -> None:
    """Engaged."""
    dialog.reject(486, "Busy Here")


def declines(dialog: Dialog) -> None:
    """Its owner presses the red button at once."""
    dialog.reject(603, "Decline")


def is_unknown(dialog: Dialog) -> None:
    """No such number."""
    dialog.reject(404, "Not Found")


def is_out_of_order(dialog: Dialog) -> None:
    """The provider has no line free."""
    dialog.reject(503, "Service Unavailable")


def is_dead(_: Dialog) -> None:
    """Switched off: no answer of any kind."""


def picks_up(dialog: Dialog) -> None:
    """An answering machine: picks up at once without ringing."""
    dialog.answer()


@dataclass(frozen=True, slots=True)
class SipLine:
    """One message as this party saw it."""

    at: float
    party: str
    sent: bool
    text: str
    call_id: str


class Party(asyncio.DatagramProtocol):
    """A phone, or a provider with every customer behind it; the log keeps what it sent and received."""

    def __init__(self, name: str, address: str, pbx: str) -> None:
        self.name = name
        self.address = address
        self.pbx = pbx
        """The PBX's address; its SIP port is the usual one."""
        self.audio = SilentAudio()
        self.keys_in_rtp = False
        """Whether its keys are events in RTP (RFC 4733) or INFO requests."""
        self.manners: dict[str, Manner] = {}
        """By called number; a number without an entry rings."""
        self.log: list[SipLine] = []
        self.dialogs: dict[str, Dialog] = {}
        self._registering: dict[str, asyncio.Future[SipMessage]] = {}
        self._calls: defaultdict[str, asyncio.Queue[Dialog]] = defaultdict(asyncio.Queue)
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Takes the address."""
        loop = asyncio.get_running_loop()
        await self.audio.open(self.address)
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.address, SIP_PORT)
        )

    async def close(self) -> None:
        """Hangs up what is still up and gives the address back."""
        living = [dialog for dialog in self.dialogs.values() if not dialog.is_over]
        await asyncio.gather(*(dialog.hang_up() for dialog in living), return_exceptions=True)
        await self.audio.close()
        if self._transport is not None:
            self._transport.close()

    def dial(
        self,
        number: str,
        *,
        caller: str | None = None,
        caller_name: str = "",
        to: str = "",
        extra: tuple[tuple[str, str], ...] = (),
    ) -> Dialog:
        """Calls a number through the PBX; `caller` is the user part of From (own name by default).

        `to` is what the To header names where it is not the number in the request; `extra` are more headers.
        """
        user = self.name if caller is None else caller
        shown = f'"{caller_name}" ' if caller_name else ""
        at = f"{user}@" if user else ""
        uri = f"sip:{number}@{self.pbx}:{SIP_PORT}"
        dialog = Dialog(
            self,
            call_id=f"{new_token()}@{self.address}",
            local=f"{shown}<sip:{at}{self.address}>;tag={new_token()}",
            remote=f"<sip:{to or number}@{self.pbx}>",
            target=uri,
        )
        dialog.caller = user
        self.dialogs[dialog.call_id] = dialog
        dialog.start(uri, extra)
        return dialog

    async def register(self, seconds: int) -> None:
        """Tells the PBX where this phone is, for so long; 0 takes that back."""
        call_id = f"{new_token()}@{self.address}"
        me = f"<sip:{self.name}@{self.pbx}>"
        headers = (
            ("Via", f"SIP/2.0/UDP {self.address}:{SIP_PORT};branch=z9hG4bK{new_token()};rport"),
            ("Max-Forwards", "70"),
            ("From", f"{me};tag={new_token()}"),
            ("To", me),
            ("Call-ID", call_id),
            ("CSeq", "1 REGISTER"),
            ("Contact", f"<sip:{self.name}@{self.address}:{SIP_PORT}>"),
            ("Expires", str(seconds)),
        )
        answered = self._registering[call_id] = asyncio.get_running_loop().create_future()
        self.send(SipMessage(f"REGISTER sip:{self.pbx} SIP/2.0", headers))
        answer = await asyncio.wait_for(answered, PATIENCE_SECONDS)
        assert answer.status == 200, answer.first_line

    async def next_call(self, number: str | None = None, seconds: float = PATIENCE_SECONDS) -> Dialog:
        """The next call to this party (a provider names the called number) as soon as it comes in."""
        called = number or self.name
        try:
            return await asyncio.wait_for(self._calls[called].get(), seconds)
        except TimeoutError:
            raise AssertionError(f"{self.name}: no call to {called} within {seconds} s") from None

    def forget(self) -> None:
        """Back to ordinary: no special manners, no calls that nobody asked for."""
        self.manners.clear()
        self._calls.clear()

    def send(self, message: SipMessage) -> None:
        """Puts a message on the wire and into the log."""
        assert self._transport is not None
        self._note(message, sent=True)
        self._transport.sendto(message.encode(), (self.pbx, SIP_PORT))

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        """Hands a message to its dialog; a new INVITE opens one."""
        try:
            message = SipMessage.parse(data)
        except BrokenMessage:
            return
        self._note(message, sent=False)
        dialog = self.dialogs.get(message.call_id)
        if message.status is not None:
            if dialog is not None:
                dialog.on_response(message)
            elif (answered := self._registering.pop(message.call_id, None)) is not None:
                answered.set_result(message)
        elif dialog is not None and not _opens(message):
            dialog.on_request(message)
        elif dialog is not None:
            dialog.on_invite(message)
        elif _opens(message):
            self._open_dialog(message)
        else:
            self._answer_outside_dialogs(message)

    def _open_dialog(self, invite: SipMessage) -> None:
        dialog = Dialog(
            self,
            call_id=invite.call_id,
            local=f"{invite.get('to')};tag={new_token()}",
            remote=invite.get("from"),
            target=invite.contact_uri(),
        )
        self.dialogs[invite.call_id] = dialog
        dialog.on_invite(invite)
        self.manners.get(invite.to_user, rings)(dialog)
        self._calls[invite.to_user].put_nowait(dialog)

    def _answer_outside_dialogs(self, request: SipMessage) -> None:
        """OPTIONS and the like keep the contact alive; a late BYE or CANCEL belongs to nobody any more."""
        if request.method == "ACK":
            return
        known = request.method in {"OPTIONS", "NOTIFY"}
        status, reason = (200, "OK") if known else (481, "Call Does Not Exist")
        self.send(request.answer(status, reason, tag=new_token()))

    def _note(self, message: SipMessage, *, sent: bool) -> None:
        self.log.append(SipLine(time.time(), self.name, sent, message.first_line, message.call_id))


def _opens(message: SipMessage) -> bool:
    return message.method == "INVITE" and not message.tag("to")
