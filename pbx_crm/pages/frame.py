"""The frame around every page: where one can go, who one is, what one may start from anywhere."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.seller_place import SellerPlace
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.i18n import LANGUAGES, Language
from pbx_crm.services.accounts import LoggedIn

THEMES = (("system", N_("As the system")), ("light", N_("Light")), ("dark", N_("Dark")))


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the menu."""

    url: str
    name: str
    icon: str
    is_current: bool
    key: str = ""
    """The letter after `G` that leads there."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame shows this viewer; a page before log-in has none of it."""

    places: tuple[Place, ...]
    name: str
    theme: str
    language: Language
    languages: tuple[Language, ...]
    themes: tuple[tuple[str, str], ...]
    person_id: int | None
    is_known: bool
    letter_keys: bool
    board_ltr: bool
    works_with_clients: bool
    leads: bool
    """Whether this is a head of sales."""
    is_admin: bool
    seen_by: str
    """The head who looks through these eyes; empty where people see for themselves."""


def frame_for(here: LoggedIn | None, path: str, language: Language) -> Frame:
    """The frame of this viewer at this path; it leads nowhere while a second factor is wanted first."""
    viewer = here.person if here else None
    works = viewer is not None and _works_with_clients(viewer)
    is_let_in = here is not None and not here.must_enrol
    return Frame(
        places=_places(here.person, path, here.places) if here and is_let_in else (),
        name=viewer.name if viewer else "",
        theme=viewer.theme if viewer else "system",
        language=language,
        languages=tuple(LANGUAGES.values()),
        themes=THEMES,
        person_id=viewer.id if viewer else None,
        is_known=viewer is not None,
        letter_keys=viewer is None or viewer.letter_keys,
        board_ltr=viewer is not None and viewer.board_ltr,
        works_with_clients=works and is_let_in,
        is_admin=viewer is not None and viewer.is_admin,
        seen_by=here.seen_by.name if here and here.seen_by else "",
        leads=viewer is not None and viewer.role is Role.HEAD,
    )


def _works_with_clients(viewer: Person) -> bool:
    return viewer.role in (Role.SELLER, Role.HEAD)


def _places(viewer: Person, path: str, further: Container[SellerPlace]) -> tuple[Place, ...]:
    found: list[tuple[str, str, str, str]] = []
    if _works_with_clients(viewer):
        found.append(("/board", N_("Board"), "kanban", "B"))
        found.append(("/today", N_("Today"), "list-checks", "T"))
        found.append(("/calls", N_("Calls"), "phone", "C"))
    if _works_with_clients(viewer) and SellerPlace.CONTACTS in further:
        found.append(("/contacts", N_("Contacts"), "users", "O"))
    if _works_with_clients(viewer) and SellerPlace.REPORTS in further:
        found.append(("/reports", N_("Reports"), "chart-column", "R"))
    if viewer.is_admin or viewer.role is Role.HEAD:
        found.append(("/settings", N_("Settings"), "settings", ""))
    return tuple(Place(url, name, icon, path.startswith(url), key) for url, name, icon, key in found)
