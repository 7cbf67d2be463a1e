"""The length between two moments inside a statement, alike on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class SecondsBetween(GenericFunction[float]):
    """`SecondsBetween(earlier, later)`: seconds, NULL where either is."""

    type = Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(SecondsBetween, "sqlite")
def _on_sqlite(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    # Julian days are floats: at today's dates they resolve some forty microseconds.
    earlier, later = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _on_postgresql(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    earlier, later = (compiler.process(clause, **options) for clause in element.clauses)
    return f"extract(epoch from ({later} - {earlier}))::float"


def seconds_between(earlier: ColumnElement[Any], later: ColumnElement[Any]) -> ColumnElement[float]:
    """Seconds from one column to the other."""
    return SecondsBetween(earlier, later)
