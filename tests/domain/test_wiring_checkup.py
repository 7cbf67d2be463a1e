"""Each fault between dialplan and CRM has a name of its own and the line that mends it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from pbx_crm.domain.files_checkup import PbxFiles, judge_files
from pbx_crm.domain.finding import Finding, Mark
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.domain.trial_checkup import Trial, judge_trial
from pbx_crm.domain.voice_checkup import judge_voice
from pbx_crm.domain.wiring_checkup import (
    REFUSED,
    Asking,
    Entry,
    judge_dialling,
    judge_entries,
    judge_lookup,
    judge_recordings,
    judge_zone,
)

TOKEN, URL = "t" * 32, "http://192.0.2.9:8080/pbx"
DOOR = PbxDoor("office", TOKEN, (ip_network("192.0.2.5"),))
HEARD = frozenset({"Newchannel", "Newstate", "Hangup"})


def names(found: list[Finding]) -> list[tuple[str, Mark]]:
    """What is said, shortly."""
    return [(finding.name, finding.mark) for finding in found]


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        (Asking(URL, TOKEN, "crm::0:"), ("lookup", Mark.GOOD)),
        (Asking("", TOKEN), ("lookup_unasked", Mark.WARNING)),
        (Asking(URL, "other", "crm::0:"), ("lookup_token", Mark.FAULT)),
        (Asking(URL, TOKEN, None), ("lookup_unreachable", Mark.FAULT)),
        (Asking(URL, TOKEN, ""), ("lookup_unreachable", Mark.FAULT)),
        (Asking(URL, TOKEN, REFUSED), ("lookup_refused", Mark.FAULT)),
        (Asking(URL, TOKEN, "<html>"), ("lookup_strange", Mark.FAULT)),
        (Asking("http://crm.example/pbx", TOKEN, "crm::0:"), ("lookup_name", Mark.WARNING)),
        (Asking("http://[2001:db8::9]:8080/pbx", TOKEN, "crm::0:"), ("lookup", Mark.GOOD)),
        (Asking(URL, TOKEN, "crm::0:", rests=True), ("lookup_rests", Mark.WARNING)),
        (None, ("lookup", Mark.UNSEEN)),
    ],
)
def test_what_keeps_the_dialplan_from_its_answer(asking: Asking | None, said: tuple[str, Mark]) -> None:
    assert names(judge_lookup(DOOR, asking)) == [said]


def test_nobody_who_wants_no_look_up_hears_of_it() -> None:
    assert judge_lookup(None, Asking()) == judge_lookup(None, None) == []
    assert names(judge_lookup(None, Asking(URL))) == [("lookup_unset", Mark.FAULT)]


OWN = ("plays", "out")


@pytest.mark.parametrize(
    ("there", "writes_cel", "said"),
    [
        ({"plays": True, "out": True, "office": True}, True, [("voice", Mark.GOOD)]),
        ({"plays": False, "out": True, "office": True}, True, [("voice_contexts", Mark.FAULT)]),
        ({"plays": True, "out": True, "office": False}, True, [("voice_context", Mark.FAULT)]),
        ({"plays": True, "out": True, "office": True}, False, [("voice_cel", Mark.WARNING)]),
        ({}, False, [("voice", Mark.UNSEEN)]),
    ],
)
def test_what_keeps_robots_from_calling_is_named(
    there: dict[str, bool], writes_cel: bool, said: list[tuple[str, Mark]]
) -> None:
    assert names(judge_voice(there, OWN, "office", writes_cel=writes_cel)) == said


@pytest.mark.parametrize(
    ("context", "there", "said"),
    [
        ("phones", {"phones": True, "from-internal": False}, []),
        ("phones", {"phones": False}, [("dial_context", Mark.FAULT)]),
        ("phones", {}, []),
        ("pbx-crm-dial", {"pbx-crm-dial": True, "from-internal": True}, []),
        ("pbx-crm-dial", {"pbx-crm-dial": True, "from-internal": False}, [("dial_context", Mark.UNSEEN)]),
    ],
)
def test_a_click_that_leads_nowhere_is_named(
    context: str, there: dict[str, bool], said: list[tuple[str, Mark]]
) -> None:
    assert names(judge_dialling(there, context)) == said


def test_the_token_is_in_no_finding() -> None:
    for asking in (Asking(URL, "secret-secret", "x"), Asking(URL, TOKEN, None)):
        shown = " ".join(f"{f.says} {f.mend}" for f in judge_lookup(DOOR, asking))
        assert "secret-secret" not in shown
        assert TOKEN not in shown + repr(asking).replace(asking.url, "")


@pytest.mark.parametrize(
    ("told", "mark", "mend"),
    [
        ("+0300", Mark.GOOD, ""),
        ("+0000", Mark.WARNING, '"UTC"'),
        ("-0500", Mark.WARNING, '"…"'),
        ("", Mark.UNSEEN, ""),
    ],
)
def test_a_clock_in_another_zone_is_named(told: str, mark: Mark, mend: str) -> None:
    finding = judge_zone(told, "+0300", "Europe/Moscow", "pbx.cel")
    assert finding.mark is mark
    assert mend in str(finding.mend or "")


def test_a_context_that_forgets_the_called_number_is_named_once() -> None:
    entries = (Entry("from-a", "1", True), Entry("from-b", "2", False), Entry("from-b", "3", False))
    (finding,) = judge_entries(entries)
    assert "[from-b]" in str(finding.mend)
    assert "Gosub(pbx-crm-in,s,1(${EXTEN}))" in str(finding.mend)


@pytest.mark.parametrize(
    ("files", "marks"),
    [
        ((), []),
        (("/x/1.wav",), [Mark.GOOD]),
        (("1.wav", "2.gsm"), [Mark.WARNING]),
        (("1.WAV",), [Mark.WARNING]),
        (("1.gsm", "2.g729"), [Mark.FAULT]),
    ],
)
def test_a_recording_nobody_could_play_is_named(files: tuple[str, ...], marks: list[Mark]) -> None:
    assert [finding.mark for finding in judge_recordings(files)] == marks


def files(**lines: str | None) -> PbxFiles:
    """The shipped files, with these lines changed."""
    usual = {
        "writetimeout": "10000",
        "read": "system,call,agent,user,cdr",
        "cel_enabled": "yes",
        "cel_events": "ALL",
    }
    return PbxFiles("crm", True, **{**usual, **lines})


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ({"writetimeout": None}, "writetimeout"),
        ({"writetimeout": "100"}, "writetimeout"),
        ({"writetimeout": "soon"}, "writetimeout"),
        ({"read": None}, "read_system"),
        ({"read": "system, call, agent, cdr"}, "read_user"),
        ({"cel_enabled": None}, "cel_off"),
        ({"cel_events": "CHAN_START,HANGUP"}, "cel_events"),
    ],
)
def test_what_only_the_files_tell_is_told(lines: dict[str, str | None], name: str) -> None:
    bad = [
        finding for finding in judge_files(files(**lines), wants_cel=True) if finding.mark is not Mark.GOOD
    ]
    assert name in [finding.name for finding in bad]


def test_files_as_shipped_raise_no_question() -> None:
    assert {finding.mark for finding in judge_files(files(read="all"), wants_cel=True)} == {Mark.GOOD}
    assert [f.name for f in judge_files(files(cel_events=None), wants_cel=False)] == ["writetimeout", "read"]
    assert names(judge_files(PbxFiles("crm", False), wants_cel=True)) == [("manager_conf", Mark.FAULT)]


@pytest.mark.parametrize(
    ("trial", "said"),
    [
        (Trial("PJSIP/1", "crm", refused="Permission denied"), [("trial_refused", Mark.FAULT)]),
        (Trial("PJSIP/1", "crm"), [("trial_events", Mark.FAULT)]),
        (Trial("PJSIP/1", "crm", heard=HEARD), [("trial_silent", Mark.FAULT)]),
        (Trial("PJSIP/1", "crm", heard=HEARD, rang=True), [("trial_answer", Mark.UNSEEN)]),
        (
            Trial("PJSIP/1", "crm", heard=HEARD, rang=True, answered=True, in_records=False, in_crm=False),
            [("trial_answer", Mark.GOOD), ("trial_cel", Mark.FAULT), ("trial_crm", Mark.FAULT)],
        ),
    ],
)
def test_a_trial_call_names_the_first_step_that_failed(trial: Trial, said: list[tuple[str, Mark]]) -> None:
    assert names(judge_trial(trial)) == said
