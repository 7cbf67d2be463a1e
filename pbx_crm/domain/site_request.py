"""Requests from the company's own site: what a visitor may send, and how many of them are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pbx_crm.domain.call import Call, Direction, Outcome
from pbx_crm.domain.errors import NotAllowed, Refused
from pbx_crm.domain.intake import Decision, decide
from pbx_crm.domain.intake_case import Case, Client
from pbx_crm.domain.line import CreateAt, Line
from pbx_crm.domain.roster import Roster

LONGEST_NAME = 100
LONGEST_QUESTION = 2000
MARKS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
LONGEST_MARK = 100
RATE_MINUTES = timedelta(minutes=10)
MOST_FROM_ONE = 5
"""Requests of one address in ten minutes."""
MOST_FROM_ALL = 200
"""Requests of one form in ten minutes: more is no advertising but an attack."""


class TooManyRequests(Refused):
    """Too many requests at once: please call us, or try again later."""


class ForeignSite(NotAllowed):
    """This form does not belong to that site."""


@dataclass(frozen=True, slots=True)
class SiteForm:
    """A form on a site; who has its token may ask through it."""

    id: int | None
    name: str
    token: str = field(default="", repr=False)
    line_id: int | None = None
    """Whose policy, funnel and source its requests have."""
    origins: tuple[str, ...] = ()
    """Sites that may send it from a browser, `https://example.com`."""
    is_active: bool = True

    def admits(self, origin: str | None) -> bool:
        """Whether a browser on that site may send it; what is no browser names no site."""
        return origin is None or origin.lower() in self.origins


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """What a visitor sent."""

    name: str
    number: str
    """E.164."""
    question: str
    page: str
    marks: Mapping[str, str]
    key: str
    """Of this one filling in; sent twice it is one request."""
    address: str = ""

    @property
    def source(self) -> str:
        """Where the visitor came from, if the page's address says so."""
        return self.marks.get("utm_source", "")


def decide_request(line: Line, funnel_id: int, client: Client, roster: Roster, at: datetime) -> Decision:
    """What becomes of a request: the same as of a call of that line that nobody answered."""
    missed = Call("", Direction.IN, at, outcome=Outcome.MISSED, ended_at=at)
    # A line whose calls make no cards by themselves still wants who asked in writing.
    asked = replace(line, create_at=CreateAt.END) if line.create_at is CreateAt.NEVER else line
    return decide(Case(missed, asked, funnel_id, client, roster))


def origin_in(text: str) -> str:
    """A site as a browser names it, `https://example.com:8443`; ValueError for what is none."""
    parts = urlsplit(text.strip())
    has_more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or has_more or len(text) > 200:
        raise ValueError("no site")
    return f"{parts.scheme}://{parts.netloc}".lower()
