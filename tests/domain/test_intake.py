"""The matrix of the intake, pure: kind of call, line and client in, decision out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pbx_crm.domain.card_owner import new_owner, owner_of, stranger_who_answered
from pbx_crm.domain.intake import Verdict, decide, wants_callback
from pbx_crm.domain.intake_case import STRANGER, Case, Client, OpenDeal
from pbx_crm.domain.line import CreateAt, Line, MissedStep, OwnerPolicy, SkipKind, SkipRule
from pbx_crm.domain.roster import PhoneSpan, Roster
from tests.builders import NOW
from tests.stories import Story

ANNA, BORIS, CLARA, OLGA, ADMIN = 1, 2, 3, 4, 5
LONG_AGO = NOW - timedelta(days=1)
PHONES = {"101": ANNA, "102": BORIS, "103": CLARA, "109": ADMIN}
ROSTER = Roster(
    {number: (PhoneSpan(number, person_id, LONG_AGO),) for number, person_id in PHONES.items()},
    sellers=(ANNA, BORIS, CLARA, OLGA),
    heads=(OLGA,),
)
FUNNEL, OTHER_FUNNEL = 7, 8
LINE = Line(1, "main")
CLIENT = "+79161234567"
ENTERED = Story.incoming(CLIENT)
RINGING = ENTERED.rings("101", "102")
ANSWERED = RINGING.answers("102", after=7)
OVER = ANSWERED.ends()
MISSED = RINGING.ends()
DIALLED = Story.outgoing(CLIENT, "101")
TALKED = DIALLED.answers("101")
COLLEAGUES = Story.internal().rings("102").answers("102").ends()
W, L, C = Verdict.WAIT, Verdict.LOG, Verdict.CREATE


def case(story: Story, line: Line = LINE, client: Client = STRANGER, **more: SkipRule) -> Case:
    return Case(story.call, line, FUNNEL, client, ROSTER, **more)


@pytest.mark.parametrize(
    ("create_at", "entered", "ringing", "answered", "over", "missed"),
    [
        (CreateAt.RING, W, C, C, C, C),
        (CreateAt.ANSWER, W, W, C, C, C),
        (CreateAt.END, W, W, W, C, C),
        (CreateAt.NEVER, L, L, L, L, L),
    ],
)
def test_when_an_incoming_call_of_a_stranger_makes_a_card(
    create_at: CreateAt, entered: Verdict, ringing: Verdict, answered: Verdict, over: Verdict, missed: Verdict
) -> None:
    line = replace(LINE, create_at=create_at)
    seen = [decide(case(story, line)).verdict for story in (ENTERED, RINGING, ANSWERED, OVER, MISSED)]
    assert seen == [entered, ringing, answered, over, missed]


@pytest.mark.parametrize(
    ("create_at", "dialled", "in_vain", "talking", "over"),
    [
        (CreateAt.RING, C, C, C, C),
        (CreateAt.ANSWER, W, W, C, C),
        (CreateAt.END, W, W, W, C),
        (CreateAt.NEVER, L, L, L, L),
    ],
)
def test_when_an_outgoing_call_makes_a_card_where_the_line_wants_one(
    create_at: CreateAt, dialled: Verdict, in_vain: Verdict, talking: Verdict, over: Verdict
) -> None:
    line = replace(LINE, create_at=create_at, create_outgoing=True)
    stories = (DIALLED, DIALLED.ends(), TALKED, TALKED.ends())
    assert [decide(case(story, line)).verdict for story in stories] == [dialled, in_vain, talking, over]
    plain = replace(line, create_outgoing=False)
    assert {decide(case(story, plain)).verdict for story in stories} == {L}


@pytest.mark.parametrize("create_at", list(CreateAt))
def test_a_call_between_colleagues_is_only_ever_logged(create_at: CreateAt) -> None:
    line = replace(LINE, create_at=create_at, create_outgoing=True)
    assert decide(case(COLLEAGUES, line)).verdict is Verdict.LOG


@pytest.mark.parametrize("story", [ENTERED, ANSWERED, MISSED, DIALLED, TALKED])
@pytest.mark.parametrize("create_at", list(CreateAt))
def test_a_client_with_an_open_deal_is_joined_to_it_whatever_the_line_makes(
    story: Story, create_at: CreateAt
) -> None:
    deal = OpenDeal(11, OTHER_FUNNEL, CLARA, NOW)
    decision = decide(case(story, replace(LINE, create_at=create_at), Client(None, (deal,))))
    assert (decision.verdict, decision.deal, decision.rule) == (Verdict.JOIN, deal, {"id": "joined"})


def test_of_several_open_deals_those_of_the_lines_funnel_come_first_then_the_latest() -> None:
    old = OpenDeal(1, FUNNEL, ANNA, NOW - timedelta(days=3))
    meant = OpenDeal(2, FUNNEL, ANNA, NOW - timedelta(days=2))
    fresh = OpenDeal(3, OTHER_FUNNEL, BORIS, NOW)
    here = decide(case(ENTERED, client=Client(None, (old, meant, fresh))))
    assert (here.deal, here.rule) == (meant, {"id": "joined_in_funnel", "deals": 3})
    elsewhere = [replace(deal, funnel_id=OTHER_FUNNEL) for deal in (old, meant, fresh)]
    anywhere = decide(case(ENTERED, client=Client(None, tuple(elsewhere))))
    assert (anywhere.deal, anywhere.rule["id"]) == (elsewhere[2], "joined_one_of")


def test_a_skip_rule_comes_before_everything_but_the_log() -> None:
    rule = SkipRule("bank", SkipKind.NUMBER, CLIENT)
    client = Client(None, (OpenDeal(1, FUNNEL, ANNA, NOW),))
    decision = decide(case(ANSWERED, client=client, skip=rule))
    assert (decision.verdict, decision.rule) == (Verdict.SKIP, {"id": "skipped", "rule": "bank"})


def test_an_admin_without_client_data_owns_no_card() -> None:
    owner = owner_of(case(Story.incoming(CLIENT).rings("109").answers("109")))
    assert owner is not None
    assert owner.person_id == OLGA
    assert owner.rule["id"] == "unlinked"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ((MissedStep.RESPONSIBLE, MissedStep.HEAD), CLARA),
        ((MissedStep.ROTA_RANG, MissedStep.RESPONSIBLE), ANNA),
        ((MissedStep.ROTA_LINE, MissedStep.HEAD), BORIS),
        ((MissedStep.HEAD,), OLGA),
        ((), OLGA),
    ],
)
def test_the_missed_policy_is_asked_in_its_order(policy: tuple[MissedStep, ...], expected: int) -> None:
    line = replace(LINE, missed_policy=policy, seller_ids=(BORIS, CLARA))
    owner = owner_of(case(MISSED, line, Client(responsible_id=CLARA)))
    assert owner is not None
    assert owner.person_id == expected


@pytest.mark.parametrize(("last", "next_one"), [(0, ANNA), (ANNA, BORIS), (BORIS, ANNA), (CLARA, ANNA)])
def test_a_rota_goes_on_after_who_was_last(last: int, next_one: int) -> None:
    turned = replace(ROSTER, turns={"rang:1": last})
    owner = owner_of(replace(case(MISSED), roster=turned))
    assert owner is not None
    assert (owner.person_id, owner.rota) == (next_one, "rang:1")


def test_only_what_is_not_settled_looks_for_another_owner() -> None:
    handed = ANSWERED.goes_to("103")
    last = replace(LINE, owner_policy=OwnerPolicy.LAST_ANSWERED)
    owner = new_owner(case(handed, last))
    assert owner is not None
    assert owner.person_id == CLARA
    assert new_owner(case(RINGING, last)) is None


def test_a_hand_over_that_nobody_took_changes_nothing() -> None:
    last = replace(LINE, owner_policy=OwnerPolicy.LAST_ANSWERED)
    owner = owner_of(case(ANSWERED.goes_to("214"), last))
    assert owner is not None
    assert owner.person_id == BORIS


@pytest.mark.parametrize(
    ("story", "wanted"),
    [(MISSED, True), (RINGING, False), (OVER, False), (DIALLED.ends(), False), (COLLEAGUES, False)],
)
def test_who_rang_in_vain_is_called_back(story: Story, wanted: bool) -> None:
    assert wants_callback(story.call) is wanted


def test_the_owner_is_no_stranger_to_their_client() -> None:
    assert stranger_who_answered(ANSWERED.call, BORIS, ROSTER) is None
    assert stranger_who_answered(ANSWERED.call, ANNA, ROSTER) == "102"
    assert stranger_who_answered(TALKED.call, CLARA, ROSTER) is None
