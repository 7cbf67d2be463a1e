"""Who is to hear of what the intake did: topics only, to those whose business it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pbx_crm.services.intake_desk import DealFile, Desk

CALL = frozenset({"call", "calls"})


@dataclass(frozen=True, slots=True)
class Signal:
    """Topics that have news, and the people to be told; heads hear of everything anyway."""

    topics: frozenset[str]
    people: frozenset[int]


def signals(desk: Desk) -> list[Signal]:
    """What to tell once the batch is committed, one signal for every group of people."""
    told: dict[frozenset[int], set[str]] = defaultdict(set)
    for file in desk.heard:
        told[file.concerned] |= CALL
        if file.deal is not None:
            told[frozenset(_owners(file.deal))] |= _topics(file.deal)
    return [Signal(frozenset(topics), people) for people, topics in told.items()]


def _topics(deal: DealFile) -> set[str]:
    stages = {f"stage-{stage_id}" for stage_id in {deal.stage, *deal.left}}
    return {"call", "calls", "tasks", f"deal-{deal.id}", *stages}


def _owners(deal: DealFile) -> set[int]:
    """The owner now and the one before this batch, whose board loses the card; none between saw it."""
    return {deal.owner_id, deal.first_owner_id}
