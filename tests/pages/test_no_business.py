"""The list of numbers that look like no clients: what it says and what its buttons do."""

from __future__ import annotations

from pbx_crm.db import lines
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.session import SessionKind
from tests import builders
from tests.call_rows import CallRows
from tests.site import Crm

URL = "/settings/skip-rules/proposals"
NUMBER = "+79161110002"


async def _nuisance(crm: Crm) -> None:
    def write(tx: Transaction) -> None:
        builders.funnel(tx)
        for _ in range(5):
            call = CallRows(tx, crm.clock(), pbx="office", e164=NUMBER, external_number=NUMBER)
            call.ring(crm.cast.anna).answer(crm.cast.anna).end(11, Outcome.ANSWERED, talk_seconds=3)

    await crm.database.write(write)


async def test_the_head_is_told_why_and_what_it_cost(crm: Crm) -> None:
    await _nuisance(crm)
    head = await crm.browser(crm.cast.olga)

    page = await (await head.get(URL)).text()

    assert "every talk was over at once" in page
    assert "would not have been made" not in page, "it made no card"
    assert 'href="/calls?q=%2B79161110002"' in page


async def test_one_press_makes_the_rule_and_the_number_leaves_the_list(crm: Crm) -> None:
    await _nuisance(crm)
    head = await crm.browser(crm.cast.olga)

    fields = {"rule_name": NUMBER, "kind": "number", "value": NUMBER}
    assert (await head.post("/settings/skip-rules", data=fields)).status == 200

    assert "No number looks like it" in await (await head.get(URL)).text()
    assert [rule.value for rule in await crm.database.read(lines.load_skip_rules)] == [NUMBER]


async def test_the_dry_run_beside_it_looks_as_far_back_as_the_list(crm: Crm) -> None:
    await _nuisance(crm)
    head = await crm.browser(crm.cast.olga)

    fields = {"rule_name": NUMBER, "kind": "number", "value": NUMBER, "days": "90"}
    page = await (await head.post("/settings/skip-rules/dry-run", data=fields)).text()

    assert "The last 90 days with this rule" in page


async def test_the_way_there_is_shown_to_heads_only(crm: Crm) -> None:
    head, admin = await crm.browser(crm.cast.olga), await crm.browser(crm.cast.peter)

    assert URL in await (await head.get("/settings/lines")).text()
    assert URL not in await (await admin.get("/settings/lines")).text()


async def test_a_script_of_the_heads_reads_the_same_list(crm: Crm) -> None:
    await _nuisance(crm)
    script = await crm.browser()
    headers = {"Authorization": f"Bearer {await crm.token(crm.cast.olga, SessionKind.API)}"}

    told = await (await script.get("/api/v1/skip-rules/proposals", headers=headers)).json()

    assert told["days"] == 90
    (found,) = told["proposals"]
    assert found["caller"] == {"number": NUMBER, "answered": 5, "longest_seconds": 3.0, "sellers": 1}
    assert (found["habit"], found["name"], found["cards"]) == ("hangs_up", "", 0)
