"""What the browser is given: known files only, as they were vetted, and from nowhere else."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from pbx_crm.domain.popup import LEAVES_AFTER, Phase
from pbx_crm.pages import static
from pbx_crm.pages.web_files import STATIC, TEMPLATES, WEB

VENDOR = STATIC / "vendor"
ROW = re.compile(r"^\| (\S+\.\w+) \| (\S+) \| (\S+) \| (\S+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)
OWN = [
    path for path in WEB.rglob("*") if path.suffix in {".html", ".css", ".js"} and VENDOR not in path.parents
]
NAMESPACES = ("http://www.w3.org/2000/svg",)


def test_every_vendored_file_is_the_one_that_was_vetted() -> None:
    rows = {row[1]: row[5] for row in ROW.finditer((VENDOR / "VENDOR.md").read_text())}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _code_in(VENDOR)}
    assert found == rows


def test_our_own_scripts_stay_few_enough_to_be_read_in_one_sitting() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in (STATIC / "js").iterdir()}
    assert max(lengths.values()) <= 120, lengths
    assert sum(lengths.values()) <= 600, "htmx attributes, style sheets and native elements do much of it"


def test_the_line_of_a_call_leaves_the_screen_when_the_server_drops_it() -> None:
    rules = re.findall(r"\.call-popup(\S+) \{ animation: leave (\d+)s", (STATIC / "calls.css").read_text())
    written = {
        Phase(name): int(seconds) for names, seconds in rules for name in re.findall(r"is-(\w+)", names)
    }
    assert written == LEAVES_AFTER


def _code_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix not in {".md", ".LICENSE"}]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_file_of_ours_names_another_host(path: Path) -> None:
    text = path.read_text()
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")
    assert not re.findall(r"""(?:https?:)?//[\w-]+\.[\w.-]+""", text)


@pytest.mark.parametrize("path", list(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_needs_what_the_content_security_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<[^>]*\s(?:style|on\w+|hx-on[\w:-]*)=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|javascript:|js:", text)


@pytest.mark.parametrize("path", [p for p in OWN if p.suffix == ".css"], ids=lambda path: path.name)
def test_styles_know_no_left_and_right(path: Path) -> None:
    properties = r"(?<![\w-])(?:(?:margin|padding|border)-)?(?:left|right)\s*:"
    sided = properties + r"|(?:text-align|float):\s*(?:left|right)"
    assert not re.findall(sided, path.read_text())


def test_a_name_that_does_not_exist_stops_the_page() -> None:
    with pytest.raises(KeyError):
        static.url("js/typing_slip.js")


Site = TestClient[web.Request, web.Application]


@pytest.fixture
async def site(aiohttp_client: AiohttpClient) -> Site:
    """A site of static files alone."""
    app = web.Application()
    app.router.add_get("/static/{version}/{name:.+}", static.show)
    return await aiohttp_client(app)


async def test_a_file_is_kept_for_good_and_travels_packed(site: Site) -> None:
    answer = await site.get(static.url("app.css"), headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == static.FOR_GOOD
    assert answer.headers["Content-Encoding"] == "gzip"
    assert await answer.read() == (STATIC / "app.css").read_bytes()
    plain = await site.get(static.url("app.css"), headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


async def test_an_address_of_an_older_version_works_and_is_not_kept(site: Site) -> None:
    answer = await site.get("/static/000000000000/app.css")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["../app.css", "..%2f..%2fpyproject.toml", "vendor/VENDOR.md", "nothing.js"])
async def test_only_listed_files_are_given(site: Site, name: str) -> None:
    assert (await site.get(f"/static/{static.version()}/{name}")).status == 404


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'icon\("([\w-]+)"', path.read_text())
    }
    assert named - drawn == set()


def test_the_first_load_is_small() -> None:
    # The font is for Persian alone, the form stands on the company's own site, nobody begins in the settings,
    # and the board on the wall is a page without any of the rest.
    elsewhere = ("vazirmatn", "site_form", "settings.css", "wall.css")
    sizes = [
        len(file.packed or file.body)
        for name, file in static.files().items()
        if not any(part in name for part in elsewhere)
    ]
    assert sum(sizes) < 60_000
