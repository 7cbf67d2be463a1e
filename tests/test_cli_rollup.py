"""`pbx-crm rollup`: sums that went wrong are found and mended from the shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from pbx_crm.cli import main
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import call_days
from tests.test_cli_report import config, report

__all__ = ["config"]


def rollup(config: Path, word: str) -> Result:
    """What `pbx-crm rollup …` answers."""
    return CliRunner().invoke(main, ["rollup", "--config", str(config), word])


@pytest.fixture
def built(config: Path) -> Path:
    """The same company with its sums built."""
    assert rollup(config, "rebuild").exit_code == 0
    return config


def test_rebuilding_tells_of_its_progress_and_whose_days_it_goes_by(config: Path) -> None:
    told = rollup(config, "rebuild")
    assert told.exit_code == 0
    assert told.stderr == "2026-11-21  1 of 1 days\n"
    assert told.stdout == "1 days are added up, by the clocks of Europe/Berlin\n"
    assert rollup(config, "check").output == "1 days compared, 0 wrong\n"


def test_the_report_is_the_same_before_and_after(config: Path) -> None:
    before = report(config, "calls", "--json").output
    assert rollup(config, "rebuild").exit_code == 0
    assert report(config, "calls", "--json").output == before


def test_a_wrong_sum_fails_the_check_and_rebuilding_mends_it(built: Path, sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
        tx.execute(update(call_days).values(answered=5))
    database.close()
    found = rollup(built, "check")
    assert found.exit_code == 1
    assert "2026-11-21: 3 sums are not what the calls add up to" in found.output
    assert rollup(built, "rebuild").exit_code == 0
    assert rollup(built, "check").exit_code == 0
