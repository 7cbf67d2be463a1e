"""Gates at work: whatever moves a card meets them, on both databases; what puts things back does not."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pbx_crm.db import deal_notes, deals, triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import audit as audit_rows
from pbx_crm.db.tables import deal_events
from pbx_crm.db.tables import deal_notes as note_rows
from pbx_crm.db.tables import deals as deal_rows
from pbx_crm.db.tables import tasks as task_rows
from pbx_crm.domain.board import BoardView
from pbx_crm.domain.bulk import BulkKind, BulkWish, Stayed
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.deal import Deal, DealChanged, MoveRequest
from pbx_crm.domain.deal_card import Entry
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.gate import gate_of
from pbx_crm.domain.gate_answer import GateAnswer
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.passage import GateClosed
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone_code import CodeAnswer
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Trigger
from pbx_crm.services.boards import Boards
from pbx_crm.services.bulk_deals import BulkDeals
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.funnel_settings import FunnelSettings, NewFunnel
from pbx_crm.services.gate_answers import GateAnswers
from pbx_crm.services.ground import Ground
from pbx_crm.services.listings import Listings
from pbx_crm.services.moves import Moved, Moves
from pbx_crm.services.phone_codes import PhoneCodes
from pbx_crm.services.stage_settings import StageSettings
from pbx_crm.services.tasks import Tasks
from tests.builders import EVERYTHING, NOW
from tests.company import PBX, Company, later
from tests.services.test_deals import counted
from tests.stories import Story
from tests.turned_clock import TurnedClock

CLIENT, OTHER = "+79161234567", "+79161234568"
INSTALLATION = Installation("RU", "en", "UTC", "EUR")
UNSORTED, NEW, PRESENTATION, OFFER, WON, LOST = range(6)


class Gatehouse:
    """A company whose head sets gates, and Anna who moves her cards past them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.company = Company(database)
        self.clock = TurnedClock(NOW + timedelta(hours=1))
        live, funnel = self.company.live, self.company.funnel
        ground = Ground(database, live, self.clock, INSTALLATION, {})
        self.anna, self.olga, self.funnel = self.company.anna, self.company.olga, funnel
        self.moves = Moves(database, live, self.clock)
        self.answers = GateAnswers(ground)
        self.tasks = Tasks(database, live, self.clock)
        self.stages = StageSettings(database, live, self.clock)
        self.funnels = FunnelSettings(database, live, self.clock)
        self.bulk = BulkDeals(database, live, self.clock)
        self.codes = PhoneCodes(database, live, self.clock, "UTC")
        self.cards = DealCards(database, self.clock)

    def stage(self, number: int) -> int:
        """The id of the funnel's n-th stage."""
        return self.funnel.stages[number].id

    async def gate(self, number: int, needs: str, *, binding: bool = False) -> None:
        """The head puts a gate before the n-th stage: `call:60 note`."""
        await self.stages.set_gate(self.olga, self.stage(number), gate_of(needs.split(), is_binding=binding))

    async def card(self, stage: int = NEW, *, number: str = CLIENT, **more: Any) -> int:
        """Anna's card, made an hour ago."""
        client = await self.company.client("Vector", number)
        return await self.company.deal(self.anna, client, stage=stage, **more)

    async def stored(self, deal_id: int) -> Deal:
        """The card as it is."""
        return await self.database.read(deals.get, deal_id, EVERYTHING)

    async def lies_in(self, deal_id: int) -> int:
        """The number of its stage."""
        here = (await self.stored(deal_id)).stage_id
        return next(number for number, stage in enumerate(self.funnel.stages) if stage.id == here)

    async def move(
        self, deal_id: int, stage: int, key: str = "", who: Person | None = None, **more: Any
    ) -> Moved:
        """Anna, if not said, moves it into the n-th stage."""
        version = (await self.stored(deal_id)).version
        more.setdefault("loss_reason_id", self.funnel.loss_reasons[0].id if stage == LOST else None)
        request = MoveRequest(self.stage(stage), version, key or f"{deal_id}-{version}", **more)
        return await self.moves.move(who or self.anna, deal_id, request)

    async def missing(self, deal_id: int, stage: int, **more: Any) -> list[tuple[str, str]]:
        """What keeps it from there: (stage, need)."""
        with pytest.raises(GateClosed) as closed:
            await self.move(deal_id, stage, **more)
        return [(one.stage.name, one.need.key) for one in closed.value.missing]

    async def answer(self, deal_id: int, who: Person | None = None, **given: Any) -> int:
        """Anna, if not said, puts this down at a gate."""
        request = given.pop("request", None) or MoveRequest(
            self.stage(OFFER), (await self.stored(deal_id)).version, "at the gate"
        )
        return await self.answers.give(who or self.anna, deal_id, request, GateAnswer(**given), UTC)

    async def talk(self, minutes: float, seconds: float = 90) -> None:
        """Anna calls the client so long after the card was made."""
        story = Story.outgoing(CLIENT, "101", at=later(minutes=minutes)).answers("101")
        await self.company.play(story.ends(after=seconds))

    async def last(self, deal_id: int) -> Entry:
        """The newest move on the card's timeline."""
        card = await self.cards.show(self.olga, deal_id, UTC)
        return next(entry for entry in card.entries if entry.to_stage)


@pytest.fixture
def house(database: Database) -> Gatehouse:
    return Gatehouse(database)


async def test_a_fresh_funnel_asks_nobody_for_anything(house: Gatehouse) -> None:
    assert [stage.gate for stage in house.funnel.stages] == [None] * 6
    deal_id = await house.card(UNSORTED)
    moved = await house.move(deal_id, OFFER)
    assert moved.move is not None
    assert set(moved.move.evidence) == {"before"}


async def test_a_gate_keeps_a_card_until_somebody_has_really_talked(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    deal_id = await house.card()
    assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "call:60")]
    await house.talk(5, seconds=40)
    assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "call:60")]
    await house.talk(20)
    await house.move(deal_id, PRESENTATION)
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_the_timeline_tells_what_confirmed_a_move(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60 field:amount")
    deal_id = await house.card(amount=100)
    await house.talk(5, seconds=183)
    await house.move(deal_id, PRESENTATION)
    entry = await house.last(deal_id)
    assert entry.passage is not None
    assert [(one.need.key, one.seconds) for one in entry.passage.found] == [
        ("field:amount", 0),
        ("call:60", 183),
    ]
    assert (entry.who, entry.passage.missing) == ("Anna", ())


async def test_a_talk_in_the_stage_before_does_not_count_again(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    await house.gate(OFFER, "call:60")
    deal_id = await house.card()
    await house.talk(5)
    await house.move(deal_id, PRESENTATION)
    assert await house.missing(deal_id, OFFER) == [("Commercial offer", "call:60")]


async def test_every_gate_that_is_skipped_says_what_it_lacks(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note")
    await house.gate(OFFER, "document field:amount")
    await house.gate(WON, "task:payment")
    deal_id = await house.card()
    assert await house.missing(deal_id, WON, amount=Decimal(5)) == [
        ("Presentation", "note"),
        ("Commercial offer", "document"),
        ("Purchase", "task:payment"),
    ]


async def test_a_reason_stands_for_what_is_missing_and_is_kept(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note")
    deal_id = await house.card()
    await house.move(deal_id, PRESENTATION, skip_reason=" They came by themselves ")
    passage = (await house.last(deal_id)).passage
    assert passage is not None
    assert passage.skipped == "They came by themselves"
    assert [(stage, need.key) for stage, need in passage.missing] == [("Presentation", "note")]


async def test_no_reason_helps_against_a_binding_gate(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    deal_id = await house.card()
    for who in (house.anna, house.olga):
        missing = await house.missing(deal_id, PRESENTATION, who=who, skip_reason="I am in a hurry")
        assert missing == [("Presentation", "note")]
    assert await house.lies_in(deal_id) == NEW


async def test_far_too_long_a_reason_is_none(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note")
    with pytest.raises(BadInput):
        await house.move(await house.card(), PRESENTATION, skip_reason="x" * 1001)
    await house.move(await house.card(number=OTHER), PRESENTATION, skip_reason="x" * 1000)


async def test_nobody_gets_further_by_way_of_lost(house: Gatehouse) -> None:
    await house.gate(OFFER, "note", binding=True)
    deal_id = await house.card(PRESENTATION)
    await house.move(deal_id, LOST)
    assert await house.missing(deal_id, OFFER, reason="They called again") == [("Commercial offer", "note")]
    await house.move(deal_id, PRESENTATION, reason="They called again")
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_nobody_gets_further_by_way_of_another_funnel(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    deal_id = await house.card()
    there = await house.company.second_funnel()
    away = MoveRequest(there.stages[3].id, 1, "away")
    await house.moves.change_funnel(house.anna, deal_id, away)
    with pytest.raises(GateClosed) as closed:
        await house.moves.change_funnel(house.anna, deal_id, MoveRequest(house.stage(OFFER), 2, "and back"))
    assert [one.stage.name for one in closed.value.missing] == ["Presentation"]
    await house.moves.change_funnel(house.anna, deal_id, MoveRequest(house.stage(NEW), 2, "only so far"))


async def test_back_and_lost_ask_for_nothing(house: Gatehouse) -> None:
    for number in (NEW, PRESENTATION, OFFER):
        await house.gate(number, "note", binding=True)
    deal_id = await house.card(OFFER)
    await house.move(deal_id, NEW, reason="the wrong client")
    await house.move(deal_id, LOST)
    assert await house.lies_in(deal_id) == LOST


async def test_what_is_put_back_meets_no_gate(house: Gatehouse) -> None:
    deal_id = await house.card(OFFER)
    back = await house.move(deal_id, NEW, reason="a slip")
    await house.gate(OFFER, "note", binding=True)
    assert back.move is not None
    await house.moves.undo(house.anna, deal_id, back.move.id, "undo")
    assert await house.lies_in(deal_id) == OFFER


async def test_a_move_taken_back_leaves_the_talk_to_count(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60", binding=True)
    deal_id = await house.card()
    await house.talk(5)
    moved = await house.move(deal_id, PRESENTATION)
    assert moved.move is not None
    await house.moves.undo(house.anna, deal_id, moved.move.id, "undo")
    await house.move(deal_id, PRESENTATION, key="again")
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_cards_of_a_retired_stage_go_on_past_any_gate(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    deal_id = await house.card()
    await house.stages.retire(house.olga, house.stage(NEW), house.stage(PRESENTATION), "too many")
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_the_amount_that_a_sale_asks_for_is_there_for_its_gate(house: Gatehouse) -> None:
    await house.gate(WON, "field:amount", binding=True)
    deal_id = await house.card(OFFER)
    await house.move(deal_id, WON, amount=Decimal(700))
    assert await house.lies_in(deal_id) == WON


async def test_what_is_put_down_at_a_gate_opens_it(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "field:amount field:expected_close field:company field:client_name")
    await house.gate(OFFER, "document note task:offer")
    deal_id = await house.card()
    due = later(days=1)
    await house.tasks.add_to_deal(house.anna, deal_id, TaskKind.OFFER, due)
    (task,) = await house.company.rows(task_rows)
    assert len(await house.missing(deal_id, OFFER)) == 6, "the client's name is known"
    await house.answer(
        deal_id,
        texts={"company": "Vector Ltd"},
        amount=Decimal(48_000),
        expected_close=due.date(),
        note="Met at the fair",
        link="https://docs.example/offer.pdf",
        task_ids=(task["id"],),
    )
    await house.move(deal_id, OFFER)
    deal = await house.stored(deal_id)
    assert (deal.amount, deal.expected_close, deal.stage_id) == (
        Decimal(48_000),
        due.date(),
        house.stage(OFFER),
    )
    assert [row["done_at"] for row in await house.company.rows(task_rows)] == [house.clock()]


async def test_something_done_without_a_plan_is_a_finished_task(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "task:meeting")
    deal_id = await house.card()
    await house.answer(deal_id, did=(TaskKind.MEETING,))
    await house.move(deal_id, PRESENTATION)
    (task,) = await house.company.rows(task_rows)
    assert (task["kind"], task["owner_id"], task["done_at"]) == (
        TaskKind.MEETING,
        house.anna.id,
        house.clock(),
    )


async def test_an_answer_with_a_wrong_value_writes_nothing(house: Gatehouse) -> None:
    deal_id = await house.card()
    wrong: Any
    for wrong in ({"link": "offer.pdf"}, {"note": "x" * 5001}, {"texts": {"company": "x" * 201}}):
        with pytest.raises(BadInput):
            await house.answer(deal_id, **{"amount": Decimal(5), "note": "well", **wrong})
    assert (await house.stored(deal_id)).amount == 0
    assert await house.company.rows(note_rows) == []


async def test_nobody_answers_for_anothers_card_nor_with_anothers_task(house: Gatehouse) -> None:
    deal_id, other_id = await house.card(), await house.card(number=OTHER)
    with pytest.raises(NotFound):
        await house.answer(deal_id, who=house.company.boris, note="mine now")
    await house.tasks.add_to_deal(house.anna, other_id, TaskKind.OFFER, later(days=1))
    (task,) = await house.company.rows(task_rows)
    with pytest.raises(NotFound):
        await house.answer(deal_id, note="and the task", task_ids=(task["id"],))
    assert await house.company.rows(note_rows) == []
    assert (await house.company.one(task_rows))["done_at"] is None


async def test_whoever_answers_for_an_older_card_is_told(house: Gatehouse) -> None:
    deal_id = await house.card()
    seen = MoveRequest(house.stage(OFFER), 1, "late")
    await house.move(deal_id, PRESENTATION, who=house.olga)
    with pytest.raises(DealChanged):
        await house.answer(deal_id, request=seen, note="I did not know")


async def test_an_answer_sent_twice_is_written_once(house: Gatehouse) -> None:
    deal_id = await house.card()
    request = MoveRequest(house.stage(OFFER), 1, "twice")
    await house.answer(deal_id, request=request, note="once")
    await house.moves.move(house.anna, deal_id, request)
    version = await house.answer(deal_id, request=request, note="once")
    again = await house.moves.move(house.anna, deal_id, request)
    assert again.deal.version == version
    assert len(await house.company.rows(note_rows)) == 1


@pytest.mark.parametrize(("text", "is_document"), [("see HTTPS://x.example/a", True), ("a file", False)])
async def test_a_note_with_a_link_is_a_document(house: Gatehouse, text: str, is_document: bool) -> None:
    await house.gate(PRESENTATION, "document")
    deal_id = await house.card()
    await house.database.write(deal_notes.add, deal_id, house.anna.id, text, later(minutes=1))
    if is_document:
        await house.move(deal_id, PRESENTATION)
    else:
        assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "document")]


async def test_the_call_that_made_a_card_counts_in_the_stage_it_made_it_in(house: Gatehouse) -> None:
    await house.gate(NEW, "call:60")
    await house.company.play(Story.incoming(CLIENT).rings("101").answers("101").ends(after=120))
    (deal,) = await house.company.rows(deal_rows)
    await house.move(deal["id"], NEW)
    assert await house.lies_in(deal["id"]) == NEW


async def test_a_seller_moves_a_card_while_they_talk(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    deal_id = await house.card()
    house.clock.now = later(minutes=5, seconds=30)
    await house.company.play(Story.outgoing(CLIENT, "101", at=later(minutes=5)).answers("101"))
    assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "call:60")]
    house.clock.go_on(timedelta(minutes=2))
    await house.move(deal_id, PRESENTATION)
    assert await house.lies_in(deal_id) == PRESENTATION


async def rule(house: Gatehouse, to: int) -> None:
    """Every talk takes a card there."""
    made = Trigger(None, house.funnel.id, "Talked", outcome=Outcome.ANSWERED, to_stage_id=house.stage(to))
    await house.database.write(triggers.add, made)


async def test_a_trigger_passes_a_gate_that_prompts_and_says_what_was_missing(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60 note")
    await rule(house, PRESENTATION)
    deal_id = await house.card()
    await house.talk(5)
    assert await house.lies_in(deal_id) == PRESENTATION
    entry = await house.last(deal_id)
    assert (entry.trigger, entry.passage is not None) == ("Talked", True)
    assert entry.passage is not None
    assert [need.key for _, need in entry.passage.missing] == ["note"]
    assert [found.need.key for found in entry.passage.found] == ["call:60"]


async def test_a_trigger_leaves_a_card_at_a_binding_gate_and_says_so_once(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    await rule(house, PRESENTATION)
    deal_id = await house.card()
    story = Story.outgoing(CLIENT, "101", at=later(minutes=5)).answers("101").ends(after=90)
    await house.company.play(story)
    await house.company.play(story)
    assert await house.lies_in(deal_id) == NEW
    told = [
        in_words(row["details"]) for row in await house.company.rows(deal_events) if row["kind"] == "trigger"
    ]
    assert told == ["the trigger “Talked” left it here: Presentation has a gate that is not confirmed"]


async def test_a_trigger_passes_a_binding_gate_that_is_confirmed(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60", binding=True)
    await rule(house, PRESENTATION)
    deal_id = await house.card()
    await house.talk(5)
    assert await house.lies_in(deal_id) == PRESENTATION


@pytest.mark.parametrize(("seconds", "answer"), [(30, CodeAnswer.NO_CARD), (90, CodeAnswer.DONE)])
async def test_a_phone_hears_no_where_a_gate_is_not_confirmed(
    house: Gatehouse, seconds: float, answer: CodeAnswer
) -> None:
    await house.gate(PRESENTATION, "call:60")
    await house.card()
    await house.talk(58, seconds=seconds)
    assert await house.codes.dial(PBX, "101", "2") is answer


async def test_of_many_cards_those_without_evidence_stay(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "field:amount")
    paid, poor = await house.card(amount=5), await house.card(number=OTHER)
    wish = BulkWish(BulkKind.MOVE, {paid: 1, poor: 1}, to_stage_id=house.stage(PRESENTATION))
    done = await house.bulk.act(house.anna, wish, UTC)
    assert done.done == 1
    assert done.stayed == (Stayed(poor, "A gate on the way asks for something first.", "Vector"),)
    assert [await house.lies_in(paid), await house.lies_in(poor)] == [PRESENTATION, NEW]


async def test_a_copy_of_a_funnel_has_its_gates(house: Gatehouse) -> None:
    await house.gate(OFFER, "note call:30", binding=True)
    made = await house.funnels.make(house.olga, NewFunnel(f"funnel-{house.funnel.id}", "Second", "EUR"), str)
    copied = (await house.funnels.one(house.olga, made)).funnel
    gate = copied.stages[OFFER].gate
    assert gate is not None
    assert (gate.keys, gate.is_binding) == (["call:30", "note"], True)
    assert [stage.gate for stage in copied.stages if stage.name != "Commercial offer"] == [None] * 5


async def test_the_audit_knows_who_set_which_gate_and_it_can_be_taken_away(house: Gatehouse) -> None:
    await house.gate(OFFER, "note")
    await house.gate(OFFER, "")
    rows = await house.company.rows(audit_rows, act="gate changed")
    assert [row["details"]["needs"] for row in rows] == [["note"], []]
    assert (await house.stages.funnel_of(house.stage(OFFER))).stages[OFFER].gate is None


@pytest.mark.parametrize("number", [UNSORTED, LOST])
async def test_no_gate_stands_before_unsorted_and_lost(house: Gatehouse, number: int) -> None:
    with pytest.raises(BadInput):
        await house.gate(number, "note")


async def test_programs_read_the_gates_of_a_funnel(house: Gatehouse) -> None:
    await house.gate(OFFER, "note")
    (funnel,) = await Listings(house.database, INSTALLATION).funnels()
    assert [bool(stage.gate) for stage in funnel.stages] == [False, False, False, True, False, False]


async def board(house: Gatehouse) -> dict[int, list[str]]:
    """By deal id the stages that a card on Anna's board reaches only past a gate."""
    shown = await Boards(house.database, house.clock).show(house.anna, BoardView(), UTC)
    names = {stage.id: stage.name for stage in house.funnel.stages}
    cards = [card for column in shown.columns for card in column.cards]
    return {card.id: [names[stage] for stage in card.gated] for card in cards}


async def test_a_board_knows_which_gates_each_card_has_before_it(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    await house.gate(OFFER, "field:amount")
    await house.gate(WON, "note")
    poor, paid = await house.card(), await house.card(PRESENTATION, number=OTHER, amount=5)
    lost = await house.card(LOST, number="+79161234569")
    every = ["Presentation", "Commercial offer", "Purchase"]
    assert await board(house) == {poor: every, paid: ["Purchase"], lost: []}
    await house.talk(5)
    assert (await board(house))[poor] == every[1:]


async def test_a_board_pays_for_gates_by_their_kinds_and_not_by_its_cards(house: Gatehouse) -> None:
    for number in range(8):
        await house.card(number=f"+7916123456{number}")
    taken = []
    for needs in ("", "field:amount", "call:60 note document task"):
        await house.gate(OFFER, needs)
        with counted(house.database) as statements:
            await board(house)
        taken.append(len(statements))
    assert [count - taken[0] for count in taken] == [0, 2, 5]
