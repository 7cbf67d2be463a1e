"""The menu beside the settings: what belongs together stands together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pbx_crm.domain.sentence import N_
from pbx_crm.pages.frame import Frame


class For(Enum):
    """Whom a page of the settings is for."""

    BOTH = auto()
    HEAD = auto()
    ADMIN = auto()


@dataclass(frozen=True, slots=True)
class Group:
    """A few pages under one heading: address, name, for whom."""

    name: str
    pages: tuple[tuple[str, str, For], ...]


GROUPS = (
    Group(
        N_("Company"),
        (
            ("/settings/first-steps", N_("First steps"), For.BOTH),
            ("/settings/people", N_("People"), For.BOTH),
            ("/settings/extensions", N_("Extensions"), For.BOTH),
            ("/settings/house", N_("What sellers see"), For.HEAD),
            ("/settings/security", N_("Security"), For.BOTH),
            ("/settings/files", N_("Files"), For.HEAD),
        ),
    ),
    Group(
        N_("Calls"),
        (
            ("/settings/lines", N_("Lines"), For.BOTH),
            ("/settings/calendars", N_("Calendars"), For.BOTH),
            ("/settings/voice", N_("Voice messages"), For.HEAD),
            ("/settings/ledger", N_("Ledger"), For.BOTH),
            ("/settings/doctor", N_("Doctor"), For.ADMIN),
        ),
    ),
    Group(
        N_("Sales"),
        (
            ("/settings/funnels", N_("Funnels"), For.HEAD),
            ("/settings/triggers", N_("Triggers"), For.HEAD),
            ("/settings/robots", N_("Robots"), For.HEAD),
            ("/settings/plans", N_("Plans"), For.HEAD),
            ("/settings/costs", N_("Costs"), For.HEAD),
            ("/settings/walls", N_("Wallboards"), For.HEAD),
        ),
    ),
    Group(
        N_("Clients"),
        (
            ("/settings/site-forms", N_("Site forms"), For.HEAD),
            ("/settings/imports", N_("Import"), For.HEAD),
        ),
    ),
)


def settings_menu(frame: Frame) -> list[tuple[str, list[tuple[str, str]]]]:
    """Headings with their pages, address and name, as far as this viewer may open them."""
    open_to = {For.BOTH: True, For.HEAD: frame.leads, For.ADMIN: frame.is_admin}
    found = [
        (group.name, [(url, name) for url, name, whom in group.pages if open_to[whom]]) for group in GROUPS
    ]
    return [(name, pages) for name, pages in found if pages]
