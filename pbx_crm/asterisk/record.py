"""`pbx-crm record`: the bytes of a live PBX as a tape, for a bug report or a new test."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_listener import AmiListener
from pbx_crm.asterisk.ami_wire import BLANK_LINE, MessageSplitter
from pbx_crm.asterisk.pseudonyms import Pseudonyms
from pbx_crm.asterisk.tape import TapeWriter
from pbx_crm.domain.pbx_link import LinkState

GREETING = b"Asterisk Call Manager/"


class Recorder:
    """Writes what a listener's `tap` hears; each connection from after its log-in answer.

    With pseudonyms whole messages are written, at the time of their last byte: a number may be split
    between two reads.
    """

    def __init__(
        self,
        writer: TapeWriter,
        pseudonyms: Pseudonyms | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._answer: bytes | None = b""
        """The greeting and the log-in's answer, until it is whole."""
        self._splitter = MessageSplitter()
        self.bytes = 0
        """Written so far."""

    def hear(self, data: bytes) -> None:
        """Take the bytes of one read."""
        if data.startswith(GREETING):
            self._answer = b""
            self._splitter = MessageSplitter()
        if self._answer is not None:
            self._answer += data
            head, blank, data = self._answer.partition(BLANK_LINE)
            if not blank:
                return
            self._answer = None
            if b"Response: Success" in head:
                self._writer.connected()
        if data:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._pseudonyms is not None:
            data = b"".join(self._pseudonyms.hide(raw) + BLANK_LINE for raw in self._splitter.feed(data))
        if data:
            self._writer.write(data, self._clock())
            self.bytes += len(data)


async def record(
    account: AmiAccount,
    folder: Path,
    *,
    pseudonyms: Pseudonyms | None = None,
    on_state: Callable[[LinkState], None] | None = None,
    on_bytes: Callable[[int], None] | None = None,
    timing: AmiTiming | None = None,
) -> None:
    """Record until cancelled; a lost link goes on as the tape's next connection."""
    with TapeWriter(folder) as writer:
        recorder = Recorder(writer, pseudonyms)

        def hear(data: bytes) -> None:
            recorder.hear(data)
            if on_bytes is not None:
                on_bytes(recorder.bytes)

        # The listener's own reading is not needed: every event is dropped once its bytes are written.
        listener = AmiListener(
            account, lambda _: None, lambda _: False, on_state=on_state, timing=timing, tap=hear
        )
        try:
            await listener.run()
        finally:
            await listener.close()
