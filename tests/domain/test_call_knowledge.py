"""Of two states of one call the later one knows more, so an old fact can never overwrite a new one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbx_crm.domain.call import EndedBy, Outcome
from pbx_crm.domain.call_knowledge import known
from tests.services.test_intake_tapes import facts_of
from tests.stories import Story

CLIENT = "+79161234567"
STORIES = [
    Story.incoming(CLIENT).rings("101", "102").answers("102").goes_to("103").ends(),
    Story.incoming(None).rings("101").ends(outcome=Outcome.VOICEMAIL),
    Story.outgoing(CLIENT, "101").answers("101").ends(),
    Story.internal().rings("102").answers("102").merges("1.1").ends(),
]


@pytest.mark.parametrize("story", STORIES)
def test_every_step_of_a_call_adds_knowledge(story: Story) -> None:
    steps = [known(fact.call) for fact in story.facts]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize(
    "name",
    [
        "in_queue_local_members__22-pjsip-A",
        "xfer_att_refer__16-sip-A",
        "fwd_302_internal__22-pjsip-A",
        "brk_core_restart__22-pjsip-A",
        "c2c_local__22-pjsip-A",
        "park_retrieve__22-pjsip-A",
    ],
)
def test_the_tracker_never_tells_less_than_before(name: str) -> None:
    latest: dict[str, int] = {}
    for fact in facts_of(name):
        call = fact.call
        assert known(call) >= latest.get(call.linkedid, 0), type(fact).__name__
        latest[call.linkedid] = known(call)
    assert latest


def test_any_end_outweighs_an_open_call_whatever_a_restarted_program_forgot() -> None:
    rich = Story.incoming(CLIENT, queue="600").rings("101", "102", "103").answers("102")
    poor = Story.incoming(None, did=None).ends(by=EndedBy.GAP)
    assert known(poor.call) > known(rich.call)


def test_an_end_that_was_heard_outweighs_one_lost_in_a_gap() -> None:
    story = Story.incoming(CLIENT).rings("101").answers("101")
    lost, heard = story.ends(by=EndedBy.GAP, outcome=Outcome.ANSWERED), story.ends()
    assert known(heard.call) > known(lost.call)
    assert known(replace(heard.call, legs=())) > known(lost.call)
