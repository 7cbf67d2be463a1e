"""When a step is late, today's or later, and what putting it off means by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.domain.board import shown_from
from pbx_crm.domain.task import PutOff, Repeat, Urgency, next_due, put_off, urgency

MOSCOW, BERLIN, SEOUL = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Seoul")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due_at", "expected"),
    [
        (None, Urgency.NONE),
        (NOON - timedelta(seconds=1), Urgency.OVERDUE),
        (NOON, Urgency.TODAY),
        (NOON + timedelta(hours=8, minutes=59), Urgency.TODAY),
        (NOON + timedelta(hours=9), Urgency.LATER),  # midnight in Moscow
    ],
)
def test_today_ends_at_the_sellers_own_midnight(due_at: datetime | None, expected: Urgency) -> None:
    assert urgency(due_at, NOON, MOSCOW) is expected


def test_the_same_step_is_today_here_and_tomorrow_there() -> None:
    due_at = NOON + timedelta(hours=4)
    assert urgency(due_at, NOON, MOSCOW) is Urgency.TODAY
    assert urgency(due_at, NOON, SEOUL) is Urgency.LATER


def test_an_hour_later_counts_from_now_if_the_step_is_late() -> None:
    late, ahead = NOON - timedelta(days=2), NOON + timedelta(hours=3)
    assert put_off(late, PutOff.HOUR, NOON, MOSCOW) == NOON + timedelta(hours=1)
    assert put_off(ahead, PutOff.HOUR, NOON, MOSCOW) == ahead + timedelta(hours=1)


def test_tomorrow_is_the_day_after_today_however_late_the_step_is() -> None:
    late = NOON - timedelta(days=5, hours=2)
    assert put_off(late, PutOff.TOMORROW, NOON, MOSCOW) == NOON + timedelta(hours=22)


def test_ten_oclock_stays_ten_oclock_when_summer_time_ends() -> None:
    now = datetime(2026, 10, 24, 8, 0, tzinfo=UTC)  # ten in Berlin, the day before the clocks go back
    assert put_off(now, PutOff.TOMORROW, now, BERLIN) == now + timedelta(hours=25)


@pytest.mark.parametrize(("wanted", "shown"), [(-5, 30), (0, 30), (60, 60), (9999, 150)])
def test_a_column_shows_no_fewer_and_no_more_than_is_sensible(wanted: int, shown: int) -> None:
    assert shown_from(wanted) == shown


@pytest.mark.parametrize(
    ("due", "repeat", "following"),
    [
        ("2026-11-20T10:00", Repeat.DAY, "2026-11-22T10:00"),
        ("2026-11-21T23:00", Repeat.DAY, "2026-11-22T23:00"),
        ("2026-11-02T10:00", Repeat.WEEK, "2026-11-23T10:00"),
        ("2026-10-31T10:00", Repeat.MONTH, "2026-11-30T10:00"),
        ("2020-01-31T10:00", Repeat.MONTH, "2026-11-30T10:00"),
        ("2026-12-31T10:00", Repeat.MONTH, "2027-01-31T10:00"),
    ],
)
def test_a_task_comes_again_at_its_time_and_not_in_the_past(due: str, repeat: Repeat, following: str) -> None:
    found = next_due(datetime.fromisoformat(due).replace(tzinfo=MOSCOW), repeat, NOON, MOSCOW)
    assert found == datetime.fromisoformat(following).replace(tzinfo=MOSCOW)


def test_a_task_comes_again_at_the_same_hour_after_the_change_of_summer_time() -> None:
    saturday = datetime(2027, 3, 27, 10, 0, tzinfo=BERLIN)
    assert next_due(saturday, Repeat.DAY, saturday, BERLIN) == datetime(2027, 3, 28, 10, 0, tzinfo=BERLIN)
