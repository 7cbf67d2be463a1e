"""Clients on real screens: found, merged and told apart by hand, a list brought in, for everybody's eyes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.screens import PHONE, Office
from tests.browser.test_looks import LOOKS, violations

pytestmark = pytest.mark.browser

LIST = "Имя,Телефон,Компания\nСара Ахмади,8 905 111-22-33,Vector\nBoris,call me,\n"


async def test_two_who_are_one_are_merged_and_told_apart_by_clicks(office: Office) -> None:
    for name in ("Vector", "vector"):
        await office.deal(name, stage=1)
    page = await office.screen(office.crm.cast.anna, "/contacts/duplicates")
    await page.click("text=Compare")
    await expect(page.locator("h1")).to_have_text("Are these one client?")
    await page.click(".actions .button.primary")
    await expect(page.locator("#deals-title + .table-wrap tbody tr")).to_have_count(2)
    await page.goto(str(office.crm.server.make_url("/bin")))
    await page.click("text=Put back")
    await expect(page.locator("#deals-title + .table-wrap tbody tr")).to_have_count(1)
    await page.click("text=Merge with another client")
    await page.type(".merge-form input", "vec")
    await page.click("#merge-found a")
    await expect(page.locator("h1")).to_have_text("Are these one client?")


async def test_a_list_is_brought_in_while_one_looks_on(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="cp1251")
    page = await office.screen(office.crm.cast.olga, "/settings/imports")
    await page.set_input_files("input[type=file]", path)
    await page.click("main form .button.primary")
    await page.click("text=Bring in 1 new clients")
    await expect(page.locator("#import-state")).to_contain_text("done")
    await expect(page.locator("#import-state")).to_contain_text("1 rows that cannot be used")
    await page.goto(str(office.crm.server.make_url("/contacts?q=сара")))
    await expect(page.locator("tbody tr")).to_contain_text("Vector")


async def test_a_file_is_sent_and_given_back(office: Office, tmp_path: Path) -> None:
    await office.crm.services.clients.files.switch(office.crm.cast.olga, is_on=True)
    deal = await office.deal("Vector")
    path = tmp_path / "КП для Вектора.pdf"
    path.write_bytes(b"offer" * 1000)
    page = await office.screen(office.crm.cast.anna, f"/deals/{deal}")
    await page.set_input_files("input[type=file]", path)
    await page.click("text=Add the file")
    async with page.expect_download() as download:
        await page.click(".file-list a")
    given = await download.value
    assert given.suggested_filename == "КП для Вектора.pdf"
    await given.save_as(tmp_path / "given")
    assert (tmp_path / "given").read_bytes() == b"offer" * 1000


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_every_page_of_clients_is_for_everybody(office: Office, language: str, theme: str) -> None:
    olga, clients = office.crm.cast.olga, office.crm.services.clients
    for name in ("ООО «Вектор»", "ооо вектор", "علی رضایی"):
        await office.deal(name, stage=1, amount=500)
    await office.crm.services.accounts.change_own(olga, {"language": language, "theme": theme})
    await clients.files.switch(olga, is_on=True)
    pages = ("/contacts", "/contacts/1", "/contacts/1/merge?with=2", "/contacts/duplicates", "/companies")
    for url in (*pages, "/settings/files", "/settings/imports", "/deals/1"):
        page = await office.screen(olga, url, viewport=PHONE, reduced_motion="reduce")
        assert await violations(page) == [], url
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) <= 0, url
        await page.context.close()
