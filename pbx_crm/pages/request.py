"""What a handler finds on a request: the services, and the person behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from pbx_crm.domain.errors import NotLoggedIn
from pbx_crm.domain.metrics_door import MetricsDoor
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import Origin
from pbx_crm.services.accounts import LoggedIn
from pbx_crm.services.registry import Services


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How the site is reached, as `[web]` of the configuration says."""

    public_url: str = ""
    """Scheme and host as browsers write them; empty: whatever the Host header says."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses whose X-Forwarded-For is believed."""
    metrics: MetricsDoor = field(default_factory=MetricsDoor)
    """Who may read /metrics."""

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers come over HTTPS, so that the session cookie may be kept to it."""
        return self.public_url.startswith("https://")


SERVICES = web.AppKey("services", Services)
OPTIONS = web.AppKey("options", SiteOptions)
LOGGED_IN = web.RequestKey("logged_in", LoggedIn)
REQUEST_ID = web.RequestKey("request_id", str)

SESSION_COOKIE = "pbx_crm_session"
STEP_COOKIE = "pbx_crm_step"
"""Half a log-in: the password was right, the code is wanted."""
LANGUAGE_COOKIE = "pbx_crm_language"
SEE_AS_COOKIE = "pbx_crm_see_as"
"""The id of the seller through whose eyes a head looks; worth nothing to anybody else."""


def services_of(request: web.Request) -> Services:
    """Every service of the running program."""
    return request.app[SERVICES]


def session_of(request: web.Request) -> LoggedIn | None:
    """Who is logged in, and by which session; None for a visitor."""
    return request.get(LOGGED_IN)


def visitor_of(request: web.Request) -> Person | None:
    """The person behind a request to a page that strangers may see too."""
    found = session_of(request)
    return found.person if found else None


def viewer_of(request: web.Request) -> Person:
    """The person behind the request; NotLoggedIn for a stranger."""
    person = visitor_of(request)
    if person is None:
        raise NotLoggedIn
    return person


def reader_of(request: web.Request) -> Person:
    """Who sits before the screen: the head who looks through a seller's eyes, else the viewer."""
    here = here_of(request)
    return here.seen_by or here.person


def here_of(request: web.Request) -> LoggedIn:
    """The person and the session behind the request; NotLoggedIn for a stranger."""
    found = session_of(request)
    if found is None:
        raise NotLoggedIn
    return found


def origin_of(request: web.Request) -> Origin:
    """Where the request comes from; behind a trusted proxy the address that the proxy saw."""
    address = request.remote or ""
    if address in request.app[OPTIONS].trusted_proxies:
        # A client may send this header too; only the entry the proxy appended last is the proxy's word.
        address = request.headers.get("X-Forwarded-For", address).split(",")[-1].strip()
    return Origin(_storable(address)[:64], _storable(request.headers.get("User-Agent", "")))


def is_passed_on(request: web.Request) -> bool:
    """Whether a proxy that nobody told us of passed this on: then it does not come from where it seems to."""
    if (request.remote or "") in request.app[OPTIONS].trusted_proxies:
        return False
    return any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"))


def _storable(header: str) -> str:
    """The header with what was no UTF-8 in it marked: no database takes the surrogates it came as."""
    return header.encode(errors="replace").decode()


def is_api(request: web.Request) -> bool:
    """Whether a program asks, with a token, and expects JSON whatever happens."""
    return request.path.startswith("/api/")


def is_fragment(request: web.Request) -> bool:
    """Whether a part of a page asks for itself anew (htmx) rather than a person for a page."""
    return request.headers.get("HX-Request") == "true"


def wants_websocket(request: web.Request) -> bool:
    """Whether this is a WebSocket handshake."""
    return request.headers.get("Upgrade", "").lower() == "websocket"
