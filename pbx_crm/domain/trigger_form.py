"""What is wrong with a trigger as somebody filled it in."""

from __future__ import annotations

from collections.abc import Collection

from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.trigger import NewOwner, Trigger

LONGEST_NAME = 100
LONGEST_TALK_SECONDS = 24 * 3600
LONGEST_TASK_MINUTES = 365 * 24 * 60
MOST_COUNTED = 100


def reasons_against(
    rule: Trigger,
    funnel: Funnel,
    line_ids: Collection[int | None],
    owner_ids: Collection[int],
    wrap_up_ids: Collection[int] = (),
) -> dict[str, str]:
    """By field why the rule cannot be; nothing for a good one."""
    reasons = {**_against_figures(rule), **_against_stages(rule, funnel)}
    if rule.wrap_up_id is not None and rule.wrap_up_id not in wrap_up_ids:
        reasons["wrap_up_id"] = N_("Choose an answer of this funnel.")
    if rule.line_id is not None and rule.line_id not in line_ids:
        reasons["line_id"] = N_("There is no such line.")
    if rule.new_owner is NewOwner.PERSON and rule.owner_id not in owner_ids:
        reasons["owner_id"] = N_("Choose who gets the card.")
    if not rule.does_something:
        reasons["to_stage_id"] = N_("Say what is to happen: a stage, a task, a priority or an owner.")
    return reasons


def _against_figures(rule: Trigger) -> dict[str, str]:
    reasons = {}
    if not 1 <= len(rule.name) <= LONGEST_NAME:
        reasons["name"] = N_("A name is 1 to 100 characters.")
    if not 0 <= rule.least_talk_seconds <= LONGEST_TALK_SECONDS:
        reasons["least_talk_seconds"] = N_("0 seconds to a day.")
    if not 1 <= rule.nth <= MOST_COUNTED:
        reasons["nth"] = N_("1 to 100.")
    if rule.task_kind is not None and not 1 <= rule.task_minutes <= LONGEST_TASK_MINUTES:
        reasons["task_minutes"] = N_("1 minute to a year.")
    return reasons


def _against_stages(rule: Trigger, funnel: Funnel) -> dict[str, str]:
    reasons = {}
    if rule.stage_id is not None and funnel.stage(rule.stage_id) is None:
        reasons["stage_id"] = N_("Choose a stage of this funnel.")
    target = funnel.stage(rule.to_stage_id) if rule.to_stage_id is not None else None
    if rule.to_stage_id is not None and (target is None or target.is_retired):
        reasons["to_stage_id"] = N_("Choose a stage of this funnel.")
    elif target is not None and target.id == rule.stage_id:
        reasons["to_stage_id"] = N_("The card lies in this stage already.")
    elif target is not None and target.kind is StageKind.WON:
        reasons["to_stage_id"] = N_("For how much a deal is won only a person can say.")
    known = {reason.id for reason in funnel.loss_reasons}
    if target is not None and target.kind is StageKind.LOST and rule.loss_reason_id not in known:
        reasons["loss_reason_id"] = N_("Lost: choose why.")
    return reasons
