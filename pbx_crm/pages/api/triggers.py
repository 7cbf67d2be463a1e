"""Triggers in the API, with the dry run of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.dry_run import DryRun
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, NewOwner, Trigger
from pbx_crm.pages.api.contract import ApiMissing, Given, Id, Taken, asked_for
from pbx_crm.pages.api.rules import OfFunnel, OnTrial, RuleApi
from pbx_crm.services.registry import Services


class TriggerTerms(Taken):
    """Which calls a trigger means, and what follows; null means any, or nothing."""

    name: str
    direction: Direction | None = None
    outcome: Outcome | None = None
    least_talk_seconds: int = 0
    count: Count = Count.EVERY
    nth: int = 1
    line_id: Id | None = None
    wrap_up_id: Id | None = Field(default=None, description="the seller's answer that sets it off")
    stage_id: Id | None = None
    to_stage_id: Id | None = None
    loss_reason_id: Id | None = None
    may_go_back: bool = False
    task_kind: TaskKind | None = None
    task_minutes: int = 60
    priority: Priority | None = None
    new_owner: NewOwner | None = None
    owner_id: Id | None = None
    stops: bool = Field(default=False, description="whether no later trigger is asked once it has acted")


class NewTrigger(TriggerTerms, OfFunnel):
    """A trigger to be; it is switched on, the last of its funnel."""


class TriggerOnTrial(TriggerTerms, OnTrial):
    """A trigger to be tried on the calls of the last days."""


class ApiTrigger(Given):
    """What a call does to its card."""

    id: int
    funnel_id: int
    position: int
    is_active: bool
    name: str
    direction: Direction | None
    outcome: Outcome | None
    least_talk_seconds: int
    count: Count
    nth: int
    line_id: int | None
    wrap_up_id: int | None
    stage_id: int | None
    to_stage_id: int | None
    loss_reason_id: int | None
    may_go_back: bool
    task_kind: TaskKind | None
    task_minutes: int
    priority: Priority | None
    new_owner: NewOwner | None
    owner_id: int | None
    stops: bool


class ApiTriggers(Given):
    """Every trigger of the funnels in use, in the order in which they are asked."""

    triggers: tuple[ApiTrigger, ...]


class ApiTriggerAct(Given):
    """Something a trigger would have done to a card."""

    deal_id: int
    at: datetime
    from_stage_id: int
    to_stage_id: int | None = Field(description="where it would have led, though a gate stopped it")
    sets_task: bool
    was_put_back: bool = Field(description="whether a person then put the card back")
    is_stopped: bool = Field(description="whether a binding gate would have kept the card where it was")
    missing: Annotated[tuple[ApiMissing, ...], BeforeValidator(asked_for)] = Field(
        description="what gates on the way asked for and the card could not show"
    )


class ApiTriggerTrial(Given):
    """What a trigger would have done in the last days, the latest act first."""

    days: int
    calls: int = Field(description="how many were looked at")
    own: tuple[ApiTriggerAct, ...]
    gained: tuple[int, ...] = Field(description="deals that the triggers in force do not move")
    lost: tuple[int, ...] = Field(description="deals that only the triggers in force move")


def _made(terms: TriggerTerms, trigger_id: int | None, funnel_id: int) -> Trigger:
    return Trigger(trigger_id, funnel_id, **terms.model_dump(exclude={"id", "funnel_id", "days"}))


async def _tried(services: Services, trigger: Trigger, days: int) -> DryRun:
    return (await services.automation.dry_runs.of_trigger(trigger, days)).run


TRIGGERS = RuleApi(
    "trigger",
    lambda services: services.setup.triggers,
    ApiTrigger,
    ApiTriggers,
    TriggerTerms,
    NewTrigger,
    TriggerOnTrial,
    _made,
    _tried,
    ApiTriggerTrial,
)
