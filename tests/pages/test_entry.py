"""Who gets in, and what another site can make a browser do: nothing."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError
from sqlalchemy import text

from pbx_crm.db.engine import Transaction
from pbx_crm.pages.login import safe_next
from pbx_crm.pages.request import SESSION_COOKIE
from pbx_crm.pages.security_headers import CONTENT_SECURITY_POLICY
from pbx_crm.services.staff import PersonForm
from tests.site import Browser, Crm

PASSWORD = "correct horse"


def cookie_of(browser: Browser) -> str | None:
    """The session cookie the browser holds."""
    return next((cookie.value for cookie in browser.session.cookie_jar if cookie.key == SESSION_COOKIE), None)


async def log_in(browser: Browser, **fields: str) -> int:
    """Sends the log-in form; the status, redirects not followed."""
    answer = await browser.post(
        "/login", data={"login": "anna", "password": PASSWORD, **fields}, allow_redirects=False
    )
    return answer.status


@pytest.fixture
async def with_password(crm: Crm) -> Crm:
    """The site, where Anna has a password."""
    await crm.services.staff.set_password(None, crm.cast.anna.id, PASSWORD)
    return crm


async def test_a_stranger_is_led_to_the_log_in_and_back(with_password: Crm) -> None:
    browser = await with_password.browser()
    answer = await browser.get("/?view=mine", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/%3Fview%3Dmine")
    assert await log_in(browser, next="/?view=mine") == 303
    answer = await browser.get("/", allow_redirects=False)
    assert answer.headers["Location"] == "/board"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_the_way_back_never_leads_to_another_site(target: str) -> None:
    assert safe_next(target) == "/"


async def test_a_wrong_log_in_shows_the_form_with_the_name_and_one_sentence(with_password: Crm) -> None:
    browser = await with_password.browser()
    pages = set()
    for login in ("anna", "nobody"):
        answer = await browser.post("/login", data={"login": login, "password": "wrong wrong"})
        text = await answer.text()
        assert answer.status == 401
        assert f'value="{login}"' in text
        assert "wrong wrong" not in text
        pages.add(text.replace(login, "…"))
    assert len(pages) == 1


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        ("{site}calls?days=7", "/login?next=%2Fcalls%3Fdays%3D7"),
        ("https://evil.example/calls", "/login"),
        ("//evil.example/calls", "/login"),
        ("http://[", "/login"),
        ("", "/login"),
    ],
)
async def test_a_part_of_a_page_whose_session_ended_leads_back_to_that_page(
    crm: Crm, page: str, leads_to: str
) -> None:
    stranger = await crm.browser()
    named = page.format(site=crm.server.make_url("/"))
    headers = {"HX-Request": "true", "HX-Current-URL": named}
    answer = await stranger.get("/popup", headers=headers, allow_redirects=False)
    assert (answer.status, answer.headers["HX-Redirect"]) == (401, leads_to)


async def test_a_planted_session_is_not_the_one_that_gets_logged_in(with_password: Crm) -> None:
    victim = await with_password.browser()
    victim.session.cookie_jar.update_cookies({SESSION_COOKIE: "planted"}, with_password.server.make_url("/"))
    assert await log_in(victim) == 303
    assert cookie_of(victim) not in (None, "planted")


async def test_logging_in_again_ends_the_session_before(with_password: Crm) -> None:
    browser = await with_password.browser()
    await log_in(browser)
    before = cookie_of(browser)
    await log_in(browser)
    assert before
    thief = await with_password.browser()
    thief.session.cookie_jar.update_cookies({SESSION_COOKIE: before}, with_password.server.make_url("/"))
    answer = await thief.get("/", allow_redirects=False)
    assert answer.headers["Location"].startswith("/login")


async def test_a_cookie_is_worth_nothing_after_logging_out(with_password: Crm) -> None:
    browser = await with_password.browser()
    await log_in(browser)
    kept = cookie_of(browser)
    assert kept
    answer = await browser.post("/logout", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    browser.session.cookie_jar.update_cookies({SESSION_COOKIE: kept}, with_password.server.make_url("/"))
    answer = await browser.get("/", allow_redirects=False)
    assert answer.headers["Location"].startswith("/login")


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(with_password: Crm) -> None:
    browser = await with_password.browser()
    answer = await browser.post("/login", data={"login": "anna", "password": PASSWORD}, allow_redirects=False)
    header = answer.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "{own}"}, 303),
        ({}, 303),
    ],
)
async def test_another_sites_page_cannot_send_our_forms(
    crm: Crm, headers: dict[str, str], status: int
) -> None:
    own = str(crm.server.make_url("/")).rstrip("/")
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(
        "/logout",
        headers={name: value.format(own=own) for name, value in headers.items()},
        allow_redirects=False,
    )
    assert answer.status == status
    still_in = await browser.get("/", allow_redirects=False)
    assert (still_in.headers["Location"] == "/board") is (status == 403)


async def test_a_disabled_person_is_out_at_the_next_click(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    await crm.services.staff.set_active(None, crm.cast.anna.id, active=False)
    answer = await browser.get("/", allow_redirects=False)
    assert answer.headers["Location"].startswith("/login")


async def test_every_answer_forbids_foreign_scripts_and_frames(crm: Crm) -> None:
    browser = await crm.browser()
    for path in ("/login", "/nowhere", "/health/live"):
        answer = await browser.get(path)
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_the_language_is_chosen_before_the_log_in(crm: Crm) -> None:
    browser = await crm.browser()
    answer = await browser.get("/login?language=fa&next=/board")
    text = await answer.text()
    assert 'lang="fa" dir="rtl"' in text
    assert 'name="next" value="/board"' in text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_another_sites_page_cannot_open_our_live_socket(crm: Crm, headers: dict[str, str]) -> None:
    browser = await crm.browser(crm.cast.anna)
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/live", headers=headers)
    assert refused.value.status == 403


async def test_a_fault_of_ours_is_told_with_an_id_and_without_its_insides(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(crm.services.staff.__class__, "everybody", fail)
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.get("/settings/people")
    page = await answer.text()
    assert answer.status == 500
    assert "Nothing was changed" in page
    assert "secret of the house" not in page
    assert re.search(r"<code[^>]*>[0-9a-f]{12}</code>", page)


async def test_an_address_that_does_not_exist_gets_a_page_in_words(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.get("/nowhere")
    assert answer.status == 404
    assert "There is no such record." in await answer.text()


async def test_whoever_watches_learns_that_the_program_is_ready(crm: Crm) -> None:
    browser = await crm.browser()
    assert (await (await browser.get("/health/live")).json()) == {"status": "live"}
    ready = await browser.get("/health/ready")
    assert ready.status == 200
    crm.database.engine.dispose()
    crm.database._threads.shutdown()
    assert (await browser.get("/health/ready")).status == 503


async def test_a_person_may_be_added_and_log_in_with_a_name_in_any_script(crm: Crm) -> None:
    await crm.services.staff.add(None, PersonForm("ольга", "Ольга", crm.cast.anna.role), PASSWORD)
    browser = await crm.browser()
    assert await log_in(browser, login="Ольга") == 303


async def raw_status(crm: Crm, request: bytes) -> int:
    """The status of an answer to bytes that no client library would send."""
    reader, writer = await asyncio.open_connection(crm.server.host, crm.server.port)
    writer.write(request)
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"User-Agent: \xff\xfe\xed\xa0\x80", 303),
        (b"Cookie: pbx_crm_session=\xff\xfe", 303),
        (b"X-Forwarded-For: \xff", 303),
    ],
)
async def test_headers_that_are_no_utf8_are_no_fault_of_ours(
    with_password: Crm, header: bytes, status: int
) -> None:
    body = b"login=anna&password=correct+horse"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d" % len(body)
    request = b"POST /login HTTP/1.1\r\nHost: crm\r\n%b\r\n%b\r\n\r\n%b" % (header, kind, body)
    assert await raw_status(with_password, request) == status


async def test_a_token_that_is_no_utf8_is_a_wrong_token(crm: Crm) -> None:
    request = b"GET /api/v1/deals HTTP/1.1\r\nHost: crm\r\nAuthorization: Bearer \xff\xfe\r\n\r\n"
    assert await raw_status(crm, request) == 401


async def test_a_full_disk_is_told_in_words_and_to_whoever_watches(crm: Crm) -> None:
    def fill_the_disk(tx: Transaction) -> None:
        tx.execute(text("PRAGMA max_page_count = 1"))

    browser = await crm.browser(crm.cast.anna)
    await crm.database.write(fill_the_disk)
    for number in range(100):
        answer = await browser.post("/me/tokens", data={"label": f"script {number} " * 12})
        if answer.status != 200:
            break
    assert answer.status == 503
    assert "The database cannot be used just now." in await answer.text()
    ready = await browser.get("/health/ready")
    assert (ready.status, (await ready.json())["database"]) == (503, "takes no changes")


async def test_whoever_is_logged_in_reads_on_while_the_disk_is_full(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)

    def refuse_changes(tx: Transaction) -> None:
        tx.execute(text("PRAGMA query_only = 1"))

    await crm.database.write(refuse_changes)
    # Long enough after the log-in that the session would be noted as seen again.
    crm.clock.go_on(timedelta(hours=1))
    assert (await browser.get("/me")).status == 200
