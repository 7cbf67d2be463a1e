"""Every endpoint of the API, in one table like the site's."""

from __future__ import annotations

from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api import calls, deals, lists, reports
from pbx_crm.pages.api.advice import ADVICE
from pbx_crm.pages.api.boards import BOARD_ENDPOINTS
from pbx_crm.pages.api.calendars import CALENDAR_ENDPOINTS
from pbx_crm.pages.api.calling import CALLING
from pbx_crm.pages.api.card import CARD_ENDPOINTS
from pbx_crm.pages.api.client_acts import CLIENT_ACTS
from pbx_crm.pages.api.client_search import CLIENT_SEARCH
from pbx_crm.pages.api.client_table import CLIENT_ENDPOINTS
from pbx_crm.pages.api.deal_acts import DEAL_ACTS
from pbx_crm.pages.api.entrance_trials import ENTRANCE_TRIALS
from pbx_crm.pages.api.entrances import ENTRANCE_ENDPOINTS
from pbx_crm.pages.api.funnel_settings import FUNNEL_SETTINGS
from pbx_crm.pages.api.funnel_shapes import FUNNEL_SHAPES
from pbx_crm.pages.api.house import HOUSE
from pbx_crm.pages.api.imports import IMPORTS
from pbx_crm.pages.api.no_business import NO_BUSINESS
from pbx_crm.pages.api.plans import PLANS
from pbx_crm.pages.api.robots import ROBOTS, SECRET
from pbx_crm.pages.api.triggers import TRIGGERS
from pbx_crm.pages.api.voice_messages import VOICE_MESSAGES

ENDPOINTS: tuple[Route, ...] = (
    Route("GET", "/api/v1/calls", calls.list_calls, Access.CLIENT_DATA),
    Route("GET", "/api/v1/calls/{call}", calls.get_call, Access.CLIENT_DATA),
    Route("GET", "/api/v1/deals", deals.list_deals, Access.CLIENT_DATA),
    Route("POST", "/api/v1/deals", deals.create_deal, Access.CLIENT_DATA),
    Route("GET", "/api/v1/deals/{deal}", deals.get_deal, Access.CLIENT_DATA),
    Route("PATCH", "/api/v1/deals/{deal}", deals.change_deal, Access.CLIENT_DATA),
    Route("POST", "/api/v1/deals/{deal}/moves", deals.move_deal, Access.CLIENT_DATA),
    Route("POST", "/api/v1/deals/{deal}/owner", deals.hand_over_deal, Access.HEAD),
    Route("GET", "/api/v1/contacts", lists.list_contacts, Access.CLIENT_DATA),
    Route("GET", "/api/v1/contacts/{contact}", lists.get_contact, Access.CLIENT_DATA),
    Route("GET", "/api/v1/tasks", lists.list_tasks, Access.CLIENT_DATA),
    Route("GET", "/api/v1/funnels", lists.list_funnels, Access.CLIENT_DATA),
    Route("GET", "/api/v1/people", lists.list_people, Access.PERSON),
    Route("GET", "/api/v1/reports/{report}", reports.get_report, Access.CLIENT_DATA),
    *CLIENT_ENDPOINTS,
    *CLIENT_ACTS,
    *CLIENT_SEARCH,
    *DEAL_ACTS,
    *CALLING,
    *ADVICE,
    *HOUSE,
    *FUNNEL_SETTINGS,
    *CARD_ENDPOINTS,
    *CALENDAR_ENDPOINTS,
    *ENTRANCE_ENDPOINTS,
    *ENTRANCE_TRIALS,
    *NO_BUSINESS,
    *BOARD_ENDPOINTS,
    *PLANS,
    *ROBOTS.routes(),
    *TRIGGERS.routes(),
    SECRET,
    *FUNNEL_SHAPES,
    *VOICE_MESSAGES,
    *IMPORTS,
)
