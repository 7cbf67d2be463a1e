"""The second factor as people meet it: set up in the own page, asked for after the password, demanded."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pyotp
import pytest

from pbx_crm.db import second_factors
from pbx_crm.domain.entry_rules import EntryRules
from pbx_crm.domain.person import Person
from pbx_crm.domain.second_factor import STEP_SECONDS
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.request import SESSION_COOKIE, STEP_COOKIE
from pbx_crm.services.accounts import STEP_LIFE
from tests.site import Browser, Crm

PASSWORD = "correct horse"
NEXT_CODE = timedelta(seconds=STEP_SECONDS)
KEY = re.compile(r'<code class="key" dir="ltr">([A-Z2-7-]+)</code>')
CODES = re.compile(r"<li><code>([A-Z2-9-]+)</code></li>")


def cookies(browser: Browser) -> set[str]:
    """The names of the cookies the browser holds."""
    return {cookie.key for cookie in browser.session.cookie_jar}


class Phone:
    """An authenticator app that was shown one key."""

    def __init__(self, crm: Crm, key: str) -> None:
        self._crm = crm
        self._key = key.replace("-", "")

    def code(self) -> str:
        """What it shows now."""
        return pyotp.TOTP(self._key).at(self._crm.clock())


async def send(browser: Browser, path: str, **fields: str) -> tuple[int, str]:
    """Sends a form; the status and where it leads, or else what is said."""
    answer = await browser.post(path, data=fields, allow_redirects=False)
    return answer.status, answer.headers.get("Location") or unescape(await answer.text())


async def set_up(crm: Crm, who: Person) -> tuple[Browser, Phone, list[str]]:
    """This person, with a password, switches the second factor on in their own page."""
    await crm.services.staff.set_password(None, who.id, PASSWORD)
    browser = await crm.browser(who)
    assert await send(browser, "/me/second-factor") == (303, "/me/second-factor")
    found = KEY.search(await (await browser.get("/me/second-factor")).text())
    assert found
    phone = Phone(crm, found.group(1))
    status, shown = await send(browser, "/me/second-factor/confirm", code=phone.code(), password=PASSWORD)
    assert status == 200
    crm.clock.go_on(NEXT_CODE)
    return browser, phone, CODES.findall(shown)


async def password_typed(crm: Crm, who: Person, **more: str) -> Browser:
    """A fresh browser in which the person typed the right password, and is asked for the code."""
    browser = await crm.browser()
    status, leads_to = await send(browser, "/login", login=who.login, password=PASSWORD, **more)
    assert (status, leads_to.partition("?")[0]) == (303, "/login/code")
    return browser


async def test_after_the_password_the_code_leads_to_where_one_was_going(crm: Crm) -> None:
    _, phone, _ = await set_up(crm, crm.cast.anna)
    browser = await password_typed(crm, crm.cast.anna, next="/calls?days=7")
    assert SESSION_COOKIE not in cookies(browser)
    form = await (await browser.get("/login/code?next=/calls?days%3D7")).text()
    assert 'autocomplete="one-time-code"' in form
    assert "maxlength" not in form, "a pasted code may have a space in it"
    sent = await send(browser, "/login/code", code=phone.code(), next="/calls?days=7")
    assert sent == (303, "/calls?days=7")
    assert cookies(browser) & {SESSION_COOKIE, STEP_COOKIE} == {SESSION_COOKIE}
    assert (await browser.get("/calls?days=7")).status == 200


async def test_the_password_alone_opens_no_page(crm: Crm) -> None:
    await set_up(crm, crm.cast.anna)
    browser = await password_typed(crm, crm.cast.anna)
    half = next(c.value for c in browser.session.cookie_jar if c.key == STEP_COOKIE)
    browser.session.cookie_jar.update_cookies({SESSION_COOKIE: half}, crm.server.make_url("/"))
    answer = await browser.get("/board", allow_redirects=False)
    assert answer.headers["Location"].startswith("/login?")
    api = await browser.get("/api/v1/people", headers={"Authorization": f"Bearer {half}"})
    assert api.status == 401


async def test_a_wrong_code_is_told_in_a_sentence_and_the_right_one_still_works(crm: Crm) -> None:
    _, phone, _ = await set_up(crm, crm.cast.anna)
    browser = await password_typed(crm, crm.cast.anna)
    status, page = await send(browser, "/login/code", code="000000")
    assert status == 401
    assert "This code is wrong, or was used already." in page
    assert "000000" not in page
    assert (await send(browser, "/login/code", code=phone.code(), next="//evil.example"))[1] == "/"


async def test_the_third_wrong_code_has_to_wait(crm: Crm) -> None:
    await set_up(crm, crm.cast.anna)
    browser = await password_typed(crm, crm.cast.anna)
    pages = [(await send(browser, "/login/code", code="000000"))[1] for _ in range(4)]
    assert "Please wait 2 s" in pages[-1]
    assert "Please wait" not in pages[0]


async def test_without_the_phone_a_recovery_code_lets_in_and_the_own_page_counts_them(crm: Crm) -> None:
    inside, _, codes = await set_up(crm, crm.cast.anna)
    assert len(codes) == 8
    for code in codes[:6]:
        browser = await password_typed(crm, crm.cast.anna)
        assert (await send(browser, "/login/code", code=code))[0] == 303
    assert "2 recovery codes left" in await (await inside.get("/me")).text()


async def test_who_comes_to_the_second_step_first_is_led_to_the_first(crm: Crm) -> None:
    stranger = await crm.browser()
    asked = await (await stranger.get("/login/code?next=/calls")).text()
    assert 'name="password"' in asked
    assert 'name="next" value="/calls"' in asked


async def test_a_code_that_comes_too_late_is_told_so_and_the_way_is_kept(crm: Crm) -> None:
    _, phone, _ = await set_up(crm, crm.cast.anna)
    browser = await password_typed(crm, crm.cast.anna)
    crm.clock.go_on(STEP_LIFE)
    status, page = await send(browser, "/login/code", code=phone.code(), next="/calls")
    assert status == 401
    assert "Please type your password again." in page
    assert 'name="next" value="/calls"' in page


async def test_key_and_codes_are_shown_once_and_no_browser_keeps_them(crm: Crm) -> None:
    inside, _, codes = await set_up(crm, crm.cast.anna)
    answer = await inside.get("/me/second-factor")
    again = await answer.text()
    assert not KEY.search(again)
    assert not any(code in again for code in codes)
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_picture_to_scan_holds_the_key_and_who_it_is_for(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    await send(anna, "/me/second-factor")
    page = unescape(await (await anna.get("/me/second-factor")).text())
    key = KEY.search(page)
    address = re.search(r'href="(otpauth://[^"]+)"', page)
    assert key
    assert address
    read = pyotp.parse_uri(address.group(1))
    assert (read.secret, read.name, read.issuer) == (key.group(1).replace("-", ""), "anna", "pbx_crm")
    assert re.search(r'<img class="qr" src="data:image/svg\+xml', page)


async def test_a_mistyped_first_code_shows_the_same_picture_again(crm: Crm) -> None:
    await crm.services.staff.set_password(None, crm.cast.anna.id, PASSWORD)
    anna = await crm.browser(crm.cast.anna)
    await send(anna, "/me/second-factor")
    key = KEY.search(await (await anna.get("/me/second-factor")).text())
    status, page = await send(anna, "/me/second-factor/confirm", code="000000", password=PASSWORD)
    again = KEY.search(page)
    assert status == 422
    assert key
    assert again
    assert key.group(1) == again.group(1)


async def test_switched_off_the_password_is_enough_again(crm: Crm) -> None:
    inside, phone, _ = await set_up(crm, crm.cast.anna)
    assert (await send(inside, "/me/second-factor/off", code=phone.code(), password="guess"))[0] == 422
    assert (await send(inside, "/me/second-factor/off", code=phone.code(), password=PASSWORD))[0] == 303
    browser = await crm.browser()
    assert (await send(browser, "/login", login="anna", password=PASSWORD)) == (303, "/")


async def test_new_recovery_codes_are_shown_and_are_others(crm: Crm) -> None:
    inside, phone, codes = await set_up(crm, crm.cast.anna)
    status, page = await send(inside, "/me/second-factor/codes", code=phone.code(), password=PASSWORD)
    assert status == 200
    assert len(set(CODES.findall(page)) | set(codes)) == 16
    assert (await send(inside, "/me/second-factor/codes", code="1", password=PASSWORD))[0] == 422


async def test_the_head_sees_who_has_one_and_resets_it(crm: Crm) -> None:
    await set_up(crm, crm.cast.anna)
    olga = await crm.browser(crm.cast.olga)
    assert (await (await olga.get("/settings/people")).text()).count("second factor") == 1
    person = f"/settings/people/{crm.cast.anna.id}"
    assert "Reset the second factor" in await (await olga.get(person)).text()
    assert await send(olga, f"{person}/second-factor") == (303, person)
    assert "Reset the second factor" not in await (await olga.get(person)).text()
    assert (await send(await crm.browser(), "/login", login="anna", password=PASSWORD))[1] == "/"


async def test_whoever_must_have_one_is_led_to_it_from_everywhere_and_goes_on_after(crm: Crm) -> None:
    olga = await crm.browser(crm.cast.olga)
    saved = await send(
        olga, "/settings/security", demands_code="yes", clients_an_hour="150", refused_kept_days="90"
    )
    assert saved == (303, "/settings/security")
    for path in ("/board", "/settings/people", "/deals/1"):
        answer = await olga.get(path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/me/second-factor"), path
    part = await olga.get("/popup", headers={"HX-Request": "true"})
    assert (part.status, part.headers["HX-Redirect"]) == (403, "/me/second-factor")
    page = await (await olga.get("/me/second-factor")).text()
    assert "Set it up to go on." in page
    assert 'hx-get="/popup"' not in page, "no part of the page sends her here again and again"
    inside, _, _ = await set_up(crm, crm.cast.olga)
    assert (await inside.get("/calls")).status == 200


async def test_a_demand_cannot_be_passed_by_a_script_made_for_it(crm: Crm) -> None:
    script = await crm.token(crm.cast.olga, SessionKind.API)
    olga = await crm.browser(crm.cast.olga)
    await crm.services.entry.settings.change(crm.cast.olga, EntryRules(demands_code=True))
    assert await send(olga, "/me/tokens", label="way round") == (303, "/me/second-factor")
    known = await olga.get("/api/v1/people", headers={"Authorization": f"Bearer {script}"})
    assert known.status == 200, "scripts there were go on"


async def test_sellers_are_not_asked_by_the_demand_and_change_no_rule(crm: Crm) -> None:
    await crm.services.entry.settings.change(crm.cast.olga, EntryRules(demands_code=True))
    anna = await crm.browser(crm.cast.anna)
    assert (await anna.get("/me")).status == 200
    assert (await send(anna, "/settings/security", clients_an_hour="0", refused_kept_days="7"))[0] == 403
    assert (await crm.services.entry.settings.rules()).demands_code


@pytest.mark.parametrize(
    "wrong", [{"clients_an_hour": "many"}, {"clients_an_hour": "-1"}, {"refused_kept_days": "6"}, {}]
)
async def test_a_rule_without_sense_is_named_and_nothing_changes(crm: Crm, wrong: dict[str, str]) -> None:
    peter = await crm.browser(crm.cast.peter)
    fields = {"clients_an_hour": "10", "refused_kept_days": "30", **wrong} if wrong else {}
    status, page = await send(peter, "/settings/security", **fields)
    assert status == 422
    assert "This is not a number within its limits." in page
    assert await crm.services.entry.settings.rules() == EntryRules()


async def test_the_secret_is_in_no_repr(crm: Crm) -> None:
    await set_up(crm, crm.cast.anna)
    stored = await crm.database.read(second_factors.of_person, crm.cast.anna.id)
    assert stored
    assert stored.secret not in repr(stored)
