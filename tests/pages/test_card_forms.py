"""The forms on a deal's card: what two writers see of each other, contacts, notes with drafts, the bin."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}
HIDDEN = re.compile(r'<input type="hidden" name="(version|seen_\w+)" value="([^"]*)">')


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def deal(crm: Crm, funnel: Funnel) -> int:
    """A deal of Anna's with Vector."""

    def write(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector", "+74951234567")
        return builders.deal(tx, funnel, crm.cast.anna, contact_id=client, title="Fibre")

    return await crm.database.write(write)


@pytest.fixture
async def anna(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.anna)


@pytest.fixture
async def olga(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.olga)


async def card(browser: Browser, deal: int) -> str:
    """The card as a panel."""
    return await (await browser.get(f"/deals/{deal}", headers=HTMX)).text()


async def post(browser: Browser, url: str, fields: Mapping[str, str], status: int = 200) -> str:
    """Sends a form as htmx does; the part that comes back."""
    answer = await browser.post(url, data=fields, headers=HTMX)
    assert answer.status == status
    return await answer.text()


def form_in(text: str) -> dict[str, str]:
    """The form of the plain fields as a browser would send it untouched."""
    part = text.split('class="field-grid"')[1].split("</form>")[0]
    found = dict(HIDDEN.findall(part))
    typed = {name.removeprefix("seen_"): value for name, value in found.items() if name != "version"}
    return {**typed, **found}


async def test_company_and_tags_are_saved_and_shown_as_chips(anna: Browser, deal: int) -> None:
    form = {**form_in(await card(anna, deal)), "company": "Vector <Ltd>", "tags": "vip; fibre"}
    text = await post(anna, f"/deals/{deal}/fields", form)
    assert "<bdi>Vector &lt;Ltd&gt;</bdi>" in text
    assert 'value="fibre, vip"' in text
    assert "<b>Company</b>: <bdi>Vector &lt;Ltd&gt;</bdi>" in text


async def test_the_second_writer_sees_who_made_it_what_and_keeps_every_word(
    anna: Browser, olga: Browser, deal: int
) -> None:
    first, second = form_in(await card(olga, deal)), form_in(await card(anna, deal))
    await post(olga, f"/deals/{deal}/fields", {**first, "title": "Radio", "source": "site"})
    mine = {**second, "title": "Fibre for office", "amount": "300"}
    text = await post(anna, f"/deals/{deal}/fields", mine, 409)
    assert "What you typed is still here" in text
    assert "<bdi>Fibre</bdi>" in text
    assert "<bdi>Radio</bdi>" in text
    assert "<bdi>Olga</bdi>" in text
    for kept in ('value="Fibre for office"', 'value="300"', 'name="source" id="deal-source" value="site"'):
        assert kept in text
    # Saving once more is a decision: it stays so.
    again = {**form_in(text), "title": "Fibre for office", "amount": "300"}
    text = await post(anna, f"/deals/{deal}/fields", again)
    assert 'id="deal-title" value="Fibre for office"' in text
    assert 'id="deal-source" value="site"' in text


async def test_a_field_nobody_else_touched_is_saved_without_a_question(
    anna: Browser, olga: Browser, deal: int
) -> None:
    first, second = form_in(await card(olga, deal)), form_in(await card(anna, deal))
    await post(olga, f"/deals/{deal}/fields", {**first, "tags": "vip"})
    text = await post(anna, f"/deals/{deal}/fields", {**second, "title": "Fibre for office"})
    assert 'id="deal-tags" value="vip"' in text
    assert 'id="deal-title" value="Fibre for office"' in text


async def test_a_contact_is_added_put_first_and_taken_off(anna: Browser, deal: int) -> None:
    text = await post(
        anna, f"/deals/{deal}/contacts", {"name": "Sara", "number": "8 905 111-22-33", "role": "buys"}
    )
    assert "<bdi>Sara</bdi>" in text
    assert "+7 905 111-22-33" in text
    found = re.search(rf"/deals/{deal}/contacts/(\d+)/first", text)
    assert found is not None
    text = await post(anna, f"/deals/{deal}/contacts/{found[1]}/first", {})
    assert '<h1 id="deal-name" tabindex="-1"><bdi>Sara</bdi></h1>' in text
    vector = re.search(rf"/deals/{deal}/contacts/(\d+)/drop", text)
    assert vector is not None
    assert "<bdi>Vector</bdi>" not in await post(anna, f"/deals/{deal}/contacts/{vector[1]}/drop", {})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "number": ""}, "A name or a number is needed."),
        ({"name": "Sara", "number": "call me"}, "This is not a telephone number."),
        ({"name": "Sara", "role": "x" * 61}, "At most 60 characters."),
    ],
)
async def test_a_wrong_contact_comes_back_as_typed(
    anna: Browser, deal: int, form: dict[str, str], said: str
) -> None:
    text = await post(anna, f"/deals/{deal}/contacts", form, 422)
    assert said in text
    assert f'value="{form["name"]}"' in text


async def test_a_draft_is_kept_without_a_word_and_stands_in_the_next_tab(anna: Browser, deal: int) -> None:
    assert await post(anna, f"/deals/{deal}/draft", {"text": "wants a <b>discount"}, 204) == ""
    assert ">wants a &lt;b&gt;discount</textarea>" in await card(anna, deal)
    text = await post(anna, f"/deals/{deal}/notes", {"text": "wants a discount"})
    assert "wants a &lt;b&gt;discount" not in text


async def test_a_note_changed_by_two_keeps_what_the_second_typed(
    anna: Browser, olga: Browser, deal: int
) -> None:
    text = await post(anna, f"/deals/{deal}/notes", {"text": "first"})
    found = re.search(rf'action="(/deals/{deal}/notes/\d+)"', text)
    assert found is not None
    await post(olga, found[1], {"text": "by Olga", "seen": "first"})
    text = await post(anna, found[1], {"text": "by Anna", "seen": "first"}, 409)
    assert ">by Anna</textarea>" in text
    assert ">by Olga</textarea>" in text, "what is to be overruled is named in the next form"
    assert "changed" in await post(anna, found[1], {"text": "by Anna", "seen": "by Olga"})
    assert "A note is 1 to 5000 characters." in await post(anna, found[1], {"text": " ", "seen": ""}, 422)


async def test_a_deleted_deal_is_put_back_from_the_bin(anna: Browser, deal: int) -> None:
    version = form_in(await card(anna, deal))["version"]
    answer = await anna.post(f"/deals/{deal}/delete", data={"version": version}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/bin"
    assert (await anna.get(f"/deals/{deal}")).status == 404
    page = await (await anna.get("/bin")).text()
    assert "<bdi>Vector · Fibre</bdi>" in page
    found = re.search(r'action="(/bin/\d+/back)"', page)
    assert found is not None
    back = await anna.post(found[1], allow_redirects=False)
    assert (back.status, back.headers["Location"]) == (303, f"/deals/{deal}")
    assert "Fibre" in await card(anna, deal)
    assert (await anna.post(found[1])).status == 404


async def test_a_deal_that_went_on_is_not_deleted_unread(anna: Browser, olga: Browser, deal: int) -> None:
    form = form_in(await card(anna, deal))
    await post(olga, f"/deals/{deal}/fields", {**form, "title": "Radio"})
    await post(anna, f"/deals/{deal}/delete", {"version": form["version"]}, 409)
    assert "Radio" in await card(anna, deal)
