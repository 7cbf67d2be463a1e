"""Column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from pbx_crm.domain.whole_money import UNITS, money_of

LENGTH_WITHOUT_ZONE = len("2026-11-21 09:30:00.000000")


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes both ways; a naive one is refused, since nobody could say which zone it meant.

    SQLite keeps text without a zone, so there the zone is taken off after conversion to UTC.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for the database; ValueError for a naive time."""
        if value is None:
            return None
        value = _in_utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite straight to the text it stores: a busy PBX writes a dozen times a call."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def process(value: datetime | None) -> str | None:
            return None if value is None else _text_of(value)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """On SQLite straight from the text: one step instead of a naive datetime and a second one of it."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)

        def process(value: str | None) -> datetime | None:
            return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)

        return process

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The stored instant, aware, in UTC."""
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


@lru_cache(maxsize=4096)
def _text_of(value: datetime) -> str:
    # The beginning of a call stands in eight of its rows. Cutting the zone off the text costs a third of
    # making a second datetime without one.
    return _in_utc(value).isoformat(" ", "microseconds")[:LENGTH_WITHOUT_ZONE]


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


class ExactMoney(TypeDecorator[Decimal]):
    """Decimal amounts to four places, kept as a whole number: SQLite would turn NUMERIC into a float.

    Sums of the stored numbers are exact on both databases; SUM() over the column gives Decimal again
    when its result is typed with this class.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Ten-thousandths of the currency's main unit."""
        return None if value is None else int(Decimal(value) * UNITS)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The amount in the currency's main unit."""
        return None if value is None else money_of(int(value))
