"""Commands about campaigns: leads from a file, and the do-not-call lists."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import db, errors, models, settings
from callcenter.crm import accounts, visibility
from callcenter.outbound import campaigns, dnc, imports, tables

app = typer.Typer()
import_app = typer.Typer(no_args_is_help=True, help="Lists into the database.")
dnc_app = typer.Typer(no_args_is_help=True, help="Numbers that must not be called for marketing.")
app.add_typer(import_app, name="import")
app.add_typer(dnc_app, name="dnc")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file.")]
By = Annotated[str, typer.Option("--by", help="Sign-in name of who asks for it, for the record.")]
Source = Annotated[str, typer.Option(help="own, or registry for the state's.")]


@import_app.command("leads")
def import_leads(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    campaign: Annotated[str, typer.Option(help="Name of the campaign.")],
    mapping: Annotated[
        str,
        typer.Option("--map", help="name=Full name,phone=Mobile: field=heading or column number."),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read it all and write nothing.")
    ] = False,
    errors_file: Annotated[
        Path | None, typer.Option("--errors", help="Where the rows go that are not taken.")
    ] = None,
    by: By = "",
    config: Config = None,
) -> None:
    """Bring a list of people into a campaign; bad rows go to a file with the reason."""
    chosen = settings.load(config)
    if not file.is_file():
        raise errors.Invalid("file", f"{file} does not exist")
    seen = imports.look(file, chosen.site.region)
    columns_ = imports.named(seen.header, mapping) if mapping else dict(seen.mapping)
    imports.check_mapping(columns_)
    named = {field: seen.header[column] for column, field in columns_.items()}
    print(f"{seen.form.encoding or seen.form.kind}; " + ", ".join(f"{f} = {h}" for f, h in named.items()))  # fmt: skip
    with db.Database(chosen.database.url) as database:
        with database.session() as session:
            campaign_id = campaigns.by_name(session, campaign).id
        if dry_run:
            _try(file, seen, columns_, chosen.site.region)
        else:
            _import(database, chosen, file, seen, columns_, campaign_id, by=by, errors_file=errors_file)  # fmt: skip


@import_app.command("list")
def list_imports(config: Config = None) -> None:
    """List the imports."""
    with _database(config) as database, database.session() as session:
        for batch in session.scalars(select(models.ImportBatch).order_by(models.ImportBatch.id)):
            print(f"{batch.id:>5}  {batch.state:<8} {batch.added:>8} added {batch.bad:>7} bad  {batch.file_name}")  # fmt: skip


@import_app.command("undo")
def undo_import(
    batch: int, by: Annotated[str, typer.Option("--by", help="Sign-in name of who asks.")], config: Config = None
) -> None:  # fmt: skip
    """Take a whole import back; leads that were called stay."""
    chosen = settings.load(config)
    with db.Database(chosen.database.url) as database:
        with database.session() as session:
            user = accounts.by_login(session, by)
            imports.undo(session, visibility.viewer(session, user.id), batch)
        print(imports.run(database, chosen, batch))


@dnc_app.command("add")
def add_number(
    number: str, reason: Annotated[str, typer.Option()] = "", source: Source = dnc.OWN, by: By = "", config: Config = None
) -> None:  # fmt: skip
    """Put a number on the list, at once and for every campaign."""
    chosen = settings.load(config)
    with db.Database(chosen.database.url) as database, database.session() as session:
        e164 = dnc.e164_of(number, chosen.site.region)
        dnc.add(session, e164, now=db.utcnow(), source=source, reason=reason, by=_user(session, by))
        print(f"{e164} will not be called for marketing.")


@dnc_app.command("remove")
def remove_number(
    number: str, reason: Annotated[str, typer.Option(help="Why it may be called again.")], by: By = "", config: Config = None
) -> None:  # fmt: skip
    """Take a number off our own list, with a reason."""
    chosen = settings.load(config)
    with db.Database(chosen.database.url) as database, database.session() as session:
        e164 = dnc.e164_of(number, chosen.site.region)
        dnc.remove(session, e164, now=db.utcnow(), reason=reason, by=_user(session, by))
        print(f"{e164} is off the list.")


@dnc_app.command("import")
def import_numbers(
    file: Annotated[Path, typer.Argument(help="One number a line; - reads a pipe.")],
    source: Source = dnc.REGISTRY,
    by: By = "",
    config: Config = None,
) -> None:
    """Put many numbers on the list; lines that are no number are told."""
    chosen = settings.load(config)
    opened = db.Database(chosen.database.url)
    with opened as database, _open(file) as lines, database.session() as session:
        read = dnc.read(session, lines, region=chosen.site.region, source=source, now=db.utcnow(), by=_user(session, by))  # fmt: skip
    print(f"{read.added} added, {read.known} known already, {len(read.bad)} not a number.")
    for bad in read.bad[:20]:
        print(f"  line {bad.line}: {bad.text!r} is not a telephone number")
    if read.bad:
        raise typer.Exit(1)


@dnc_app.command("list")
def list_numbers(source: Annotated[str, typer.Option()] = "", config: Config = None) -> None:
    """List the numbers, with who asked when and why."""
    entry, user = models.DncEntry, models.User
    query = select(entry, user.login).outerjoin(user, user.id == entry.added_by_id)
    if source:
        query = query.where(entry.source == source)
    with _database(config) as database, database.session() as session:
        for row, login in session.execute(query.order_by(entry.added_at, entry.id)).yield_per(1000):
            print(f"{row.e164:<16} {row.source:<9} {row.added_at:%Y-%m-%d} {login or '-':<12} {row.reason}")  # fmt: skip


def _try(file: Path, seen: imports.Look, columns_: dict[int, str], region: str) -> None:
    found = imports.trial(file, seen, columns_, region)
    print(
        f"{found.rows} rows: {found.good} can be called, {found.bad_count} cannot. Nothing was written."
    )
    for row, cells, bad in found.bad:
        print(f"  row {row}: {bad.code} {bad.detail!r}  {' | '.join(cells)[:80]}")


def _import(
    database: db.Database, config: settings.Settings, file: Path, seen: imports.Look, columns_: dict[int, str],
    campaign_id: int, *, by: str, errors_file: Path | None,
) -> None:  # fmt: skip
    folder = Path(config.campaigns.folder)
    folder.mkdir(parents=True, exist_ok=True)
    with database.session() as session:
        batch = imports.create(session, campaign_id, name=file.name, path="", seen=seen, by=_user(session, by), now=db.utcnow())  # fmt: skip
        batch.path, batch.state = f"batch-{batch.id}", "waiting"
        batch.mapping = imports.check_mapping(columns_)
        shutil.copyfile(file, folder / batch.path)
        batch_id = batch.id

    def told(now: models.ImportBatch) -> None:
        print(f"\r{now.position} rows, {now.added} added, {now.bad} bad", end="", file=sys.stderr)

    state = imports.run(database, config, batch_id, told=told)
    print(file=sys.stderr)
    with database.session() as session:
        done = session.get_one(models.ImportBatch, batch_id)
        print(f"Import {batch_id} {state}: {done.added} added ({done.matched} known customers), {done.bad} bad rows.")  # fmt: skip
        if done.problem:
            print(f"It broke off: the file {done.problem}")
        if done.bad:
            target = errors_file or file.with_name(f"{file.stem}-errors.csv")
            with target.open("w", encoding="utf-8", newline="") as out:
                out.writelines(tables.write_csv(imports.bad_rows(session, done)))
            print(f"The bad rows with their reasons are in {target}.")
    if state == "failed":
        raise typer.Exit(1)


def _user(session: Session, login: str) -> int | None:
    return accounts.by_login(session, login).id if login else None


def _open(file: Path) -> TextIO:
    if str(file) == "-":
        return sys.stdin
    if not file.is_file():
        raise errors.Invalid("file", f"{file} does not exist")
    form = tables.recognise(file)
    if form.kind != tables.CSV:
        raise errors.Invalid("file", "must be text, one number a line")
    return file.open(encoding=form.encoding)


def _database(config: Path | None) -> db.Database:
    return db.Database(settings.load(config).database.url)
