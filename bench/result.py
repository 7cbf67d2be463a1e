"""What a goal's measuring gives back, and how two contenders are compared fairly on a shared machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Result:
    """One goal: what was wanted, what was found."""

    goal: str
    figure: str
    wanted: str
    reached: bool
    remark: str = ""


def cpu_seconds(work: Callable[[], None]) -> float:
    """CPU seconds of this process for one piece of work; the neighbours' load does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def paired_ratio(reference: Callable[[], None], ours: Callable[[], None], rounds: int = ROUNDS) -> float:
    """How many times less CPU ours takes: median over rounds of alternating, paired measurements."""
    reference()
    ours()
    ratios = []
    for turn in range(rounds):
        if turn % 2:
            mine, stock = cpu_seconds(ours), cpu_seconds(reference)
        else:
            stock, mine = cpu_seconds(reference), cpu_seconds(ours)
        ratios.append(stock / mine)
    return median(ratios)
