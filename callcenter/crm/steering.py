"""What an agent does with a call of their own from the screen: hang up, hold, pass it on. Through AMI, on channels we know.

The channels come from the tracker at the moment of the act. A browser names only the call, and only a call in which the user
takes part is found at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcenter import errors
from callcenter.crm import center, consulting, live, phones
from callcenter.telephony import control, switchboard


class WrongMoment(errors.Conflict):
    """Say that the call is not in the state that the act needs."""

    code = "wrong_moment"


class NotAnswered(WrongMoment):
    """Say that the phone of whoever is asked rings still."""

    code = "not_answered_yet"


@dataclass(frozen=True, slots=True)
class Grip:
    """A user's hand on a call: the line, their own channel and the others who are up."""

    line: switchboard.Line
    call: live.LiveCall
    leg: live.Leg
    own: str
    customer: str | None


def grip(of: center.Center, user_id: int, linkedid: str) -> Grip:
    """Find the channels of a call for a user who takes part in it; raise NotFound for any other."""
    call = of.desk.find(user_id, linkedid)
    if call is None or call.ended is not None:
        raise errors.NotFound("no such call")
    leg = call.legs[user_id]
    line = of.board.line(call.pbx)
    own, other = consulting.sides(line, call, leg)
    if own is None or leg.state == live.WRAPUP:
        raise errors.NotFound("no such call")
    return Grip(line, call, leg, own.device.name, other.device.name if other else None)


async def hang_up(of: center.Center, user_id: int, linkedid: str) -> None:
    """End the user's part: their phone is hung up, and a customer whom they hold with it."""
    held = grip(of, user_id, linkedid)
    if held.leg.state == live.HELD and held.customer and held.call.held_here:
        await control.hang_up(held.line.link, held.customer)
    await control.hang_up(held.line.link, held.own)


async def hold(of: center.Center, user_id: int, linkedid: str) -> None:
    """Let the customer hear music and the agent nothing."""
    held = grip(of, user_id, linkedid)
    if held.leg.state != live.TALKING or held.customer is None:
        raise WrongMoment("only a call in conversation can be held")
    held.call.held_here = True
    context = held.line.settings.hold_context
    await control.hold(held.line.link, held.customer, held.own, context)


async def resume(of: center.Center, user_id: int, linkedid: str) -> None:
    """Take a held customer back."""
    held = grip(of, user_id, linkedid)
    if held.leg.state != live.HELD or held.customer is None or not held.call.held_here:
        raise WrongMoment("the call is not held from here")
    await control.resume(held.line.link, held.customer, held.own)
    held.call.held_here = False


async def transfer(
    of: center.Center, user_id: int, linkedid: str, to: str, *, attended: bool
) -> None:
    """Pass the call on: at once, or after talking with whoever takes it."""
    held = grip(of, user_id, linkedid)
    if held.leg.state not in (live.TALKING, live.HELD) or held.customer is None:
        raise WrongMoment("only a call in conversation can be passed on")
    exten = target(held.line, to, of.settings.site.region)
    context = held.line.settings.transfer_context
    if not attended:
        held.call.transfer = {"kind": "blind", "to": exten, "state": "done"}
        link = held.line.link
        if held.call.held_here:
            held.leg.passed_on = True
            await control.redirect(link, held.customer, context, exten)
            await control.hang_up(link, held.own)
        else:
            await control.blind_transfer(link, held.own, held.customer, context, exten)
        return
    if held.leg.state == live.HELD:
        raise WrongMoment("take the call back before asking a colleague")
    # Said before it is asked for: the colleague's ringing and the line's music can be told before the exchange's answer.
    held.call.transfer = {"kind": "attended", "to": exten, "state": live.ASKED}
    of.desk.consulting(held.call, held.leg)
    try:
        await control.attended_transfer(held.line.link, held.own, context, exten)
    except errors.TelephonyError:
        of.desk.consulted(held.call, held.leg)
        raise
    of.follow(consulting.follow(of.desk, held.line, held.call, held.leg, customer=held.customer))


async def press(of: center.Center, user_id: int, linkedid: str, digit: str) -> None:
    """Send a tone to whom the agent hears: the customer's menu, or the colleague's."""
    held = grip(of, user_id, linkedid)
    if held.leg.state not in (live.TALKING, live.CONSULTING) or held.customer is None:
        raise WrongMoment("only in conversation can tones be sent")
    await control.play_digit(held.line.link, held.customer, digit)


async def complete(of: center.Center, user_id: int, linkedid: str) -> None:
    """Leave the customer with the colleague, who has answered."""
    held = _consulting(of, user_id, linkedid)
    if held.call.transfer and held.call.transfer["state"] == live.ASKED:
        raise NotAnswered("the colleague has not answered yet")
    await control.hang_up(held.line.link, held.own)


async def cancel(of: center.Center, user_id: int, linkedid: str) -> None:
    """Leave the colleague and go back to the customer."""
    held = _consulting(of, user_id, linkedid)
    await control.cancel_transfer(held.line.link, held.own)
    of.desk.consulted(held.call, held.leg)


def target(line: switchboard.Line, to: str, region: str) -> str:
    """Give what is dialled for a transfer: a queue by its name, else a number that can be dialled."""
    if to in line.board.queues():
        return to
    return phones.dialable(to, region)


def _consulting(of: center.Center, user_id: int, linkedid: str) -> Grip:
    held = grip(of, user_id, linkedid)
    if held.leg.state != live.CONSULTING:
        raise WrongMoment("nobody is being consulted")
    return held
