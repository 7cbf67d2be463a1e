"""Whoever opens connections and says little holds nobody else up."""

from __future__ import annotations

import asyncio

from tests.parts.scripted_ami import until
from tests.site import Crm

CONNECTIONS = 300
BEGUN = b"POST /pbx/lookup HTTP/1.1\r\nHost: crm\r\nContent-Length: 1000000\r\n\r\ntoken="


async def test_three_hundred_who_never_finish_their_request_do_not_delay_a_page(crm: Crm) -> None:
    host, port = crm.server.host, crm.server.port
    assert port is not None
    opened = [await asyncio.open_connection(host, port) for _ in range(CONNECTIONS)]
    try:
        for number, (_, writer) in enumerate(opened):
            # Silent, in the middle of the head, in the middle of the body.
            writer.write((b"", b"GET / HTTP/1.1\r\nX-Slow: ", BEGUN)[number % 3])
            await writer.drain()
        olga = await crm.browser(crm.cast.olga)
        async with asyncio.timeout(20):
            assert (await olga.get("/health/live")).status == 200
            assert (await olga.get("/today")).status == 200
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def test_who_connects_and_leaves_at_once_leaves_nothing_behind(crm: Crm) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(CONNECTIONS):
        _, writer = await asyncio.open_connection(crm.server.host, crm.server.port)
        writer.transport.abort()
    await until(lambda: len(asyncio.all_tasks()) <= before, 20)
    assert (await (await crm.browser()).get("/health/live")).status == 200
