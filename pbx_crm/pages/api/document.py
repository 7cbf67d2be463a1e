"""The OpenAPI 3.1 document, written from the contracts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pbx_crm import __version__
from pbx_crm.domain.report_filter import ReportName
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import ApiHandler, Problem

IN_PATH = re.compile(r"\{(\w+)\}")
NAMED_PLACES = {
    "report": {"type": "string", "enum": [name.value for name in ReportName]},
    "day": {"type": "string", "format": "date"},
}
"""What stands in an address and is no id."""
A_FILE = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
}
PROBLEMS = {
    "400": "This cannot be done as things are; `message` says why: files are switched off, say.",
    "401": "No token, or one that was ended.",
    "403": "The person's rights do not cover this.",
    "404": "No such record, or another seller's: the answer is the same.",
    "409": "Somebody else was faster: read again, decide again. Or a gate asks for something: see `missing`.",
    "413": "What was sent is too large.",
    "422": "Wrong values; `details` names each.",
    "503": "The PBX or the database is away: ask again later.",
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document of these routes."""
    described = [(route, route.handler) for route in routes if isinstance(route.handler, ApiHandler)]
    models = {model for _, handler in described for model in _models(handler)} | {Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in ordered], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route, handler in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, handler)
    return {
        "openapi": "3.1.0",
        "info": {"title": "pbx_crm", "version": __version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models(handler: ApiHandler) -> list[type[BaseModel]]:
    return [model for model in (handler.gives, handler.body, handler.query) if model is not None]


def _operation(route: Route, handler: ApiHandler) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": handler.__name__,
        "summary": handler.summary,
        "parameters": [*_path_parameters(route.path), *_query_parameters(handler.query)],
        "responses": {
            str(handler.status): {"description": "Done.", "content": _given(handler)},
            **{code: {"description": said, "content": _json(Problem)} for code, said in PROBLEMS.items()},
        },
    }
    if handler.takes_file:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": A_FILE}}}
    if handler.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(handler.body)}
    if route.access is Access.PUBLIC:
        operation["security"] = []
    return operation


def _given(handler: ApiHandler) -> dict[str, Any]:
    return {"application/octet-stream": {}} if handler.gives is None else _json(handler.gives)


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    an_id = {"type": "integer", "minimum": 1}
    return [
        {"name": name, "in": "path", "required": True, "schema": NAMED_PLACES.get(name, an_id)}
        for name in IN_PATH.findall(path)
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    needed = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": found}
        for name, found in schema.get("properties", {}).items()
    ]


@lru_cache(maxsize=1)
def _served() -> dict[str, Any]:
    from pbx_crm.pages.api.table import ENDPOINTS

    return document(ENDPOINTS)


async def show(_request: web.Request) -> web.StreamResponse:
    """GET /api/v1/openapi.json: this document."""
    return web.json_response(_served())
