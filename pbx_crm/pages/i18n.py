"""Languages: which there are, which one a reader gets, and their catalogues.

Catalogues are `.po` files, compiled in memory at first use: nothing built needs to lie in the tree,
and a translator sees a change at the next start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from pbx_crm.pages.web_files import TRANSLATIONS

DOMAIN = "messages"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages."""

    code: str
    name: str
    """In the language itself, as its readers look for it."""
    direction: str = "ltr"
    is_complete: bool = True
    """A draft is shown to those who choose it; what it does not say yet is shown in English."""
    script: str = ""
    """How it is written, where that is not plain: a browser draws the same Han character in several ways."""

    @property
    def tag(self) -> str:
        """What a page says it is written in: `zh-Hans`."""
        return f"{self.code}-{self.script}" if self.script else self.code


LANGUAGES = {
    language.code: language
    for language in (
        Language("en", "English"),
        Language("ru", "Русский"),
        Language("fa", "فارسی", direction="rtl"),
        Language("zh", "中文", script="Hans"),
        Language("ko", "한국어"),
    )
}
DEFAULT = LANGUAGES["en"]


@lru_cache
def catalogue(code: str) -> NullTranslations:
    """The translations of a language; English is what the program itself is written in."""
    path = TRANSLATIONS / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if code == DEFAULT.code or not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return Translations(compiled, DOMAIN)


def choose(wanted: str | None, cookie: str | None, accepted: str, default: str) -> Language:
    """The person's own choice, else the one at log-in, else the best of `Accept-Language`, else `default`.

    A browser's list never leads to a draft: half of an unasked page would be in a third language.
    """
    for code in (wanted, cookie):
        if code in LANGUAGES:
            return LANGUAGES[code]
    for code in _by_preference(accepted):
        if code in LANGUAGES and LANGUAGES[code].is_complete:
            return LANGUAGES[code]
    return LANGUAGES.get(default, DEFAULT)


def _by_preference(accepted: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for entry in accepted.split(","):
        tag, _, parameter = entry.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        weighed.append((-weight, tag.split("-")[0].lower()))
    return [code for weight, code in sorted(weighed, key=lambda pair: pair[0]) if weight < 0]
