"""The settings' pages as people use them: two at once, archived and still read, words alone for managers, signed out at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter import models, settings
from callcenter.crm import accounts
from tests.web import forms, site
from tests.web.conftest import Client
from web import keys


async def test_a_user_is_made_changed_and_nobodys_change_is_lost(
    place: site.Site, client: Client
) -> None:
    browser = await client("admin")
    fields = {
        "name": "Noa",
        "login": "noa",
        "password": "12345678",
        "role": "agent",
        "language": "en",
    }
    status, text = await forms.post(browser, "/settings/users/new?lang=en", fields)
    assert status == 422 and "among the first that anyone would try" in text
    fields["password"] = "a long walk by the sea"
    fields["login"] = place.login_of("agent")
    status, text = await forms.post(browser, "/settings/users/new?lang=en", fields)
    assert status == 422 and "This is taken already" in text and 'value="Noa"' in text
    status, path = await forms.post(browser, "/settings/users/new", {**fields, "login": "noa"})
    assert status == 303
    path = path.partition("?")[0]
    stamp = forms.hidden(await forms.read(browser, path), "stamp")
    change = {"name": "Noa Bar", "role": "supervisor", "language": "en", "stamp": stamp}
    assert (await forms.post(browser, path, change))[0] == 303
    status, text = await forms.post(browser, f"{path}?lang=en", {**change, "name": "Noa Gal"})
    assert status == 409 and "Somebody changed this meanwhile" in text
    assert 'value="Noa Gal"' in text, "what was typed is kept"
    again = {**change, "name": "Noa Gal", "stamp": forms.hidden(text, "stamp")}
    assert (await forms.post(browser, path, again))[0] == 303


async def test_a_closed_account_is_signed_out_and_can_be_opened_again_by_undo(
    place: site.Site, client: Client
) -> None:
    ended: list[str] = []

    async def hook(key_hash: str) -> None:
        ended.append(key_hash)

    place.app[keys.SIGNED_OUT].append(hook)
    agent, admin = await client("agent"), await client("admin")
    with place.database.session() as session:
        user_id = accounts.by_login(session, place.login_of("agent")).id
    status, where = await forms.post(admin, f"/settings/users/{user_id}/close", {})
    assert (status, len(ended)) == (303, 1)
    async with agent.get("/calls", allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/signin")
    assert f"/settings/users/{user_id}/reopen" in await forms.read(admin, where)
    assert (await forms.post(admin, f"/settings/users/{user_id}/reopen", {}))[0] == 303
    with place.database.session() as session:
        assert session.get_one(models.User, user_id).active
        me = accounts.by_login(session, place.login_of("admin")).id
    async with admin.post(f"/settings/users/{me}/close") as answer:
        assert answer.status == 403


async def test_an_outcome_archived_while_in_use_stays_readable_everywhere(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    with place.database.session() as session:
        call = session.get_one(models.Call, place.call_id)
        outcome = session.get_one(models.Outcome, call.outcome_id)
        key, text = outcome.id, outcome.labels["he"]
    status, where = await forms.post(
        browser, f"/settings/outcomes/{key}/archive", {"archived": "1"}
    )
    assert status == 303 and f"undo={key}" in where
    assert text in await forms.read(browser, f"/calls/{place.call_id}")
    assert text in await forms.read(browser, f"/calls?period=all&outcome={key}")
    async with browser.get("/api/v1/desk/setup") as answer:
        offered = [row["id"] for row in (await answer.json())["outcomes"]]
    assert key not in offered
    await forms.post(browser, f"/settings/outcomes/{key}/archive", {"archived": "0"})
    async with browser.get("/api/v1/desk/setup") as answer:
        assert key in [row["id"] for row in (await answer.json())["outcomes"]]


async def test_outcomes_are_put_in_order_and_errors_stand_by_their_field(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    page = await forms.read(browser, "/settings/outcomes")
    ids = re.findall(r'data-id="(\d+)"', page)
    turned = [ids[1], ids[0], *ids[2:]]
    assert (await forms.post(browser, "/settings/outcomes/order", {"order": ",".join(turned)}))[
        0
    ] == 303
    assert re.findall(r'data-id="(\d+)"', await forms.read(browser, "/settings/outcomes")) == turned
    assert (await forms.post(browser, "/settings/outcomes/order", {"order": ids[0]}))[0] == 409
    status, text = await forms.post(
        browser, "/settings/outcomes?lang=en", {"label_en": "New", "digit": "12"}
    )
    assert status == 422 and "A whole number from 0 to 9 is needed" in text
    assert 'id="h-digit"' in text and 'value="New"' in text


async def test_a_manager_changes_the_words_of_a_queue_and_nothing_else(
    place: site.Site, client: Client
) -> None:
    path = "/settings/queues/main/support"
    browser = await client("manager")
    page = await forms.read(browser, path)
    assert 'name="wrapup_seconds"' not in page
    fields = {
        "label_en": "Help",
        "wrapup_seconds": "1",
        "team": "",
        "stamp": forms.hidden(page, "stamp"),
    }
    assert (await forms.post(browser, path, fields))[0] == 303
    with place.database.session() as session:
        row = session.scalars(
            select(models.QueueProfile).where(models.QueueProfile.queue == "support")
        ).one()
        assert row.labels == {"en": "Help"}
        assert row.wrapup_seconds != 1 and row.team_id is not None
    assert (await forms.post(browser, path, fields))[0] == 409
    async with browser.get("/settings/queues/main/nowhere") as answer:
        assert answer.status == 404


async def test_a_team_in_use_stays_and_an_empty_one_is_removed_with_an_undo(
    place: site.Site, client: Client
) -> None:
    browser = await client("admin")
    await forms.post(browser, "/settings/teams", {"name": "<b>Night & day</b>"})
    page = await forms.read(browser, "/settings/teams")
    assert "<b>Night" not in page and "&lt;b&gt;Night &amp; day" in page
    with place.database.session() as session:
        teams = {team.name: team.id for team in session.scalars(select(models.Team))}
    night = teams.pop("<b>Night & day</b>")
    used = next(iter(teams.values()))
    status, text = await forms.post(browser, f"/settings/teams/{used}/delete?lang=en", {})
    assert status == 422 and "This team is in use" in text
    status, where = await forms.post(browser, f"/settings/teams/{night}/delete", {})
    assert status == 303
    assert (
        forms.hidden(await forms.read(browser, where), "name")
        == "&lt;b&gt;Night &amp; day&lt;/b&gt;"
    )


async def test_the_site_is_kept_in_the_file_or_its_lines_are_shown(
    place: site.Site, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await client("admin")
    file = tmp_path / "kept" / "callcenter.toml"
    monkeypatch.setattr(settings, "_place", file)
    fields = {"name": "מוקד", "region": "us", "timezone": "America/New_York", "language": "en"}
    for field, wrong in (("region", "XX"), ("timezone", "Mars"), ("name", "")):
        status, text = await forms.post(browser, "/settings/site", {**fields, field: wrong})
        assert status == 422 and f'id="h-{field}"' in text
    assert not file.exists()
    status, text = await forms.post(browser, "/settings/site?lang=en", fields)
    assert status == 200 and "It counts when the program is started again" in text
    assert 'region = "US"' in file.read_text(encoding="utf-8")
    barred = tmp_path / "barred"
    barred.write_text("where a folder should be")
    monkeypatch.setattr(settings, "_place", barred / "callcenter.toml")
    status, text = await forms.post(browser, "/settings/site?lang=en", {**fields, "language": "ru"})
    assert status == 200 and "cannot be written from here" in text
    assert "language = &#34;ru&#34;" in text
    assert "ru" not in file.read_text(encoding="utf-8")


async def test_the_audit_is_filtered_exported_and_the_export_stands_in_it(
    place: site.Site, client: Client
) -> None:
    manager, admin = await client("manager"), await client("admin")
    with place.database.session() as session:
        recording = session.scalars(select(models.Recording)).one().id
    async with manager.get(f"/recordings/{recording}/audio") as answer:
        assert answer.status == 200
    page = await forms.read(manager, "/settings/audit?lang=en")
    assert "Heard a recording" in page and "127.0.0.1" in page
    assert "<td>Signed in</td>" not in page, "a manager reads of listening and exports alone"
    assert "<td>Signed in</td>" in await forms.read(admin, "/settings/audit?lang=en&group=signin")
    async with manager.get("/settings/audit.csv?group=signin") as answer:
        assert "sign_in" not in await answer.text()
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "Exported the audit log" in await forms.read(
        admin, "/settings/audit?lang=en&group=exports"
    )
    for wrong in ("from=yesterday", "group=nothing", "after=x"):
        async with admin.get(f"/settings/audit?{wrong}") as answer:
            assert answer.status == 422, wrong


async def test_a_transcript_that_is_read_stands_in_the_audit_once(
    place: site.Site, client: Client
) -> None:
    browser = await client("manager")
    for _ in range(3):
        await forms.read(browser, f"/calls/{place.call_id}")
    with place.database.session() as session:
        audit = models.Audit
        rows = session.scalars(select(audit).where(audit.action == "transcript_open")).all()
    assert len(rows) == 1
