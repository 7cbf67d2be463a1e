"""Lines: what becomes of a call is set in words, and a slip is told at its field."""

from __future__ import annotations

import pytest

from pbx_crm.db import lines
from pbx_crm.db.tables import audit
from pbx_crm.domain.line import CreateAt, Line, MatchKind, MissedStep
from tests import builders
from tests.site import Browser, Crm


@pytest.fixture
async def head(crm: Crm) -> Browser:
    """The head's browser, in a company with one funnel."""
    await crm.database.write(builders.funnel)
    return await crm.browser(crm.cast.olga)


def form(crm: Crm, **changes: str) -> list[tuple[str, str]]:
    """A good form, but for the changes."""
    fields = {
        "name": "Radio",
        "pbx": "office",
        "match_kind": "did",
        "match_value": "74951230001",
        "source": "Radio",
        "funnel_id": "1",
        "create_at": "ring",
        "owner_policy": "last_answered",
        "step_0": "rota_line",
        "step_1": "",
        "step_2": "rota_line",
        "callback_minutes": "30",
        "recording_days": "90",
        **changes,
    }
    sellers = [("sellers", str(person.id)) for person in (crm.cast.anna, crm.cast.boris)]
    return [*fields.items(), *sellers]


async def stored(crm: Crm) -> list[Line]:
    """The lines the intake will see."""
    return await crm.database.read(lines.load)


async def test_a_line_is_stored_as_the_form_says(crm: Crm, head: Browser) -> None:
    assert (await head.post("/settings/lines", data=form(crm))).status == 200
    (line,) = await stored(crm)
    assert (line.name, line.match_kind, line.match_value) == ("Radio", MatchKind.DID, "74951230001")
    assert (line.create_at, line.callback_minutes) == (CreateAt.RING, 30)
    assert line.recording_days == 90
    assert line.seller_ids == (crm.cast.anna.id, crm.cast.boris.id)


async def test_the_head_stands_behind_every_order_of_missed_calls(crm: Crm, head: Browser) -> None:
    await head.post("/settings/lines", data=form(crm))
    (line,) = await stored(crm)
    assert line.missed_policy == (MissedStep.ROTA_LINE, MissedStep.HEAD), "each once, the head at the end"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": ""}, "A name is 1 to 100 characters."),
        ({"match_value": ""}, "Say which: a called number, a trunk or a queue."),
        ({"pbx": "elsewhere"}, "There is no such PBX."),
        ({"funnel_id": "99"}, "There is no such funnel."),
        ({"create_at": "whenever"}, "This is none of the choices."),
        ({"callback_minutes": "0"}, "This is not a number within its limits."),
        ({"callback_minutes": "999999"}, "1 minute to a week."),
        ({"recording_days": "0"}, "This is not a number within its limits."),
        ({"recording_days": "99999"}, "1 day to ten years, or empty."),
    ],
)
async def test_a_slip_is_told_and_the_rest_of_the_form_stays(
    crm: Crm, head: Browser, wrong: dict[str, str], reason: str
) -> None:
    answer = await head.post("/settings/lines", data=form(crm, **wrong))
    page = await answer.text()
    assert answer.status == 422
    assert reason in page
    assert 'name="source" type="text" value="Radio"' in page
    assert page.count("checked") == 2
    assert await stored(crm) == []


async def test_two_lines_for_the_same_calls_are_refused(crm: Crm, head: Browser) -> None:
    await head.post("/settings/lines", data=form(crm))
    answer = await head.post("/settings/lines", data=form(crm, name="Twin"))
    assert answer.status == 422
    assert "There is a line for these calls already." in await answer.text()
    await head.post("/settings/lines", data=form(crm, name="Other", match_value="74951230002"))
    other = (await stored(crm))[1]
    answer = await head.post(f"/settings/lines/{other.id}", data=form(crm))
    assert answer.status == 422, "nor does a change take the place of another line"


async def test_a_line_is_changed_and_removed_and_both_are_written_down(crm: Crm, head: Browser) -> None:
    await head.post("/settings/lines", data=form(crm))
    (line,) = await stored(crm)
    await head.post(f"/settings/lines/{line.id}", data=form(crm, name="Wireless"))
    assert [line.name for line in await stored(crm)] == ["Wireless"]
    assert "Wireless" in await (await head.get(f"/settings/lines/{line.id}")).text()
    await head.post(f"/settings/lines/{line.id}/drop")
    assert await stored(crm) == []
    rows = await crm.database.read(lambda tx: tx.execute(audit.select().order_by(audit.c.id)).all())
    assert [row.act for row in rows] == ["line added", "line changed", "line dropped"]


@pytest.mark.parametrize("path", ["/settings/lines/77", "/settings/lines/x"])
async def test_a_line_that_does_not_exist_is_not_found(crm: Crm, head: Browser, path: str) -> None:
    assert (await head.get(path)).status == 404
    assert (await head.post(path, data=form(crm))).status == 404
    assert (await head.post(f"{path}/drop")).status == 404


async def test_a_skip_rule_holds_until_it_is_removed(crm: Crm, head: Browser) -> None:
    fields = {"rule_name": "The bank", "kind": "prefix", "value": "7800"}
    assert (await head.post("/settings/skip-rules", data=fields)).status == 200
    (rule,) = await crm.database.read(lines.load_skip_rules)
    assert (rule.name, rule.value) == ("The bank", "7800")
    assert (await head.post("/settings/skip-rules", data=fields)).status == 422, "one of a name"
    assert (await head.post("/settings/skip-rules", data={**fields, "value": ""})).status == 422
    await head.post("/settings/skip-rules/1/drop")
    assert await crm.database.read(lines.load_skip_rules) == []
