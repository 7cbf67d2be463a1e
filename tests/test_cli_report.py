"""`pbx-crm report`: the same figures as the pages, for scripts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from pbx_crm.cli import main
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Direction, Outcome
from tests import builders
from tests.call_rows import CallRows
from tests.test_commands import CONFIG

# Half past midnight in Berlin: the day before by UTC.
NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


@pytest.fixture
def config(sqlite_url: str, tmp_path: Path) -> Path:
    """A configuration over a database in which Anna answered one call, at half past midnight."""
    (tmp_path / "ami.secret").write_text("s3cret", encoding="utf-8")
    path = tmp_path / "pbx_crm.toml"
    path.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    opened = Database.open(sqlite_url)
    with opened.engine.connect().execution_options(writes=True) as tx, tx.begin():
        _fill(tx)
    opened.close()
    return path


def _fill(tx: Transaction) -> None:
    anna = builders.person(tx, "Anna")
    CallRows(tx, NIGHT).ring(anna).answer(anna).end(60, Outcome.ANSWERED)


def report(config: Path, *words: str, days: str = "2026-11-21") -> Result:
    """What `pbx-crm report …` answers about one day."""
    asked = ["report", *words, "--from", days, "--to", days, "--config", str(config)]
    return CliRunner().invoke(main, asked)


def test_json_names_the_report_its_days_and_its_rows(config: Path) -> None:
    told = json.loads(report(config, "calls", "--json").output)
    assert (told["report"], told["from"], told["time_zone"]) == ("calls", "2026-11-21", "Europe/Berlin")
    assert [(row["row"], row["answered"]) for row in told["rows"]] == [
        ("seller", 1),
        ("nobody", 0),
        ("all calls, each once", 1),
    ]


def test_days_are_those_of_the_zone_that_is_asked_for(config: Path) -> None:
    told = json.loads(report(config, "calls", "--json", "--zone", "UTC").output)
    assert [row["answered"] for row in told["rows"]] == [0, 0, 0]


def test_one_seller_is_shown_alone(config: Path) -> None:
    lines = report(config, "calls", "--csv", "--seller", "Anna").output.splitlines()
    assert [line.split(",")[:3] for line in lines] == [["row", "name", "answered"], ["seller", "Anna", "1"]]


def test_missed_calls_are_told_by_number(config: Path, sqlite_url: str) -> None:
    opened = Database.open(sqlite_url)
    with opened.engine.connect().execution_options(writes=True) as tx, tx.begin():
        CallRows(tx, NIGHT, e164="+79161110001").end(20, Outcome.MISSED)
    opened.close()
    (row,) = json.loads(report(config, "missed", "--json").output)["rows"]
    assert (row["number"], row["tries"], row["talked_at"]) == ("+79161110001", 1, None)


def test_the_funnel_is_told_stage_by_stage(config: Path, sqlite_url: str) -> None:
    opened = Database.open(sqlite_url)
    with opened.engine.connect().execution_options(writes=True) as tx, tx.begin():
        funnel, boris = builders.funnel(tx), builders.person(tx, "Boris")
        builders.deal(tx, funnel, boris, stage=1, at=NIGHT)
    opened.close()
    rows = json.loads(report(config, "funnel", "--json", "--funnel", "Telephony").output)["rows"]
    assert [(row["entered"], row["open"]) for row in rows] == [(1, 0), (1, 1), (0, 0), (0, 0), (0, 0)]


def test_a_workbook_goes_into_a_file_or_a_pipe(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "calls.xlsx"
    assert report(config, "calls", "--xlsx", "--output", str(file)).exit_code == 0
    piped = report(config, "calls", "--xlsx").stdout_bytes
    for written in (file.read_bytes(), piped):
        rows = CalamineWorkbook.from_filelike(BytesIO(written)).get_sheet_by_index(0).to_python()
        assert rows[1][:3] == ["seller", "Anna", 1.0]


def test_any_form_may_go_into_a_file(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    assert report(config, "calls", "--json", "--output", str(file)).output == ""
    assert json.loads(file.read_text(encoding="utf-8"))["report"] == "calls"


def test_slices_are_those_of_the_page(config: Path) -> None:
    told = json.loads(report(config, "calls", "--json", "--source", "flyer").output)
    assert [row["answered"] for row in told["rows"]] == [0, 0, 0]
    told = json.loads(report(config, "funnel", "--json", "--band", "under_1k").output)
    assert [row["entered"] for row in told["rows"]] == [0, 0, 0, 0, 0]


def test_a_forecast_needs_no_days(config: Path) -> None:
    answered = CliRunner().invoke(main, ["report", "forecast", "--json", "--config", str(config)])
    told = json.loads(answered.output)
    assert (told["report"], told["time_zone"], told["rows"]) == ("forecast", "Europe/Berlin", [])
    assert "from" not in told


@pytest.mark.parametrize(
    "days", [(), ("--from", "2026-11-21"), ("--from", "2026-11-21", "--to", "2026-11-20")]
)
def test_other_reports_want_days_that_make_sense(config: Path, days: tuple[str, ...]) -> None:
    answered = CliRunner().invoke(main, ["report", "calls", *days, "--config", str(config)])
    assert answered.exit_code == 2
    assert "--to" in answered.output


def test_a_plan_is_of_the_month_of_the_first_day_or_the_present_one(config: Path) -> None:
    asked = ["report", "plan", "--json", "--config", str(config)]
    told = json.loads(CliRunner().invoke(main, [*asked, "--from", "2026-11-30"]).output)
    calls = [row for row in told["rows"] if row["metric"] == "calls"]
    assert [(row["period"], row["seller"], row["fact"]) for row in calls] == [
        ("2026-11", "Anna", "1"),
        ("2026-11", "all", "1"),
    ]
    assert CliRunner().invoke(main, asked).exit_code == 0
    for by, key in (("week", "2026-W49"), ("quarter", "2026-Q4")):
        told = json.loads(CliRunner().invoke(main, [*asked, "--from", "2026-11-30", "--by", by]).output)
        assert {row["period"] for row in told["rows"]} == {key}


def test_a_trend_has_the_steps_that_are_asked_for(config: Path) -> None:
    assert len(json.loads(report(config, "trend", "--json", "--by", "week").output)["rows"]) == 1
    days = ["--from", "2026-11-01", "--to", "2026-11-30", "--config", str(config)]
    by_day = CliRunner().invoke(main, ["report", "trend", "--json", "--by", "day", *days])
    assert len(json.loads(by_day.output)["rows"]) == 30


def test_losses_are_told_by_every_crossing(config: Path, sqlite_url: str) -> None:
    opened = Database.open(sqlite_url)
    with opened.engine.connect().execution_options(writes=True) as tx, tx.begin():
        funnel, boris = builders.funnel(tx), builders.person(tx, "Boris")
        builders.deal(tx, funnel, boris, stage=5, at=NIGHT, amount=7)
    opened.close()
    (row,) = json.loads(report(config, "losses", "--json", "--funnel", "Telephony").output)["rows"]
    assert (row["stage"], row["seller"], row["band"], row["deals"]) == ("Unsorted", "Boris", "under_1k", 1)


def test_sources_lines_cold_calls_and_deals_now_are_those_of_the_pages(config: Path, sqlite_url: str) -> None:
    opened = Database.open(sqlite_url)
    with opened.engine.connect().execution_options(writes=True) as tx, tx.begin():
        funnel, boris = builders.funnel(tx), builders.person(tx, "Boris")
        builders.deal(tx, funnel, boris, stage=2, at=NIGHT, amount=70, source="site")
        CallRows(tx, NIGHT, Direction.OUT, e164="+79161110001").dial(boris).end(9, Outcome.NO_ANSWER)
    opened.close()
    told = {
        name: json.loads(report(config, name, "--json").output)["rows"]
        for name in ("sources", "lines", "cold", "stages", "carried")
    }
    assert [(row["source"], row["answered"], row["deals"]) for row in told["sources"]] == [
        ("site", 0, 1),
        ("", 1, 0),
        ("all", 1, 1),
    ]
    assert [(row["line"], row["answered"], row["deals"]) for row in told["lines"]] == [
        ("", 1, 1),
        ("all", 1, 1),
    ]
    assert {row["seller"]: row["cold"] for row in told["cold"]} == {
        "Anna": 0,
        "Boris": 1,
        "nobody": 0,
        "all": 1,
    }
    (lying,) = [row for row in told["stages"] if row["deals"]]
    assert (lying["seller"], lying["amount"], lying["probability"]) == ("Boris", "70", 50)
    assert {row["lay"] for row in told["carried"]} == {0}, "it was made after that time began"


def test_a_terminal_gets_columns(config: Path) -> None:
    assert report(config, "calls").output.splitlines()[1].split()[:3] == ["seller", "Anna", "1"]


@pytest.mark.parametrize(
    "words",
    [
        ("calls", "--seller", "Nobody"),
        ("calls", "--zone", "Mars"),
        ("weather",),
        ("calls", "--line", "x"),
        ("funnel", "--band", "x"),
        ("funnel", "--by", "week"),
        ("trend", "--by", "quarter"),
    ],
)
def test_wrong_use_is_said_and_ends_with_two(config: Path, words: tuple[str, ...]) -> None:
    answered = report(config, *words)
    assert answered.exit_code == 2
    assert "Error" in answered.output


@pytest.mark.parametrize(("language", "weekday"), [("en", 0), ("ru", 0), ("fa", 5)])
def test_weeks_begin_where_the_installations_language_begins_them(
    config: Path, language: str, weekday: int
) -> None:
    text = config.read_text(encoding="utf-8").replace("[crm]", f'[crm]\nlanguage = "{language}"')
    config.write_text(text, encoding="utf-8")
    asked = ["report", "trend", "--json", "--from", "2026-09-01", "--to", "2026-11-21"]
    told = json.loads(CliRunner().invoke(main, [*asked, "--config", str(config)]).output)
    firsts = [date.fromisoformat(row["from"]) for row in told["rows"]]
    assert {day.weekday() for day in firsts[1:]} == {weekday}
