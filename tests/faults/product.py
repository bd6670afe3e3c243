"""The product under faults: installed beside an exchange, asked over HTTP as a browser asks, and struck."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from callcenter import models
from callcenter.crm import accounts
from callcenter.db import utcnow
from tests.pbx import product

PASSWORD = "a long enough password"
BOSS = "boss"
_SAMPLE = re.compile(r"^callcenter_(\w+?)(?:_total)?(?:\{([^}]*)\})? ([0-9.e+-]+)$", re.MULTILINE)


class Installed(product.Product):
    """One installation with an agent at each extension and a supervisor, all signed in when they ask."""

    def __init__(
        self, pbx: Any, folder: Path, *, ami_port: int, url: str = "", more: str = ""
    ) -> None:
        web = 'metrics_from = ["127.0.0.1"]'
        super().__init__(pbx, folder, ami_port=ami_port, url=url, web=web, more=more)
        self.cookies: dict[str, aiohttp.ClientSession] = {}
        self._signing_in = asyncio.Lock()

    def staff(self, extensions: tuple[str, ...]) -> None:
        """Make the people; one hash of one password, since making one is slow on purpose."""
        self.seat(extensions)
        with self.database.session() as session:
            boss = accounts.create_user(session, BOSS, "Boss", password=PASSWORD, now=utcnow(), role="supervisor")  # fmt: skip
            self.users[BOSS] = boss.id
            for user in session.scalars(select(models.User)):
                user.password_hash = boss.password_hash

    async def __aexit__(self, *args: Any) -> None:
        for client in self.cookies.values():
            await client.close()
        await super().__aexit__(*args)

    # ---- asked

    async def _client(self, login: str) -> aiohttp.ClientSession:
        async with self._signing_in:
            return await self._signed_in(login)

    async def _signed_in(self, login: str) -> aiohttp.ClientSession:
        client = self.cookies.get(login)
        if client is None:
            origin = f"http://127.0.0.1:{self.port}"
            jar = aiohttp.CookieJar(unsafe=True)
            wait = aiohttp.ClientTimeout(20)
            client = aiohttp.ClientSession(origin, cookie_jar=jar, timeout=wait, headers={"Origin": origin})  # fmt: skip
            form = {"login": login, "password": PASSWORD}
            try:
                async with client.post("/signin", data=form) as answer:
                    answer.raise_for_status()
            except BaseException:
                await client.close()
                raise
            self.cookies[login] = client
        return client

    async def snapshot(self, login: str) -> dict[str, Any]:
        """Ask what a user's desk shows now."""
        client = await self._client(login)
        async with client.get("/api/v1/desk") as answer:
            answer.raise_for_status()
            told: dict[str, Any] = await answer.json()
            return told

    async def dial(self, login: str, number: str) -> tuple[int, str]:
        """Click to dial; return the status and the call's id, 0 where the product was not there."""
        try:
            client = await self._client(login)
            async with client.post("/api/v1/dial", json={"number": number}) as answer:
                told = await answer.json() if answer.content_type == "application/json" else {}
                return answer.status, str(told.get("id", ""))
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def health(self) -> str:
        """Ask for the one word of its health."""
        async with aiohttp.request("GET", f"http://127.0.0.1:{self.port}/healthz") as answer:
            return (await answer.text()).strip()

    async def metrics(self) -> dict[str, float]:
        """Read the metrics, by name and labels."""
        async with aiohttp.request("GET", f"http://127.0.0.1:{self.port}/metrics") as answer:
            answer.raise_for_status()
            found = _SAMPLE.findall(await answer.text())
        return {f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in found}  # fmt: skip

    async def ledger(self, *, around_seconds: float = 600.0) -> dict[str, Any]:
        """Ask the command for the ledger of every day of the office that was or will be so near, added up."""
        told: dict[str, Any] = {}
        office = ZoneInfo(self.settings.site.timezone)
        near = (timedelta(seconds=by) for by in (-around_seconds, 0, around_seconds))
        for day in sorted({f"{datetime.now(office) + by:%Y-%m-%d}" for by in near}):
            command = [sys.executable, "-m", "callcenter", "ledger", "--json", "--day", day]
            said = await asyncio.to_thread(
                subprocess.run, [*command, "--config", str(self.config)], capture_output=True, text=True, check=False,
            )  # fmt: skip
            if not said.stdout.startswith("{"):
                raise AssertionError(said.stderr[-2000:])
            one = json.loads(said.stdout)
            for key, value in one.items():
                told[key] = told[key] + value if key in told and key not in ("pbx", "day") else value  # fmt: skip
        return told

    # ---- struck

    def workers(self) -> list[int]:
        """List the worker processes."""
        found = Path(f"/proc/{self.pid()}/task/{self.pid()}/children").read_text().split()
        return [int(pid) for pid in found]

    def kill_worker(self) -> None:
        """Kill the workers alone."""
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def hold_database(self, seconds: float) -> None:
        """Let nobody write (SQLite), or nobody in (PostgreSQL), for so long."""
        if self.database.engine.dialect.name == "sqlite":
            with self.database.engine.connect() as lock:
                lock.exec_driver_sql("BEGIN IMMEDIATE")
                await asyncio.sleep(seconds)
                lock.rollback()
            return
        name = self.database.engine.url.database
        admin = self.database.engine.url.set(database="postgres")
        await asyncio.to_thread(_shut, admin, name)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(_shut, admin, name, again=True)

    def attempts(self) -> dict[str, models.DialAttempt]:
        """Read the clicks, by ChannelId."""
        with self.database.session() as session:
            return {row.id: row for row in session.scalars(select(models.DialAttempt))}

    def whole_log(self) -> str:
        """Give all that it said."""
        return (self.folder / "log").read_text(errors="replace")


def _shut(admin: Any, name: str, *, again: bool = False) -> None:
    engine = create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with contextlib.suppress(SQLAlchemyError), engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {"true" if again else "false"}'))  # fmt: skip
        if not again:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(end), {"name": name})
    engine.dispose()
