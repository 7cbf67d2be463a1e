"""What an endpoint of the API takes and gives, said once: it checks requests and writes the document."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.gate import NeedKind
from pbx_crm.domain.passage import GateClosed, Missing
from pbx_crm.domain.sentence import N_

Endpoint = Callable[..., Awaitable[BaseModel | web.StreamResponse]]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment cannot be told in UTC") from None


Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""An id as a request names it: the database's 64 bits hold it."""
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment in UTC, whatever zone it was written in; the ends of the calendar have none."""


class Given(BaseModel):
    """A value of an answer, made from the frozen values the services give."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Taken(BaseModel):
    """A request's body or query: an unknown field is a slip and is named."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="after")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        # PostgreSQL stores no NUL in a text, and nothing a person writes holds one.
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a text holds no NUL")
        return value


class ApiMissing(Given):
    """Something that the gate of a stage asks for."""

    stage_id: int
    kind: NeedKind
    detail: str = Field(description="of a field its name, of a task its kind; empty: any task")
    seconds: int = Field(description="of a call: how long the talk must be")
    is_binding: bool = Field(description="whether no `skip_reason` helps")


class Problem(Given):
    """Why something could not be done; `error` is stable, `message` is for people."""

    error: str
    message: str
    details: dict[str, str]
    missing: tuple[ApiMissing, ...] | None = Field(
        default=None, description="with `gate_closed`: what a gate on the way asks for"
    )


def asked_for(missing: Iterable[Missing]) -> tuple[ApiMissing, ...]:
    """What gates ask for."""
    return tuple(
        ApiMissing(
            stage_id=one.stage.id,
            kind=one.need.kind,
            detail=one.need.detail,
            seconds=one.need.seconds,
            is_binding=one.is_binding,
        )
        for one in missing
    )


def missing_of(gate: GateClosed) -> list[dict[str, Any]]:
    """What a gate asks for, as JSON."""
    return [one.model_dump(mode="json") for one in asked_for(gate.missing)]


class ApiHandler:
    """A handler with its contract: `query` and `body` reach the endpoint checked and typed."""

    def __init__(
        self,
        endpoint: Endpoint,
        gives: type[BaseModel] | None,
        query: type[BaseModel] | None,
        body: type[BaseModel] | None,
        status: int,
        takes_file: bool = False,
    ) -> None:
        """Without `gives` the answer is a file; with `takes_file` the request is a form with one."""
        self.endpoint = endpoint
        self.gives = gives
        self.query = query
        self.body = body
        self.status = status
        self.takes_file = takes_file
        self.summary = (endpoint.__doc__ or "").partition(": ")[2].rstrip()
        self.__name__ = endpoint.__name__
        self.__doc__ = endpoint.__doc__

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """The endpoint's value as JSON; BadInput names each wrong value of the request."""
        taken: dict[str, BaseModel] = {}
        if self.query is not None:
            taken["query"] = _checked(self.query, dict(request.query))
        if self.body is not None:
            taken["body"] = _checked(self.body, await _json_of(request))
        given = await self.endpoint(request, **taken)
        if isinstance(given, web.StreamResponse):
            return given
        return web.Response(text=given.model_dump_json(), content_type="application/json", status=self.status)


class Done(Given):
    """It was done, and there is nothing more to tell."""

    done: bool = True


def api(
    gives: type[BaseModel] | None,
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    status: int = 200,
    takes_file: bool = False,
) -> Callable[[Endpoint], ApiHandler]:
    """Makes a function of a request an endpoint with a contract."""
    return lambda endpoint: ApiHandler(endpoint, gives, query, body, status, takes_file)


def _checked(model: type[BaseModel], values: Any) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        reasons = {".".join(map(str, found["loc"])) or "body": found["msg"] for found in error.errors()}
        raise BadInput(reasons=reasons) from None


async def _json_of(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        # ValueError also for a number of thousands of digits, which Python refuses to read.
        raise BadInput(reasons={"body": N_("This is not JSON.")}) from None
