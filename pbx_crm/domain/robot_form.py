"""What is wrong with a robot as somebody filled it in."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.robot import Heir, Occasion, Robot
from pbx_crm.domain.sentence import N_

LONGEST_NAME = 100
LONGEST_TEXT = 300
LONGEST_URL = 500
LONGEST_WAIT_HOURS = 24 * 366
LONGEST_TASK_MINUTES = 365 * 24 * 60


CALLS_CLIENTS = frozenset({Occasion.ENTERED, Occasion.MEETING})
"""What a client is called for; for what a seller left undone nobody calls a client."""


def reasons_against(
    robot: Robot, funnel: Funnel, owner_ids: Collection[int], voice_ids: Collection[int] = ()
) -> dict[str, str]:
    """By field why the robot cannot be; nothing for a good one."""
    reasons = {**_against_texts(robot), **_against_stage(robot, funnel)}
    if robot.voice_id is not None and robot.voice_id not in voice_ids:
        reasons["voice_id"] = N_("There is no such message.")
    elif robot.voice_id is not None and robot.occasion not in CALLS_CLIENTS:
        reasons["voice_id"] = N_("Clients are called when a stage is entered, and before a meeting.")
    if robot.occasion in (Occasion.STEPLESS, Occasion.MEETING) and not robot.hours:
        reasons["hours"] = N_("At least one hour.")
    if not 0 <= robot.hours <= LONGEST_WAIT_HOURS:
        reasons["hours"] = N_("0 to a year.")
    if robot.task_kind is not None and not 1 <= robot.task_minutes <= LONGEST_TASK_MINUTES:
        reasons["task_minutes"] = N_("1 minute to a year.")
    if robot.heir is Heir.PERSON and robot.owner_id not in owner_ids:
        reasons["owner_id"] = N_("Choose who gets the card.")
    if not robot.does_something:
        reasons["task_kind"] = N_(
            "Say what is to happen: a task, advice, a priority, an owner, a message or a call."
        )
    return reasons


def _against_texts(robot: Robot) -> dict[str, str]:
    reasons = {}
    if not 1 <= len(robot.name) <= LONGEST_NAME:
        reasons["name"] = N_("A name is 1 to 100 characters.")
    if len(robot.task_title) > 200:
        reasons["task_title"] = N_("At most 200 characters.")
    if len(robot.advice) > LONGEST_TEXT:
        reasons["advice"] = N_("At most 300 characters.")
    if robot.webhook_url and not is_web_address(robot.webhook_url):
        reasons["webhook_url"] = N_("Write an address that begins with https:// or http://.")
    return reasons


def is_web_address(url: str) -> bool:
    """Whether this could be asked over the web: a scheme and a host, and no password in it."""
    try:
        parts = urlsplit(url)
        has_good_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return bool(
        is_plain and has_good_port and len(url) <= LONGEST_URL and url.isprintable() and " " not in url
    )


def _against_stage(robot: Robot, funnel: Funnel) -> dict[str, str]:
    if robot.stage_id is None:
        return {}
    stage = funnel.stage(robot.stage_id)
    if stage is None or stage.is_retired:
        return {"stage_id": N_("Choose a stage of this funnel.")}
    if stage.kind.is_closed and robot.occasion is not Occasion.ENTERED:
        return {"stage_id": N_("In a closed stage nothing is waited for but that a card enters it.")}
    return {}
