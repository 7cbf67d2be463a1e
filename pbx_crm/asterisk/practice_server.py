"""The AMI side of the practice PBX: a TCP server on loopback that speaks as Asterisk's manager does."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import md5
from secrets import token_hex

from pbx_crm.asterisk.practice_phones import Phones
from pbx_crm.asterisk.practice_state import LiveChannels

GREETING = b"Asterisk Call Manager/9.0.0\r\n"
LISTS = {
    "coreshowchannels": ("CoreShowChannelsComplete", LiveChannels.core_show_channels),
    "status": ("StatusComplete", LiveChannels.status),
    "queuestatus": ("QueueStatusComplete", LiveChannels.queue_entries),
}
COMMANDS = (
    "Challenge",
    "CoreShowChannels",
    "CoreStatus",
    "DeviceStateList",
    "ListCommands",
    "Login",
    "Logoff",
    "Ping",
    "QueueStatus",
    "Status",
)
SLOWEST_READER = 4 * 1024 * 1024
"""Bytes a client may leave unread; Asterisk cuts such a client as well."""

Action = dict[str, str]


class AmiServer:
    """Sends every event to whoever is logged in, and answers the reading actions from `live`."""

    def __init__(
        self,
        live: LiveChannels,
        phones: Phones,
        username: str,
        secret: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._live = live
        self._phones = phones
        self._username = username
        self._secret = secret
        self._clock = clock
        self._started = clock()
        self._listeners: set[asyncio.StreamWriter] = set()
        self._conversations: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which the system chooses for 0."""
        self._server = await asyncio.start_server(self._accept, host, port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Close every connection and the port."""
        if self._server is not None:
            self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def send(self, event: bytes) -> None:
        """Give one whole event to every logged-in client; a client that does not read is cut."""
        for writer in list(self._listeners):
            if writer.transport.get_write_buffer_size() > SLOWEST_READER:
                writer.transport.abort()
            else:
                writer.write(event)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._converse(reader, writer))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        challenge = token_hex(5)
        with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            try:
                writer.write(GREETING)
                while action := await _read_action(reader):
                    if not self._answer(action, writer, challenge):
                        break
                    await writer.drain()
            finally:
                self._listeners.discard(writer)
                writer.close()

    def _answer(self, action: Action, writer: asyncio.StreamWriter, challenge: str) -> bool:
        """Whether the conversation goes on."""
        name = action.get("action", "").lower()
        if name == "challenge":
            return _reply(writer, action, "Success", Challenge=challenge)
        if name == "login":
            return self._log_in(action, writer, challenge)
        if writer not in self._listeners:
            return _reply(writer, action, "Error", Message="Permission denied")
        if name in LISTS:
            return self._list(name, action, writer)
        if name == "devicestatelist":
            return _items(action, writer, "DeviceStateListComplete", self._phones.listed())
        if name == "logoff":
            _reply(writer, action, "Goodbye", Message="Thanks for all the fish.")
            return False
        return self._small_answer(name, action, writer)

    def _small_answer(self, name: str, action: Action, writer: asyncio.StreamWriter) -> bool:
        if name == "ping":
            return _reply(
                writer, action, "Success", Ping="Pong", Timestamp=f"{self._clock().timestamp():.6f}"
            )
        if name == "corestatus":
            started = {
                "CoreStartupDate": f"{self._started:%Y-%m-%d}",
                "CoreStartupTime": f"{self._started:%H:%M:%S}",
            }
            return _reply(writer, action, "Success", **started, CoreCurrentCalls=str(len(self._live)))
        if name == "listcommands":
            return _reply(writer, action, "Success", **dict.fromkeys(COMMANDS, "(Priv: <none>)"))
        return _reply(writer, action, "Error", Message="Invalid/unknown command")

    def _log_in(self, action: Action, writer: asyncio.StreamWriter, challenge: str) -> bool:
        # MD5 is what AMI's challenge is made of; the secret itself then stays off the wire.
        key = md5(f"{challenge}{self._secret}".encode(), usedforsecurity=False).hexdigest()
        knows = hmac.compare_digest(action.get("secret", "").encode(), self._secret.encode())
        knows = knows or hmac.compare_digest(action.get("key", "").encode(), key.encode())
        if action.get("username") != self._username or not knows:
            _reply(writer, action, "Error", Message="Authentication failed")
            return False
        _reply(writer, action, "Success", Message="Authentication accepted")
        uptime = int((self._clock() - self._started).total_seconds())
        booted = {"Event": "FullyBooted", "Privilege": "system,all", "Uptime": str(uptime)}
        writer.write(block(booted | {"Status": "Fully Booted"}))
        self._listeners.add(writer)
        return True

    def _list(self, name: str, action: Action, writer: asyncio.StreamWriter) -> bool:
        complete, items_of = LISTS[name]
        return _items(action, writer, complete, items_of(self._live, self._clock()))


async def _read_action(reader: asyncio.StreamReader) -> Action:
    """The next action; empty at the end of the connection. Asterisk, too, ends a header at a lone LF."""
    action: Action = {}
    while line := await reader.readline():
        text = line.decode("utf-8", "replace").strip()
        if text:
            name, _, value = text.partition(":")
            action[name.lower()] = value.strip()
        elif action:
            return action
    return {}


def _items(
    action: Action, writer: asyncio.StreamWriter, complete: str, items: Sequence[Mapping[str, str]]
) -> bool:
    tag = {"ActionID": action["actionid"]} if "actionid" in action else {}
    _reply(writer, action, "Success", EventList="start", Message="Items will follow")
    for item in items:
        writer.write(block({**item, **tag}))
    writer.write(block({"Event": complete, "EventList": "Complete", "ListItems": str(len(items)), **tag}))
    return True


def _reply(writer: asyncio.StreamWriter, action: Action, response: str, **headers: str) -> bool:
    tag = {"ActionID": action["actionid"]} if "actionid" in action else {}
    writer.write(block({"Response": response} | tag | headers))
    return True


def block(headers: Mapping[str, str]) -> bytes:
    """The message on the wire."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"
