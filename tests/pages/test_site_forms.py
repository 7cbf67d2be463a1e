"""The form on the company's site: what a visitor's browser may do with it, and what the head sets up."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db import site_forms
from pbx_crm.db.tables import audit, deals, site_requests
from pbx_crm.domain.site_request import SiteForm, origin_in
from tests import builders
from tests.site import Browser, Crm

HERE = "/settings/site-forms"
SITE = "https://example.com"
ASKED = {
    "name": "Vera",
    "phone": "8 916 123-45-67",
    "question": "How much?",
    "key": "k1",
    "page": f"{SITE}/a",
}


@pytest.fixture
async def head(crm: Crm) -> Browser:
    await crm.database.write(builders.funnel)
    return await crm.browser(crm.cast.olga)


@pytest.fixture
async def form(crm: Crm, head: Browser) -> SiteForm:
    await head.post(HERE, data={"name": "Front page", "origins": f"{SITE}\nhttps://shop.example"})
    return (await crm.database.read(site_forms.everything))[0]


@pytest.fixture
async def visitor(crm: Crm, form: SiteForm) -> Browser:
    """A stranger's browser, on a page of the site."""
    return await crm.browser()


async def stored(crm: Crm) -> list[Any]:
    return await crm.database.read(lambda tx: list(tx.execute(site_requests.select())))


async def test_a_visitor_of_the_site_asks_across_sites(crm: Crm, visitor: Browser, form: SiteForm) -> None:
    headers = {"Origin": SITE, "Sec-Fetch-Site": "cross-site"}
    answer = await visitor.post(f"/site/{form.token}", data={**ASKED, "utm_source": "ads"}, headers=headers)
    assert (answer.status, await answer.json()) == (200, {"ok": True})
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "Set-Cookie" not in answer.headers
    (request,) = await stored(crm)
    assert (request.question, request.page, request.marks) == (
        "How much?",
        f"{SITE}/a",
        {"utm_source": "ads"},
    )
    deal = await crm.database.read(lambda tx: tx.execute(deals.select()).one())
    assert deal.source == "ads"


async def test_another_site_may_not_ask(crm: Crm, visitor: Browser, form: SiteForm) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = await visitor.post(f"/site/{form.token}", data=ASKED, headers=headers)
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    asked = await visitor.options(f"/site/{form.token}", headers=headers)
    assert "Access-Control-Allow-Origin" not in asked.headers
    allowed = await visitor.options(f"/site/{form.token}", headers={"Origin": "https://shop.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert await stored(crm) == []


async def test_a_program_that_fills_in_every_field_is_thanked_and_forgotten(
    crm: Crm, visitor: Browser, form: SiteForm
) -> None:
    answer = await visitor.post(f"/site/{form.token}", data={**ASKED, "website": "https://spam.example"})
    assert await answer.json() == {"ok": True}
    assert await stored(crm) == []


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ({"phone": ""}, "Write a phone number that we can call."),
        ({"phone": "call me"}, "Write a phone number that we can call."),
        ({"phone": "112"}, "Write a phone number that we can call."),
        ({"key": ""}, "1 to 64 characters."),
        ({"key": "x" * 65}, "1 to 64 characters."),
    ],
)
async def test_what_cannot_be_answered_is_told(
    crm: Crm, visitor: Browser, form: SiteForm, slip: dict[str, str], told: str
) -> None:
    answer = await visitor.post(f"/site/{form.token}", data={**ASKED, **slip})
    assert answer.status == 422
    assert (await answer.json())["error"] == told
    assert await stored(crm) == []


async def test_too_much_text_is_cut_and_hostile_text_is_only_text(
    crm: Crm, head: Browser, visitor: Browser, form: SiteForm
) -> None:
    hostile = "<script>alert(1)</script>" + "x" * 5000
    more = {"name": hostile, "question": hostile, "page": hostile, "utm_term": hostile}
    assert (await visitor.post(f"/site/{form.token}", data={**ASKED, **more})).status == 200
    (request,) = await stored(crm)
    assert (len(request.question), len(request.page), len(request.marks["utm_term"])) == (2000, 500, 100)
    page = await (await head.get(f"/deals/{request.deal_id}")).text()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def test_a_request_too_large_is_refused_in_words_that_the_page_may_read(
    visitor: Browser, form: SiteForm
) -> None:
    asked = FormData()
    asked.add_field("question", BytesIO(b"x" * 2**21))
    answer = await visitor.post(f"/site/{form.token}", data=asked, headers={"Origin": SITE})
    assert (answer.status, (await answer.json())["error"]) == (413, "This is too large.")
    assert answer.headers["Access-Control-Allow-Origin"] == SITE


async def test_the_sixth_request_of_an_address_in_ten_minutes_waits(visitor: Browser, form: SiteForm) -> None:
    for number in range(5):
        await visitor.post(f"/site/{form.token}", data={**ASKED, "key": str(number)})
    answer = await visitor.post(f"/site/{form.token}", data={**ASKED, "key": "last"})
    assert answer.status == 429
    assert "try again later" in (await answer.json())["error"]


async def test_the_script_is_for_every_page_and_for_no_wrong_token(visitor: Browser, form: SiteForm) -> None:
    answer = await visitor.get(f"/site/{form.token}/form.js")
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    script = await answer.text()
    for name in ("phone", "question", "website", "utm_", "key"):
        assert name in script
    assert (await visitor.get("/site/guessed/form.js")).status == 404
    assert (await visitor.post("/site/guessed", data=ASKED)).status == 404


async def test_the_head_sees_what_to_put_on_the_site(head: Browser, form: SiteForm) -> None:
    page = await (await head.get(HERE)).text()
    assert f"/site/{form.token}/form.js" in page
    assert len(form.token) > 20
    assert form.token not in repr(form)


async def test_a_form_is_changed_switched_off_and_removed(crm: Crm, head: Browser, form: SiteForm) -> None:
    await head.post(f"{HERE}/{form.id}", data={"name": "Shop", "origins": "https://SHOP.example/"})
    (changed,) = await crm.database.read(site_forms.everything)
    assert (changed.name, changed.origins, changed.is_active) == ("Shop", ("https://shop.example",), False)
    assert changed.token == form.token
    await head.post(f"{HERE}/{form.id}/drop")
    assert await crm.database.read(site_forms.everything) == []
    acts = await crm.database.read(lambda tx: [row.act for row in tx.execute(audit.select())])
    assert acts == ["site form added", "site form changed", "site form dropped"]


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ({"name": ""}, "A name is 1 to 100 characters."),
        ({"name": "Front page"}, "There is a form of this name already."),
        ({"origins": "example.com"}, "Write sites as https://example.com, one a line."),
        ({"origins": f"{SITE}/path"}, "Write sites as https://example.com, one a line."),
        ({"origins": "\n".join(f"https://s{number}.example" for number in range(21))}, "At most 20 sites."),
        ({"line_id": "999"}, "There is no such line."),
    ],
)
async def test_a_slip_in_the_settings_is_told(
    crm: Crm, head: Browser, form: SiteForm, slip: dict[str, str], told: str
) -> None:
    answer = await head.post(HERE, data={"name": "Another", "origins": SITE, **slip})
    assert answer.status == 422
    assert told in await answer.text()
    assert len(await crm.database.read(site_forms.everything)) == 1


@pytest.mark.parametrize(
    "text", ["", "ftp://x", "https://", "https://u:p@x.example", "https://x.example?a=1"]
)
def test_what_names_no_site_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no site"):
        origin_in(text)
