"""One call of a soft phone, from INVITE to BYE. `sip.UserAgent` makes them; tests steer them and wait for their events."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from callcenter.demo import rtp, sipmessage
from callcenter.demo.sipmessage import Message

if TYPE_CHECKING:
    from callcenter.demo import sip

REASONS = {
    180: "Ringing",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
}
REASONS |= {603: "Decline", 503: "Service Unavailable"}


class Call:
    """A call and its events: `ringing`, `answered`, `ended`; `status` is the refusal's, or 0."""

    def __init__(self, agent: sip.UserAgent, *, call_id: str, local: str) -> None:
        self.agent, self.call_id = agent, call_id
        self.local_tag, self.remote_tag = secrets.token_hex(6), ""
        self.local, self.remote, self.target = local, "", ""
        self.extra: list[tuple[str, str]] = []
        self.ringing, self.answered, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.status = 0
        self.ended_by_us = False
        self.transferred = (
            asyncio.get_running_loop().create_future()
        )  # the final status of our REFER
        self.audio = rtp.Stream(agent.voice)
        self._audio_port, self._sdp = 0, 1
        self._cseq, self._acked = 1, -1
        self._invite: Message | None = (
            None  # the exchange's INVITE, while we have not answered it, or ours
        )
        self._outgoing = True

    @classmethod
    def incoming(cls, agent: sip.UserAgent, request: Message) -> Self:
        """Take a call that the exchange offers."""
        call = cls(agent, call_id=request.get("call-id"), local=request.get("to"))
        call._outgoing, call._invite = False, request
        call.remote, call.remote_tag = request.get("from"), sipmessage.tag_of(request.get("from"))
        call.target = sipmessage.address(request.get("contact"))
        call.audio.far = sipmessage.audio_of(request.body)
        return call

    @property
    def number(self) -> str:
        """The number called, for a call that came in."""
        return sipmessage.user_of(self._invite.uri) if self._invite else ""

    @property
    def caller(self) -> str:
        """Who calls, as the exchange shows him: name and number."""
        return self.remote

    # ---- what a person does

    async def invite(self) -> None:
        """Send the first INVITE; the rest happens in the background."""
        request = await self._new("INVITE", body=await self._offer())
        request.headers += self.extra
        self._invite = request
        self.agent.run(asyncio.create_task(self._await_answer(request)))

    async def ring(self) -> None:
        """Say that the phone rings."""
        self._reply(180, "Ringing")

    async def answer(self) -> None:
        """Pick up."""
        body = await self._offer()
        if self.ended.is_set() or self.answered.is_set():
            return
        self._reply(200, "OK", body=body)
        self.answered.set()
        self.audio.talk(self.audio.far)

    async def reject(self, status: int = 486) -> None:
        """Refuse: 486 busy, 603 decline, 404 no such number, 480 unavailable."""
        self._reply(status, REASONS.get(status, "Refused"))
        self._end(by_us=True)

    async def hang_up(self) -> None:
        """End it, whatever its state, and return when the exchange knows."""
        if self.ended.is_set():
            return
        if self.answered.is_set():
            self._end(by_us=True)
            await self.agent.request(await self._new("BYE"))
        elif not self._outgoing:
            await self.reject(603)
        elif self._invite:
            self.ended_by_us = True
            await self._cancel(self._invite)
            await self.ended.wait()

    def forget(self) -> None:
        """Drop it without a word, since the exchange has forgotten it too."""
        self._end()

    async def hold(self) -> None:
        """Put the far end on hold, as the phone's own key does (re-INVITE, sendonly)."""
        await self._reinvite("sendonly")
        self.audio.talk(None)

    async def resume(self) -> None:
        """Take the far end back."""
        await self._reinvite("sendrecv")
        self.audio.talk(self.audio.far)

    async def press(self, tones: str) -> None:
        """Press keys during the call."""
        await self.audio.press(tones)

    async def refer(self, number: str, *, replaces: Call | None = None) -> None:
        """Transfer by the phone's own key: blind, or attended with the call to whom we spoke (`replaces`)."""
        host, port = self.agent.exchange
        target = f"sip:{number}@{host}:{port}"
        if replaces:
            value = f"{replaces.call_id};to-tag={replaces.remote_tag};from-tag={replaces.local_tag}"
            target = f"{replaces.target}?Replaces={quote(value, safe='')}"
        request = await self._new("REFER")
        request.headers += [
            ("refer-to", f"<{target}>"),
            ("referred-by", f"<sip:{self.agent.user}@{host}>"),
        ]
        response = await self.agent.request(request)
        if response.status >= 300 and not self.transferred.done():
            self.transferred.set_result(response.status)

    # ---- what the exchange says

    def received(self, request: Message) -> None:
        """Take a request within the call."""
        if request.method == "ACK":
            return
        if request.method == "INVITE":
            self.audio.far = sipmessage.audio_of(request.body) or self.audio.far
            self._respond(request, 200, "OK", body=self._describe("sendrecv"))
            if self.audio.target:
                self.audio.talk(self.audio.far)
        elif request.method == "CANCEL":
            self._respond(request, 200, "OK")
            if not self.answered.is_set() and not self.ended.is_set():
                self._reply(487, "Request Terminated")
                self._end()
        elif request.method == "BYE":
            self._respond(request, 200, "OK")
            self._end()
        else:
            self._respond(request, 200, "OK")
            if request.method == "NOTIFY" and request.body.startswith("SIP/2.0 "):
                status = int(request.body.split(" ")[1])
                if status >= 200 and not self.transferred.done():
                    self.transferred.set_result(status)

    def acknowledge_again(self, response: Message) -> bool:
        """Repeat our ACK for a 200 that came again; tell whether this was one."""
        if not self.answered.is_set() or response.cseq[0] != self._acked:
            return False
        self._ack(response)
        return True

    # ---- how

    async def _await_answer(self, request: Message) -> None:
        response = await self.agent.request(request, on_progress=self._progress)
        if response.status >= 300:
            self.status = response.status
            self._end(by_us=self.ended_by_us)
            return
        self._learn(response)
        self._ack(response)
        if self.ended_by_us:  # it was answered while we gave up
            self._end(by_us=True)
            await self.agent.request(await self._new("BYE"))
            return
        self.ringing.set()
        self.answered.set()
        self.audio.talk(self.audio.far)

    def _progress(self, response: Message) -> None:
        if response.status >= 180:
            self.ringing.set()
        self.audio.far = sipmessage.audio_of(response.body) or self.audio.far

    def _learn(self, response: Message) -> None:
        self.remote_tag = sipmessage.tag_of(response.get("to"))
        self.target = sipmessage.address(response.get("contact")) or self.target
        self.audio.far = sipmessage.audio_of(response.body) or self.audio.far

    def _ack(self, response: Message) -> None:
        self._acked = response.cseq[0]
        ack = self._request("ACK", self._acked)
        via = f"SIP/2.0/UDP {self.agent.host}:{self.agent.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        ack.headers[:0] = [("via", via), ("max-forwards", "70")]
        self.agent.send(ack.encode())

    async def _cancel(self, invite: Message) -> None:
        """Take back an INVITE: CANCEL wears its Via and its number. Wait for the first sign of life, as it must."""
        keep = [
            (key, value)
            for key, value in invite.headers
            if key in ("via", "max-forwards", "from", "to", "call-id")
        ]
        cancel = Message(
            "CANCEL", invite.uri, headers=[*keep, ("cseq", f"{invite.cseq[0]} CANCEL")]
        )
        self.agent.send(cancel.encode())

    async def _reinvite(self, direction: str) -> None:
        self._sdp += 1
        response = await self.agent.request(
            await self._new("INVITE", body=self._describe(direction))
        )
        if response.status < 300:
            self._learn(response)
            self._ack(response)

    async def _new(self, method: str, *, body: str = "") -> Message:
        """Begin a request within the call, with the next number."""
        self._cseq += 2  # a digest answer takes the number after it
        return self._request(method, self._cseq, body=body)

    def _request(self, method: str, number: int, *, body: str = "") -> Message:
        far = (
            f"{self.remote};tag={self.remote_tag}"
            if self.remote_tag and ";tag=" not in self.remote
            else self.remote
        )
        headers = [
            ("from", f"{self.local};tag={self.local_tag}"), ("to", far), ("call-id", self.call_id),
            ("cseq", f"{number} {method}"), ("contact", self.agent.contact),
        ]  # fmt: skip
        if body:
            headers.append(("content-type", "application/sdp"))
        return Message(method, self.target, headers=headers, body=body)

    def _reply(self, status: int, reason: str, *, body: str = "") -> None:
        """Answer the INVITE by which the call came."""
        if self._invite and not self.ended.is_set():
            self._respond(self._invite, status, reason, body=body)

    def _respond(self, request: Message, status: int, reason: str, *, body: str = "") -> None:
        response = sipmessage.answer_to(request, status, reason, tag=self.local_tag)
        response.headers.append(("contact", self.agent.contact))
        if body:
            response.headers.append(("content-type", "application/sdp"))
            response.body = body
        self.agent.respond(request, response)

    async def _offer(self) -> str:
        if not self._audio_port:
            self._audio_port = await self.audio.open(self.agent.host)
        return self._describe("sendrecv")

    def _describe(self, direction: str) -> str:
        return sipmessage.offer(
            self.agent.host, self._audio_port, version=self._sdp, direction=direction
        )

    def _end(self, *, by_us: bool = False) -> None:
        self.ended_by_us = self.ended_by_us or by_us
        self.audio.close()
        self.ended.set()
