"""Settings: the rules of log-ins, and when somebody opens too many clients."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.entry_rules import LONGEST_KEPT_DAYS, MOST_CLIENTS, SHORTEST_KEPT_DAYS, EntryRules
from pbx_crm.domain.errors import BadInput
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/security"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/security: the rules as they are."""
    rules = await services_of(request).entry.settings.rules()
    demands = {"demands_code": "yes"} if rules.demands_code else {}
    numbers = {name: str(getattr(rules, name)) for name in ("clients_an_hour", "refused_kept_days")}
    return await _page(request, {**demands, **numbers})


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/security: other rules from now on, or the form again with the reasons."""
    form = await form_of(request)
    try:
        await services_of(request).entry.settings.change(viewer_of(request), _rules(form))
    except BadInput as refused:
        return await _page(
            request, {"clients_an_hour": "", "refused_kept_days": "", **form.values}, refused.reasons
        )
    return see_other(HERE)


def _rules(form: Form) -> EntryRules:
    rules = EntryRules(
        form.is_on("demands_code"),
        form.whole("clients_an_hour", most=MOST_CLIENTS),
        form.whole("refused_kept_days", least=SHORTEST_KEPT_DAYS, most=LONGEST_KEPT_DAYS),
    )
    form.require_good()
    return rules


async def _page(
    request: web.Request, values: Mapping[str, str], reasons: Mapping[str, str] | None = None
) -> web.Response:
    filled = {"here": HERE, "values": values, "reasons": reasons or {}}
    return await render(request, "security.html", filled, status=422 if reasons else 200)
