"""One's own settings, where one's day begins, and the texts that scripts speak."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy import orm as sa_orm

from callcenter import errors, models
from web import auth, i18n, keys, panel

BEGINS_AT = {"agent": "/desk", "supervisor": "/desk", "manager": "/calls", "admin": "/system"}
THEMES = ("auto", "light", "dark")


async def home(request: web.Request) -> web.StreamResponse:
    """Go where one's day begins."""
    raise web.HTTPSeeOther(BEGINS_AT[auth.current(request).role])


async def browser_texts(request: web.Request) -> web.StreamResponse:
    """Send the texts of one language to our scripts."""
    texts = request.app[keys.RENDERER].texts.get(request.match_info["language"])
    if texts is None:
        raise errors.NotFound("language")
    return web.Response(text=texts.browser_texts, content_type="application/json")


async def show(request: web.Request) -> web.StreamResponse:
    """Show one's settings."""
    return panel.page(request, "mine", themes=THEMES, saved="saved" in request.query)


def keep(session: sa_orm.Session, user_id: int, language: str, theme: str) -> None:
    """Keep a user's language and theme."""
    user = session.get_one(models.User, user_id)
    user.language, user.theme = language, theme


async def save(request: web.Request) -> web.StreamResponse:
    """Keep what was chosen; a field that is not sent stays as it is."""
    person = auth.current(request)
    fields = await request.post()
    language = str(fields.get("language", person.language))
    theme = str(fields.get("theme", person.theme))
    if language not in i18n.LANGUAGES:
        raise errors.Invalid("language", "is not one of ours")
    if theme not in THEMES:
        raise errors.Invalid("theme", "is none of auto, light, dark")
    await request.app[keys.DATABASE].run(keep, person.id, language, theme)
    return web.Response(status=303, headers={"Location": "/settings?saved=1"})
