"""Triggers and robots in the API: listed, kept, switched, and tried on the last days before they are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic

from aiohttp import web
from pydantic import BaseModel, Field

from pbx_crm.domain.dry_run import LONGEST_DAYS
from pbx_crm.domain.funnel_shape import Shift
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import ApiHandler, Done, Given, Id, Taken
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.rule_pages import Keeper
from pbx_crm.services.registry import Services
from pbx_crm.services.rules_view import Rule, RulesView


class SwitchBody(Taken):
    """On or off."""

    is_active: bool


class ShiftBody(Taken):
    """Sooner is up, later is down."""

    way: Shift


class OfFunnel(Taken):
    """What a new rule needs beside its terms."""

    funnel_id: Id


class OnTrial(OfFunnel):
    """What a trial needs beside the terms of the rule."""

    days: int = Field(ge=1, le=LONGEST_DAYS)
    id: Id | None = Field(default=None, description="the rule whose place it would take")


@dataclass(frozen=True, slots=True)
class RuleApi(Generic[Rule]):
    """The endpoints of one kind of rule."""

    name: str
    """`robot`; its plural is the address."""
    keeper: Callable[[Services], Keeper[Rule, RulesView[Rule]]]
    gives: type[Given]
    lists: type[Given]
    """Its one field is the plural."""
    terms: type[Taken]
    new: type[OfFunnel]
    trial: type[OnTrial]
    made: Callable[[Any, int | None, int], Rule]
    """The rule of these terms, with this id, in this funnel."""
    tries: Callable[[Services, Rule, int], Awaitable[object]]
    tried: type[Given]

    def routes(self) -> Iterable[Route]:
        """Rows of the API's table."""
        here, one = f"/api/v1/{self.name}s", f"/api/v1/{self.name}s/{{{self.name}}}"
        rows: tuple[tuple[str, str, Any, type[BaseModel], type[Taken] | None, int], ...] = (
            ("GET", here, self.list_all, self.lists, None, 200),
            ("POST", here, self.add, self.gives, self.new, 201),
            ("PUT", one, self.change, self.gives, self.terms, 200),
            ("DELETE", one, self.drop, Done, None, 200),
            ("POST", f"{one}/switch", self.switch, self.gives, SwitchBody, 200),
            ("POST", f"{one}/shift", self.shift, self.lists, ShiftBody, 200),
            ("POST", f"{here}/dry-run", self.try_out, self.tried, self.trial, 200),
        )
        for method, path, endpoint, gives, body, status in rows:
            handler = ApiHandler(endpoint, gives, None, body, status)
            handler.__name__ = f"{endpoint.__name__}_{self.name}"
            handler.summary = handler.summary.replace("rule", self.name)
            yield Route(method, path, handler, Access.HEAD)

    async def list_all(self, request: web.Request) -> BaseModel:
        """GET …: every rule of the funnels in use, in the order in which they act."""
        return await self._listed(request)

    async def add(self, request: web.Request, body: Any) -> BaseModel:
        """POST …: one more rule of a funnel."""
        funnel = (await self._keeper(request).view()).funnel(body.funnel_id)
        return await self._saved(request, self.made(body, None, funnel.id))

    async def change(self, request: web.Request, body: Any) -> BaseModel:
        """PUT …: the rule has these terms from now on; what is left out is as in a new one."""
        stored = (await self._keeper(request).view()).rule(self._id(request))
        return await self._saved(request, self.made(body, stored.id, stored.funnel_id))

    async def drop(self, request: web.Request) -> Done:
        """DELETE …: the rule is gone; histories still name it."""
        await self._keeper(request).drop(viewer_of(request), self._id(request))
        return Done()

    async def switch(self, request: web.Request, body: SwitchBody) -> BaseModel:
        """POST …: the rule acts from now on, or no more."""
        rule_id = self._id(request)
        await self._keeper(request).switch(viewer_of(request), rule_id, body.is_active)
        return await self._stored(request, rule_id)

    async def shift(self, request: web.Request, body: ShiftBody) -> BaseModel:
        """POST …: the rule is asked one place sooner or later; at the end of its funnel's it stays."""
        await self._keeper(request).shift(viewer_of(request), self._id(request), body.way)
        return await self._listed(request)

    async def try_out(self, request: web.Request, body: Any) -> BaseModel:
        """POST …: what the rule would have done in the last days; nothing is kept."""
        view = await self._keeper(request).view()
        funnel_id = view.funnel(body.funnel_id).id if body.id is None else view.rule(body.id).funnel_id
        rule = self.made(body, body.id, funnel_id)
        return self.tried.model_validate(await self.tries(services_of(request), rule, body.days))

    async def _listed(self, request: web.Request) -> BaseModel:
        view = await self._keeper(request).view()
        return self.lists.model_validate({f"{self.name}s": [self._shown(one) for one in view.rules]})

    def _id(self, request: web.Request) -> int:
        return id_in(request.match_info[self.name])

    def _keeper(self, request: web.Request) -> Keeper[Rule, RulesView[Rule]]:
        return self.keeper(services_of(request))

    def _shown(self, rule: Rule) -> BaseModel:
        return self.gives.model_validate(rule)

    async def _saved(self, request: web.Request, rule: Rule) -> BaseModel:
        return await self._stored(request, await self._keeper(request).save(viewer_of(request), rule))

    async def _stored(self, request: web.Request, rule_id: int) -> BaseModel:
        return self._shown((await self._keeper(request).view()).rule(rule_id))
