"""Settings: whoever may change them sees at once what was wrong; nobody else sees them at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx_crm.db import extensions
from pbx_crm.domain.errors import WrongLogin
from pbx_crm.domain.session import Origin
from tests import builders
from tests.site import Crm

PASSWORD = "correct horse"
HOME = Origin("192.0.2.7")


async def test_the_head_adds_a_seller_who_can_log_in(crm: Crm) -> None:
    olga = await crm.browser(crm.cast.olga)
    fields = {"name": "Clara", "login": "clara", "password": PASSWORD, "role": "seller"}
    answer = await olga.post("/settings/people", data=fields)
    assert answer.status == 200
    assert "Clara" in await answer.text()
    assert await crm.services.accounts.log_in("clara", PASSWORD, HOME)


async def test_a_wrong_form_comes_back_with_what_was_typed_and_every_reason(crm: Crm) -> None:
    olga = await crm.browser(crm.cast.olga)
    fields = {"name": "Clara <b>", "login": "a b", "password": PASSWORD, "role": "none"}
    answer = await olga.post("/settings/people", data=fields)
    page = await answer.text()
    assert answer.status == 422
    assert 'value="Clara &lt;b&gt;"' in page
    assert 'value="a b"' in page
    assert "A log-in name is 2 to 64 characters" in page
    assert "must at least set up telephony" in page
    assert PASSWORD not in page


async def test_a_taken_name_is_told_at_its_field(crm: Crm) -> None:
    olga = await crm.browser(crm.cast.olga)
    fields = {"name": "Another", "login": "anna", "password": PASSWORD, "role": "seller"}
    answer = await olga.post("/settings/people", data=fields)
    assert answer.status == 422
    assert "This log-in name is taken." in await answer.text()


@pytest.mark.parametrize("role", ["", "manager", "SELLER"])
async def test_a_role_out_of_nowhere_is_refused(crm: Crm, role: str) -> None:
    olga = await crm.browser(crm.cast.olga)
    fields = {"name": "Clara", "login": "clara", "password": PASSWORD, "role": role}
    assert (await olga.post("/settings/people", data=fields)).status == 422


async def test_a_disabled_person_is_shut_out_and_let_in_again(crm: Crm) -> None:
    anna, olga = await crm.browser(crm.cast.anna), await crm.browser(crm.cast.olga)
    await olga.post(f"/settings/people/{crm.cast.anna.id}/active", data={"active": "no"})
    assert (await anna.get("/me", allow_redirects=False)).status == 303
    await olga.post(f"/settings/people/{crm.cast.anna.id}/active", data={"active": "yes"})
    assert (await (await crm.browser(crm.cast.anna)).get("/me")).status == 200


async def test_the_head_signs_a_seller_out_everywhere(crm: Crm) -> None:
    phone, desk = await crm.browser(crm.cast.anna), await crm.browser(crm.cast.anna)
    olga = await crm.browser(crm.cast.olga)
    await olga.post(f"/settings/people/{crm.cast.anna.id}/sign-out")
    for browser in (phone, desk):
        assert (await browser.get("/me", allow_redirects=False)).status == 303


async def test_the_head_does_not_make_admins_and_is_told_so(crm: Crm) -> None:
    olga = await crm.browser(crm.cast.olga)
    fields = {"name": "Anna", "login": "anna", "role": "seller", "is_admin": "yes"}
    answer = await olga.post(f"/settings/people/{crm.cast.anna.id}", data=fields)
    assert answer.status == 403
    assert "Only an admin gives or takes the right" in await answer.text()
    assert not (await crm.services.staff.get(crm.cast.anna.id)).is_admin


@pytest.mark.parametrize("address", ["0", "999", "x", "1'--", "²", "9" * 30])
async def test_a_person_who_does_not_exist_is_not_found(crm: Crm, address: str) -> None:
    olga = await crm.browser(crm.cast.olga)
    assert (await olga.get(f"/settings/people/{address}")).status == 404


async def test_a_seller_meets_no_settings(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    for path in ("/settings", "/settings/people", "/settings/extensions"):
        assert (await anna.get(path)).status == 403


async def test_an_unlinked_phone_stands_on_top_and_is_linked_from_its_first_call(crm: Crm) -> None:
    first = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    await crm.database.write(extensions.note_all_seen, "office", {"214": first})
    peter = await crm.browser(crm.cast.peter)
    page = await (await peter.get("/settings/extensions")).text()
    assert page.index("214") < page.index("Who has which phone")
    # To the hour, by the clock of Moscow, where the admin is.
    assert 'name="since" value="2026-11-20T12:00"' in page
    fields = {"pbx": "office", "number": "214", "person": str(crm.cast.anna.id), "since": "2026-11-20T12:00"}
    assert (await peter.post("/settings/extensions/link", data=fields)).status == 200
    owner = await crm.database.read(extensions.extension_owner, "office", "214", first)
    assert owner == crm.cast.anna.id


async def test_an_unlinked_phone_is_nobodys_from_now_on(crm: Crm) -> None:
    peter = await crm.browser(crm.cast.peter)
    fields = {"pbx": "office", "number": "101", "person": str(crm.cast.anna.id), "since": "2026-11-20T12:30"}
    await peter.post("/settings/extensions/link", data=fields)
    await peter.post("/settings/extensions/unlink", data={"pbx": "office", "number": "101"})
    page = await (await peter.get("/settings/extensions")).text()
    assert "Until" in page
    owner = await crm.database.read(
        extensions.extension_owner, "office", "101", crm.clock() + timedelta(seconds=1)
    )
    assert owner is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"pbx": "elsewhere"}, "There is no such PBX."),
        ({"number": "1 01"}, "An extension is digits"),
        ({"since": "yesterday"}, "This is not a date and time."),
        ({"person": "x"}, "This is not a number within its limits."),
    ],
)
async def test_a_wrong_link_is_told_at_its_field(crm: Crm, wrong: dict[str, str], reason: str) -> None:
    peter = await crm.browser(crm.cast.peter)
    fields = {"pbx": "office", "number": "101", "person": str(crm.cast.anna.id), "since": "", **wrong}
    answer = await peter.post("/settings/extensions/link", data=fields)
    assert answer.status == 422
    assert reason in await answer.text()


async def test_my_language_holds_from_the_next_page_on(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    await anna.post("/me/settings", data={"language": "fa"})
    assert '<html lang="fa" dir="rtl"' in await (await anna.get("/me")).text()


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "tlh"},
        {"theme": "rainbow"},
        {"time_zone": "Mars/Base"},
        {"time_zone": "../etc"},
        {"letter_keys": "sometimes"},
    ],
)
async def test_a_setting_that_does_not_exist_is_refused_and_changes_nothing(
    crm: Crm, wrong: dict[str, str]
) -> None:
    anna = await crm.browser(crm.cast.anna)
    answer = await anna.post("/me/settings", data=wrong)
    assert answer.status == 422
    assert 'aria-invalid="true"' in await answer.text()
    assert await crm.services.staff.get(crm.cast.anna.id) == crm.cast.anna


async def test_the_menu_leads_back_to_where_it_was_opened(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    own = str(crm.server.make_url("/calls?page=2"))
    for referer, back in ((own, "/calls?page=2"), ("https://evil.example/x", "/me")):
        answer = await anna.post(
            "/me/settings", data={"theme": "dark"}, headers={"Referer": referer}, allow_redirects=False
        )
        assert answer.headers["Location"] == back


async def test_i_change_my_password_only_with_the_present_one(crm: Crm) -> None:
    await crm.services.staff.set_password(None, crm.cast.anna.id, PASSWORD)
    anna = await crm.browser(crm.cast.anna)
    wrong = {"old_password": "guess guess", "password": "battery staple"}
    answer = await anna.post("/me/password", data=wrong)
    assert answer.status == 422
    assert "This is not your password." in await answer.text()
    assert (await anna.post("/me/password", data={**wrong, "old_password": PASSWORD})).status == 200
    assert await crm.services.accounts.log_in("anna", "battery staple", HOME)
    with pytest.raises(WrongLogin):
        await crm.services.accounts.log_in("anna", PASSWORD, HOME)


async def test_a_token_is_shown_once_and_can_be_taken_back(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    page = await (await anna.post("/me/tokens", data={"label": "dialler"})).text()
    assert "shown this once only" in page
    again = await (await anna.get("/me")).text()
    assert "dialler" in again
    assert "shown this once only" not in again
    assert (await anna.post("/me/tokens", data={"label": " "})).status == 422


async def test_who_speaks_to_the_computer_switches_the_letters_off(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    assert "data-letters" not in await (await anna.get("/today")).text()
    await anna.post("/me/settings", data={"letter_keys": "no"})
    assert 'data-letters="off"' in await (await anna.get("/today")).text()
    await anna.post("/me/settings", data={"theme": "dark"})
    assert 'data-letters="off"' in await (await anna.get("/today")).text(), "another setting leaves it"


async def test_a_persian_reader_may_have_the_board_from_left_to_right(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    await crm.database.write(builders.funnel)
    await anna.post("/me/settings", data={"board_ltr": "yes"})
    assert 'id="board" dir="ltr"' not in await (await anna.get("/board")).text(), "English reads so anyhow"
    await anna.post("/me/settings", data={"language": "fa"})
    assert 'id="board" dir="ltr"' in await (await anna.get("/board")).text()
    assert "board_ltr" in await (await anna.get("/me")).text()
