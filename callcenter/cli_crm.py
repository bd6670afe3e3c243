"""Commands about people and the database: who a number is, accounts, the schema, sample data."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from callcenter import db, errors, migrations, models, settings
from callcenter.crm import accounts, lookup, matching, sample, wordindex

app = typer.Typer()
user_app = typer.Typer(no_args_is_help=True, help="Accounts.")
app.add_typer(user_app, name="user")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file.")]


@app.command()
def match(
    number: str,
    did: Annotated[str, typer.Option(help="The line that was called.")] = "",
    party: Annotated[int | None, typer.Option(help="The customer who was clicked.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    config: Config = None,
) -> None:
    """Say who a number is, who else it may be, and why."""
    chosen = settings.load(config)
    opened = db.Database(chosen.database.url)
    with opened as database, closing(lookup.Lookup.of(database, chosen)) as found:
        result = found.match(number, did=did or None, now=time.time(), clicked_party_id=party)
    if as_json:
        print(json.dumps(_as_json(result), ensure_ascii=False))
    else:
        _tell(result)


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database to the newest schema."""
    chosen = settings.load(config)
    with db.Database(chosen.database.url) as database:
        migrations.upgrade(database)
    print("The database is up to date.")


@app.command("sample")
def load_sample(
    customers: Annotated[int, typer.Option(min=1, max=100_000)] = 2000,
    seed: int = 1,
    password: Annotated[
        str, typer.Option(help="Password of every account.")
    ] = sample.DEFAULT_PASSWORD,
    config: Config = None,
) -> None:
    """Fill an empty database with sample data."""
    chosen = settings.load(config)
    pbx = chosen.pbx[0].name if chosen.pbx else "main"
    with db.Database(chosen.database.url) as database:
        migrations.upgrade(database)
        made = database.call(
            sample.load_sample,
            now=db.utcnow(),
            customers=customers,
            seed=seed,
            password=password,
            pbx=pbx,
        )
        wordindex.fill(database.engine)
    print(f"{made.customers} customers, {made.calls} calls. Password of all: {made.password}")
    for account in made.accounts:
        print(f"  {account.login:<10} {account.role:<11} {account.extension:<6} {account.name}")


@user_app.command("add")
def add_user(
    login: str,
    name: str,
    role: Annotated[str, typer.Option(help="agent, supervisor, manager or admin.")] = "agent",
    language: Annotated[str, typer.Option(help="he, en or ru.")] = "he",
    team: Annotated[list[str] | None, typer.Option(help="Name of a team; repeatable.")] = None,
    leads: Annotated[bool, typer.Option(help="They lead those teams.")] = False,
    extension: Annotated[str, typer.Option(help="The telephone they sit at.")] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from a pipe.")] = False,
    config: Config = None,
) -> None:
    """Create an account; asks for the password."""
    password = _password(password_stdin)
    with _database(config) as database, database.session() as session:
        team_ids = []
        for wanted in team or []:
            row = session.scalar(select(models.Team).where(models.Team.name == wanted))
            if row is None:
                row = models.Team(name=wanted[:100])
                session.add(row)
                session.flush()
            team_ids.append(row.id)
        made = accounts.create_user(
            session,
            login,
            name,
            password=password,
            now=db.utcnow(),
            role=role,
            language=language,
            team_ids=tuple(team_ids),
            leads=leads,
        )
        if extension:
            accounts.assign_extension(session, made.id, extension, now=db.utcnow())
    print(f"Created {made.login}.")


@user_app.command("list")
def list_users(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    config: Config = None,
) -> None:
    """List the accounts."""
    with _database(config) as database, database.session() as session:
        for user in session.scalars(select(models.User).order_by(models.User.login)):
            seat = accounts.seat_of(session, user.id)
            row = {
                "login": user.login,
                "name": user.name,
                "role": user.role,
                "active": user.active,
                "extension": seat.extension if seat else "",
            }
            if as_json:
                print(json.dumps(row, ensure_ascii=False))
            else:
                state = "" if user.active else " (closed)"
                print(f"{user.login:<16} {user.role:<11} {row['extension']:<8} {user.name}{state}")


@user_app.command("password")
def change_password(
    login: str,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from a pipe.")] = False,
    config: Config = None,
) -> None:
    """Give an account another password; it is signed out everywhere."""
    password = _password(password_stdin)
    with _database(config) as database, database.session() as session:
        accounts.set_password(session, accounts.by_login(session, login).id, password)
    print("Changed.")


@user_app.command("assign")
def assign(
    login: str,
    extension: str,
    interface: Annotated[str, typer.Option(help="As queues name it; else PJSIP/EXTENSION.")] = "",
    pbx: Annotated[str, typer.Option(help="Name of the exchange; empty means any.")] = "",
    config: Config = None,
) -> None:
    """Seat an account at a telephone; whoever sat there leaves it."""
    with _database(config) as database, database.session() as session:
        user = accounts.by_login(session, login)
        seat = accounts.assign_extension(
            session, user.id, extension, now=db.utcnow(), interface=interface, pbx=pbx
        )
        print(f"{user.login} sits at {seat.interface}.")


def _database(config: Path | None) -> db.Database:
    return db.Database(settings.load(config).database.url)


def _password(from_pipe: bool) -> str:
    if from_pipe:
        return sys.stdin.readline().rstrip("\n")
    first = getpass("Password: ")
    if first != getpass("Again: "):
        raise errors.Invalid("password", "was not typed the same twice")
    return first


def _as_json(found: matching.Match) -> dict[str, Any]:
    number = found.number
    return {
        "number": {
            "raw": number.raw,
            "kind": number.kind,
            "e164": number.e164,
            "display": number.display,
            "region": number.region,
            "line_type": number.line_type,
            "valid": number.valid,
        },
        "decision": {
            "state": found.state,
            "party_id": found.party_id,
            "name": found.name,
            "score": found.score,
            "reasons": list(found.reasons),
        },
        "candidates": [
            {
                "party_id": candidate.party_id,
                "name": candidate.name,
                "score": candidate.score,
                "reasons": list(candidate.reasons),
                "detail": candidate.detail,
                "e164": candidate.row.e164,
            }
            for candidate in found.candidates
        ],
    }


def _tell(found: matching.Match) -> None:
    number = found.number
    print(f"{number.display or '-'}  ({number.kind}{', ' + number.e164 if number.e164 else ''})")
    who = f": {found.name} (customer {found.party_id})" if found.party_id else ""
    print(f"{found.state}{who}  score {found.score}  because {', '.join(found.reasons)}")
    for place, candidate in enumerate(found.candidates, 1):
        print(
            f"  {place}. {candidate.name}, {candidate.detail}  score {candidate.score}  "
            f"{', '.join(candidate.reasons)}"
        )
