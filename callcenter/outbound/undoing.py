"""Taking an import back: its leads that nobody called, and the customers that came with them and have nothing else."""

from __future__ import annotations

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from callcenter import db, models
from callcenter.outbound import chunks

ROWS = 500


def chunk(session: Session, batch_id: int) -> models.ImportBatch:
    """Take back some leads that nobody called, and the customers that came with them and have nothing else."""
    lead, attempt = models.Lead, models.DialAttempt
    batch = chunks.hold(session, batch_id, db.utcnow())
    untouched = (lead.batch_id == batch_id, lead.attempts == 0, lead.leased_by_id.is_(None), lead.attempt_id.is_(None),
                 ~exists().where(attempt.lead_id == lead.id))  # fmt: skip
    some = session.execute(
        select(lead.id, lead.party_id, lead.made_party).where(*untouched).limit(ROWS)
    ).all()
    session.execute(delete(lead).where(lead.id.in_([row.id for row in some])))
    _remove_parties(session, [row.party_id for row in some if row.made_party])
    if len(some) < ROWS:
        left = session.scalar(select(func.count()).where(lead.batch_id == batch_id)) or 0
        session.execute(delete(models.ImportRow).where(models.ImportRow.batch_id == batch_id))
        batch.state, batch.kept, batch.lease_until = "undone", left, None
    return batch


def _remove_parties(session: Session, ids: list[int]) -> None:
    """Remove customers that nobody has touched since, their links and names; numbers stay, they are nobody's now."""
    party = models.Party
    theirs = [
        ~exists().where(model.party_id == party.id)
        for model in (models.Lead, models.Call, models.Note, models.Task, models.Case, models.DialAttempt,
                      models.NumberChoice)
    ]  # fmt: skip
    gone = list(
        session.scalars(
            select(party.id).where(party.id.in_(ids), party.updated_at == party.created_at, party.version == 1, *theirs)
        )
    )  # fmt: skip
    for model in (models.PartyPhone, models.PartyName):
        session.execute(delete(model).where(model.party_id.in_(gone)))
    session.execute(delete(party).where(party.id.in_(gone)))
