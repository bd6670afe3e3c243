"""Click-to-dial: ask the exchange to ring an agent's phone and then dial a number, at most once.

The ChannelId is ours: it becomes the call's Linkedid, so the call is known before it rings. Only Channel, Context and Exten
are given, never an Application: what is dialled goes through the exchange's own dialplan and its permissions. The answer comes
as facts: the link does not wait for it, and a link that breaks never sends an Originate again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter import errors, settings
from callcenter.telephony import link


class NotPlaced(errors.TelephonyError):
    """Say why no call was placed, by a code: phone_unreachable, link_down, refused, busy."""

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(problem or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Order:
    """One call to place: from an agent's phone to a number that has passed `phones.dialable`."""

    id: str
    interface: str
    number: str
    caller: str  # shown on the agent's phone, and the extension that the outside line sees
    variables: Mapping[str, str] = field(default_factory=dict)


def new_id() -> str:
    """Make a ChannelId, which will be the call's Linkedid."""
    return f"cc-{uuid.uuid4().hex}"


def action(order: Order, pbx: settings.Pbx) -> dict[str, str | list[str]]:
    """Write the Originate."""
    return {
        "Action": "Originate",
        "Channel": order.interface,
        "ChannelId": order.id,
        "Context": pbx.dial_context,
        "Exten": order.number,
        "Priority": "1",
        "CallerID": order.caller,
        "Timeout": str(pbx.dial_timeout_seconds * 1000),
        "Async": "true",
        # Two underscores: the variable goes on to every channel that this one makes.
        "Variable": [f"__{name}={value}" for name, value in order.variables.items()],
    }


async def place(to: link.AmiLink, order: Order, pbx: settings.Pbx) -> None:
    """Send the Originate and return when the exchange has taken it.

    Raises:
        NotPlaced: it was not sent, it was refused, or nobody knows (link_down): it is never sent again.
        errors.Invalid: a value holds what may not be in a header.
    """
    try:
        await to.send(action(order, pbx))
    except errors.ActionRefused as refusal:
        raise NotPlaced("refused", str(refusal)) from refusal
    except (errors.LinkDown, errors.ActionTimeout) as error:
        raise NotPlaced("link_down", str(error)) from error
