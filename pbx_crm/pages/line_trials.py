"""Settings: a line or a skip rule tried on the calls of the last days before it is saved."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.dry_run import LONGEST_DAYS
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.intake_trial import CallChange, CallFate, Fate, IntakeTrial
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.lines import filled, require_known, show_form, show_list, skip_rule
from pbx_crm.pages.outlook import CaseLine, Outlook
from pbx_crm.pages.render import wording_of
from pbx_crm.pages.request import services_of
from pbx_crm.services.dry_runs import Tried

FATES = {
    Fate.MADE: N_("makes a card"),
    Fate.JOINED: N_("joins the client’s card"),
    Fate.SKIPPED: N_("skipped"),
    Fate.LOGGED: N_("logged only"),
}


async def try_line(request: web.Request) -> web.StreamResponse:
    """POST /settings/lines/dry-run: the form again, with what past calls would have led to."""
    form = await form_of(request)
    services = services_of(request)
    line_id = number_in(form.text("line_id")) or 0 if form.text("line_id") else None
    if line_id is not None:
        (await services.setup.lines.view()).line(line_id)
    line = filled(form, line_id)
    days = form.whole("days", least=1, most=LONGEST_DAYS)
    try:
        await require_known(request, form, line)
        tried = await services.automation.dry_runs.of_line(line, days)
    except BadInput as refused:
        return await show_form(request, line, refused.reasons)
    return await show_form(request, line, outlook=await _outlook(request, tried))


async def try_skip_rule(request: web.Request) -> web.StreamResponse:
    """POST /settings/skip-rules/dry-run: the list again, with what the rule would have skipped."""
    form = await form_of(request)
    rule = skip_rule(form)
    days = form.whole("days", least=1, most=LONGEST_DAYS)
    try:
        form.require_good()
        tried = await services_of(request).automation.dry_runs.of_skip_rule(rule, days)
    except BadInput as refused:
        return await show_list(request, form.values, refused.reasons)
    return await show_list(request, form.values, outlook=await _outlook(request, tried))


async def _outlook(request: web.Request, tried: Tried[IntakeTrial]) -> Outlook:
    view = await services_of(request).setup.lines.view()
    said, trial = wording_of(request).gettext, tried.run
    people = {seller.id: seller.name for seller in view.sellers}
    funnels = {funnel.id: funnel.name for funnel in view.funnels}
    counted = [(said(label), count) for label, count in _figures(trial).items()]
    note = N_(
        "Nothing of this is saved. The calls came in again, and what people did to the cards meanwhile was "
        "done again; people, phones and calendars are as today."
    )

    def in_words(fate: CallFate) -> str:
        words = [said(FATES[fate.fate]), people.get(fate.owner_id or 0, "")]
        if len(funnels) > 1:
            words.append(funnels.get(fate.funnel_id or 0, ""))
        return " · ".join(word for word in words if word)

    def line_of(one: CallChange) -> CaseLine:
        mark = said(N_("given to another")) if one.was_undone else ""
        return CaseLine(one.at, one.deal_id, (in_words(one.now), in_words(one.then)), mark)

    # What changes is what somebody looks for; where nothing does, they see what it would be.
    cases = [one for one in trial.changes if one.differs] or list(trial.changes)
    heads = (said(N_("Now")), said(N_("With this rule")))
    return Outlook(trial.days, counted, heads, [line_of(one) for one in cases], tried.names, said(note))


def _figures(trial: IntakeTrial) -> Mapping[str, int]:
    return {
        N_("Calls looked at"): trial.looked_at,
        N_("Calls this rule would have decided about"): len(trial.own),
        N_("Cards they would have made"): trial.own_of(Fate.MADE),
        N_("Calls that would have joined a card"): trial.own_of(Fate.JOINED),
        N_("Calls that would have been logged only"): trial.own_of(Fate.LOGGED),
        N_("Calls that would have been skipped"): trial.own_of(Fate.SKIPPED),
        N_("Tasks they would have led to"): trial.tasks,
        N_("Cards that are not made now"): trial.gained,
        N_("Cards that would not be made any more"): trial.lost,
        N_("Cards that would be another’s"): trial.other_owner,
        N_("Cards that a person then gave to somebody else"): trial.undone,
    }
