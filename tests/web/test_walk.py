"""The walk: every URL and every role against what belongs to others, requests of other sites, and the policy of every page."""

from __future__ import annotations

import re

import aiohttp
import pytest
from sqlalchemy import select

from callcenter import models
from callcenter.crm import accounts, visibility
from tests.web import site
from tests.web.conftest import Client
from tests.web.strangers import SECRET_NAME, SECRET_WORDS, addressed, other_team
from web import routes

ROLES = ("agent", "supervisor", "manager", "admin")
ALL = (*routes.PAGES, *routes.SETTINGS, *routes.WELCOME, *routes.API)

# Of each role: which URLs that name something of the strangers' answer 404. Said by path, for every method that it has.
OBJECTS = (
    "/customers/{id}",
    "/customers/{id}/edit",
    "/customers/{id}/numbers",
    "/customers/{id}/notes",
    "/customers/{id}/do-not-call",
    "/calls/{id}",
    "/calls/{id}/recording",
    "/recordings/{id}/audio",
    "/tasks/{id}",
    "/tasks/{id}/done",
    "/tasks/{id}/undo",
    "/tasks/leads/{id}",
    "/tasks/leads/{id}/take",
)
# Nor does a role open somebody's view.
OF_NOBODY = ("/views/{id}/change", "/views/{id}/delete", "/views/{id}/restore")
OF_KEEPERS = (
    "/recordings/{id}/retry",
    "/recordings/{id}/keep",
    "/calls/{id}/legal-hold",
    "/campaigns/{id}",
    "/floor/calls/{id}",
    "/campaigns/{id}/state",
    "/campaigns/{id}/import",
    "/imports/{id}",
    "/imports/{id}/start",
    "/imports/{id}/undo",
    "/imports/{id}/errors.csv",
)
HIDDEN = {
    "agent": {*OBJECTS, *OF_NOBODY},
    "supervisor": {*OBJECTS, *OF_KEEPERS, *OF_NOBODY},
    # They may see the stranger, who has no such number to block.
    "manager": {"/customers/{id}/do-not-call", *OF_NOBODY},
    # Nor may an administrator hear.
    "admin": {
        "/customers/{id}/do-not-call",
        "/recordings/{id}/audio",
        "/recordings/{id}/retry",
        *OF_NOBODY,
        "/recordings/{id}/keep",
    },
}
# Managers and administrators may see the stranger's tasks.
SEEN = {"manager": {"/tasks/{id}", "/tasks/leads/{id}"}, "admin": {"/tasks/{id}", "/tasks/leads/{id}"}, "agent": set(), "supervisor": set()}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_another_teams_is_found_at_no_url_and_in_no_list(
    role: str, place: site.Site, client: Client
) -> None:
    theirs = other_team(place)
    browser = await client(role)
    walked = set()
    for row in ALL:
        plain = row.path.replace(r":\d+", "")
        if role not in row.roles or "{" not in plain or plain.startswith(("/settings", "/i18n")):
            continue
        fields = {"text": "x", "number": "0541234567", "display": "x", "version": "1"}
        body = {"json": {}} if "/api/" in row.path else {"data": fields}
        asked = {} if row.method == "GET" else body
        async with browser.request(
            row.method,
            addressed(row, theirs),
            allow_redirects=False,
            **asked,  # type: ignore[arg-type]
        ) as answer:
            text = await answer.read()
            where = f"{row.method} {plain} as {role}: {answer.status}"
            if "/api/" in row.path:
                assert answer.status in {404, 422, 503}, (
                    where
                )  # 503: no exchange is listened to here
            else:
                assert (answer.status == 404) == (plain in HIDDEN[role]), where
            # A form that somebody else was faster with comes back with what is so, to whoever may see it.
            if answer.status >= 400 and (
                answer.status != 409 or plain in HIDDEN["agent"] - SEEN[role]
            ):
                assert SECRET_NAME.encode() not in text and SECRET_WORDS.encode() not in text, where
        walked.add(plain)
    assert HIDDEN[role] <= walked
    if role in ("agent", "supervisor"):
        for path in (
            "/customers", f"/customers?q={SECRET_NAME}", "/customers?q=0529998877", "/calls?period=all",
            f"/calls?period=all&q={SECRET_NAME}", "/calls?period=all&q=0529998877",
            f"/calls?period=all&agent={theirs.user}", f"/api/v1/search?q={SECRET_NAME}",
            "/api/v1/search?q=0529998877", "/desk", "/desk/today", "/tasks", f"/tasks?who={theirs.user}",
            f"/tasks?task={theirs.task}&said=done",
            "/views/calls",
        ):  # fmt: skip
            async with browser.get(path) as answer:
                text = await answer.text()
                shown = text.replace(f'value="{SECRET_NAME}"', "")
                assert SECRET_NAME not in shown and "52-999-8877" not in text, path
                assert SECRET_WORDS not in text, path


@pytest.mark.parametrize("role", ROLES)
def test_the_rule_hides_what_is_another_teams_in_every_table(role: str, place: site.Site) -> None:
    theirs = other_team(place)
    keys = {
        models.Party: theirs.party,
        models.Call: theirs.call,
        models.Recording: theirs.recording,
    }
    sees_all = role in ("manager", "admin")
    with place.database.session() as session:
        user = accounts.by_login(session, place.login_of(role))
        viewer = visibility.viewer(session, user.id)
        for model, key in keys.items():
            heard = role == "manager" if model is models.Recording else sees_all
            assert visibility.may_see(session, viewer, model, key) is heard, model
        words = select(models.Segment.id).where(
            models.Segment.text == SECRET_WORDS, visibility.visible(viewer, models.Segment)
        )
        assert bool(session.scalar(words)) is (role == "manager")
        notes = select(models.Note.id).where(
            models.Note.text == SECRET_WORDS, visibility.visible(viewer, models.Note)
        )
        assert bool(session.scalar(notes)) is sees_all


FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_no_url_that_changes_something_listens_to_another_site(
    headers: dict[str, str], place: site.Site, client: Client
) -> None:
    theirs = other_team(place)
    browser = await client("admin")
    with place.database.session() as session:
        before = session.scalars(select(models.Audit.id)).all()
    changing = [row for row in ALL if row.method not in ("GET", "HEAD")]
    assert len(changing) > 40
    for row in changing:
        path = addressed(row, theirs)
        async with browser.request(row.method, path, headers=headers, data={}) as answer:
            assert answer.status == 403, f"{row.method} {row.path}"
    with place.database.session() as session:
        assert session.scalars(select(models.Audit.id)).all() == before, "nothing was done"


@pytest.mark.parametrize("role", ("anonymous", *ROLES))
async def test_every_page_carries_the_strict_policy(
    role: str, place: site.Site, client: Client
) -> None:
    theirs = other_team(place)
    browser = await client(role)
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+\s*=\s*[\"']|javascript:"
    )
    pages = 0
    for row in ALL:
        if row.method != "GET":
            continue
        async with browser.get(addressed(row, theirs)) as answer:
            policy = answer.headers["Content-Security-Policy"]
            where = f"{row.path} as {role}"
            assert "default-src 'none'" in policy and "unsafe" not in policy, where
            assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy, where
            assert answer.headers["X-Content-Type-Options"] == "nosniff", where
            assert answer.headers["X-Callcenter-Version"], where
            if answer.content_type == "text/html":
                assert not inline.search(await answer.text()), where
                assert answer.headers["Cache-Control"] == "no-store", where
                pages += 1
    assert pages > 20


async def test_an_old_tab_gets_clear_answers(place: site.Site, client: Client) -> None:
    browser: aiohttp.ClientSession = await client("agent")
    async with browser.get("/api/v2/desk") as answer:
        body = (await answer.json())["error"]
        assert (answer.status, body["code"], body["field"]) == (404, "unknown_version", "version")
    async with browser.get("/settings") as answer:
        page = await answer.text()
        assert f'data-version="{answer.headers["X-Callcenter-Version"]}"' in page
