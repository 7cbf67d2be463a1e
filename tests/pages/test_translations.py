"""Languages that call themselves complete are: every string found, translated, and with its places kept."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment

from pbx_crm.domain.person import Role
from pbx_crm.pages.i18n import DEFAULT, LANGUAGES, choose
from pbx_crm.pages.site import ROUTES
from pbx_crm.pages.web_files import TEMPLATES, TRANSLATIONS
from tests import builders
from tests.site import Crm

ROOT = TEMPLATES.parent.parent
TRANSLATED = [code for code in LANGUAGES if code != DEFAULT.code]
COMPLETE = [language.code for language in LANGUAGES.values() if language.is_complete]
PLACE = re.compile(r"%\((\w+)\)s")


def catalogue_of(code: str) -> Catalog:
    """The language's `.po` as it lies in the tree."""
    with (TRANSLATIONS / code / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=code)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every string that the source and the templates hold now."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = ["-m", "babel.messages.frontend", "-q", "extract", "-F", "tools/babel.cfg", "-k", "N_"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    places = ["-o", str(template), "pbx_crm", "web/templates"]
    subprocess.run([sys.executable, *command, *places], cwd=ROOT, env=environment, check=True)
    with template.open("rb") as source:
        return read_po(source)


@pytest.mark.thorough
@pytest.mark.parametrize("code", [code for code in COMPLETE if code != DEFAULT.code])
def test_a_complete_language_has_every_string_and_guesses_none(code: str, found: Catalog) -> None:
    catalogue = catalogue_of(code)
    missing = [message.id for message in found if message.id and message.id not in catalogue]
    assert missing == [], "run `make messages` and translate these"
    empty = [message.id for message in catalogue if message.id and not all(_forms(message))]
    assert empty == []
    plurals = [message for message in catalogue if isinstance(message.id, tuple | list)]
    assert [one.id for one in plurals if len(_forms(one)) != catalogue.num_plurals] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def _forms(message: Message) -> list[str]:
    """The translation, or its plural forms."""
    return [message.string or ""] if isinstance(message.string, str | None) else list(message.string)


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_loses_or_invents_a_place(code: str) -> None:
    wrong = []
    for message in catalogue_of(code):
        forms = _forms(message)
        if not message.id or not all(forms):
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        places = set(PLACE.findall(source))
        wrong += [source for form in forms if set(PLACE.findall(form)) - places]
        if isinstance(message.id, str):
            wrong += [source for form in forms if places - set(PLACE.findall(form))]
    assert wrong == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_percent_sign_of_a_translation_ends_a_page(code: str) -> None:
    # Templates put the places' values into every string they translate, also into one that has no place.
    values: defaultdict[str, str] = defaultdict(str)
    broken = []
    for message in catalogue_of(code):
        for form in _forms(message) if message.id else ():
            try:
                form % values
            except (TypeError, ValueError) as error:
                broken.append(f"{form}: {error}")
    assert broken == []


class _Words(HTMLParser):
    """Letters that a reader would see as they stand in a template."""

    ATTRIBUTES = frozenset({"title", "placeholder", "aria-label", "alt", "aria-description"})
    # Names of keys and code are the same in every language.
    SAME_EVERYWHERE = frozenset({"kbd", "code", "script"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SAME_EVERYWHERE:
            self._open.append(tag)
        self.found += [
            value for name, value in attrs if value and name in self.ATTRIBUTES and _has_letters(value)
        ]

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._open and _has_letters(data):
            self.found.append(data.strip())


def _has_letters(text: str | None) -> bool:
    return bool(re.search(r"[^\W\d_]", text or ""))


# Blocks that hold no words for readers, names that are the same in every language, and what a macro
# puts into somebody else's tag.
WORDLESS_BLOCK = re.compile(r"{% block body_class %}.*?{% endblock %}")
SAME_NAMES = frozenset({"OpenAPI", "CSV", "XLSX"})
ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')


def literal_words(template: str) -> list[str]:
    """What the template says outside of `{% trans %}`."""
    kept, is_inside, tag = [], False, ""
    templates = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for _, kind, value in templates.lex(WORDLESS_BLOCK.sub("", template)):
        if kind == "block_begin":
            tag = ""
        elif kind == "name" and not tag:
            tag = value
            is_inside = {"trans": True, "endtrans": False}.get(value, is_inside)
        elif kind == "data" and not is_inside:
            kept.append(value)
    parser = _Words()
    parser.feed("".join(kept))
    found = (ATTRIBUTE.sub("", words) for words in parser.found)
    return [words for words in found if _has_letters(words) and words not in SAME_NAMES]


def test_the_search_for_literal_words_finds_them() -> None:
    assert literal_words("<p>Hello</p>{% trans %}World{% endtrans %}") == ["Hello"]
    assert literal_words('<a title="Move">{{ name }}</a><kbd>Esc</kbd>') == ["Move"]
    assert literal_words("{% if a %}Yes{% else %}{% trans n=b %}{{ n }} No{% endtrans %}{% endif %}") == [
        "Yes"
    ]


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_speaks_past_the_translators(path: Path) -> None:
    assert literal_words(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("wanted", "cookie", "accepted", "code"),
    [
        ("ru", "fa", "en", "ru"),
        (None, "fa", "ru", "fa"),
        ("xx", "yy", "de, ru;q=0.8, en;q=0.9", "en"),
        (None, None, "ru-RU,ru;q=0.9", "ru"),
        (None, None, "ru;q=0, de", "en"),
        (None, None, "ru;q=much", "en"),
        (None, None, "", "en"),
    ],
)
def test_a_reader_gets_their_own_language_first(
    wanted: str | None, cookie: str | None, accepted: str, code: str
) -> None:
    assert choose(wanted, cookie, accepted, "en").code == code


def test_whom_the_browser_tells_nothing_of_gets_the_companys_language() -> None:
    assert choose(None, None, "de", "ru").code == "ru"


@pytest.mark.parametrize(
    "accepted", ["zh-CN,zh;q=0.9,ru;q=0.8", "zh-Hans-SG, ru;q=0.8", "zh;q=0.9, ru;q=0.8"]
)
@pytest.mark.parametrize(("is_complete", "code"), [(True, "zh"), (False, "ru")])
def test_only_a_finished_language_comes_unasked(
    accepted: str, is_complete: bool, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "zh", replace(LANGUAGES["zh"], is_complete=is_complete))
    assert choose(None, None, accepted, "en").code == code
    assert choose("zh", None, "ru", "en").code == "zh"
    assert choose(None, None, "", "zh").code == "zh"


@pytest.mark.parametrize(("code", "tag"), [("zh", "zh-Hans"), ("ko", "ko"), ("fa", "fa")])
def test_a_page_says_how_its_language_is_written(code: str, tag: str) -> None:
    # By this a browser knows a Chinese from a Japanese form of the same character.
    assert LANGUAGES[code].tag == tag


# What no person opens: files, sockets, answers for programs.
NO_PAGES = (
    "/static/",
    "/live",
    "/health",
    "/metrics",
    "/api/",
    "/banner",
    "/presence",
    "/bell",
    "/popup",
    "/board/",
    "/reminders",
    "/today/plan",
)
PAGES = sorted(
    route.path
    for route in ROUTES
    if route.method == "GET"
    and "{" not in route.path
    and not route.path.startswith(NO_PAGES)
    and not route.path.endswith((".csv", ".xlsx"))
)


@pytest.mark.thorough
@pytest.mark.parametrize("code", LANGUAGES)
async def test_every_page_is_shown_in_every_language(crm: Crm, code: str) -> None:
    await crm.database.write(builders.funnel)
    everything = await crm.database.write(
        functools.partial(builders.person, name="Vera", role=Role.HEAD, is_admin=True, language=code)
    )
    browser = await crm.browser(everything)
    for path in PAGES:
        answer = await browser.get(path)
        assert answer.status == 200, path
        assert f'<html lang="{LANGUAGES[code].tag}"' in await answer.text(), path
