"""Plans of a week, a month or a quarter, in the API: read against what came of them, and set."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from aiohttp import web
from pydantic import Field, model_validator

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.plan import Metric, Pace, PlanReport, PlanRow
from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.forms import LARGEST_AMOUNT
from pbx_crm.pages.request import services_of, viewer_of

MOST_OF_A_KIND = 1_000_000


class PlanQuery(Taken):
    """Which period."""

    period: str = Field(
        default="", description="empty: this month", examples=["2026-11", "2026-W47", "2026-Q4"]
    )


class Target(Taken):
    """What is wanted of a seller."""

    person_id: Id
    metric: Metric
    target: Decimal | None = Field(
        ge=0, le=LARGEST_AMOUNT, decimal_places=2, description="null or 0: nothing is planned"
    )

    @model_validator(mode="after")
    def _counts_are_whole(self) -> Target:
        if self.metric is Metric.SUM or self.target is None:
            return self
        if self.target != int(self.target) or self.target > MOST_OF_A_KIND:
            raise ValueError("a whole number, a million at most")
        return self


class PlansBody(Taken):
    """Plans of a period; those that are not named stay."""

    period: str = Field(examples=["2026-11"])
    targets: tuple[Target, ...] = Field(max_length=4000)


class ApiPlan(Given):
    """A plan of a seller, or of all, against what came of it."""

    person_id: int | None = Field(description="null: all of them")
    metric: Metric
    target: Decimal | None
    fact: Decimal
    pace: Pace | None


class ApiPlans(Given):
    """The plans of a period; a seller sees own ones."""

    period: str
    first: date
    days_left: int = Field(description="working days, today included")
    currency: str = Field(description="of planned sums")
    plans: tuple[ApiPlan, ...]


@api(ApiPlans, query=PlanQuery)
async def list_plans(request: web.Request, query: PlanQuery) -> ApiPlans:
    """GET /api/v1/plans: plans of a period against what came of them."""
    return await _plans(request, _period(request, query.period))


@api(ApiPlans, body=PlansBody)
async def set_plans(request: web.Request, body: PlansBody) -> ApiPlans:
    """PUT /api/v1/plans: these are planned from now on; those that are not named stay."""
    period = _period(request, body.period)
    wanted = {(one.person_id, one.metric): one.target or None for one in body.targets}
    await services_of(request).analysis.plans.save(viewer_of(request), period, wanted)
    return await _plans(request, period)


def _period(request: web.Request, key: str) -> PlanPeriod:
    period = services_of(request).analysis.plans.period(key)
    # A page shows the present month for what is none; a program would plan for a month it never named.
    if key and period.key != key:
        raise BadInput(reasons={"period": N_("This is none of the choices.")})
    return period


async def _plans(request: web.Request, period: PlanPeriod) -> ApiPlans:
    report = await services_of(request).analysis.plans.report(viewer_of(request).scope, period)
    return ApiPlans(
        period=period.key,
        first=period.first,
        days_left=report.clock.days_left,
        currency=report.currency,
        plans=tuple(plan for row in _rows(report) for plan in _of_row(row)),
    )


def _rows(report: PlanReport) -> tuple[PlanRow, ...]:
    return (*report.rows, *([report.total] if report.total else []))


def _of_row(row: PlanRow) -> list[ApiPlan]:
    return [
        ApiPlan(person_id=row.person_id, metric=metric, target=cell.target, fact=cell.fact, pace=cell.pace)
        for metric, cell in row.cells.items()
    ]


PLANS: tuple[Route, ...] = (
    Route("GET", "/api/v1/plans", list_plans, Access.CLIENT_DATA),
    Route("PUT", "/api/v1/plans", set_plans, Access.HEAD),
)
