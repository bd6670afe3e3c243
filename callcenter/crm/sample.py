"""Sample data: a believable center to look at, the same for the same seed. Never loaded where there are customers already."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import errors, models
from callcenter.crm import accounts, sample_calls, sample_cast, sample_customers
from callcenter.crm import sample_words as w
from callcenter.outbound import standard

DEFAULT_PASSWORD = "callcenter-demo"
LANGUAGES = ("he", "en", "ru")


@dataclass(frozen=True, slots=True)
class Account:
    """One sign-in to print."""

    login: str
    name: str
    role: str
    extension: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What was made."""

    password: str
    accounts: tuple[Account, ...]
    customers: int
    calls: int
    known: dict[str, str]  # a number to call from -> what it shows: one, shared, ambiguous, vip


def load_sample(
    session: Session,
    *,
    now: datetime,
    customers: int = 2000,
    calls: int | None = None,
    seed: int = 1,
    password: str = DEFAULT_PASSWORD,
    pbx: str = "main",
) -> Sample:
    """Fill an empty database: accounts, queues, outcomes, customers, and sixty days of calls up to `now`."""
    if session.scalar(select(models.Party.id).limit(1)) or session.scalar(
        select(models.User.id).limit(1)
    ):
        raise errors.Conflict("the database is not empty: sample data goes into an empty one")
    chance = random.Random(seed)
    teams = _teams(session)
    people = _people(session, teams, password=password, now=now, pbx=pbx)
    outcomes = _lists(session, teams, pbx=pbx)
    sales = [p for p in people if "sales" in p.teams and p.role == "agent"]
    parties = sample_customers.load(
        session,
        chance,
        customers,
        now=now,
        owners=[p.id for p in sales],
        support_id=teams["support"],
        sales_id=teams["sales"],
    )
    made = sample_calls.load(
        session,
        chance,
        customers * 3 if calls is None else calls,
        now=now,
        pbx=pbx,
        parties=parties,
        people=[p for p in people if p.extension],
        outcomes=outcomes,
    )
    return Sample(
        password=password,
        accounts=tuple(
            Account(login, name, role, ext) for login, name, role, _, _, ext in w.PEOPLE
        ),
        customers=len(parties),
        calls=made,
        known=sample_customers.known(parties),
    )


def _teams(session: Session) -> dict[str, int]:
    rows = {"support": models.Team(name="תמיכה"), "sales": models.Team(name="מכירות")}
    session.add_all(rows.values())
    session.flush()
    return {code: row.id for code, row in rows.items()}


def _people(
    session: Session, teams: dict[str, int], *, password: str, now: datetime, pbx: str
) -> list[sample_cast.Person]:
    people = []
    hashed = accounts.hash_password(password)  # once: the account is made to be given away
    for login, name, role, language, member_of, extension in w.PEOPLE:
        user = accounts.create_user(
            session,
            login,
            name,
            password_hash=hashed,
            now=now,
            role=role,
            language=language,
            team_ids=tuple(teams[t] for t in member_of),
            leads=role == "supervisor",
        )
        if extension:
            seat = accounts.assign_extension(
                session, user.id, extension, now=sample_cast.opening(now), pbx=pbx
            )
            assert seat.interface
        people.append(sample_cast.Person(user.id, role, extension, member_of))
    return people


def _lists(session: Session, teams: dict[str, int], *, pbx: str) -> dict[str, int]:
    """Write outcomes, pause reasons, queues and own numbers; return outcome code -> id."""
    outcomes = {}
    for position, (code, digit, success, callback, *labels) in enumerate(w.OUTCOMES):
        outcomes[code] = models.Outcome(
            code=code,
            labels=dict(zip(LANGUAGES, labels, strict=True)),
            digit=digit,
            success=success,
            callback=callback,
            position=position,
        )
    session.add_all(outcomes.values())
    for position, (code, minutes, *labels) in enumerate(w.PAUSES):
        named = dict(zip(LANGUAGES, labels, strict=True))
        session.add(
            models.PauseReason(code=code, labels=named, allowed_minutes=minutes, position=position)
        )
    for queue, team, wrapup, target, labels_, greetings, did in w.QUEUES:
        session.add(
            models.QueueProfile(
                pbx=pbx,
                queue=queue,
                team_id=teams[team],
                wrapup_seconds=wrapup,
                target_seconds=target,
                labels=dict(zip(LANGUAGES, labels_, strict=True)),
                greetings=dict(zip(LANGUAGES, greetings, strict=True)),
            )
        )
        session.add(models.OwnNumber(e164=did, label=labels_[0]))
    session.flush()
    ids = {code: row.id for code, row in outcomes.items()}
    return {**ids, **standard.make_outcomes(session)}
