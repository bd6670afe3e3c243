"""What a browser may do with our pages, and which requests are refused before anything reads them.

A request that changes something must come from our own pages. Browsers say so themselves in `Sec-Fetch-Site`; where
they do not (plain HTTP inside an office), `Origin` must be ours. Nothing is embedded: no inline script, style or handler.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter import errors
from web import keys

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
}
YEAR_SECONDS = 31_536_000


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every response; pages are never cached, named assets for a year."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Callcenter-Version"] = request.app[keys.RENDERER].version
    if request.path.startswith(("/static/", "/i18n/")):
        lasting = f"public, max-age={YEAR_SECONDS}, immutable"
        response.headers["Cache-Control"] = lasting if "v" in request.query else "no-cache"
    else:
        response.headers.setdefault("Cache-Control", "no-store")


def address(request: web.Request) -> str:
    """Return the address that a request came from, believing only the proxies that the settings name."""
    trusted = request.app[keys.SETTINGS].web.trusted_proxies
    seen = request.remote or ""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    while seen in trusted and hops:
        seen = hops.pop()
    return seen


def same_origin(request: web.Request) -> bool:
    """Tell whether one of our own pages sent this request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    ours = {request.host}
    if public := request.app[keys.SETTINGS].web.public_url:
        ours.add(urlsplit(public).netloc)
    return urlsplit(origin).netloc in ours


@web.middleware
async def refuse_foreign_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to a change that another site asked for."""
    if request.method not in SAFE_METHODS and not same_origin(request):
        raise errors.Forbidden("the request did not come from our own page")
    return await handler(request)
