"""The settings of funnels: drawn as the company sells, while history keeps what it says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from pbx_crm.db import deals, funnels, lines, stage_moves, stage_totals
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import audit
from pbx_crm.domain.deal import Deal, MoveRequest, StageMove
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.line import Line
from pbx_crm.pages.funnels import KIND_NAMES
from tests import builders
from tests.builders import EVERYTHING
from tests.site import Browser, Crm


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    """The company's one funnel, Telephony."""
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def head(crm: Crm, funnel: Funnel) -> Browser:
    """The head's browser."""
    return await crm.browser(crm.cast.olga)


async def stored(crm: Crm, funnel_id: int) -> Funnel:
    """The funnel as it stands now."""
    return await crm.database.read(funnels.load, funnel_id)


async def names(crm: Crm, funnel_id: int) -> list[str]:
    """Its stages in use, in board order."""
    return [stage.name for stage in (await stored(crm, funnel_id)).stages if not stage.is_retired]


async def acts(crm: Crm) -> list[str]:
    """What the audit says was done."""
    rows = await crm.database.read(lambda tx: tx.execute(audit.select().order_by(audit.c.id)).all())
    return [row.act for row in rows]


async def deal_in(crm: Crm, funnel: Funnel, stage: int, amount: int = 100) -> int:
    """Anna's deal in the funnel's n-th stage."""

    def make(tx: Transaction) -> int:
        contact_id = builders.contact(tx, "Vector")
        return builders.deal(tx, funnel, crm.cast.anna, stage=stage, amount=amount, contact_id=contact_id)

    return await crm.database.write(make)


async def read_deal(crm: Crm, deal_id: int) -> Deal:
    return await crm.database.read(deals.get, deal_id, EVERYTHING)


def stage_named(funnel: Funnel, name: str) -> Stage:
    return next(stage for stage in funnel.stages if stage.name == name)


@pytest.mark.parametrize(
    ("body", "stages"),
    [
        ("telephony", ["Unsorted", "New", "Presentation", "Commercial offer", "Purchase", "Lost"]),
        ("aida", ["Unsorted", "Attention", "Interest", "Desire", "Action", "Lost"]),
        ("empty", ["Unsorted", "Won", "Lost"]),
    ],
)
async def test_a_funnel_is_made_of_a_preset(crm: Crm, head: Browser, body: str, stages: list[str]) -> None:
    answer = await head.post("/settings/funnels", data={"body": body, "name": "Fairs", "currency": "usd"})
    assert answer.status == 200
    made = (await crm.database.read(funnels.in_use))[-1]
    assert (made.name, made.currency, await names(crm, made.id)) == ("Fairs", "USD", stages)
    assert (await stored(crm, made.id)).loss_reasons
    assert await acts(crm) == ["funnel made"]


async def test_a_preset_speaks_the_language_of_who_makes_it(crm: Crm, funnel: Funnel) -> None:
    await crm.services.accounts.change_own(crm.cast.olga, {"language": "ru"})
    browser = await crm.browser(crm.cast.olga)
    await browser.post("/settings/funnels", data={"body": "b2b", "currency": "RUB"})
    made = (await crm.database.read(funnels.in_use))[-1]
    assert made.unsorted.name == "Неразобранное"


async def test_a_copy_has_the_body_and_is_free_of_the_original(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    offer = stage_named(funnel, "Commercial offer")
    form = {"name": "Offer", "hue": "5", "probability": "60", "idle_hours": "24", "what_to_do": "Call"}
    await head.post(f"/settings/stages/{offer.id}", data=form)
    await head.post("/settings/funnels", data={"body": f"funnel-{funnel.id}", "name": "Radio"})
    copy = (await crm.database.read(funnels.in_use))[-1]
    twin = stage_named(await stored(crm, copy.id), "Offer")
    assert (twin.hue, twin.probability, twin.idle_hours, twin.what_to_do) == (5, 60, 24, "Call")
    assert len((await stored(crm, copy.id)).loss_reasons) == len(funnel.loss_reasons)
    await head.post(f"/settings/stages/{twin.id}", data={**form, "name": "Other"})
    assert stage_named(await stored(crm, funnel.id), "Offer").id == offer.id


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"body": "telephony", "name": "x" * 101, "currency": "EUR"}, "A name is 1 to 100 characters."),
        ({"body": "telephony", "name": "", "currency": "EUR"}, "This name is taken"),
        ({"body": "telephony", "name": "Fairs", "currency": "EURO"}, "Three capital letters"),
        ({"body": "funnel-1", "name": ""}, "A copy wants a name of its own."),
        ({"body": "funnel-77", "name": "Fairs"}, "This is none of the choices."),
    ],
)
async def test_a_slip_makes_no_funnel(crm: Crm, head: Browser, form: dict[str, str], reason: str) -> None:
    answer = await head.post("/settings/funnels", data=form)
    assert answer.status == 422
    assert reason in await answer.text()
    assert len(await crm.database.read(funnels.in_use)) == 1


async def test_a_funnel_gets_another_name(crm: Crm, head: Browser, funnel: Funnel) -> None:
    await head.post(f"/settings/funnels/{funnel.id}", data={"name": "Радио"})
    assert (await stored(crm, funnel.id)).name == "Радио"
    answer = await head.post(f"/settings/funnels/{funnel.id}", data={"name": ""})
    assert answer.status == 422
    assert "A name is 1 to 100 characters." in await answer.text()


async def test_a_new_stage_stands_behind_its_kind_and_may_be_shifted(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    form = {"stage": "Test drive", "kind": "open", "probability": "70"}
    await head.post(f"/settings/funnels/{funnel.id}/stages", data=form)
    assert await names(crm, funnel.id) == [
        *("Unsorted", "New", "Presentation", "Commercial offer", "Test drive", "Purchase", "Lost")
    ]
    made = stage_named(await stored(crm, funnel.id), "Test drive")
    await head.post(f"/settings/stages/{made.id}/shift", data={"by": "up"})
    assert (await names(crm, funnel.id))[3:5] == ["Test drive", "Commercial offer"]
    for _ in range(5):
        await head.post(f"/settings/stages/{made.id}/shift", data={"by": "up"})
    assert (await names(crm, funnel.id))[:2] == ["Unsorted", "Test drive"], "Unsorted stays first"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"stage": "", "kind": "open"}, "A name is 1 to 100 characters."),
        ({"stage": "New", "kind": "open"}, "This name is taken"),
        ({"stage": "Second", "kind": "unsorted"}, "A funnel has one Unsorted."),
        ({"stage": "Second", "kind": "maybe"}, "This is none of the choices."),
        ({"stage": "Second", "kind": "open", "probability": "101"}, "0 to 100 percent."),
    ],
)
async def test_a_slip_adds_no_stage_and_is_told(
    crm: Crm, head: Browser, funnel: Funnel, form: dict[str, str], reason: str
) -> None:
    answer = await head.post(f"/settings/funnels/{funnel.id}/stages", data=form)
    assert answer.status == 422
    assert reason in await answer.text()
    assert await names(crm, funnel.id) == [stage.name for stage in funnel.stages]


async def test_the_texts_of_a_stage_are_read_on_the_board(crm: Crm, head: Browser, funnel: Funnel) -> None:
    form = {
        "name": "New",
        "hue": "3",
        "probability": "٢٥",
        "reached_when": "The client asked for a price.",
        "what_to_do": "Offer a meeting.\nNo discount yet.",
    }
    await head.post(f"/settings/stages/{funnel.stages[1].id}", data=form)
    stage = (await stored(crm, funnel.id)).stages[1]
    assert (stage.hue, stage.probability) == (3, 25), "any script's digits"
    anna = await crm.browser(crm.cast.anna)
    board = await (await anna.get("/board")).text()
    assert "The client asked for a price." in board
    assert "No discount yet." in board


async def test_a_slip_in_a_stage_leaves_what_was_typed(crm: Crm, head: Browser, funnel: Funnel) -> None:
    form = {"name": "New", "hue": "9", "probability": "10", "what_to_do": "Typed for ten minutes"}
    answer = await head.post(f"/settings/stages/{funnel.stages[1].id}", data=form)
    assert answer.status == 422
    assert "Typed for ten minutes" in await answer.text()
    assert (await stored(crm, funnel.id)).stages[1] == funnel.stages[1]


async def test_cards_of_a_retired_stage_move_with_who_and_why(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    deal_id = await deal_in(crm, funnel, 2)
    await deal_in(crm, funnel, 3, amount=50)
    left, target = funnel.stages[2], funnel.stages[3]
    form = {"to_stage_id": str(target.id), "reason": "Nobody presents any more"}
    answer = await head.post(f"/settings/stages/{left.id}/retire", data=form)
    assert answer.status == 200
    assert "Presentation" not in await names(crm, funnel.id)
    deal = await read_deal(crm, deal_id)
    assert (deal.stage_id, deal.version) == (target.id, 2)
    moves: list[StageMove] = await crm.database.read(stage_moves.of_deal, deal_id)
    assert (moves[0].from_stage_id, moves[0].to_stage_id) == (left.id, target.id)
    assert (moves[0].actor.person_id, moves[0].reason) == (crm.cast.olga.id, "Nobody presents any more")
    assert moves[1].to_stage_id == left.id, "the history still says where it was"
    totals = await crm.database.read(stage_totals.of_stages, [left.id, target.id], EVERYTHING)
    assert [(total.stage_id, total.deals, total.amount) for total in totals] == [(target.id, 2, Decimal(150))]
    page = await (await head.get(f"/deals/{deal_id}")).text()
    assert "Presentation" in page
    assert "Nobody presents any more" in page


async def test_a_lost_deal_stays_lost_when_and_why_it_was(crm: Crm, head: Browser, funnel: Funnel) -> None:
    await head.post(f"/settings/funnels/{funnel.id}/stages", data={"stage": "Refused", "kind": "lost"})
    deal_id = await deal_in(crm, funnel, 1)
    lost, refused = funnel.stages[-1], stage_named(await stored(crm, funnel.id), "Refused")
    wish = MoveRequest(lost.id, 1, "lost-1", loss_reason_id=funnel.loss_reasons[0].id)
    await crm.services.moves.move(crm.cast.anna, deal_id, wish)
    before = await read_deal(crm, deal_id)
    crm.clock.go_on(timedelta(hours=5))
    await head.post(f"/settings/stages/{lost.id}/retire", data={"to_stage_id": str(refused.id)})
    after = await read_deal(crm, deal_id)
    assert after.stage_id == refused.id
    assert (after.closed_at, after.loss_reason_id) == (before.closed_at, before.loss_reason_id)


@pytest.mark.parametrize("place", [0, 4, 5], ids=["unsorted", "won", "lost"])
async def test_what_a_funnel_needs_is_not_retired(
    crm: Crm, head: Browser, funnel: Funnel, place: int
) -> None:
    stage = funnel.stages[place]
    answer = await head.post(
        f"/settings/stages/{stage.id}/retire", data={"to_stage_id": str(funnel.stages[1].id)}
    )
    assert answer.status == 409
    assert await names(crm, funnel.id) == [one.name for one in funnel.stages]


async def test_open_cards_do_not_become_won_by_retiring_their_stage(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    deal_id = await deal_in(crm, funnel, 1)
    won = stage_named(funnel, "Purchase")
    answer = await head.post(
        f"/settings/stages/{funnel.stages[1].id}/retire", data={"to_stage_id": str(won.id)}
    )
    assert answer.status == 422
    assert "Choose where its cards go." in await answer.text()
    assert (await read_deal(crm, deal_id)).stage_id == funnel.stages[1].id


async def test_a_move_into_a_retired_stage_is_not_undone_back_into_it(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    deal_id = await deal_in(crm, funnel, 1)
    request = MoveRequest(funnel.stages[2].id, 1, "on-1")
    moved = await crm.services.moves.move(crm.cast.anna, deal_id, request)
    await head.post(
        f"/settings/stages/{funnel.stages[1].id}/retire", data={"to_stage_id": str(funnel.stages[0].id)}
    )
    assert moved.move is not None
    anna = await crm.browser(crm.cast.anna)
    answer = await anna.post(f"/deals/{deal_id}/undo", data={"move_id": str(moved.move.id)})
    assert answer.status == 409
    assert (await read_deal(crm, deal_id)).stage_id == funnel.stages[2].id


async def test_a_retired_stage_comes_back_to_its_place(crm: Crm, head: Browser, funnel: Funnel) -> None:
    stage = funnel.stages[2]
    await head.post(f"/settings/stages/{stage.id}/retire", data={"to_stage_id": str(funnel.stages[1].id)})
    assert "Bring back" in await (await head.get(f"/settings/funnels/{funnel.id}")).text()
    await head.post(f"/settings/stages/{stage.id}/restore")
    assert await names(crm, funnel.id) == [one.name for one in funnel.stages]
    assert await acts(crm) == ["stage retired", "stage restored"]


async def test_a_loss_reason_retires_and_stays_on_the_deals_it_explains(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    reason = funnel.loss_reasons[1]
    deal_id = await deal_in(crm, funnel, 1)
    wish = MoveRequest(funnel.stages[-1].id, 1, "lost-1", loss_reason_id=reason.id)
    await crm.services.moves.move(crm.cast.anna, deal_id, wish)
    await head.post(f"/settings/loss-reasons/{reason.id}", data={"act": "retire", "reason": reason.name})
    assert reason.name not in [one.name for one in (await stored(crm, funnel.id)).loss_reasons]
    assert reason.name in await (await head.get(f"/deals/{deal_id}")).text()
    await head.post(f"/settings/funnels/{funnel.id}/loss-reasons", data={"reason": reason.name})
    assert reason in (await stored(crm, funnel.id)).loss_reasons, "the same one is offered again"


async def test_loss_reasons_are_added_renamed_and_never_all_gone(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    await head.post(f"/settings/funnels/{funnel.id}/loss-reasons", data={"reason": "Moved away"})
    *others, added = (await stored(crm, funnel.id)).loss_reasons
    await head.post(f"/settings/loss-reasons/{added.id}", data={"reason": "Moved abroad"})
    assert (await stored(crm, funnel.id)).loss_reasons[-1].name == "Moved abroad"
    for reason in others:
        await head.post(f"/settings/loss-reasons/{reason.id}", data={"act": "retire"})
    answer = await head.post(f"/settings/loss-reasons/{added.id}", data={"act": "retire"})
    assert answer.status == 409
    assert "keep at least one" in await answer.text()
    answer = await head.post(f"/settings/loss-reasons/{added.id}", data={"reason": ""})
    assert answer.status == 422
    answer = await head.post(f"/settings/funnels/{funnel.id}/loss-reasons", data={"reason": "Moved abroad"})
    assert answer.status == 422


async def test_a_funnel_in_need_is_not_retired_and_says_by_whom(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    path = f"/settings/funnels/{funnel.id}/retire"
    await head.post("/settings/funnels", data={"body": "aida", "currency": "EUR"})
    line = Line(None, "office", "Radio", funnel_id=funnel.id)
    line_id = await crm.database.write(lines.add, line)
    deal_id = await deal_in(crm, funnel, 1)
    answer = await head.post(path)
    assert answer.status == 409
    assert "These lines lead here: Radio." in await answer.text()
    await crm.database.write(lines.drop, line_id)
    assert "Open deals here: 1." in await (await head.post(path)).text()
    wish = MoveRequest(funnel.stages[-1].id, 1, "lost-1", loss_reason_id=funnel.loss_reasons[0].id)
    await crm.services.moves.move(crm.cast.anna, deal_id, wish)
    assert (await head.post(path)).status == 200
    assert (await stored(crm, funnel.id)).is_retired
    assert (await head.get(f"/deals/{deal_id}")).status == 200, "its deals can still be read"
    other = (await crm.database.read(funnels.in_use))[0]
    answer = await head.post(f"/settings/funnels/{other.id}/retire")
    assert "It is the only funnel" in await answer.text()


async def test_nothing_is_opened_in_a_retired_funnel_until_it_is_back(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    await head.post("/settings/funnels", data={"body": "aida", "currency": "EUR"})
    deal_id = await deal_in(crm, funnel, 5)
    await head.post(f"/settings/funnels/{funnel.id}/retire")
    again = {"to_stage_id": str(funnel.stages[1].id), "version": "1", "reason": "They called"}
    assert (await head.post(f"/deals/{deal_id}/move", data=again)).status == 409
    assert (await head.post("/deals/new", data={"title": "x", "funnel_id": str(funnel.id)})).status == 422
    await head.post(f"/settings/funnels/{funnel.id}/restore")
    assert (await head.post(f"/deals/{deal_id}/move", data=again)).status == 200


async def test_boards_hear_that_their_funnel_changed(crm: Crm, head: Browser, funnel: Funnel) -> None:
    told: list[frozenset[str]] = []
    crm.services.live.subscribe(crm.cast.anna, told.append)
    await head.post(f"/settings/funnels/{funnel.id}/stages", data={"stage": "Test drive", "kind": "open"})
    assert frozenset({f"funnel-{funnel.id}"}) in told


@pytest.mark.parametrize("path", ["/settings/funnels/77", "/settings/stages/77", "/settings/funnels/x"])
async def test_what_does_not_exist_is_not_found(head: Browser, path: str) -> None:
    assert (await head.get(path)).status == 404
    assert (await head.post(path, data={"name": "New", "hue": "1"})).status == 404


async def test_only_the_head_is_led_to_funnels(crm: Crm, head: Browser) -> None:
    assert "/settings/funnels" in await (await head.get("/settings/people")).text()
    peter = await crm.browser(crm.cast.peter)
    assert "/settings/funnels" not in await (await peter.get("/settings/people")).text()


def test_a_kind_of_stage_has_its_words() -> None:
    assert set(KIND_NAMES) == set(StageKind)
