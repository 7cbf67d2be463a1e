"""Whatever a page does for the work a script can do as well: each action beside its endpoint."""

from __future__ import annotations

import re

from pbx_crm.pages.access import Access
from pbx_crm.pages.api.table import ENDPOINTS
from pbx_crm.pages.site import ROUTES

PLACE = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})+)?\}")
OF_A_PERSON = {
    # Who somebody is and how they look at the pages; a script has a token, and looks at nothing.
    *("/logout", "/me/settings", "/me/password", "/me/tokens", "/me/sessions/{session}/end"),
    *("/popup/{call_id}/close", "/popup/{call_id}/hang-up", "/board/column/{stage}/fold"),
    *("/deals/{deal}/draft", "/reminders/{task}/seen", "/reminders/warnings/seen", "/bell/seen"),
    "/see-as/end",
    *(f"/me/second-factor{what}" for what in ("", "/confirm", "/codes", "/off")),
}
NOT_FOR_SCRIPTS = {
    # Who may come in, what a link shows to strangers, what nothing brings back: a person decides.
    *("/settings/people", "/settings/people/{person}", "/settings/people/{person}/password"),
    *("/settings/people/{person}/active", "/settings/people/{person}/sign-out"),
    *("/settings/people/{person}/second-factor", "/settings/people/{person}/see-as", "/settings/security"),
    *("/settings/extensions/link", "/settings/extensions/unlink", "/settings/doctor"),
    *("/settings/walls", "/settings/walls/{wall}/revoke", "/contacts/{contact}/erase"),
}
SAME_SHAPE = re.compile(
    r"^/settings/(robots|triggers|lines|skip-rules|calendars|site-forms|funnels|stages)\b"
)
"""Settings whose addresses differ by `/settings` alone, and in how they name removing."""
ELSEWHERE = {
    "/calls/dial": "POST /calls/dial",
    "/popup/{call_id}/deal": "POST /calls/{call}/deal",
    "/popup/{call_id}/note": "POST /deals/{deal}/notes",
    "/popup/{call_id}/not-client": "POST /calls/{call}/not-client",
    "/popup/{call_id}/not-client/undo": "POST /calls/{call}/not-client/undo",
    "/popup/{call_id}/tell-owner": "POST /calls/{call}/tell-owner",
    "/popup/{call_id}/wrap-up": "POST /calls/{call}/wrap-up",
    "/popup/{call_id}/wrap-up/undo": "DELETE /calls/{call}/wrap-up",
    "/today/skips": "POST /skip-rules",
    "/today/tasks/{task}/done": "POST /tasks/{task}/done",
    "/today/tasks/{task}/later": "POST /tasks/{task}/put-off",
    "/today/tasks/{task}/undo": "POST /tasks/{task}/undo",
    "/today/tasks/{task}/result": "POST /tasks/{task}/done",
    "/today/deals/{deal}/step": "POST /deals/{deal}/tasks",
    "/board/bulk": "POST /bulk-acts/move",
    "/board/bulk/{act}/undo": "POST /bulk-acts/{bulk}/undo",
    "/board/views": "POST /views",
    "/deals/new": "POST /deals",
    "/deals/{deal}/move": "POST /deals/{deal}/moves",
    "/deals/{deal}/step": "POST /deals/{deal}/tasks",
    "/deals/{deal}/priority": "PATCH /deals/{deal}",
    "/deals/{deal}/fields": "PATCH /deals/{deal}",
    "/deals/{deal}/tasks/{task}/done": "POST /tasks/{task}/done",
    "/deals/{deal}/tasks/{task}/later": "POST /tasks/{task}/put-off",
    "/deals/{deal}/contacts/{second}/drop": "DELETE /deals/{deal}/contacts/{second}",
    "/deals/{deal}/notes/{note}": "PATCH /deals/{deal}/notes/{note}",
    "/deals/{deal}/notes/{note}/delete": "DELETE /deals/{deal}/notes/{note}",
    "/deals/{deal}/files/{file}/delete": "DELETE /deals/{deal}/files/{file}",
    "/contacts/{contact}": "PATCH /contacts/{contact}",
    "/contacts/{contact}/numbers/{number}/drop": "DELETE /contacts/{contact}/numbers/{number}",
    "/companies/{company}": "PATCH /companies/{company}",
    "/settings/calendars/{calendar}/days/drop": "DELETE /calendars/{calendar}/days/{day}",
    "/settings/funnels/{funnel}": "PATCH /funnels/{funnel}",
    "/settings/funnels/{funnel}/codes": "PUT /funnels/{funnel}/codes",
    "/settings/stages/{stage}": "PATCH /stages/{stage}",
    "/settings/stages/{stage}/gate": "PUT /stages/{stage}/gate",
    "/settings/answers/{answer}": "PUT /answers/{answer}",
    "/settings/loss-reasons/{reason}": "PUT /loss-reasons/{reason}",
    "/settings/house": "PATCH /house",
    "/settings/files": "PATCH /house",
    "/settings/plans": "PUT /plans",
    "/settings/costs": "PUT /costs",
    "/settings/voice": "POST /voice-messages",
    "/settings/voice/switch": "POST /voice-messages/switch",
    "/settings/voice/{message}": "PUT /voice-messages/{message}",
    "/settings/voice/{message}/drop": "DELETE /voice-messages/{message}",
    "/settings/voice/{message}/try": "POST /voice-messages/{message}/try",
}
ENDPOINT_NAMES = {f"{route.method} {route.path.removeprefix('/api/v1')}" for route in ENDPOINTS}


def actions() -> set[str]:
    """What people do on pages."""
    pages = [route for route in ROUTES if route.method == "POST" and not route.path.startswith("/api/")]
    known = [route for route in pages if route.access not in (Access.PUBLIC, Access.PBX)]
    return {PLACE.sub(r"{\1}", route.path) for route in known}


def endpoint_of(action: str) -> str:
    """Which endpoint does the same."""
    if action in ELSEWHERE:
        return ELSEWHERE[action]
    path = action.removeprefix("/settings")
    if not SAME_SHAPE.match(action):
        return f"POST {path}"
    if path.endswith("/drop"):
        return f"DELETE {path.removesuffix('/drop')}"
    return f"PUT {path}" if path.endswith("}") else f"POST {path}"


def test_whatever_a_page_does_for_the_work_a_script_can_do() -> None:
    wanted = actions() - OF_A_PERSON - NOT_FOR_SCRIPTS
    assert {
        action: endpoint_of(action) for action in wanted if endpoint_of(action) not in ENDPOINT_NAMES
    } == {}


def test_the_table_names_actions_that_there_are() -> None:
    assert OF_A_PERSON | NOT_FOR_SCRIPTS | set(ELSEWHERE) <= actions()
