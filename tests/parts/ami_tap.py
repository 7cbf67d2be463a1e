"""Records what an AMI user gets, byte for byte with arrival times, in the layout of the tapes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

PORT = 5038
LOGGED_IN = b"Message: Authentication accepted\r\n\r\n"


class AmiTap:
    """One logged-in AMI connection whose bytes are kept, from the login response on."""

    def __init__(self) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self.actions: list[tuple[float, str]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, host: str, username: str, secret: str) -> None:
        """Logs in and starts to record; raises IncompleteReadError where the PBX refuses."""
        self._reader, self._writer = await asyncio.open_connection(host, PORT)
        self._write({"Action": "Login", "Username": username, "Secret": secret})
        try:
            await asyncio.wait_for(self._reader.readuntil(LOGGED_IN), 10)
        except (TimeoutError, asyncio.IncompleteReadError):
            await self.close()
            raise
        self._tasks.append(asyncio.create_task(self._record()))

    def act(self, action: str, **headers: str | list[str]) -> None:
        """Sends an action; its response lands in the recording."""
        fields = {"Action": action, **headers}
        self.actions.append((time.time(), self._write(fields)))

    async def close(self) -> None:
        """Hangs up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    @property
    def data(self) -> bytes:
        """Everything received so far."""
        return b"".join(chunk for _, chunk in self.chunks)

    async def until(self, *fragments: str, seconds: float = 10.0) -> str:
        """The first recorded event that holds all of these, waiting for it if need be."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.data.decode(errors="replace").split("\r\n\r\n"):
                if all(fragment in event + "\r\n" for fragment in fragments):
                    return event
            await asyncio.sleep(0.05)
        raise AssertionError(f"no event with {fragments} within {seconds} s")

    def save(self, folder: Path) -> None:
        """Writes ami.log, timing.tsv and actions.txt into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ami.log").write_bytes(self.data)
        start, offset, lines = self.chunks[0][0] if self.chunks else 0.0, 0, []
        for at, chunk in self.chunks:
            lines.append(f"{offset}\t{at - start:.4f}\n")
            offset += len(chunk)
        (folder / "timing.tsv").write_text("".join(lines))
        if self.actions:
            text = "\n".join(f"# t={at - start:.3f}\n{action}" for at, action in self.actions)
            (folder / "actions.txt").write_text(text)

    def _write(self, fields: dict[str, str | list[str]]) -> str:
        lines = [
            f"{name}: {one}"
            for name, value in fields.items()
            for one in (value if isinstance(value, list) else [value])
        ]
        text = "\r\n".join([*lines, "", ""])
        self._writer.write(text.encode())
        return text.replace("\r\n", "\n")

    async def _record(self) -> None:
        while chunk := await self._reader.read(65536):
            self.chunks.append((time.time(), chunk))


def header(event: str, name: str) -> str:
    """The value of a header in this event's text, empty where it has none."""
    found = (line for line in event.split("\r\n") if line.startswith(f"{name}: "))
    return next(found, ": ").partition(": ")[2]
