"""A scripted exchange with a truth of its own: calls that go on whoever listens, and records as Asterisk writes them.

It plays tapes of a real Asterisk, and keeps what they leave: its channels, who is in a bridge, members, who waits. That is
what it answers when it is asked, and what the product is held against. An Originate is done once for each time it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import wave
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import tape
from tests.faults.line import reset
from tests.faults.tape import Call
from tests.telephony import peer

Headers = dict[str, str]
AGENTS = tuple(str(number) for number in range(1001, 1009))
NAMES = ("דנה לוי", "Зоя Ёлкина", "Zoë Smith", "יוסי בן־שושן")
_CHANNEL = ("Channel", "ChannelState", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "ConnectedLineName", "Context", "Exten", "Uniqueid", "Linkedid")  # fmt: skip
_MEMBER = ("Queue", "MemberName", "Interface", "StateInterface", "Membership", "Penalty", "Status", "Paused", "PausedReason")  # fmt: skip


class Exchange:
    """What stands where Asterisk stands; `ami_port`, `cdr` and so on as a stage's exchange has them."""

    def __init__(self, folder: Path) -> None:
        self.ami_user, self.ami_secret, self.ami_port = "callcenter", "secret", 0
        self.cdr, self.queue_log = folder / "Master.csv", folder / "queue_log"
        self.recordings = folder / "monitor"
        self.recordings.mkdir(parents=True)
        for file in (self.cdr, self.queue_log):
            file.touch()
        self.calls: dict[str, Call] = {}
        self.channels: dict[str, Headers] = {}  # by Uniqueid
        self.members: dict[str, Headers] = {}
        self.waiting: dict[str, float] = {}  # Uniqueid -> since
        self.originated: Counter[str] = Counter()
        self.seeded: list[float] = []  # when a snapshot was taken to its end, time.monotonic()
        self.step_seconds = 0.0
        self._inbound, self._click = tape.inbound(), tape.click()
        self._serial, self._booted = 0, 0.0
        self._busy: set[str] = set()
        self._server: asyncio.Server | None = None
        self._listening: list[asyncio.StreamWriter] = []
        self._connected: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- its life

    async def start(self) -> None:
        """Boot, with idle phones and no calls."""
        self._booted = time.time()
        for extension in AGENTS:
            said = dict.fromkeys(_MEMBER, "") | {"Queue": "support", "MemberName": extension, "Membership": "static"}  # fmt: skip
            where = {"Interface": f"PJSIP/{extension}", "StateInterface": f"PJSIP/{extension}"}
            self.members[extension] = said | where | {"Penalty": "0", "Status": "1", "Paused": "0"}
        self._log("NONE|NONE|NONE|QUEUESTART|")
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.ami_port, limit=1 << 20
        )
        self.ami_port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Die as in a power cut: no event, no CDR, calls and connections gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._connected:
            reset(writer)
        self._connected.clear()
        self._listening.clear()
        for call in self.running():
            call.ended, call.killed = self.now(), True
            if call.answered is not None:
                self._leave_open(call)
        self.channels.clear()
        self.waiting.clear()
        self._busy.clear()

    def step(self, seconds: float) -> None:
        """Set the clock off by so much."""
        self.step_seconds = seconds
        for call in self.running():
            call.stepped = True

    def now(self) -> float:
        """Tell its clock."""
        return time.time() + self.step_seconds

    def running(self) -> list[Call]:
        """List the calls that go on."""
        return [call for call in self.calls.values() if call.ended is None]

    def free_agents(self) -> list[str]:
        """List who has no call; nobody can be called while the exchange is dead."""
        if self._server is None:
            return []
        return [extension for extension in AGENTS if extension not in self._busy]

    # ---- its calls

    def ring(self, agent: str, *, ring_seconds: float, talk_seconds: float) -> Call:
        """Let a customer call whom this agent answers."""
        number, name = f"05{40000000 + self._serial:08d}", NAMES[self._serial % len(NAMES)]
        linkedid = f"{int(self.now())}.{self._serial * 10}"
        return self._begin(self._inbound, linkedid, agent, number, name=name, times=(ring_seconds, talk_seconds))  # fmt: skip

    def _begin(
        self, tape_: tape.Tape, linkedid: str, agent: str, number: str, *, name: str = "", action: str = "",
        times: tuple[float, float],
    ) -> Call:  # fmt: skip
        serial, self._serial = self._serial, self._serial + 1
        marks = {
            b"@ID@": linkedid.encode(), b"@OTHER@": b"%d.%d" % (self.now(), serial * 10 + 1), b"@EXT@": agent.encode(),
            b"@SERIAL@": b"%08x" % serial, b"@FROM@": number.encode(), b"@NAME@": name.encode(),
            b"@BRIDGE@": b"00000000-0000-4000-8000-%012x" % serial, b"@SPOOL@": str(self.recordings).encode(),
            b"@ACTION@": action.encode(),
        }  # fmt: skip
        call = Call(linkedid, agent, number, serial, tape_, marks, self.now())
        self.calls[linkedid] = call
        self._busy.add(agent)
        task = asyncio.create_task(self._play(call, *times))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    async def _play(self, call: Call, ring_seconds: float, talk_seconds: float) -> None:
        self._tell(call, 0)
        await asyncio.sleep(ring_seconds)
        call.answered = self.now()
        self._tell(call, 1)
        await asyncio.sleep(talk_seconds)
        await call.may_end.wait()
        self._record(call, self._files(call))
        call.ended = self.now()
        self._tell(call, 2)
        self._busy.discard(call.agent)
        with self.cdr.open("a", encoding="utf-8") as file:
            file.write(_cdr(call))

    def _tell(self, call: Call, part: int) -> None:
        for event in call.tape.parts[part]:
            for mark, value in call.marks.items():
                event = event.replace(mark, value)
            event = event.replace(b"@NOW@", b"%.6f" % self.now())
            self._follow(event)
            for writer in self._listening:
                if not writer.is_closing():
                    writer.write(event)

    def _follow(self, event: bytes) -> None:
        said = dict(line.split(": ", 1) for line in event.decode().split("\r\n") if ": " in line)
        name, uniqueid = said["Event"], said.get("Uniqueid", "")
        if name == "Hangup":
            self.channels.pop(uniqueid, None)
        elif name == "Newchannel" or uniqueid in self.channels:
            channel = self.channels.setdefault(
                uniqueid, {"Application": "", "BridgeId": "", "Born": str(self.now())}
            )
            channel |= {key: said[key] for key in _CHANNEL if key in said}
            if name == "Newexten":
                channel["Application"] = said.get("Application", "")
            if name in ("BridgeEnter", "BridgeLeave"):
                channel["BridgeId"] = said["BridgeUniqueid"] if name == "BridgeEnter" else ""
        if name == "QueueMemberStatus":
            self.members[said["MemberName"]] |= {key: said[key] for key in _MEMBER if key in said}
        elif name == "QueueCallerJoin":
            self.waiting[uniqueid] = self.now()
            self._log(f"{uniqueid}|support|NONE|ENTERQUEUE||{said['CallerIDNum']}|1")
        elif name == "QueueCallerLeave":
            self.waiting.pop(uniqueid, None)
        elif name == "AgentConnect":
            self._log(
                f"{uniqueid}|support|{said['MemberName']}|CONNECT|0|{said.get('DestUniqueid', '')}|0"
            )
        elif name == "AgentComplete":
            self._log(f"{uniqueid}|support|{said['MemberName']}|COMPLETECALLER|0|1|1")

    def _log(self, line: str) -> None:
        with self.queue_log.open("a", encoding="utf-8") as file:
            file.write(f"{int(self.now())}|{line}\n")

    def _files(self, call: Call) -> list[Path]:
        first = call.marks[b"@OTHER@" if call.tape.is_click else b"@ID@"].decode()
        return [self.recordings / f"{call.linkedid}_{first}{side}.wav" for side in ("", "-customer", "-agent")]  # fmt: skip

    def _record(self, call: Call, files: list[Path]) -> None:
        """Write the three files of MixMonitor, closed as it closes them."""
        for path in files:
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                file.writeframes(b"\x10\x20" * 8000)

    def _leave_open(self, call: Call) -> None:
        """Leave files as who dies while it writes: lengths of 0 in the header, and, to spare two minutes, long ago."""
        files = self._files(call)
        self._record(call, files)
        for path in files:
            data = bytearray(path.read_bytes())
            data[4:8] = data[40:44] = bytes(4)
            path.write_bytes(data)
            long_ago = time.time() - 600
            os.utime(path, (long_ago, long_ago))

    # ---- its manager interface

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connected.append(writer)
        writer.write(peer.BANNER)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                raw = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in raw.split("\r\n") if ": " in line)
                self._answer(action, writer)
                await writer.drain()
        if writer in self._listening:
            self._listening.remove(writer)
        writer.close()

    def _answer(self, action: Headers, writer: asyncio.StreamWriter) -> None:
        name, action_id = action.get("Action", ""), action.get("ActionID", "")

        def say(kind: str, value: str, **headers: str) -> None:
            lines = {kind: value, "ActionID": action_id, **headers}
            text = "".join(f"{key}: {told}\r\n" for key, told in lines.items())
            writer.write(f"{text}\r\n".encode())

        say("Response", "Success", Message="ok", **({"Ping": "Pong"} if name == "Ping" else {}))
        if name == "Login":
            uptime = str(int(time.time() - self._booted))
            writer.write(peer.event("FullyBooted", Status="Fully Booted", Uptime=uptime))
            self._listening.append(writer)
        elif name == "CoreShowChannels":
            for channel in self.channels.values():
                lasts = f"00:00:{int(self.now() - float(channel['Born'])):02d}"
                say("Event", "CoreShowChannel", **channel, Duration=lasts)
            say("Event", "CoreShowChannelsComplete", EventList="Complete")
        elif name == "BridgeList":
            for bridge in {c["BridgeId"] for c in self.channels.values() if c["BridgeId"]}:
                say("Event", "BridgeListItem", BridgeUniqueid=bridge, BridgeType="basic")
            say("Event", "BridgeListComplete", EventList="Complete")
        elif name == "BridgeInfo":
            for channel in self.channels.values():
                if channel["BridgeId"] == action["BridgeUniqueid"]:
                    say("Event", "BridgeInfoChannel", BridgeUniqueid=channel["BridgeId"], **channel)
            say("Event", "BridgeInfoComplete", EventList="Complete")
        elif name == "QueueStatus":
            self._queue_status(say)
            self.seeded.append(time.monotonic())
        elif name == "Originate":
            self._originate(action)

    def _queue_status(self, say: object) -> None:
        assert callable(say)
        say("Event", "QueueParams", Queue="support", Max="0", Calls=str(len(self.waiting)))
        for member in self.members.values():
            say("Event", "QueueMember", **{"Name" if k == "MemberName" else "Location" if k == "Interface" else k: v for k, v in member.items()})  # fmt: skip
        for uniqueid, since in self.waiting.items():
            wait = str(int(self.now() - since))
            channel = self.channels[uniqueid]["Channel"]
            say("Event", "QueueEntry", Queue="support", Position="1", Channel=channel, Uniqueid=uniqueid, Wait=wait)  # fmt: skip
        say("Event", "QueueStatusComplete", EventList="Complete")

    def _originate(self, action: Headers) -> None:
        linkedid, agent = action["ChannelId"], action["Channel"].removeprefix("PJSIP/")
        self.originated[linkedid] += 1
        if linkedid not in self.calls and agent not in self._busy:
            self._begin(self._click, linkedid, agent, action["Exten"], action=action["ActionID"], times=(0.3, 0.8))  # fmt: skip
            self.calls[linkedid].may_end.set()


def _cdr(call: Call) -> str:
    """Write a call's line as cdr_csv does."""
    moments = (call.started, call.started, call.ended or call.started)
    times = ",".join(f'"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%d %H:%M:%S}"' for at in moments)  # fmt: skip
    name = call.marks[b"@NAME@"].decode() or call.number
    phone, trunk = f"PJSIP/{call.agent}-{call.serial:08x}", f"PJSIP/trunk-{call.serial:08x}"
    if call.tape.is_click:
        ends = f'"{call.number}","from-agents","""{name}"" <{call.number}>","{phone}","{trunk}","Dial","PJSIP/{call.number}@trunk,25"'
    else:
        ends = f'"support","queues","""{name}"" <{call.number}>","{trunk}","{phone}","Queue","support,tk,,,120"'
    return f'"","{call.number}",{ends},{times},2,2,"ANSWERED","DOCUMENTATION","{call.linkedid}","","","{call.linkedid}",0\n'
