"""The whole product but for the pages against a real Asterisk: phones, customers, and browsers that listen."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from callcenter import db, models, settings
from callcenter.crm import agents, shift
from callcenter.demo import sipcall
from callcenter.telephony import switchboard
from screenpop import floor
from tests.pbx import stage as stages
from tests.pbx.fixtures import SetUp
from tests.screenpop import stand as stands


class RealStand(stands.Stand):
    """A floor on a real exchange; `stage` has its phones and its outside line."""

    stage: stages.Stage
    caller: sipcall.Call  # of `talking`

    def user(self, extension: str) -> int:
        """Give who sits at an extension."""
        found = self.center.seats.user_of("main", f"PJSIP/{extension}", extension)
        assert found is not None
        return found

    def state(self, extension: str) -> agents.State:
        """Give what an agent does."""
        return self.center.agents.get(self.user(extension)).state

    async def talking(self, number: str, name: str) -> tuple[str, stands.Browser]:
        """Let a customer talk with 1001, who sees it; return the call and what the browser hears."""
        await shift.become(self.center, self.user("1001"), agents.State.READY)
        browser = await self.browser(self.user("1001"))
        self.caller = await self.stage.trunk.call(stages.SUPPORT, number=number, name=name)
        id_ = str((await browser.next("call.pop"))["card"]["id"])
        await self.stage.answered_by("1001")
        await browser.next("agent.state", state="talking")
        await self.stage.talk()
        return id_, browser

    def only_call(self) -> models.Call:
        """Give the row of the one call that there was."""
        with self.database.session() as session:
            call = session.scalars(
                select(models.Call).where(models.Call.merged_into.is_(None))
            ).one()
            assert call.participants is not None
            return call

    async def until(self, test: Any) -> None:
        """Wait until something is so."""
        await self.stage.until(test)

    def paused(self, queue: str, extension: str) -> bool:
        """Say whether the exchange has a member for paused."""
        line = self.center.board.lines["main"]
        return any(m.paused for m in line.board.members(queue) if m.extension == extension)


@contextlib.asynccontextmanager
async def standing(stage: stages.Stage, folder: Path, **calls: Any) -> AsyncIterator[RealStand]:
    """Run a floor against the stage's exchange."""
    database = stands.new_database(folder)
    with database.session() as session:
        stands.people(session, db.utcnow())
    pbx = settings.Pbx(
        port=stage.exchange.ami_port,
        username=stage.exchange.ami_user,
        secret=stage.exchange.ami_secret,
        trunks=("PJSIP/trunk-*",),
        dial_timeout_seconds=12,
    )
    config = settings.Settings(pbx=(pbx,), calls=settings.Calls(**calls))
    board = switchboard.Switchboard(config.pbx)
    live = floor.Floor(
        config, database, board, authenticate=stands.authenticate, translate=lambda _, text: text
    )
    app = web.Application()
    live.attach(app)
    try:
        async with TestServer(app) as server:
            await stage.until(lambda: board.lines["main"].link.state.phase.value == "up")
            stand = RealStand(None, database, live, str(server.make_url("/")))  # type: ignore[arg-type]
            stand.stage = stage
            try:
                yield stand
            finally:
                await stand.close()
    finally:
        database.close()


@contextlib.asynccontextmanager
async def known_dana(set_up: SetUp, folder: Path) -> AsyncIterator[RealStand]:
    """Let 1001 and 1002 work on an exchange that Dana, a customer, will call."""
    stage = await set_up("1001", "1002", timing=stages.QUICK)
    async with standing(stage, folder) as made:
        with made.database.session() as session:
            stands.customer(session, "Dana Levi", stages.DANA, db.utcnow())
        yield made
