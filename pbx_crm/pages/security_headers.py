"""Headers on every answer: nothing from elsewhere runs, frames us or learns our addresses."""

from __future__ import annotations

from aiohttp import web

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ON_EVERY_ANSWER = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal handler of aiohttp, run just before an answer's headers are sent."""
    for name, value in ON_EVERY_ANSWER.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        # Client data stays out of the browser's disk and of proxies, also after logging out.
        response.headers.setdefault("Cache-Control", "no-store")
