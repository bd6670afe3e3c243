"""A soft phone in one process, steered live: registers, calls, answers, holds, transfers (REFER), speaks and listens.

The demo's agents and the tests' phones and customers are these; SIPp, an independent program, plays customers too. UDP
on loopback only. Requests are repeated until they are answered and repeated requests get the same answer again, since
Asterisk asks twice where a slow machine keeps it waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable

from callcenter import errors
from callcenter.demo import sipmessage
from callcenter.demo.sipcall import Call
from callcenter.demo.sipmessage import Message

_REPEAT_SECONDS = 0.5
_PARTING_SECONDS = 2.0


class Refused(errors.TelephonyError):
    """Say that the exchange answered a request with an error."""

    code = "sip_refused"

    def __init__(self, response: Message) -> None:
        super().__init__(f"{response.status} {response.reason}")
        self.status = response.status


class UserAgent(asyncio.DatagramProtocol):
    """A phone, or a provider's whole trunk: one UDP port, any number of calls at once."""

    def __init__(
        self, user: str, *, exchange: tuple[str, int], secret: str = "", voice: bytes = b""
    ) -> None:
        """Make a phone; `voice` (mu-law) is what it says in every call."""
        self.user, self.exchange, self.secret, self.voice = user, exchange, secret, voice
        self.host, self.port = "127.0.0.1", 0
        self.calls: dict[str, Call] = {}
        self.incoming: asyncio.Queue[Call] = asyncio.Queue()
        self.on_call: Callable[[Call], None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[tuple[str, str], asyncio.Queue[Message]] = {}
        self._answered: dict[tuple[str, str], bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._registrations = 0
        self._register_id = secrets.token_hex(8)

    async def start(self, port: int = 0) -> None:
        """Open the port, a free one unless told."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.host, port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def close(self) -> None:
        """Hang up everything and close the port, whether or not the exchange still answers."""
        living = [call for call in self.calls.values() if not call.ended.is_set()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PARTING_SECONDS):
                await asyncio.gather(*(call.hang_up() for call in living))
        for call in self.calls.values():
            call.audio.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._transport:
            self._transport.close()
            await asyncio.sleep(0)  # the loop closes what was closed at its next turn

    async def register(self, *, expires_seconds: int = 3600) -> None:
        """Tell the exchange where this phone is; 0 takes it away."""
        self._registrations += 1
        uri = f"sip:{self.exchange[0]}:{self.exchange[1]}"
        me = f"<sip:{self.user}@{self.exchange[0]}>"
        request = Message("REGISTER", uri, headers=[
            ("from", f"{me};tag={secrets.token_hex(6)}"), ("to", me), ("call-id", self._register_id),
            ("cseq", f"{self._registrations} REGISTER"), ("contact", self.contact), ("expires", str(expires_seconds)),
        ])  # fmt: skip
        response = await self.request(request)
        self._registrations = request.cseq[0]
        if response.status != 200:
            raise Refused(response)

    @property
    def contact(self) -> str:
        """Where requests reach this phone."""
        return f"<sip:{self.user}@{self.host}:{self.port}>"

    async def call(
        self, number: str, *, name: str = "", number_shown: str = "", withheld: bool = False
    ) -> Call:
        """Begin a call and return at once; its events tell how it goes. `number_shown` is a trunk's caller id."""
        shown = number_shown or self.user
        host = "anonymous.invalid" if withheld else self.exchange[0]
        user = "anonymous" if withheld else shown
        title = '"Anonymous" ' if withheld else f'"{name}" ' if name else ""
        call = Call(self, call_id=secrets.token_hex(12), local=f"{title}<sip:{user}@{host}>")
        call.remote = f"<sip:{number}@{self.exchange[0]}>"
        call.target = f"sip:{number}@{self.exchange[0]}:{self.exchange[1]}"
        if withheld:
            call.extra = [("privacy", "id")]
        if withheld and number_shown:
            call.extra += [
                ("p-asserted-identity", f"<sip:{shown}@{self.exchange[0]}>"),
            ]
        self.calls[call.call_id] = call
        await call.invite()
        return call

    async def request(
        self, request: Message, *, on_progress: Callable[[Message], None] | None = None
    ) -> Message:
        """Send a request until it is answered, answering a digest challenge once, and return the final response."""
        response = await self._transact(request, on_progress)
        challenge = response.get("www-authenticate") or response.get("proxy-authenticate")
        if response.status not in (401, 407) or not challenge or not self.secret:
            return response
        name = "authorization" if response.status == 401 else "proxy-authorization"
        value = sipmessage.authorization(
            challenge,
            method=request.method,
            uri=request.uri,
            username=self.user,
            secret=self.secret,
        )
        number, method = request.cseq
        request.headers = [
            (key, f"{number + 1} {method}" if key == "cseq" else header)
            for key, header in request.headers
            if key != "via"
        ]
        request.headers.append((name, value))
        return await self._transact(request, on_progress)

    async def _transact(
        self, request: Message, on_progress: Callable[[Message], None] | None
    ) -> Message:
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        via = f"SIP/2.0/UDP {self.host}:{self.port};rport;branch={branch}"
        request.headers[:0] = [("via", via), ("max-forwards", "70")]
        data, key, pause = request.encode(), (branch, request.method), _REPEAT_SECONDS
        inbox = self._waiting[key] = asyncio.Queue()
        heard = False
        try:
            self.send(data)
            while True:
                try:
                    async with asyncio.timeout(None if heard else pause):
                        response = await inbox.get()
                except TimeoutError:
                    if pause > 60:
                        return Message(status=408, reason="Request Timeout")
                    pause *= 2
                    self.send(data)
                    continue
                if response.status >= 200:
                    if request.method == "INVITE":
                        self._acknowledge(request, response)
                    return response
                heard = True
                if on_progress:
                    on_progress(response)
        finally:
            if request.method != "INVITE":
                del self._waiting[key]

    def _acknowledge(self, request: Message, response: Message) -> None:
        """Answer a refusal of INVITE with ACK, as its transaction demands; a call says its own ACK to a 200."""
        if response.status >= 300:
            keep = [
                (key, value)
                for key, value in request.headers
                if key in ("via", "max-forwards", "from", "call-id")
            ]
            number = request.cseq[0]
            ack = Message(
                "ACK",
                request.uri,
                headers=[*keep, ("to", response.get("to")), ("cseq", f"{number} ACK")],
            )
            self.send(ack.encode())

    def send(self, data: bytes) -> None:
        """Put bytes on the wire to the exchange."""
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data, self.exchange)

    def respond(self, request: Message, response: Message) -> None:
        """Answer a request, and remember the answer for its repetitions."""
        data = response.encode()
        self._answered[request.branch, request.method] = data
        self.send(data)

    def run(self, work: asyncio.Task[None]) -> None:
        """Keep a background task until it is done."""
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Sort a message to the transaction or the call that it belongs to."""
        message = sipmessage.decode(data)
        if message is None:
            return
        if message.status:
            self._response(message)
        elif repeated := self._answered.get((message.branch, message.method)):
            self.send(repeated)
        else:
            self._request(message)

    def _response(self, response: Message) -> None:
        call = self.calls.get(response.get("call-id"))
        if (
            response.cseq[1] == "INVITE"
            and response.status == 200
            and call
            and call.acknowledge_again(response)
        ):
            return
        if inbox := self._waiting.get((response.branch, response.cseq[1])):
            inbox.put_nowait(response)

    def _request(self, request: Message) -> None:
        call = self.calls.get(request.get("call-id"))
        if call:
            call.received(request)
        elif request.method == "INVITE":
            call = Call.incoming(self, request)
            self.calls[call.call_id] = call
            self.incoming.put_nowait(call)
            if self.on_call:
                self.on_call(call)
        elif request.method in ("OPTIONS", "NOTIFY"):
            self.respond(
                request, sipmessage.answer_to(request, 200, "OK", tag=secrets.token_hex(6))
            )
        elif request.method != "ACK":
            self.respond(
                request,
                sipmessage.answer_to(request, 481, "No such call", tag=secrets.token_hex(6)),
            )
