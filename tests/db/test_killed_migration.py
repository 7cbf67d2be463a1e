"""A migration whose process is killed at any statement leaves the database as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from pbx_crm.db import migrate
from pbx_crm.db.engine import make_engine
from tests.databases import prepare

KILLED = """
import os, signal, sys
from sqlalchemy import event
from pbx_crm.db import migrate
from pbx_crm.db.engine import make_engine
engine, left = make_engine(sys.argv[1]), iter(range(int(sys.argv[2])))
@event.listens_for(engine, "before_cursor_execute")
def step(*_):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
migrate.upgrade(engine)
"""


@pytest.mark.parametrize("statements", [1, 5, 60, 150])
def test_a_migration_that_is_killed_leaves_nothing_behind_and_the_next_one_is_whole(
    tmp_path: Path, statements: int
) -> None:
    url = f"sqlite:///{tmp_path}/crm.db"
    killed = subprocess.run([sys.executable, "-c", KILLED, url, str(statements)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with make_engine(url).connect() as tx:
        assert inspect(tx).get_table_names() == []
    prepare(url)
    with make_engine(url).connect() as tx:
        assert migrate.differences(tx) == []
