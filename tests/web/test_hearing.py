"""Who may hear a recording, what the audit says of it, and that nothing else is served in its place."""

from __future__ import annotations

from sqlalchemy import select

from callcenter import models
from tests.web import site
from tests.web.conftest import Client


async def test_a_recording_is_heard_by_whom_the_rule_names(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        recording = session.scalars(select(models.Recording)).one().id
        part = models.CallParticipant
        inside = set(session.scalars(select(part.user_id).where(part.call_id == place.call_id)))
        stranger = session.scalars(
            select(models.User.login).where(
                models.User.role == "agent", models.User.id.not_in(inside)
            )
        ).first()
    for role, status in (("agent", 200), ("manager", 200), ("admin", 404)):
        browser = await client(role)
        async with browser.get(f"/recordings/{recording}/audio") as answer:
            assert answer.status == status, role
    assert stranger is not None
    browser = await client(login=stranger)
    async with browser.get(f"/recordings/{recording}/audio") as answer:
        assert answer.status == 404


async def test_hearing_is_written_into_the_audit_once_a_listening(
    place: site.Site, client: Client
) -> None:
    with place.database.session() as session:
        recording = session.scalars(select(models.Recording)).one().id
    browser = await client("manager")
    async with browser.get(
        f"/recordings/{recording}/audio", headers={"Range": "bytes=0-"}
    ) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Type"] == "audio/wav"
        whole = int(answer.headers["Content-Range"].rpartition("/")[2])
    async with browser.get(
        f"/recordings/{recording}/audio", headers={"Range": "bytes=1000-1999"}
    ) as answer:
        assert answer.status == 206
        assert len(await answer.read()) == 1000 < whole
    with place.database.session() as session:
        audit = models.Audit
        lines = session.scalars(select(audit).where(audit.action == "recording_play")).all()
        assert [(line.object_type, line.object_id) for line in lines] == [
            ("recording", str(recording))
        ]


async def test_a_stored_path_outside_of_the_store_is_not_served(
    place: site.Site, client: Client
) -> None:
    (place.folder / "secret.wav").write_bytes(b"RIFF secret")
    with place.database.session() as session:
        recording = session.scalars(select(models.Recording)).one()
        recording.stored = {"stereo": "../secret.wav"}
        key = recording.id
    browser = await client("manager")
    async with browser.get(f"/recordings/{key}/audio") as answer:
        assert answer.status == 404
        assert b"secret" not in await answer.read()
