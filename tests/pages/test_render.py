"""A big page is drawn in turns: calls and other readers come in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.pages import render
from tests import builders
from tests.site import Crm

CARDS = 30
"""As many as a column shows at first."""


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's turn is over with every piece of it."""
    monkeypatch.setattr(render, "TURN_SECONDS", -1.0)


class Neighbour:
    """Somebody else's work in the same loop, which counts how often it came to its turn."""

    def __init__(self) -> None:
        self.turns = 0
        self._work = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)

    def stop(self) -> None:
        """No further turns."""
        self._work.cancel()


async def _pieces(text: str) -> tuple[str, int]:
    neighbour = Neighbour()
    drawn = await render.joined(iter(text))
    neighbour.stop()
    return drawn, neighbour.turns


async def test_others_come_to_their_turn_while_a_big_page_is_drawn(hurried: None) -> None:
    drawn, turns = await _pieces("board")

    assert drawn == "board"
    assert turns == len("board")


async def test_a_page_that_is_drawn_within_its_turn_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "TURN_SECONDS", 60.0)

    assert await _pieces("card") == ("card", 0)


async def test_a_fault_in_the_middle_of_a_page_is_not_swallowed(hurried: None) -> None:
    def broken() -> Iterator[str]:
        yield "half a page"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await render.joined(broken())


async def test_no_piece_of_a_board_is_longer_than_a_card(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(tx: Transaction) -> None:
        funnel = builders.funnel(tx)
        for _ in range(CARDS):
            builders.deal(tx, funnel, crm.cast.anna)

    await crm.database.write(write)
    browser, seen = await crm.browser(crm.cast.anna), list[str]()
    drawn = render.joined

    async def watched(pieces: Iterator[str]) -> str:
        seen.extend(pieces)
        return await drawn(iter(seen))

    monkeypatch.setattr(render, "joined", watched)
    answer = await browser.get("/board")

    assert (await answer.text()).count('id="card-') == CARDS
    assert max(piece.count('id="card-') for piece in seen) == 1
