"""Gates at every move: what a person is asked for, what the program may do without asking.

Whatever moves a card asks here in its own transaction: drag, list, keys, API, many cards at once and phone
codes by `require`, triggers by `judge`. What puts things back (undo, take-back, a stage's cards when
it is retired) asks nobody: it leads where the card was, or nowhere of its own will.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pbx_crm.db import deals, gate_evidence, stage_moves
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Deal, is_amount
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.passage import LONGEST_REASON, GateClosed, GatedWay, Passage, gated_way
from pbx_crm.domain.person import THE_PROGRAM
from pbx_crm.domain.sentence import N_


def require(
    tx: Transaction,
    deal: Deal,
    funnel: Funnel,
    target: Stage,
    now: datetime,
    *,
    amount: Decimal | None = None,
    skip_reason: str = "",
) -> dict[str, Any]:
    """What the move keeps of its gates; GateClosed if one is not confirmed and no reason may stand for it.

    `amount` is what the move itself will write. BadInput for far too long a reason.
    """
    passage = look(tx, deal, funnel, target, now, amount=amount)
    reason = skip_reason.strip()
    if len(reason) > LONGEST_REASON:
        raise BadInput(reasons={"skip_reason": N_("At most 1000 characters.")})
    if passage.missing and (passage.is_barred or not reason):
        raise GateClosed(passage.missing, deal_id=deal.id)
    return passage.story(reason)


def look(
    tx: Transaction, deal: Deal, funnel: Funnel, target: Stage, now: datetime, *, amount: Decimal | None
) -> Passage:
    """What the card has and lacks for its way into `target`; no statement where no gate stands."""
    return judge(tx, deal, _way(tx, deal, funnel, target), now, amount=amount)


def judge(
    tx: Transaction, deal: Deal, way: GatedWay, now: datetime, *, amount: Decimal | None = None
) -> Passage:
    """What the card has and lacks for this way."""
    if not way.stages:
        return Passage()
    will_be = replace(deal, amount=amount) if amount is not None and is_amount(amount) else deal
    return way.judge(gate_evidence.gather(tx, [will_be], way.kinds, now)[deal.id])


def _way(tx: Transaction, deal: Deal, funnel: Funnel, target: Stage) -> GatedWay:
    if funnel.id != deal.funnel_id:
        return gated_way(funnel, None, target)
    here = funnel.stage(deal.stage_id)
    from_stage_id: int | None = deal.stage_id
    if here is not None and here.kind.is_closed and any(stage.gate for stage in funnel.stages):
        # By way of Lost nobody gets further than they were: an opened deal goes on where it was closed.
        from_stage_id = stage_moves.last_open_stage(tx, deal.id, funnel.id)
    return gated_way(funnel, from_stage_id, target)


def gates_ahead(
    tx: Transaction, known: Sequence[Funnel], cards: Mapping[int, int], now: datetime
) -> dict[int, tuple[int, ...]]:
    """By deal id the stages further on whose gate is not confirmed; `cards` are deals and where they lie.

    Closed cards are left out. No statement where no gate stands.
    """
    gated = [funnel for funnel in known if any(stage.gate for stage in funnel.stages_in_use)]
    ways = {
        stage.id: GatedWay(tuple(_further_on(funnel, stage)))
        for funnel in gated
        for stage in funnel.stages
        if not stage.kind.is_closed
    }
    before = {deal_id: ways[stage_id] for deal_id, stage_id in cards.items() if stage_id in ways}
    kinds = {kind for way in before.values() for kind in way.kinds}
    if not kinds:
        return {}
    # Whoever asks was shown these cards: their scope has been looked at.
    found = deals.get_all(tx, before, THE_PROGRAM)
    evidence = gate_evidence.gather(tx, list(found.values()), kinds, now)
    return {
        deal_id: tuple(dict.fromkeys(one.stage.id for one in before[deal_id].judge(shown).missing))
        for deal_id, shown in evidence.items()
    }


def _further_on(funnel: Funnel, stage: Stage) -> Iterator[Stage]:
    for one in funnel.stages_in_use:
        if one.gate is not None and one.position > stage.position:
            yield one
