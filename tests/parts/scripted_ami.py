"""An AMI server on loopback that does what a test tells it, faults included.

It reads actions as Asterisk does: a lone LF ends a header, an empty line ends the action. So an injected
second action is seen here as a second action.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

GREETING = b"Asterisk Call Manager/9.0.0\r\n"
FULLY_BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 10\r\nStatus: Fully Booted\r\n\r\n"
ALL_COMMANDS = ("Ping", "CoreStatus", "CoreShowChannels", "Status", "QueueStatus", "Originate", "Redirect")

SECRET = "made-up-secret-of-the-scripted-pbx"

Action = dict[str, str]


def event(name: str, **headers: object) -> bytes:
    """The bytes of one event."""
    lines = [f"Event: {name}", "Privilege: call,all", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class ScriptedAmi:
    """A PBX that remembers what it was sent (`actions`) and can be cut, deaf, slow or forbidding."""

    def __init__(self, *, username: str = "pbx-crm", secret: str = SECRET) -> None:
        self.username = username
        self.secret = secret
        self.port = 0
        self.actions: list[Action] = []
        self.tried_at: list[float] = []
        """When each log-in was tried, by the loop's clock."""
        self.connections = 0
        self.deaf = False
        """Takes everything, answers nothing."""
        self.forbidden: set[str] = set()
        """Lower-case names of actions answered with Permission denied, and absent from ListCommands."""
        self.started = "2026-11-21"
        self.after_log_in = FULLY_BOOTED
        self.lists: dict[str, tuple[bytes, ...]] = {}
        """Lower-case action → its list events, without ActionID."""
        self.on_action: Callable[[Action], Awaitable[None]] | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def log_ins(self) -> int:
        """How often somebody tried to log in."""
        return len(self.tried_at)

    async def __aenter__(self) -> ScriptedAmi:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before if it had one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections and cut the ones that stand."""
        if self._server is not None:
            self._server.close()
        await self.cut()
        if self._server is not None:
            await self._server.wait_closed()

    async def cut(self) -> None:
        """Reset every connection."""
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*(self._serving - {asyncio.current_task()}))

    def send(self, data: bytes) -> None:
        """Write to every connection, whole or broken bytes alike."""
        for writer in self._writers:
            writer.write(data)

    def named(self, name: str) -> list[Action]:
        """The actions of this name received so far."""
        return [action for action in self.actions if action.get("action", "").lower() == name.lower()]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            writer.write(GREETING)
            while action := await _read_action(reader):
                self.actions.append(action)
                if not self.deaf:
                    await self._answer(action, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, action: Action, writer: asyncio.StreamWriter) -> None:
        name = action.get("action", "").lower()
        if self.on_action is not None:
            await self.on_action(action)
        if name == "login":
            self._log_in(action, writer)
        elif name in self.forbidden:
            _reply(writer, action, "Error", Message="Permission denied")
        elif name in ("coreshowchannels", "status", "queuestatus"):
            self._list(name, action, writer)
        elif name == "corestatus":
            _reply(writer, action, "Success", CoreStartupDate=self.started, CoreStartupTime="16:44:54")
        elif name == "listcommands":
            allowed = {c: "something (Priv: none)" for c in ALL_COMMANDS if c.lower() not in self.forbidden}
            _reply(writer, action, "Success", **allowed)
        elif name == "ping":
            _reply(writer, action, "Success", Ping="Pong")
        elif name == "logoff":
            _reply(writer, action, "Goodbye")
        elif name == "originate":
            _reply(writer, action, "Success", Message="Originate successfully queued")
        else:
            _reply(writer, action, "Error", Message="Invalid/unknown command")

    def _log_in(self, action: Action, writer: asyncio.StreamWriter) -> None:
        self.tried_at.append(asyncio.get_running_loop().time())
        if (action.get("username"), action.get("secret")) != (self.username, self.secret):
            _reply(writer, action, "Error", Message="Authentication failed")
            writer.close()
            return
        _reply(writer, action, "Success", Message="Authentication accepted")
        writer.write(self.after_log_in)

    def _list(self, name: str, action: Action, writer: asyncio.StreamWriter) -> None:
        complete = {"coreshowchannels": "CoreShowChannelsComplete"}.get(name, f"{action['action']}Complete")
        tag = f"ActionID: {action['actionid']}\r\n\r\n".encode()
        _reply(writer, action, "Success", EventList="start", Message="Items will follow")
        for item in self.lists.get(name, ()):
            writer.write(item.removesuffix(b"\r\n") + tag)
        writer.write(f"Event: {complete}\r\nEventList: Complete\r\n".encode() + tag)


async def _read_action(reader: asyncio.StreamReader) -> Action:
    """One action by Asterisk's rules; empty at the end of the connection."""
    action: Action = {}
    while line := await reader.readline():
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            action[name.lower()] = value.strip()
        elif action:
            return action
    return {}


def _reply(writer: asyncio.StreamWriter, action: Action, response: str, **headers: str) -> None:
    lines = [f"Response: {response}"]
    if "actionid" in action:
        lines.append(f"ActionID: {action['actionid']}")
    lines += [f"{key}: {value}" for key, value in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")


async def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something to become true; fails the test with the line that waited."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.002)
