"""An empty database for a test: once on SQLite, once on PostgreSQL, the same test both times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import metadata


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The tables, empty; a test that asks for it runs on both databases."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/crm.db"
    else:
        url = request.getfixturevalue("postgresql_url")
    opened = Database.open(url)
    metadata.create_all(opened.engine)
    yield opened
    opened.close()
