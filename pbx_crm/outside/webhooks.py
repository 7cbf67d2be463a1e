"""Posts messages to other systems, and to nothing inside this network.

The name is resolved here, every address it has is judged, and the connection is made to a judged address:
a name that answers differently a moment later (DNS rebinding) gains nothing. Redirects are not followed,
an answer is read up to a limit and no further, and no proxy of the environment is used.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from pbx_crm.domain.sentence import N_
from pbx_crm.domain.webhook import AddressRefused, Network, NotDelivered, may_reach

SECONDS = 5.0
MOST_READ = 64 * 1024


class WebhookSender:
    """Sends one message at a time; holds no connection in between."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        """`allowed` are networks of the house's own that messages may go to."""
        self._allowed = tuple(allowed)

    def judge(self, url: str) -> None:
        """AddressRefused for a written out address that messages never go to."""
        JudgingResolver(self._allowed).judge_literal(url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once the other side has taken it; AddressRefused, NotDelivered."""
        judging = JudgingResolver(self._allowed)
        judging.judge_literal(url)
        connector = TCPConnector(resolver=judging, use_dns_cache=False, force_close=True)
        timeout = ClientTimeout(total=SECONDS)
        async with ClientSession(
            connector=connector,
            timeout=timeout,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=DummyCookieJar(),
        ) as session:
            status = await _status(session, url, body, headers)
        if not 200 <= status < 300:
            raise NotDelivered(N_("The other system answered %(status)s."), status=status)


async def _status(session: ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            # Enough for a polite other side to finish; what comes beyond that is not listened to.
            await answer.content.read(MOST_READ)
            return answer.status
    except AddressRefused:
        raise
    except TimeoutError as error:
        raise NotDelivered(N_("The other system did not answer in time.")) from error
    except (ClientError, OSError, ValueError) as error:
        raise NotDelivered(N_("The other system could not be reached: %(why)s"), why=error) from error


class JudgingResolver(AbstractResolver):
    """Resolves names to addresses that messages may go to, or refuses."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed

    def judge_literal(self, url: str) -> None:
        """AddressRefused for an address written out, which is never resolved."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AddressRefused(url=url)
        try:
            address = ip_address(parts.hostname.partition("%")[0])
        except ValueError:
            return
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if not may_reach(address, port, self._allowed):
            raise AddressRefused(address=str(address))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The name's addresses; AddressRefused if one of them is no place for messages."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        return [self._judged(host, port, kind, place[0]) for kind, _, _, _, place in found]

    def _judged(self, host: str, port: int, family: int, address: object) -> ResolveResult:
        text = str(address)
        if not may_reach(ip_address(text.partition("%")[0]), port, self._allowed):
            raise AddressRefused(host=host, address=text)
        return ResolveResult(
            hostname=host, host=text, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
        )

    async def close(self) -> None:
        """Holds nothing."""
