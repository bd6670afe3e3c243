"""The people at the ends of the line: agents' phones, and the provider's trunk with every customer behind it.

    async with Exchange(folder) as exchange, Phone(exchange, "1001") as phone, Trunk(exchange) as trunk:
        call = await trunk.call("+97237000100", number="0501234567", name="דנה לוי")
        ringing = await phone.next_call()
        await ringing.answer()
        await call.hang_up()

Both do by themselves what their Behaviour says, or, without one, only ring and wait to be told.
"""

from __future__ import annotations

import asyncio
import dataclasses
from types import TracebackType
from typing import Self

from callcenter.demo import rtp, sip
from callcenter.demo.exchange import Exchange
from callcenter.demo.sipcall import Call

WAIT_SECONDS = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Behaviour:
    """What a party does with a call: refuse it, or let it ring, answer, and hang up; None is never."""

    reject: int | None = None
    ring: bool = True
    answer_after: float | None = None
    hang_up_after: float | None = None


ANSWERS = Behaviour(answer_after=0.0)
RINGS_ON = Behaviour()
BUSY = Behaviour(reject=486)
DECLINES = Behaviour(reject=603)
NO_SUCH_NUMBER = Behaviour(reject=404)
MANUAL = RINGS_ON


class _Party:
    """A user agent with a behaviour for calls that come in."""

    def __init__(self, exchange: Exchange, agent: sip.UserAgent) -> None:
        self.exchange, self.agent = exchange, agent
        self._queue: asyncio.Queue[Call] = asyncio.Queue()
        agent.on_call = self._offered

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Go on the air."""
        await self.agent.start()

    async def stop(self) -> None:
        """Hang up everything and go."""
        await self.agent.close()

    async def next_call(self, *, timeout_seconds: float = WAIT_SECONDS) -> Call:
        """Wait for the next call that comes in."""
        async with asyncio.timeout(timeout_seconds):
            return await self._queue.get()

    def behaviour_for(self, call: Call) -> Behaviour:
        """Decide what to do with a call."""
        raise NotImplementedError

    def _offered(self, call: Call) -> None:
        self._queue.put_nowait(call)
        self.agent.run(asyncio.create_task(self._behave(call, self.behaviour_for(call))))

    async def _behave(self, call: Call, behaviour: Behaviour) -> None:
        if behaviour.reject:
            await call.reject(behaviour.reject)
            return
        if behaviour.ring:
            await call.ring()
        if behaviour.answer_after is None:
            return
        if await _ends_within(call, behaviour.answer_after):
            return
        await call.answer()
        if behaviour.hang_up_after is not None and not await _ends_within(
            call, behaviour.hang_up_after
        ):
            await call.hang_up()


async def _ends_within(call: Call, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await call.ended.wait()
    except TimeoutError:
        return False
    return True


class Phone(_Party):
    """An agent's desk phone, registered while it is on the air."""

    def __init__(
        self, exchange: Exchange, number: str, *, behaviour: Behaviour = MANUAL, voice: bytes = b""
    ) -> None:
        """Make the phone of an extension; `behaviour` may be changed at any time."""
        self.number, self.behaviour = number, behaviour
        address = (exchange.host, exchange.sip_port)
        super().__init__(
            exchange,
            sip.UserAgent(number, exchange=address, secret=exchange.phone_secret, voice=voice),
        )

    async def start(self) -> None:
        """Go on the air and register."""
        await super().start()
        await self.agent.register()

    async def unplug(self) -> None:
        """Take back the registration, as a phone does that is switched off."""
        await self.agent.register(expires_seconds=0)

    async def dial(self, number: str) -> Call:
        """Dial by hand."""
        return await self.agent.call(number)

    def behaviour_for(self, call: Call) -> Behaviour:
        """Do as told."""
        return self.behaviour


class Trunk(_Party):
    """The provider: customers call through it, and those who are called through it behave as their numbers' `plan` says."""

    def __init__(
        self, exchange: Exchange, *, default: Behaviour = MANUAL, voice: bytes = b""
    ) -> None:
        """Make the trunk; numbers that are not in `plan` do as `default`."""
        self.plan: dict[str, Behaviour] = {}
        self.default = default
        super().__init__(
            exchange,
            sip.UserAgent("trunk", exchange=(exchange.host, exchange.sip_port), voice=voice),
        )

    async def start(self) -> None:
        """Go on the air at the address that the exchange knows."""
        await self.agent.start(self.exchange.trunk_port)

    async def call(self, did: str, *, number: str, name: str = "", withheld: bool = False) -> Call:
        """Call one of the center's numbers as a customer; returns at once."""
        return await self.agent.call(did, number_shown=number, name=name, withheld=withheld)

    def behaviour_for(self, call: Call) -> Behaviour:
        """Look the number up."""
        return self.plan.get(call.number, self.default)


def prompt(exchange: Exchange, name: str = "vm-intro") -> bytes:
    """Return one of Asterisk's own prompts as mu-law: real speech for a voice."""
    return rtp.speech(exchange.sounds / f"{name}.wav")
