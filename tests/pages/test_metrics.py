"""Whoever watches the program gets figures, and no client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from aiohttp.test_utils import TestClient, TestServer

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.metrics_door import MetricsDoor
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.request import SiteOptions
from pbx_crm.pages.site import make_site
from pbx_crm.services.metrics import LinkFigures
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Browser, Crm

FIGURES = LinkFigures(True, 1284, 2, 1, 0, 7, 0, 0)


async def lines_of(crm: Crm) -> list[str]:
    """What a monitoring system reads."""
    browser = await crm.browser()
    answer = await browser.get("/metrics")
    assert answer.status == 200
    return (await answer.text()).splitlines()


async def test_the_link_the_inbox_and_the_latency_are_told(crm: Crm) -> None:
    crm.services.metrics.watch("office", lambda: FIGURES)
    crm.services.metrics.stored(0.02, 3)
    told = await lines_of(crm)
    for line in (
        'pbx_crm_events_total{pbx="office"} 1284.0',
        'pbx_crm_broken_total{pbx="office"} 2.0',
        'pbx_crm_ami_up{pbx="office"} 1.0',
        'pbx_crm_inbox_depth{pbx="office"} 7.0',
        'pbx_crm_event_to_card_seconds_bucket{le="0.01"} 0.0',
        'pbx_crm_event_to_card_seconds_bucket{le="0.025"} 3.0',
    ):
        assert line in told


async def test_open_calls_and_gaps_are_counted_without_naming_anybody(crm: Crm) -> None:
    def call(tx: Transaction) -> None:
        CallRows(tx, pbx="office", e164="+79051112233", caller_name="Vector")

    await crm.database.write(call)
    await crm.services.gaps.note("office", NOW, NOW.replace(hour=13), pbx_restarted=False)
    crm.services.metrics.watch("office", lambda: FIGURES)
    told = await lines_of(crm)
    assert 'pbx_crm_open_calls{pbx="office"} 1.0' in told
    assert "pbx_crm_unfilled_gaps 1.0" in told
    assert "Vector" not in "".join(told)
    assert "9051112233" not in "".join(told)


TOKEN = "t0k-" * 8


@asynccontextmanager
async def site_of(crm: Crm, door: MetricsDoor, *proxies: str) -> AsyncIterator[Browser]:
    """The site with this door before its figures."""
    options = SiteOptions(trusted_proxies=frozenset(proxies), metrics=door)
    async with TestClient(TestServer(make_site(crm.services, options))) as client:
        yield client


async def status(client: Browser, **headers: str) -> int:
    """How a monitoring system with these headers is answered."""
    answer = await client.get("/metrics", headers=headers)
    told = await answer.text()
    assert ("pbx_crm_" in told) is (answer.status == 200)
    return answer.status


async def test_another_machine_reads_nothing_without_the_token(crm: Crm) -> None:
    elsewhere = MetricsDoor((ip_network("192.0.2.5/32"),), TOKEN)
    async with site_of(crm, elsewhere) as client:
        assert await status(client) == 403
        assert await status(client, Authorization="Bearer ") == 403
        assert await status(client, Authorization=f"Bearer {TOKEN}x") == 403
        assert await status(client, Authorization=f"Basic {TOKEN}") == 403
        assert await status(client, Authorization=f"Bearer {TOKEN}") == 200


async def test_a_token_that_is_no_utf8_is_a_wrong_token(crm: Crm) -> None:
    async with site_of(crm, MetricsDoor((), TOKEN)) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: crm\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        assert b" 403 " in await reader.readline()
        writer.close()


async def test_no_token_means_that_none_opens_it(crm: Crm) -> None:
    async with site_of(crm, MetricsDoor(())) as client:
        assert await status(client, Authorization="Bearer ") == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_what_an_unknown_proxy_passes_on_does_not_come_from_this_machine(crm: Crm, header: str) -> None:
    async with site_of(crm, MetricsDoor()) as client:
        assert await status(client) == 200
        assert await status(client, **{header: "127.0.0.1"}) == 403


async def test_behind_a_proxy_we_know_its_client_counts(crm: Crm) -> None:
    async with site_of(crm, MetricsDoor(), "127.0.0.1") as client:
        assert await status(client, **{"X-Forwarded-For": "192.0.2.77"}) == 403
        assert await status(client, **{"X-Forwarded-For": "192.0.2.77, 127.0.0.1"}) == 200


async def test_a_person_s_own_token_is_none_for_monitoring(crm: Crm) -> None:
    token = await crm.token(crm.cast.olga, SessionKind.API)
    async with site_of(crm, MetricsDoor((), TOKEN)) as client:
        assert await status(client, Authorization=f"Bearer {token}") == 403


@pytest.mark.parametrize(
    ("address", "admitted"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.5", False), ("", False)],
)
def test_unless_told_otherwise_this_machine_alone_reads(address: str, admitted: bool) -> None:
    assert MetricsDoor().admits("", address) is admitted
