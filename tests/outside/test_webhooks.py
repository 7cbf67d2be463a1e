"""Messages to other systems: out to the internet, never into the house's own network, signed, and bounded."""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pbx_crm.domain.webhook import AddressRefused, NotDelivered, is_public, may_reach, signature
from pbx_crm.outside import webhooks
from pbx_crm.outside.webhooks import WebhookSender

LOOPBACK = [ip_network("127.0.0.0/8")]
INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104  an address to be refused, nothing listens there
    "10.0.0.1",
    "172.16.5.5",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "ff02::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_or_of_no_use_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not may_reach(ip_address(address), 443, [])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_an_address_of_the_internet_is_reached_on_ports_of_the_web_only(address: str) -> None:
    assert is_public(ip_address(address))
    assert may_reach(ip_address(address), 443, [])
    assert not may_reach(ip_address(address), 22, [])
    assert not may_reach(ip_address(address), 5038, [])


def test_a_network_that_is_named_is_reached_on_any_port_and_no_other() -> None:
    named = [ip_network("10.0.5.0/24"), ip_network("fd00::/8")]
    assert may_reach(ip_address("10.0.5.7"), 9000, named)
    assert may_reach(ip_address("::ffff:10.0.5.7"), 9000, named)
    assert may_reach(ip_address("fd12::7"), 9000, named)
    assert not may_reach(ip_address("10.0.6.7"), 443, named)


def test_the_signature_is_of_time_and_body() -> None:
    body = b'{"deal":1}'
    expected = hmac.new(b"secret", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert signature("secret", 1_700_000_000, body) == f"t=1700000000,v1={expected}"
    assert signature("secret", 1_700_000_001, body) != signature("secret", 1_700_000_000, body)


class OtherSystem:
    """A web server on this machine that notes what it is sent."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes, dict[str, str]]] = []
        self.status = 200
        self.server = TestServer(self._site())

    def _site(self) -> web.Application:
        site = web.Application()
        site.router.add_post("/hook", self._take)
        site.router.add_post("/moved", self._move)
        site.router.add_post("/endless", self._flood)
        return site

    async def _take(self, request: web.Request) -> web.Response:
        self.got.append((request.path, await request.read(), dict(request.headers)))
        return web.Response(status=self.status)

    async def _move(self, _request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/hook"})

    async def _flood(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65536)
        except (ConnectionError, RuntimeError):
            return answer

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.port}{path}"


@pytest.fixture
async def other() -> AsyncIterator[OtherSystem]:
    system = OtherSystem()
    await system.server.start_server()
    yield system
    await system.server.close()


async def test_a_message_arrives_as_it_was_sent(other: OtherSystem) -> None:
    await WebhookSender(LOOPBACK).post(other.url(), b'{"a":1}', {"Idempotency-Key": "robot:1"})
    ((path, body, headers),) = other.got
    assert (path, body, headers["Idempotency-Key"]) == ("/hook", b'{"a":1}', "robot:1")
    assert "Cookie" not in headers


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1", "0"],
)
async def test_no_spelling_of_this_machine_is_reached(other: OtherSystem, host: str) -> None:
    with pytest.raises((AddressRefused, NotDelivered)):
        await WebhookSender().post(other.url(host=host), b"{}", {})
    assert other.got == []


async def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address(
    other: OtherSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def resolve(_loop: Any, host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolve)
    with pytest.raises(AddressRefused):
        await WebhookSender().post("http://two-faced.example/hook", b"{}", {})
    assert asked == ["two-faced.example"], "asked once: a second answer would be believed unjudged"
    assert other.got == []


@pytest.mark.parametrize("url", ["ftp://hooks.example", "file:///etc/passwd", "gopher://x", "https://"])
async def test_only_the_web_is_spoken(url: str) -> None:
    with pytest.raises(AddressRefused):
        await WebhookSender(LOOPBACK).post(url, b"{}", {})


@pytest.mark.parametrize("status", [301, 400, 404, 500])
async def test_an_answer_that_is_no_yes_means_another_try(other: OtherSystem, status: int) -> None:
    other.status = status
    with pytest.raises(NotDelivered):
        await WebhookSender(LOOPBACK).post(other.url(), b"{}", {})


async def test_nobody_is_sent_elsewhere(other: OtherSystem) -> None:
    with pytest.raises(NotDelivered):
        await WebhookSender(LOOPBACK).post(other.url("/moved"), b"{}", {})
    assert other.got == []


async def test_an_endless_answer_is_not_listened_to_for_ever(other: OtherSystem) -> None:
    await WebhookSender(LOOPBACK).post(other.url("/endless"), b"{}", {})


async def test_a_system_that_hangs_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NotDelivered, match="in time"):
            await WebhookSender(LOOPBACK).post(url, b"{}", {})


async def test_a_system_that_is_down_means_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(NotDelivered):
        await WebhookSender(LOOPBACK).post(f"http://127.0.0.1:{port}/", b"{}", {})
