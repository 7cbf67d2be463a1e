"""The collector leaves the started program alone and still frees what is dropped later."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from pbx_crm.services.collector import spare_the_program


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.me = self


def test_what_the_program_started_with_is_not_looked_at_again() -> None:
    spare_the_program()
    assert gc.get_freeze_count() > 1_000
    assert len(gc.get_objects()) < gc.get_freeze_count()


def test_what_is_made_later_is_freed_when_nobody_holds_it() -> None:
    spare_the_program()
    dropped = weakref.ref(Knot())
    gc.collect()
    assert dropped() is None
