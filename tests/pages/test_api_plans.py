"""Scripts set what is wanted of sellers and read how it stands; a seller's reads their own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.test_api import Script, script
from tests.site import Crm


@pytest.fixture
async def head(crm: Crm) -> Script:
    return await script(crm, crm.cast.olga)


def wanted(person_id: int, metric: str, target: Any) -> dict[str, Any]:
    """A plan as a script sets it."""
    return {"person_id": person_id, "metric": metric, "target": target}


def targets(told: Any) -> dict[tuple[int | None, str], str]:
    """By person and metric what is planned."""
    found = {(one["person_id"], one["metric"]): one["target"] for one in told["plans"]}
    return {key: target for key, target in found.items() if target is not None and key[0] is not None}


async def test_a_week_is_planned_apart_from_its_month(crm: Crm, head: Script) -> None:
    anna = crm.cast.anna.id
    body = {"period": "2026-W47", "targets": [wanted(anna, "calls", 40), wanted(anna, "sum", "5000.50")]}
    status, told = await head.ask("PUT", "plans", json=body)
    assert (status, told["period"], told["first"]) == (200, "2026-W47", "2026-11-16")
    kept = targets(told)
    assert [float(kept[anna, metric]) for metric in ("calls", "sum")] == [40, 5000.5]
    assert targets(await head.get("plans?period=2026-W47")) == kept
    assert targets(await head.get("plans?period=2026-11")) == {}


async def test_a_plan_that_is_not_named_stays_and_null_takes_one_away(crm: Crm, head: Script) -> None:
    anna = crm.cast.anna.id
    both = [wanted(anna, "calls", 300), wanted(anna, "deals", 12)]
    await head.ask("PUT", "plans", json={"period": "2026-11", "targets": both})
    less = {"period": "2026-11", "targets": [wanted(anna, "deals", None)]}
    told = (await head.ask("PUT", "plans", json=less))[1]
    assert list(targets(told)) == [(anna, "calls")]


async def test_a_seller_reads_own_plans_and_sets_none(crm: Crm, head: Script) -> None:
    sellers = (crm.cast.anna.id, crm.cast.boris.id)
    plans = {"period": "2026-11", "targets": [wanted(one, "deals", 12) for one in sellers]}
    assert (await head.ask("PUT", "plans", json=plans))[0] == 200
    anna = await script(crm, crm.cast.anna)
    told = await anna.get("plans?period=2026-11")
    assert {one["person_id"] for one in told["plans"]} == {crm.cast.anna.id}
    assert (await anna.ask("PUT", "plans", json=plans))[0] == 403


@pytest.mark.parametrize(
    ("metric", "target"),
    [
        ("deals", "1.5"),
        ("calls", 1_000_001),
        ("sum", "-1"),
        ("sum", "0.001"),
        ("sum", "NaN"),
        ("deals", "Infinity"),
    ],
)
async def test_a_plan_nobody_could_keep_is_refused(
    crm: Crm, head: Script, metric: str, target: object
) -> None:
    body = {"period": "2026-11", "targets": [wanted(crm.cast.anna.id, metric, target)]}
    status, told = await head.ask("PUT", "plans", json=body)
    assert (status, next(iter(told["details"])).startswith("targets.0")) == (422, True)
    assert targets(await head.get("plans?period=2026-11")) == {}


@pytest.mark.parametrize("period", ["2026-13", "2026-W60", "November", "9999-01"])
async def test_a_period_there_is_not_is_no_other_month(head: Script, period: str) -> None:
    for method, path, body in (
        ("GET", f"plans?period={period}", None),
        ("PUT", "plans", {"period": period, "targets": []}),
    ):
        status, told = await head.ask(method, path, json=body)
        assert (status, list(told["details"])) == (422, ["period"]), method


async def test_nobody_plans_for_who_sells_nothing(crm: Crm, head: Script) -> None:
    body = {"period": "2026-11", "targets": [wanted(99, "deals", 1)]}
    assert (await head.ask("PUT", "plans", json=body))[0] == 404
