"""Where on a board a request comes from: which board, and how far each column is unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from pbx_crm.domain.board import CARDS_AT_FIRST, BoardView, Order, Period, shown_from
from pbx_crm.domain.task import Urgency
from pbx_crm.pages.forms import Choice
from pbx_crm.services.deals import LONGEST_SOURCE


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """A board on somebody's screen."""

    view: BoardView
    shown: Mapping[int, int] = field(default_factory=dict)

    def columns(self, *stage_ids: int) -> dict[int, int]:
        """How many cards each of these columns shows there."""
        return {stage_id: self.shown.get(stage_id, CARDS_AT_FIRST) for stage_id in stage_ids}


def view_from(query: Mapping[str, str]) -> BoardView:
    """The board that a query string names; what it does not understand it leaves out."""
    return BoardView(
        funnel_id=number_in(query.get("funnel")),
        owner_id=number_in(query.get("owner")),
        source=query.get("source", "")[:LONGEST_SOURCE],
        step=_choice(query, "step", Urgency),
        period=_choice(query, "period", Period),
        order=_choice(query, "order", Order) or Order.NEWEST,
    )


def _choice(query: Mapping[str, str], name: str, choices: type[Choice]) -> Choice | None:
    try:
        return choices(query.get(name, ""))
    except ValueError:
        return None


def query_of(view: BoardView) -> str:
    """The query string of a board, for addresses that lead back to it; empty for the usual one."""
    values = {
        "funnel": view.funnel_id,
        "owner": view.owner_id,
        "source": view.source or None,
        "step": view.step,
        "period": view.period,
        "order": None if view.order is Order.NEWEST else view.order,
    }
    return urlencode({name: str(value) for name, value in values.items() if value is not None})


def place_from(board: str, shown: str) -> BoardPlace | None:
    """The place that a page names by its own query string (with `?`) and `3:30 4:60`; None off a board."""
    if not board.startswith("?"):
        return None
    first = {name: values[0] for name, values in parse_qs(board[1:]).items()}
    pairs = (entry.partition(":") for entry in shown.split())
    known = {
        stage_id: shown_from(number)
        for stage, _, count in pairs
        if (stage_id := number_in(stage)) is not None and (number := number_in(count)) is not None
    }
    return BoardPlace(view_from(first), known)


def number_in(text: str | None) -> int | None:
    """The id in a query string; None for anything that is none."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
