"""Where calls and requests come in, in the API: lines, skip rules, forms of the company's site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.line import CreateAt, Line, MatchKind, MissedStep, OwnerPolicy, SkipKind, SkipRule
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.site_request import SiteForm, origin_in
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Done, Given, Id, Taken, api
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of

Text = Annotated[str, Field(max_length=200)]


class LineBody(Taken):
    """Where calls enter, and what becomes of them."""

    pbx: str = Field(description="as the configuration names it", examples=["office"])
    name: str
    match_kind: MatchKind
    match_value: str = ""
    source: str = ""
    funnel_id: Id
    create_at: CreateAt = CreateAt.ANSWER
    create_outgoing: bool = False
    owner_policy: OwnerPolicy = OwnerPolicy.FIRST_ANSWERED
    missed_policy: tuple[MissedStep, ...] = Field(default=tuple(MissedStep), max_length=8)
    callback_minutes: int = 15
    seller_ids: tuple[Id, ...] = Field(default=(), max_length=1000)
    recording_days: int | None = None
    calendar_id: Id | None = None
    region_id: Id | None = Field(default=None, description="where its clients are, if their number tells not")


class SkipRuleBody(Taken):
    """Calls that are no business."""

    name: str
    kind: SkipKind
    value: str


class SiteFormBody(Taken):
    """A form on the company's site."""

    name: str
    line_id: Id | None = None
    origins: tuple[Text, ...] = Field(default=(), max_length=20, examples=[["https://example.com"]])
    is_active: bool = True


class ApiLine(Given):
    """Where calls enter, and what becomes of them."""

    id: int
    pbx: str
    name: str
    match_kind: MatchKind
    match_value: str
    source: str
    funnel_id: int | None
    create_at: CreateAt
    create_outgoing: bool
    owner_policy: OwnerPolicy
    missed_policy: tuple[MissedStep, ...]
    callback_minutes: int
    seller_ids: tuple[int, ...]
    recording_days: int | None
    calendar_id: int | None
    region_id: int | None


class ApiLines(Given):
    """Every line."""

    lines: tuple[ApiLine, ...]


class ApiSkipRule(Given):
    """Calls that are no business."""

    id: int
    name: str
    kind: SkipKind
    value: str


class ApiSkipRules(Given):
    """Every skip rule."""

    skip_rules: tuple[ApiSkipRule, ...]


class ApiSiteForm(Given):
    """A form on the company's site; who has its token may ask through it."""

    id: int
    name: str
    token: str
    line_id: int | None
    origins: tuple[str, ...]
    is_active: bool


class ApiSiteForms(Given):
    """Every form."""

    site_forms: tuple[ApiSiteForm, ...]


@api(ApiLines)
async def list_lines(request: web.Request) -> ApiLines:
    """GET /api/v1/lines: every line."""
    view = await services_of(request).setup.lines.view()
    return ApiLines(lines=tuple(ApiLine.model_validate(one) for one in view.lines))


@api(ApiLine, body=LineBody, status=201)
async def add_line(request: web.Request, body: LineBody) -> ApiLine:
    """POST /api/v1/lines: one more line."""
    return await _saved_line(request, body, None)


@api(ApiLine, body=LineBody)
async def change_line(request: web.Request, body: LineBody) -> ApiLine:
    """PUT /api/v1/lines/{line}: the line is so for calls from now on."""
    view = await services_of(request).setup.lines.view()
    return await _saved_line(request, body, view.line(_id(request, "line")).id)


@api(Done)
async def drop_line(request: web.Request) -> Done:
    """DELETE /api/v1/lines/{line}: its calls are treated by the line for everything else."""
    await services_of(request).setup.lines.drop(viewer_of(request), _id(request, "line"))
    return Done()


async def _saved_line(request: web.Request, body: LineBody, line_id: int | None) -> ApiLine:
    line = await line_of(request, body, line_id)
    lines = services_of(request).setup.lines
    saved_id = await lines.save(viewer_of(request), line)
    return ApiLine.model_validate((await lines.view()).line(saved_id))


async def line_of(request: web.Request, body: LineBody, line_id: int | None) -> Line:
    """The line as the request wants it; BadInput names each wrong value."""
    services = services_of(request)
    values = body.model_dump(include=set(LineBody.model_fields))
    # Each step once, and the head behind them all: a card is never ownerless.
    steps = dict.fromkeys(step for step in body.missed_policy if step is not MissedStep.HEAD)
    values["missed_policy"] = (*steps, MissedStep.HEAD)
    values["seller_ids"] = tuple(sorted(set(body.seller_ids)))
    line = Line(line_id, **values)
    view = await services.setup.lines.view()
    reasons = view.reasons_against(line, services.installation.pbxes)
    if line.region_id is not None and await services.clients.regions.named(line.region_id) is None:
        reasons["region_id"] = N_("There is no such region.")
    if reasons:
        raise BadInput(reasons=reasons)
    return line


@api(ApiSkipRules)
async def list_skip_rules(request: web.Request) -> ApiSkipRules:
    """GET /api/v1/skip-rules: whose calls are no business."""
    return await _skip_rules(request)


@api(ApiSkipRules, body=SkipRuleBody, status=201)
async def add_skip_rule(request: web.Request, body: SkipRuleBody) -> ApiSkipRules:
    """POST /api/v1/skip-rules: these calls are logged from now on and make no deal."""
    rule = SkipRule(body.name, body.kind, body.value)
    await services_of(request).setup.lines.add_skip_rule(viewer_of(request), rule)
    return await _skip_rules(request)


@api(Done)
async def drop_skip_rule(request: web.Request) -> Done:
    """DELETE /api/v1/skip-rules/{rule}: these calls are calls like any other."""
    await services_of(request).setup.lines.drop_skip_rule(viewer_of(request), _id(request, "rule"))
    return Done()


async def _skip_rules(request: web.Request) -> ApiSkipRules:
    view = await services_of(request).setup.lines.view()
    shown = (
        ApiSkipRule(id=key, name=one.name, kind=one.kind, value=one.value) for key, one in view.skip_rules
    )
    return ApiSkipRules(skip_rules=tuple(shown))


@api(ApiSiteForms)
async def list_site_forms(request: web.Request) -> ApiSiteForms:
    """GET /api/v1/site-forms: every form of the company's site."""
    forms = await _forms(request)
    return ApiSiteForms(site_forms=tuple(ApiSiteForm.model_validate(one) for one in forms))


@api(ApiSiteForm, body=SiteFormBody, status=201)
async def add_site_form(request: web.Request, body: SiteFormBody) -> ApiSiteForm:
    """POST /api/v1/site-forms: one more form, with a token of its own."""
    return await _saved_form(request, body, None)


@api(ApiSiteForm, body=SiteFormBody)
async def change_site_form(request: web.Request, body: SiteFormBody) -> ApiSiteForm:
    """PUT /api/v1/site-forms/{form}: the form is so from now on; its token stays."""
    return await _saved_form(request, body, (await _form(request, _id(request, "form"))).id)


@api(Done)
async def drop_site_form(request: web.Request) -> Done:
    """DELETE /api/v1/site-forms/{form}: nothing comes by it any more."""
    await services_of(request).automation.site_forms.drop(viewer_of(request), _id(request, "form"))
    return Done()


async def _forms(request: web.Request) -> Sequence[SiteForm]:
    return (await services_of(request).automation.site_forms.view()).forms


async def _form(request: web.Request, form_id: int) -> SiteForm:
    found = next((one for one in await _forms(request) if one.id == form_id), None)
    if found is None:
        raise NotFound(form_id=form_id)
    return found


async def _saved_form(request: web.Request, body: SiteFormBody, form_id: int | None) -> ApiSiteForm:
    try:
        origins = tuple(dict.fromkeys(map(origin_in, body.origins)))
    except ValueError:
        raise BadInput(reasons={"origins": N_("Write sites as https://example.com, one a line.")}) from None
    form = SiteForm(form_id, body.name, line_id=body.line_id, origins=origins, is_active=body.is_active)
    saved_id = await services_of(request).automation.site_forms.save(viewer_of(request), form)
    return ApiSiteForm.model_validate(await _form(request, saved_id))


def _id(request: web.Request, name: str) -> int:
    return id_in(request.match_info[name])


ENTRANCE_ENDPOINTS: tuple[Route, ...] = (
    Route("GET", "/api/v1/lines", list_lines, Access.SETTINGS),
    Route("POST", "/api/v1/lines", add_line, Access.SETTINGS),
    Route("PUT", "/api/v1/lines/{line}", change_line, Access.SETTINGS),
    Route("DELETE", "/api/v1/lines/{line}", drop_line, Access.SETTINGS),
    Route("GET", "/api/v1/skip-rules", list_skip_rules, Access.SETTINGS),
    Route("POST", "/api/v1/skip-rules", add_skip_rule, Access.SETTINGS),
    Route("DELETE", "/api/v1/skip-rules/{rule}", drop_skip_rule, Access.SETTINGS),
    Route("GET", "/api/v1/site-forms", list_site_forms, Access.HEAD),
    Route("POST", "/api/v1/site-forms", add_site_form, Access.HEAD),
    Route("PUT", "/api/v1/site-forms/{form}", change_site_form, Access.HEAD),
    Route("DELETE", "/api/v1/site-forms/{form}", drop_site_form, Access.HEAD),
)
