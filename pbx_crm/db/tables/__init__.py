"""Every table, as SQLAlchemy Core: the one picture of what is stored.

Keys that decide identity (`uq_…`) are what makes each write repeatable: a second delivery of a call,
a deal or a move meets the key and changes nothing. Everything that comes from a PBX carries `pbx`,
since Uniqueids repeat across PBXes. Times are UTC; money is an exact number beside its ISO currency.
"""

from __future__ import annotations

from pbx_crm.db.tables.automation import advices, jobs, robot_runs, robots
from pbx_crm.db.tables.base import metadata
from pbx_crm.db.tables.calendars import calendar_days, calendars
from pbx_crm.db.tables.calls import (
    call_aliases,
    call_people,
    calls,
    dials,
    legs,
    popups_closed,
    talks,
    transfers,
    wrap_ups,
)
from pbx_crm.db.tables.card import bin_items, deal_contacts, deal_files, deal_tags, note_drafts
from pbx_crm.db.tables.clients import companies, contact_numbers, contacts
from pbx_crm.db.tables.deals import (
    bulk_acts,
    deal_events,
    deal_notes,
    deals,
    open_deals,
    stage_moves,
    stage_totals,
    tasks,
)
from pbx_crm.db.tables.funnels import (
    funnels,
    gates,
    loss_reasons,
    phone_codes,
    stages,
    triggers,
    wrap_up_outcomes,
)
from pbx_crm.db.tables.imports import import_refusals, import_rows, imports
from pbx_crm.db.tables.journal import alerts, audit, client_reads, settings
from pbx_crm.db.tables.lines import line_sellers, lines, rota_turns, skip_rules
from pbx_crm.db.tables.pbx import gaps, phone_states, record_places
from pbx_crm.db.tables.people import (
    extensions,
    login_tries,
    people,
    recovery_codes,
    second_factors,
    seen_extensions,
    sessions,
)
from pbx_crm.db.tables.plans import plans, source_costs
from pbx_crm.db.tables.regions import number_ranges, regions
from pbx_crm.db.tables.rollups import call_days, call_hours, client_days
from pbx_crm.db.tables.site_forms import site_forms, site_requests
from pbx_crm.db.tables.voice import voice_calls, voice_messages
from pbx_crm.db.tables.walls import wall_links

__all__ = [
    "advices",
    "alerts",
    "audit",
    "bin_items",
    "bulk_acts",
    "calendar_days",
    "calendars",
    "call_aliases",
    "call_days",
    "call_hours",
    "call_people",
    "calls",
    "client_days",
    "client_reads",
    "companies",
    "contact_numbers",
    "contacts",
    "deal_contacts",
    "deal_events",
    "deal_files",
    "deal_notes",
    "deal_tags",
    "deals",
    "dials",
    "extensions",
    "funnels",
    "gaps",
    "gates",
    "import_refusals",
    "import_rows",
    "imports",
    "jobs",
    "legs",
    "line_sellers",
    "lines",
    "login_tries",
    "loss_reasons",
    "metadata",
    "note_drafts",
    "number_ranges",
    "open_deals",
    "people",
    "phone_codes",
    "phone_states",
    "plans",
    "popups_closed",
    "record_places",
    "recovery_codes",
    "regions",
    "robot_runs",
    "robots",
    "rota_turns",
    "second_factors",
    "seen_extensions",
    "sessions",
    "settings",
    "site_forms",
    "site_requests",
    "skip_rules",
    "source_costs",
    "stage_moves",
    "stage_totals",
    "stages",
    "talks",
    "tasks",
    "transfers",
    "triggers",
    "voice_calls",
    "voice_messages",
    "wall_links",
    "wrap_up_outcomes",
    "wrap_ups",
]
