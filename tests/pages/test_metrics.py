"""Whoever watches the program gets figures, and no client."""

from __future__ import annotations

from pbx_crm.db.engine import Transaction
from pbx_crm.services.metrics import LinkFigures
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

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
