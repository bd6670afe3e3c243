"""The straightforward way, for comparison: panoramisk's callback, an ORM session a step, python-socketio's emit.

`python -m benchmarks.naive URL AMI_PORT`: at DialBegin it finds the customer, writes the call and emits; at the answer and the
end it updates the row.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import panoramisk
import socketio
from aiohttp import web
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from callcenter import db, models
from callcenter.crm import phones


class Naive:
    """What one writes on the first afternoon."""

    def __init__(self, url: str) -> None:
        url = url.replace("sqlite://", "sqlite+aiosqlite://")
        engine = create_async_engine(url)
        if "sqlite" in url:
            event.listen(engine.sync_engine, "connect", db._tune_sqlite)
        self.sessions = async_sessionmaker(engine, expire_on_commit=False)
        self.sio = socketio.AsyncServer(
            async_mode="aiohttp", transports=["websocket"], cors_allowed_origins=[]
        )
        self.sio.on("connect", self.connect)

    async def connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        """Let a browser into its agent's room."""
        await self.sio.enter_room(sid, environ["aiohttp.request"].cookies["extension"])

    async def on_event(self, _manager: Any, message: Any) -> None:
        """Take every event."""
        if message.event == "DialBegin":
            await self.rings(message)
        elif message.event == "AgentConnect":
            await self.update(message.Linkedid, answered=datetime.now(UTC))
        elif message.event == "Hangup" and message.Uniqueid == message.Linkedid:
            await self.update(message.Linkedid, ended=datetime.now(UTC), result="answered")

    async def rings(self, message: Any) -> None:
        """Find who it is, write the call, and show the card."""
        number = phones.classify(message.CallerIDNum, "IL")
        async with self.sessions.begin() as session:
            party = await self.find(session, number.e164)
        now = datetime.now(UTC)
        async with self.sessions.begin() as session:
            session.add(
                models.Call(
                    pbx="naive", linkedid=message.Linkedid, direction="inbound", from_raw=message.CallerIDNum,
                    started=now, ringing=now, party_id=party.id if party else None,
                    name_snapshot=party.display if party else "",
                )
            )  # fmt: skip
        card = {
            "id": message.Linkedid,
            "name": party.display if party else "",
            "number": number.e164,
        }
        await self.sio.emit("call.pop", {"card": card}, room=message.DestCallerIDNum)

    async def find(self, session: AsyncSession, e164: str | None) -> models.Party | None:
        """Look up a customer by number."""
        return await session.scalar(
            select(models.Party)
            .join(models.PartyPhone, models.PartyPhone.party_id == models.Party.id)
            .join(models.Phone, models.Phone.id == models.PartyPhone.phone_id)
            .where(models.Phone.e164 == e164)
            .limit(1)
        )

    async def update(self, linkedid: str, **values: Any) -> None:
        """Change the call's row."""
        async with self.sessions.begin() as session:
            call = await session.scalar(
                select(models.Call).where(
                    models.Call.pbx == "naive", models.Call.linkedid == linkedid
                )
            )
            if call is None:
                return
            for name, value in values.items():
                setattr(call, name, value)


async def main(url: str, port: int) -> None:
    """Serve until standard input ends."""
    naive = Naive(url)
    app = web.Application()
    naive.sio.attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    manager = panoramisk.Manager(
        loop=asyncio.get_running_loop(), host="127.0.0.1", port=port, username="naive", secret="-"
    )
    manager.register_event("*", naive.on_event)
    manager.connect()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    manager.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
