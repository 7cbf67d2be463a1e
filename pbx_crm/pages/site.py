"""The site: every URL in one table, and what each request passes through before its handler."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages import (
    banner,
    board,
    calendars,
    call_log,
    card_acts,
    deal_card,
    deal_new,
    dialling,
    doctor,
    extensions,
    funnels,
    health,
    home,
    lines,
    live,
    login,
    me,
    metrics,
    moves,
    people,
    popup,
    reminders,
    report_calls,
    report_funnel,
    report_missed,
    reports,
    search,
    stages,
    static,
    today,
    triggers,
)
from pbx_crm.pages.access import Access, Route, guarded
from pbx_crm.pages.api import document
from pbx_crm.pages.api.table import ENDPOINTS
from pbx_crm.pages.gate import know_viewer, refuse_foreign_origin
from pbx_crm.pages.refusals import answer_refusals
from pbx_crm.pages.request import OPTIONS, SERVICES, SiteOptions
from pbx_crm.pages.security_headers import add_security_headers
from pbx_crm.services.registry import Services

# Eighteen digits fit the database's 64 bits; anything else is no address of ours.
DEAL = r"/deals/{deal:\d{1,18}}"
TASK = DEAL + r"/tasks/{task:\d{1,18}}"
TODAY = r"/today/tasks/{task:\d{1,18}}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", home.show, Access.PERSON),
    Route("GET", "/login", login.show, Access.PUBLIC),
    Route("POST", "/login", login.log_in, Access.PUBLIC),
    Route("POST", "/logout", login.log_out, Access.PERSON),
    Route("GET", "/me", me.show, Access.PERSON),
    Route("POST", "/me/settings", me.change, Access.PERSON),
    Route("POST", "/me/password", me.change_password, Access.PERSON),
    Route("POST", "/me/tokens", me.make_token, Access.PERSON),
    Route("POST", "/me/sessions/{session}/end", me.end_session, Access.PERSON),
    Route("GET", "/settings", people.home, Access.SETTINGS),
    Route("GET", "/settings/people", people.show, Access.SETTINGS),
    Route("POST", "/settings/people", people.add, Access.SETTINGS),
    Route("GET", "/settings/people/{person}", people.show_one, Access.SETTINGS),
    Route("POST", "/settings/people/{person}", people.change, Access.SETTINGS),
    Route("POST", "/settings/people/{person}/password", people.set_password, Access.SETTINGS),
    Route("POST", "/settings/people/{person}/active", people.set_active, Access.SETTINGS),
    Route("POST", "/settings/people/{person}/sign-out", people.sign_out, Access.SETTINGS),
    Route("GET", "/settings/extensions", extensions.show, Access.SETTINGS),
    Route("POST", "/settings/extensions/link", extensions.link, Access.SETTINGS),
    Route("POST", "/settings/extensions/unlink", extensions.unlink, Access.SETTINGS),
    # The socket tells strangers so itself, by a close code: a page cannot read a handshake's status.
    Route("GET", "/live", live.connect, Access.PUBLIC),
    Route("GET", "/banner", banner.show, Access.PERSON),
    Route("GET", "/calls", call_log.show, Access.CLIENT_DATA),
    Route("GET", "/calls/{call_id:[0-9]{1,18}}", call_log.story, Access.CLIENT_DATA),
    Route("GET", "/reports", reports.show, Access.CLIENT_DATA),
    Route("GET", "/reports/calls", report_calls.show, Access.CLIENT_DATA),
    Route("GET", "/reports/calls/meetings", report_calls.show_meetings, Access.CLIENT_DATA),
    Route("GET", "/reports/calls.csv", report_calls.as_file, Access.CLIENT_DATA),
    Route("GET", "/reports/calls.xlsx", report_calls.as_file, Access.CLIENT_DATA),
    Route("POST", "/calls/dial", dialling.dial, Access.CLIENT_DATA),
    Route("GET", "/reports/missed", report_missed.show, Access.CLIENT_DATA),
    Route("GET", "/reports/missed.csv", report_missed.as_file, Access.CLIENT_DATA),
    Route("GET", "/reports/missed.xlsx", report_missed.as_file, Access.CLIENT_DATA),
    Route("GET", "/reports/funnel", report_funnel.show, Access.CLIENT_DATA),
    Route("GET", "/reports/funnel.csv", report_funnel.as_file, Access.CLIENT_DATA),
    Route("GET", "/reports/funnel.xlsx", report_funnel.as_file, Access.CLIENT_DATA),
    Route("GET", "/reports/funnel/deals", report_funnel.show_deals, Access.CLIENT_DATA),
    Route("GET", "/reports/funnel/deals.csv", report_funnel.deals_as_file, Access.CLIENT_DATA),
    Route("GET", "/reports/funnel/deals.xlsx", report_funnel.deals_as_file, Access.CLIENT_DATA),
    Route("GET", "/popup", popup.show, Access.CLIENT_DATA),
    Route("POST", "/popup/{call_id:[0-9]{1,18}}/close", popup.close, Access.CLIENT_DATA),
    Route("POST", "/popup/{call_id:[0-9]{1,18}}/hang-up", popup.hang_up, Access.CLIENT_DATA),
    Route("POST", "/popup/{call_id:[0-9]{1,18}}/deal", popup.new_deal, Access.CLIENT_DATA),
    Route("POST", "/popup/{call_id:[0-9]{1,18}}/note", popup.note, Access.CLIENT_DATA),
    Route("GET", "/board", board.show, Access.CLIENT_DATA),
    Route("GET", "/board/totals", board.totals, Access.CLIENT_DATA),
    Route("GET", r"/board/column/{stage:\d{1,18}}", board.column, Access.CLIENT_DATA),
    Route("GET", "/today", today.show, Access.CLIENT_DATA),
    Route("POST", f"{TODAY}/done", today.finish, Access.CLIENT_DATA),
    Route("POST", f"{TODAY}/later", today.later, Access.CLIENT_DATA),
    Route("POST", f"{TODAY}/undo", today.take_back, Access.CLIENT_DATA),
    Route("POST", f"{TODAY}/result", today.note_result, Access.CLIENT_DATA),
    Route("POST", f"/today{DEAL}/step", today.set_step, Access.CLIENT_DATA),
    Route("POST", r"/board/column/{stage:\d{1,18}}/fold", board.fold, Access.CLIENT_DATA),
    Route("GET", "/search", search.show, Access.CLIENT_DATA),
    Route("GET", "/deals/new", deal_new.show, Access.CLIENT_DATA),
    Route("POST", "/deals/new", deal_new.create, Access.CLIENT_DATA),
    Route("GET", DEAL, deal_card.show, Access.CLIENT_DATA),
    Route("GET", f"{DEAL}/move", moves.choose, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/move", moves.move, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/undo", moves.undo, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/fields", deal_card.change, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/owner", deal_card.hand_over, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/funnel", deal_card.change_funnel, Access.CLIENT_DATA),
    Route("GET", f"{DEAL}/step", card_acts.ask_task, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/step", card_acts.set_task, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/priority", card_acts.raise_priority, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/notes", deal_card.add_note, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/tasks", deal_card.add_task, Access.CLIENT_DATA),
    Route("POST", DEAL + r"/acts/{act:\d{1,18}}/undo", deal_card.take_back_act, Access.CLIENT_DATA),
    Route("POST", f"{TASK}/done", deal_card.finish_task, Access.CLIENT_DATA),
    Route("POST", f"{TASK}/later", deal_card.put_off_task, Access.CLIENT_DATA),
    Route("GET", "/settings/doctor", doctor.show, Access.ADMIN),
    Route("POST", "/settings/doctor", doctor.run, Access.ADMIN),
    Route("GET", "/settings/lines", lines.show, Access.SETTINGS),
    Route("POST", "/settings/lines", lines.add, Access.SETTINGS),
    Route("GET", "/settings/lines/new", lines.show_new, Access.SETTINGS),
    Route("GET", "/settings/lines/{line}", lines.show_one, Access.SETTINGS),
    Route("POST", "/settings/lines/{line}", lines.change, Access.SETTINGS),
    Route("POST", "/settings/lines/{line}/drop", lines.drop, Access.SETTINGS),
    Route("POST", "/settings/skip-rules", lines.add_skip_rule, Access.SETTINGS),
    Route("POST", "/settings/skip-rules/{rule}/drop", lines.drop_skip_rule, Access.SETTINGS),
    Route("GET", "/reminders", reminders.show, Access.CLIENT_DATA),
    Route("POST", r"/reminders/{task:\d{1,18}}/seen", reminders.see, Access.CLIENT_DATA),
    Route("GET", "/settings/calendars", calendars.show, Access.SETTINGS),
    Route("POST", "/settings/calendars", calendars.add, Access.SETTINGS),
    Route("GET", "/settings/calendars/new", calendars.show_new, Access.SETTINGS),
    Route("GET", "/settings/calendars/{calendar}", calendars.show_one, Access.SETTINGS),
    Route("POST", "/settings/calendars/{calendar}", calendars.change, Access.SETTINGS),
    Route("POST", "/settings/calendars/{calendar}/drop", calendars.drop, Access.SETTINGS),
    Route("POST", "/settings/calendars/{calendar}/days", calendars.put_day, Access.SETTINGS),
    Route("POST", "/settings/calendars/{calendar}/days/drop", calendars.drop_day, Access.SETTINGS),
    Route("GET", "/settings/triggers", triggers.show, Access.HEAD),
    Route("POST", "/settings/triggers", triggers.add, Access.HEAD),
    Route("GET", "/settings/triggers/new", triggers.show_new, Access.HEAD),
    Route("GET", "/settings/triggers/{trigger}", triggers.show_one, Access.HEAD),
    Route("POST", "/settings/triggers/{trigger}", triggers.change, Access.HEAD),
    Route("POST", "/settings/triggers/{trigger}/switch", triggers.switch, Access.HEAD),
    Route("POST", "/settings/triggers/{trigger}/shift", triggers.shift, Access.HEAD),
    Route("POST", "/settings/triggers/{trigger}/drop", triggers.drop, Access.HEAD),
    Route("GET", "/settings/funnels", funnels.show, Access.HEAD),
    Route("POST", "/settings/funnels", funnels.make, Access.HEAD),
    Route("GET", "/settings/funnels/{funnel}", funnels.show_one, Access.HEAD),
    Route("POST", "/settings/funnels/{funnel}", funnels.rename, Access.HEAD),
    Route("POST", "/settings/funnels/{funnel}/retire", funnels.retire, Access.HEAD),
    Route("POST", "/settings/funnels/{funnel}/restore", funnels.restore, Access.HEAD),
    Route("POST", "/settings/funnels/{funnel}/stages", stages.add, Access.HEAD),
    Route("POST", "/settings/funnels/{funnel}/loss-reasons", funnels.add_reason, Access.HEAD),
    Route("POST", "/settings/loss-reasons/{reason}", funnels.change_reason, Access.HEAD),
    Route("GET", "/settings/stages/{stage}", stages.show, Access.HEAD),
    Route("POST", "/settings/stages/{stage}", stages.change, Access.HEAD),
    Route("POST", "/settings/stages/{stage}/shift", stages.shift, Access.HEAD),
    Route("POST", "/settings/stages/{stage}/retire", stages.retire, Access.HEAD),
    Route("POST", "/settings/stages/{stage}/restore", stages.restore, Access.HEAD),
    Route("GET", "/static/{version}/{name:.+}", static.show, Access.PUBLIC),
    Route("GET", "/health/live", health.live, Access.PUBLIC),
    Route("GET", "/health/ready", health.ready, Access.PUBLIC),
    Route("GET", "/metrics", metrics.show, Access.PUBLIC),
    Route("GET", "/api/v1/openapi.json", document.show, Access.PUBLIC),
    *ENDPOINTS,
)


def make_site(services: Services, options: SiteOptions | None = None) -> web.Application:
    """The web application with these services behind it."""
    site = web.Application(middlewares=[answer_refusals, know_viewer, refuse_foreign_origin, live.note_mark])
    site[SERVICES] = services
    site[OPTIONS] = options or SiteOptions()
    site.on_response_prepare.append(add_security_headers)
    live.prepare(site)
    for route in ROUTES:
        site.router.add_route(route.method, route.path, guarded(route))
    return site
