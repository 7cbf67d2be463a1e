"""The settings of rules of funnels: a form for one, tried before it is saved; triggers and robots alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web

from pbx_crm.domain.dry_run import LONGEST_DAYS
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel_shape import Shift
from pbx_crm.domain.person import Person
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.forms import Choice, Form, form_of
from pbx_crm.pages.outlook import Outlook
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.registry import Services
from pbx_crm.services.rules_view import Rule, RulesView

USUAL_DAYS = 90
"""How far back a rule is tried unless somebody says otherwise."""
View = TypeVar("View", bound=RulesView[Any])
ViewOut = TypeVar("ViewOut", bound=RulesView[Any], covariant=True)
RuleIn = TypeVar("RuleIn", contravariant=True)


class Keeper(Protocol[RuleIn, ViewOut]):
    """Where the rules are kept."""

    async def view(self) -> ViewOut:
        """Every rule, and what a form may choose from."""

    async def save(self, actor: Person, rule: RuleIn, /) -> int:
        """Its id, of a new one or of the one that is changed; BadInput."""

    async def switch(self, actor: Person, rule_id: int, is_active: bool, /) -> None:
        """On or off."""

    async def shift(self, actor: Person, rule_id: int, way: Shift, /) -> None:
        """One place sooner or later among the rules of its funnel."""

    async def drop(self, actor: Person, rule_id: int, /) -> None:
        """It is gone."""


@dataclass(frozen=True, slots=True)
class RulePages(Generic[Rule, View]):
    """The pages of one kind of rule; each method answers one request."""

    here: str
    """Where they begin, `/settings/triggers`."""
    name: str
    """What a rule is called in URLs and fields, and its template."""
    keeper: Callable[[Services], Keeper[Rule, View]]
    blank: Callable[[int], Rule]
    """A new rule of this funnel, as its form begins."""
    filled: Callable[[Form, int | None, int], Rule]
    """The rule that a form says, by its id and funnel; what is wrong is gathered in the form."""
    choices: Callable[[web.Request, View, Rule], dict[str, Any]]
    """What else the template needs."""
    tried: Callable[[web.Request, View, Rule, int], Awaitable[Outlook]]
    """What it would have done in the last days."""

    async def show_new(self, request: web.Request) -> web.StreamResponse:
        """GET …/new?funnel=1: the form of a rule to be, of the first funnel if none is named."""
        view = await self._view(request)
        named = number_in(request.query.get("funnel"))
        funnel = view.funnels[0] if named is None else view.funnel(named)
        return await self._page(request, view, self.blank(funnel.id))

    async def show_one(self, request: web.Request) -> web.StreamResponse:
        """GET …/{rule}: one rule's form."""
        view = await self._view(request)
        return await self._page(request, view, view.rule(self.id_of(request)))

    async def add(self, request: web.Request) -> web.StreamResponse:
        """POST …: one more rule, or the form again with the reasons."""
        form, view = await form_of(request), await self._view(request)
        return await self._save(request, view, form, None, _funnel_id(form, view))

    async def change(self, request: web.Request) -> web.StreamResponse:
        """POST …/{rule}: the rule as the form says, or the form again with the reasons."""
        form, view = await form_of(request), await self._view(request)
        stored = view.rule(self.id_of(request))
        return await self._save(request, view, form, stored.id, view.funnel(stored.funnel_id).id)

    async def switch(self, request: web.Request) -> web.StreamResponse:
        """POST …/{rule}/switch: on or off."""
        form = await form_of(request)
        is_active = form.one_of("active", ("yes", "no")) == "yes"
        form.require_good()
        await self._keeper(request).switch(viewer_of(request), self.id_of(request), is_active)
        return see_other(self.here)

    async def shift(self, request: web.Request) -> web.StreamResponse:
        """POST …/{rule}/shift: one place sooner or later."""
        form = await form_of(request)
        way = form.choice("way", Shift, Shift.UP)
        form.require_good()
        await self._keeper(request).shift(viewer_of(request), self.id_of(request), way)
        return see_other(self.here)

    async def drop(self, request: web.Request) -> web.StreamResponse:
        """POST …/{rule}/drop: the rule is gone."""
        await self._keeper(request).drop(viewer_of(request), self.id_of(request))
        return see_other(self.here)

    async def try_out(self, request: web.Request) -> web.StreamResponse:
        """POST …/dry-run: the form again, with what the rule would have done."""
        form, view = await form_of(request), await self._view(request)
        named = form.text(f"{self.name}_id")
        stored = view.rule(number_in(named) or 0) if named else None
        funnel_id = view.funnel(stored.funnel_id).id if stored else _funnel_id(form, view)
        rule = self.filled(form, stored.id if stored else None, funnel_id)
        days = form.whole("days", least=1, most=LONGEST_DAYS)
        try:
            form.require_good()
            outlook = await self.tried(request, view, rule, days)
        except BadInput as refused:
            return await self._page(request, view, rule, refused.reasons)
        return await self._page(request, view, rule, outlook=outlook)

    def id_of(self, request: web.Request) -> int:
        """Which rule the URL names."""
        return id_in(request.match_info[self.name])

    def _keeper(self, request: web.Request) -> Keeper[Rule, View]:
        return self.keeper(services_of(request))

    async def _view(self, request: web.Request) -> View:
        return await self._keeper(request).view()

    async def _save(
        self, request: web.Request, view: View, form: Form, rule_id: int | None, funnel_id: int
    ) -> web.StreamResponse:
        rule = self.filled(form, rule_id, funnel_id)
        try:
            form.require_good()
            await self._keeper(request).save(viewer_of(request), rule)
        except BadInput as refused:
            return await self._page(request, view, rule, refused.reasons)
        return see_other(self.here)

    async def _page(
        self,
        request: web.Request,
        view: View,
        rule: Rule,
        reasons: Mapping[str, str] | None = None,
        outlook: Outlook | None = None,
    ) -> web.Response:
        shown = {
            "here": self.here,
            self.name: rule,
            "funnel": view.funnel(rule.funnel_id),
            "reasons": reasons or {},
            "outlook": outlook,
            "days": outlook.days if outlook else USUAL_DAYS,
            **self.choices(request, view, rule),
        }
        return await render(request, f"{self.name}.html", shown, status=422 if reasons else 200)


def _funnel_id(form: Form, view: RulesView[Any]) -> int:
    """The funnel that the form names; NotFound."""
    return view.funnel(number_in(form.text("funnel_id")) or 0).id


def chosen(form: Form, name: str, choices: type[Choice]) -> Choice | None:
    """One of a closed set, or nothing if the field is left empty; anything else is gathered as a reason."""
    return form.choice(name, choices, next(iter(choices))) if form.text(name) else None


def id_chosen(form: Form, name: str) -> int | None:
    """An id, or nothing if the field is left empty; anything else is gathered as a reason."""
    return form.whole(name, least=1) if form.text(name) else None


def words(request: web.Request, choices: Mapping[Choice, str]) -> list[tuple[str, str]]:
    """The choices of a select, in the reader's language."""
    reader = wording_of(request)
    return [(choice.value, reader.gettext(said)) for choice, said in choices.items()]
