"""The second step of the sign-in: six digits of an authenticator (TOTP), or one of ten codes on paper.

The secret is shown once, when it is made, and begins to count when a first code proves that it arrived. A step of time is
used once: digits that somebody read over a shoulder open nothing. Codes on paper are kept as hashes and used up.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter import errors, models

STEP_SECONDS = 30
CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read for something else


def new_secret() -> str:
    """Return a new secret, base32."""
    return pyotp.random_base32()


def address(secret: str, login: str, issuer: str) -> str:
    """Return the otpauth address that a QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, *, now: datetime, after: int = 0) -> int | None:
    """Return the step of time that a code belongs to, one before and one after the present included; None for a wrong or used one."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if step > after and secrets.compare_digest(
            pyotp.TOTP(secret).at(step * STEP_SECONDS), digits
        ):
            return step
    return None


def turn_on(session: Session, user_id: int, secret: str, code: str, *, now: datetime) -> list[str]:
    """Begin to ask for a second step; return the codes for paper, which are not shown again."""
    step = step_of(secret, code, now=now)
    if step is None:
        raise errors.Invalid("code", "wrong")
    user = session.get_one(models.User, user_id, with_for_update=True)
    user.totp_secret, user.totp_step = secret, step
    return new_codes(session, user_id)


def turn_off(session: Session, user_id: int) -> None:
    """Ask for no second step any more."""
    user = session.get_one(models.User, user_id)
    user.totp_secret, user.totp_step = "", 0
    session.execute(delete(models.RecoveryCode).where(models.RecoveryCode.user_id == user_id))


def new_codes(session: Session, user_id: int) -> list[str]:
    """Make new codes for paper; the old ones open nothing any more."""
    session.execute(delete(models.RecoveryCode).where(models.RecoveryCode.user_id == user_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(CODES)]
    for code in codes:
        session.add(models.RecoveryCode(user_id=user_id, code_hash=_hashed(code)))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def codes_left(session: Session, user_id: int) -> int:
    """Count the codes that are not used up."""
    row = models.RecoveryCode
    return len(session.scalars(select(row.id).where(row.user_id == user_id)).all())


def passes(session: Session, user_id: int, code: str, *, now: datetime) -> str:
    """Return how a code lets in: "totp", "recovery", or "" when it does not; what it used up is used up."""
    user = session.get(models.User, user_id, with_for_update=True)
    if user is None or not user.active or not user.totp_secret:
        return ""
    step = step_of(user.totp_secret, code, now=now, after=user.totp_step)
    if step is not None:
        user.totp_step = step
        return "totp"
    row = models.RecoveryCode
    used = session.execute(
        delete(row).where(row.user_id == user_id, row.code_hash == _hashed(code)).returning(row.id)
    ).all()
    return "recovery" if used else ""


def _hashed(code: str) -> str:
    """Hash a code; it is 49 bits of chance, so a plain hash is enough."""
    plain = re.sub(r"[^0-9a-z]", "", code.casefold())
    return hashlib.sha256(plain.encode()).hexdigest()
