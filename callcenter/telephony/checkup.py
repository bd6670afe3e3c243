"""The doctor's questions to an exchange: sign-in, permissions, events, queues, endpoints, clock.

AMI does not say what an account may do. What it may ask for is learnt from ListCommands, which lists only allowed actions;
what it may hear is learnt by letting something harmless happen: a half-second call of nobody (a Local channel into the
hold context), and a paused member that is added to a queue and removed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

from callcenter import doctor, errors
from callcenter.doctor import Finding
from callcenter.settings import Pbx
from callcenter.telephony import probe as probing

# Which class of `write =` each action that we use belongs to.
ACTIONS = {
    "Originate": "originate",
    "Redirect": "call",
    "Atxfer": "call",
    "BlindTransfer": "call",
    "Bridge": "call",
    "QueueAdd": "agent",
    "QueueRemove": "agent",
    "QueuePause": "agent",
    "CoreShowChannels": "reporting",
    "QueueStatus": "reporting",
    "BridgeList": "reporting",
    "MixMonitor": "system",
    "Hangup": "system",  # or call
}
WRITE = "call,originate,agent,reporting,system"
READ = "system,call,agent,dialplan"
MOST_CLOCK_SECONDS = 2.0


async def examine(pbx: Pbx) -> AsyncIterator[Finding]:
    """Ask one exchange everything; stop at the first step on which the rest depends."""
    named = list(doctor.check_name(pbx))
    for finding in named:
        yield finding
    if doctor.worst(named) == "fail":
        return
    try:
        probe = await probing.connect(pbx)
    except errors.LinkDown as error:
        fix = (
            "; manager.conf",
            "[general]",
            "enabled = yes",
            f"port = {pbx.port}",
            "bindaddr = 0.0.0.0 ; or 127.0.0.1 on one host",
        )
        yield Finding("tcp", "fail", f"{pbx.host}:{pbx.port}: {error}", fix, pbx.name)
        return
    yield Finding("tcp", "ok", f"{pbx.host}:{pbx.port} answers", (), pbx.name)
    try:
        async for finding in _converse(probe, pbx):
            yield finding
    finally:
        await probe.close()


async def _converse(probe: probing.Probe, pbx: Pbx) -> AsyncIterator[Finding]:
    fix: tuple[str, ...]
    if not probe.banner.startswith("Asterisk Call Manager/"):
        fix = (
            "[[pbx]]",
            f'name = "{pbx.name}"',
            "port = 5038",
            "tls = false ; true on the port of tlsbindaddr",
        )
        yield Finding(
            "banner",
            "fail",
            f"this is not an Asterisk Manager: {probe.banner[:60]!r}",
            fix,
            pbx.name,
        )
        return
    yield Finding("banner", "ok", probe.banner, (), pbx.name)
    try:
        await probing.sign_in(probe, pbx)
    except errors.TelephonyError as error:
        fix = (
            "; manager.conf",
            f"[{pbx.username}]",
            "secret = THE SAME AS IN callcenter.toml",
            f"read = {READ}",
            f"write = {WRITE}",
            "; permit must hold this host's address",
        )
        yield Finding("login", "fail", f"user {pbx.username}: {error}", fix, pbx.name)
        return
    yield Finding("login", "ok", f"signed in as {pbx.username}", (), pbx.name)
    for step in (_clock, _permissions, _events, _queues, _endpoints):
        async for finding in step(probe, pbx):
            yield finding


async def _clock(probe: probing.Probe, pbx: Pbx) -> AsyncIterator[Finding]:
    fix: tuple[str, ...]
    answer = await probe.ask("Ping")
    stamp = answer[0].get("Timestamp") if answer else None
    if stamp is None:
        yield Finding("clock", "warn", "the exchange does not tell its time", (), pbx.name)
        return
    difference = float(stamp) - time.time()
    level: doctor.Level = "ok" if abs(difference) <= MOST_CLOCK_SECONDS else "warn"
    fix = () if level == "ok" else ("timedatectl set-ntp true",)
    yield Finding(
        "clock", level, f"the exchange's clock differs by {difference:+.1f} s", fix, pbx.name
    )


async def _permissions(probe: probing.Probe, pbx: Pbx) -> AsyncIterator[Finding]:
    answer = await probe.ask("ListCommands")
    allowed = set(answer[0]) if answer else set()
    missing = [action for action in ACTIONS if action not in allowed]
    if missing:
        classes = sorted({ACTIONS[action] for action in missing})
        fix = ("; manager.conf", f"[{pbx.username}]", f"write = {WRITE}")
        text = f"may not {', '.join(missing)}: the write class {', '.join(classes)} is missing"
        yield Finding("permissions", "fail", text, fix, pbx.name)
    else:
        yield Finding(
            "permissions", "ok", f"may do all {len(ACTIONS)} actions that are needed", (), pbx.name
        )
    if pbx.record == "ami":
        yield _recording(pbx, allowed)
    if "Command" in allowed or "UpdateConfig" in allowed:
        fix = ("; manager.conf", f"[{pbx.username}]", f"write = {WRITE}")
        yield Finding(
            "permissions", "warn", "may do more than is needed: command or config", fix, pbx.name
        )


def _recording(pbx: Pbx, allowed: set[str]) -> Finding:
    if "MixMonitor" in allowed:
        return Finding("record", "ok", "recordings are begun by us, with MixMonitor", (), pbx.name)
    fix = (
        "; manager.conf",
        f"[{pbx.username}]",
        f"write = {WRITE}",
        "; modules.conf",
        "load = app_mixmonitor.so",
    )
    text = (
        "may not begin recordings: the write class system or the module app_mixmonitor is missing"
    )
    return Finding("record", "fail", text, fix, pbx.name)


async def _events(probe: probing.Probe, pbx: Pbx) -> AsyncIterator[Finding]:
    fix: tuple[str, ...]
    booted = any(event["Event"] == "FullyBooted" for event in probe.events)
    wanted = {"system": booted, "call": False, "dialplan": False, "agent": None}
    number = f"cc-doctor-{uuid4().hex[:12]}"
    asked = await probe.ask(
        "Originate",
        Channel=f"Local/s@{pbx.hold_context}/n",
        Application="Wait",
        Data="0.5",
        ChannelId=number,
        OtherChannelId=number + "b",
        Async="true",
    )
    if asked and asked[0].get("Response") == "Success":
        ended = await probe.wait(
            lambda m: (
                m.get("Event") in {"Hangup", "OriginateResponse"}
                and number in m.get("Linkedid", number)
            )
        )
        seen = {event["Event"] for event in probe.events}
        wanted["call"] = bool(seen & {"Newchannel", "Hangup", "Newstate"}) and ended is not None
        wanted["dialplan"] = bool(seen & {"Newexten", "VarSet"})
        if wanted["dialplan"] is False and not any(
            e.get("Context") == pbx.hold_context for e in probe.events
        ):
            text = f"the context {pbx.hold_context} is missing: hold from the screen will not work"
            fix = (
                "; extensions.conf",
                f"[{pbx.hold_context}]",
                "exten => s,1,Answer()",
                " same => n,MusicOnHold(default)",
            )
            yield Finding("dialplan", "warn", text, fix, pbx.name)
    wanted["agent"] = await _queue_events(probe, pbx)
    deaf = [name for name, heard in wanted.items() if heard is False]
    stamped = any("Timestamp" in event for event in probe.events)
    if deaf:
        fix = ("; manager.conf", f"[{pbx.username}]", f"read = {READ}")
        yield Finding(
            "events", "fail", f"events of class {', '.join(deaf)} do not come", fix, pbx.name
        )
    else:
        yield Finding("events", "ok", "calls, queues and states are heard", (), pbx.name)
    if probe.events and not stamped:
        fix = ("; manager.conf", "[general]", "timestampevents = yes")
        yield Finding("timestamps", "warn", "events do not carry their time", fix, pbx.name)


async def _queue_events(probe: probing.Probe, pbx: Pbx) -> bool | None:
    names = _names(await probe.ask("QueueStatus", until="QueueStatusComplete"))
    if not names:
        return None
    member = {"Queue": names[0], "Interface": f"Local/s@{pbx.hold_context}"}
    added = await probe.ask("QueueAdd", **member, Paused="true", MemberName="doctor")
    if not added or added[0].get("Response") != "Success":
        return None
    await probe.ask("QueueRemove", **member)
    await probe.ask("Ping")
    return any(
        event["Event"].startswith("QueueMember") and event["Event"] != "QueueMember"
        for event in probe.events
    )


def _names(answer: list[probing.Message]) -> list[str]:
    return [
        m["Queue"]
        for m in answer
        if m.get("Event") == "QueueParams" and m.get("Queue") != "default"
    ]


async def _queues(probe: probing.Probe, pbx: Pbx) -> AsyncIterator[Finding]:
    answer = await probe.ask("QueueStatus", until="QueueStatusComplete")
    names = _names(answer)
    members = [m for m in answer if m.get("Event") == "QueueMember"]
    if names:
        text = f"{len(names)} found ({', '.join(names)}), {len(members)} members"
        yield Finding("queues", "ok", text, (), pbx.name)
    else:
        yield Finding(
            "queues",
            "warn",
            "none found: only direct calls will come",
            ("; queues.conf", "[support]", "strategy = rrmemory"),
            pbx.name,
        )


async def _endpoints(probe: probing.Probe, pbx: Pbx) -> AsyncIterator[Finding]:
    answer = await probe.ask("PJSIPShowEndpoints", until="EndpointListComplete")
    names = [m["ObjectName"] for m in answer if m.get("Event") == "EndpointList"]
    technology = "PJSIP"
    if not names:
        answer = await probe.ask("SIPpeers", until="PeerlistComplete")
        names = [m["ObjectName"] for m in answer if m.get("Event") == "PeerEntry"]
        technology = "SIP"
    for finding in map_endpoints(pbx, technology, names):
        yield finding


def map_endpoints(pbx: Pbx, technology: str, names: list[str]) -> Iterator[Finding]:
    """Say which endpoints the settings take for phones, which for trunks, and which for neither."""

    def taken(globs: tuple[str, ...]) -> list[str]:
        return [
            n for n in names if any(fnmatchcase(f"{technology}/{n}-00000001", g) for g in globs)
        ]

    phones, trunks = taken(pbx.phones), taken(pbx.trunks)
    lines: dict[str, Any] = {"phones": phones, "trunks": trunks}
    for what, found in lines.items():
        if found:
            yield Finding(what, "ok", ", ".join(found), (), pbx.name)
        else:
            fix = ("[[pbx]]", f'name = "{pbx.name}"', f'{what} = ["{technology}/NAME-*"]')
            seen = (
                f"; the exchange has {', '.join(names[:12])}"
                if names
                else "; the exchange shows no endpoints"
            )
            yield Finding(what, "fail", f"no endpoint is mapped{seen}", fix, pbx.name)
    strangers = [n for n in names if n not in phones and n not in trunks]
    if strangers:
        yield Finding(
            "endpoints",
            "warn",
            f"neither phone nor trunk: {', '.join(strangers[:20])}",
            (),
            pbx.name,
        )
