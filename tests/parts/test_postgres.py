"""The PostgreSQL part gives every test a database of its own, quickly."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from tests.parts.postgres import PostgresCluster

pytestmark = pytest.mark.postgresql


def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool)


def _fill(url: str) -> None:
    with _engine(url).begin() as tx:
        tx.execute(text("CREATE TABLE card (title text)"))


def _titles(url: str) -> list[str]:
    with _engine(url).begin() as tx:
        return list(tx.scalars(text("SELECT title FROM card")))


def test_a_fresh_database_answers_sqlalchemy(postgresql_url: str) -> None:
    with _engine(postgresql_url).begin() as tx:
        assert tx.scalar(text("SELECT current_setting('server_encoding')")) == "UTF8"


def test_databases_of_one_template_do_not_see_each_other(postgres: PostgresCluster) -> None:
    template = postgres.template("cards", _fill)
    mine, yours = postgres.create(template), postgres.create(template)
    with _engine(mine).begin() as tx:
        tx.execute(text("INSERT INTO card VALUES ('Анна')"))
    assert _titles(mine) == ["Анна"]
    assert _titles(yours) == []
    for url in (mine, yours):
        postgres.drop(url)
