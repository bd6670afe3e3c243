"""The agent's desk: a page that its scripts fill from the snapshot."""

from __future__ import annotations

from aiohttp import web

from web import rendering


async def page(request: web.Request) -> web.StreamResponse:
    """Show the desk."""
    return rendering.page(request, "desk.html")
