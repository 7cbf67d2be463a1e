"""Calendars in the settings: set up in words, a slip told at its field, and the house's own stays."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from pbx_crm.db import calendars, lines
from pbx_crm.db.tables import audit
from pbx_crm.domain.calendar import Calendar, OwnDay
from pbx_crm.domain.line import Line
from pbx_crm.domain.working_time import Hours, Quiet
from tests import builders
from tests.site import INSTALLATION, Browser, Crm

HERE = "/settings/calendars"
FORM = {
    "name": "Night shift",
    "time_zone": "Asia/Seoul",
    "country": "KR",
    "hours_0": "0-6, 22-24",
    "hours_6": "9-18",
    "quiet": "12-13",
}


@pytest.fixture
async def head(crm: Crm) -> Browser:
    """The head's browser, in a house that has its calendar."""
    await crm.database.write(builders.funnel)
    await crm.database.write(calendars.first, INSTALLATION)
    return await crm.browser(crm.cast.olga)


async def stored(crm: Crm) -> list[Calendar]:
    return await crm.database.read(calendars.load)


async def test_a_house_starts_with_the_hours_of_its_region_and_once_only(crm: Crm, head: Browser) -> None:
    await crm.database.write(calendars.first, INSTALLATION)
    (house,) = await stored(crm)
    assert (house.country, house.time_zone, house.week[0]) == ("RU", "Europe/Moscow", (Hours(540, 1080),))
    shown = await (await head.get(HERE)).text()
    assert "The house" in shown
    assert "09:00-18:00" in shown


async def test_a_calendar_is_stored_as_the_form_says_and_changed(crm: Crm, head: Browser) -> None:
    assert (await head.post(HERE, data=FORM)).status == 200
    made = (await stored(crm))[1]
    assert (made.name, made.time_zone, made.country) == ("Night shift", "Asia/Seoul", "KR")
    assert made.week[0] == (Hours(0, 360), Hours(1320, 1440))
    assert made.week[1] == ()
    assert made.quiet == Quiet(720, 780)
    await head.post(f"{HERE}/{made.id}", data={**FORM, "country": "", "quiet": "", "hours_0": ""})
    changed = (await stored(crm))[1]
    assert (changed.country, changed.quiet, changed.week[0]) == (None, None, ())


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ({"hours_2": "18-9"}, "Write hours as"),
        ({"quiet": "late"}, "Write hours as"),
        ({"time_zone": "Mars/Olympus"}, "There is no such time zone."),
        ({"country": "XX"}, "No holidays are known of this country."),
        ({"name": ""}, "A name is 1 to 100 characters."),
        ({"name": "The house"}, "There is a calendar of this name already."),
        ({"hours_0": "", "hours_6": ""}, "Somebody must be at work some day."),
    ],
)
async def test_a_slip_is_told_and_what_was_typed_stays(
    crm: Crm, head: Browser, slip: dict[str, str], told: str
) -> None:
    answer = await head.post(HERE, data={**FORM, **slip})
    shown = await answer.text()
    assert answer.status == 422
    assert told in shown
    for name, typed in slip.items():
        if name.startswith(("hours", "quiet")) and typed:
            assert f'value="{typed}"' in shown
    assert len(await stored(crm)) == 1


async def test_an_own_day_is_set_told_again_and_removed(crm: Crm, head: Browser) -> None:
    (house,) = await stored(crm)
    days = f"{HERE}/{house.id}/days"
    await head.post(days, data={"day": "2026-12-31", "is_open": "no", "day_name": "Party"})
    await head.post(days, data={"day": "2026-12-31", "is_open": "yes", "day_name": "No party"})
    (house,) = await stored(crm)
    (own,) = house.days
    assert (own.is_open, own.name) == (True, "No party")
    assert "No party" in await (await head.get(f"{HERE}/{house.id}")).text()
    await head.post(f"{days}/drop", data={"day": "2026-12-31"})
    assert (await stored(crm))[0].days == ()


@pytest.mark.parametrize(
    "slip", [{"day": ""}, {"day": "tomorrow"}, {"is_open": "maybe"}, {"day_name": "x" * 101}]
)
async def test_a_day_that_is_none_is_refused(crm: Crm, head: Browser, slip: dict[str, str]) -> None:
    (house,) = await stored(crm)
    answer = await head.post(f"{HERE}/{house.id}/days", data={"day": "2026-12-31", "is_open": "no", **slip})
    assert answer.status == 422
    assert (await stored(crm))[0].days == ()


async def test_a_line_names_a_calendar_until_that_is_removed(crm: Crm, head: Browser) -> None:
    await head.post(HERE, data=FORM)
    shift = (await stored(crm))[1].id
    assert shift is not None
    line = Line(None, "office", "Night line", funnel_id=1, calendar_id=shift)
    line_id = await crm.database.write(lines.add, line)
    times = await crm.database.read(calendars.working_times)
    assert times.of_line(line_id).quiet == Quiet(720, 780)
    form = {"name": "Night line", "pbx": "office", "match_kind": "any", "funnel_id": "1", "create_at": "end"}
    more = {"owner_policy": "first_answered", "callback_minutes": "5"}
    answer = await head.post(f"/settings/lines/{line_id}", data={**form, **more, "calendar_id": "99"})
    assert "There is no such calendar." in await answer.text()
    await head.post(f"/settings/lines/{line_id}", data={**form, **more, "calendar_id": str(shift)})
    assert (await crm.database.read(lines.load))[0].calendar_id == shift
    await head.post(f"{HERE}/{shift}/drop")
    assert (await crm.database.read(lines.load))[0].calendar_id is None


async def test_the_houses_calendar_cannot_be_removed(crm: Crm, head: Browser) -> None:
    (house,) = await stored(crm)
    await crm.services.automation.calendars.put_day(crm.cast.olga, house.id or 0, OwnDay(date(2026, 12, 31)))
    assert "Remove this calendar" not in await (await head.get(f"{HERE}/{house.id}")).text()
    assert (await head.post(f"{HERE}/{house.id}/drop")).status == 409
    assert len(await stored(crm)) == 1


async def test_the_audit_knows_who_changed_the_hours(crm: Crm, head: Browser) -> None:
    await head.post(HERE, data=FORM)
    (_, made) = await stored(crm)
    await head.post(f"{HERE}/{made.id}", data=FORM)
    await head.post(f"{HERE}/{made.id}/drop")
    acts = await crm.database.read(
        lambda tx: tx.execute(select(audit.c.act).order_by(audit.c.id)).scalars().all()
    )
    assert acts == ["calendar added", "calendar changed", "calendar dropped"]
    people = await crm.database.read(lambda tx: tx.execute(select(func.max(audit.c.person_id))).scalar_one())
    assert people == crm.cast.olga.id


@pytest.mark.parametrize("language", ["ru", "fa"])
async def test_the_form_speaks_the_heads_language(crm: Crm, head: Browser, language: str) -> None:
    (house,) = await stored(crm)
    await head.post("/me/settings", data={"language": language})
    shown = await (await head.get(f"{HERE}/{house.id}")).text()
    assert {"ru": "Россия (RU)", "fa": "روسیه (RU)"}[language] in shown
