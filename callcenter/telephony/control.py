"""What we ask of the exchange during a call and for a queue's members: one function an action.

Channel names come from the tracker, never from a browser; the caller has checked that the call is their own. Where a
function takes an extension, it has passed `phones.dialable`, and fields.encode refuses control characters once more.
"""

from __future__ import annotations

from callcenter import errors
from callcenter.telephony import ami, link

HOLD_EXTEN = "s"  # music, in settings.Pbx.hold_context
WAIT_EXTEN = "wait"  # silence for the agent who holds


async def hang_up(to: link.AmiLink, channel: str) -> None:
    """Hang up a channel."""
    await to.send({"Action": "Hangup", "Channel": channel, "Cause": "16"})


async def hold(to: link.AmiLink, customer: str, agent: str, context: str) -> None:
    """Send the customer to music and the agent's channel to silence, in one action."""
    await to.send(
        {
            "Action": "Redirect",
            "Channel": customer,
            "Context": context,
            "Exten": HOLD_EXTEN,
            "Priority": "1",
            "ExtraChannel": agent,
            "ExtraContext": context,
            "ExtraExten": WAIT_EXTEN,
            "ExtraPriority": "1",
        }
    )


async def resume(to: link.AmiLink, customer: str, agent: str) -> None:
    """Let the customer and the agent hear each other again."""
    await to.send({"Action": "Bridge", "Channel1": customer, "Channel2": agent, "Tone": "no"})


async def blind_transfer(
    to: link.AmiLink, agent: str, customer: str, context: str, exten: str
) -> None:
    """Send whoever the agent talks with to an extension; the agent's leg ends with it."""
    where = {"Context": context, "Exten": exten}
    try:
        await to.send({"Action": "BlindTransfer", "Channel": agent, **where})
    except errors.ActionRefused as refusal:
        if "invalid/unknown command" not in str(refusal).lower():
            raise
        await redirect(to, customer, context, exten)  # Asterisk 11


async def redirect(to: link.AmiLink, channel: str, context: str, exten: str) -> None:
    """Send a channel to an extension, wherever it is."""
    where = {"Context": context, "Exten": exten, "Priority": "1"}
    await to.send({"Action": "Redirect", "Channel": channel, **where})


async def attended_transfer(to: link.AmiLink, agent: str, context: str, exten: str) -> None:
    """Let the agent consult an extension while the customer hears music."""
    await to.send({"Action": "Atxfer", "Channel": agent, "Context": context, "Exten": exten})


async def cancel_transfer(to: link.AmiLink, agent: str) -> None:
    """End the consultation and give the customer back."""
    await to.send({"Action": "CancelAtxfer", "Channel": agent})


async def play_digit(to: link.AmiLink, channel: str, digit: str) -> None:
    """Send one tone out of a channel, to whoever is at its other end."""
    await to.send({"Action": "PlayDTMF", "Channel": channel, "Digit": digit})


async def pause(to: link.AmiLink, interface: str, paused: bool, reason: str) -> None:
    """Pause or unpause a member in all its queues."""
    action: dict[str, str] = {
        "Action": "QueuePause",
        "Interface": interface,
        "Paused": "true" if paused else "false",
    }
    if reason:
        action["Reason"] = reason[:60]
    await to.send(action)


async def add_member(
    to: link.AmiLink, queue: str, interface: str, *, name: str, paused: bool, reason: str = ""
) -> None:
    """Sign a phone in to a queue; one that is in it already stays so."""
    action: dict[str, str] = {
        "Action": "QueueAdd",
        "Queue": queue,
        "Interface": interface,
        "MemberName": name,
        "Paused": "true" if paused else "false",
    }
    if reason:
        action["Reason"] = reason
    await _unless(to, action, "already there")


async def remove_member(to: link.AmiLink, queue: str, interface: str) -> bool:
    """Sign a phone out of a queue; return False where the queue's own configuration keeps it in."""
    action = {"Action": "QueueRemove", "Queue": queue, "Interface": interface}
    return await _unless(to, action, "not dynamic", "not there")


async def _unless(to: link.AmiLink, action: ami.Action, *harmless: str) -> bool:
    """Send an action; a refusal in one of these words is an answer: return False."""
    try:
        await to.send(action)
    except errors.ActionRefused as refusal:
        if any(words in str(refusal).lower() for words in harmless):
            return False
        raise
    return True


async def variable(to: link.AmiLink, channel: str, name: str) -> str:
    """Read a channel's variable; empty where it has none."""
    reply = await to.send({"Action": "Getvar", "Channel": channel, "Variable": name})
    return reply.headers.get("Value", "")


async def record(to: link.AmiLink, channel: str, file: str, *, options: str) -> None:
    """Begin MixMonitor on a channel; its events tell of the file."""
    await to.send({"Action": "MixMonitor", "Channel": channel, "File": file, "Options": options})


async def stop_recording(to: link.AmiLink, channel: str) -> None:
    """End MixMonitor on a channel: what was said so far is kept."""
    await to.send({"Action": "StopMixMonitor", "Channel": channel})


async def listen(
    to: link.AmiLink,
    id_: str,
    interface: str,
    channel: str,
    *,
    options: str,
    caller: str,
    seconds: int,
) -> None:
    """Ring a supervisor's phone and let it hear a channel until that ends; `options` are ChanSpy's w (whisper), B (barge).

    q: no tone tells the others; E and S: end with the channel, also when it went while the phone still rang. An Application
    is named here, not an extension: nothing is dialled, and no dialplan has to know of it.
    """
    await to.send(
        {
            "Action": "Originate",
            "Channel": interface,
            "ChannelId": id_,
            "Application": "ChanSpy",
            "Data": f"{channel},qES{options}",
            "CallerID": caller,
            "Timeout": str(seconds * 1000),
            "Async": "true",
        }
    )
