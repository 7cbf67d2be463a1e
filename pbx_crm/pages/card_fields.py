"""What the form of a deal's plain fields holds: the stored values, or what came back with what was typed."""

from __future__ import annotations

from collections.abc import Mapping

from pbx_crm.domain.deal_card import DealCard
from pbx_crm.domain.deal_edit import FIELD_NAMES
from pbx_crm.pages.typed_day import iso_of
from pbx_crm.services.deal_edits import texts_of

SEEN = "seen_"
"""Before a field's name: what the form showed before anybody typed into it."""


def fields_shown(card: DealCard, typed: Mapping[str, str], *, is_clash: bool) -> dict[str, str]:
    """Values by the names of the form's inputs, the hidden ones too.

    After a clash the writer has what they typed, what others made of the rest, and the deal's version of
    now: saving once more is a decision and no accident.
    """
    stored = texts_of(card.deal, card.client_name, card.company, card.tags)
    version = str(card.deal.version)
    if not typed:
        return {**stored, **_seen(stored), "version": version}
    if not is_clash:
        return {**stored, **_seen(stored), "version": version, **typed}
    mine = {name: typed[name] for name in FIELD_NAMES if name in typed and _is_typed(name, typed)}
    return {**stored, **mine, **_seen(stored), "version": version}


def seen_in(typed: Mapping[str, str]) -> dict[str, str] | None:
    """What the form showed at first; None from a form that does not say."""
    found = {name: typed[SEEN + name].strip() for name in FIELD_NAMES if SEEN + name in typed}
    return found or None


def _is_typed(name: str, typed: Mapping[str, str]) -> bool:
    text = iso_of(typed[name]) if name == "expected_close" else typed[name]
    return text.strip() != typed.get(SEEN + name, "").strip()


def _seen(stored: Mapping[str, str]) -> dict[str, str]:
    return {SEEN + name: text for name, text in stored.items()}
