"""The shipped user hears every call and may change nothing; the shipped files load without a word."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.dialplan.samples import filtered_by_name, sample
from tests.e2e.company import Company
from tests.e2e.company_config import DIALPLAN
from tests.e2e.playing import play_together, tapping
from tests.parts.ami_tap import AmiTap, header

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

EVENT = re.compile(r"^Event: (\w+)\r$", re.MULTILINE)
NEEDED = {
    "Newchannel",
    "DialBegin",
    "Newstate",
    "BridgeEnter",
    "BridgeLeave",
    "Hangup",
    "AgentComplete",
    "Cdr",
}
NOT_READ = {"VarSet", "Newexten", "TestEvent", "RTCPSent", "QueueMemberStatus", "SuccessfulAuth"}

MOST_OF_ALL_BYTES = 0.26
PRESENCE = re.compile(rb"Event: (DeviceStateChange|ExtensionStatus|QueueMemberStatus|PresenceStateChange)\r")
"""Told to whoever watches lamps, whatever a call does."""


def _event_bytes(tap: AmiTap) -> int:
    events = tap.data.split(b"\r\n\r\n")
    return sum(len(event) + 4 for event in events if event.startswith(b"Event") and not PRESENCE.match(event))


async def _heard(company: Company, story: str) -> tuple[set[str], AmiTap]:
    async with tapping(company, "pbx-crm") as tap, tapping(company, "everything") as hands:
        await play_together(company, [story], hands)
    return set(EVENT.findall(tap.data.decode(errors="replace"))), tap


async def test_the_shipped_user_hears_a_queue_call_and_nothing_else(company: Company) -> None:
    events, tap = await _heard(company, "ring_all_queue")
    assert events >= NEEDED
    assert not events & NOT_READ
    assert events <= filtered_by_name()
    assert f"FROM_DID={company.teams[2].public('10')}" in tap.data.decode()


async def test_a_queue_call_costs_a_quarter_of_the_bytes(company: Company) -> None:
    async with tapping(company, "pbx-crm") as ours, tapping(company, "everything") as hands:
        await play_together(company, ["ring_all_queue"], hands)
    assert _event_bytes(ours) <= MOST_OF_ALL_BYTES * _event_bytes(hands)


async def test_events_carry_exact_times(company: Company) -> None:
    _, tap = await _heard(company, "direct")
    event = await tap.until("Event: Newchannel\r\n")
    assert re.fullmatch(r"\d+\.\d{6}", header(event, "Timestamp"))


async def test_the_older_sample_hears_the_same_on_asterisk_16(old_company: Company) -> None:
    events, _ = await _heard(old_company, "ring_all_queue")
    assert events >= NEEDED
    assert events <= filtered_by_name()


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("Originate", {"Channel": "PJSIP/201", "Application": "Echo"}),
        ("Hangup", {"Channel": "PJSIP/201-00000001"}),
        ("Redirect", {"Channel": "PJSIP/201-00000001", "Context": "x", "Exten": "1", "Priority": "1"}),
        ("Command", {"Command": "core show version"}),
        ("DBPut", {"Family": "x", "Key": "y", "Val": "z"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("Setvar", {"Variable": "X", "Value": "1"}),
        ("ModuleLoad", {"Module": "app_queue.so", "LoadType": "unload"}),
        ("QueuePause", {"Interface": "PJSIP/201", "Paused": "true"}),
    ],
)
async def test_the_shipped_user_may_not_touch_the_pbx(
    company: Company, action: str, headers: dict[str, str]
) -> None:
    async with tapping(company, "pbx-crm") as tap:
        tap.act(action, ActionID="try", **headers)
        answer = await tap.until("ActionID: try\r\n")
    assert header(answer, "Message") == "Permission denied"


@pytest.mark.parametrize("action", ["CoreStatus", "CoreShowChannels", "Status", "QueueStatus", "Ping"])
async def test_the_shipped_user_may_ask_what_is_up(company: Company, action: str) -> None:
    async with tapping(company, "pbx-crm") as tap:
        tap.act(action, ActionID="ask")
        answer = await tap.until("ActionID: ask\r\n")
    assert header(answer, "Response") == "Success"


async def test_nobody_can_log_in_before_the_admin_sets_a_secret(company: Company) -> None:
    assert re.search(r"^\s*secret", sample("asterisk/manager.d/pbx-crm.conf"), re.MULTILINE) is None
    company.asterisk.write({"manager.d/unset.conf": "[unset]\nread = call\n"})
    company.asterisk.cli("manager reload")
    for secret in ("", "unset"):
        tap = AmiTap()
        with pytest.raises((asyncio.IncompleteReadError, TimeoutError)):
            await tap.open(company.network.pbx, "unset", secret)


async def test_the_event_log_of_the_sample_tells_the_call(company: Company) -> None:
    await _heard(company, "direct")
    log = company.asterisk.home / "log/cel-custom/pbx-crm.csv"
    kinds = [line.split(",")[0].strip('"') for line in log.read_text().splitlines()]
    assert {"CHAN_START", "ANSWER", "BRIDGE_ENTER", "HANGUP", "LINKEDID_END"} <= set(kinds)


async def test_asterisk_has_no_complaint_about_a_sample(company: Company) -> None:
    names = {path.name for path in DIALPLAN.rglob("*.conf")}
    complaints = [
        line
        for line in company.asterisk.console().splitlines()
        if ("WARNING" in line or "ERROR" in line) and any(name in line for name in names)
    ]
    assert complaints == []


async def test_the_freepbx_sections_load_where_freepbx_includes_them(company: Company) -> None:
    included = sample("freepbx/manager_custom.conf").replace("[pbx-crm]", "[pbx-crm-freepbx]")
    company.asterisk.write({"manager.d/freepbx.conf": included})
    company.asterisk.cli("manager reload")
    shown = company.asterisk.cli("manager show user pbx-crm-freepbx")
    assert "system,call,agent,user,cdr" in shown
    assert re.search(r"write perm: reporting\b", shown)
