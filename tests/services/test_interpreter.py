"""Threads take short turns; the collector leaves the started program alone and frees what is dropped."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from pbx_crm.services.interpreter import prepare_interpreter


@pytest.fixture(autouse=True)
def interpreter_as_before() -> Iterator[None]:
    before, turn = gc.get_threshold(), sys.getswitchinterval()
    yield
    sys.setswitchinterval(turn)
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.me = self


def test_what_the_program_started_with_is_not_looked_at_again() -> None:
    prepare_interpreter()
    assert gc.get_freeze_count() > 1_000
    assert len(gc.get_objects()) < gc.get_freeze_count()


def test_what_is_made_later_is_freed_when_nobody_holds_it() -> None:
    prepare_interpreter()
    dropped = weakref.ref(Knot())
    gc.collect()
    assert dropped() is None


def test_a_thread_that_waits_has_its_turn_within_a_millisecond() -> None:
    prepare_interpreter()
    assert sys.getswitchinterval() < 0.001
