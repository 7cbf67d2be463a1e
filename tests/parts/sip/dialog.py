"""One call as one party sees it: what it may do (ring, answer, hold, transfer, hang up) and when it did."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.parts.sip.message import SipMessage, media_address, new_token, silence_offer

if TYPE_CHECKING:
    from tests.parts.sip.party import Party

PATIENCE_SECONDS = 40.0
SIP_PORT = 5060
RINGING = (180, 183)
SHORTEST_TALK_SECONDS = 0.4
"""People say at least a word; a bridge under 50 ms is no talk but an answer crossed with a cancellation."""


class Dialog:
    """A call leg of this party; `*_at` are seconds of the epoch by the party's own clock."""

    def __init__(self, party: Party, *, call_id: str, local: str, remote: str, target: str) -> None:
        self.party = party
        self.call_id = call_id
        self.started_at = time.time()
        self.rang_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.caller = ""
        """The number this party called from."""
        self.status: int | None = None
        """The final status of the INVITE."""
        self.refer_statuses: list[int] = []
        """What the PBX told about a transfer asked for here (NOTIFY)."""
        self.holds = 0
        self.invite: SipMessage | None = None
        self._local = local
        self._remote = remote
        self._target = target
        self._cseq = 0
        self._first_uri = self._first_branch = ""
        self._ringing = asyncio.Event()
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[SipMessage]] = {}
        self._last_response: SipMessage | None = None
        self._leaving: asyncio.Task[None] | None = None

    # What a person does.

    def ring(self) -> None:
        """The phone rings (180)."""
        self._respond(180, "Ringing")

    def progress(self) -> None:
        """The far end plays its own tones (183), as mobile networks do; such a phone never says Ringing."""
        self._respond(183, "Session Progress", body=self._offer())

    def answer(self) -> None:
        """Picks the call up."""
        self._respond(200, "OK", body=self._offer())
        self._connected()

    def reject(self, status: int = 486, reason: str = "Busy Here", contact: str = "") -> None:
        """Refuses the call: 486 busy, 603 declined, 302 with a contact to try instead."""
        extra = (("Contact", f"<{contact}>"),) if contact else ()
        self._respond(status, reason, extra=extra)
        self._finish(status)

    async def hang_up(self) -> None:
        """Ends the call from this side, whatever its state: CANCEL, refusal or BYE."""
        if self._ended.is_set():
            return
        if self._answered.is_set():
            await self._say_a_word()
            await self._ask("BYE")
            self._finish(200)
        elif self.invite is not None:
            self.reject()
        else:
            self._send_cancel()
            await self.until_ended()

    async def _say_a_word(self) -> None:
        talked = time.time() - (self.answered_at or 0.0)
        if talked < SHORTEST_TALK_SECONDS:
            await asyncio.sleep(SHORTEST_TALK_SECONDS - talked)

    def forget(self) -> None:
        """The other side is gone without a word, and so are we."""
        self._finish(0)

    async def hold(self) -> None:
        """Puts the other side on hold by re-INVITE."""
        self.holds += 1
        await self._ask("INVITE", body=self._offer("sendonly"))

    async def resume(self) -> None:
        """Takes the other side back from hold."""
        await self._ask("INVITE", body=self._offer())

    async def press(self, keys: str, gap_seconds: float = 0.15) -> None:
        """Presses keys, each as an INFO request, or in RTP where this party's phone does so."""
        for key in keys:
            if self.party.keys_in_rtp:
                await self.party.audio.press(self.call_id, key)
                await asyncio.sleep(gap_seconds)
                continue
            body = f"Signal={key}\r\nDuration=100\r\n"
            await self._ask("INFO", (("Content-Type", "application/dtmf-relay"),), body)
            await asyncio.sleep(gap_seconds)

    def speak(self, *, aloud: bool = True) -> None:
        """Talks without a pause, or falls silent again."""
        self.party.audio.speak(self.call_id, aloud=aloud)

    async def transfer(self, number: str) -> int:
        """Blind transfer by REFER; the status of the REFER."""
        return await self._refer(f"<sip:{number}@{self.party.pbx}>")

    async def transfer_to(self, consultation: Dialog) -> int:
        """Attended transfer: connects the other side with the consulted one and leaves."""
        return await self._refer(f"<{consultation.uri}?Replaces={quote(consultation.replaces, safe='')}>")

    # What happens to a person.

    async def until_ringing(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Returns once the other side rings."""
        await self._within(self._ringing, seconds, "ringing")

    async def until_answered(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Returns once the two are connected."""
        await self._within(self._answered, seconds, "answered")

    async def until_ended(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Returns once this leg is over."""
        await self._within(self._ended, seconds, "ended")

    @property
    def is_over(self) -> bool:
        """Whether this leg has ended."""
        return self._ended.is_set()

    @property
    def uri(self) -> str:
        """The other side's URI, without its display name."""
        return self._remote.partition("<")[2].partition(">")[0] or self._remote

    @property
    def replaces(self) -> str:
        """This dialog as a Replaces value; the tags are named as the PBX sees them."""
        return f"{self.call_id};to-tag={_tag(self._remote)};from-tag={_tag(self._local)}"

    # The wire.

    def start(self, number_uri: str, extra: tuple[tuple[str, str], ...] = ()) -> None:
        """Sends the first INVITE."""
        self._send_request("INVITE", (*extra, self._contact()), self._offer(), uri=number_uri)

    def on_invite(self, invite: SipMessage) -> None:
        """Takes the INVITE that opened this dialog; a second copy gets the answer it already had."""
        if self.invite is None:
            self.invite = invite
        elif self._last_response is not None:
            self.party.send(self._last_response)

    def on_request(self, request: SipMessage) -> None:
        """Answers a request within this dialog."""
        match request.method:
            case "ACK":
                return
            case "CANCEL":
                self.party.send(request.answer(200, "OK"))
                if not self._answered.is_set() and not self._ended.is_set():
                    self._respond(487, "Request Terminated")
                    self._finish(487)
            case "BYE":
                self.party.send(request.answer(200, "OK"))
                self._finish(200)
            case "INVITE":
                self._take_media(request)
                self.party.send(request.answer(200, "OK", extra=self._media_headers(), body=self._offer()))
            case "NOTIFY":
                self._note_transfer(request.body)
                self.party.send(request.answer(200, "OK"))
            case _:
                self.party.send(request.answer(200, "OK"))

    def on_response(self, response: SipMessage) -> None:
        """Takes a response to a request of ours."""
        status = response.status
        assert status is not None
        waiting = self._waiting.get(response.cseq)
        if response.method == "INVITE":
            self._on_invite_response(response, status, first=waiting is None)
        if waiting is not None and status >= 200 and not waiting.done():
            waiting.set_result(response)

    def _on_invite_response(self, response: SipMessage, status: int, *, first: bool) -> None:
        if status in RINGING and self.rang_at is None:
            self.rang_at = time.time()
            self._ringing.set()
        if status < 200:
            return
        if status >= 300:
            self._acknowledge(response, branch=response.branch)
            if first:
                self._finish(status)
            return
        self._remote = response.get("to")
        self._target = response.contact_uri() or self._target
        self._acknowledge(response, branch=f"z9hG4bK{new_token()}")
        self._take_media(response)
        if first and not self._answered.is_set():
            self._connected()

    def _connected(self) -> None:
        self.status = 200
        self.answered_at = time.time()
        if self.invite is not None:
            self._take_media(self.invite)
        self._answered.set()

    def _finish(self, status: int) -> None:
        if self._ended.is_set():
            return
        self.status = self.status or status
        self.ended_at = time.time()
        self.party.audio.stop(self.call_id)
        self._ended.set()

    def _respond(
        self, status: int, reason: str, *, extra: tuple[tuple[str, str], ...] = (), body: str = ""
    ) -> None:
        assert self.invite is not None
        if status in RINGING and self.rang_at is None:
            self.rang_at = time.time()
        headers = (*extra, *(() if extra else (self._contact(),)))
        if body:
            headers = (*headers, ("Content-Type", "application/sdp"))
        response = self.invite.answer(status, reason, tag=_tag(self._local), extra=headers, body=body)
        self._last_response = response
        self.party.send(response)

    async def _refer(self, refer_to: str) -> int:
        response = await self._ask("REFER", (("Refer-To", refer_to), ("Referred-By", self._local)))
        return response.status or 0

    async def _ask(self, method: str, extra: tuple[tuple[str, str], ...] = (), body: str = "") -> SipMessage:
        if method in ("INVITE", "REFER"):
            extra = (*extra, self._contact())
        self._waiting[self._cseq + 1] = answer = asyncio.get_running_loop().create_future()
        cseq = self._send_request(method, extra, body)
        try:
            return await asyncio.wait_for(answer, PATIENCE_SECONDS)
        finally:
            del self._waiting[cseq]

    def _send_request(
        self, method: str, extra: tuple[tuple[str, str], ...], body: str = "", uri: str = ""
    ) -> int:
        self._cseq += 1
        branch = f"z9hG4bK{new_token()}"
        if method == "INVITE" and not self._answered.is_set():
            self._first_uri, self._first_branch = uri, branch
        if body and not any(name == "Content-Type" for name, _ in extra):
            extra = (*extra, ("Content-Type", "application/sdp"))
        self.party.send(self._request(method, self._cseq, branch, uri or self._target, extra, body))
        return self._cseq

    def _send_cancel(self) -> None:
        self.party.send(self._request("CANCEL", 1, self._first_branch, self._first_uri))

    def _acknowledge(self, response: SipMessage, branch: str) -> None:
        failed = (response.status or 0) >= 300
        uri = self._first_uri if failed and not self._answered.is_set() else self._target
        request = self._request("ACK", response.cseq, branch, uri)
        to = tuple((n, response.get("to") if n == "To" else v) for n, v in request.headers)
        self.party.send(SipMessage(request.first_line, to))

    def _request(
        self,
        method: str,
        cseq: int,
        branch: str,
        uri: str,
        extra: tuple[tuple[str, str], ...] = (),
        body: str = "",
    ) -> SipMessage:
        headers = (
            ("Via", f"SIP/2.0/UDP {self.party.address}:{SIP_PORT};branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("From", self._local),
            ("To", self._remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
        )
        return SipMessage(f"{method} {uri} SIP/2.0", (*headers, *extra), body)

    def _contact(self) -> tuple[str, str]:
        return ("Contact", f"<sip:{self.party.name}@{self.party.address}:{SIP_PORT}>")

    def _media_headers(self) -> tuple[tuple[str, str], ...]:
        return (self._contact(), ("Content-Type", "application/sdp"))

    def _offer(self, direction: str = "sendrecv") -> str:
        party = self.party
        return silence_offer(party.address, party.audio.port, direction, keys_in_rtp=party.keys_in_rtp)

    def _take_media(self, message: SipMessage) -> None:
        if (target := media_address(message.body)) is not None:
            self.party.audio.start(self.call_id, target)

    def _note_transfer(self, fragment: str) -> None:
        words = fragment.split()
        if len(words) > 1 and words[0] == "SIP/2.0":
            self.refer_statuses.append(int(words[1]))
            if int(words[1]) == 200:
                # A phone leaves once it hears that its transfer worked; the PBX waits for that BYE.
                self._leaving = asyncio.create_task(self.hang_up())

    async def _within(self, event: asyncio.Event, seconds: float, what: str) -> None:
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            story = "\n".join(line.text for line in self.party.log if line.call_id == self.call_id)
            raise AssertionError(f"{self.party.name}: not {what} within {seconds} s\n{story}") from None


def _tag(header: str) -> str:
    return header.rpartition(";tag=")[2] if ";tag=" in header else ""
