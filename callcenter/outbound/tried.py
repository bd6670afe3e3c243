"""Which attempts a customer can have noticed: what a limit counts, and what a desk shows as tries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_

from callcenter.outbound import recycling


def was_made(attempt: Any) -> ColumnElement[bool]:
    """Say whether an attempt went as far as the customer, or may have.

    One that was refused did not, nor did one that ended at the agent's own phone or at the exchange.
    """
    ours = sorted(recycling.NOT_CALLED)
    return not_(
        or_(
            attempt.state == "refused",
            and_(attempt.state == "failed", attempt.error.in_(ours)),
            func.coalesce(attempt.result, "").in_(ours),
        )
    )
