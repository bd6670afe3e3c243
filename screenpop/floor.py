"""The live side as one thing that the web application starts and stops: center, screens and Socket.IO server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from callcenter import db, settings
from callcenter.crm import center, listening
from callcenter.telephony import switchboard
from screenpop import board as boards
from screenpop import present, reminders, screens, server


class Floor:
    """Hold the live parts by name."""

    def __init__(
        self,
        config: settings.Settings,
        database: db.Database,
        board: switchboard.Switchboard,
        *,
        authenticate: server.Authenticate,
        translate: present.Translate,
        origins: Sequence[str] = (),
        version: str = "",
    ) -> None:
        """Take `authenticate(request)` and `translate(language, text)` from the web side; `version` is that of its scripts."""
        self.center = center.Center(config, database, board)
        self.listening = listening.Listening(self.center)
        self.screens = screens.Screens(self.center, translate, version=version)
        self.server = server.Server(
            authenticate=authenticate, snapshot=self.screens.snapshot, origins=origins
        )
        self.screens.server = self.server
        self.reminders = reminders.Reminders(database, config.site.region)
        self.screens.due = self.reminders.of
        self.board = boards.Board(self.center, self.listening)
        self.board.server = self.server
        self.server.watched = self.board.whole

    def attach(self, app: Any) -> None:
        """Serve /socket.io, and run with the application."""
        self.server.sio.attach(app)
        app.cleanup_ctx.append(self._run)
        app.on_shutdown.append(self._let_go)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the live parts."""
        async with AsyncExitStack() as undone:
            undone.push_async_callback(self.center.abandon)
            undone.push_async_callback(self.screens.close)
            await self.center.start()
            undone.pop_all()
        self.server.start()
        self.reminders.start(self.server)
        self.board.today.start()
        try:
            yield
        finally:
            await self.reminders.stop()
            await self.server.stop()
            await self.board.close()
            await self.center.stop()
            await self.screens.close()

    async def _run(self, _app: Any) -> AsyncIterator[None]:
        async with self.running():
            yield

    async def _let_go(self, _app: Any) -> None:
        """End the live connections before the application waits for them to end."""
        await self.server.stop()
