"""A seller with a phone and no browser runs the funnel; nobody moves another's card by dialling."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from pbx_crm.db import deals, extensions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import audit, phone_codes, stage_moves, tasks
from pbx_crm.domain.deal import ActorKind, Deal
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.phone_code import CodeAct, CodeAnswer, PhoneCode
from pbx_crm.domain.task import TaskKind
from pbx_crm.services.moves import Moves
from pbx_crm.services.phone_codes import PhoneCodes
from tests.builders import EVERYTHING, NOW
from tests.company import PBX, Company, topics
from tests.stories import Story
from tests.turned_clock import TurnedClock

CLIENT = "+79161234567"
DONE, NO_CODE, NO_CARD = CodeAnswer.DONE, CodeAnswer.NO_CODE, CodeAnswer.NO_CARD


class Desk:
    """The company, and its phones."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock(NOW + timedelta(minutes=3))
        self.codes = PhoneCodes(database, self.company.live, self.clock, "Europe/Moscow")

    async def talk(self, extension: str = "101", client: str = CLIENT, **more: object) -> None:
        """An incoming conversation of a minute."""
        story = Story.incoming(client, **more).rings(extension).answers(extension)  # type: ignore[arg-type]
        await self.company.play(story.ends(after=60))

    async def dial(self, digit: str, extension: str = "101") -> CodeAnswer:
        """What the phone is told."""
        return await self.codes.dial(PBX, extension, digit)

    async def card(self) -> Deal:
        """The only card."""

        def only(tx: Transaction) -> Deal:
            (row,) = tx.exec_driver_sql("SELECT id FROM deals").all()
            return deals.get(tx, row.id, EVERYTHING)

        return await self.company.database.read(only)

    async def stage(self) -> str:
        """Where it lies."""
        found = self.company.funnel.stage((await self.card()).stage_id)
        assert found is not None
        return found.name


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_digit_moves_the_card_of_the_last_call_and_says_who_did_it(desk: Desk) -> None:
    await desk.talk()
    heard = desk.company.listen(desk.company.anna)
    assert await desk.dial("2") is DONE
    assert await desk.stage() == "Presentation"
    (*_, move) = await desk.company.rows(stage_moves)
    assert (move["actor_kind"], move["actor_id"]) == (ActorKind.PHONE_CODE, desk.company.anna.id)
    assert {f"stage-{move['from_stage_id']}", f"stage-{move['to_stage_id']}"} <= topics(heard)


async def test_a_move_by_code_is_undone_as_any_other(desk: Desk) -> None:
    await desk.talk()
    await desk.dial("3")
    (*_, move) = await desk.company.rows(stage_moves)
    moves = Moves(desk.company.database, desk.company.live, desk.clock)
    await moves.undo(desk.company.anna, move["deal_id"], move["id"], "undo")
    assert await desk.stage() == "Unsorted"


async def test_a_code_works_while_the_call_goes_on(desk: Desk) -> None:
    await desk.company.play(Story.incoming(CLIENT).rings("101").answers("101"))
    assert await desk.dial("1") is DONE
    assert await desk.stage() == "New"


async def test_dialled_twice_it_is_done_once(desk: Desk) -> None:
    await desk.talk()
    assert [await desk.dial(digit) for digit in "2288"] == [DONE] * 4
    assert len(await desk.company.rows(stage_moves, actor_kind=ActorKind.PHONE_CODE)) == 1
    assert len(await desk.company.rows(tasks, kind=TaskKind.CALL)) == 1


async def test_two_codes_at_once_leave_the_card_in_one_piece(desk: Desk) -> None:
    await desk.talk()
    assert set(await asyncio.gather(desk.dial("1"), desk.dial("3"))) == {DONE}
    moves = await desk.company.rows(stage_moves, actor_kind=ActorKind.PHONE_CODE)
    assert moves[0]["to_stage_id"] == moves[1]["from_stage_id"]


@pytest.mark.parametrize(("digit", "kind"), [("7", TaskKind.MEETING), ("8", TaskKind.CALL)])
async def test_a_promise_becomes_a_task_for_tomorrow(desk: Desk, digit: str, kind: TaskKind) -> None:
    await desk.talk()
    assert await desk.dial(digit) is DONE
    task = await desk.company.one(tasks, kind=kind)
    assert task["due_at"] == desk.clock() + timedelta(days=1)
    assert (task["owner_id"], task["deal_id"]) == (desk.company.anna.id, (await desk.card()).id)


async def test_junk_is_lost_with_its_reason_and_a_step_back_says_why(desk: Desk) -> None:
    await desk.talk()
    assert await desk.dial("9") is DONE
    card = await desk.card()
    assert not card.is_open
    assert card.loss_reason_id == desk.company.funnel.loss_reasons[-1].id
    assert await desk.dial("1") is DONE, "a slip of the finger is mended by the next code"
    (*_, move) = await desk.company.rows(stage_moves)
    assert move["reason"] == "Dialled on the phone."


async def test_won_wants_an_amount_on_the_card(desk: Desk) -> None:
    won = next(stage for stage in desk.company.funnel.stages if stage.kind is StageKind.WON)
    codes = (PhoneCode("5", CodeAct.STAGE, won.id),)
    await desk.codes.change(desk.company.olga, desk.company.funnel.id, codes)
    await desk.talk()
    assert await desk.dial("5") is NO_CARD

    def priced(tx: Transaction) -> None:
        (row,) = tx.exec_driver_sql("SELECT id FROM deals").all()
        deals.set_fields(tx, deals.lock(tx, row.id, EVERYTHING), {"amount": 100}, NOW)

    await desk.company.database.write(priced)
    assert await desk.dial("5") is DONE
    assert (await desk.card()).amount == 100


@pytest.mark.parametrize("digit", ["0", "5", "", "12", "x", "'"])
async def test_a_digit_that_means_nothing_is_told_so(desk: Desk, digit: str) -> None:
    await desk.talk()
    assert await desk.dial(digit) is NO_CODE
    assert await desk.stage() == "Unsorted"


async def test_ten_minutes_after_the_call_a_code_is_a_slip(desk: Desk) -> None:
    await desk.talk()
    desk.clock.go_on(timedelta(minutes=9))
    assert await desk.dial("1") is NO_CARD
    assert await desk.stage() == "Unsorted"


async def test_a_call_somebody_else_took_is_not_ones_own(desk: Desk) -> None:
    await desk.company.play(Story.incoming(CLIENT).rings("101", "102").answers("102").ends(after=60))
    assert await desk.dial("1", "101") is NO_CARD
    assert await desk.dial("1", "102") is DONE


async def test_another_sellers_card_stays_where_it_is(desk: Desk) -> None:
    await desk.talk("102")
    await desk.talk("101", at=NOW + timedelta(minutes=1))
    lay = await desk.stage()
    assert await desk.dial("2", "101") is NO_CARD, "Anna talked with Boris's client: the card is his"
    assert await desk.stage() == lay


async def test_a_phone_of_nobody_and_a_person_who_left_move_nothing(desk: Desk) -> None:
    await desk.talk()
    assert await desk.dial("1", "214") is NO_CARD
    assert await desk.dial("1", "") is NO_CARD

    def gone(tx: Transaction) -> None:
        extensions.unlink(tx, PBX, "101", desk.clock())

    await desk.company.database.write(gone)
    assert await desk.dial("1") is NO_CARD


async def test_the_head_changes_what_a_digit_does_for_one_funnel(desk: Desk) -> None:
    second = await desk.company.second_funnel()
    await desk.codes.change(desk.company.olga, second.id, (PhoneCode("1", CodeAct.MEETING),))
    await desk.talk()
    assert await desk.dial("1") is DONE
    assert await desk.stage() == "New", "the other funnel's codes are the other funnel's"
    _, codes = await desk.codes.of_funnel(second.id)
    assert [code.digit for code in codes if code.act is not CodeAct.NONE] == ["1"]
    (note,) = await desk.company.rows(audit, act="phone_codes.change")
    assert (note["person_id"], note["details"]) == (desk.company.olga.id, {"1": "meeting"})
    assert len(await desk.company.rows(phone_codes)) == 1
