"""The rooms keep their doors: which module may import what, read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pbx_crm"
ROOMS = ("domain", "db", "asterisk", "outside", "services", "pages")
EVERY_ROOM = frozenset(ROOMS)

# What each room may import of the other rooms: domain <- db <- services <- pages, the rest beside them.
MAY_IMPORT = {
    "domain": {"domain"},
    "db": {"domain", "db"},
    "asterisk": {"domain", "asterisk"},
    "outside": {"domain", "outside"},
    "services": {"domain", "db", "services"},
    "pages": {"domain", "services", "pages"},
}
# Only these know every room: they put the program together and start its parts.
JOIN_THE_ROOMS = ("app", "call_loop", "call_records", "cli", "demo", "doctor", "__main__")
KNOW_EVERY_ROOM = {f"{name}.py" for name in JOIN_THE_ROOMS}

FRAMEWORKS = {"sqlalchemy", "aiohttp", "jinja2", "panoramisk", "alembic", "prometheus_client", "structlog"}
MAY_NOT_USE = {
    "domain": {*FRAMEWORKS, "asyncio", "logging", "socket", "sqlite3", "subprocess", "threading", "time"},
    "db": {"aiohttp", "jinja2", "panoramisk", "asyncio.subprocess"},
    "asterisk": {"aiohttp", "jinja2", "alembic"},
    "outside": {"sqlalchemy", "jinja2", "panoramisk", "alembic"},
    "services": {"sqlalchemy", "aiohttp", "jinja2", "panoramisk", "alembic"},
    "pages": {"sqlalchemy", "panoramisk", "alembic"},
}
# The readers of the PBX's own CDR and CEL tables are the one place outside db/ that speaks SQL.
READS_PBX_TABLES = {"asterisk/cel_reader.py", "asterisk/cdr_reader.py"}


def modules(room: str) -> list[Path]:
    """Every module of a room."""
    return sorted((PACKAGE / room).rglob("*.py"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that stands in a module, read once for all that is asked of it."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Dotted names a module imports, those for the type checker alone included."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out in full"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str | None:
    """The room an imported name lies in."""
    parts = name.split(".")
    return parts[1] if parts[0] == "pbx_crm" and len(parts) > 1 and parts[1] in EVERY_ROOM else None


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_the_rooms_below_it(room: str) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in modules(room)
        for name in imports(path)
        if (found := room_of(name)) is not None and found not in MAY_IMPORT[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_uses_only_the_libraries_that_belong_there(room: str) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in modules(room)
        for name in imports(path)
        if name.split(".")[0] in MAY_NOT_USE[room]
        and not (path.relative_to(PACKAGE).as_posix() in READS_PBX_TABLES and "sqlalchemy" in name)
    ]
    assert wrong == []


OUTSIDE = [["pbx_crm", name] for name in ("app", "cli", "commands", "config")]


def test_no_room_knows_the_program_around_it() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for room in ROOMS
        for path in modules(room)
        for name in imports(path)
        if name.split(".")[:2] in OUTSIDE
    ]
    assert wrong == []


def test_only_the_modules_that_put_the_program_together_lie_outside_the_rooms() -> None:
    outside = {path.name for path in PACKAGE.glob("*.py")}
    assert outside <= KNOW_EVERY_ROOM | {
        "__init__.py",
        "config.py",
        "config_values.py",
        "config_voice.py",
        "logs.py",
    }


def test_domain_never_asks_what_time_it_is() -> None:
    asks = [
        f"{path.name}:{node.lineno}"
        for path in modules("domain")
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert asks == []


# A picture of all tables and the revision that makes them are lists, read column by column.
LISTS = {"db/migrations/versions/first.py"}
TO_READ = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).as_posix() not in LISTS)


@pytest.mark.parametrize("path", TO_READ, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_stay_small_enough_to_read(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 40
    ]
    assert long == []
