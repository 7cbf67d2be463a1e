"""`python -m bench [GOAL…]`: measures the speed goals and prints goal, figure and verdict.

Each goal is a module `goal_NN_name.py` with `measure() -> Result`. Exit code 1 if a goal is missed.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
from collections.abc import Sequence

import bench
from bench.result import Result


def goals(chosen: Sequence[str]) -> list[str]:
    """Module names of the goals asked for by number, all without a choice."""
    names = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name.startswith("goal_"))
    return [name for name in names if not chosen or str(int(name.split("_")[1])) in chosen]


def line(number: str, result: Result) -> str:
    """One row of the table."""
    verdict = "reached" if result.reached else "MISSED"
    return f"{number:>4}  {result.goal:<58}  {result.figure:>12}  {result.wanted:>10}  {verdict}"


def main(chosen: Sequence[str]) -> int:
    """Measure, print, and say by the exit code whether every goal was reached."""
    # The goals cut links on purpose; what the program says of it is not the table's matter.
    logging.disable(logging.WARNING)
    print(f"{'':>4}  {'goal':<58}  {'figure':>12}  {'wanted':>10}  verdict")
    missed = 0
    for name in goals(chosen):
        result = importlib.import_module(f"bench.{name}").measure()
        missed += not result.reached
        print(line(name.split("_")[1], result), flush=True)
        if result.remark:
            print(f"{'':>6}{result.remark}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
