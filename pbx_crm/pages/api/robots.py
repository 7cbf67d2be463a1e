"""Robots in the API, with the dry run of one."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.robot import Heir, Occasion, Robot
from pbx_crm.domain.robot_trial import RobotTrial
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.api.rules import OfFunnel, OnTrial, RuleApi
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of
from pbx_crm.services.registry import Services


class RobotTerms(Taken):
    """When a robot acts, and what follows; what is left out is not done."""

    name: str
    occasion: Occasion
    hours: int = Field(default=0, description="working hours to wait; before a date days")
    stage_id: Id | None = Field(default=None, description="null: every open stage")
    task_kind: TaskKind | None = None
    task_title: str = ""
    task_minutes: int = 60
    advice: str = ""
    priority: Priority | None = None
    heir: Heir | None = None
    owner_id: Id | None = Field(default=None, description="with the heir `person`")
    tells_head: bool = False
    webhook_url: str = Field(default="", examples=["https://example.com/hook"])
    voice_id: Id | None = Field(default=None, description="the recorded message that clients are called with")


class NewRobot(RobotTerms, OfFunnel):
    """A robot to be; it is switched off."""


class RobotOnTrial(RobotTerms, OnTrial):
    """A robot to be tried on the last days."""


class ApiRobot(Given):
    """What time does to a card."""

    id: int
    funnel_id: int
    position: int
    is_active: bool
    active_since: datetime | None
    name: str
    occasion: Occasion
    hours: int
    stage_id: int | None
    task_kind: TaskKind | None
    task_title: str
    task_minutes: int
    advice: str
    priority: Priority | None
    heir: Heir | None
    owner_id: int | None
    tells_head: bool
    webhook_url: str
    voice_id: int | None


class ApiRobots(Given):
    """Every robot of the funnels in use."""

    robots: tuple[ApiRobot, ...]


class ApiRobotAct(Given):
    """Something a robot would have done to a card."""

    deal_id: int
    at: datetime
    since: datetime = Field(description="when the stretch began upon which it would have acted")
    stage_id: int
    owner_id: int
    new_owner_id: int | None
    ranks: bool = Field(description="whether its priority would have become another")
    sets_task: bool
    was_undone: bool = Field(description="whether people took it back, or decided otherwise")


class ApiRobotTrial(Given):
    """What a robot would have done in the last days, the latest act first."""

    days: int
    cards: int = Field(description="how many were looked at")
    own: tuple[ApiRobotAct, ...]
    gained: tuple[int, ...] = Field(description="deals upon which the robot in force does not act")
    lost: tuple[int, ...] = Field(description="deals upon which only the robot in force acts")


def _made(terms: RobotTerms, robot_id: int | None, funnel_id: int) -> Robot:
    return Robot(robot_id, funnel_id, **terms.model_dump(exclude={"id", "funnel_id", "days"}))


async def _tried(services: Services, robot: Robot, days: int) -> RobotTrial:
    return (await services.automation.dry_runs.of_robot(robot, days)).run


ROBOTS = RuleApi(
    "robot",
    lambda services: services.automation.robots,
    ApiRobot,
    ApiRobots,
    RobotTerms,
    NewRobot,
    RobotOnTrial,
    _made,
    _tried,
    ApiRobotTrial,
)


class ApiSecret(Given):
    """What a robot's messages to other systems are signed with."""

    secret: str


@api(ApiSecret)
async def get_secret(request: web.Request) -> ApiSecret:
    """GET /api/v1/robots/{robot}/webhook-secret: what a robot's messages to other systems are signed with."""
    view = await services_of(request).automation.robots.view()
    return ApiSecret(secret=view.rule(id_in(request.match_info["robot"])).webhook_secret)


SECRET = Route("GET", "/api/v1/robots/{robot}/webhook-secret", get_secret, Access.HEAD)
