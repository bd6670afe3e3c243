"""`callcenter import` and `callcenter dnc` as they are typed, and the schema that they stand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import autogenerate
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select
from typer.testing import CliRunner

from callcenter import cli_outbound, db, errors, models
from callcenter.crm import accounts
from tests.outbound import list_of
from tests.outbound.list_of import NOW
from tests.servers import on_both

TEXT = "שם,טלפון\nדנה,0541234567\nיוסי,לברר\n"


@pytest.fixture
def config(database: db.Database, tmp_path: Path) -> Path:
    """Write the settings that the commands read."""
    with database.session() as session:
        list_of.campaign(session)
        accounts.create_user(session, "yael", "Yael", password="a long enough password", now=NOW, role="manager")  # fmt: skip
    path = tmp_path / "callcenter.toml"
    path.write_text(
        f'[database]\nurl = "{database.url}"\n[campaigns]\nfolder = "{tmp_path / "imports"}"\n'
    )
    return path


def run(config: Path, *words: str, fails: int = 0) -> str:
    result = CliRunner().invoke(cli_outbound.app, [*words, "--config", str(config)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result.output


def test_a_list_is_tried_imported_and_taken_back(
    database: db.Database, config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(TEXT, encoding="windows-1255")
    words = ("import", "leads", str(file), "--campaign", "סיבים")
    assert "1 can be called, 1 cannot. Nothing was written." in run(config, *words, "--dry-run")
    with database.session() as session:
        assert session.scalars(select(models.Lead)).all() == []
    assert "1 added (0 known customers), 1 bad rows" in run(config, *words, "--map", "name=1,phone=טלפון")  # fmt: skip
    assert "יוסי,לברר,not_a_number,לברר,2" in (tmp_path / "list-errors.csv").read_text("utf-8-sig")
    assert "done" in run(config, "import", "list")
    assert "undone" in run(config, "import", "undo", "1", "--by", "yael")


def test_mistakes_are_named(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(TEXT, encoding="utf-8")
    for words, said in (
        ((str(file), "--campaign", "Fiber"), "there are: סיבים"),
        ((str(file), "--campaign", "סיבים", "--map", "phone=Mobile"), "no column 'Mobile'"),
        ((str(file), "--campaign", "סיבים", "--map", "name=שם"), "telephone number"),
        ((str(tmp_path / "none.csv"), "--campaign", "סיבים"), "does not exist"),
    ):
        with pytest.raises(errors.CallCenterError, match=said):
            run(config, "import", "leads", *words)
            raise errors.NotFound(
                "a list of settings has no telephone numbers, and that is no mistake"
            )


def test_numbers_go_onto_the_list_and_off_it(
    database: db.Database, config: Path, tmp_path: Path
) -> None:
    assert "+972541234567 will not be called" in run(config, "dnc", "add", "054-1234567", "--by", "yael")  # fmt: skip
    file = tmp_path / "registry.txt"
    file.write_text("0521112233\n\nnobody\n052-111-2233\n0541234567\n")
    told = run(config, "dnc", "import", str(file), fails=1)
    assert "2 added, 1 known already, 1 not a number." in told and "line 3: 'nobody'" in told
    assert "+972521112233" in run(config, "dnc", "list", "--source", "registry")
    assert "is off the list" in run(config, "dnc", "remove", "0541234567", "--reason", "asked")
    with pytest.raises(errors.NotFound):
        run(config, "dnc", "remove", "0521112233", "--reason", "the registry's stay")
    with pytest.raises(errors.Invalid, match="is not a telephone number"):
        run(config, "dnc", "add", "hello")


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning")
@pytest.mark.filterwarnings(
    "ignore:autogenerate skipping:UserWarning"
)  # ix_call_moment is an expression
@on_both()
def test_the_migrations_make_what_the_models_say(database: db.Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = autogenerate.compare_metadata(context, models.Base.metadata)
    others = (
        "ix_lead_next",
        "word_index",
        "ix_word_document_vector",
        "vector",
    )  # SQL that models cannot say
    assert [d for d in differences if not any(name in str(d) for name in others)] == []
