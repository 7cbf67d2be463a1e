"""Every route of the site, walked by everybody: who gets in, and that nobody reaches another's records.

A route without a line in WALK fails the first test: whoever adds one says here how it is asked for and
which record its address names.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from aiohttp import ClientResponse

from pbx_crm.db import (
    advices,
    bin,
    calendars,
    companies,
    deal_contacts,
    deal_notes,
    deals,
    robots,
    tasks,
    triggers,
    wall_links,
    wrap_up_outcomes,
)
from pbx_crm.db.bin import Thrown
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import metadata, robot_runs
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.calendar import usual_calendar
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.dialling import DialRules
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Reach
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.robot import Robot
from pbx_crm.domain.session import SessionKind
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.domain.wallboard import WallRules
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.site import ROUTES
from pbx_crm.services.accounts import hash_of
from pbx_crm.services.dialling import Outlet
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.phones import WrittenPhones
from tests.site import INSTALLATION, Crm

ABSENT = 999_999


@dataclass(frozen=True)
class Ask:
    """How a route is asked for. `names` is the record in its address; the body may say {stage} and so on."""

    names: str = ""
    data: dict[str, str] | None = None
    json: dict[str, Any] | None = None
    query: str = ""
    is_fragment: bool = False
    """Asked for by a part of a page rather than by a person."""


MOVE = {"to_stage_id": "{stage}", "version": "1", "request_key": "walk-{key}"}
PERSON_FORM = {"name": "Walker", "login": "walker", "password": "correct horse", "role": "seller"}
LINE_FORM = {"name": "Walk", "pbx": "office", "match_kind": "any", "funnel_id": "1", "create_at": "end"}

CALENDAR_FORM = {"name": "Walk", "time_zone": "UTC", "hours_0": "9-18"}

ROBOT_FORM = {"occasion": "idle", "hours": "9", "priority": "high"}

ROBOT = {"name": "Walk", "occasion": "idle", "hours": 9, "priority": "high"}
TRIGGER = {"name": "Walk", "outcome": "answered", "priority": "high"}
CALENDAR = {"name": "Walk", "time_zone": "UTC", "week": ["9-18"] * 5 + ["", ""]}
SKIP = {"name": "Bank", "kind": "number", "value": "902"}
TICKED = [{"id": 1, "version": 99}]
LINE = {"name": "Walk", "pbx": "office", "match_kind": "any", "funnel_id": "{funnel}"}

WALK: dict[tuple[str, str], Ask] = {
    ("GET", "/"): Ask(),
    ("GET", "/login"): Ask(),
    ("POST", "/login"): Ask(data={"login": "nobody", "password": "wrong"}),
    ("GET", "/login/code"): Ask(),
    ("POST", "/login/code"): Ask(data={"code": "123456"}),
    ("POST", "/logout"): Ask(data={}),
    ("GET", "/me"): Ask(),
    ("POST", "/me/settings"): Ask(data={"theme": "rainbow"}),
    ("POST", "/me/password"): Ask(data={"old_password": "wrong", "password": "battery staple"}),
    ("POST", "/me/tokens"): Ask(data={"label": ""}),
    ("POST", "/me/sessions/{session}/end"): Ask("session", data={}),
    ("GET", "/me/second-factor"): Ask(),
    ("POST", "/me/second-factor"): Ask(data={}),
    ("POST", "/me/second-factor/confirm"): Ask(data={"code": "123456", "password": "wrong"}),
    ("POST", "/me/second-factor/codes"): Ask(data={"code": "123456", "password": "wrong"}),
    ("POST", "/me/second-factor/off"): Ask(data={"code": "123456", "password": "wrong"}),
    ("GET", "/settings"): Ask(),
    ("GET", "/settings/first-steps"): Ask(),
    ("GET", "/settings/people"): Ask(),
    ("POST", "/settings/people"): Ask(data=PERSON_FORM),
    ("GET", "/settings/people/{person}"): Ask("person"),
    ("POST", "/settings/people/{person}"): Ask("person", data=PERSON_FORM),
    ("POST", "/settings/people/{person}/password"): Ask("person", data={"password": "battery staple"}),
    ("POST", "/settings/people/{person}/active"): Ask("person", data={"active": "no"}),
    ("POST", "/settings/people/{person}/sign-out"): Ask("person", data={}),
    ("POST", "/settings/people/{person}/second-factor"): Ask("person", data={}),
    ("POST", "/settings/people/{person}/see-as"): Ask("person", data={}),
    ("POST", "/see-as/end"): Ask(data={}),
    ("GET", "/settings/security"): Ask(),
    ("POST", "/settings/security"): Ask(data={"clients_an_hour": "150", "refused_kept_days": "90"}),
    ("GET", "/settings/extensions"): Ask(),
    ("POST", "/settings/extensions/link"): Ask(
        data={"pbx": "office", "number": "199", "person": "{person}", "since": ""}
    ),
    ("POST", "/settings/extensions/unlink"): Ask(data={"pbx": "office", "number": "101"}),
    ("GET", "/settings/ledger"): Ask(query="?day=2026-11-21"),
    ("GET", "/settings/lines"): Ask(),
    ("POST", "/settings/lines"): Ask(data={**LINE_FORM, "owner_policy": "first_answered"}),
    ("POST", "/settings/lines/dry-run"): Ask(data={**LINE_FORM, "days": "30"}),
    ("GET", "/settings/lines/new"): Ask(),
    ("GET", "/settings/lines/{line}"): Ask("line"),
    ("POST", "/settings/lines/{line}"): Ask("line", data=LINE_FORM),
    ("POST", "/settings/lines/{line}/drop"): Ask("line", data={}),
    ("GET", "/settings/skip-rules/proposals"): Ask(),
    ("POST", "/settings/skip-rules"): Ask(data={"rule_name": "Bank", "kind": "number", "value": "900"}),
    ("POST", "/settings/skip-rules/dry-run"): Ask(
        data={"rule_name": "Courier", "kind": "number", "value": "901", "days": "30"}
    ),
    ("POST", "/settings/skip-rules/{rule}/drop"): Ask("rule", data={}),
    ("POST", "/reminders/warnings/seen"): Ask(data={"key": "1/2026-11-22"}),
    ("GET", "/today/plan"): Ask(),
    ("GET", "/bell"): Ask(),
    ("POST", "/bell/seen"): Ask(data={}),
    ("GET", "/reminders"): Ask(),
    ("POST", "/reminders/{task}/seen"): Ask("task", data={}),
    ("GET", "/settings/calendars"): Ask(),
    ("POST", "/settings/calendars"): Ask(data=CALENDAR_FORM),
    ("GET", "/settings/calendars/new"): Ask(),
    ("GET", "/settings/calendars/{calendar}"): Ask("calendar"),
    ("POST", "/settings/calendars/{calendar}"): Ask("calendar", data={**CALENDAR_FORM, "name": "Walked"}),
    ("POST", "/settings/calendars/{calendar}/drop"): Ask("calendar", data={}),
    ("POST", "/settings/calendars/{calendar}/days"): Ask(
        "calendar", data={"day": "2026-12-31", "is_open": "no"}
    ),
    ("POST", "/settings/calendars/{calendar}/days/drop"): Ask("calendar", data={"day": "2026-12-30"}),
    ("POST", "/advice/{advice}/later"): Ask("advice", data={}),
    ("POST", "/advice/{advice}/lower"): Ask("advice", data={}),
    ("POST", "/advice/{advice}/dismiss"): Ask("advice", data={}),
    ("GET", "/settings/robots"): Ask(),
    ("POST", "/settings/robots"): Ask(data={"funnel_id": "{funnel}", "name": "Walk", **ROBOT_FORM}),
    ("POST", "/settings/robots/dry-run"): Ask(
        data={"funnel_id": "{funnel}", "name": "Walk", "days": "30", **ROBOT_FORM}
    ),
    ("GET", "/settings/robots/new"): Ask(query="?funnel={funnel}"),
    ("GET", "/settings/robots/{robot}"): Ask("robot"),
    ("POST", "/settings/robots/{robot}"): Ask("robot", data={"name": "Walked", **ROBOT_FORM}),
    ("POST", "/settings/robots/{robot}/switch"): Ask("robot", data={"active": "yes"}),
    ("POST", "/settings/robots/{robot}/shift"): Ask("robot", data={"way": "down"}),
    ("POST", "/settings/robots/{robot}/drop"): Ask("robot", data={}),
    ("GET", "/settings/voice"): Ask(),
    ("POST", "/settings/voice"): Ask(data={"file": "none"}),
    ("POST", "/settings/voice/switch"): Ask(data={"on": "no"}),
    ("POST", "/settings/voice/{message}"): Ask("message", data={"name": "Walked"}),
    ("GET", "/settings/voice/{message}/sound"): Ask("message"),
    ("POST", "/settings/voice/{message}/drop"): Ask("message", data={}),
    ("GET", "/settings/house"): Ask(),
    ("POST", "/settings/house"): Ask(data={"reports": "yes"}),
    ("GET", "/site/{token}/form.js"): Ask("site"),
    ("OPTIONS", "/site/{token}"): Ask("site"),
    ("POST", "/site/{token}"): Ask("site", data={"phone": "+79051234567", "key": "walk"}),
    ("GET", "/settings/site-forms"): Ask(),
    ("POST", "/settings/site-forms"): Ask(data={"name": "Walk", "origins": "https://walk.example"}),
    ("POST", "/settings/site-forms/{form}"): Ask("form", data={"name": "Walked"}),
    ("POST", "/settings/site-forms/{form}/drop"): Ask("form", data={}),
    ("GET", "/settings/triggers"): Ask(),
    ("POST", "/settings/triggers"): Ask(data={"funnel_id": "{funnel}", "name": "Walk", "priority": "high"}),
    ("POST", "/settings/triggers/dry-run"): Ask(
        data={"funnel_id": "{funnel}", "name": "Tried", "priority": "high", "days": "30"}
    ),
    ("GET", "/settings/triggers/new"): Ask(query="?funnel={funnel}"),
    ("GET", "/settings/triggers/{trigger}"): Ask("trigger"),
    ("POST", "/settings/triggers/{trigger}"): Ask("trigger", data={"name": "Walked", "priority": "low"}),
    ("POST", "/settings/triggers/{trigger}/switch"): Ask("trigger", data={"active": "no"}),
    ("POST", "/settings/triggers/{trigger}/shift"): Ask("trigger", data={"way": "down"}),
    ("POST", "/settings/triggers/{trigger}/drop"): Ask("trigger", data={}),
    ("GET", "/settings/plans"): Ask(),
    ("POST", "/settings/plans"): Ask(data={"period": "2026-11", "deals-{person}": "7"}),
    ("GET", "/reports/plan"): Ask(query="?contracts=3"),
    ("GET", "/reports/plan.csv"): Ask(),
    ("GET", "/reports/plan.xlsx"): Ask(),
    ("GET", "/settings/walls"): Ask(),
    ("POST", "/settings/walls"): Ask(
        data={"name": "Walk", "answer_within": "20", "service_target": "80", "longest_wait": "60"}
    ),
    ("POST", "/settings/walls/{wall}/revoke"): Ask("wall", data={}),
    ("GET", "/wall/{token}"): Ask(),
    ("GET", "/wall/{token}/figures"): Ask(),
    ("GET", "/wall/{token}/live"): Ask(),
    ("GET", "/settings/funnels"): Ask(),
    ("POST", "/settings/funnels"): Ask(data={"body": "aida", "currency": "EUR"}),
    ("GET", "/settings/funnels/{funnel}"): Ask("funnel"),
    ("POST", "/settings/funnels/{funnel}"): Ask("funnel", data={"name": "Walked"}),
    ("POST", "/settings/funnels/{funnel}/retire"): Ask("funnel", data={}),
    ("POST", "/settings/funnels/{funnel}/restore"): Ask("funnel", data={}),
    ("POST", "/settings/funnels/{funnel}/stages"): Ask("funnel", data={"stage": "Walk", "kind": "open"}),
    ("POST", "/settings/funnels/{funnel}/loss-reasons"): Ask("funnel", data={"reason": "Walked away"}),
    ("POST", "/settings/loss-reasons/{reason}"): Ask("reason", data={"reason": "Walked off"}),
    ("GET", "/settings/stages/{stage}"): Ask("stage"),
    ("POST", "/settings/stages/{stage}"): Ask("stage", data={"name": "Walk on", "hue": "1"}),
    ("POST", "/settings/stages/{stage}/gate"): Ask("stage", data={"fields": "amount"}),
    ("POST", "/settings/stages/{stage}/shift"): Ask("stage", data={"by": "down"}),
    ("POST", "/settings/stages/{stage}/retire"): Ask("stage", data={"to_stage_id": "1"}),
    ("POST", "/settings/stages/{stage}/restore"): Ask("stage", data={}),
    ("GET", "/live"): Ask(),
    ("GET", "/banner"): Ask(),
    ("GET", "/presence"): Ask(is_fragment=True),
    ("GET", "/popup"): Ask(),
    ("POST", "/popup/{call_id}/close"): Ask("call", data={}),
    ("POST", "/popup/{call_id}/deal"): Ask("call", data={"name": "Walk"}),
    ("GET", "/popup/{call_id}/not-client"): Ask("talk"),
    ("POST", "/popup/{call_id}/not-client"): Ask("talk", data={"loss_reason_id": "{reason}", "skips": "yes"}),
    ("POST", "/popup/{call_id}/not-client/undo"): Ask("talk", data={}),
    ("POST", "/popup/{call_id}/tell-owner"): Ask("talk", data={}),
    ("POST", "/today/skips"): Ask(data={"number": "+79051234567", "act": "leave"}),
    ("POST", "/popup/{call_id}/wrap-up"): Ask("talk", data={"outcome": "{answer}", "step": "none"}),
    ("POST", "/popup/{call_id}/wrap-up/undo"): Ask("talk", data={}),
    ("POST", "/settings/funnels/{funnel}/answers"): Ask(
        "funnel", data={"outcome": "Walked", "suggests": "none"}
    ),
    ("POST", "/settings/answers/{answer}"): Ask("answer", data={"outcome": "Walks", "suggests": "offer"}),
    ("POST", "/popup/{call_id}/note"): Ask("call", data={"text": "walked by"}),
    ("GET", "/settings/doctor"): Ask(),
    ("POST", "/settings/doctor"): Ask(data={}),
    ("GET", "/calls"): Ask(),
    ("POST", "/calls/dial"): Ask(data={"number": "+79051234567", "request_key": "walk"}),
    ("POST", "/popup/{call_id}/hang-up"): Ask("call", data={}),
    ("GET", "/calls/{call_id}/recording"): Ask("call"),
    ("GET", "/calls/{call_id}/recording/file"): Ask("call"),
    ("GET", "/calls/{call_id}"): Ask("call"),
    ("GET", "/reports"): Ask(),
    ("GET", "/reports/overview"): Ask(query="?period=today"),
    ("GET", "/reports/won"): Ask(query="?period=today"),
    ("GET", "/reports/won.csv"): Ask(query="?period=today"),
    ("GET", "/reports/won.xlsx"): Ask(query="?period=today"),
    ("GET", "/reports/calls"): Ask(query="?period=today"),
    ("GET", "/reports/calls/meetings"): Ask(query="?period=today"),
    ("GET", "/reports/calls.csv"): Ask(query="?period=today"),
    ("GET", "/reports/calls.xlsx"): Ask(query="?period=today"),
    ("GET", "/reports/hours"): Ask(query="?period=this_month"),
    ("GET", "/reports/hours.csv"): Ask(query="?period=this_month"),
    ("GET", "/reports/hours.xlsx"): Ask(query="?period=this_month"),
    ("GET", "/reports/trend"): Ask(query="?period=this_month"),
    ("GET", "/reports/trend.csv"): Ask(query="?period=this_month"),
    ("GET", "/reports/trend.xlsx"): Ask(query="?period=this_month"),
    ("GET", "/reports/missed"): Ask(query="?period=today&part=all"),
    ("GET", "/reports/missed.csv"): Ask(query="?period=today"),
    ("GET", "/reports/missed.xlsx"): Ask(query="?period=today"),
    ("GET", "/reports/funnel"): Ask(query="?from=2026-11-01&to=2026-11-30&compare=1"),
    ("GET", "/reports/funnel.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/funnel.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/funnel/deals.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30&part=here"),
    ("GET", "/reports/funnel/deals"): Ask(query="?from=2026-11-01&to=2026-11-30&part=entered"),
    ("GET", "/reports/funnel/deals.csv"): Ask(query="?from=2026-11-01&to=2026-11-30&part=here"),
    ("GET", "/reports/losses"): Ask(query="?from=2026-11-01&to=2026-11-30&by=seller"),
    ("GET", "/reports/losses.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/losses.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/losses/deals"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/losses/deals.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/losses/deals.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/sources"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/sources.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/sources.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/sources/deals"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/sources/deals.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/sources/deals.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/regions"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/regions.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/regions.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/regions/deals"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/regions/deals.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/regions/deals.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/lines"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/lines.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/lines.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/lines/deals"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/lines/deals.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/lines/deals.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/cold"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/cold.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/cold.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/cold/meetings"): Ask(query="?from=2026-11-01&to=2026-11-30&part=agreed"),
    ("GET", "/reports/carried"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/carried.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/carried.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/carried/deals"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/carried/deals.csv"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/carried/deals.xlsx"): Ask(query="?from=2026-11-01&to=2026-11-30"),
    ("GET", "/reports/stages"): Ask(),
    ("GET", "/reports/stages.csv"): Ask(),
    ("GET", "/reports/stages.xlsx"): Ask(),
    ("GET", "/reports/stages/deals"): Ask(),
    ("GET", "/reports/stages/deals.csv"): Ask(),
    ("GET", "/reports/stages/deals.xlsx"): Ask(),
    ("GET", "/settings/costs"): Ask(query="?month=2026-11"),
    ("POST", "/settings/costs"): Ask(data={"month": "2026-11", "cost-site": "x"}),
    ("GET", "/reports/forecast"): Ask(),
    ("GET", "/reports/forecast.csv"): Ask(),
    ("GET", "/reports/forecast.xlsx"): Ask(),
    ("GET", "/reports/forecast/deals"): Ask(query="?part=no_date"),
    ("GET", "/reports/forecast/deals.csv"): Ask(query="?part=no_date"),
    ("GET", "/reports/forecast/deals.xlsx"): Ask(query="?part=no_date"),
    ("GET", "/board"): Ask(),
    ("GET", "/board/bulk"): Ask(),
    ("POST", "/board/bulk"): Ask(data={"act": "assign", "deal": "{deal}:1", "owner_id": "{person}"}),
    ("POST", "/board/bulk/{act}/undo"): Ask("bulk", data={}),
    ("POST", "/board/views"): Ask(data={"name": "Walk", "order": "oldest"}),
    ("GET", "/board/totals"): Ask(),
    ("GET", "/board/column/{stage}"): Ask("stage"),
    ("GET", "/today"): Ask(query="?who=all"),
    ("POST", "/today/tasks/{task}/done"): Ask("task", data={}),
    ("POST", "/today/tasks/{task}/later"): Ask("task", data={"by": "tomorrow"}),
    ("POST", "/today/tasks/{task}/undo"): Ask("task", data={"version": "1", "due_at": "2026-12-01T10:00"}),
    ("POST", "/today/tasks/{task}/result"): Ask("task", data={"result": "walked"}),
    ("POST", "/today/deals/{deal}/step"): Ask("deal", data={"by": "hour"}),
    ("POST", "/board/column/{stage}/fold"): Ask("stage", data={"folded": "yes"}),
    ("GET", "/search"): Ask(query="?q=Orbita"),
    ("GET", "/deals/new"): Ask(),
    ("POST", "/deals/new"): Ask(data={"title": "Walk", "amount": "1"}),
    ("GET", "/deals/{deal}"): Ask("deal"),
    ("GET", "/deals/{deal}/move"): Ask("deal", query="?to={stage}", is_fragment=True),
    ("POST", "/deals/{deal}/move"): Ask("deal", data=MOVE),
    ("POST", "/deals/{deal}/undo"): Ask("deal", data={"move_id": "1", "request_key": "walk-undo"}),
    ("POST", "/deals/{deal}/fields"): Ask(
        "deal", data={"version": "1", "title": "Walked", "amount": "1", "priority": "high"}
    ),
    ("POST", "/deals/{deal}/owner"): Ask("deal", data={"owner_id": "{person}", "version": "1"}),
    ("POST", "/deals/{deal}/funnel"): Ask("deal", data={"to_stage_id": "{stage}", "version": "1"}),
    ("GET", "/deals/{deal}/step"): Ask("deal"),
    ("POST", "/deals/{deal}/step"): Ask("deal", data={"kind": "call", "due_at": "2026-12-01T10:00"}),
    ("POST", "/deals/{deal}/priority"): Ask("deal", data={}),
    ("POST", "/deals/{deal}/notes"): Ask("deal", data={"text": "walked by"}),
    ("POST", "/deals/{deal}/draft"): Ask("deal", data={"text": "walking"}),
    ("POST", "/deals/{deal}/notes/{note}"): Ask("note", data={"text": "walked on", "seen": "walk"}),
    ("POST", "/deals/{deal}/notes/{note}/delete"): Ask("note", data={}),
    ("POST", "/deals/{deal}/contacts"): Ask("deal", data={"name": "Walker", "role": "walks"}),
    ("POST", "/deals/{deal}/contacts/{second}/drop"): Ask("second", data={}),
    ("POST", "/deals/{deal}/contacts/{second}/first"): Ask("second", data={}),
    ("POST", "/deals/{deal}/delete"): Ask("deal", data={"version": "999"}),
    ("POST", "/deals/{deal}/files"): Ask("deal", data={"file": "no file"}),
    ("GET", "/deals/{deal}/files/{file}"): Ask("file"),
    ("POST", "/deals/{deal}/files/{file}/delete"): Ask("file", data={}),
    ("GET", "/settings/files"): Ask(),
    ("POST", "/settings/files"): Ask(data={"on": "yes"}),
    ("GET", "/contacts"): Ask(query="?q=Orbita"),
    ("GET", "/contacts/duplicates"): Ask(),
    ("GET", "/contacts/{contact}"): Ask("contact"),
    ("POST", "/contacts/{contact}"): Ask("contact", data={"name": "Walked", "seen_name": ""}),
    ("POST", "/contacts/{contact}/numbers"): Ask("contact", data={"number": "+79990001122"}),
    ("POST", "/contacts/{contact}/numbers/{number}/drop"): Ask("contact", data={}),
    ("GET", "/contacts/{contact}/merge"): Ask("contact", query="?with={second}"),
    ("POST", "/contacts/{contact}/merge"): Ask("contact", data={"with": "{contact}"}),
    ("GET", "/contacts/{contact}/erase"): Ask("contact"),
    ("POST", "/contacts/{contact}/erase"): Ask("contact", data={}),
    ("GET", "/contacts.csv"): Ask(),
    ("GET", "/contacts.xlsx"): Ask(),
    ("GET", "/settings/imports"): Ask(),
    ("POST", "/settings/imports"): Ask(data={"file": "none"}),
    ("GET", "/settings/imports/{import}"): Ask("import"),
    ("POST", "/settings/imports/{import}/count"): Ask("import", data={}),
    ("POST", "/settings/imports/{import}/run"): Ask("import", data={}),
    ("POST", "/settings/imports/{import}/cancel"): Ask("import", data={}),
    ("POST", "/settings/imports/{import}/back"): Ask("import", data={}),
    ("GET", "/settings/imports/{import}/refused.csv"): Ask("import"),
    ("GET", "/companies"): Ask(query="?q=Orbita"),
    ("GET", "/companies/{company}"): Ask("company"),
    ("POST", "/companies/{company}"): Ask("company", data={"name": "Walked {key}"}),
    ("GET", "/bin"): Ask(),
    ("POST", "/bin/{item}/back"): Ask("item", data={}),
    ("POST", "/deals/{deal}/tasks"): Ask(
        "deal", data={"kind": "call", "due_at": "2026-12-01T10:00", "title": "Walk"}
    ),
    ("POST", "/deals/{deal}/acts/{act}/undo"): Ask("act", data={}),
    ("POST", "/deals/{deal}/tasks/{task}/done"): Ask("task", data={}),
    ("POST", "/deals/{deal}/tasks/{task}/later"): Ask("task", data={"by": "hour"}),
    ("GET", "/static/{version}/{name}"): Ask("static"),
    ("GET", "/health/live"): Ask(),
    ("GET", "/health/ready"): Ask(),
    ("GET", "/metrics"): Ask(),
    ("POST", "/pbx/voice"): Ask(data={"token": "walk", "call": "crm-voice-1", "said": "1"}),
    ("GET", "/pbx/voice/{digest}.wav"): Ask(),
    ("POST", "/settings/voice/{message}/try"): Ask("message", data={"request_key": "walk"}),
    ("POST", "/pbx/code"): Ask(data={"token": "walk", "channel": "PJSIP/101-0000001f", "code": "1"}),
    ("GET", "/settings/funnels/{funnel}/codes"): Ask(names="funnel"),
    ("POST", "/settings/funnels/{funnel}/codes"): Ask(names="funnel", data={"code-1": "meeting"}),
    ("POST", "/pbx/lookup"): Ask(data={"token": "walk", "number": "79160001122"}),
    ("GET", "/api/v1/openapi.json"): Ask(),
    ("GET", "/api/v1/calls"): Ask(),
    ("GET", "/api/v1/calls/{call}"): Ask("call"),
    ("GET", "/api/v1/reports/{report}"): Ask(),
    ("GET", "/api/v1/deals"): Ask(),
    ("POST", "/api/v1/deals"): Ask(json={"title": "Walk"}),
    ("GET", "/api/v1/deals/{deal}"): Ask("deal"),
    ("PATCH", "/api/v1/deals/{deal}"): Ask("deal", json={"version": 1, "title": "Walked"}),
    ("POST", "/api/v1/deals/{deal}/moves"): Ask("deal", json=MOVE),
    ("POST", "/api/v1/deals/{deal}/owner"): Ask("deal", json={"owner_id": "{person}", "version": 1}),
    ("GET", "/api/v1/contacts"): Ask(),
    ("GET", "/api/v1/contacts/{contact}"): Ask("contact"),
    ("GET", "/api/v1/tasks"): Ask(),
    ("GET", "/api/v1/funnels"): Ask(),
    ("GET", "/api/v1/people"): Ask(),
    ("PATCH", "/api/v1/contacts/{contact}"): Ask("contact", json={"city": "Walk"}),
    ("POST", "/api/v1/contacts/{contact}/numbers"): Ask("contact", json={"number": "+79990001133"}),
    ("GET", "/api/v1/contacts/{contact}/numbers"): Ask("contact"),
    ("DELETE", "/api/v1/contacts/{contact}/numbers/{number}"): Ask("contact"),
    ("GET", "/api/v1/contacts/{contact}/region"): Ask("contact"),
    ("PUT", "/api/v1/contacts/{contact}/region"): Ask("contact", json={"region_id": None}),
    ("POST", "/api/v1/contacts/{contact}/merge"): Ask("contact", json={"with": "{contact}"}),
    ("GET", "/api/v1/regions"): Ask(),
    ("PATCH", "/api/v1/stages/{stage}"): Ask("stage", json={"what_to_do": "Walk"}),
    ("PUT", "/api/v1/stages/{stage}/gate"): Ask("stage", json={"needs": [{"kind": "note"}]}),
    ("GET", "/api/v1/funnels/{funnel}/choices"): Ask("funnel"),
    ("POST", "/api/v1/funnels/{funnel}/answers"): Ask("funnel", json={"outcome": "Walked"}),
    ("PUT", "/api/v1/answers/{answer}"): Ask("answer", json={"outcome": "Walked on"}),
    ("DELETE", "/api/v1/answers/{answer}"): Ask("answer"),
    ("POST", "/api/v1/funnels/{funnel}/loss-reasons"): Ask("funnel", json={"reason": "Walked"}),
    ("PUT", "/api/v1/loss-reasons/{reason}"): Ask("reason", json={"reason": "Walked off"}),
    ("DELETE", "/api/v1/loss-reasons/{reason}"): Ask("reason"),
    ("POST", "/api/v1/triggers/{trigger}/shift"): Ask("trigger", json={"way": "down"}),
    ("POST", "/api/v1/lines/dry-run"): Ask(json={**LINE, "days": 30}),
    ("POST", "/api/v1/skip-rules/dry-run"): Ask(json={**SKIP, "days": 30}),
    ("GET", "/api/v1/plans"): Ask(query="?period=2026-W47"),
    ("PUT", "/api/v1/plans"): Ask(json={"period": "2026-11", "targets": []}),
    ("GET", "/api/v1/bulk-acts"): Ask(),
    ("POST", "/api/v1/bulk-acts/move"): Ask(json={"deals": TICKED, "to_stage_id": "{stage}"}),
    ("POST", "/api/v1/bulk-acts/assign"): Ask(json={"deals": TICKED, "owner_id": "{person}"}),
    ("POST", "/api/v1/bulk-acts/task"): Ask(json={"deals": TICKED, "step": "offer"}),
    ("POST", "/api/v1/bulk-acts/{bulk}/undo"): Ask("bulk"),
    ("GET", "/api/v1/views"): Ask(),
    ("POST", "/api/v1/views"): Ask(json={"name": "Walk"}),
    ("POST", "/api/v1/views/drop"): Ask(json={"name": "Walk"}),
    ("GET", "/api/v1/companies"): Ask(),
    ("GET", "/api/v1/companies/{company}"): Ask("company"),
    ("GET", "/api/v1/deals/{deal}/notes"): Ask("deal"),
    ("POST", "/api/v1/deals/{deal}/notes"): Ask("deal", json={"text": "walked"}),
    ("GET", "/api/v1/deals/{deal}/files"): Ask("deal"),
    ("GET", "/api/v1/deals/{deal}/tags"): Ask("deal"),
    ("GET", "/api/v1/deals/{deal}/history"): Ask("deal"),
    ("POST", "/api/v1/deals/{deal}/undo"): Ask("deal", json={"move_id": ABSENT}),
    ("POST", "/api/v1/deals/{deal}/acts/{act}/undo"): Ask("act"),
    ("POST", "/api/v1/deals/{deal}/funnel"): Ask("deal", json={"to_stage_id": "{stage}", "version": 99}),
    ("GET", "/api/v1/deals/{deal}/contacts"): Ask("deal"),
    ("POST", "/api/v1/deals/{deal}/contacts"): Ask("deal", json={"number": "+79990001155"}),
    ("DELETE", "/api/v1/deals/{deal}/contacts/{second}"): Ask("spare_second"),
    ("POST", "/api/v1/deals/{deal}/contacts/{second}/first"): Ask("second"),
    ("PATCH", "/api/v1/deals/{deal}/notes/{note}"): Ask("note", json={"text": "walked", "seen": "walk"}),
    ("DELETE", "/api/v1/deals/{deal}/notes/{note}"): Ask("spare_note"),
    ("POST", "/api/v1/calls/dial"): Ask(json={"number": "+79990001166"}),
    ("POST", "/api/v1/calls/{call}/deal"): Ask("call", json={}),
    ("POST", "/api/v1/calls/{call}/not-client"): Ask("call", json={}),
    ("POST", "/api/v1/calls/{call}/not-client/undo"): Ask("call", json={}),
    ("POST", "/api/v1/calls/{call}/tell-owner"): Ask("call"),
    ("POST", "/api/v1/tasks/{task}/undo"): Ask("task", json={"version": 1, "due_at": "2026-12-01T10:00:00Z"}),
    ("GET", "/api/v1/advice"): Ask(),
    ("POST", "/api/v1/advice/{advice}/later"): Ask("advice"),
    ("POST", "/api/v1/advice/{advice}/lower"): Ask("advice"),
    ("POST", "/api/v1/advice/{advice}/dismiss"): Ask("advice"),
    ("GET", "/api/v1/contacts/found"): Ask(query="?text=V"),
    ("GET", "/api/v1/contacts/duplicates"): Ask(),
    ("PATCH", "/api/v1/companies/{company}"): Ask("company", json={"name": "Walked by script"}),
    ("GET", "/api/v1/house"): Ask(),
    ("PATCH", "/api/v1/house"): Ask(json={"takes_files": True}),
    ("GET", "/api/v1/costs"): Ask(),
    ("PUT", "/api/v1/costs"): Ask(json={"month": "2026-11", "costs": []}),
    ("GET", "/api/v1/funnels/{funnel}/codes"): Ask("funnel"),
    ("PUT", "/api/v1/funnels/{funnel}/codes"): Ask("funnel", json={"codes": {"7": "meeting"}}),
    ("GET", "/api/v1/robots"): Ask(),
    ("POST", "/api/v1/robots"): Ask(json={**ROBOT, "funnel_id": "{funnel}"}),
    ("PUT", "/api/v1/robots/{robot}"): Ask("robot", json={**ROBOT, "name": "Walked"}),
    ("DELETE", "/api/v1/robots/{robot}"): Ask("robot"),
    ("POST", "/api/v1/robots/{robot}/switch"): Ask("robot", json={"is_active": True}),
    ("POST", "/api/v1/robots/dry-run"): Ask(json={**ROBOT, "funnel_id": "{funnel}", "days": 30}),
    ("GET", "/api/v1/triggers"): Ask(),
    ("POST", "/api/v1/triggers"): Ask(json={**TRIGGER, "funnel_id": "{funnel}"}),
    ("PUT", "/api/v1/triggers/{trigger}"): Ask("trigger", json={**TRIGGER, "name": "Walked"}),
    ("DELETE", "/api/v1/triggers/{trigger}"): Ask("trigger"),
    ("POST", "/api/v1/triggers/{trigger}/switch"): Ask("trigger", json={"is_active": True}),
    ("POST", "/api/v1/triggers/dry-run"): Ask(json={**TRIGGER, "funnel_id": "{funnel}", "days": 30}),
    ("GET", "/api/v1/calendars"): Ask(),
    ("POST", "/api/v1/calendars"): Ask(json=CALENDAR),
    ("PUT", "/api/v1/calendars/{calendar}"): Ask("calendar", json=CALENDAR),
    ("DELETE", "/api/v1/calendars/{calendar}"): Ask("calendar"),
    ("POST", "/api/v1/calendars/{calendar}/days"): Ask("calendar", json={"day": "2026-12-31"}),
    ("GET", "/api/v1/lines"): Ask(),
    ("POST", "/api/v1/lines"): Ask(json=LINE),
    ("PUT", "/api/v1/lines/{line}"): Ask("line", json=LINE),
    ("DELETE", "/api/v1/lines/{line}"): Ask("line"),
    ("GET", "/api/v1/skip-rules"): Ask(),
    ("GET", "/api/v1/skip-rules/proposals"): Ask(),
    ("POST", "/api/v1/skip-rules"): Ask(json=SKIP),
    ("DELETE", "/api/v1/skip-rules/{rule}"): Ask("rule"),
    ("GET", "/api/v1/site-forms"): Ask(),
    ("POST", "/api/v1/site-forms"): Ask(json={"name": "Walk"}),
    ("PUT", "/api/v1/site-forms/{form}"): Ask("form", json={"name": "Walked"}),
    ("DELETE", "/api/v1/site-forms/{form}"): Ask("form"),
    ("POST", "/api/v1/deals/{deal}/files"): Ask("deal"),
    ("GET", "/api/v1/deals/{deal}/files/{file}"): Ask("deal"),
    ("DELETE", "/api/v1/deals/{deal}/files/{file}"): Ask("spare_file"),
    ("POST", "/api/v1/deals/{deal}/tasks"): Ask(
        "deal", json={"kind": "offer", "due_at": "2026-12-01T10:00:00Z"}
    ),
    ("POST", "/api/v1/deals/{deal}/delete"): Ask("deal", json={"version": 99}),
    ("POST", "/api/v1/tasks/{task}/done"): Ask("task", json={"result": "walked"}),
    ("POST", "/api/v1/tasks/{task}/put-off"): Ask("task", json={"by": "hour"}),
    ("POST", "/api/v1/calls/{call}/wrap-up"): Ask("talk", json={"note": "walked"}),
    ("GET", "/api/v1/bin"): Ask(),
    ("POST", "/api/v1/bin/{item}/back"): Ask("spare_item"),
    ("GET", "/api/v1/funnels/all"): Ask(),
    ("GET", "/api/v1/funnels/{funnel}"): Ask("funnel"),
    ("POST", "/api/v1/funnels"): Ask(json={"body": "aida", "name": "Walk by script"}),
    ("PATCH", "/api/v1/funnels/{funnel}"): Ask("funnel", json={"name": "Walked by script"}),
    ("POST", "/api/v1/funnels/{funnel}/retire"): Ask("funnel"),
    ("POST", "/api/v1/funnels/{funnel}/restore"): Ask("funnel"),
    ("POST", "/api/v1/funnels/{funnel}/stages"): Ask("funnel", json={"name": "Walk by script"}),
    ("POST", "/api/v1/stages/{stage}/shift"): Ask("stage", json={"way": "down"}),
    ("POST", "/api/v1/stages/{stage}/retire"): Ask("stage", json={"to_stage_id": 1}),
    ("POST", "/api/v1/stages/{stage}/restore"): Ask("stage"),
    ("POST", "/api/v1/robots/{robot}/shift"): Ask("robot", json={"way": "down"}),
    ("GET", "/api/v1/robots/{robot}/webhook-secret"): Ask("robot"),
    ("GET", "/api/v1/voice-messages"): Ask(),
    ("POST", "/api/v1/voice-messages"): Ask(),
    ("POST", "/api/v1/voice-messages/switch"): Ask(json={"is_on": False}),
    ("PUT", "/api/v1/voice-messages/{message}"): Ask("message", json={"name": "Walked"}),
    ("DELETE", "/api/v1/voice-messages/{message}"): Ask("message"),
    ("GET", "/api/v1/voice-messages/{message}/sound"): Ask("message"),
    ("POST", "/api/v1/voice-messages/{message}/try"): Ask("message", json={"request_key": "walk-2"}),
    ("DELETE", "/api/v1/calendars/{calendar}/days/{day}"): Ask("calendar"),
    ("DELETE", "/api/v1/calls/{call}/wrap-up"): Ask("talk"),
    ("GET", "/api/v1/imports"): Ask(),
    ("POST", "/api/v1/imports"): Ask(),
    ("GET", "/api/v1/imports/{import}"): Ask("import"),
    ("GET", "/api/v1/imports/{import}/preview"): Ask("import"),
    ("POST", "/api/v1/imports/{import}/count"): Ask("import", json={"mapping": ["name"]}),
    ("POST", "/api/v1/imports/{import}/run"): Ask("import"),
    ("POST", "/api/v1/imports/{import}/cancel"): Ask("import"),
    ("POST", "/api/v1/imports/{import}/back"): Ask("import"),
    ("GET", "/api/v1/imports/{import}/refused.csv"): Ask("import"),
}

OF_A_SELLER = (
    "deal",
    "call",
    "talk",
    "task",
    "contact",
    "act",
    "note",
    "second",
    "item",
    "file",
    "spare_file",
    "spare_item",
    "spare_note",
    "spare_second",
    "company",
    "advice",
)
FIXED = {
    "day": "2026-12-30",
    "report": "sources",
    "name": "favicon.svg",
    "version": "x",
    "token": "a-link-that-works",
} | {"digest": "0" * 64}
Records = dict[str, int]
IN_PATH = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})+)?\}")


def plain(path: str) -> str:
    """The path without the patterns of its places."""
    return IN_PATH.sub(r"{\1}", path)


def ask_of(route: Route) -> Ask:
    """How the route is asked for."""
    return WALK[route.method, plain(route.path)]


def names_sellers_record(route: Route) -> bool:
    """Whether a record of a seller stands in the address."""
    return ask_of(route).names in OF_A_SELLER


def test_every_route_is_walked() -> None:
    assert {(route.method, plain(route.path)) for route in ROUTES} == set(WALK)


@dataclass(frozen=True)
class World:
    """The site with a full set of records for Anna, and another for Boris."""

    crm: Crm
    of_anna: Records
    of_boris: Records

    async def ask(self, who: Person | None, route: Route, records: Records) -> ClientResponse:
        """The answer this person gets, redirects not followed."""
        wanted = ask_of(route)
        named = {**records, "key": f"{who.login if who else 'nobody'}"}
        path = IN_PATH.sub(lambda place: _in_address(place[1], records, wanted), route.path)
        more: dict[str, Any] = {"headers": {"HX-Request": "true"}} if wanted.is_fragment else {}
        if route.path.startswith("/api/"):
            browser = await self.crm.browser()
            if who is not None:
                more["headers"] = {"Authorization": f"Bearer {await self.crm.token(who, SessionKind.API)}"}
        else:
            browser = await self.crm.browser(who)
        if wanted.data is not None:
            more["data"] = _filled(wanted.data, named)
        if wanted.json is not None:
            more["json"] = _filled(wanted.json, named)
        address = path + wanted.query.format(**named)
        answer = await browser.request(route.method, address, allow_redirects=False, **more)
        await answer.read()
        await browser.session.close()
        return answer

    async def everything(self) -> str:
        """All rows of all tables but those that any visit leaves."""
        left = {"sessions", "login_tries", "audit"}

        def rows(tx: Transaction) -> str:
            kept = [table for table in metadata.sorted_tables if table.name not in left]
            return repr([sorted(map(repr, tx.execute(table.select()).all())) for table in kept])

        return await self.crm.database.read(rows)


def _in_address(place: str, records: Records, wanted: Ask) -> str:
    names = {"call_id": wanted.names, "act": wanted.names}
    if place in ("name", "version"):
        return {"name": "favicon.svg", "version": "x"}[place]
    names = {"call_id": wanted.names}
    # What can be done once is done to another record where two routes do it.
    others = {"talk": "call"} | {f"spare_{one}": one for one in ("file", "item", "note", "second")}
    if others.get(wanted.names) == place:
        return str(records[wanted.names])
    if place in FIXED:
        return FIXED[place]
    return str(records[names.get(place, place)])


def _filled(values: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    return {key: value.format(**named) if isinstance(value, str) else value for key, value in values.items()}


@pytest.fixture
async def world(crm: Crm) -> World:
    """Two sellers with one of everything each."""

    def fill(tx: Transaction) -> tuple[Records, Records]:
        funnel = builders.funnel(tx)
        wall_links.add(tx, "Hall", hash_of(FIXED["token"]), crm.cast.olga.id, NOW, WallRules())
        return _records(tx, funnel, crm.cast.anna, "Vector"), _records(tx, funnel, crm.cast.boris, "Orbita")

    of_anna, of_boris = await crm.database.write(fill)
    await crm.services.clients.files.switch(crm.cast.olga, is_on=True)
    for who, records in ((crm.cast.anna, of_anna), (crm.cast.boris, of_boris)):
        for name in ("file", "spare_file"):
            await crm.services.clients.files.add(who, records["deal"], "offer.pdf", _content())
            records[name] = (await crm.services.clients.files.of_deal(who, records["deal"]))[0].id
    crm.services.dialling.offer("main", Outlet(WrittenPhones(), NumberPlan("RU"), DialRules()))
    return World(crm, of_anna, of_boris)


async def _content() -> AsyncIterator[bytes]:
    yield b"offer"


def _records(tx: Transaction, funnel: Funnel, owner: Person, client: str) -> Records:
    contact_id = builders.contact(tx, client)
    deal_id = builders.deal(tx, funnel, owner, contact_id=contact_id, title=f"Deal of {client}")
    call = CallRows(tx, NOW, contact_id=contact_id, deal_id=deal_id).ring(owner).answer(owner)
    talk = CallRows(tx, NOW - timedelta(hours=1), contact_id=contact_id, deal_id=deal_id).ring(owner)
    talk.answer(owner).end(60, Outcome.ANSWERED)
    task_id = tasks.add(tx, NewTask(TaskKind.CALL, owner.id, NOW, NOW, deal_id, contact_id))
    assert task_id is not None
    robot = robots.everything(tx)[0]
    return {
        "robot": robot.id or ABSENT,
        "advice": _advice(tx, robot, deal_id, owner, funnel.stages[0].id),
        "deal": deal_id,
        "contact": contact_id,
        "call": call.id,
        "talk": talk.id,
        "answer": wrap_up_outcomes.of_funnel(tx, funnel.id)[0].id,
        "task": task_id,
        "person": owner.id,
        "stage": funnel.stages[1].id,
        "act": _act(tx, deal_id),
        "note": deal_notes.add(tx, deal_id, owner.id, "walk", NOW),
        "spare_note": deal_notes.add(tx, deal_id, owner.id, "walk", NOW),
        "second": _second(tx, deal_id, client),
        "spare_second": _second(tx, deal_id, client),
        "item": _item(tx, deal_id, owner),
        "spare_item": _item(tx, deal_id, owner),
        "number": 1,
        "import": ABSENT,
        "company": _company(tx, deal_id, client),
        "trigger": triggers.everything(tx)[0].id or ABSENT,
        "calendar": calendars.add(tx, usual_calendar(INSTALLATION, f"Days of {owner.name}")),
        "line": ABSENT,
        "form": ABSENT,
        "token": ABSENT,
        "rule": ABSENT,
        "message": ABSENT,
        "bulk": ABSENT,
        "wall": ABSENT,
        "session": ABSENT,
        "funnel": funnel.id,
        "reason": funnel.loss_reasons[0].id,
    }


def _advice(tx: Transaction, robot: Robot, deal_id: int, owner: Person, stage_id: int) -> int:
    """What a robot advises the owner."""
    run = {"robot_id": robot.id, "deal_id": deal_id, "since": NOW, "owner_id": owner.id, "at": NOW}
    run_id = insert_new(tx, robot_runs, run)
    row = {"deal_id": deal_id, "for_head": False, "run_id": run_id, "name": "Walk", "text": "Walk on"}
    more = {"occasion": "entered", "why": {}, "stage_id": stage_id, "at": NOW}
    advices.put(tx, {**row, **more})
    return advices.of_deal(tx, deal_id, owner.scope, NOW)[0].id


def _act(tx: Transaction, deal_id: int) -> int:
    """What a trigger did to the deal, to be taken back."""
    details = {"id": "trigger_priority", "name": "Walk", "was": "low", "is": "normal"}
    deals.add_event_once(tx, deal_id, "trigger", NOW, details, f"walk-{deal_id}")
    return deal_notes.events_of(tx, deal_id)[0].id


def _second(tx: Transaction, deal_id: int, client: str) -> int:
    """Somebody else on the deal."""
    contact_id = builders.contact(tx, f"Second of {client}")
    deal_contacts.add(tx, deal_id, contact_id, "accountant")
    return contact_id


def _company(tx: Transaction, deal_id: int, client: str) -> int:
    """The company of the deal."""
    company_id = companies.named(tx, f"Company of {client}", NOW)
    deal = deals.get(tx, deal_id, builders.EVERYTHING)
    deals.set_fields(tx, deal, {"company_id": company_id}, NOW)
    return company_id


def _item(tx: Transaction, deal_id: int, owner: Person) -> int:
    """A deleted note of the deal."""
    note = deal_notes.lock(tx, deal_id, deal_notes.add(tx, deal_id, owner.id, "gone", NOW))
    thrown = Thrown(BinKind.NOTE, deal_id, "gone", owner.id, owner.id, NOW)
    return bin.put(tx, thrown, deal_notes.take_out(tx, note))


def absent(records: Records) -> Records:
    """The same, but no record of a seller exists."""
    return {**records, **dict.fromkeys(OF_A_SELLER, ABSENT)}


async def test_a_stranger_gets_into_public_pages_only(world: World) -> None:
    before = await world.everything()
    for route in ROUTES:
        answer = await world.ask(None, route, world.of_anna)
        if route.access is Access.PUBLIC:
            assert answer.status not in (303, 403, 500), route
        elif route.access is Access.PBX:
            assert answer.status == 403, route
        else:
            assert answer.status in (303, 401), route
            assert answer.headers.get("Location", "/login").startswith("/login"), route
    assert await world.everything() == before


@pytest.mark.parametrize("name", ["anna", "olga", "peter"])
async def test_each_person_gets_exactly_where_their_rights_reach(world: World, name: str) -> None:
    who: Person = getattr(world.crm.cast, name)
    for route in ROUTES:
        before = await world.everything()
        answer = await world.ask(who, route, world.of_anna)
        assert answer.status < 500, route
        if not route.access.admits(who):
            assert answer.status == 403, route
            assert await world.everything() == before, route
        elif route.access is not Access.PUBLIC:
            assert answer.status != 401, route
            assert not answer.headers.get("Location", "").startswith("/login?"), route


@pytest.mark.parametrize("seller", ["anna", "boris"])
async def test_another_sellers_record_answers_as_one_that_does_not_exist(world: World, seller: str) -> None:
    who: Person = getattr(world.crm.cast, seller)
    foreign_records = world.of_boris if seller == "anna" else world.of_anna
    before = await world.everything()
    for route in filter(names_sellers_record, ROUTES):
        foreign = await world.ask(who, route, foreign_records)
        none = await world.ask(who, route, absent(foreign_records))
        assert foreign.status == none.status, route
        assert foreign.status in (403, 404), route
        assert await foreign.text() == await none.text(), route
    assert await world.everything() == before, "a refused wish leaves no trace"


async def test_own_records_are_found(world: World) -> None:
    # Backwards, for a popup closed once takes no note any more.
    for route in filter(names_sellers_record, reversed(ROUTES)):
        answer = await world.ask(world.crm.cast.anna, route, world.of_anna)
        assert answer.status != 404, route


async def shown_by(answer: ClientResponse) -> str:
    """All text of an answer, also of one that is a workbook."""
    if not answer.content_type.endswith("spreadsheetml.sheet"):
        return await answer.text()
    with ZipFile(BytesIO(await answer.read())) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist())


async def test_nothing_a_seller_is_shown_names_another_sellers_deal(world: World) -> None:
    for route in ROUTES:
        if route.method == "GET":
            answer = await world.ask(world.crm.cast.anna, route, world.of_anna)
            assert "Deal of Orbita" not in await shown_by(answer), route


async def test_an_admin_without_a_role_is_shown_no_client(world: World) -> None:
    peter = world.crm.cast.peter
    assert peter.scope.reach is Reach.NOTHING
    for route in ROUTES:
        shown = await shown_by(await world.ask(peter, route, world.of_anna))
        assert "Vector" not in shown, route
        assert "Deal of" not in shown, route
