"""Whatever a script sends is answered as the document says, and never by a fault of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.api.document import document
from pbx_crm.pages.api.table import ENDPOINTS
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Browser, Crm

Schema = Mapping[str, Any]
DOCUMENT = document(ENDPOINTS)
SCHEMAS: Mapping[str, Schema] = DOCUMENT["components"]["schemas"]
ROUNDS = 2
"""How many requests of each kind an operation gets from one seed."""
FILES = (
    b"name,number\nVector,+74950000001\n",
    b"\xff\xfe\x00",
    b"",
    b"RIFF\x00\x00\x00\x00WAVEfmt ",
    b"PK\x03\x04",
)
TEXTS = (
    "",
    " ",
    "Вектор",
    "‮مریم\u200f",
    "'; drop table deals; --",
    "%s%(x)s{{7*7}}",
    "=1+1",
    "9" * 40,
    "\ud800",
    "я" * 20_000,
)
NUMBERS = (0, -1, 1, 2, 3, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0)
MOMENTS = (
    "2026-11-22T08:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-22",
    "soon",
)
DAYS = ("2026-11-22", "0001-01-01", "9999-12-31", "2026-02-30", "1405/08/30")
PLAIN = ("Vector", "+74950000001", "Europe/Moscow")
STRANGE: tuple[Any, ...] = (None, True, [], {}, [[]], {"x": {}}, *TEXTS, *NUMBERS)
"""What a field of another type may hold."""


@dataclass(frozen=True)
class Operation:
    """One entry of the document."""

    method: str
    path: str
    told: Schema

    @property
    def statuses(self) -> set[int]:
        """Which answers the document names."""
        return {int(status) for status in self.told["responses"]}

    @property
    def body(self) -> tuple[str, Schema] | None:
        """The media type and schema of its body, if it has one."""
        found = self.told.get("requestBody", {"content": {}})["content"]
        return next(((kind, one["schema"]) for kind, one in found.items()), None)


OPERATIONS = [
    Operation(method.upper(), path, told)
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]


class Guess:
    """Values as a schema asks for them, and now and then what it does not ask for."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._is_plain = False

    def turn(self) -> None:
        """Every second request is what somebody might mean: it gets further in than a strange one."""
        self._is_plain = not self._is_plain

    def one_of(self, values: Any) -> Any:
        """Any of these."""
        return self._random.choice(list(values))

    def often(self) -> bool:
        """Four times out of five, and always in a plain request."""
        return self._is_plain or self._random.random() < 0.8

    def value(self, schema: Schema) -> Any:
        """A value for a field of this schema."""
        if not self.often() and not self.often():
            return self.one_of(STRANGE)
        if self._is_plain and "examples" in schema:
            return self.one_of(schema["examples"])
        if "$ref" in schema:
            return self.value(SCHEMAS[schema["$ref"].rpartition("/")[2]])
        for choice in ("anyOf", "enum"):
            if choice in schema:
                picked = self.one_of(schema[choice])
                return self.value(picked) if choice == "anyOf" else picked
        return self._plain(schema)

    def _plain(self, schema: Schema) -> Any:
        match schema.get("const", schema.get("type")), schema.get("format"):
            case "object", _:
                return self._object(schema)
            case "array", _:
                return [self.value(schema.get("items", {})) for _ in range(self._random.randint(0, 3))]
            case "string", "date-time":
                return MOMENTS[0] if self._is_plain else self.one_of(MOMENTS)
            case "string", "date":
                return DAYS[0] if self._is_plain else self.one_of(DAYS)
            case "string", _:
                return self.one_of(PLAIN if self._is_plain else TEXTS)
            case "integer" | "number", _:
                return self.one_of(NUMBERS[2:5] if self.often() else NUMBERS)
            case "boolean", _:
                return self.one_of((True, False))
            case "null", _:
                return None
            case other, _:
                return self.one_of(STRANGE) if other is None else other

    def _object(self, schema: Schema) -> dict[str, Any]:
        needed = schema.get("required", ())
        wanted = {
            name: self.value(found)
            for name, found in schema.get("properties", {}).items()
            if (name in needed and self.often()) or self._random.random() < (0.2 if self._is_plain else 0.5)
        }
        return wanted if self.often() else {**wanted, "surplus": self.one_of(STRANGE)}

    def address(self, operation: Operation) -> tuple[str, dict[str, str]]:
        """The path with its places filled in, and the query."""
        path, query = operation.path, {}
        for place in operation.told["parameters"]:
            if place["in"] == "query":
                if place["required"] or self._random.random() < 0.4:
                    query[place["name"]] = _in_address(self.value(place["schema"]))
            else:
                path = path.replace(f"{{{place['name']}}}", _in_address(self.value(place["schema"])) or "0")
        return path, query

    def content(self, operation: Operation) -> dict[str, Any]:
        """What is sent beside the address."""
        if operation.body is None:
            return {}
        kind, schema = operation.body
        if kind == "multipart/form-data":
            form = FormData()
            form.add_field(
                "file", self.one_of(FILES), filename=self.one_of(("list.csv", "a.wav", "..", "x" * 300))
            )
            return {"data": form}
        text = (
            json.dumps(self.value(schema))
            if self.often()
            else self.one_of(("", "{", "NaN", '"\\u0000"', "[" * 9999))
        )
        return {"data": text, "headers": {"Content-Type": kind}}


def _in_address(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    # aiohttp itself answers addresses of more than 8 kB, and never asks us.
    return text[:500].encode("utf-8", "replace").decode().replace("/", "").replace("?", "").replace("#", "")


@dataclass
class Script:
    """A program with the head's token, who may ask for everything."""

    browser: Browser
    bearer: str

    async def fault(self, operation: Operation, guess: Guess) -> str | None:
        """What was wrong with the answer to any request to this operation."""
        guess.turn()
        (path, query), more = guess.address(operation), guess.content(operation)
        headers = {"Authorization": self.bearer, **more.pop("headers", {})}
        answer = await self.browser.request(operation.method, path, params=query, headers=headers, **more)
        text = await answer.text(errors="replace")
        asked = f"{operation.method} {path} {query} {more.get('data')} -> {answer.status}"
        if answer.status not in operation.statuses:
            return f"{asked} {text[:300]}"
        if answer.status >= 400 and not {"error", "message", "details"} <= set(json.loads(text)):
            return f"{asked} tells nothing"
        return None


@pytest.fixture
async def script(crm: Crm) -> Script:
    """A house with some of everything, and a script beside it."""
    await crm.database.write(_fill, crm)
    return Script(await crm.browser(), f"Bearer {await crm.token(crm.cast.olga, SessionKind.API)}")


def _fill(tx: Transaction, crm: Crm) -> None:
    funnel = builders.funnel(tx)
    for number, seller in enumerate((crm.cast.anna, crm.cast.boris, crm.cast.olga)):
        contact_id = builders.contact(tx, "Vector", f"+7495000000{number}")
        deal_id = builders.deal(tx, funnel, seller, contact_id=contact_id, stage=number)
        rows = CallRows(tx, NOW - timedelta(hours=number), contact_id=contact_id, deal_id=deal_id)
        rows.ring(seller).answer(seller).end(98, Outcome.ANSWERED)


def requests(guess: Guess) -> Iterator[Operation]:
    """Every operation several times, in no order: what one removes another asks for."""
    wanted = OPERATIONS * ROUNDS
    while wanted:
        yield wanted.pop(guess.one_of(range(len(wanted))))


@pytest.mark.parametrize("seed", range(3))
async def test_any_request_is_answered_as_the_document_says(script: Script, seed: int) -> None:
    guess = Guess(seed)
    faults = [await script.fault(operation, guess) for operation in requests(guess)]
    assert [fault for fault in faults if fault] == []
