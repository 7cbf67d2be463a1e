"""A table that Asterisk fills, in whatever database: reached, looked at, never written to."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import Column, Engine, MetaData, RowMapping, Select, Table, create_engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from pbx_crm.domain.errors import RecordsUnreadable

COUNTING_COLUMNS = ("id", "acctid")

DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg"}
"""What a URL without a driver means here."""


class RecordTable:
    """A table by its name; RecordsUnreadable says, without the URL, why it cannot be read."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self.name = name

    def rows(self, query: Select[Any]) -> list[RowMapping]:
        """What the query finds."""
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(query).mappings())
        except SQLAlchemyError as error:
            raise self._unreadable(error) from error

    @property
    def dialect(self) -> str:
        """`sqlite`, `postgresql`, `mysql` or `mariadb`."""
        return self._engine.dialect.name

    @cached_property
    def table(self) -> Table:
        """The table as it is, its columns by name."""
        try:
            return Table(self.name, MetaData(), autoload_with=self._engine)
        except SQLAlchemyError as error:
            raise self._unreadable(error) from error

    @cached_property
    def counter(self) -> Column[Any] | None:
        """The column that counts the rows in the order in which they are written."""
        return next((found for name in COUNTING_COLUMNS if (found := self.column(name)) is not None), None)

    def column(self, name: str) -> Column[Any] | None:
        """The column of this name, in whatever case."""
        return next((column for column in self.table.columns if column.name.lower() == name), None)

    @cached_property
    def _engine(self) -> Engine:
        try:
            url = make_url(self._url)
            url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
            # No connection is kept: reading happens once a minute, and Asterisk may want to write.
            return create_engine(url, poolclass=NullPool)
        except ModuleNotFoundError as error:
            advice = "; install pbx-crm[mysql]" if error.name == "pymysql" else ""
            raise RecordsUnreadable(f"table {self.name}: no driver {error.name}{advice}") from error
        except (ArgumentError, SQLAlchemyError) as error:
            raise RecordsUnreadable(f"table {self.name}: the url is none that SQLAlchemy knows") from error

    def _unreadable(self, error: Exception) -> RecordsUnreadable:
        # The database's own words, without the URL: it may hold a password.
        return RecordsUnreadable(f"table {self.name}: {getattr(error, 'orig', None) or type(error).__name__}")
