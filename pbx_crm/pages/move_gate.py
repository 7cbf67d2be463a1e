"""A move that meets a gate: what is missing, each thing with a field or button, and what was put in.

What somebody puts in is written down first and stays; then the move is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.deal import MoveRequest, StageNotInFunnel
from pbx_crm.domain.deal_card import DealCard, OpenTask
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Stage
from pbx_crm.domain.gate import GateField, Need, NeedKind
from pbx_crm.domain.gate_answer import GateAnswer
from pbx_crm.domain.passage import GateClosed, Missing
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.forms import Form
from pbx_crm.pages.render import wording_of, zone_of
from pbx_crm.pages.request import services_of, viewer_of

FILL = "fill_"
"""Fields of this form are those of the deal's form with this before them: the move has an amount, too."""
TEXTS = (GateField.CLIENT, GateField.COMPANY, GateField.TITLE, GateField.SOURCE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is missing."""

    need: Need
    tasks: tuple[OpenTask, ...] = ()
    """Open tasks of the card that would do, once done."""

    @property
    def did(self) -> TaskKind:
        """What was done, if none of the open tasks was it."""
        return TaskKind(self.need.detail) if self.need.detail else TaskKind.OTHER


@dataclass(frozen=True, slots=True)
class Boundary:
    """What is missing for one stage; what two stages ask for stands with the first."""

    stage: Stage
    asked: tuple[Asked, ...]


def answer_in(form: Form) -> GateAnswer:
    """What was filled in; what is wrong with it is gathered in the form."""
    texts = {field.value: form.text(FILL + field) for field in TEXTS if form.text(FILL + field)}
    amount = form.amount(FILL + GateField.AMOUNT) if form.text(FILL + GateField.AMOUNT) else None
    return GateAnswer(
        texts=texts,
        amount=amount or None,
        expected_close=form.day(FILL + GateField.EXPECTED_CLOSE),
        note=form.text_block("note"),
        link=form.text("link"),
        task_ids=tuple(form.wholes("task_done")),
        did=tuple(_kinds(form.all("did"))),
    )


def _kinds(written: Iterable[str]) -> Iterable[TaskKind]:
    for text in dict.fromkeys(written):
        with suppress(ValueError):
            yield TaskKind(text)


async def answered(
    request: web.Request, form: Form, deal_id: int, wish: MoveRequest, answer: GateAnswer
) -> MoveRequest:
    """The wish for the card as it is once the answer is written down; GateClosed if it cannot be."""
    viewer, services = viewer_of(request), services_of(request)
    if not _is_wrong(form) and answer.is_empty:
        return wish
    try:
        if _is_wrong(form):
            form.require_good()
        give = services.clients.gate_answers.give
        version = await give(viewer, deal_id, wish, answer, zone_of(request))
    except BadInput as refused:
        form.reasons |= _by_field(refused)
        raise GateClosed(await services.moves.missing(viewer, deal_id, wish), deal_id=deal_id) from None
    return replace(wish, version=version)


async def still_closed(
    request: web.Request, deal_id: int, wish: MoveRequest, answer: GateAnswer
) -> GateClosed | None:
    """The gate as it asks now, if something was put down at it; None if nobody is asked any more."""
    if answer.is_empty:
        return None
    missing = await services_of(request).moves.missing(viewer_of(request), deal_id, wish)
    return GateClosed(missing, deal_id=deal_id) if missing else None


def _is_wrong(form: Form) -> bool:
    return any(name.startswith(FILL) for name in form.reasons)


def _by_field(refused: BadInput) -> dict[str, str]:
    fields = set(GateField)
    return {FILL + name if name in fields else name: why for name, why in refused.reasons.items()}


def gate_values(request: web.Request, form: Form, card: DealCard, gate: GateClosed) -> dict[str, object]:
    """What the template of the dialog asks for."""
    reader = wording_of(request)
    return {
        "card": card,
        "way": "move",
        "target": _target(card, form.whole("to_stage_id")),
        "boundaries": _boundaries(card, gate.missing),
        "may_skip": gate.may_skip,
        "binding": list(dict.fromkeys(one.stage.name for one in gate.missing if one.is_binding)),
        "typed": form.values,
        "reasons": {name: reader.gettext(why) for name, why in form.reasons.items()},
        "is_second": form.is_on("answered"),
    }


def _target(card: DealCard, stage_id: int) -> Stage:
    for funnel in (card.funnel, *card.other_funnels):
        if (stage := funnel.stage(stage_id)) is not None:
            return stage
    raise StageNotInFunnel(deal_id=card.deal.id)


def _boundaries(card: DealCard, missing: Iterable[Missing]) -> list[Boundary]:
    stages: dict[Stage, list[Need]] = {}
    seen: set[Need] = set()
    for one in missing:
        if one.need not in seen:
            seen.add(one.need)
            stages.setdefault(one.stage, []).append(one.need)
    return [
        Boundary(stage, tuple(Asked(need, _would_do(card, need)) for need in needs))
        for stage, needs in stages.items()
    ]


def _would_do(card: DealCard, need: Need) -> tuple[OpenTask, ...]:
    if need.kind is not NeedKind.TASK:
        return ()
    return tuple(one for one in card.tasks if need.detail in ("", one.task.kind))
