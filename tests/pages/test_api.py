"""Other people's scripts: they see and do what the token's person may, and learn what was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.api.table import ENDPOINTS
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Browser, Crm


@dataclass
class Script:
    """A program with a person's token."""

    browser: Browser
    token: str

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON of an answer under /api/v1/."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.browser.request(method, f"/api/v1/{path}", headers=headers, **more)
        return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        """The JSON of a good answer."""
        status, body = await self.ask("GET", path)
        assert status == 200, body
        return body


async def script(crm: Crm, who: Person) -> Script:
    """This person's program."""
    return Script(await crm.browser(), await crm.token(who, SessionKind.API))


@pytest.fixture
async def stocked(crm: Crm) -> Crm:
    """A funnel; a client and a deal of Anna's and one of Boris's; a call each."""

    def fill(tx: Transaction) -> None:
        funnel = builders.funnel(tx)
        for number, (seller, client) in enumerate(((crm.cast.anna, "Vector"), (crm.cast.boris, "Orbita"))):
            contact_id = builders.contact(tx, client, f"+7495000000{number}")
            deal_id = builders.deal(
                tx, funnel, seller, contact_id=contact_id, at=NOW + timedelta(hours=number)
            )
            rows = CallRows(
                tx,
                NOW + timedelta(minutes=number),
                contact_id=contact_id,
                deal_id=deal_id,
                e164=f"+7495000000{number}",
            )
            rows.ring(seller).answer(seller).end(98, Outcome.ANSWERED)

    await crm.database.write(fill)
    return crm


async def test_without_a_token_nothing_is_told(stocked: Crm) -> None:
    browser = await stocked.browser()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        answer = await browser.get("/api/v1/deals", headers=headers)
        assert answer.status == 401
        assert await answer.json() == {"error": "not_logged_in", "message": "Log in first.", "details": {}}


async def test_a_browsers_cookie_opens_no_api(stocked: Crm) -> None:
    browser = await stocked.browser(stocked.cast.anna)
    assert (await browser.get("/api/v1/deals")).status == 401


async def test_a_seller_reads_own_deals_calls_and_clients_and_the_head_all(stocked: Crm) -> None:
    anna, olga = await script(stocked, stocked.cast.anna), await script(stocked, stocked.cast.olga)
    for path, key, of_all in (("deals", "deals", 2), ("calls", "calls", 2), ("contacts", "contacts", 2)):
        assert len((await anna.get(path))[key]) == 1
        assert len((await olga.get(path))[key]) == of_all
    (contact,) = (await anna.get("contacts"))["contacts"]
    assert (contact["name"], contact["numbers"]) == ("Vector", ["+74950000000"])


async def test_another_sellers_deal_answers_as_one_that_does_not_exist(stocked: Crm) -> None:
    anna, olga = await script(stocked, stocked.cast.anna), await script(stocked, stocked.cast.olga)
    (own,) = (await anna.get("deals"))["deals"]
    (foreign,) = [deal for deal in (await olga.get("deals"))["deals"] if deal["id"] != own["id"]]
    move = {"to_stage_id": foreign["stage_id"] + 1, "version": 1}
    for method, path, body in (
        ("GET", "deals/{}", None),
        ("PATCH", "deals/{}", {"version": 1, "title": "mine"}),
        ("POST", "deals/{}/moves", move),
    ):
        answers = [
            await anna.ask(method, path.format(deal_id), json=body) for deal_id in (foreign["id"], 999)
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert foreign in (await olga.get("deals"))["deals"], "nothing was changed"


async def test_a_call_comes_with_its_legs_its_seconds_and_the_pbxs_own_ids(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    (call,) = (await anna.get("calls"))["calls"]
    assert (call["direction"], call["outcome"], call["pbx"]) == ("in", "answered", "main")
    assert call["external_number"] == "+74950000000"
    assert len(call["rang"]) == 1
    assert call["talk_by"] == {call["rang"][0]: 90.0}
    story = await anna.get(f"calls/{call['id']}")
    assert [leg["result"] for leg in story["legs"]] == ["answered"]
    assert {"transfers", "owner_rule", "skipped_by"} < set(story)


async def test_of_another_sellers_client_a_script_learns_the_name_and_no_number(stocked: Crm) -> None:
    def ring_both(tx: Transaction) -> None:
        row = tx.exec_driver_sql("select contact_id from contact_numbers where number = '+74950000001'")
        rows = CallRows(tx, NOW + timedelta(hours=1), contact_id=row.scalar_one(), e164="+74950000001")
        rows.ring(stocked.cast.anna, stocked.cast.boris)

    await stocked.database.write(ring_both)
    anna = await script(stocked, stocked.cast.anna)
    newest = (await anna.get("calls"))["calls"][0]
    assert (newest["client_name"], newest["client_of"]) == ("Orbita", "Boris")
    assert newest["external_number"] is None
    assert newest["contact_id"] is None
    assert newest["deal_id"] is None


async def test_a_deal_is_made_moved_and_changed(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    (funnel,) = (await anna.get("funnels"))["funnels"]
    body = {"client_name": "Saturn", "number": "8 495 123-45-67", "title": "Fibre", "amount": "48000.50"}
    status, deal = await anna.ask("POST", "deals", json=body)
    assert status == 201
    assert (deal["stage_id"], deal["owner_id"]) == (funnel["stages"][0]["id"], stocked.cast.anna.id)
    assert Decimal(deal["amount"]) == Decimal("48000.5")
    wish = {"to_stage_id": funnel["stages"][1]["id"], "version": deal["version"], "request_key": "once"}
    status, moved = await anna.ask("POST", f"deals/{deal['id']}/moves", json=wish)
    assert (status, moved["stage_id"]) == (200, funnel["stages"][1]["id"])
    assert await anna.ask("POST", f"deals/{deal['id']}/moves", json=wish) == (200, moved)
    patch = {"version": moved["version"], "priority": "high"}
    status, changed = await anna.ask("PATCH", f"deals/{deal['id']}", json=patch)
    assert (status, changed["priority"], changed["title"]) == (200, "high", "Fibre")
    (contact,) = (await anna.get("contacts?number=%2B74951234567"))["contacts"]
    assert contact["name"] == "Saturn", "a patch of the deal leaves the client as it is"


async def test_the_slower_of_two_is_told(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    (deal,) = (await anna.get("deals"))["deals"]
    stale = {"version": deal["version"] + 1, "title": "late"}
    status, body = await anna.ask("PATCH", f"deals/{deal['id']}", json=stale)
    assert (status, body["error"]) == (409, "deal_changed")


async def test_a_move_that_needs_words_says_which(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    (deal,) = (await anna.get("deals"))["deals"]
    (funnel,) = (await anna.get("funnels"))["funnels"]
    for kind, needed in (("won", "amount"), ("lost", "loss_reason_id")):
        stage_id = next(stage["id"] for stage in funnel["stages"] if stage["kind"] == kind)
        wish = {"to_stage_id": stage_id, "version": deal["version"]}
        status, body = await anna.ask("POST", f"deals/{deal['id']}/moves", json=wish)
        assert (status, body["error"], set(body["details"])) == (422, "move_questions", {needed})


@pytest.mark.parametrize("field", ["owner_id", "stage_id", "currency", "version_seen", "created_at"])
async def test_a_patch_changes_no_field_that_is_not_its_own(stocked: Crm, field: str) -> None:
    anna = await script(stocked, stocked.cast.anna)
    (deal,) = (await anna.get("deals"))["deals"]
    status, body = await anna.ask("PATCH", f"deals/{deal['id']}", json={"version": 1, field: 2})
    assert (status, set(body["details"])) == (422, {field})
    assert (await anna.get("deals"))["deals"] == [deal]


async def test_only_the_head_hands_deals_over(stocked: Crm) -> None:
    anna, olga = await script(stocked, stocked.cast.anna), await script(stocked, stocked.cast.olga)
    (deal,) = (await anna.get("deals"))["deals"]
    wish = {"owner_id": stocked.cast.boris.id, "version": deal["version"]}
    status, _ = await anna.ask("POST", f"deals/{deal['id']}/owner", json=wish)
    assert status == 403
    status, handed = await olga.ask("POST", f"deals/{deal['id']}/owner", json=wish)
    assert (status, handed["owner_id"]) == (200, stocked.cast.boris.id)
    assert (await anna.get("deals"))["deals"] == []


async def test_of_another_sellers_number_a_script_is_told_whose_client_it_is(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    status, told = await anna.ask("POST", "deals", json={"number": "+7 495 000-00-01"})
    assert (status, told["details"]) == (422, {"number": "This is a client of Boris."})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"amount": "much"}', "amount"),
        (b'{"amount": "NaN"}', "amount"),
        (b'{"colour": 1}', "colour"),
        (b'{"number": "12"}', "number"),
        (b"[" * 20000, "body"),
        (b"\xff\xfe", "body"),
    ],
)
async def test_a_wrong_body_is_named(stocked: Crm, body: bytes, named: str) -> None:
    anna = await script(stocked, stocked.cast.anna)
    status, told = await anna.ask("POST", "deals", data=body)
    assert (status, told["error"]) == (422, "bad_input")
    assert named in told["details"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "since=yesterday", "cursor=%25", "cursor=YQ==", "x=1"]
)
async def test_a_wrong_query_is_named(stocked: Crm, query: str) -> None:
    anna = await script(stocked, stocked.cast.anna)
    status, told = await anna.ask("GET", f"calls?{query}")
    assert status == 422
    assert query.split("=")[0] in told["details"]


async def test_pages_follow_each_other_without_a_gap_or_a_repeat(crm: Crm) -> None:
    def fill(tx: Transaction) -> None:
        funnel = builders.funnel(tx)
        for number in range(7):
            # Several at the same moment: the id decides then.
            at = NOW + timedelta(minutes=number // 3)
            builders.deal(tx, funnel, crm.cast.anna, at=at)
            CallRows(tx, at).ring(crm.cast.anna)

    await crm.database.write(fill)
    anna = await script(crm, crm.cast.anna)
    for name in ("deals", "calls"):
        whole = [record["id"] for record in (await anna.get(name))[name]]
        pieces: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await anna.get(f"{name}?limit=2&cursor={cursor}")
            pieces += [record["id"] for record in page[name]]
            cursor = page["next_cursor"]
        assert pieces == whole
        assert len(whole) == 7


async def test_the_document_names_every_endpoint_and_every_schema_it_uses(crm: Crm) -> None:
    browser = await crm.browser()
    document = await (await browser.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(route.method, route.path) for route in ENDPOINTS}
    used = {part.split('"')[0] for part in str(document).replace("'", '"').split("#/components/schemas/")[1:]}
    assert used <= set(document["components"]["schemas"])
    summaries = [found["summary"] for methods in document["paths"].values() for found in methods.values()]
    assert all(summaries)


BEYOND = 10**25


@pytest.mark.parametrize(
    "query",
    [
        f"deals?stage_id={BEYOND}",
        f"deals?owner_id={BEYOND}",
        "deals?created_since=9999-12-31T23:59:59-14:00",
        "calls?since=0001-01-01T00:00:00%2B14:00",
        f"calls?person_id={BEYOND}",
        "contacts?number=%00",
    ],
)
async def test_a_filter_that_no_database_holds_is_named_and_is_no_fault_of_ours(crm: Crm, query: str) -> None:
    status, body = await (await script(crm, crm.cast.anna)).ask("GET", query)
    assert status == 422, body
    assert set(body["details"]) == {query.partition("?")[2].partition("=")[0]}


@pytest.mark.parametrize(
    "text",
    [
        f'{{"title": "x", "funnel_id": {BEYOND}}}',
        f'{{"title": "x", "owner_id": {BEYOND}}}',
        '{"title": "a\\u0000b"}',
        '{"title": "\\ud800"}',
        '{"title": "x", "amount": NaN}',
        f'{{"title": "x", "funnel_id": {"9" * 5000}}}',
    ],
)
async def test_a_body_with_what_no_database_holds_is_refused_in_words(crm: Crm, text: str) -> None:
    asking = await script(crm, crm.cast.anna)
    status, body = await asking.ask("POST", "deals", data=text)
    assert (status, body["error"]) == (422, "bad_input")


async def test_a_script_changes_clients_and_reads_companies(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    patch = {"company": "Vector Ltd", "city": "Kazan", "do_not_call": True}
    status, contact = await anna.ask("PATCH", "contacts/1", json=patch)
    assert (status, contact["company"], contact["city"], contact["name"]) == (
        200,
        "Vector Ltd",
        "Kazan",
        "Vector",
    )
    status, contact = await anna.ask("POST", "contacts/1/numbers", json={"number": "8 812 123 45 67"})
    assert (status, contact["numbers"]) == (201, ["+74950000000", "+78121234567"])
    status, refused = await anna.ask("POST", "contacts/1/numbers", json={"number": "+74950000001"})
    assert (status, refused["details"]) == (422, {"number": "This is a client of Boris."})
    [company] = (await anna.get("companies?text=vector"))["companies"]
    assert (company["name"], company["contacts"]) == ("Vector Ltd", 1)
    whole = await anna.get(f"companies/{company['id']}")
    assert [one["name"] for one in whole["contacts"]] == ["Vector"]
    boris = await script(stocked, stocked.cast.boris)
    assert (await boris.get("companies"))["companies"] == []
    for method, path, body in (
        ("PATCH", "contacts/1", {"city": "Perm"}),
        ("GET", f"companies/{company['id']}", None),
        ("GET", "deals/1/notes", None),
        ("POST", "deals/1/notes", {"text": "mine"}),
        ("GET", "deals/1/files", None),
        ("GET", "deals/1/tags", None),
    ):
        assert (await boris.ask(method, path, json=body))[0] == 404, path


async def test_a_script_writes_notes_and_tags_as_a_person_does(stocked: Crm) -> None:
    anna = await script(stocked, stocked.cast.anna)
    status, body = await anna.ask("POST", "deals/1/notes", json={"text": "wants a discount"})
    assert (status, [note["text"] for note in body["notes"]]) == (201, ["wants a discount"])
    assert await anna.get("deals/1/notes") == body
    version = (await anna.get("deals/1"))["version"]
    patch = {"version": version, "tags": ["vip", " VIP ", "fibre"], "company": "Vector Ltd"}
    status, deal = await anna.ask("PATCH", "deals/1", json=patch)
    assert status == 200
    assert deal["company_id"] is not None
    assert (await anna.get("deals/1/tags"))["tags"] == ["VIP", "fibre"]
    assert (await anna.get("deals/1/files"))["files"] == []
    status, _ = await anna.ask("PATCH", "deals/1", json={"version": deal["version"], "tags": ["a\0b"]})
    assert status == 422
