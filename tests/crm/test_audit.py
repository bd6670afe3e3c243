"""The audit: what is written stays, who may read what of it, and a file that no spreadsheet calculates."""

from __future__ import annotations

import ast
import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter import db, errors, models
from callcenter.crm import accounts, audit, visibility

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
CHANGES = {"update", "delete", "merge", "bulk_update_mappings"}


def test_a_line_is_neither_changed_nor_removed(database: db.Database) -> None:
    with database.session() as session:
        audit.note(session, audit.By(None, "192.0.2.1"), "sign_in_failed", ("login", "dana"))
    for change in ("update", "delete"):
        with pytest.raises(errors.Forbidden), database.session() as session:
            row = session.get_one(models.Audit, 1)
            if change == "update":
                row.action = "sign_in"
            else:
                session.delete(row)
    with database.session() as session:
        row = session.get_one(models.Audit, 1)
        assert (row.action, row.object_id, row.address) == ("sign_in_failed", "dana", "192.0.2.1")


def test_no_code_of_ours_changes_or_removes_lines_of_the_audit() -> None:
    found = []
    for room in ("callcenter", "recordings", "screenpop", "web"):
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    said = ast.unparse(node).lower()
                    if name in CHANGES and "audit" in said:
                        found.append(f"{path.name}:{node.lineno}")
            for verb in ("update audit", "delete from audit"):
                assert verb not in text.lower(), path
    assert found == []


def test_every_action_that_is_written_belongs_to_a_group() -> None:
    known = {action for group in audit.GROUPS.values() for action in group}
    written = set()
    for path in (ROOT / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                written |= {
                    word.value
                    for word in [*node.args, *(k.value for k in node.keywords if k.arg == "action")]
                    if isinstance(word, ast.Constant)
                    and isinstance(word.value, str)
                    and ast.unparse(node).startswith(("audit.note", "database.run(audit.note"))
                }
    words = {w for w in written if "_" in w}
    assert words and words <= known, words - known


def _viewer(session: object, role: str) -> visibility.Viewer:
    user = accounts.create_user(
        session,  # type: ignore[arg-type]
        role,
        role.title(),
        password="x" * 12,
        role=role,
        now=NOW,
    )
    return visibility.viewer(session, user.id)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "role,seen",
    [
        ("admin", {"recording_play", "export", "user_closed"}),
        ("manager", {"recording_play", "export"}),
        ("supervisor", set()),
        ("agent", set()),
    ],
)
def test_each_role_reads_what_it_answers_for(
    role: str, seen: set[str], database: db.Database
) -> None:
    with database.session() as session:
        viewer = _viewer(session, role)
        for action in ("recording_play", "export", "user_closed"):
            audit.note(session, audit.By(viewer.id), action)
        page = audit.read(session, viewer, audit.Wanted())
        assert {row.action for row in page.items} == seen
        wanted = audit.Wanted(group="people")
        assert {row.action for row in audit.read(session, viewer, wanted).items} == (
            {"user_closed"} if role == "admin" else set()
        )


def test_pages_follow_each_other_without_a_hole(database: db.Database) -> None:
    with database.session() as session:
        viewer = _viewer(session, "admin")
        for n in range(120):
            audit.note(session, audit.By(viewer.id), "export", ("calls", n))
        seen: list[str] = []
        after = ""
        while True:
            page = audit.read(session, viewer, audit.Wanted(), after)
            seen += [row.object_id for row in page.items]
            after = page.next
            if not after:
                break
    assert seen == [str(n) for n in reversed(range(120))]


def test_listening_is_written_once_a_browser(database: db.Database) -> None:
    with database.session() as session:
        by = audit.By(_viewer(session, "manager").id)
        for browser in ("a" * 64, "a" * 64, "b" * 64, "a" * 64):
            audit.note_once(session, by, "recording_play", ("recording", 5), browser=browser)
            session.flush()
        audit.note_once(session, by, "recording_play", ("recording", 6), browser="a" * 64)
    with database.session() as session:
        rows = session.query(models.Audit.object_id).order_by(models.Audit.id).all()
    assert [row.object_id for row in rows] == ["5", "5", "6"]


def test_a_file_of_the_audit_holds_no_formula(database: db.Database) -> None:
    with database.session() as session:
        viewer = _viewer(session, "admin")
        audit.note(session, audit.By(None), "sign_in_failed", ("=cmd|'/c calc'!A1", ""), {})
        audit.note(session, audit.By(None), "user_changed", ("user", 1), {"name": ["a", "b,c"]})
        rows = list(csv.reader(io.StringIO(audit.export(session, viewer, audit.Wanted()))))
    assert rows[0] == ["at", "login", "action", "object", "detail", "address"]
    assert rows[1][4] == "name: a -> b,c"
    assert rows[2][3].startswith("'=cmd")
