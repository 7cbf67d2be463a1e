"""For every recording: what AMI tells, what CEL tells, and AMI cut at any event with CEL for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.asterisk.replay import call_as_json, calls_in, events_of
from pbx_crm.domain.call_fill import DeafTime, fill
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.pbx_event import ConnectionLost, PbxEvent
from tests.asterisk.test_cel_tapes import FOLDERS, UNKNOWN_TO_CEL, told_by, whole_truth
from tests.parts.inventory import INVENTORY
from tests.truth import faults, tape, truth

pytestmark = [pytest.mark.recordings, pytest.mark.timeout(400)]

Way = Callable[[str], Iterator[list[str]]]
"""The faults of each telling of a recording's calls in this way; an empty list is a right one."""


def by_ami(name: str) -> Iterator[list[str]]:
    """As it was heard; of calls in a cut connection the truth says what cannot be known."""
    yield faults(truth(name), told_by("ami", name))


def by_cel(name: str) -> Iterator[list[str]]:
    """As it was written down, in the fields CEL can know."""
    yield known_to_cel(name, faults(whole_truth(name), told_by("cel", name)))


def by_both(name: str) -> Iterator[list[str]]:
    """As it was heard, with what was missed from CEL."""
    yield faults(whole_truth(name), told_by("all", name))


def cut_anywhere(name: str) -> Iterator[list[str]]:
    """Deaf from each event on, with the rest from CEL."""
    heard = list(events_of(tape(name), AmiEventReader()))
    logged = read_recording(FOLDERS[name], "cel", PbxShape()).calls
    end = datetime.fromtimestamp(heard[-1].at + 60, UTC)
    for cut, event in enumerate(heard):
        calls = calls_in([*heard[:cut], ConnectionLost(event.at)], PbxShape())
        gaps = [DeafTime(datetime.fromtimestamp(event.at, UTC), end), *earlier_gaps(heard[:cut])]
        told = [call_as_json(call) for call in fill(calls, logged, gaps)]
        yield [f"cut at {cut}: {f}" for f in known_to_cel(name, faults(whole_truth(name), told))]


def earlier_gaps(heard: list[PbxEvent]) -> Iterator[DeafTime]:
    """Cuts that are part of the recording."""
    lost = [event.at for event in heard if isinstance(event, ConnectionLost)]
    for at in lost:
        after = next((event.at for event in heard if event.at > at), at)
        yield DeafTime(datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(after, UTC))


def known_to_cel(name: str, wrong: list[str]) -> list[str]:
    """The faults in fields that CEL can know."""
    unknown = {"recording", *UNKNOWN_TO_CEL.get(name.partition("__")[0], ())}
    return [fault for fault in wrong if fault.partition(":")[0] not in unknown]


WAYS: dict[str, Way] = {
    "AMI alone": by_ami,
    "CEL alone": by_cel,
    "AMI and CEL": by_both,
    "AMI cut at each event, CEL for the rest": cut_anywhere,
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_tells_the_calls_of_every_recording(way: str) -> None:
    tellings, wrong = 0, dict[str, list[str]]()
    for name in FOLDERS:
        for found in WAYS[way](name):
            tellings += 1
            if found:
                wrong.setdefault(name, []).extend(found)
    right = len(FOLDERS) - len(wrong)
    lines = INVENTORY.tables.setdefault("the calls of every recording", [])
    lines.append(f"{way}: {right} of {len(FOLDERS)} recordings right, {tellings} times told")
    assert wrong == {}
