"""The dry run on the form of a line and of a skip rule: what past calls would have led to."""

from __future__ import annotations

from typing import Any

import pytest

from pbx_crm.db import lines
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import calls
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.test_lines import form
from tests.site import Browser, Crm

LINE = "/settings/lines/dry-run"
SKIP = "/settings/skip-rules/dry-run"
NUMBER = "+79161234567"


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def head(crm: Crm, funnel: Funnel) -> Browser:
    return await crm.browser(crm.cast.olga)


@pytest.fixture
async def card(crm: Crm, funnel: Funnel) -> int:
    """Anna's card, which a call to 74951230001 has made."""

    def make(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector", NUMBER)
        numbers: dict[str, Any] = {"e164": NUMBER, "external_number": NUMBER, "did": "74951230001"}
        call = CallRows(tx, NOW, pbx="office", contact_id=client, **numbers)
        call.ring(crm.cast.anna).answer(crm.cast.anna).end(60, Outcome.ANSWERED, talk_seconds=50.0)
        row = tx.execute(calls.select().where(calls.c.id == call.id)).mappings().one()
        born_of = f"{row['pbx']}/{row['linkedid']}"
        deal_id = builders.deal(tx, funnel, crm.cast.anna, contact_id=client, born_of=born_of)
        tx.execute(calls.update().where(calls.c.id == call.id).values(deal_id=deal_id))
        return deal_id

    return await crm.database.write(make)


async def test_a_line_shows_which_cards_there_would_not_be(crm: Crm, head: Browser, card: int) -> None:
    filled = [*form(crm, create_at="never"), ("days", "30")]
    page = await (await head.post(LINE, data=filled)).text()
    assert "The last 30 days with this rule" in page
    assert "logged only" in page
    assert f'href="/deals/{card}"' in page
    assert 'value="74951230001"' in page, "the form stays as it was typed"
    assert await crm.database.read(lines.load) == []


async def test_a_skip_rule_shows_which_calls_it_would_have_skipped(
    crm: Crm, head: Browser, card: int
) -> None:
    filled = {"rule_name": "Courier", "kind": "number", "value": NUMBER, "days": "30"}
    page = await (await head.post(SKIP, data=filled)).text()
    assert "Calls that would have been skipped" in page
    assert f'href="/deals/{card}"' in page
    assert 'value="Courier"' in page
    assert await crm.database.read(lines.skip_rules_by_id) == []


async def test_an_admin_without_clients_saves_lines_and_tries_none(crm: Crm, funnel: Funnel) -> None:
    admin = await crm.browser(crm.cast.peter)
    assert LINE not in await (await admin.get("/settings/lines/new")).text()
    assert SKIP not in await (await admin.get("/settings/lines")).text()
    answer = await admin.post(LINE, data=[*form(crm), ("days", "30")])
    assert answer.status == 403


@pytest.mark.parametrize("slip", [{"days": "0"}, {"days": "400"}, {"name": ""}, {"funnel_id": "999"}])
async def test_a_slip_in_a_line_is_told_before_it_is_tried(
    crm: Crm, head: Browser, slip: dict[str, str]
) -> None:
    answer = await head.post(
        LINE, data=[*form(crm, **slip), *({"days": "30"} if "days" not in slip else {}).items()]
    )
    assert answer.status == 422
    assert 'id="dry-run"' not in await answer.text()


async def test_a_slip_in_a_skip_rule_is_told_before_it_is_tried(head: Browser) -> None:
    answer = await head.post(SKIP, data={"rule_name": "", "kind": "number", "value": "1", "days": "30"})
    assert answer.status == 422
    assert "A name is 1 to 100 characters." in await answer.text()


async def test_a_line_that_is_not_there_is_not_found(crm: Crm, head: Browser) -> None:
    filled = [*form(crm), ("days", "30"), ("line_id", "999")]
    assert (await head.post(LINE, data=filled)).status == 404
